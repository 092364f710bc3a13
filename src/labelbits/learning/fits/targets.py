"""Answers that name or weigh classes as targets of a cross-entropy: the fast path.

For `hard` and `votes` the log likelihood is sum_k (votes for k) ln P_k, exactly. Reports of
probabilities (`soft`, `sparse-soft`) are fitted by cross-entropy to the reported distribution,
the proper scoring rule that the field uses for soft labels (Peterson et al. 2019; Collins et al.
2022): the distribution that an answer states (`Signal.states`). Every other signal goes through its
own likelihood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labelbits.errors import InputError
from labelbits.interface import Batch
from labelbits.signals import Hard, Soft, Votes


@dataclass(frozen=True)
class Targets:
    """`items` (n,) rows of the features, each once; `target` (n, K) mass; `lapse` of the votes."""

    items: np.ndarray
    target: np.ndarray
    lapse: float


def class_count(batches: Sequence[Batch], classes: int | None = None) -> int:
    """The number of classes that the answers imply, or `classes` when it is given."""
    if classes is not None:
        return classes
    return max([2, *(batch.signal.least_classes(np.asarray(batch.answer)) for batch in batches)])


def fast_targets(batches: Sequence[Batch], classes: int) -> Targets | None:
    """The answers as targets, or None where a signal needs its own likelihood."""
    votes = [b for b in batches if isinstance(b.signal, (Hard, Votes))]
    lapses = {_plain_lapse(b) for b in votes}
    if None in lapses or len(lapses) > 1 or (lapses - {0.0} and len(votes) < len(batches)):
        return None
    rows, masses = [], []
    for batch in batches:
        signal, answer = batch.signal, np.asarray(batch.answer)
        if isinstance(signal, Hard):
            if answer.size and not 0 <= answer.min() <= answer.max() < classes:
                raise InputError(
                    f"hard answers name class {answer.max():.0f}; expected 0 to {classes - 1}"
                )
            mass = signal.states(answer, classes)
        elif isinstance(signal, (Votes, Soft)):
            mass = answer.astype(np.float64)
            if mass.shape[1] != classes:
                raise InputError(
                    f"{signal.name} answers have {mass.shape[1]} classes; expected {classes}"
                )
            if isinstance(signal, Soft):
                mass = signal.states(answer, classes)
        elif (stated := signal.states(answer, classes)) is not None:
            mass = stated
        else:
            return None
        rows.append(np.asarray(batch.items)[:, 0])
        masses.append(mass * np.asarray(batch.weight)[:, None])
    items, inverse = np.unique(np.concatenate(rows), return_inverse=True)
    target = np.zeros((len(items), classes))
    np.add.at(target, inverse, np.concatenate(masses))
    return Targets(items, target.astype(np.float32), float(next(iter(lapses), 0.0) or 0.0))


def _plain_lapse(batch: Batch) -> float | None:
    """The one lapse of all answers, or None when the channel is richer than that."""
    signal = batch.signal
    lapse = np.asarray(signal.lapse)
    if getattr(signal, "confusion", None) is not None or lapse.ndim:
        return None
    return float(lapse)
