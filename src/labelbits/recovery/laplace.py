"""The Laplace approximation about MAP points, point by point: what EM for the noise draws from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from labelbits.recovery import solver
from labelbits.recovery.channel import Channel, Parameters
from labelbits.recovery.solver import Coded, Points

#: Draws of an answer by which its Fisher information is estimated.
FISHER_DRAWS = 2


def point_scores(
    channel: Channel, noise: Parameters, points: Points, part: Coded, key: Array
) -> tuple[Array, Array, Parameters]:
    """Scores d ln P of one chunk's questions, answered anew by the signal itself.

    Returns d/d(items shown) (size, arity, D), d/d(prototypes) (size, K, D), and d/d(noise), a
    pytree of (size, ...).
    """
    mine = points.items[part.items]
    signal = channel.answering(noise, part.annotator)
    # The class a `verify` question names is the first number of its code; others ignore it.
    question = part.answer[..., 0].astype(jnp.int32)
    d2 = channel.perceived(signal.distances(mine, points.prototypes))
    answer = signal.sample(key, d2, question).astype(part.answer.dtype)

    def log_prob(
        mine: Array, prototypes: Array, noise: Parameters, answer: Array, annotator: Array
    ) -> Array:
        d2 = channel.signal.distances(mine[None], prototypes)
        return channel.log_prob(noise, annotator, answer, d2)[0]

    grads = jax.vmap(jax.grad(log_prob, argnums=(0, 1, 2)), in_axes=(0, None, None, 0, 0))(
        mine, points.prototypes, noise, answer[:, None], part.annotator[:, None]
    )
    return jax.tree.map(jnp.nan_to_num, grads)


@eqx.filter_jit
def information(
    channel: Channel, noise: Parameters, points: Points, batch: Coded, key: Array
) -> Points:
    """Fisher information of each point's own coordinates: (items, D, D), (classes, D, D).

    The expected outer product of the score, over answers drawn from the signal itself: right for
    any signal, and positive semi-definite however few answers there are.
    """
    points = Points(*(jnp.asarray(p) for p in points))
    dims = points.items.shape[1]

    def step(i: Array, carry: Points) -> Points:
        part = batch.chunk(i)
        for draw in range(FISHER_DRAWS):
            here = jax.random.fold_in(jax.random.fold_in(key, draw), i)
            own, shared, _ = point_scores(channel, noise, points, part, here)
            weight = part.weight / FISHER_DRAWS
            outer = weight[:, None, None, None] * own[..., :, None] * own[..., None, :]
            carry = Points(
                carry.items.at[part.items].add(outer),
                carry.prototypes + jnp.einsum("n,nka,nkb->kab", weight, shared, shared),
            )
        return carry

    zero = Points(
        jnp.zeros((len(points.items), dims, dims)), jnp.zeros((len(points.prototypes), dims, dims))
    )
    return jax.lax.fori_loop(0, batch.chunks, step, zero)


def own_blocks(
    channels: Sequence[Channel], theta: Sequence[Parameters], points: Points,
    data: Sequence[Coded], ridge: float, columns: int, key: Array,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Posterior precision of each item and each prototype, the others taken as known."""
    n, dims = np.shape(points.items)
    wide = solver.padded(points, columns)
    items = ridge * np.tile(np.eye(dims), (n, 1, 1))
    prototypes = ridge * np.tile(np.eye(dims), (len(points.prototypes), 1, 1))
    for index, (channel, noise, batch) in enumerate(zip(channels, theta, data, strict=True)):
        found: Any = information(channel, noise, wide, batch, jax.random.fold_in(key, index))
        items += np.asarray(found.items, dtype=np.float64)[:n, :dims, :dims]
        prototypes += np.asarray(found.prototypes, dtype=np.float64)[:, :dims, :dims]
    return items, prototypes
