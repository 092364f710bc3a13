"""What a classifier is fitted to: classes or votes as arrays, answers as tables, or batches."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.exceptions import DataConversionWarning
from sklearn.utils.multiclass import check_classification_targets

from labelbits.errors import InputError
from labelbits.interface import Answers, Batch
from labelbits.signals import Hard, Votes
from labelbits.signals.encoding import encode, rows_by_name_or_number


def labelled(
    y: Any, rows: int, ids: Sequence[Any] | None = None, index: Sequence[str] | None = None
) -> tuple[list[Batch], np.ndarray | None]:
    """(answers by signal on the rows of the features, the classes in order or None: numbers).

    `y` is (rows,) one class a row, any kind of name; (rows, K) votes for each of K classes;
    `Answers`, or a frame that `read_answers` reads, whose items are named by `ids` (or else by the
    `index` of the features) or by row numbers; or batches. Raises `InputError` for anything else,
    for other lengths, for rows without a class, and for a single class.
    """
    if _is_frame_of_answers(y):
        # Through the public name, as a user would: learning itself reads no answers.
        y = importlib.import_module("labelbits").read_answers(y)
    if ids is not None and not isinstance(y, Answers):
        raise InputError("ids name the rows for answers that name items; y is none: leave ids out")
    if isinstance(y, Batch):
        return [y], None
    if isinstance(y, Answers):
        return _from_answers(y, rows, index if ids is None else ids)
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
    _check_every_row(given)
    try:
        check_classification_targets(given)
    except ValueError as problem:
        raise InputError(str(problem)) from None
    classes, code = np.unique(given, return_inverse=True)
    if len(classes) < 2:
        raise InputError(f"y holds one class, {classes[0]!r}; expected 2 classes or more")
    return [_batch(Hard(), np.arange(rows), code[:, None].astype(np.int32))], classes


def _is_frame_of_answers(y: Any) -> bool:
    """Is this a frame with a row an answer, and neither one of votes nor a column of classes?"""
    if not hasattr(y, "columns") or isinstance(y, Answers):
        return False
    import narwhals as nw

    frame = nw.from_native(y, eager_only=True, pass_through=True)
    if not isinstance(frame, nw.DataFrame) or len(frame.columns) < 2:
        return False
    return not all(kind.is_numeric() for kind in frame.schema.values())


def _check_every_row(given: np.ndarray) -> None:
    """Raise `InputError`, with what to do, for rows of `given` (rows,) without a class."""
    if given.dtype.kind == "f" and np.isinf(given).any():
        raise InputError("y holds infinity; expected one class a row")
    lost = np.array([one is None or bool(one != one) for one in given.tolist()], dtype=bool)
    if not lost.any():
        return
    places = ", ".join(map(str, np.flatnonzero(lost)[:3]))
    raise InputError(
        f"y holds no class (None or NaN) in {lost.sum():,} of {len(given):,} rows (row {places}); "
        "expected one class a row: known = ~pandas.isna(y) and fit(X[known], y[known]), or give "
        "answers, which need not be about every row"
    )


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


def _from_answers(
    answers: Answers, rows: int, ids: Sequence[Any] | None
) -> tuple[list[Batch], np.ndarray]:
    places = np.array(rows_by_name_or_number(answers.items, rows, ids), dtype=np.int64)
    batches = [
        Batch(one.signal, places[one.items], one.answer, one.annotator, one.weight)
        for one in encode(answers)
    ]
    return batches, np.array(answers.classes)


def _batch(signal: Any, rows: np.ndarray, answer: np.ndarray) -> Batch:
    size = len(rows)
    return Batch(signal, rows[:, None], answer, np.zeros(size, np.int32), np.ones(size, np.float32))
