"""What a classifier is fitted to: classes or votes as arrays, answers as tables, or batches."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.exceptions import DataConversionWarning
from sklearn.utils.multiclass import check_classification_targets

from labelbits.errors import InputError
from labelbits.interface import Answers, Batch
from labelbits.signals import Hard, Votes
from labelbits.signals.encoding import encode, rows_of_items


def labelled(y: Any, rows: int) -> tuple[list[Batch], np.ndarray | None]:
    """(answers by signal on the rows of the features, the classes in order or None: numbers).

    `y` is (rows,) one class a row, any kind of name; (rows, K) votes for each of K classes;
    `Answers` whose items are row numbers; or batches. Raises `InputError` for anything else, for
    other lengths, and for a single class.
    """
    if isinstance(y, Batch):
        return [y], None
    if isinstance(y, Answers):
        return _from_answers(y, rows)
    if isinstance(y, Sequence) and y and all(isinstance(one, Batch) for one in y):
        return [one for one in y if len(one)], None
    if isinstance(y, Sequence) and not len(y):
        return [], None
    if y is None:
        raise InputError(
            "requires y to be passed, but the target y is None: expected one class a row"
        )
    given = np.asarray(y)
    if given.ndim == 2 and given.shape[1] == 1:
        warnings.warn(
            "A column-vector y was passed when a 1d array was expected: y is read as (rows,)",
            DataConversionWarning, stacklevel=3,
        )  # fmt: skip
        given = given[:, 0]
    if given.ndim == 2:
        return _from_votes(given, rows), None
    if given.ndim != 1 or len(given) != rows:
        raise InputError(
            f"y has shape {given.shape} and X has {rows} rows; expected one class a row, or votes "
            "(rows, classes)"
        )
    if given.dtype.kind == "f" and not np.isfinite(given).all():
        raise InputError("y holds NaN or infinity; expected one class a row")
    try:
        check_classification_targets(given)
    except ValueError as problem:
        raise InputError(str(problem)) from None
    classes, code = np.unique(given, return_inverse=True)
    if len(classes) < 2:
        raise InputError(f"y holds one class, {classes[0]!r}; expected 2 classes or more")
    return [_batch(Hard(), np.arange(rows), code[:, None].astype(np.int32))], classes


def _from_votes(counts: np.ndarray, rows: int) -> list[Batch]:
    if len(counts) != rows or counts.dtype.kind not in "fiub":
        raise InputError(
            f"votes have shape {counts.shape} and type {counts.dtype}, and X has {rows} rows; "
            "expected numbers, rows x classes"
        )
    if not np.isfinite(counts.astype(float)).all() or counts.min(initial=0) < 0:
        raise InputError("votes hold negative numbers, NaN or infinity; expected numbers of votes")
    there = np.flatnonzero(counts.sum(1) > 0)
    if not len(there):
        raise InputError("every row of votes is zero; expected a vote on some item")
    return [_batch(Votes(), there, counts[there])]


def _from_answers(answers: Answers, rows: int) -> tuple[list[Batch], np.ndarray]:
    places = np.array(rows_of_items(answers.items, rows, None), dtype=np.int64)
    batches = [
        Batch(one.signal, places[one.items], one.answer, one.annotator, one.weight)
        for one in encode(answers)
    ]
    return batches, np.array(answers.classes)


def _batch(signal: Any, rows: np.ndarray, answer: np.ndarray) -> Batch:
    size = len(rows)
    return Batch(signal, rows[:, None], answer, np.zeros(size, np.int32), np.ones(size, np.float32))
