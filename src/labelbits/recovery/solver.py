"""MAP of items and prototypes from any mixture of signals, through `Signal.log_prob` alone.

    f(z, c) = -sum_answers w ln P(answer | z, c, noise) + ridge (|z|^2 + |c|^2) / 2

is minimised by L-BFGS with gradients from JAX, answers in chunks so that memory is linear in
them and small beside them. The noise (precision and lapse of each signal or annotator, and the
signals' other parameters) follows by EM: draws from the Laplace approximation about the MAP
points stand for the posterior, and the noise that makes the answers most likely over the draws is
next. Plugging in the points themselves would take every well-fitted answer for a precise one.
After each step the points are rescaled to the prior's variance (parameter-expanded EM, Liu, Rubin
and Wu 1998), which moves the precision at once where plain EM creeps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
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

#: Answers that are differentiated together.
CHUNK = 32_768
#: Draws of an answer by which its Fisher information is estimated.
FISHER_DRAWS = 2


class Points(NamedTuple):
    """Items (items, dims) and class prototypes (classes, dims)."""

    items: Any
    prototypes: Any


class Coded(NamedTuple):
    """One signal's answers on the device, in chunks: arrays (chunks, size, ...)."""

    items: Array
    answer: Array
    annotator: Array
    weight: Array


def coded(batch: Batch) -> Coded:
    """The batch in chunks, padded with answers of weight 0.

    Sizes are rounded up to a few steps, so that data of another size often needs no compilation.
    """
    n = len(batch)
    size = min(CHUNK, 1 << max(math.ceil(math.log2(max(n, 1))), 6))
    chunks = math.ceil(n / size)
    rows = np.concatenate([np.arange(n), np.zeros(chunks * size - n, dtype=int)])

    def shaped(values: np.ndarray) -> Array:
        return jnp.asarray(values[rows].reshape(chunks, size, *values.shape[1:]))

    weight = shaped(batch.weight.astype(np.float32)).ravel()
    weight = weight * (jnp.arange(chunks * size) < n)
    return Coded(
        shaped(batch.items), shaped(batch.answer), shaped(batch.annotator),
        weight.reshape(chunks, size),
    )  # fmt: skip


def log_likelihood(channel: Channel, theta: Parameters, points: Points, part: Coded) -> Array:
    """ln P of each answer of one chunk, (size,), natural logarithm, without weights."""
    signal = channel.answering(theta, part.annotator)
    d2 = signal.distances(points.items[part.items], points.prototypes)
    return signal.log_prob(part.answer, d2)


@eqx.filter_jit
def value_and_gradient(
    channels: tuple[Channel, ...], theta: tuple[Parameters, ...], points: Points,
    data: tuple[Coded, ...], ridge: Array,
) -> tuple[Array, Points]:  # fmt: skip
    """f and its gradient in the points, chunk after chunk."""

    def prior(p: Points) -> Array:
        return 0.5 * ridge * (jnp.sum(p.items**2) + jnp.sum(p.prototypes**2))

    total = jax.value_and_grad(prior)(points)
    for channel, noise, batch in zip(channels, theta, data, strict=True):

        def loss(p: Points, part: Coded, channel: Channel = channel, noise: Parameters = noise):
            return -jnp.sum(part.weight * log_likelihood(channel, noise, p, part))

        def step(carry: Any, part: Coded, loss: Callable = loss) -> tuple[Any, None]:
            new = jax.value_and_grad(loss)(points, part)
            return jax.tree.map(jnp.add, carry, new), None

        total, _ = jax.lax.scan(step, total, batch)
    return total


@eqx.filter_jit
def noise_loss(
    channels: tuple[Channel, ...], theta: tuple[Parameters, ...], draws: Points,
    data: tuple[Coded, ...],
) -> tuple[Array, tuple[Parameters, ...]]:  # fmt: skip
    """Minus the mean over draws of the log likelihood, minus the prior of the noise."""

    def prior(noises: tuple[Parameters, ...]) -> Array:
        return -sum((c.log_prior(t) for c, t in zip(channels, noises, strict=True)), jnp.zeros(()))

    total = jax.value_and_grad(prior)(theta)
    for index, (channel, batch) in enumerate(zip(channels, data, strict=True)):

        def loss(
            noises: tuple[Parameters, ...], part: Coded, channel: Channel = channel,
            index: int = index,
        ) -> Array:  # fmt: skip
            each = jax.vmap(lambda p: log_likelihood(channel, noises[index], p, part))(draws)
            return -jnp.sum(part.weight * each.mean(0))

        def step(carry: Any, part: Coded, loss: Callable = loss) -> tuple[Any, None]:
            return jax.tree.map(jnp.add, carry, jax.value_and_grad(loss)(theta, part)), None

        total, _ = jax.lax.scan(step, total, batch)
    return total


@eqx.filter_jit
def information(
    channel: Channel, noise: Parameters, points: Points, batch: Coded, key: Array
) -> Points:
    """Fisher information of each point's own coordinates: (items, D, D), (classes, D, D).

    The expected outer product of the score, over answers drawn from the signal itself: right for
    any signal, and positive semi-definite however few answers there are.
    """
    dims = points.items.shape[1]

    def score(mine: Array, prototypes: Array, answer: Array, annotator: Array) -> Array:
        signal = channel.answering(noise, annotator)
        return signal.log_prob(answer, signal.distances(mine[None], prototypes))[0]

    def step(carry: Points, part_key: tuple[Coded, Array]) -> tuple[Points, None]:
        part, key = part_key
        mine = points.items[part.items]
        signal = channel.answering(noise, part.annotator)
        # The class a `verify` question names is the first number of its code; others ignore it.
        question = part.answer[..., 0].astype(jnp.int32)
        answer = signal.sample(key, signal.distances(mine, points.prototypes), question)
        answer = answer.astype(part.answer.dtype)
        grads = jax.vmap(jax.grad(score, argnums=(0, 1)), in_axes=(0, None, 0, 0))(
            mine, points.prototypes, answer[:, None], part.annotator[:, None]
        )
        own, shared = (jnp.nan_to_num(g) for g in grads)
        weight = part.weight[:, None, None, None]
        outer = weight * own[..., :, None] * own[..., None, :]
        items = carry.items.at[part.items].add(outer)
        prototypes = carry.prototypes + jnp.einsum("n,nka,nkb->kab", part.weight, shared, shared)
        return Points(items, prototypes), None

    zero = Points(
        jnp.zeros((len(points.items), dims, dims)), jnp.zeros((len(points.prototypes), dims, dims))
    )
    total = zero
    for draw_key in jax.random.split(key, FISHER_DRAWS):
        keys = jax.random.split(draw_key, batch.items.shape[0])
        total, _ = jax.lax.scan(step, total, (batch, keys))
    return jax.tree.map(lambda x: x / FISHER_DRAWS, total)


def laplace_blocks(
    channels: Sequence[Channel], theta: Sequence[Parameters], points: Points,
    data: Sequence[Coded], ridge: float, dims: int, key: Array,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Posterior precision of each item and each prototype in their first `dims` columns, the
    others taken as known."""
    items = ridge * np.tile(np.eye(dims), (len(points.items), 1, 1))
    prototypes = ridge * np.tile(np.eye(dims), (len(points.prototypes), 1, 1))
    for index, (channel, noise, batch) in enumerate(zip(channels, theta, data, strict=True)):
        info = information(channel, noise, points, batch, jax.random.fold_in(key, index))
        items += np.asarray(info.items[:, :dims, :dims], dtype=np.float64)
        prototypes += np.asarray(info.prototypes[:, :dims, :dims], dtype=np.float64)
    return items, prototypes


def descend(
    value: Callable[[np.ndarray], tuple[float, np.ndarray]], x: np.ndarray,
    max_iter: int, smallest: float,
) -> tuple[np.ndarray, float, int, bool]:  # fmt: skip
    """L-BFGS until a step gains less than `smallest`: (x, value, iterations, converged)."""
    before, small = math.inf, False

    def stop(intermediate_result: OptimizeResult) -> None:
        nonlocal before, small
        small = before - intermediate_result.fun < smallest
        before = intermediate_result.fun
        if small:
            raise StopIteration

    found = minimize(
        value, x, jac=True, method="L-BFGS-B", callback=stop,
        options={"maxiter": max_iter, "maxfun": 2 * max_iter + 5},
    )  # fmt: skip
    if not np.isfinite(found.fun) or not np.isfinite(found.x).all():
        raise NotFiniteError(
            "the fit reached a loss that is not finite; an answer is impossible under its signal"
        )
    return found.x, float(found.fun), int(found.nit), bool(small or found.success)
