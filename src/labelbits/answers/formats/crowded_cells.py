"""Cells that hold the answers of several people: `cat;cat;dog`, a JSON list that names one class
several times. Nobody ticks a class twice."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from labelbits.answers.formats import cells
from labelbits.answers.table.people import said_not_known

#: Marks between answers, the surest first; the share of cells that have them.
MARKS = ("|", ";", "\n", "/", ",")
MOSTLY = 0.5
#: Cells that name something twice, and how often a name comes again on average, at least.
LEAST, AGAIN = 3, 3


def answers_in_cells(said: pl.Series) -> dict[str, list[str]] | None:
    """cell -> the answers in it; None where cells hold one answer, or ticks of one."""
    own = said.drop_nulls().to_list()
    lists = {one: cells.parsed(one) for one in set(own)}
    if own and all(isinstance(one, list) for one in lists.values()):
        found = {key: [cells.as_text(name) or "" for name in one] for key, one in lists.items()}
        return found if _name_again(own, found) else None
    for mark in MARKS:
        if sum(mark in one for one in own) > MOSTLY * len(own):
            parted = {one: [cells.tidy(part) for part in one.split(mark)] for one in set(own)}
            if _name_again(own, parted):
                return parted
    return None


def _name_again(own: list[str], found: dict[str, list[str]]) -> bool:
    names = [name for one in own for name in found[one]]
    if not all(names) or len(names) < AGAIN * len(set(names)):
        return False
    return sum(len(set(found[one])) < len(found[one]) for one in own) >= LEAST


def with_each(path: Path, said: pl.DataFrame, notes: list[str]) -> pl.DataFrame:
    """`said` with a row for each answer in a cell of its column `value`."""
    found = answers_in_cells(said["value"])
    if found is None:
        return said
    own = [None if one is None else found[one] for one in said["value"]]
    made = said.with_columns(pl.Series("value", own, dtype=pl.List(pl.String))).explode("value")
    why = f"cells name a class several times, so that each of {len(made):,} names is one person's"
    notes.append(said_not_known(path.name, why))
    return made
