"""What sentence-transformers trains on: triplets, and pairs with a score or a class."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import polars as pl

from labelbits.answers.formats import cells, times, usual
from labelbits.answers.formats.class_columns import head_of
from labelbits.answers.formats.crowdkit import optional
from labelbits.answers.formats.practice import without_practice
from labelbits.answers.formats.reader import (
    TOLD,
    Kind,
    Options,
    Probe,
    Reader,
    columns_in,
    first_of,
    need,
    opened,
    told_column,
)
from labelbits.answers.formats.scales import as_steps, counted_from_one, described, steps_of
from labelbits.answers.formats.two_sides import LEAST, LOOKED_AT, SHARED, pairs_in
from labelbits.answers.formats.who import annotators, who_column
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
ITEMS = (
    *ITEMS,
    *((head, other) for head in ("probe", "target", "reference", "standard", "anchor")
      for other in ("comparison", "candidate", "test", "alternative")),
)  # fmt: skip
FARNESS = re.compile(r"dissim|different|distan", re.I)
#: What numbered items are called in headings.
THINGS = ("item", "word", "image", "stimulus", "stim", "object", "doc", "text", "picture", "photo")
ALIKE = ("similarity", "similarity_score", "similarity_rating", "relatedness", "relatedness_score")
FAR = ("distance", "dissimilarity", "dissimilarity_score", "dissimilarity_rating")
#: What headings say of numbers that are likeness or distance, in whatever words.
LIKENESS = re.compile(
    r"simil|alike|likeness|related|dissim|distan|\bclose(ness)?\b|\bnear"
    r"|(^|[\W_])(same|match(es)?|identical|duplicates?)([\W_]|$)",
    re.I,
)
SCORES = ("score", "similarity_score", "similarity", "relatedness_score", "label")
#: Words for two things that are one, and for two that are not, as `usual.plain` writes them.
SAME = ("same", "identical", "match", "duplicate", "gleich", "pareil", "igual", "uguale", "gelijk")
NOT_SAME = ("different", "notsame", "nomatch", "notamatch", "nonmatch", "mismatch", "distinct",
            "notduplicate", "verschieden", "ungleich", "diferente", "diverso",
            "verschillend")  # fmt: skip
#: Ends that scales of similarity have.
ENDS = (1.0, 5.0, 10.0, 100.0)


#: What triplets call the item that two others are compared with, the nearer and the farther.
HEADS = ("anchor", "query", "reference", "target", "standard", "probe")
NEARER = (("positive", "negative"), ("closer", "farther"), ("closer", "further"),
          ("nearer", "farther"), ("near", "far"), ("closest", "farthest"),
          ("similar", "dissimilar"), ("more_similar", "less_similar"), ("pos", "neg"))  # fmt: skip


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
    shown = ("anchor", "positive", "negative")
    table = without_practice(path, table, shown, rejects, notes)
    table = _each_pair(path, table, notes)
    worker = told_column(path, table, options, "annotator") or who_column(table)
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


def _each_pair(path: Path, table: pl.DataFrame, notes: list[str]) -> pl.DataFrame:
    """A row for each of the nearer with each of the farther, where cells hold lists of them."""
    lists: dict[str, list[list[str]]] = {}
    for name in ("positive", "negative"):
        own = [cells.parsed(one) if one else one for one in cells.names(table[name])]
        if any(isinstance(one, list) for one in own):
            lists[name] = [
                [str(part) for part in one] if isinstance(one, list) else [one or ""] for one in own
            ]
    if not lists:
        return table
    several = sum(max(map(len, row)) > 1 for row in zip(*lists.values(), strict=True))
    for name, own in lists.items():
        listed = pl.Series(name, own, dtype=pl.List(pl.String))
        table = table.with_columns(listed)
    for name in lists:
        table = table.explode(name)
    if several:
        notes.append(
            f"{path.name}: {several:,} rows list several items: each nearer with each farther one "
            "is a triplet, and those of one row are not independent of each other"
        )
    return table


def _columns(table: pl.DataFrame) -> tuple[str, str, str] | None:
    for left, right in PAIRS:
        found = first_of(table, left), first_of(table, right), first_of(table, *SCORES)
        if found[0] and found[1] and found[2]:
            return found[0], found[1], found[2]
    for left, right in ITEMS:
        found = first_of(table, left), first_of(table, right), first_of(table, *ALIKE, *FAR)
        if found[0] and found[1] and found[2]:
            return found[0], found[1], found[2]
    return _rated(table)


def _rated(table: pl.DataFrame) -> tuple[str, str, str] | None:
    """(the one, the other, how alike): two columns that one mark tells apart (`word 1`, `word 2`)
    and numbers that a heading calls likeness; of a plain `rating`, where the two columns share
    their items, as texts of two writers do not."""
    head = table.head(LOOKED_AT)
    if len(head) < LEAST:
        return None
    numbers = [
        name for name in head.columns
        if name != "row" and not head[name].dtype.is_nested() and not times.may_be_time(name)
        and _are_numbers(head[name])
    ]  # fmt: skip
    alike = [name for name in numbers if LIKENESS.search(name)]
    alike = alike or [name for name in head.columns if name != "row" and _says_same(head[name])]
    steps = [name for name in numbers if cells.names(head[name]).n_unique() > 2]
    plainly = first_of(head.select(steps), *usual.SCALE, "value", "response", "answer", "judgment")
    score = alike[0] if alike else plainly
    if score is None:
        return None
    for left, right in pairs_in([name for name in head.columns if name not in ("row", score)]):
        if head[left].dtype.is_nested() or head[right].dtype.is_nested():
            continue
        one, two = (set(cells.names(head[name]).drop_nulls()) for name in (left, right))
        words = not {left, right} & {*numbers}
        things = words or usual.plain(left)[:-1] in THINGS
        shared = things and len(one & two) >= SHARED * min(len(one), len(two)) > 0
        if (words or shared) if alike else (shared and not _other_items(head, left, right)):
            return left, right, score
    return None


def _says_same(column: pl.Series) -> bool:
    """Do cells say in words that two things are the same, or not?"""
    if column.dtype.is_nested():
        return False
    said = {usual.plain(one) for one in cells.names(column).drop_nulls().unique()}
    return len(said) == 2 and said <= {*SAME, *NOT_SAME} and bool(said & {*SAME})


def _other_items(head: pl.DataFrame, left: str, right: str) -> bool:
    """Does a column beside the two name what was asked about, and not the pair?"""
    rest = [name for name in head.columns if name not in (left, right)]
    name = usual.found(rest, ("item", "task", "id", *usual.ID))
    return name is not None and not usual.plain(name).startswith(("pair", "trial", "question"))


def _are_numbers(column: pl.Series) -> bool:
    own = cells.names(column).drop_nulls()
    own = own.filter(~own.str.to_lowercase().is_in(list(cells.MISSING)))
    return len(own) > 0 and cells.numbers(own).null_count() == 0


def read_pairs(path: Path, kind: Kind, options: Options) -> Parsed:
    """Scores of pairs. 0 and 1 alone are `same-class`; steps are `rating`; numbers between steps
    are `similarity`, turned round, since a score is high for near ones and a distance is low."""
    table, rejects, notes = opened(path, kind)
    columns = _columns(table)
    if columns is None:
        raise InputError(
            f"{path}: found columns {columns_in(table)}; expected sentence1, sentence2 and score"
        )
    table = without_practice(path, table, columns, rejects, notes)
    numbers = _numbers(table[columns[2]])
    worker = told_column(path, table, options, "annotator") or who_column(table)
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
    signal, answers, note = as_scored(values, columns[2], options)
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


def _numbers(column: pl.Series) -> pl.Series:
    """The scores of pairs; the numbers in them, where the ends of a scale are explained."""
    own = cells.names(column)
    said = [one for one in own.unique() if one is not None and not cells.is_missing(one)]
    steps = None if all(map(cells.is_number, said)) else as_steps(said)
    if _says_same(own):
        steps = {one: "1" if usual.plain(one) in SAME else "0" for one in said}
    return cells.numbers(column if steps is None else own.replace_strict(steps, default=None))


def as_scored(values: np.ndarray, name: str, options: Options) -> tuple[str, list[str], str]:
    """(signal, answers, what was assumed) of the numbers of pairs in a column called `name`."""
    signal = options.signal
    if not len(values):
        return signal or "rating", [], "no pair has a score"
    far = usual.bare(name) in map(usual.plain, FAR) or FARNESS.search(name)
    if far and signal in (None, "similarity"):
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
    if probe.has("rater", "word1", "word2", "rating") or probe.has("head"):
        return False
    if _columns(pl.DataFrame(schema=dict.fromkeys(probe.columns, pl.String))) is not None:
        return True
    head = head_of(probe) if probe.kind in ("csv", "parquet", "json") else None
    return head is not None and _rated(head) is not None


TRIPLETS = Reader(
    "anchor-positive-negative",
    "sentence-transformers triplets: anchor, positive, negative",
    is_triplets,
    read_triplets,
    tells=TOLD,
)
SCORED = Reader(
    "sentence-pairs",
    "sentence-transformers pairs: sentence1, sentence2, score",
    is_pairs,
    read_pairs,
    tells=TOLD,
)
