"""Two sides that each have a number: a score each (`score_a`, `score_b`), or how often each was
chosen (`wins_a`, `wins_b`; `n_left`, `n_right`)."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from labelbits.answers.formats import cells, usual
from labelbits.answers.formats.two_sides import MARKS, pairs_in
from labelbits.errors import InputError

#: What numbers of sides are called of which the higher wins, the lower wins, and those that count.
_HIGH = usual.word_set(
    "score scores rating ratings stars points grade quality reward mark marks "
    "punkte bewertung note puntuación voto"
)  # fmt: skip
_LOW = frozenset({"rank", "ranking", "place", "rang", "rango"})
_COUNTS = frozenset({"wins", "votes", "n", "count", "counts", "num", "times", "freq", "chosen",
                     "picks", "siege", "victoires"})  # fmt: skip
#: Comparisons that counts may stand for in all.
LARGEST = 5_000_000
#: The heading of the choice that numbers tell.
CHOSEN = "the higher one"


def _numbers_of(
    table: pl.DataFrame, both: tuple[str, str], words: frozenset[str]
) -> tuple[str, str] | None:
    """The two columns of numbers that go by a word and the marks of two sides."""
    one, two = (usual.words_in(name) for name in both)
    apart = [pair for pair in zip(one, two, strict=False) if pair[0] != pair[1]]
    if len(one) != len(two) or len(apart) != 1 or apart[0] not in MARKS:
        return None
    shared = set(one) & set(two)
    found: list[list[str]] = [[], []]
    for name in table.columns:
        own = [word for word in usual.words_in(name) if word not in shared]
        if name in both or table[name].dtype.is_nested() or len(own) < 2:
            continue
        for side, mark in enumerate(apart[0]):
            rest = [word for word in own if word != mark]
            if len(rest) == len(own) - 1 and set(rest) <= words | {"mean", "avg", "overall"}:
                found[side].append(name)
    if [len(names) for names in found] != [1, 1]:
        return None
    named = (found[0][0], found[1][0])
    told = [cells.names(table[name]).drop_nulls() for name in named]
    return named if all(len(o) and cells.numbers(o).null_count() == 0 for o in told) else None


def sides_are_scored(table: pl.DataFrame, both: tuple[str, str]) -> bool:
    """Has each of two sides a number that says which was the better or the nearer one?"""
    return any(_numbers_of(table, both, words) for words in (_HIGH, _LOW, _COUNTS))


def scored_pair(table: pl.DataFrame) -> tuple[str, str] | None:
    """The two columns, told apart by one mark, whose sides have a number each."""
    own = [name for name in table.columns if name != "row" and not table[name].dtype.is_nested()]
    words = [n for n in own if cells.numbers(cells.names(table[n]).drop_nulls()).null_count() > 0]
    return next((both for both in pairs_in(words) if sides_are_scored(table, both)), None)


def with_scored(
    path: Path, table: pl.DataFrame, both: tuple[str, str], notes: list[str], tie: bool = True
) -> tuple[pl.DataFrame, str | None]:
    """(`table` with a column of the side that won, its name), None where no numbers say.

    Of counts each comparison is a row. Without `tie`, equal scores say nothing and are null.
    """
    counts = _numbers_of(table, both, _COUNTS)
    if counts is not None:
        return _as_often(path, table, both, counts, notes), CHOSEN
    for words, more in ((_HIGH, "higher"), (_LOW, "lower")):
        found = _numbers_of(table, both, words)
        if found is None:
            continue
        one, two = (cells.numbers(table[name]) for name in found)
        if more == "lower":
            one, two = two, one
        drawn = int((one == two).sum())
        won = (
            pl.when(pl.lit(one > two)).then(pl.lit(both[0]))
            .when(pl.lit(one < two)).then(pl.lit(both[1]))
            .when(pl.lit(one == two)).then(pl.lit("tie" if tie else None))
        )  # fmt: skip
        notes.append(
            f"{path.name}: the {more} of {found[0]!r} and {found[1]!r} wins; {drawn:,} rows have "
            f"equal ones{', which are ties' if tie else ' and say nothing'}; how much is not used"
        )
        return table.drop(found).with_columns(won.alias(CHOSEN)), CHOSEN
    return table, None


def _as_often(
    path: Path,
    table: pl.DataFrame,
    both: tuple[str, str],
    counts: tuple[str, str],
    notes: list[str],
) -> pl.DataFrame:
    """A row for each comparison that two columns count."""
    own = [
        table.with_columns(
            pl.lit(side).alias(CHOSEN),
            cells.numbers(table[name]).fill_null(0).clip(0, LARGEST).cast(pl.Int64).alias("\0n"),
        )
        for side, name in zip(both, counts, strict=True)
    ]
    every = pl.concat(own).filter(pl.col("\0n") > 0)
    total = int(every["\0n"].sum())
    if total > LARGEST:
        raise InputError(
            f"{path}: {counts[0]!r} and {counts[1]!r} count {total:,} comparisons; expected at "
            f"most {LARGEST:,}"
        )
    notes.append(
        f"{path.name}: {counts[0]!r} and {counts[1]!r} count how often each side was chosen: "
        f"{len(table):,} rows stand for {total:,} comparisons of people whom nothing names"
    )
    made = every.sort("row", maintain_order=True)
    return made.select(pl.exclude("\0n").repeat_by("\0n").explode()).drop(counts)
