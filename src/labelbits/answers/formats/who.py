"""Who answered: the column of annotators as names, or nobody's where it names nobody."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from labelbits.answers.formats import cells
from labelbits.interface import NOBODY

#: What stands for a person who has no name, where no other person is named.
NAMELESS = frozenset({"anonymous", "anon", "anonym", "unknown", "none", "nobody", "n.a.", "-", "?"})


def annotators(path: Path, table: pl.DataFrame, column: str | None, notes: list[str]) -> pl.Expr:
    """The annotator of each row; `NOBODY` without a column, and where no row of it names anybody.

    `notes` say of an empty column that it is taken as none.
    """
    if column is None:
        return pl.lit(NOBODY)
    own = cells.names(table[column])
    said = {"" if cells.is_missing(name) else str(name).casefold() for name in own.unique()}
    if said and said <= NAMELESS | {""}:
        shown = " or ".join(sorted(repr(name) for name in said if name))
        why = f"says {shown} in every row" if shown else "is empty"
        notes.append(
            f"{path.name}: column {column!r} {why}: nobody is named, so each answer counts as "
            "another person's"
        )
        return pl.lit(NOBODY)
    return pl.lit(own)
