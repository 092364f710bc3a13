"""crowd-kit tables: `task, worker, label`, and pairwise `worker, left, right, label`."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from labelbits.answers.columns import Parsed
from labelbits.answers.readers import (
    IDEAL,
    Kind,
    Options,
    Reader,
    as_json,
    first_of,
    lists_of,
    number,
    opened,
    text,
)


def read_labels(path: Path, kind: Kind, options: Options) -> Parsed:
    """One hard label a row (or the signal that the user names)."""
    table, rejects, notes = opened(path, kind, "task", "worker", "label")
    table = table.with_columns(text(name, table) for name in ("task", "worker", "label"))
    return Parsed(
        table.select(
            pl.lit(options.signal or "hard").alias("signal"),
            pl.col("worker").alias("annotator"),
            lists_of(["task"]),
            as_json(table["label"]).alias("answer"),
            *optional(table),
            "row",
        ),
        rejects,
        notes=notes,
    )


def optional(table: pl.DataFrame) -> list[pl.Expr]:
    """Seconds and price, where a table has columns of these names."""
    found = []
    if name := first_of(table, "seconds", "duration", "time_spent", "rt_s"):
        found.append(number(name, table).alias("seconds"))
    if name := first_of(table, "price", "reward"):
        found.append(number(name, table).alias("price"))
    return found


def read_pairs(path: Path, kind: Kind, options: Options) -> Parsed:
    """Preferences: the winner is the one nearer to an ideal point (Coombs 1950, unfolding).

    Each row becomes a triplet (ideal, left, right) whose answer is the winner.
    """
    table, rejects, notes = opened(path, kind, "worker", "left", "right", "label")
    table = table.with_columns(text(n, table) for n in ("worker", "left", "right", "label"))
    known = (pl.col("label") == pl.col("left")) | (pl.col("label") == pl.col("right"))
    for row, found in table.filter(~known.fill_null(False)).select("row", "label").iter_rows():
        rejects.add(row, "label is neither left nor right; expected the winner's name", found or "")
    table = table.filter(known.fill_null(False))
    notes.append(
        f"{path.name}: preferences are read as triplets with the anchor {IDEAL!r}: the winner is "
        "the one nearer to an ideal point"
    )
    winner = pl.when(pl.col("label") == pl.col("left")).then(pl.lit("0")).otherwise(pl.lit("1"))
    return Parsed(
        table.with_columns(pl.lit(IDEAL).alias("ideal")).select(
            pl.lit("triplet").alias("signal"),
            pl.col("worker").alias("annotator"),
            lists_of(["ideal", "left", "right"]),
            winner.alias("answer"),
            *optional(table),
            "row",
        ),
        rejects,
        notes=notes,
    )


LABELS = Reader(
    "crowd-kit",
    "crowd-kit labels: task, worker, label",
    lambda probe: probe.has("task", "worker", "label") and not probe.has("left"),
    read_labels,
)
PAIRS = Reader(
    "crowd-kit-pairwise",
    "crowd-kit comparisons: worker, left, right, label (the winner)",
    lambda probe: probe.has("worker", "left", "right", "label"),
    read_pairs,
)
