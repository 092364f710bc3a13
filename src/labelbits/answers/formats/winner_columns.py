"""Winners in a column a side: a 1 in `winner_model_a`, `winner_model_b` or `winner_tie`; yes or no
to one side alone: `a_preferred`, `chose_b`."""

from __future__ import annotations

import polars as pl

from labelbits.answers.formats import cells, usual
from labelbits.answers.formats.reader import first_of
from labelbits.answers.formats.two_sides import MARKS
from labelbits.answers.formats.yes_or_no import NO, YES

#: What such columns are called before or after the name of the side.
_CALLED = ("winner", "wins", "win", "won", "preferred", "prefers", "chosen", "is_winner")
_DRAWN = ("tie", "draw", "both", "neither")
#: Words beside the mark of a side that ask whether it is the one.
_ASKS = usual.word_set(
    "winner wins win won preferred prefers prefer preference chosen chose choose choice selected "
    "picked pick is was better best nearer closer closest more similar correct worse farther "
    "further less different judged said over"
)


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


def _asked(name: str, both: tuple[str, str]) -> int | None:
    """The side of two headings about which another asks: 0 of `chose_a` beside `item_a`, `item_b`;
    None of any other heading."""
    one, two, own = (usual.words_in(one) for one in (*both, name))
    apart = [pair for pair in zip(one, two, strict=False) if pair[0] != pair[1]]
    if len(one) != len(two) or len(apart) != 1 or apart[0] not in MARKS:
        return None
    rest = [word for word in own if word not in _ASKS and word not in set(one) & set(two)]
    return apart[0].index(rest[0]) if len(rest) == 1 < len(own) and rest[0] in apart[0] else None


def one_sided(table: pl.DataFrame, both: tuple[str, str]) -> str | None:
    """The only column of yes and no that asks about one of two sides: `a_preferred`."""
    found = []
    for name in table.columns:
        if name in both or table[name].dtype.is_nested() or _asked(name, both) is None:
            continue
        said = set(cells.names(table[name]).drop_nulls().str.to_lowercase())
        if said and said <= {*YES, *NO}:
            found.append(name)
    return found[0] if len(found) == 1 else None


def as_headings(table: pl.DataFrame, name: str, both: tuple[str, str]) -> pl.DataFrame:
    """`table` with the heading of the side that was chosen in a column of yes and no to one."""
    side = _asked(name, both)
    said = cells.names(table[name]).str.to_lowercase()
    if side is None or not said.drop_nulls().is_in([*YES, *NO]).all():
        return table
    yes, no = said.is_in(list(YES)), said.is_in(list(NO))
    told = (
        pl.when(pl.lit(yes)).then(pl.lit(both[side]))
        .when(pl.lit(no)).then(pl.lit(both[1 - side]))
    )  # fmt: skip
    return table.with_columns(told.alias(name))
