"""The objective of any mixture of signals, through `Signal.log_prob` alone, and its descent.

    f(z, c) = -sum_answers w ln P(answer | z, c, noise) + sum_d ridge_d (|z_d|^2 + |c_d|^2) / 2

has gradients from JAX, answers in chunks so that memory is linear in them and small beside them.
Compiled programs depend on sizes rounded up to a few steps, and the number of chunks is one of
their arguments: data of another size mostly compiles nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from scipy.optimize import OptimizeResult, minimize

from labelbits.errors import NotFiniteError
from labelbits.interface import Batch
from labelbits.recovery.channel import Channel, Parameters

#: (answers that are differentiated together, chunks that the arrays hold at least): the first
#: that holds all answers is taken.
CHUNKS = ((512, 8), (4096, 16), (32_768, 4))
#: Rows that arrays of points hold at least.
ROWS = 64
#: L-BFGS stops when this many steps together gained too little: single steps stall at turns.
PATIENCE = 4


class Points(NamedTuple):
    """Items (items, dims) and class prototypes (classes, dims)."""

    items: Any
    prototypes: Any


class Coded(NamedTuple):
    """One signal's answers on the device: arrays (capacity, size, ...), the first `chunks` used."""

    items: Array
    answer: Array
    annotator: Array
    weight: Array
    chunks: Array

    def chunk(self, i: Any) -> Coded:
        """Chunk i alone: arrays (size, ...)."""
        items, answer, annotator, weight, chunks = self
        return Coded(items[i], answer[i], annotator[i], weight[i], chunks)


def coded(batch: Batch) -> Coded:
    """The batch in chunks, padded with answers of weight 0."""
    n = len(batch)
    size, least = next((c for c in CHUNKS if n <= c[0] * c[1]), CHUNKS[-1])
    chunks = max(math.ceil(n / size), 1)
    capacity = max(least, 1 << math.ceil(math.log2(chunks)))

    def shaped(values: np.ndarray, dtype: Any) -> Array:
        padded = np.zeros((capacity * size, *values.shape[1:]), dtype)
        padded[:n] = values
        return jnp.asarray(padded.reshape(capacity, size, *values.shape[1:]))

    answer = batch.answer.dtype
    return Coded(
        shaped(batch.items, np.int32), shaped(batch.answer, answer),
        shaped(batch.annotator, np.int32), shaped(batch.weight, np.float32), jnp.asarray(chunks),
    )  # fmt: skip


def padded(points: Points, columns: int) -> Points:
    """The points with zeros up to `columns` columns and a round number of items."""
    items, prototypes = (np.asarray(p) for p in points)
    rows = max(ROWS, 1 << math.ceil(math.log2(max(len(items), 1))))
    wide = Points(
        np.zeros((rows, columns), np.float32), np.zeros((len(prototypes), columns), np.float32)
    )
    wide.items[: len(items), : items.shape[1]] = items
    wide.prototypes[:, : prototypes.shape[1]] = prototypes
    return wide


def log_likelihood(channel: Channel, theta: Parameters, points: Points, part: Coded) -> Array:
    """ln P of each answer of one chunk, (size,), natural logarithm, without weights."""
    d2 = channel.signal.distances(points.items[part.items], points.prototypes)
    return channel.log_prob(theta, part.annotator, part.answer, d2)


@eqx.filter_jit
def every_log_likelihood(
    channel: Channel, theta: Parameters, points: Points, batch: Coded
) -> Array:
    """ln P of every answer, (capacity, size); chunks beyond `chunks` hold 0."""

    def step(i: Array, found: Array) -> Array:
        return found.at[i].set(log_likelihood(channel, theta, points, batch.chunk(i)))

    return jax.lax.fori_loop(0, batch.chunks, step, jnp.zeros(batch.weight.shape))


def _summed(step: Callable[[Coded], Any], batch: Coded, total: Any) -> Any:
    """`total` plus `step` of every chunk."""

    def body(i: Array, total: Any) -> Any:
        return jax.tree.map(jnp.add, total, step(batch.chunk(i)))

    return jax.lax.fori_loop(0, batch.chunks, body, total)


@eqx.filter_jit
def value_and_gradient(
    channels: tuple[Channel, ...], theta: tuple[Parameters, ...], points: Points,
    data: tuple[Coded, ...], ridge: Array,
) -> tuple[Array, Points]:  # fmt: skip
    """f and its gradient in the points; `ridge` (columns,) is the prior's precision."""

    def prior(p: Points) -> Array:
        return 0.5 * (jnp.sum(ridge * p.items**2) + jnp.sum(ridge * p.prototypes**2))

    points = Points(*(jnp.asarray(p) for p in points))
    total = jax.value_and_grad(prior)(points)
    for channel, noise, batch in zip(channels, theta, data, strict=True):

        def loss(p: Points, part: Coded, channel: Channel = channel, noise: Parameters = noise):
            each = log_likelihood(channel, noise, p, part)
            return -jnp.sum(jnp.where(part.weight > 0, part.weight * each, 0.0))

        total = _summed(
            lambda part, loss=loss: jax.value_and_grad(loss)(points, part), batch, total
        )
    return total


@eqx.filter_jit
def noise_loss(
    channels: tuple[Channel, ...], theta: tuple[Parameters, ...], draws: Points,
    data: tuple[Coded, ...],
) -> tuple[Array, tuple[Parameters, ...]]:  # fmt: skip
    """Minus the mean over draws of the log likelihood, minus the prior of the noise."""

    def prior(noises: tuple[Parameters, ...]) -> Array:
        return -sum((c.log_prior(t) for c, t in zip(channels, noises, strict=True)), jnp.zeros(()))

    draws = Points(*(jnp.asarray(p) for p in draws))
    total = jax.value_and_grad(prior)(theta)
    for index, (channel, batch) in enumerate(zip(channels, data, strict=True)):

        def loss(
            noises: tuple[Parameters, ...], part: Coded, channel: Channel = channel,
            index: int = index,
        ) -> Array:  # fmt: skip
            each = jax.vmap(lambda p: log_likelihood(channel, noises[index], p, part))(draws)
            return -jnp.sum(jnp.where(part.weight > 0, part.weight * each.mean(0), 0.0))

        total = _summed(lambda part, loss=loss: jax.value_and_grad(loss)(theta, part), batch, total)
    return total


def descend(
    value: Callable[[np.ndarray], tuple[float, np.ndarray]], x: np.ndarray,
    max_iter: int, smallest: float,
) -> tuple[np.ndarray, float, int, bool]:  # fmt: skip
    """L-BFGS until `PATIENCE` steps gain less than `smallest` together.

    Returns (x, value, iterations, converged).
    """
    values, small = [math.inf] * PATIENCE, False

    def stop(intermediate_result: OptimizeResult) -> None:
        nonlocal small
        values.append(intermediate_result.fun)
        small = values[-1 - PATIENCE] - values[-1] < smallest
        if small:
            raise StopIteration

    found = minimize(
        value, x, jac=True, method="L-BFGS-B", callback=stop,
        options={"maxiter": max_iter, "maxfun": 2 * max_iter + 5, "maxcor": 10},
    )  # fmt: skip
    if not np.isfinite(found.fun) or not np.isfinite(found.x).all():
        raise NotFiniteError(
            "the fit reached a loss that is not finite; an answer is impossible under its signal"
        )
    return found.x, float(found.fun), int(found.nit), bool(small or found.success)
