"""Who answered: the column of annotators as names, nobody's where it names nobody or a group."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from labelbits.answers.formats import cells
from labelbits.answers.table.people import said_not_known
from labelbits.interface import NOBODY

#: What stands for a person who has no name, where no other person is named.
NAMELESS = frozenset({"anonymous", "anon", "anonym", "unknown", "none", "nobody", "n.a.", "-", "?"})
#: Names of several people together.
GROUPS = frozenset({
    "crowd", "crowds", "crowdworkers", "workers", "annotators", "raters", "labelers", "labellers",
    "coders", "mturk", "amt", "turk", "turkers", "prolific", "appen", "toloka", "people", "humans",
    "human", "public", "volunteers", "users", "students", "participants", "team", "group", "panel",
    "experts", "doctors", "physicians",
})  # fmt: skip


def without_groups(path: Path, said: pl.DataFrame, notes: list[str]) -> pl.DataFrame:
    """`said` (item, annotator, ...) with `NOBODY` for a name of several people, where an item has
    several of its answers."""
    asked = ["item", "annotator", *(["question"] if "question" in said.columns else [])]
    grouped = said.filter(pl.col("annotator").str.to_lowercase().is_in(list(GROUPS)))
    if not len(grouped):
        return said
    again = grouped.filter(grouped.select(asked).is_duplicated())["annotator"].unique()
    if not len(again):
        return said
    own = pl.col("annotator").is_in(again.implode())
    notes.append(
        f"{path.name}: {' and '.join(map(repr, sorted(again)))} answered some items several times "
        "and names a group: each answer counts as another person's"
    )
    who = pl.when(own).then(pl.lit(NOBODY)).otherwise("annotator")
    return said.with_columns(who.alias("annotator"))


def annotators(path: Path, table: pl.DataFrame, column: str | None, notes: list[str]) -> pl.Expr:
    """The annotator of each row; `NOBODY` without a column, and where no row of it names anybody.

    `notes` say of an empty column that it is taken as none.
    """
    if column is None:
        return pl.lit(NOBODY)
    own = cells.names(table[column])
    said = {"" if cells.is_missing(name) else str(name).casefold() for name in own.unique()}
    if said and said <= NAMELESS | {""} and own.null_count() == table[column].null_count():
        shown = " or ".join(sorted(repr(name) for name in said if name))
        why = f"says {shown} in every row" if shown else "is empty"
        notes.append(said_not_known(path.name, f"column {column!r} {why}, so nobody is named"))
        return pl.lit(NOBODY)
    return pl.lit(own)
