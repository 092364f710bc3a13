"""Rows that were left out when answers were read, in words: one for each reason."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from labelbits.answers.table.checks import NO_ANSWER
from labelbits.interface import Answers

#: Rows and different cells that are shown of each reason.
SHOWN = 5


def reasons(answers: Answers) -> list[str]:
    """`count: file, rows: reason; found what` of each reason, the most frequent first."""
    rejected = answers.rejected
    if rejected is None or not len(rejected):
        return []
    told = []
    for reason, count in rejected["reason"].value_counts(sort=True).iter_rows():
        own = rejected.filter(pl.col("reason") == reason)
        found = own["found"].fill_null("").unique(maintain_order=True).to_list()
        what = ", ".join(one or "nothing" for one in found[:SHOWN])
        told.append(f"{count:,}: {_places(own)}: {reason}; found {what}")
    return told


def said_left_out(answers: Answers) -> list[str]:
    """The same as one note, and another of how many rows hold no answer, as those of items that are
    not labelled yet; none where every row was read."""
    rejected = answers.rejected
    if rejected is None or not len(rejected):
        return []
    empty = pl.col("reason") == NO_ANSWER
    without, rest = len(rejected.filter(empty)), rejected.filter(~empty)
    said = []
    if len(rest):
        rows = "row was" if len(rest) == 1 else "rows were"
        lost = " | ".join(reasons(replace(answers, rejected=rest)))
        said.append(f"{len(rest):,} {rows} left out ({lost})")
    if without:
        said.append(f"{without:,} {'row holds' if without == 1 else 'rows hold'} no answer")
    return said


def _places(rows: pl.DataFrame) -> str:
    """Where the first rows of one reason stand."""
    shown = []
    for file, own in rows.head(SHOWN).group_by("file", maintain_order=True):
        numbers = [str(row) for row in own["row"].drop_nulls()]
        at = f", row{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}" if numbers else ""
        shown.append(f"{file[0]}{at}")
    return "; ".join(shown) + (", ..." if len(rows) > SHOWN else "")
