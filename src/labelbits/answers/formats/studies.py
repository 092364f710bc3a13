"""Published studies in the compact tables that researchers pass on: CIFAR-10S and word pairs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl

from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats.crowdkit import optional
from labelbits.answers.formats.reader import (
    Kind,
    Options,
    Probe,
    Reader,
    need,
    number,
    opened,
    text,
)
from labelbits.answers.formats.scales import counted_from_one, described, steps_of
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError

CIFAR10S_COLUMNS = ("annotator", "image_idx", "top1", "top1_prob", "top2", "top2_prob")
#: CIFAR-10's classes in the order of its labels.
CIFAR10 = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)


def read_cifar10s(path: Path, kind: Kind, options: Options) -> Parsed:
    """CIFAR-10S (Collins et al. 2022): top two classes, percentages as typed, impossible ticks.

    The answer names the top class, the second if one was given, and every class ticked
    impossible as 0. Percentages become probabilities; above 100 in total they are scaled down.
    A second class without a number gets half of what the first left. As upstream reads them, a
    typed 0 for the first class is 100 % and an unreadable one 80 %: it was named first.
    """
    table, rejects, notes = opened(path, kind, *CIFAR10S_COLUMNS)
    classes = options.classes or CIFAR10
    if options.signal == "soft":
        return _completed(path, table, classes, rejects, notes)
    columns = table.select(
        text("annotator", table),
        text("image_idx", table),
        *(number(name, table) for name in ("top1", "top1_prob", "top2", "top2_prob")),
        mask=number("impossible_mask", table)
        if "impossible_mask" in table.columns
        else pl.lit(0.0),
        seconds=number("rt_s", table) if "rt_s" in table.columns else pl.lit(None, pl.Float64),
        repeat=pl.col("is_repeat").cast(pl.Boolean, strict=False)
        if "is_repeat" in table.columns and table.schema["is_repeat"] == pl.Boolean
        else pl.lit(None, pl.Boolean),
        row="row",
    )
    kept, answers, repaired = [], [], 0
    for place, record in enumerate(columns.iter_rows(named=True)):
        top1, top2, mask = record["top1"], record["top2"], record["mask"]
        if not _is_class(top1, classes) or not (_is_class(top2, classes) or top2 in (None, -1)):
            rejects.add(record["row"], "top1 or top2 is no class number", [top1, top2])
            continue
        first = _percent(record["top1_prob"])
        if not first:
            first, repaired = (0.8 if first is None else 1.0), repaired + 1
        answer = {classes[int(top1)]: first}
        if top2 not in (None, -1) and top2 != top1:
            second = _percent(record["top2_prob"])
            second = max(0.0, 1 - first) / 2 if second is None else second
            if second:  # a written 0 means "ticked impossible"
                answer[classes[int(top2)]] = second
        # Some typed 80 and 80: the report is relative, so that it sums to 1.
        total = max(1.0, sum(answer.values()))
        answer = {name: round(value / total, 6) for name, value in answer.items()}
        bits = int(mask) if mask is not None and 0 <= mask < 1 << len(classes) else 0
        for k, name in enumerate(classes):
            if bits >> k & 1:
                answer.setdefault(name, 0.0)
        kept.append(place)
        answers.append(json.dumps(answer))
    if repaired:
        notes.append(
            f"{path.name}: {repaired} blank or zero first probabilities were read as 80 or 100 %"
        )
    good = columns[kept].with_columns(pl.Series("answer", answers, dtype=pl.String))
    return Parsed(
        good.select(
            pl.lit("sparse-soft").alias("signal"),
            "annotator",
            pl.concat_list("image_idx").alias("items"),
            "answer",
            "seconds",
            "repeat",
            "row",
        ),
        rejects,
        tuple(classes),
        notes=notes,
    )


def _completed(
    path: Path, table: pl.DataFrame, classes: tuple[str, ...], rejects: Rejects, notes: list[str]
) -> Parsed:
    """The completed soft labels p0, p1, ... that the file carries, as they stand in its rows."""
    names = [f"p{k}" for k in range(len(classes))]
    need(path, table, *names)
    values = table.select(number(name, table) for name in names).to_numpy()
    good = np.isfinite(values).all(1) & (values >= 0).all(1) & (values.sum(1) > 0)
    for row in table.filter(~good)["row"]:
        rejects.add(row, "p0, p1, ... are not probabilities")
    disagree = float(np.mean(values[good].argmax(1) != table.filter(good)["top1"].to_numpy()))
    notes.append(
        f"{path.name}: the completed labels p0, p1, ... favour another class than the row's top1 "
        f"in {100 * disagree:.0f} % of the rows; figures that pair a person's repeated answers are "
        "better taken from what was typed"
    )
    answers = [
        json.dumps({name: round(float(p), 7) for name, p in zip(classes, row, strict=True) if p})
        for row in values[good]
    ]
    repeat = pl.col("is_repeat") if "is_repeat" in table.columns else pl.lit(None, pl.Boolean)
    seconds = number("rt_s", table) if "rt_s" in table.columns else pl.lit(None, pl.Float64)
    kept = table.filter(good).with_columns(pl.Series("answer", answers, dtype=pl.String))
    return Parsed(
        kept.select(
            pl.lit("soft").alias("signal"),
            text("annotator", kept).alias("annotator"),
            pl.concat_list(text("image_idx", kept)).alias("items"),
            "answer",
            seconds.alias("seconds"),
            repeat.alias("repeat"),
            "row",
        ),
        rejects,
        tuple(classes),
        notes=notes,
    )


def _is_class(value: float | None, classes: tuple[str, ...]) -> bool:
    return (
        value is not None and value == value and 0 <= value < len(classes) and value == int(value)
    )


def _percent(value: float | None) -> float | None:
    """0..100 as 0..1; None for a blank, NaN or anything outside."""
    return value / 100 if value is not None and 0 <= value <= 100 else None


def read_word_pairs(path: Path, kind: Kind, options: Options) -> Parsed:
    """Similarity ratings of word pairs as steps from 1 (`scales`).

    A scale with a 0, such as 0..10 (Snow et al. 2008), is counted from 1: 11 steps, or 21 where
    there are halves. Where nobody said 0 the scale is taken to begin at 1, and one that goes below
    0 goes as far above it. Numbers between all steps refuse the whole file: the answers that
    happen to be steps would be a biased sample.
    """
    table, rejects, notes = opened(path, kind, "rater", "word1", "word2", "rating")
    table = table.with_columns(
        *(text(name, table) for name in ("rater", "word1", "word2")), number("rating", table)
    )
    there = (pl.col("rating").is_finite() & (pl.col("rating").abs() < 1e6)).fill_null(False)
    for row, found in table.filter(~there).select("row", "rating").iter_rows():
        rejects.add(row, "rating is no number", found)
    table = table.filter(there)
    extra = optional(path, table, options, notes)
    steps = np.zeros(0, dtype=np.int64)
    if len(table):
        ratings = table["rating"].to_numpy()
        scale = steps_of(ratings)
        if scale is None:
            raise InputError(
                f"{path}: ratings are {described(ratings, scale)}; expected steps of a scale"
            )
        steps = counted_from_one(ratings, scale)
        if scale != (1.0, 1.0):
            notes.append(f"{path.name}: ratings are {described(ratings, scale)}, counted from 1")
    return Parsed(
        table.select(
            pl.lit("rating").alias("signal"),
            pl.col("rater").alias("annotator"),
            pl.concat_list("word1", "word2").alias("items"),
            pl.Series("answer", steps, dtype=pl.Int64).cast(pl.String),
            *(value.alias(key) for key, value in extra.items()),
            "row",
        ),
        rejects,
        notes=notes,
    )


def is_cifar10s(probe: Probe) -> bool:
    """The columns of the compact CIFAR-10S table."""
    return probe.has(*CIFAR10S_COLUMNS)


CIFAR10S = Reader(
    "cifar-10s", "CIFAR-10S soft labels (top1, top2, impossible)", is_cifar10s, read_cifar10s
)
WORD_PAIRS = Reader(
    "word-pairs",
    "similarity ratings: rater, word1, word2, rating",
    lambda probe: probe.has("rater", "word1", "word2", "rating"),
    read_word_pairs,
    tells=frozenset({"seconds", "milliseconds", "price"}),
)
