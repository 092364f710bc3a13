"""What sentence-transformers trains on: triplets, and pairs with a score or a class."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl

from labelbits.answers.formats import cells, usual
from labelbits.answers.formats.crowdkit import optional
from labelbits.answers.formats.reader import (
    Kind,
    Options,
    Probe,
    Reader,
    columns_in,
    first_of,
    need,
    opened,
)
from labelbits.answers.formats.scales import counted_from_one, described, steps_of
from labelbits.answers.formats.usual import WORKER
from labelbits.answers.formats.who import annotators
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError

PAIRS = (("sentence1", "sentence2"), ("sentence_1", "sentence_2"), ("sentence_A", "sentence_B"),
         ("text1", "text2"), ("text_a", "text_b"))  # fmt: skip
#: Pairs of items of any kind, and columns that say for certain how alike or how far they are.
ITEMS = tuple(
    tuple(f"{name}{mark}{end}" for end in ends)
    for name in ("item", "word", "image", "stimulus", "stim", "object", "doc", "text")
    for mark in ("", "_") for ends in (("1", "2"), ("a", "b"))
)  # fmt: skip
ALIKE = ("similarity", "similarity_score", "similarity_rating", "relatedness", "relatedness_score")
FAR = ("distance", "dissimilarity", "dissimilarity_score", "dissimilarity_rating")
SCORES = ("score", "similarity_score", "similarity", "relatedness_score", "label")
#: Ends that scales of similarity have.
ENDS = (1.0, 5.0, 10.0, 100.0)


#: What triplets call the item that two others are compared with, the nearer and the farther.
HEADS = ("anchor", "query", "reference", "target", "standard", "probe")
NEARER = (("positive", "negative"), ("closer", "farther"), ("closer", "further"),
          ("nearer", "farther"), ("near", "far"), ("closest", "farthest"),
          ("similar", "dissimilar"), ("more_similar", "less_similar"))  # fmt: skip


def triplet_columns(columns: tuple[str, ...]) -> tuple[str, str, str] | None:
    """The columns of triplets that go by known names."""
    head = usual.found(columns, HEADS)
    for pair in NEARER:
        near, far = (usual.found(columns, (name,)) for name in pair)
        if head and near and far:
            return head, near, far
    return None


def read_triplets(path: Path, kind: Kind, options: Options) -> Parsed:
    """Is `positive` or `negative` more like `anchor`? Sides are drawn by the seed."""
    table, rejects, notes = opened(path, kind)
    named = triplet_columns(tuple(table.columns))
    nearer = "positive" if named is None else named[1]
    if named is None:
        need(path, table, "anchor", "positive", "negative")
    else:
        table = table.rename(dict(zip(named, ("anchor", "positive", "negative"), strict=True)))
    worker = first_of(table, *WORKER)
    swap = pl.Series("swap", np.random.default_rng(options.seed).random(len(table)) < 0.5)
    extra = optional(path, table, options, notes)
    own = table.select(
        *(cells.text(name, table) for name in ("anchor", "positive", "negative")),
        annotator=annotators(path, table, worker, notes),
        swap=swap,
        row="row",
        **extra,
    )
    notes.append(
        f"{path.name}: the {nearer} one is the nearer; sides were drawn with seed {options.seed}"
    )
    left = pl.when("swap").then("negative").otherwise("positive")
    right = pl.when("swap").then("positive").otherwise("negative")
    return Parsed(
        own.select(
            pl.lit("triplet").alias("signal"),
            "annotator",
            pl.concat_list("anchor", left, right).alias("items"),
            pl.when("swap").then(pl.lit("1")).otherwise(pl.lit("0")).alias("answer"),
            *extra,
            "row",
        ),
        rejects,
        notes=notes,
    )


def _columns(table: pl.DataFrame) -> tuple[str, str, str] | None:
    for left, right in PAIRS:
        found = first_of(table, left), first_of(table, right), first_of(table, *SCORES)
        if found[0] and found[1] and found[2]:
            return found[0], found[1], found[2]
    for left, right in ITEMS:
        found = first_of(table, left), first_of(table, right), first_of(table, *ALIKE, *FAR)
        if found[0] and found[1] and found[2]:
            return found[0], found[1], found[2]
    return None


def read_pairs(path: Path, kind: Kind, options: Options) -> Parsed:
    """Scores of pairs. 0 and 1 alone are `same-class`; steps are `rating`; numbers between steps
    are `similarity`, turned round, since a score is high for near ones and a distance is low."""
    table, rejects, notes = opened(path, kind)
    columns = _columns(table)
    if columns is None:
        raise InputError(
            f"{path}: found columns {columns_in(table)}; expected sentence1, sentence2 and score"
        )
    numbers = cells.numbers(table[columns[2]])
    worker = first_of(table, *WORKER)
    extra = optional(path, table, options, notes)
    own = table.select(
        a=cells.text(columns[0], table),
        b=cells.text(columns[1], table),
        annotator=annotators(path, table, worker, notes),
        score=pl.lit(numbers),
        row="row",
        **extra,
    )
    for row in own.filter(own["score"].is_null())["row"]:
        rejects.add(row, f"{columns[2]} is no number")
    own = own.filter(own["score"].is_not_null())
    values = own["score"].to_numpy()
    signal, answers, note = _answers(values, columns[2], options)
    notes.append(f"{path.name}: {note}")
    own = own.with_columns(pl.Series("answer", answers, dtype=pl.String))
    return Parsed(
        own.select(
            pl.lit(signal).alias("signal"),
            "annotator",
            pl.concat_list("a", "b").alias("items"),
            "answer",
            *extra,
            "row",
        ),
        rejects,
        notes=notes,
    )


def _answers(values: np.ndarray, name: str, options: Options) -> tuple[str, list[str], str]:
    """(signal, answers, what was assumed)."""
    signal = options.signal
    if not len(values):
        return signal or "rating", [], "no pair has a score"
    if usual.plain(name) in map(usual.plain, FAR) and signal in (None, "similarity"):
        said = f"{name} is read as distances: low for near pairs"
        return "similarity", [json.dumps(float(v)) for v in values], said
    if signal is None and set(np.unique(values).tolist()) <= {0.0, 1.0}:
        signal = "same-class"
    scale = steps_of(values)
    whole = scale is not None and scale[1] >= 0.25
    if signal == "same-class":
        said = f"{name} 1 is read as: of one class, 0 as: not"
        return signal, ["true" if v == 1 else "false" for v in values], said
    if signal == "rating" or (signal is None and whole and scale is not None):
        if scale is None:
            raise InputError(f"{name} has no steps; --signal similarity reads it as distances")
        about = described(values, scale)
        said = f"{name} is {about}, counted from 1: high is similar"
        return "rating", [str(step) for step in counted_from_one(values, scale)], said
    end = next((end for end in ENDS if values.max() <= end), float(values.max()))
    said = (
        f"{name} is high for similar pairs and similarity answers are distances: read as {end:g} "
        "minus the score"
    )
    return signal or "similarity", [json.dumps(round(end - float(v), 9)) for v in values], said


def is_triplets(probe: Probe) -> bool:
    """anchor, positive, negative, and the like."""
    return triplet_columns(probe.columns) is not None


def is_pairs(probe: Probe) -> bool:
    """Two sentences and a score."""
    return _columns(pl.DataFrame(schema=dict.fromkeys(probe.columns, pl.String))) is not None


TRIPLETS = Reader(
    "anchor-positive-negative",
    "sentence-transformers triplets: anchor, positive, negative",
    is_triplets,
    read_triplets,
)
SCORED = Reader(
    "sentence-pairs",
    "sentence-transformers pairs: sentence1, sentence2, score",
    is_pairs,
    read_pairs,
)
