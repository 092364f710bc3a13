"""The place of new items from a few answers, everything else held where it is."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from labelbits.interface import Batch
from labelbits.recovery import solver
from labelbits.recovery.channel import Channel, Parameters
from labelbits.recovery.solver import Points

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
    prototypes = jnp.asarray(known.prototypes, dtype=jnp.float32)

    def value(x: np.ndarray) -> tuple[float, np.ndarray]:
        items = np.concatenate([known.items, x.reshape(new, dims)]).astype(np.float32)
        loss, gradient = solver.value_and_gradient(
            tuple(channels), tuple(theta), Points(jnp.asarray(items), prototypes), data,
            jnp.float32(ridge),
        )  # fmt: skip
        return float(loss), np.asarray(gradient.items)[first:].astype(np.float64).ravel()

    def own_loss(x: np.ndarray) -> np.ndarray:
        items = np.concatenate([known.items, x]).astype(np.float32)
        points = Points(jnp.asarray(items), prototypes)
        total = 0.5 * ridge * np.sum(x**2, axis=1)
        for channel, noise, batch, parts in zip(channels, theta, batches, data, strict=True):
            for index in range(parts.items.shape[0]):
                part = jax.tree.map(lambda leaf, index=index: leaf[index], parts)
                each = solver.log_likelihood(channel, noise, points, part)
                each = -np.asarray(part.weight * each)
                shown = np.asarray(part.items)
                for place in range(batch.signal.arity):
                    is_new = shown[:, place] >= first
                    np.add.at(total, shown[is_new, place] - first, each[is_new])
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
