"""Scores of answers drawn anew: what the Laplace posterior is made of (`posterior`)."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array

from labelbits.recovery.mixtures.channel import Channel, Parameters
from labelbits.recovery.mixtures.objective import Coded, Points


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
