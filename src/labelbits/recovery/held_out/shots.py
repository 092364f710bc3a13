"""What a representation is for: classes told apart from a few labelled items of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from labelbits.errors import InputError
from labelbits.quantity import central
from labelbits.recovery.metrics import Score

#: Draws of the labelled items.
DRAWS = 50


def shots(
    points: np.ndarray, classes: np.ndarray | Sequence[int], labels: int = 5, *,
    how: Literal["prototype", "ridge"] = "prototype", draws: int = DRAWS, seed: int = 0,
    tested: np.ndarray | None = None,
) -> Score:  # fmt: skip
    """Accuracy on all other items of a classifier that knows `labels` items of each class.

    `points` (items, dims) is the learned space, `classes` (items,) class numbers, -1 unknown. The
    classifier names the class of the nearest mean of its labelled items, or solves a ridge
    regression on class indicators (penalty 1, unit variance). Classes with no item left to test
    are left out; the mean over `draws` draws of the labelled items, every class counting alike,
    and the interval that holds 90 % of draws of items and labels. `tested` (items,) is true where
    an item may be tested: those whose class the space was not learned from (left out: all). Raises
    `InputError` where fewer than two classes have more than `labels` items, or fewer than two an
    item to test.
    """
    points, classes = np.asarray(points, dtype=np.float64), np.asarray(classes)
    if points.ndim != 2 or classes.shape != (len(points),):
        raise InputError(
            f"points have shape {points.shape} and classes {classes.shape}; expected (items, dims) "
            "and (items,)"
        )
    names, counts = np.unique(classes[classes >= 0], return_counts=True)
    names = names[counts > labels]
    if len(names) < 2:
        raise InputError(
            f"{len(names)} classes have more than {labels} items; expected two at least: ask for "
            "fewer labels a class"
        )
    rows = [np.flatnonzero(classes == name) for name in names]
    judged = np.ones(len(classes), dtype=bool) if tested is None else np.asarray(tested, dtype=bool)
    if sum(bool(judged[own].any()) for own in rows) < 2:
        raise InputError(
            "fewer than two classes have an item that may be tested; expected two at least"
        )
    known = np.concatenate(rows)
    points = points / max(float(points[known].std()), 1e-12)
    found, resampled = [], []
    for draw in range(draws):
        generator = np.random.default_rng([seed, 24, draw])
        mixed = [generator.permutation(own) for own in rows]
        train, test = [own[:labels] for own in mixed], [own[labels:] for own in mixed]
        score = _scores(points, train, how)
        test = [own[judged[own]] for own in test]
        right = [score[own].argmax(1) == k for k, own in enumerate(test) if len(own)]
        if not right:
            continue
        found.append(np.mean([one.mean() for one in right]))
        again = [one[generator.integers(0, len(one), len(one))] for one in right]
        resampled.append(np.mean([one.mean() for one in again]))
    low, high = central(resampled)
    return Score(float(np.mean(found)), low, high)


def _scores(points: np.ndarray, train: list[np.ndarray], how: str) -> np.ndarray:
    """(items, classes), the largest is the class that is named."""
    if how == "prototype":
        means = np.stack([points[own].mean(0) for own in train])
        return 2 * points @ means.T - np.sum(means**2, axis=1)
    rows = np.concatenate(train)
    target = np.repeat(np.eye(len(train)), [len(own) for own in train], axis=0)
    middle = points[rows].mean(0)
    x = points[rows] - middle
    weights = np.linalg.solve(x.T @ x + np.eye(x.shape[1]), x.T @ (target - target.mean(0)))
    return (points - middle) @ weights
