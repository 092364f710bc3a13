"""What a reader is, and the small tools that every reader uses on columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import polars as pl

from labelbits.answers.files.csv_files import csv_blocks, read_csv
from labelbits.answers.files.json_files import json_elements
from labelbits.answers.files.opening import Rejects, shorten
from labelbits.answers.files.parquet import read_parquet
from labelbits.answers.formats import usual
from labelbits.answers.formats.cells import number as number
from labelbits.answers.formats.cells import text as text
from labelbits.answers.formats.cells import tidy
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError

Kind = Literal["json", "csv", "parquet", "numpy", "numbers"]
#: From the columns of a table, those that a reader uses.
Keep = Callable[[list[str]], list[str]]
#: Keys of `--columns` that say something beside the answer.
TOLD = frozenset({"annotator", "seconds", "milliseconds", "price"})


class UndecidedError(InputError):
    """What a file is was recognised, and its user alone can say how it is meant: no other reading
    of it is tried."""


@dataclass(frozen=True)
class Options:
    """What the user may say about a file.

    Class names in order, the signal meant, the seed; `columns` says which column is what (item,
    annotator, label, seconds, ...) and `question` which of several questions to read; columns
    `describing` the items hold no answers.
    """

    classes: tuple[str, ...] = ()
    signal: str | None = None
    seed: int = 0
    columns: Mapping[str, str] = field(default_factory=dict)
    question: str | None = None
    describing: tuple[str, ...] = ()

    def wants(self, question: str) -> bool:
        """Is this a question to be read?"""
        return self.question is None or self.question == question


@dataclass
class Probe:
    """The start of a file, as `--format auto` sees it."""

    path: Path
    kind: Kind
    columns: tuple[str, ...] = ()
    elements: list[Any] = field(default_factory=list)
    arrays: dict[str, tuple[tuple[int, ...], str]] = field(default_factory=dict)
    told: Options = field(default_factory=Options)

    def has(self, *names: str) -> bool:
        """Are all of `names` columns of the table?"""
        return set(names) <= set(self.columns)


@dataclass(frozen=True)
class Reader:
    """One format: how to recognise it and how to read it.

    `weakness` says by what it is recognised: 0 by marks of its own, 1 by usual names of columns,
    2 by the shape of its numbers. The strongest that fits reads the file; two that fit alike are
    shown to the user, who decides. `platform` is the program that people answered in, where the
    format is its own. `by_columns`: a plain table whose columns are found by usual names, or named
    by the user. `particular`: a plain table fits too, and less well. `sessions`: it says who took
    part in a study, and other files hold their answers. `tells`: the keys of `--columns` that it
    knows.
    """

    name: str
    what: str
    matches: Callable[[Probe], bool]
    read: Callable[[Path, Kind, Options], Parsed]
    weakness: int = 0
    platform: str = ""
    by_columns: bool = False
    sessions: bool = False
    particular: bool = False
    tells: frozenset[str] = frozenset()


def load_table(
    path: Path, kind: Kind, rejects: Rejects, notes: list[str], keep: Keep | None = None
) -> pl.DataFrame:
    """A CSV, Parquet or JSON file of flat records as a table with `row`.

    `keep` says, from all columns, which of a CSV to keep: the others need no memory.
    """
    table = _load(path, kind, rejects, notes, keep)
    # polars takes these names for a choice of columns: all, or those that match a pattern.
    chosen = [n for n in table.columns if n == "*" or (n.startswith("^") and n.endswith("$"))]
    return table.rename({name: f"column {name}" for name in chosen})


def _load(
    path: Path, kind: Kind, rejects: Rejects, notes: list[str], keep: Keep | None
) -> pl.DataFrame:
    if kind == "parquet":
        return read_parquet(path, notes)
    if kind == "json":
        records, numbers = [], []
        for number, value in json_elements(path, rejects, notes):
            if isinstance(value, dict) and value:
                records.append({str(key): cell_text(cell) for key, cell in value.items()})
                numbers.append(number)
            else:
                rejects.add(number, "not an object with columns; expected one record", value)
        columns = list(dict.fromkeys(key for record in records for key in record))[:1000]
        columns = [name for name in columns if name != "row"]
        return pl.DataFrame(
            {name: [record.get(name) for record in records] for name in columns} | {"row": numbers},
            schema=dict.fromkeys(columns, pl.String) | {"row": pl.Int64},
        )
    if keep is None:
        return read_csv(path, rejects, notes)
    blocks = csv_blocks(path, rejects, notes)
    return pl.concat(block.select(*keep(block.columns[:-1]), "row") for block in blocks)


def opened(
    path: Path, kind: Kind, *needed: str, keep: Keep | None = None
) -> tuple[pl.DataFrame, Rejects, list[str]]:
    """A file of flat records with all the columns `needed`, its rejected rows so far, notes."""
    rejects, notes = Rejects(), []
    table = load_table(path, kind, rejects, notes, keep)
    need(path, table, *needed)
    return table, rejects, notes


def cell_text(value: Any) -> str | None:
    """A JSON value as the text that a CSV cell would hold."""
    if value is None:
        return None
    if isinstance(value, str):
        return tidy(value) or None
    return json.dumps(value, ensure_ascii=False)


def need(path: Path, table: pl.DataFrame, *names: str) -> None:
    """Raise `InputError` unless all columns `names` are there."""
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise InputError(
            f"{path}: column {missing[0]!r} is missing; found {columns_in(table)}; expected "
            f"{', '.join(names)}"
        )


def columns_in(table: pl.DataFrame) -> str:
    """The first columns of a file, for a message."""
    return ", ".join(name for name in table.columns[:12] if name != "row") or "none"


def told_column(path: Path, table: pl.DataFrame, options: Options, key: str) -> str | None:
    """The column that the user names as `key`, if any; `InputError` where it is not there."""
    name = options.columns.get(key)
    if name is not None and name not in table.columns:
        raise InputError(
            f"{path}: --columns {key}={name}: there is no column {name!r}; found "
            f"{columns_in(table)}"
        )
    return name


def price(path: Path, table: pl.DataFrame, options: Options) -> pl.Expr | None:
    """What was paid for each answer, None where no column says it."""
    name, unit = told_column(path, table, options, "price"), 1.0
    if name is None:
        name, unit = usual.price_column(one for one in table.columns if one != "row")
    return None if name is None else number(name, table) * unit


def first_of(table: pl.DataFrame, *names: str) -> str | None:
    """The first of `names` that is a column, or None; capitals, blanks and marks do not count."""
    return usual.found(table.columns, names)


def as_json(names: pl.Series) -> pl.Series:
    """Names as JSON text, each distinct name written once."""
    distinct = names.drop_nulls().unique()
    written = [json.dumps(name, ensure_ascii=False) for name in distinct]
    return names.replace_strict(
        distinct, pl.Series(written, dtype=pl.String), return_dtype=pl.String
    )


def lists_of(names: Sequence[str]) -> pl.Expr:
    """Columns side by side as one list column."""
    return pl.concat_list(*names).alias("items")


def clean(value: Any) -> str:
    """Text that can be stored as UTF-8; other values are written out."""
    return (value if isinstance(value, str) else str(value)).encode("utf-8", "replace").decode()


def as_number(value: Any) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if abs(found) < float("inf") else None


def scalar_name(value: Any) -> str | None:
    """A name from a JSON scalar: text as it is, whole numbers as digits; None for anything else."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if isinstance(value, float):
        if value != value or abs(value) == float("inf"):
            return None
        return str(int(value)) if value == int(value) else repr(value)
    return shorten(str(value), 60) if abs(value) < 10**60 else None
