"""From the answers table to arrays: one batch of codes a signal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from labelbits.errors import InputError
from labelbits.interface import Answers, Batch, Signal
from labelbits.signals import REGISTRY, signal_class

#: Columns of the table that codes are made from.
COLUMNS = ("signal", "items", "answer", "classes", "annotator")
#: Kinds of answers that a table keeps whole although no signal models them yet, with the number of
#: items they show: which of two is better (0, 1 or "tie"), and a number on a scale about one item.
PREFERENCE, SCORE = "preference", "score"
KEPT: dict[str, int] = {PREFERENCE: 2, SCORE: 1}


def is_kept(name: str) -> bool:
    """Is this a kind of answer that no registered signal models?"""
    return name in KEPT and name not in REGISTRY


#: Parts that reports are rounded to where all of them are multiples of 5 %, and elsewhere; and
#: distinct reports that are looked at to see it.
COARSE, FINE, MOST_LOOKED_AT = 20, 100, 20_000
#: Names under which ids of items are found in a table, in this order.
IDS = ("id", "item", "uid", "item_id", "doc_id", "text_id", "image_id", "task", "task_id", "hitid")
#: Rows whose items are numbered at a time.
BLOCK = 1_000_000


def encode(
    answers: Answers, signals: dict[str, Signal] | None = None, dims: int = 2
) -> list[Batch]:
    """The answers as arrays, one `Batch` a signal, in order of first appearance.

    `signals` gives the channel to attach to each name; a name left out gets the defaults of a
    world of `dims` dimensions. Raises `InputError` that names the row for an answer that does
    not fit its signal.
    """
    item_number = {name: i for i, name in enumerate(answers.items)}
    class_number = {name: i for i, name in enumerate(answers.classes)}
    annotators = answers.annotators or tuple(answers.table["annotator"].unique(maintain_order=True))
    annotator_number = {name: i for i, name in enumerate(annotators)}
    needed = [name for name in COLUMNS if name in answers.table.columns]
    table = answers.table.select(needed).with_row_index("row")
    batches = []
    names = table["signal"].unique(maintain_order=True)
    for name in names:
        if is_kept(name):
            continue  # kept whole in the table, no channel yet
        # A filter copies: ten million rows of one signal need not be held twice.
        rows = table.filter(pl.col("signal") == name) if len(names) > 1 else table
        given = (signals or {}).get(name)
        signal = given or signal_class(name).for_world(
            dims, len(class_number) or 2, **_shape(name, rows)
        )
        batches.append(_batch(signal, rows, item_number, class_number, annotator_number))
    return batches


def _shape(name: str, rows: pl.DataFrame) -> dict[str, Any]:
    """Static options that the answers themselves show: list lengths, candidates, steps."""
    first = json.loads(rows["answer"][0])
    if name == "ranking" and isinstance(first, list):
        return {"top": max(len(json.loads(a)) for a in rows["answer"].unique())}
    if name == "contrastive":
        return {"negatives": max(1, len(rows["items"][0]) - 2)}
    if name == "rating":
        return {"levels": max(2, *(int(json.loads(a)) for a in rows["answer"].unique()))}
    if name in ("soft", "sparse-soft") and isinstance(first, dict):
        return _shape_of_reports(name, rows["answer"])
    return {}


def _shape_of_reports(name: str, answers: pl.Series) -> dict[str, Any]:
    """Parts fine enough for what was typed; classes named, and are impossible ones ticked."""
    distinct = [json.loads(a) for a in answers.unique().head(MOST_LOOKED_AT)]
    distinct = [a for a in distinct if isinstance(a, dict)]
    values = np.array([v for a in distinct for v in a.values() if isinstance(v, (int, float))])
    if values.max(initial=0.0) > 1.5:
        values = values / 100
    coarse = np.allclose(values * COARSE, np.round(values * COARSE), atol=1e-6)
    shape: dict[str, Any] = {"grid": COARSE if coarse else FINE}
    if name == "soft":
        return shape
    named = max((sum(v != 0 for v in a.values()) for a in distinct), default=1)
    ticked = any(v == 0 for a in distinct for v in a.values())
    return shape | {"top": max(1, named), "impossible": ticked}


def _codes(signal: Signal, rows: pl.DataFrame, class_number: dict[str, int]) -> np.ndarray:
    """The answer codes (n, width): each distinct answer is parsed once."""
    question = ["answer", "classes"] if "classes" in rows.columns else ["answer"]
    distinct = rows.select(*question, "row").unique(subset=question, maintain_order=True)
    codes: list[Any] = []
    for row in distinct.iter_rows(named=True):
        try:
            answer = json.loads(row["answer"])
            codes.append(signal.encode(answer, class_number, tuple(row.get("classes") or ())))
        except ValueError as problem:
            raise InputError(f"answers, row {row['row']}, {signal.name}: {problem}") from None
    real_valued = (
        signal.outcomes(max(len(class_number), 2)) == float("inf") and signal.form == "number"
    )
    table = np.asarray(codes, dtype=np.float32 if real_valued else np.int32)
    if len(distinct) == len(rows):
        return table
    numbered = distinct.select(question).with_row_index("code")
    found = rows.select(question).join(
        numbered, on=question, how="left", nulls_equal=True, maintain_order="left"
    )
    return table[found["code"].to_numpy()]


def _batch(
    signal: Signal,
    rows: pl.DataFrame,
    item_number: dict[str, int],
    class_number: dict[str, int],
    annotator_number: dict[str, int],
) -> Batch:
    codes = _codes(signal, rows, class_number)
    lists = rows["items"]
    lengths = lists.list.len()
    wrong = (lengths != signal.arity).arg_max() if len(rows) else None
    if wrong is not None and lengths[wrong] != signal.arity:
        raise InputError(
            f"answers, row {rows['row'][wrong]}, {signal.name}: names {lengths[wrong]} items; "
            f"expected {signal.arity}"
        )
    items = np.empty((len(rows), signal.arity), np.int32)
    for first in range(0, len(rows), BLOCK):
        flat = lists[first : first + BLOCK].explode()
        numbers = flat.replace_strict(item_number, return_dtype=pl.Int32).to_numpy()
        items[first : first + BLOCK] = numbers.reshape(-1, signal.arity)
    return Batch(
        signal,
        items,
        codes,
        rows["annotator"].replace_strict(annotator_number, return_dtype=pl.Int32).to_numpy(),
        np.ones(len(rows), dtype=np.float32),
    )


def rows_of_items(items: Sequence[str], rows: int, ids: Sequence[Any] | None) -> list[int]:
    """The row of features of each item that answers name: by `ids`, the name of each row, or where
    items are named by row numbers. Raises `InputError` for an item that has no row."""
    if ids is None:
        place = {str(i): i for i in range(rows)}
    else:
        if len(ids) != rows:
            raise InputError(f"ids has {len(ids)} names; expected one for each of {rows} rows")
        place = {str(name): i for i, name in enumerate(ids)}
        if len(place) < rows:
            raise InputError("ids names a row twice; expected a different name for every row")
    missing = [name for name in items if name not in place]
    if missing:
        how = "ids" if ids is not None else f"row numbers 0 to {rows - 1}; give ids=, their names"
        raise InputError(
            f"{len(missing)} of {len(items)} items of the answers have no row of features "
            f"({missing[0]!r} is one); expected {how}"
        )
    return [place[name] for name in items]
