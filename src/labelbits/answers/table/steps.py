"""Whole steps of a scale as classes, for plans of labels."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from labelbits.errors import InputError
from labelbits.interface import Answers
from labelbits.signals.encoding import SCORE

#: A scale with more different numbers than this is never taken for classes.
MOST_STEPS = 11


def as_classes(answers: Answers, what: str) -> tuple[Answers, str]:
    """(the answers with the numbers of a scale as classes, what has to be said of it).

    `what` names their column or file in messages. Without a scale, or beside other kinds of
    answers, nothing changes. Raises `InputError` for numbers that are no few whole steps.
    """
    if set(answers.table["signal"]) != {SCORE}:
        return answers, ""
    number = pl.col("answer").cast(pl.Float64, strict=False)
    steps = answers.table.select(number).to_series().unique().drop_nulls().sort()
    if len(steps) > MOST_STEPS or (steps != steps.round()).any():
        raise InputError(
            f"{what} holds {len(steps):,} different numbers from {steps[0]:g} to {steps[-1]:g}, a "
            "scale and no classes; expected labels: a column of classes, or the numbers cut into a "
            "few named steps"
        )
    names = [f"{step:.0f}" for step in steps]
    said = (
        f"the numbers {names[0]} to {names[-1]} of {what.rpartition(': ')[2]} are steps of a scale "
        f"(ordinal); this plan takes them as {len(names)} classes, so that calling a {names[0]} a "
        f"{names[1]} is as wrong as calling it a {names[-1]}"
        if len(names) > 1
        else f"{what} holds the number {names[0]} alone"
    )
    answer = pl.concat_str(pl.lit('"'), number.round().cast(pl.Int64).cast(pl.String), pl.lit('"'))
    table = answers.table.with_columns(signal=pl.lit("hard"), answer=answer)
    return replace(answers, table=table, classes=tuple(names)), said
