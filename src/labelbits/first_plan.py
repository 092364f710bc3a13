"""`labelbits init FILES`: a commented plan file from what the files seem to hold.

What could not be told stands in it as a question, in a comment beside the line that answers it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from labelbits.answers import read_answers
from labelbits.answers.files.containers import one_sheet
from labelbits.answers.formats.deciding import SeveralQuestionsError
from labelbits.answers.formats.detect import READERS, reader_for
from labelbits.answers.table.preferences import as_comparisons
from labelbits.errors import InputError
from labelbits.first_tables import BUDGET, first_signals, specified
from labelbits.interface import Answers
from labelbits.items.answered import BY_SHAPE
from labelbits.items.guessing import Guess, guess_columns, relative
from labelbits.items.reading import is_table, read_table
from labelbits.items.vectors import read_vectors
from labelbits.metrics import METRICS
from labelbits.planning.spec.planfile import OF_COMPARISONS, default_metric
from labelbits.planning.spec.planwriter import toml_value
from labelbits.signals.encoding import is_kept


@dataclass
class Seen:
    """What a file is: answers in a known format, a table of items, or a file of features."""

    path: Path
    answers: Answers | None = None
    format: str = ""
    table: pl.DataFrame | None = None
    guess: Guess | None = None
    features: tuple[int, int] | None = None
    question: str | None = None


@dataclass
class FirstPlan:
    """`text` of a plan file and the `questions` that its user has to answer."""

    text: str
    questions: list[str] = field(default_factory=list)


def first_plan(
    paths: Sequence[Path], folder: Path, question: str | None = None, sheet: str | None = None
) -> FirstPlan:
    """The plan file for these files, whose paths it names relative to `folder`; `question` and
    `sheet` are those to read where files hold several.

    Raises `InputError` for a file that is missing or is neither a table, answers nor features.
    """
    if not paths:
        raise InputError("no file is given; expected the tables, answers or features there are")
    questions: list[str] = []
    with one_sheet(sheet) as others:
        seen = [_look(Path(path), question, questions) for path in paths]
        questions += others
    lines = ["# A plan file for labelbits plan. Lines with ? are questions: check them first.", ""]
    lines += _dataset(seen, folder, question, questions)
    if sheet:
        lines.append(f"sheet = {toml_value(sheet)}")
    kinds = _kinds(seen)
    lines += _goal(seen, kinds)
    lines += _budget(seen, questions)
    lines += _signals(kinds, seen)
    return FirstPlan("\n".join(lines) + "\n", questions)


def _look(path: Path, question: str | None, questions: list[str]) -> Seen:
    found = Seen(path)
    if not path.is_dir() and not is_table(path):
        vectors = _vectors(path)
        if vectors is None:
            found.answers = _read(path, question=question)
            found.format = reader_for(path)[0].name
            return found
        found.features = vectors
        return found
    if not path.is_dir():
        _answers(found, question, questions)
    try:
        found.table = read_table(path, [])
    except InputError:
        if found.answers is None:
            raise
        return found
    if len(found.table) < 2 and found.answers is None:
        raise InputError(
            f"{path}: holds {len(found.table) or 'no'} row; found columns "
            f"{', '.join(found.table.columns[:6]) or 'none'}; expected a table with a row an item "
            "or a row an answer"
        )
    found.guess = guess_columns(found.table, str(path), found.answers)
    if found.answers is None and not found.guess.text and not found.guess.image:
        _answers_by_shape(found, questions)
    if found.guess is not None and found.answers is not None and not _by_columns(found):
        found.guess.label = None  # what its format says is surer
    return found


def _read(path: Path, question: str | None = None) -> Answers:
    """The answers as plans take them: preferences are comparisons with an ideal item."""
    return as_comparisons(read_answers(path, question=question))[0]


def _by_columns(seen: Seen) -> bool:
    """Was it read as a plain table, by names of columns?"""
    return seen.format in READERS and READERS[seen.format].by_columns


def _vectors(path: Path) -> tuple[int, int] | None:
    """The shape of a file of features; None where whole numbers or one column say otherwise."""
    try:
        reader, _ = reader_for(path)
        if reader.weakness >= BY_SHAPE:
            return None
    except InputError:
        pass
    _, values = read_vectors(path)
    return values.shape[0], values.shape[1]


def _answers_by_shape(found: Seen, questions: list[str]) -> None:
    """Numbers side by side as answers, where nothing else is there; that is asked about."""
    try:
        found.format = reader_for(found.path)[0].name
        found.answers = _read(found.path)
    except InputError:
        return
    found.guess = None
    questions.append(f"are the numbers of {found.path} answers? They are read as {found.format}")


def _answers(found: Seen, question: str | None, questions: list[str]) -> None:
    """Read the file as answers, where its format is known."""
    try:
        reader, _ = reader_for(found.path)
        if reader.weakness >= BY_SHAPE:
            return
        found.format = reader.name
        found.answers = _read(found.path, question=question)
    except SeveralQuestionsError as several:
        names = ", ".join(repr(name) for name in several.questions)
        first = several.questions[0]
        questions.append(
            f"{found.path} holds answers to {len(several.questions)} questions: {names}; which is "
            f"planned? {first!r} was taken (labelbits init ... --question NAME)"
        )
        found.answers = _read(found.path, question=first)
        found.question = first
    except InputError:
        return


def _dataset(
    seen: list[Seen], folder: Path, question: str | None, questions: list[str]
) -> list[str]:
    tables = [one for one in seen if one.guess and _describes(one.guess)]
    lines = ["[dataset]"]
    pilots = [one for one in seen if one.answers is not None]
    arrays = [one for one in seen if one.features is not None]
    if tables:
        first = tables[0]
        guess = first.guess
        assert guess is not None
        questions += guess.questions
        lines.append(f"table = {toml_value(relative(first.path, folder))}")
        lines += _key("id", guess.id, "the name of an item; it joins this table to answers")
        if guess.id is None:
            questions.append(
                f"what names an item of {first.path}? No column of ids was found: every row is an "
                "item of its own"
            )
        lines += _key("text", guess.text, guess.why.get("text", ""))
        lines += _key("image", guess.image, guess.why.get("image", ""))
        if arrays:
            lines.append(f"features = {toml_value(relative(arrays[0].path, folder))}")
        elif guess.features and not guess.text and not guess.image:
            lines.append(f"features = {toml_value(guess.features)}   # {guess.why['features']}")
        elif guess.text:
            lines += _key("embedding", "tfidf", "or a sentence-transformers model: name or folder")
        pilots = [one for one in pilots if one is not first]
        if (first.answers is None or _by_columns(first)) and guess.label:
            lines += _key("label", guess.label, guess.why.get("label", ""))
            lines += _key("annotator", guess.annotator, "who answered")
            lines += _key("seconds", guess.seconds, "how long an answer took")
        elif first.answers is not None:
            lines.append(f"# its {len(first.answers):,} answers are read as {first.format}")
        lines += _key("gold_column", guess.gold, "the right class: quality is measured against it")
    elif arrays:
        rows, columns = arrays[0].features or (0, 0)
        lines.append(
            f"features = {toml_value(relative(arrays[0].path, folder))}   "
            f"# {rows:,} items x {columns:,}"
        )
    else:
        lines += _specified(seen, pilots, questions)
    if pilots:
        names = ", ".join(toml_value(relative(one.path, folder)) for one in pilots)
        shown = ", ".join(f"{one.format}: {len(one.answers or ()):,} answers" for one in pilots)
        lines.append(f"pilot = [{names}]   # {shown}")
    asked = question or next((one.question for one in seen if one.question), None)
    if asked:
        lines.append(f"question = {toml_value(asked)}")
    labelled = pilots or any(one.answers or (one.guess and one.guess.label) for one in tables)
    if not labelled:
        questions.append(
            "are there labels already? None were found: label about 100 items first, picked at "
            "random, and name the column (label = ...) or the file (pilot = [...])"
        )
        lines.append('# label = "COLUMN"   # ? no labels were found: a plan needs about 100')
    return lines


def _describes(guess: Guess) -> bool:
    return bool(guess.text or guess.image or guess.features)


def _specified(seen: list[Seen], pilots: list[Seen], questions: list[str]) -> list[str]:
    """Without anything that describes the items: their number, and how many dimensions."""
    answers = [one.answers for one in pilots if one.answers is not None]
    if not answers:
        columns = [name for one in seen if one.table is not None for name in one.table.columns]
        raise InputError(
            f"{', '.join(str(one.path) for one in seen)}: nothing in it describes items or "
            f"answers; found {'the one column' if len(columns) == 1 else 'columns'} "
            f"{', '.join(columns[:10]) or 'none'}; expected a column of texts, paths of images or "
            "numbers, or answers in a format that labelbits pilot reads"
        )
    items = max(len(one.items) for one in answers)
    told = specified(items, max(len(one.classes) for one in answers))
    questions.append(
        f"how many items are there to ask about? The answers name {items:,}; items = {items} was "
        "written"
    )
    questions.append(
        "how many dimensions do people see? With dims = 'auto' comparisons of the pilot tell it, "
        "where it has 100; without, a range is drawn. Features of the items (features = ...) would "
        "make a plan of accuracy possible"
    )
    return [
        f"items = {told['items']}   # ? as many as the answers name",
        f"classes = {told['classes']}",
        f"dims = {toml_value(told['dims'])}   # ? or a number, where you know it",
    ]


def _kinds(seen: list[Seen]) -> list[str]:
    """The kinds of answers that were found."""
    found = [
        name
        for one in seen
        if one.answers is not None
        for name in one.answers.table["signal"].unique(maintain_order=True)
    ]
    return list(dict.fromkeys(found))


def _has_features(seen: list[Seen]) -> bool:
    return any(one.features or (one.guess and _describes(one.guess)) for one in seen)


def _goal(seen: list[Seen], kinds: list[str]) -> list[str]:
    metric = default_metric(kinds or ["hard"]) if _has_features(seen) else OF_COMPARISONS
    return [
        "",
        "[goal]",
        f'metric = "{metric}"   # one of {", ".join(METRICS)}',
    ]


def _budget(seen: list[Seen], questions: list[str]) -> list[str]:
    questions.append(
        f"how much money is there for labels? amount = {BUDGET['amount']} is a placeholder"
    )
    timed = any(
        (one.guess and one.guess.seconds)
        or (one.answers is not None and "seconds" in one.answers.table.columns)
        for one in seen
    )
    why = "pays the seconds that answers took" if timed else "with the cited times of answers"
    return [
        "",
        "[budget]",
        f"amount = {BUDGET['amount']}   # ? a placeholder",
        f"currency = {toml_value(BUDGET['currency'])}",
        f"wage_per_hour = {BUDGET['wage_per_hour']}   # {why}; price = 0.05 in a [[signal]] "
        "instead, if you pay by answer",
    ]


def _signals(kinds: list[str], seen: list[Seen]) -> list[str]:
    found = [{"kind": name} for name in kinds if not is_kept(name)]
    lines: list[str] = []
    for one in first_signals(found, _has_features(seen)):
        lines += ["", "[[signal]]", *(f"{key} = {toml_value(own)}" for key, own in one.items())]
    kept = [name for name in kinds if is_kept(name)]
    if kept:
        lines += ["", f"# answers of the kind {', '.join(kept)} are read and kept whole"]
    return lines


def _key(name: str, value: str | None, why: str) -> list[str]:
    if value is None:
        return []
    return [f"{name} = {toml_value(value)}" + (f"   # {why}" if why else "")]
