"""How one file was read, for the page: its format, columns, first rows, what was left out, and the
guesses that a user may correct."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from labelbits.answers.files.containers import one_sheet
from labelbits.answers.files.opening import shorten
from labelbits.answers.formats.deciding import SeveralQuestionsError
from labelbits.answers.formats.detect import READERS, probe, reader_for
from labelbits.answers.formats.reader import Options, Probe, first_of
from labelbits.answers.formats.times import time_column
from labelbits.answers.formats.usual import ITEM, WORKER, label_column
from labelbits.answers.reading import read_answers
from labelbits.answers.table.people import many, people_in, said_given
from labelbits.answers.table.preferences import things_in
from labelbits.app.in_page import ROLES, on_page
from labelbits.errors import InputError
from labelbits.interface import Answers

#: What a file is used for.
USES = ("answers", "features", "gold", "counts")
#: What is said of a file as one text each.
TEXTS = ("format", "question", "signal", "sheet", "text", "use")
#: Columns of a table that says the right class of each item, beside the item.
GOLD = ("class", "gold", "truth", "label")
#: Rows, columns, characters of a cell and of a note that the page shows of a file.
ROWS, COLUMNS, CELL, LONGEST_NOTE = 5, 40, 60, 400
#: What a file says that no reader takes, for a table and for anything else.
COLUMNS_UNKNOWN = "Which column is what? Say it below."
FORMAT_UNKNOWN = "No format was recognised. Choose one below, or bring another file."
#: How a message begins that names several readers, and what is said of it.
SEVERAL_WAYS = "can be read in ", "It can be read in several ways. Choose the format below."
#: What the page takes of a file before anything is known of it.
UNREAD: dict[str, Any] = {
    "format": "", "what": "", "by_columns": False, "columns": [], "names": [], "rows": [],
    "arrays": [], "guess": {}, "questions": [],
    "problem": "", "short": "", "notes": [], "lost": [], "lost_count": 0, "answers": 0,
    "use": "answers", "table": False, "signals": [], "items": 0, "people": None,
    "given": "", "classes": [],
}  # fmt: skip
#: Rows that were left out which the page lists.
LOST = 50


@dataclass(frozen=True)
class Told:
    """What the user said about a file: "" and {} where nothing."""

    format: str = "auto"
    question: str = ""
    signal: str = ""
    sheet: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    text: str = ""
    use: str = ""

    @property
    def anything(self) -> bool:
        """Must the file be read otherwise than `labelbits pilot FILE` would?"""
        return self != Told(text=self.text, use=self.use)


def told_of(given: Any) -> Told:
    """What the page sends as what the user said. Raises `InputError` for anything else."""
    if not isinstance(given, dict):
        raise InputError("expected an object with format, question, signal, columns")
    texts = {key: given.get(key, "") for key in TEXTS}
    columns = given.get("columns", {})
    right = all(isinstance(value, str) and len(value) <= 1000 for value in texts.values())
    right = right and isinstance(columns, dict) and len(columns) <= len(ROLES)
    if not right or not all(
        key in ROLES and isinstance(name, str) and name for key, name in columns.items()
    ):
        raise InputError(f"expected texts, and columns among {', '.join(ROLES)}")
    if texts["use"] not in ("", *USES):
        raise InputError(f"use is {texts['use'][:40]!r}; expected one of: {', '.join(USES)}")
    return Told(**{**texts, "format": texts["format"] or "auto"}, columns=dict(columns))


def read_as_told(path: Path, told: Told) -> Answers:
    """The answers of one file, read as the user said."""
    return read_answers(
        [path], told.format, columns=told.columns or None, question=told.question or None,
        signal=told.signal or None, sheet=told.sheet or None,
    )  # fmt: skip


def how_read(path: Path, told: Told) -> tuple[dict[str, Any], Answers | None]:
    """(what the page shows of a file, its answers or None where none can be read).

    Never raises for what is in the file: what is wrong stands under `problem`.
    """
    shown = dict(UNREAD)
    looked = None
    try:
        with one_sheet(told.sheet or None):
            looked = probe(path)
        shown |= _start(looked)
        shown |= _use_of(looked, told)
        if shown["use"] != "answers":
            return shown, None
        options = Options(columns=dict(told.columns))
        with one_sheet(told.sheet or None):
            reader = reader_for(path, told.format, options)[0]
        shown |= {"format": reader.name, "what": reader.what, "by_columns": reader.by_columns}
        if told.format == "auto" and not told.columns and not reader.by_columns:
            shown["guess"] = {}
        answers = read_as_told(path, told)
    except SeveralQuestionsError as several:
        shown["questions"] = list(several.questions)
        shown["problem"] = "The file holds answers to several questions. Choose one."
        return shown, None
    except InputError as problem:
        said = str(problem).removeprefix(f"{path}: ")
        shown["problem"] = on_page(said, path.parent)
        if looked is not None and not shown["format"]:
            table = shown["table"] and told.format == "auto"
            shown["short"] = COLUMNS_UNKNOWN if table else FORMAT_UNKNOWN
            if said.startswith(SEVERAL_WAYS[0]):
                shown["short"] = SEVERAL_WAYS[1]
        return shown, None
    shown |= _answered(answers)
    shown["notes"] = [shorten(on_page(note, path.parent), LONGEST_NOTE) for note in answers.notes]
    return shown, answers


def _start(looked: Probe) -> dict[str, Any]:
    """Columns and first rows as they stand in the file, and which column is guessed to be what."""
    columns = [shorten(name, CELL) for name in looked.columns[:COLUMNS]]
    rows = []
    for element in looked.elements[:ROWS]:
        if isinstance(element, dict):
            cells = [element.get(name) for name in looked.columns[:COLUMNS]]
        else:
            cells = list(element)[:COLUMNS] if isinstance(element, (list, tuple)) else [element]
        rows.append([shorten(_text(value), CELL) for value in cells])
    arrays = [
        f"{name or 'array'}: {' x '.join(map(str, shape))}"
        for name, (shape, _) in looked.arrays.items()
    ]
    names = pl.DataFrame(schema=dict.fromkeys(looked.columns, pl.String))
    item, worker = first_of(names, *ITEM), first_of(names, *WORKER)
    found = {
        "item": item, "annotator": worker, "seconds": time_column(names),
        "label": label_column(looked.columns, item, worker).name,
    }  # fmt: skip
    guess = {key: name for key, name in found.items() if name is not None}
    table = looked.kind in ("csv", "parquet", "json") and len(looked.columns) > 1
    return {
        "columns": columns, "names": list(looked.columns[:COLUMNS]), "rows": rows,
        "arrays": arrays, "guess": guess, "table": table,
    }  # fmt: skip


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)


def _plain(answer: str) -> str:
    """An answer, which a table of answers holds as JSON, as a person reads it."""
    try:
        return _text(json.loads(answer))
    except (ValueError, RecursionError):
        return answer


def _use_of(looked: Probe, told: Told) -> dict[str, Any]:
    """What a file is used for: as the user says, else by names or shapes of arrays."""
    if told.use:
        said = {"use": told.use, "format": looked.kind, "what": "as you said"}
        return said if told.use != "answers" else {"use": "answers"}
    for use in ("features", "gold", "counts"):
        if use in looked.arrays:
            return {"use": use, "format": "numpy", "what": f"an array called {use}"}
    for shape, kind in looked.arrays.values():
        if kind == "f" and len(shape) == 2 and not _shares(looked):
            return {"use": "features", "format": "numpy", "what": "numbers, a row an item"}
    lower = [name.lower() for name in looked.columns]
    if len(lower) == 2 and lower[0] in ITEM and lower[1] in GOLD:
        return {"use": "gold", "format": looked.kind, "what": "the right class of each item"}
    return {"use": "answers"}


def _shares(looked: Probe) -> bool:
    """Is the matrix one that a reader of answers takes, such as probabilities?"""
    return any(reader.matches(looked) for reader in READERS.values())


def _answered(answers: Answers) -> dict[str, Any]:
    table = answers.table
    lost = answers.rejected
    kinds = table["signal"].value_counts(sort=True).rows()
    people, items = people_in(table), many(things_in(answers.items), "item")
    of_kinds = ", ".join(f"{count:,} {name}" for name, count in kinds)
    return {
        "answers": len(answers),
        "signals": [[name, count] for name, count in kinds],
        "items": things_in(answers.items),
        "people": people,
        "given": said_given(f"{many(len(answers), 'answer')} ({of_kinds})", people, items),
        "classes": [shorten(name, CELL) for name in answers.classes[:30]],
        "class_count": len(answers.classes),
        "lost_count": 0 if lost is None else len(lost),
        "lost": []
        if lost is None
        else [
            ["" if row is None else f"{row:,}", reason, found or "nothing"]
            for _, row, reason, found in lost.head(LOST).iter_rows()
        ],
        "read": [
            [annotator, ", ".join(items), shorten(_plain(answer), CELL)]
            for annotator, items, answer in table.select("annotator", "items", "answer")
            .head(ROWS)
            .iter_rows()
        ],
    }
