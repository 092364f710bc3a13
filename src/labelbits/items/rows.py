"""Answers that name items, on the rows of the features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from labelbits.interface import Answers
from labelbits.signals.encoding import rows_of_items


def on_rows(answers: Answers, rows: int, ids: Sequence[Any] | None) -> Answers:
    """The same answers with items named by their row: "0" to "rows - 1".

    `ids` is the name of each row; None where answers name row numbers already. Raises `InputError`
    for items that have no row.
    """
    numbers = rows_of_items(answers.items, rows, ids)
    place = {name: str(i) for name, i in zip(answers.items, numbers, strict=True)}
    renamed = pl.col("items").list.eval(pl.element().replace_strict(place, return_dtype=pl.String))
    return replace(
        answers,
        table=answers.table.with_columns(renamed),
        items=tuple(place.values()),
    )


def by_name_or_number(answers: Answers, ids: Sequence[str]) -> Answers:
    """`on_rows` where the answers use `ids`; unchanged where they use row numbers instead."""
    known = set(ids)
    numbered = all(name.isdecimal() for name in answers.items)
    if numbered and not any(name in known for name in answers.items):
        return answers
    return on_rows(answers, len(ids), ids)
