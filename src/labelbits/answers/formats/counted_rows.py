"""Rows that stand for several answers: a column says how many people gave each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from labelbits.answers.formats import cells
from labelbits.errors import InputError

#: Answers that a column of counts may stand for.
MOST_COUNTED = 20_000_000


def counts_answers(table: pl.DataFrame, item: str, label: str) -> bool:
    """Do items stand in several rows, one for each of their answers, as in a table of counts?"""
    again = table.select(item).is_duplicated().any()
    return again and not table.select(item, label).is_duplicated().any()


def as_often(path: Path, table: pl.DataFrame, name: str, notes: list[str]) -> pl.DataFrame:
    """Each row as often as its count says, so that a row of 0 is nobody's answer.

    Raises `InputError` for counts that are no whole numbers of 0 or more.
    """
    counts = cells.numbers(table[name]).cast(pl.Float64)
    wrong = counts.is_null() | (counts < 0) | (counts != counts.round())
    if wrong.any():
        place = int(wrong.arg_max() or 0)
        raise InputError(
            f"{path}, row {table['row'][place]}: column {name!r} is {table[name][place]!r}; "
            "expected how many people gave the answer, a whole number of 0 or more; rename the "
            "column if it is something else"
        )
    total = int(counts.sum())
    if total > MOST_COUNTED:
        raise InputError(
            f"{path}: column {name!r} adds up to {total:,} answers; expected at most "
            f"{MOST_COUNTED:,}; rename the column if it does not count answers"
        )
    notes.append(
        f"{path.name}: column {name!r} says how many people gave each answer: {len(table):,} rows "
        f"stand for {total:,} answers (rename it if it is something else)"
    )
    rows = np.repeat(np.arange(len(table)), counts.to_numpy().astype(np.int64))
    return table[rows]
