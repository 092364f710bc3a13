"""The objective of any mixture of signals, through `Signal.log_prob` alone, and its descent.

    f(z, c) = -sum_answers w ln P(answer | z, c, noise) + sum_d ridge_d (|z_d|^2 + |c_d|^2) / 2

has gradients from JAX, answers in chunks so that memory is linear in them and small beside them.
Compiled programs depend on sizes rounded up to a few steps, and the number of chunks is one of
their arguments: data of another size mostly compiles nothing.
"""

from __future__ import annotations

import functools
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
from labelbits.recovery.leapfrog import leapfrog
from labelbits.recovery.mixtures.channel import Channel, Parameters

#: (answers that are differentiated together, chunks that the arrays hold at least): the first
#: that holds all answers is taken. Few answers are not padded far: draws of the noise take
#: thousands of their gradients, each 0.1 ms for 180 answers, and 0.25 ms where these are 512.
CHUNKS = ((128, 4), (512, 64), (4096, 64), (32_768, 16))
#: Rows that arrays of points hold at least, and the factor to the next size.
ROWS, ROWS_STEP = 1024, 4
#: L-BFGS stops when this many steps together gained too little: single steps stall at turns.
PATIENCE = 4


#: What a program takes as an argument, and is not compiled for.
ARRAYS = (np.ndarray, np.generic, jax.Array)


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
    rows = ROWS
    while rows < len(items):
        rows *= ROWS_STEP
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


class Program:
    """The objective of these channels and answers, compiled once for all that is asked of it.

    Its gradient, and trajectories through points and noise, are one program of numbers alone: a
    search calls it hundreds of times, and what a program is compiled for is worked out here. The
    noise is a flat vector in the order of the leaves of `like`.
    """

    def __init__(
        self, channels: tuple[Channel, ...], data: tuple[Coded, ...], like: tuple[Parameters, ...]
    ) -> None:
        arrays, rest = eqx.partition((channels, data), lambda leaf: isinstance(leaf, ARRAYS))
        leaves, structure = jax.tree.flatten(rest)
        self._numbers, form = jax.tree.flatten(arrays)
        noises, tree = jax.tree.flatten(like)
        shapes = tuple(np.shape(noise) for noise in noises)
        self._travelled = _program_of((structure, tuple(leaves), form, tree, shapes))
        self._still: Any = None

    def gradient(
        self, noise: np.ndarray, points: Points, ridge: Array | np.ndarray
    ) -> tuple[float, float, Points, np.ndarray]:
        """f, minus the log prior of the noise, and slopes as in `value_and_gradient`."""
        if self._still is None:
            zeros = jax.tree.map(np.zeros_like, (Points(*points), noise))
            self._still = jax.device_put((zeros, np.float32(0), np.int32(0)))
        zeros, step, leaps = self._still
        place = points, noise
        found = self._travelled(self._numbers, place, zeros, zeros, ridge, step, leaps)
        loss, prior = np.asarray(found.after).tolist()
        slope, noise_slope = found.slope
        return loss, prior, slope, np.asarray(noise_slope)

    def travel(
        self, place: Any, speed: Any, width: Any, ridge: Array | np.ndarray, step: float,
        leaps: int,
    ) -> tuple[Any, Any, float]:  # fmt: skip
        """(place, speed, what the energy gained); places and speeds are (points, noise)."""
        found = self._travelled(
            self._numbers, place, speed, width, ridge, np.float32(step), np.int32(leaps)
        )
        gain = np.asarray(found.after, np.float64) - np.asarray(found.before, np.float64)
        return found.x, found.speed, float(gain.sum())


#: Programs that are kept for further problems of the same form.
KEPT = 128


@functools.lru_cache(KEPT)
def _program_of(known: Any) -> Callable[..., Any]:
    """What is compiled for problems of one form; as static arguments of one function what is known
    would be compared at every call, which costs as much as the gradient of few answers."""
    structure, leaves, form, tree, shapes = known
    rest = jax.tree.unflatten(structure, leaves)

    def travelled(
        numbers: Any, place: Any, speed: Any, width: Any, ridge: Any, step: Any, leaps: Any
    ) -> Any:
        channels, data = eqx.combine(jax.tree.unflatten(form, numbers), rest)

        def slope(x: Any) -> tuple[Array, Any]:
            points, noise = x
            theta = unflattened(noise, tree, shapes)
            (loss, prior), slopes = value_and_gradient(channels, theta, points, data, ridge)
            return jnp.stack([loss, prior]), slopes

        return leapfrog(slope, (Points(*place[0]), place[1]), speed, width, step, leaps)

    return jax.jit(travelled)


def flattened(noise: Any) -> np.ndarray:
    """All parameters as one vector of single precision."""
    leaves = [np.ravel(leaf) for leaf in jax.tree.leaves(noise)]
    return np.concatenate(leaves, dtype=np.float32) if leaves else np.zeros(0, np.float32)


def unflattened(values: Any, tree: Any, shapes: Sequence[tuple[int, ...]]) -> Any:
    """The flat vector in arrays of these shapes, as leaves of `tree`."""
    cuts = np.cumsum([math.prod(shape) for shape in shapes])[:-1]
    parts = jnp.split(values, cuts) if shapes else []
    return jax.tree.unflatten(tree, [p.reshape(s) for p, s in zip(parts, shapes, strict=True)])


@eqx.filter_jit
def value_and_gradient(
    channels: tuple[Channel, ...], theta: tuple[Parameters, ...], points: Points,
    data: tuple[Coded, ...], ridge: Array | np.ndarray,
) -> tuple[tuple[Array, Array], tuple[Points, Array]]:  # fmt: skip
    """f, minus the log prior of the noise, and gradients; `ridge` (columns,) is the prior's.

    The gradients are that of f in the points, and that of both together in the noise, flat. One
    compiled program serves the search for points and the draws of points and noise.
    """

    def prior(p: Points) -> Array:
        return 0.5 * (jnp.sum(ridge * p.items**2) + jnp.sum(ridge * p.prototypes**2))

    def noise_prior(noises: tuple[Parameters, ...]) -> Array:
        return -sum((c.log_prior(t) for c, t in zip(channels, noises, strict=True)), jnp.zeros(()))

    points = Points(*(jnp.asarray(p) for p in points))
    total, slope = jax.value_and_grad(prior)(points)
    prior_value, prior_slopes = jax.value_and_grad(noise_prior)(theta)
    noise_slopes = []
    for channel, noise, batch, first in zip(channels, theta, data, prior_slopes, strict=True):

        def loss(p: Points, noise: Parameters, part: Coded, channel: Channel = channel) -> Array:
            each = log_likelihood(channel, noise, p, part)
            return -jnp.sum(jnp.where(part.weight > 0, part.weight * each, 0.0))

        def step(part: Coded, loss: Any = loss, noise: Parameters = noise) -> Any:
            return jax.value_and_grad(loss, argnums=(0, 1))(points, noise, part)

        total, (slope, noise_slope) = _summed(step, batch, (total, (slope, first)))
        noise_slopes.append(noise_slope)
    flat = [jnp.ravel(leaf) for leaf in jax.tree.leaves(noise_slopes)]
    return (total, prior_value), (slope, jnp.concatenate(flat) if flat else jnp.zeros(0))


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
