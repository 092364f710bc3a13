"""Winners in a column a side: a 1 in `winner_model_a`, `winner_model_b` or `winner_tie`."""

from __future__ import annotations

import polars as pl

from labelbits.answers.formats import cells
from labelbits.answers.formats.reader import first_of
from labelbits.answers.formats.yes_or_no import NO, YES

#: What such columns are called before or after the name of the side.
_CALLED = ("winner", "wins", "win", "won", "preferred", "prefers", "chosen", "is_winner")
_DRAWN = ("tie", "draw", "both", "neither")


def winner_columns(table: pl.DataFrame, both: tuple[str, str]) -> list[str] | None:
    """The columns that say that the one side won, that the other did, and that none did where there
    is one; None without them, and where their cells are no yes and no, one yes a row at most."""
    for word in _CALLED:
        found = [first_of(table, f"{word}_{side}", f"{side}_{word}") for side in both]
        if found[0] is None or found[1] is None or found[0] == found[1]:
            continue
        tie = first_of(table, *(f"{word}_{name}" for name in _DRAWN), *_DRAWN)
        own = [name for name in (*found, tie) if name is not None]
        said = [cells.names(table[name]).str.to_lowercase() for name in own]
        if not all(one.drop_nulls().is_in([*YES, *NO]).all() for one in said):
            continue
        wins = sum(one.is_in(list(YES)).fill_null(False).cast(pl.Int64) for one in said)
        if isinstance(wins, pl.Series) and wins.max() == 1:
            return own
    return None


def with_winner(table: pl.DataFrame, both: tuple[str, str]) -> pl.DataFrame:
    """`table` with one column `winner` in place of those: the heading of the side that won, tie, or
    nothing where no column says. As it is where there are none."""
    own = winner_columns(table, both)
    if own is None or first_of(table, "winner") is not None:
        return table
    winner = pl.lit(None, pl.String)
    for name, said in zip(own, (*both, "tie"), strict=False):
        yes = cells.names(table[name]).str.to_lowercase().is_in(list(YES)).fill_null(False)
        winner = pl.when(pl.lit(yes)).then(pl.lit(said)).otherwise(winner)
    return table.with_columns(winner.alias("winner")).drop(own)
