"""`labelbits init FILES`: a commented plan file from what the files seem to hold.

What could not be told stands in it as a question, in a comment beside the line that answers it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from labelbits.answers.files.containers import one_sheet
from labelbits.answers.formats.named import IN_CELLS
from labelbits.answers.table.columns import IDEAL
from labelbits.answers.table.people import NOT_KNOWN
from labelbits.errors import InputError
from labelbits.first_tables import BUDGET, first_signals, specified
from labelbits.items.answered import answering, may_be_in
from labelbits.items.answers_beside import with_answers_beside
from labelbits.items.guessing import relative
from labelbits.items.reading import found_column, no_column
from labelbits.items.seen import Seen, describes, look, read_by_columns
from labelbits.items.tables import Columns
from labelbits.metrics import METRICS
from labelbits.planning.spec.planfile import OF_COMPARISONS, default_metric
from labelbits.planning.spec.planwriter import toml_value
from labelbits.signals.encoding import is_kept


@dataclass
class FirstPlan:
    """`text` of a plan file and the `questions` that its user has to answer."""

    text: str
    questions: list[str] = field(default_factory=list)


def first_plan(
    paths: Sequence[Path], folder: Path, told: Columns | None = None, sheet: str | None = None
) -> FirstPlan:
    """The plan file for these files, whose paths it names relative to `folder`; `told` is what
    the user said of columns, the question and the format of answers, and `sheet` the one to read.

    Raises `InputError` for a file that is missing or is neither a table, answers nor features.
    """
    if not paths:
        raise InputError("no file is given; expected the tables, answers or features there are")
    told = told or Columns()
    questions: list[str] = []
    with one_sheet(sheet) as others:
        told = with_answers_beside(paths, told, questions)
        seen = [look(Path(path), _of_file(Path(path), told, paths), questions) for path in paths]
        _check_told(seen, told)
        _describing_alone(seen)
        questions += others
    lines = ["# A plan file for labelbits plan. Lines with ? are questions: check them first.", ""]
    lines += _dataset(seen, folder, told, questions)
    if sheet:
        lines.append(f"sheet = {toml_value(sheet)}")
    kinds = _kinds(seen)
    lines += _goal(seen, kinds)
    lines += _budget(seen, questions)
    lines += _signals(kinds, seen)
    return FirstPlan("\n".join(lines) + "\n", questions)


def _of_file(path: Path, told: Columns, paths: Sequence[Path]) -> Columns:
    """What was told of this one: of several files the format is that of those that look so."""
    known = may_be_in(path, told.format, list(map(Path, paths)))
    return told if known else replace(told, format="auto")


def _check_told(seen: list[Seen], told: Columns) -> None:
    """Raise `InputError` for a column that was told and is in none of the files."""
    known = [name for one in seen if one.table is not None for name in one.table.columns]
    where = ", ".join(str(one.path) for one in seen)
    beside = {"text": told.text, "image": told.image, "gold": told.gold}
    for key, name in {**told.of_answers(), **beside}.items():
        if not name or key in IN_CELLS:
            continue
        if all(one.table is None or not found_column(one.table, name) for one in seen):
            raise no_column(where, f"--columns {key}", name, known)


def _describing_alone(seen: list[Seen]) -> None:
    """Tables in which nobody is named describe the items alone, beside answers of named people."""
    kept = answering([one.path for one in seen if one.answers is not None], [])
    for one in seen:
        if one.answers is not None and one.path not in kept and one.guess is not None:
            one.answers, one.guess.label = None, None


def _dataset(seen: list[Seen], folder: Path, told: Columns, questions: list[str]) -> list[str]:
    tables = [one for one in seen if one.guess and describes(one.guess)]
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
        if (first.answers is None or read_by_columns(first)) and guess.label:
            lines += _key("label", guess.label, guess.why.get("label", ""))
            lines += _key("annotator", guess.annotator, "who answered")
            if guess.annotator is None:
                lines.append(f'# annotator = "COLUMN"   # {NOT_KNOWN}: no column names people')
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
        shown = ", ".join(f"{one.format}: {one.counted}" for one in pilots)
        lines.append(f"pilot = [{names}]   # {shown}")
    named = {} if tables and not pilots else told.of_answers()
    named |= told.more
    if named:
        pairs = ", ".join(f"{key} = {toml_value(name)}" for key, name in named.items())
        lines.append(f"columns = {{ {pairs} }}   # of the answers, as you said")
    if told.format != "auto":
        lines.append(f"format = {toml_value(told.format)}   # of the answers, as you said")
    asked = told.question or next((one.question for one in seen if one.question), None)
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
    ideal = any(IDEAL in one.items for one in answers)
    own = items - ideal
    told = specified(items, max(len(one.classes) for one in answers))
    questions.append(
        f"how many items are there to ask about? The answers name {own:,}"
        + (", and preferences compare them with an ideal one" if ideal else "")
        + f"; items = {told['items']} was written"
    )
    questions.append(
        "how many dimensions do people see? With dims = 'auto' comparisons of the pilot tell it, "
        "where it has 100; without, a range is drawn. Features of the items (features = ...) would "
        "make a plan of accuracy possible"
    )
    return [
        f"items = {told['items']}   # ? as many as the answers name"
        + (f" ({own:,}), and the ideal one that preferences compare them with" if ideal else ""),
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
    return any(one.features or (one.guess and describes(one.guess)) for one in seen)


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
