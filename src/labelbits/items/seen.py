"""What a file of people's own is: answers in a known format, a table of items, or features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from labelbits.answers import read_answers
from labelbits.answers.formats import usual
from labelbits.answers.formats.deciding import SeveralQuestionsError
from labelbits.answers.formats.detect import READERS, columns_of, kind_of, reader_for
from labelbits.answers.formats.item_parts import parts_of, with_named
from labelbits.answers.formats.named import IN_CELLS
from labelbits.answers.formats.reader import Options, UndecidedError
from labelbits.answers.table.people import NOT_KNOWN, people_in
from labelbits.answers.table.preferences import as_comparisons
from labelbits.answers.table.steps import as_classes
from labelbits.errors import InputError
from labelbits.interface import Answers
from labelbits.items.answered import BY_SHAPE, may_be_in, told_format
from labelbits.items.guessing import Guess, guess_columns
from labelbits.items.reading import found_column, is_table, read_table
from labelbits.items.tables import Columns, names_of
from labelbits.items.vectors import read_vectors

#: What may be told of the label of an item that nothing names.
OF_A_LABEL = frozenset({"label", "seconds", "milliseconds", "price", "gold"})
#: Columns of features that are named.
SHOWN = 5


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
    said: str = ""

    @property
    def counted(self) -> str:
        """How many answers were read, and what was said of preferences among them."""
        said = f"{len(self.answers or ()):,} answers" + (f" ({self.said})" if self.said else "")
        nobody = self.answers is not None and people_in(self.answers.table) is None
        return f"{said}; {NOT_KNOWN}" if nobody else said


def look(path: Path, told: Columns, questions: list[str]) -> Seen:
    """What the file is, read as the user `told`; `questions` grow by what is unsure.

    Raises `InputError` for a file that is missing or is neither a table, answers nor features.
    """
    found = Seen(path)
    if not path.is_dir() and not is_table(path):
        vectors = _vectors(path)
        if vectors is None:
            _read(found, told)
            found.format = reader_for(path, told.format)[0].name
            return found
        found.features = vectors
        return found
    if not path.is_dir():
        _answers(found, told, questions)
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
    held = () if found.answers is None else found.answers.items
    found.table = with_named(found.table, held, told.id)
    plain = found.answers is None or read_by_columns(found)
    found.guess = guess_columns(found.table, str(path), found.answers, plain)
    _as_told(found.guess, found.table, told)
    if found.answers is None:
        _answers_by_shape(found, questions)
    if found.guess is not None and found.answers is not None and not read_by_columns(found):
        found.guess.label = None  # what its format says is surer
        asked = found.guess.questions
        found.guess.questions = [one for one in asked if "the label?" not in one]
    return found


def _as_told(guess: Guess, table: pl.DataFrame, told: Columns) -> None:
    """What the user said of the columns of this table is no guess."""
    for key in ("id", "text", "image", "label", "annotator", "seconds", "gold"):
        name = getattr(told, key)
        if name is not None and (own := found_column(table, name)) is not None:
            setattr(guess, key, own)
            guess.why[key] = "as you said"
            guess.questions = [one for one in guess.questions if not one.startswith("is ")]
    said = {guess.id, guess.label, guess.annotator, guess.seconds, guess.gold, *told.more.values()}
    if told.text is None and guess.text in said - {guess.id}:
        guess.text = None
    guess.features = [name for name in guess.features if name not in said]


def _here(path: Path, told: Columns) -> dict[str, str]:
    """What was told of columns that this file has."""
    named = told.of_answers()
    if not named:
        return {}
    known = columns_of(path, kind_of(path))
    return {
        key: name
        for key, name in named.items()
        if name in known or key in IN_CELLS or parts_of(name, known)
    }


def _read(found: Seen, told: Columns) -> None:
    """The answers as plans take them: preferences are comparisons with an ideal item, whole steps
    of a scale are classes."""
    answers, found.said = as_comparisons(read_answers(
        found.path, told.format, question=told.question, signal=told.signal,
        columns=_here(found.path, told), classes=told.classes,
    ))  # fmt: skip
    try:
        answers, steps = as_classes(answers, str(found.path))
    except InputError:
        steps = ""  # the plan refuses it, and says why
    found.answers, found.said = answers, found.said or steps


def read_by_columns(seen: Seen) -> bool:
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
        _read(found, Columns())
    except InputError:
        return
    guess = found.guess
    if guess is not None and (guess.text or guess.image):
        guess.label, guess.features, guess.questions = None, [], []
        assert found.answers is not None
        guess.id = None if found.table is None else names_of(found.answers, found.table)
    else:
        found.guess = None
    questions.append(f"are the numbers of {found.path} answers? They are read as {found.format}")


def _answers(found: Seen, told: Columns, questions: list[str]) -> None:
    """Read the file as answers, where its format is known."""
    options = Options(columns=_here(found.path, told))
    try:
        reader, _ = reader_for(found.path, told.format, options)
        if reader.weakness >= BY_SHAPE and not told_format(told):
            return
        found.format = reader.name
        _read(found, told)
    except SeveralQuestionsError as several:
        names = ", ".join(repr(name) for name in several.questions)
        first = several.questions[0]
        questions.append(
            f"{found.path} holds answers to {len(several.questions)} questions: {names}; which is "
            f"planned? {first!r} was taken (labelbits init ... --question NAME)"
        )
        _read(found, replace(told, question=first))
        found.question = first
    except InputError as problem:
        open_ = isinstance(problem, UndecidedError) and not (told.text or told.image or told.label)
        if told_format(told) or set(options.columns) - OF_A_LABEL or open_:
            raise
        return


def describes(guess: Guess) -> bool:
    """Does a column seem to describe the items?"""
    return bool(guess.text or guess.image or guess.features)


def guess_in(files: Sequence[Path], told: Columns) -> tuple[Path, Guess] | None:
    """The first of the files in which a column describes items, and what its columns seem to be."""
    for path in files:
        known = may_be_in(path, told.format, files)
        seen = look(path, told if known else replace(told, format="auto"), [])
        if seen.guess is not None and describes(seen.guess):
            return path, seen.guess
        if seen.guess is not None and seen.guess.doubled:
            raise InputError(
                f"{path}: several rows of one item say different things of it, such as those of "
                f"{seen.guess.doubled}; expected a row an item: leave one of them"
            )
    return None


def described_by_guess(files: Sequence[Path], columns: Columns, notes: list[str]) -> Columns:
    """`columns` with what describes the items as `labelbits init` guesses it; `notes` say it."""
    found = guess_in(files, columns)
    if found is None:
        return columns
    path, guess = found
    taken: dict[str, Any] = {}
    if guess.text or guess.image:
        key = "text" if guess.text else "image"
        taken[key] = guess.text or guess.image
    else:
        taken["features"] = tuple(name for name in guess.features if name != columns.label)
    what = ", ".join(
        f"--{key} {name}" for key, own in taken.items()
        for name in ([own] if isinstance(own, str) else own[:SHOWN])
    )  # fmt: skip
    more = ", ..." if len(taken.get("features", ())) > SHOWN else ""
    notes.append(
        f"what describes the items was guessed: {what}{more} ({path}); give others to change it"
    )
    known = {usual.plain(one) for one in (*usual.LABEL, *usual.SCALE, *usual.PERHAPS_LABEL)}
    named = guess.label is not None and usual.plain(guess.label) in known
    if columns.label is None and named and _format_of(path) is None and not told_format(columns):
        taken["label"] = guess.label
        notes.append(f"the label was guessed: --label {guess.label} ({guess.why.get('label', '')})")
    return replace(columns, **taken)


def _format_of(path: Path) -> str | None:
    """The format of answers that a file is in, None where none is known."""
    try:
        return reader_for(path)[0].name
    except InputError:
        return None
