"""What each answer says about the classes: a row of probabilities, however it was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from labelbits.answers.files.json_files import loads
from labelbits.interface import Signal
from labelbits.signals import Complementary
from labelbits.signals.stated import completed

#: Probabilities nearer to each other than this are equal.
TIE = 1e-9


def report(answer: Any, numbers: Mapping[str, int]) -> np.ndarray | None:
    """Probabilities (K,) that one parsed answer states, or None where it states none.

    A class is certain; several are equally likely; an object's probabilities are completed: what
    they leave goes to the classes neither named nor ticked impossible (named with 0), as in every
    reading of a report (`signals.stated`).
    """
    row = np.zeros(len(numbers))
    if isinstance(answer, dict):
        return _complete(answer, numbers, row)
    names = answer if isinstance(answer, list) else [answer]
    if isinstance(answer, (bool, float)) or not names:
        return None
    for name in names:
        if (number := numbers.get(str(name))) is None:
            return None
        row[number] = 1 / len(names)
    return row


def _complete(
    answer: dict[Any, Any], numbers: Mapping[str, int], row: np.ndarray
) -> np.ndarray | None:
    for name, value in answer.items():
        if (number := numbers.get(str(name))) is None:
            return None
        row[number] = value
    total = row.sum()
    if not 0 < total < np.inf:
        return None
    is_open = np.array([name not in answer for name in numbers])
    if row.max() > 1.5:  # typed as percentages; where every class is named, also counts
        row = row / 100 if is_open.any() else row / total
    return completed(row[None], is_open[None])[0]


def reports(
    answers: Sequence[str] | pl.Series, classes: Sequence[str], signal: type[Signal]
) -> tuple[np.ndarray, np.ndarray]:
    """(probabilities (n, K), top class (n,)) of JSON answers; NaN and -1 where one states none.

    A signal with the option `top` leaves classes unnamed, and names the most probable first: ties
    and slips of typing are settled by that order. Without it, what is unnamed got nothing, and no
    class is the top one (-1) where several are equally probable (`named`).
    """
    numbers = {name: k for k, name in enumerate(classes)}
    partial = "top" in signal.options
    known: dict[str, tuple[np.ndarray, int]] = {}
    rows = np.empty((len(answers), len(classes)))
    top = np.empty(len(answers), dtype=np.int64)
    for i, text in enumerate(answers):
        if text not in known:
            value = loads(text)
            first = next(iter(value), None) if isinstance(value, dict) and partial else None
            if isinstance(value, dict) and not partial:
                value = dict.fromkeys(classes, 0.0) | value
            found = report(value, numbers)
            if found is None:
                known[text] = np.full(len(classes), np.nan), -1
            else:
                alone = int((found >= found.max() - TIE).sum()) == 1
                known[text] = found, numbers.get(str(first), int(found.argmax()) if alone else -1)
        rows[i], top[i] = known[text]
    return rows, top


def named(report: np.ndarray, top: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(row, class, share of the row) of the classes that answers (n, K) name, with their `top`.

    Classes that are equally probable share their answer: none is first for the sake of its name.
    """
    clear = np.flatnonzero(top >= 0)
    open_rows = np.flatnonzero((top < 0) & np.isfinite(report).all(1))
    tied = report[open_rows] >= report[open_rows].max(1, keepdims=True, initial=0.0) - TIE
    place, number = np.nonzero(tied)
    return (
        np.concatenate([clear, open_rows[place]]),
        np.concatenate([top[clear], number]),
        np.concatenate([np.ones(len(clear)), 1 / tied.sum(1)[place]]),
    )


def states_classes(signal: type[Signal]) -> bool:
    """Does an answer of this signal say how probable the classes are?

    Rankings give an order only, and a complementary label says what the item is not.
    """
    return (
        signal.labels_items()
        and signal.form in ("choices", "numbers")
        and signal.for_world(2, 5).outcomes(5) > 2
        and not issubclass(signal, Complementary)
    )
