"""Columns that hold a tick or nothing: an empty cell is a no where the row was answered."""

from __future__ import annotations

import polars as pl

from labelbits.answers.formats import cells
from labelbits.answers.formats.yes_or_no import MARKS

#: What is read in place of a tick and of none.
YES, NO = "yes", "no"


def tick_columns(table: pl.DataFrame) -> list[str]:
    """The columns that hold one mark alone, or nothing."""
    return [name for name in table.columns if _is_ticked(table[name])]


def as_yes_or_no(
    table: pl.DataFrame, label: str, who: str | None, place: str, notes: list[str]
) -> pl.Series:
    """The column `label` with yes and no, where it holds ticks alone; else as it is.

    A row was answered where `who` says who did, or else where another such column is ticked:
    no tick there is a no, and elsewhere it stays missing. A note says so.
    """
    said = table[label]
    if not _is_ticked(said):
        return said
    if who is not None:
        answered, how = ~_missing(table[who]), f"where {who!r} says who answered"
    else:
        others = [name for name in tick_columns(table) if name != label]
        if not others:
            return said
        ticked = [~_missing(table[name]) for name in others]
        answered = pl.DataFrame(ticked).select(pl.any_horizontal(pl.all())).to_series()
        how = "where another column is ticked"
    ticked = ~_missing(said)
    notes.append(
        f"{place}: column {label!r} holds ticks alone, read as {YES}; no tick is read as {NO} {how}"
    )
    return pl.select(
        pl.when(ticked).then(pl.lit(YES)).when(answered).then(pl.lit(NO)).alias(label)
    ).to_series()


def hint_of_ticks(columns: list[str], option: str) -> str:
    """What to do where a table holds several tick columns and none was named."""
    return (
        f"{cells.shown(map(repr, columns), 4)} hold ticks alone: each is a question of its own; "
        f"{option}{columns[0]!r} reads one as {YES} and {NO}"
    )


def _missing(column: pl.Series) -> pl.Series:
    own = cells.names(column)
    return own.is_null() | own.str.to_lowercase().is_in(list(cells.MISSING))


def _is_ticked(column: pl.Series) -> bool:
    """Does every filled cell hold the same mark, and are others empty?"""
    if column.dtype != pl.String:
        return False
    own = cells.names(column).filter(~_missing(column)).str.to_lowercase()
    return 0 < len(own) < len(column) and set(own.unique()) <= MARKS
