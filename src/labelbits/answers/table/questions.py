"""Which answers are to the same question, and whether they say the same.

Two triplets are one question when they show the same items in other places, and they agree when
they choose the same item: so questions and answers get keys that do not depend on places.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from labelbits.interface import Batch


def keys(batch: Batch, rows: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """(question (n,), answer (n,)) as whole numbers; equal numbers are the same thing.

    `rows` are the table rows of the batch, in its order.
    """
    pairs = getattr(batch.signal, "pairs", None)
    if pairs is None:
        question = np.sort(batch.items, axis=1) if batch.signal.arity == 2 else batch.items
        asked = rows["classes"].list.join("\x1f") if "classes" in rows.columns else None
        parts = [question]
        if asked is not None and asked.null_count() < len(asked):
            parts.append(_number(asked.fill_null("").to_numpy())[:, None])
        return _rows(np.concatenate(parts, axis=1)), _rows(batch.answer)
    # Pairs of items that the question compares, each pair in the order of the item numbers.
    named = np.stack([np.sort(batch.items[:, list(pair)], axis=1) for pair in pairs], axis=1)
    as_one = _rows(named.reshape(-1, 2)).reshape(len(batch), len(pairs))
    question = _rows(np.sort(as_one, axis=1))
    if len(pairs) < 2 or batch.answer.shape[1] != 1:
        return question, _rows(batch.answer)
    # The answer picks one of the pairs: its place among the sorted pairs is what was chosen.
    place = np.argsort(np.argsort(as_one, axis=1), axis=1)
    return question, np.take_along_axis(place, batch.answer.astype(np.int64), axis=1)[:, 0]


def _rows(array: np.ndarray) -> np.ndarray:
    """A number for each row, the same for equal rows."""
    return np.unique(array, axis=0, return_inverse=True)[1].reshape(-1)


def _number(values: np.ndarray[Any, Any]) -> np.ndarray:
    return np.unique(values, return_inverse=True)[1].reshape(-1)


def first_showings(rows: pl.DataFrame, question: np.ndarray, annotator: np.ndarray) -> np.ndarray:
    """(n,) true where an annotator sees a question for the first time.

    The column `repeat` decides where the file has one; else the order of the rows.
    """
    if "repeat" in rows.columns and rows["repeat"].null_count() == 0:
        return ~rows["repeat"].to_numpy()
    pair = np.stack([question, annotator], axis=1)
    first = np.zeros(len(pair), dtype=bool)
    first[np.unique(pair, axis=0, return_index=True)[1]] = True
    return first
