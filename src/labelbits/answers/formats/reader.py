"""What a reader is, and the small tools that every reader uses on columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import polars as pl

from labelbits.answers.files.csv_files import read_csv
from labelbits.answers.files.json_files import json_elements
from labelbits.answers.files.opening import Rejects, shorten
from labelbits.answers.files.parquet import read_parquet
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError

Kind = Literal["json", "csv", "parquet", "numpy", "numbers"]
#: The point that preferences and ratings of single items are compared with: Coombs' ideal point.
IDEAL = "(ideal)"


@dataclass(frozen=True)
class Options:
    """What the user may say about a file: class names in order, the signal meant, the seed."""

    classes: tuple[str, ...] = ()
    signal: str | None = None
    seed: int = 0


@dataclass
class Probe:
    """The start of a file, as `--format auto` sees it."""

    path: Path
    kind: Kind
    columns: tuple[str, ...] = ()
    elements: list[Any] = field(default_factory=list)
    arrays: dict[str, tuple[tuple[int, ...], str]] = field(default_factory=dict)

    def has(self, *names: str) -> bool:
        """Are all of `names` columns of the table?"""
        return set(names) <= set(self.columns)


@dataclass(frozen=True)
class Reader:
    """One format: how to recognise it and how to read it."""

    name: str
    what: str
    matches: Callable[[Probe], bool]
    read: Callable[[Path, Kind, Options], Parsed]


def load_table(path: Path, kind: Kind, rejects: Rejects, notes: list[str]) -> pl.DataFrame:
    """A CSV, Parquet or JSON file of flat records as a table with `row`."""
    table = _load(path, kind, rejects, notes)
    # polars takes these names for a choice of columns: all, or those that match a pattern.
    chosen = [n for n in table.columns if n == "*" or (n.startswith("^") and n.endswith("$"))]
    return table.rename({name: f"column {name}" for name in chosen})


def _load(path: Path, kind: Kind, rejects: Rejects, notes: list[str]) -> pl.DataFrame:
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
    return read_csv(path, rejects, notes)


def opened(path: Path, kind: Kind, *needed: str) -> tuple[pl.DataFrame, Rejects, list[str]]:
    """A file of flat records with all the columns `needed`, its rejected rows so far, notes."""
    rejects, notes = Rejects(), []
    table = load_table(path, kind, rejects, notes)
    need(path, table, *needed)
    return table, rejects, notes


def cell_text(value: Any) -> str | None:
    """A JSON value as the text that a CSV cell would hold."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.strip().encode("utf-8", "replace").decode() or None
    return json.dumps(value)


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


def first_of(table: pl.DataFrame, *names: str) -> str | None:
    """The first of `names` that is a column (upper and lower case are the same), or None."""
    lower = {column.lower(): column for column in reversed(table.columns)}
    return next((lower[name.lower()] for name in names if name.lower() in lower), None)


def text(name: str, table: pl.DataFrame) -> pl.Expr:
    """Column as text; whole floats lose their `.0`, lists and structs become null."""
    kind = table.schema[name]
    column = pl.col(name)
    if kind.is_float():
        whole = column == column.round()
        return (
            pl.when(column.is_nan())
            .then(None)
            .when(whole & (column.abs() < 1e15))
            .then(column.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(column.cast(pl.String))
            .alias(name)
        )
    if kind.is_nested() or kind in (pl.Binary, pl.Object, pl.Duration):
        return pl.lit(None, dtype=pl.String).alias(name)
    return column.cast(pl.String)


def number(name: str, table: pl.DataFrame) -> pl.Expr:
    """Column as numbers; `$`, spaces and thousands commas are dropped, other text is null."""
    if table.schema[name] == pl.String:
        plain = pl.col(name).str.replace_all(r"[$€£\s]", "").str.replace_all(r",(\d{3})\b", "$1")
        return plain.cast(pl.Float64, strict=False).alias(name)
    if table.schema[name].is_numeric():
        return pl.col(name).cast(pl.Float64, strict=False)
    return pl.lit(None, dtype=pl.Float64).alias(name)


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


@dataclass
class Rows:
    """Answers collected one by one, for formats that nest."""

    columns: dict[str, list[Any]] = field(
        default_factory=lambda: {
            name: []
            for name in (
                "signal",
                "annotator",
                "items",
                "classes",
                "answer",
                "seconds",
                "price",
                "gold",
                "row",
            )
        }
    )

    def add(
        self,
        row: int,
        signal: str,
        annotator: str,
        items: Sequence[str],
        answer: Any,
        *,
        classes: Sequence[str] | None = None,
        seconds: float | None = None,
        price: float | None = None,
        gold: bool | None = None,
    ) -> None:
        """One answer; `answer` is a JSON value."""
        values = {
            "signal": signal,
            "annotator": clean(annotator),
            "items": [clean(item) for item in items],
            "classes": None if classes is None else [clean(name) for name in classes],
            "answer": clean(json.dumps(answer, ensure_ascii=False)),
            "seconds": as_number(seconds),
            "price": as_number(price),
            "gold": gold,
            "row": row,
        }
        for name, value in values.items():
            self.columns[name].append(value)

    def __len__(self) -> int:
        return len(self.columns["row"])

    def frame(self) -> pl.DataFrame:
        """The collected rows as a table."""
        schema = {
            "signal": pl.String,
            "annotator": pl.String,
            "items": pl.List(pl.String),
            "classes": pl.List(pl.String),
            "answer": pl.String,
            "seconds": pl.Float64,
            "price": pl.Float64,
            "gold": pl.Boolean,
            "row": pl.Int64,
        }
        return pl.DataFrame(self.columns, schema=schema)


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
