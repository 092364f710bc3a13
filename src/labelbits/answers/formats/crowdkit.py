"""Plain tables: one label a row (crowd-kit's `task, worker, label`), or one preference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from labelbits.answers.formats.reader import (
    IDEAL,
    Kind,
    Options,
    Probe,
    Reader,
    as_json,
    columns_in,
    first_of,
    lists_of,
    number,
    opened,
    text,
)
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError
from labelbits.interface import NOBODY

#: Names of the three columns of a plain table, crowd-kit's own first.
ITEM = ("task", "item", "task_id", "item_id", "example", "image")
WORKER = ("worker", "annotator", "worker_id", "annotator_id", "rater", "labeler", "coder", "user")
LABEL = ("label", "class", "answer", "annotation", "category")


def is_plain(probe: Probe) -> bool:
    """Columns for item, annotator and label are there, and none that make it a comparison."""
    table = pl.DataFrame(schema=dict.fromkeys(probe.columns, pl.String))
    # Item and class alone are what gold looks like.
    said = first_of(table, *WORKER) or first_of(table, "label", "answer")
    return bool(said and first_of(table, *ITEM) and first_of(table, *LABEL)) and not probe.has(
        "left"
    )


def column_of(path: Path, table: pl.DataFrame, names: Sequence[str]) -> str:
    """The column that goes by one of `names`; `InputError` where there is none."""
    found = first_of(table, *names)
    if found is None:
        raise InputError(
            f"{path}: column {names[0]!r} is missing; found {columns_in(table)}; expected one of: "
            f"{', '.join(names)}"
        )
    return found


def read_labels(path: Path, kind: Kind, options: Options) -> Parsed:
    """One hard label a row (or the signal that the user names)."""
    table, rejects, notes = opened(path, kind)
    item, label = column_of(path, table, ITEM), column_of(path, table, LABEL)
    worker = first_of(table, *WORKER)
    if worker is None:
        notes.append(f"{path.name}: no column says who answered; each counts as another person's")
    who = pl.lit(NOBODY) if worker is None else text(worker, table)
    table = table.with_columns(
        text(item, table).alias("task"), who.alias("worker"), text(label, table).alias("label")
    )
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
    "one label a row: task, worker, label (crowd-kit), or item, annotator, label",
    is_plain,
    read_labels,
)
PAIRS = Reader(
    "crowd-kit-pairwise",
    "crowd-kit comparisons: worker, left, right, label (the winner)",
    lambda probe: probe.has("worker", "left", "right", "label"),
    read_pairs,
)
