"""Winners named by the number of a comparison: another file says what was compared.

A file `question_id, model_a, model_b, winner` and one `task, label` of a language model, whose
tasks are those numbers, are answers to the same questions.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import polars as pl

from labelbits.answers.formats.preferences import SIDES
from labelbits.answers.formats.ties import is_tie
from labelbits.answers.formats.two_sides import side_of
from labelbits.answers.table.columns import PREFERENCE

_FIRST, _SECOND = (frozenset(side) for side in zip(*SIDES, strict=True))


def with_verdicts(parts: Sequence[pl.DataFrame], notes: list[str]) -> list[pl.DataFrame]:
    """The parts, labels of comparisons as preferences where another part tells what they compare.

    A part is taken so only as a whole: all its items are numbers of comparisons (`group`) and all
    its labels name a winner, a side or a tie. `notes` say it.
    """
    compared = [
        part.filter((pl.col("signal") == PREFERENCE) & pl.col("group").is_not_null())
        .select("group", "items")
        for part in parts
        if "group" in part.columns
    ]  # fmt: skip
    if not compared or not sum(map(len, compared)):
        return list(parts)
    shown = pl.concat(compared).unique()
    # What was compared in another order, or several pairs for one prompt: the number says nothing.
    once = shown.filter(pl.len().over("group") == 1)
    pair = {group: tuple(items) for group, items in once.iter_rows()}
    return [_as_preferences(part, pair, notes) for part in parts]


def _as_preferences(
    part: pl.DataFrame, pair: dict[str, tuple[str, ...]], notes: list[str]
) -> pl.DataFrame:
    if set(part["signal"].unique()) != {"hard"}:
        return part
    group = part["items"].list.first()
    if not group.is_in(list(pair)).all():
        return part
    won = [
        _winner(json.loads(answer), pair[one])
        for one, answer in zip(group, part["answer"], strict=True)
    ]
    if None in won:
        return part
    notes.append(
        f"{len(part):,} labels name the winners of comparisons that another file describes: they "
        f"are read as {PREFERENCE}"
    )
    return part.with_columns(
        pl.lit(PREFERENCE).alias("signal"),
        pl.Series("items", [list(pair[one]) for one in group], dtype=pl.List(pl.String)),
        pl.Series("answer", won, dtype=pl.String),
        group.alias("group"),
        pl.lit(None, pl.List(pl.String)).alias("classes"),
    )


def _winner(said: object, pair: tuple[str, ...]) -> str | None:
    """0, 1 or "tie" as JSON; None for anything else."""
    name = str(said)
    if name in pair:
        return str(pair.index(name))
    low = name.lower()
    if is_tie(low):
        return '"tie"'
    if low in _FIRST or side_of(low) == 0:
        return "0"
    return "1" if low in _SECOND or side_of(low) == 1 else None
