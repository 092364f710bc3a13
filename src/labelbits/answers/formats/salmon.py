"""Experiments in the browser: Salmon's triplets, and winner-loser tables made from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from labelbits.answers.formats import usual
from labelbits.answers.formats.named import check_keys
from labelbits.answers.formats.practice import without_practice
from labelbits.answers.formats.reader import (
    Kind,
    Options,
    Probe,
    Reader,
    first_of,
    lists_of,
    need,
    opened,
    text,
    told_column,
)
from labelbits.answers.formats.times import seconds
from labelbits.answers.formats.usual import WORKER
from labelbits.answers.formats.who import annotators
from labelbits.answers.table.columns import Parsed

#: The item that two others are compared with, the nearer and the farther.
TRIPLET = ("head", "winner", "loser")
#: Columns that say how a question was chosen, Salmon's own first.
SAMPLING = ("alg_ident", "sampling", "sampler", "question_source", "strategy")


def read_salmon(path: Path, kind: Kind, options: Options) -> Parsed:
    """Is `winner` or `loser` more like `head`? Sides that are lost are drawn by the seed. Columns
    of other names are told as head, winner and loser."""
    check_keys(options.columns)
    table, rejects, notes = opened(path, kind)
    told = {key: options.columns.get(key) or first_of(table, key) or key for key in TRIPLET}
    need(path, table, *told.values())
    table = table.rename({name: key for key, name in told.items()})
    table = without_practice(path, table, TRIPLET, rejects, notes)
    named = told_column(path, table, options, "annotator")
    who = named or first_of(table, "puid", *WORKER)
    how = first_of(table, *SAMPLING)
    taken = seconds(path, table, notes, told_column(path, table, options, "seconds"))
    if taken is not None:
        table = table.with_columns(taken.alias("seconds of an answer"))
    sides = "left" in table.columns and "right" in table.columns
    names = ["head", "winner", "loser", *(["left", "right"] if sides else [])]
    table = table.with_columns(text(name, table) for name in names)
    if sides:
        left_wins = (pl.col("winner") == pl.col("left")) & (pl.col("loser") == pl.col("right"))
        right_wins = (pl.col("winner") == pl.col("right")) & (pl.col("loser") == pl.col("left"))
        fits = (left_wins | right_wins).fill_null(False)
        for row, *found in (
            table.filter(~fits).select("row", "left", "right", "winner", "loser").iter_rows()
        ):
            rejects.add(row, "winner and loser are not the items on the left and right", found)
        table = table.filter(fits).with_columns(
            pl.when(left_wins).then(pl.lit("0")).otherwise(pl.lit("1")).alias("answer")
        )
    else:
        # The chosen item comes first in the file: placed at random, its side tells nothing.
        swap = pl.Series("swap", np.random.default_rng(options.seed).random(len(table)) < 0.5)
        table = table.with_columns(
            left=pl.when(swap).then("loser").otherwise("winner"),
            right=pl.when(swap).then("winner").otherwise("loser"),
            answer=pl.when(swap).then(pl.lit("1")).otherwise(pl.lit("0")),
        )
        notes.append(
            f"{path.name}: left and right are lost; sides were drawn with seed {options.seed}"
        )
    return Parsed(
        table.select(
            pl.lit("triplet").alias("signal"),
            annotators(path, table, who, notes).alias("annotator"),
            lists_of(["head", "left", "right"]),
            "answer",
            (pl.lit(None, pl.Float64) if taken is None else pl.col("seconds of an answer")).alias(
                "seconds"
            ),
            (text(how, table) if how else pl.lit(None, pl.String)).alias("sampling"),
            "row",
        ),
        rejects,
        notes=notes,
    )


def is_salmon(probe: Probe) -> bool:
    """Head, winner and loser are columns."""
    return all(usual.found(probe.columns, (name,)) for name in ("head", "winner", "loser"))


SALMON = Reader(
    "salmon",
    "Salmon triplets: head, left, right, winner, loser",
    is_salmon,
    read_salmon,
    platform="Salmon",
)
