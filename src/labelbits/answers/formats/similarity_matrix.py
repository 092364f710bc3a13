"""Items x items: a table whose rows and columns name the same things, how alike two of them are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from labelbits.answers.formats import cells, usual
from labelbits.answers.formats.class_columns import head_of
from labelbits.answers.formats.reader import Kind, Options, Probe, Reader, columns_in, opened
from labelbits.answers.formats.row_names import ROW_NUMBERS
from labelbits.answers.formats.sentences import FARNESS, as_scored
from labelbits.answers.formats.who import annotators, who_column
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError

#: Things from which a square is one.
LEAST = 3
#: How far two numbers of one pair may differ and be the same, as a share of the largest.
SAME = 1e-6
#: What stands on a diagonal that is empty.
NOTHING = ("-", "x", "\u2013", "\u2014", ".")


@dataclass(frozen=True)
class _Square:
    """`rows` names what rows are about, `columns` hold the numbers, `who` says whose they are."""

    rows: str
    columns: tuple[str, ...]
    who: str | None


def _square(table: pl.DataFrame) -> _Square | None:
    """The column of names whose cells are the headings of the others, and these."""
    own = [name for name in table.columns if name != "row"]
    tidy = {cells.tidy(name): name for name in own}
    who = who_column(table)
    for place, name in enumerate(own):
        if place > 2 or name == who or table[name].dtype != pl.String:
            continue
        names = cells.names(table[name])
        if names.null_count() or names.n_unique() < LEAST:
            continue
        heads = {tidy[one] for one in names.unique() if one in tidy and tidy[one] != name}
        if len(heads) < names.n_unique() - 1 or len(heads) < LEAST - 1:
            continue  # of a triangle the last row or the first column may be left out
        apart = names.n_unique() == len(names)
        if not apart and who is None:
            continue
        columns = [one for one in own if one not in (name, who, *ROW_NUMBERS)]
        # Rows alone may be cut off, and what stands beside the numbers of a square is no number.
        numbers = [one for one in columns if _are_numbers(table[one])]
        if heads - {*numbers} - _empty(table, columns):
            continue
        return _Square(name, tuple(numbers), who if not apart else None)
    return None


def _there(column: pl.Series) -> pl.Series:
    """The cells that say something."""
    own = cells.names(column).drop_nulls()
    return own.filter(~own.str.to_lowercase().is_in([*cells.MISSING, *NOTHING]))


def _empty(table: pl.DataFrame, columns: Sequence[str]) -> set[str]:
    return {one for one in columns if not len(_there(table[one]))}


def _are_numbers(column: pl.Series) -> bool:
    own = _there(column)
    return len(own) > 0 and cells.numbers(own).null_count() == 0


def _values(table: pl.DataFrame, square: _Square) -> dict[tuple[str, str], float]:
    """(row, column) -> number, for one person."""
    names = cells.names(table[square.rows]).to_list()
    found = {}
    for column in square.columns:
        numbers = cells.numbers(cells.names(table[column])).to_list()
        head = cells.tidy(column)
        found |= {
            (name, head): value
            for name, value in zip(names, numbers, strict=True)
            if value is not None
        }
    return found


def _is_symmetric(values: dict[tuple[str, str], float]) -> bool:
    """Are numbers the same both ways, or is every pair there one way only?"""
    pairs = [(a, b) for a, b in values if a != b]
    if len({frozenset(one) for one in pairs}) < LEAST:
        return False
    largest = max(abs(value) for value in values.values())
    return all(abs(values[a, b] - values.get((b, a), values[a, b])) <= SAME * largest
               for a, b in pairs)  # fmt: skip


def named_twice(table: pl.DataFrame) -> list[str] | None:
    """What both rows and columns name, of a table of numbers; None of any other."""
    square = _square(table)
    return None if square is None else cells.names(table[square.rows]).unique(
        maintain_order=True
    ).to_list()  # fmt: skip


def matches(probe: Probe) -> bool:
    """Rows and columns name the same things, and the numbers are the same both ways."""
    head = head_of(probe) if probe.kind in ("csv", "parquet") else None
    square = None if head is None else _square(head)
    if square is None or head is None:
        return False
    if square.who is not None:
        first = head.filter(pl.col(square.who) == head[square.who][0])
        return _is_symmetric(_values(first, square))
    return _is_symmetric(_values(head, square))


def read(path: Path, kind: Kind, options: Options) -> Parsed:
    """Each pair is asked about once, also where its number stands on both sides of the diagonal;
    numbers that differ both ways are two answers."""
    table, rejects, notes = opened(path, kind)
    square = _square(table.drop("row"))
    if square is None:
        raise InputError(
            f"{path}: found columns {columns_in(table)}; expected a first column that names the "
            "rows as the headings name the columns, and numbers"
        )
    own = cells.names(table[square.rows])
    lost = [name for name in square.columns if cells.tidy(name) not in set(own)]
    if len(lost) > 1:
        shown = cells.shown(map(repr, lost))
        notes.append(f"{path.name}: {shown} are named by no row: they are items as the others are")
    table = table.with_columns(annotators(path, table, square.who, notes).alias("\0who"))
    parts = table.partition_by("\0who", maintain_order=True)
    rows: list[tuple[str, str, str, float, int]] = []
    inner: list[float] = []
    both = False
    for part in parts:
        values = _values(part, square)
        same = _is_symmetric(values)
        both = both or not same
        numbers = dict(zip(cells.names(part[square.rows]), part["row"], strict=True))
        for (a, b), value in values.items():
            if a == b:
                inner.append(value)
            elif not same or (b, a) not in values or (numbers[a], a) < (numbers[b], b):
                rows.append((part["\0who"][0], a, b, value, numbers[a]))
    made = pl.DataFrame(rows, orient="row", schema={
        "annotator": pl.String, "a": pl.String, "b": pl.String, "value": pl.Float64,
        "row": pl.Int64})  # fmt: skip
    outer = made["value"].to_numpy()
    name, why = _heading(square.rows, np.array(inner), outer)
    signal, answers, said = as_scored(outer, name, options)
    items = len({*made["a"], *made["b"]})
    notes.append(
        f"{path.name}: rows and columns name the same {items:,} items: {len(made):,} pairs are "
        "read, " + ("each way as one answer" if both else "each as one answer") + f"; {said}{why}"
    )
    made = made.select(
        pl.lit(signal).alias("signal"), "annotator", pl.concat_list("a", "b").alias("items"),
        pl.Series("answer", answers, dtype=pl.String), "row",
    )  # fmt: skip
    return Parsed(made, rejects, notes=notes)


def _heading(corner: str, inner: np.ndarray, outer: np.ndarray) -> tuple[str, str]:
    """(what the numbers are called, how that is known): the corner says it, or the diagonal, on
    which an item is compared with itself."""
    if usual.plain(corner) and (FARNESS.search(corner) or "simil" in corner.casefold()):
        return corner, ""
    if len(inner) and len(outer):
        if inner.max() <= outer.min() and inner.max() < outer.max():
            return "distance", " (items are nearest to themselves on the diagonal)"
        if inner.min() >= outer.max() and inner.min() > outer.min():
            return "similarity", " (items are most alike to themselves on the diagonal)"
    return "the number", " (assumed, as neither the diagonal nor the corner says it)"


READER = Reader(
    "similarity-matrix", "items x items: how alike two are, the same both ways", matches, read
)  # fmt: skip
