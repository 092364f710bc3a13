"""Rounds of questions, drawn and answered for a batch of worlds.

The number of rounds is an argument of the compiled programs, so that one program serves any
number of answers:

- a question about one item: a round asks about each item once;
- a question about several items: a round draws a random cycle through all items and asks about
  each run of neighbours on it. Every question is a uniformly random tuple of different items, and
  each item takes each place once a round. The gradient then needs gathers alone, no scatter.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, PRNGKeyArray

from labelbits.compilation import compiled_briefly
from labelbits.interface import Signal, squared_distances
from labelbits.signals.base import ComparisonSignal
from labelbits.simulation.pooling import pool_of


class Asked(NamedTuple):
    """Questions and answers of one signal in every world.

    `cycle` (steps, seeds, step, items) and its inverse permutation `place`, or None for questions
    about one item; `answer` (steps, seeds, step, items, width). or for pooled signals
    their statistic (seeds, items, ...).
    """

    cycle: Any
    place: Any
    answer: Any


@jax.custom_vjp
def _permute(x: Float[Array, "n d"], cycle: Array, place: Array) -> Array:
    """x[cycle], where every row of `cycle` (r, n) permutes the items and `place` undoes it."""
    return x[cycle]


def _permute_forward(x: Array, cycle: Array, place: Array) -> tuple[Array, Array]:
    return x[cycle], place


def _permute_backward(place: Array, g: Array) -> tuple[Array, None, None]:
    # A gather by the inverse permutation replaces a scatter, which is several times slower.
    return jnp.take_along_axis(g, place[..., None], axis=1).sum(0), None, None


_permute.defvjp(_permute_forward, _permute_backward)


def distances(signal: Signal, x: Array, prototypes: Array, cycle: Any, place: Any) -> Array:
    """Squared distances that the questions of some rounds read: (rounds, items, ...)."""
    if cycle is None:
        points = x[None, :, None, :]
    else:
        y = _permute(x, cycle, place)
        if isinstance(signal, ComparisonSignal):
            # Pairs as far apart on the cycle share their distances.
            far = {b - a for a, b in signal.pairs}
            apart = {gap: squared_distances(y, jnp.roll(y, -gap, axis=1)) for gap in far}
            return jnp.stack([jnp.roll(apart[b - a], -a, axis=1) for a, b in signal.pairs], axis=-1)
        points = jnp.stack([jnp.roll(y, -j, axis=1) for j in range(signal.arity)], axis=2)
    return signal.distances(points, prototypes if signal.uses_classes else None)


@compiled_briefly
def ask(
    keys: Key[Array, "worlds"], signal: Signal, x: Array, prototypes: Array, cycle: Any, place: Any,
    steps: Array, total: Array, labelled: Array,
) -> Asked:  # fmt: skip
    """Answers of one signal, drawn step by step; `keys` has one key a step of the buffer.

    `x` (seeds, items, dims), `prototypes` (seeds, classes, dims); the first `total` answers over
    the first `labelled` items are real, the rest is padding.
    """
    classes = prototypes.shape[1]
    capacity, (seeds, items) = len(keys), x.shape[:2]
    step = 1 if cycle is None else cycle.shape[2]
    pool = pool_of(signal)
    none = None if cycle is None else 0

    def draw(key: PRNGKeyArray, i: Array) -> Array:
        here = (None, None) if cycle is None else (cycle[i], place[i])
        d2 = jax.vmap(distances, (None, 0, 0, none, none))(signal, x, prototypes, *here)
        number, question = signal.questions(classes), 0
        if number > 1:
            key, which = jax.random.split(key)
            question = jax.random.randint(which, (seeds, step, items), 0, number)
        return signal.sample(key, d2, question)

    def statistic(answer: Array) -> Array:
        assert pool is not None
        return pool.statistic(signal, answer[:, 0], classes)

    like = jax.eval_shape(draw, keys[0], jnp.asarray(0))
    if pool is None:
        buffer = jnp.zeros((capacity, *like.shape), like.dtype)
    else:
        buffer = jnp.zeros(jax.eval_shape(statistic, like).shape)

    def add(i: Array, buffer: Array) -> Array:
        answer = draw(keys[i], i)
        if pool is None:
            return buffer.at[i].set(answer)
        item = jnp.arange(items)
        real = (item < labelled) & (i * labelled + item < total)
        more = statistic(answer)
        return buffer + jnp.where(real.reshape(-1, *[1] * (more.ndim - 2)), more, 0.0)

    return Asked(cycle, place, jax.lax.fori_loop(0, steps, add, buffer))
