"""The place of new items from a few answers, everything else held where it is."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from labelbits.interface import Batch
from labelbits.recovery.mixtures import objective as solver
from labelbits.recovery.mixtures.channel import Channel, Parameters
from labelbits.recovery.mixtures.objective import Points
from labelbits.recovery.mixtures.problem import COLUMNS

#: Random starts of each item, from the prior: a few answers have several minima.
STARTS = 8
MAX_ITER, TOL = 60, 1e-4


def place_new_items(
    channels: Sequence[Channel], theta: Sequence[Parameters], batches: Sequence[Batch],
    known: Points, new: int, ridge: float, seed: int,
) -> np.ndarray:  # fmt: skip
    """MAP positions (new, dims) of items numbered from len(known.items) on.

    Each item keeps the best of its starts by its own loss, then all are refined together, since
    an answer may show two new items.
    """
    first, dims = known.items.shape
    data = tuple(solver.coded(batch) for batch in batches)
    columns = COLUMNS * math.ceil(dims / COLUMNS)

    def wide(x: np.ndarray) -> Points:
        items = np.concatenate([known.items, x.reshape(new, dims)])
        return solver.padded(Points(items, known.prototypes), columns)

    program = solver.Program(tuple(channels), data, tuple(theta))
    noises = solver.flattened(tuple(theta))
    shrink = np.full(columns, ridge, np.float32)

    def value(x: np.ndarray) -> tuple[float, np.ndarray]:
        loss, _, gradient, _ = program.gradient(noises, wide(x), shrink)
        mine = np.asarray(gradient.items)[first : first + new, :dims]
        return loss, mine.astype(np.float64).ravel()

    def own_loss(x: np.ndarray) -> np.ndarray:
        total = 0.5 * ridge * np.sum(x**2, axis=1)
        for channel, noise, batch, parts in zip(channels, theta, batches, data, strict=True):
            each = solver.every_log_likelihood(channel, noise, wide(x), parts)
            each = -batch.weight * np.asarray(each).ravel()[: len(batch)]
            for place in range(batch.signal.arity):
                is_new = batch.items[:, place] >= first
                np.add.at(total, batch.items[is_new, place] - first, each[is_new])
        return total

    generator = np.random.default_rng(seed)
    best, best_loss = np.zeros((new, dims)), np.full(new, np.inf)
    for _ in range(STARTS):
        x = generator.normal(size=(new, dims)) / np.sqrt(ridge)
        x = solver.descend(value, x.ravel(), MAX_ITER, TOL)[0].reshape(new, dims)
        loss = own_loss(x)
        better = loss < best_loss
        best[better], best_loss[better] = x[better], loss[better]
    x = solver.descend(value, best.ravel(), MAX_ITER, TOL)[0]
    return x.reshape(new, dims).astype(np.float32)
