"""Loops over triplets: loss with gradient, one stochastic pass, Fisher blocks.

A triplet (i, j, k) says that i is closer to j than to k. With x = d2_ik - d2_ij and lapse eps,

    P = (1 - eps) sigma(x) + eps / 2,    loss = -sum weight ln P + ridge / 2 |z|^2.

Precision is 1 here: the scale of the points carries it. Everything is float32, on the CPU, and
takes `BLOCK` triplets at a time, so that what lies between points and result stays in the nearest
cache; autodiff over all triplets writes several arrays as long as they are (docs/recovery.md has
the times). Compiled programs depend on sizes rounded up to a few steps, and the number of blocks
is one of their arguments: data of another size mostly compiles nothing.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from labelbits.compilation import BRIEF, keep_programs

#: Triplets handled together.
BLOCK = 512
#: Triplets, items and dims that arrays hold at least, and the factor to their next size.
TRIPLETS, ITEMS, DIMS = (1 << 15, 4), (1 << 10, 2), (5, 2)
#: Triplets of one stochastic update, of which the largest is used that is at most this share of
#: the items: few of them share an item, so updating together is like updating one by one.
TOGETHER, SHARE = (16, 64, 256), 1 / 3
#: A triplet fulfilled by this margin has a gradient below 1e-5 of a violated one: no update.
FULFILLED = 12.0
#: Margins are clipped here, where e^-x is still a float32.
LARGEST = 80.0


@dataclass(frozen=True)
class Loaded:
    """Triplets as the programs take them, padded with answers of weight 0: see `load`."""

    triplets: Array
    weight: Array
    count: int
    items: int

    def blocks(self, size: int) -> np.int32:
        """Blocks of `size` that hold all triplets."""
        return np.int32(math.ceil(self.count / size))


def rounded(size: int, steps: tuple[int, int]) -> int:
    """The first of `steps`, (least, factor to the next), that holds `size`."""
    least, factor = steps
    while least < size:
        least *= factor
    return least


def _padded(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    wide = np.zeros(shape, values.dtype)
    wide[tuple(slice(size) for size in values.shape)] = values
    return wide


def load(triplets: np.ndarray, weight: np.ndarray, items: int) -> Loaded:
    """`triplets` (n, 3) with numbers below `items`, `weight` (n,) or (0,) for all ones."""
    count = len(triplets)
    capacity = rounded(count, TRIPLETS)
    weight = np.asarray(weight if len(weight) else np.ones(count), np.float32)
    cpu = jax.devices("cpu")[0]
    return Loaded(
        jax.device_put(_padded(np.asarray(triplets, np.int32), (capacity, 3)), cpu),
        jax.device_put(_padded(weight, (capacity,)), cpu),
        count,
        items,
    )


def wide(points: np.ndarray) -> np.ndarray:
    """The points with zeros up to a round number of items and dims: both change nothing."""
    items, dims = points.shape
    shape = rounded(items, ITEMS), rounded(dims, DIMS)
    return _padded(np.asarray(points, np.float32), shape)


def loss_gradient(
    points: np.ndarray, answers: Loaded, lapse: float, ridge: float
) -> tuple[float, float, np.ndarray]:
    """Loss in nats, expected number of lapses, and the gradient (items, dims) of the loss.

    The lapses are the sum over triplets of weight P(lapse | answer).
    """
    loss, lapses, gradient = _program("gradient")(
        wide(points), answers.triplets, answers.weight, answers.blocks(BLOCK), np.float32(lapse)
    )
    items, dims = points.shape
    # Sums of blocks in float64: in float32 a loss of 10^6 nats has steps of a tenth.
    total = float(np.asarray(loss, np.float64).sum())
    power = float(np.sum(np.asarray(points, np.float64) ** 2))
    return (
        total + 0.5 * ridge * power,
        float(np.asarray(lapses, np.float64).sum()),
        np.asarray(gradient)[:items, :dims] + np.float32(ridge) * points,
    )


def together(items: int) -> int:
    """Triplets of one stochastic update, for so many items."""
    return max(n for n in TOGETHER if n <= max(SHARE * items, TOGETHER[0]))


def fisher_blocks(points: np.ndarray, answers: Loaded, lapse: float) -> np.ndarray:
    """Expected Fisher information of each item's own coordinates, (items, dims, dims).

    F = sum weight P'(x)^2 / (P (1 - P)) (dx/dz)(dx/dz)^T, only the diagonal blocks: the other
    items taken as known.
    """
    items, dims = points.shape
    found = _program("fisher")(
        wide(points), answers.triplets, answers.weight, answers.blocks(BLOCK), np.float32(lapse)
    )
    return np.asarray(found)[:items, :dims, :dims]


@functools.cache
def _program(name: str) -> Callable[..., Any]:
    """The compiled loop of this name, for the CPU."""
    keep_programs()
    body = {"gradient": gradient, "fisher": _fisher}[name]
    return jax.jit(body, compiler_options={"xla_backend_optimization_level": BRIEF})


def _sides(
    points: Array, triplets: Array, weight: Array, block: Array, size: int
) -> tuple[Array, Array, Array, Array]:
    """Of one block: triplets (size, 3), weights (size,), and z_i - z_j, z_i - z_k (size, dims)."""
    ids = jax.lax.dynamic_slice_in_dim(triplets, block * size, size)
    part = jax.lax.dynamic_slice_in_dim(weight, block * size, size)
    anchor, near, far = (_rows(points, ids[:, side]) for side in range(3))
    return ids, part, anchor - near, anchor - far


def _rows(values: Array, ids: Array) -> Array:
    return values.at[ids].get(mode="promise_in_bounds")


def _add(to: Array, ids: Array, terms: tuple[Array, Array, Array]) -> Array:
    """`to` with a term for each side of the triplets `ids` added to its rows."""
    for side, term in enumerate(terms):
        to = to.at[ids[:, side]].add(term, mode="promise_in_bounds")
    return to


def _probabilities(near: Array, far: Array, lapse: Array) -> tuple[Array, Array, Array, Array]:
    """x, 1 / sigma(x), P / sigma(x) and d ln P / dx of each triplet of a block."""
    x = jnp.sum(far * far - near * near, axis=1)
    e = jnp.exp(-jnp.clip(x, -LARGEST, LARGEST))
    odds = 1 + e
    mixed = 1 - lapse + lapse / 2 * odds
    return x, odds, mixed, (1 - lapse) * e / (odds * mixed)


def gradient(points: Array, triplets: Array, weight: Array, blocks: Array, lapse: Array) -> Any:
    """The loop of `loss_gradient`: losses and expected lapses of blocks, and the gradient."""

    def step(block: Array, total: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        loss, lapses, gradient = total
        ids, part, near, far = _sides(points, triplets, weight, block, BLOCK)
        _, odds, mixed, slope = _probabilities(near, far, lapse)
        pull = (2 * part * slope)[:, None]
        near, far = pull * near, pull * far
        return (
            loss.at[block].set(jnp.sum(part * jnp.log(odds / mixed))),
            lapses.at[block].set(jnp.sum(part * lapse / 2 * odds / mixed)),
            _add(gradient, ids, (near - far, -near, far)),
        )

    none = jnp.zeros(len(triplets) // BLOCK)
    return jax.lax.fori_loop(0, blocks, step, (none, none, jnp.zeros_like(points)))


def one_pass(
    size: int, points: Array, triplets: Array, weight: Array, blocks: Array, lapse: Array,
    shrink: Array, rate: Array, slowing: Array,
) -> Any:  # fmt: skip
    """One pass of stochastic gradient descent over the triplets in their order, `size` together.

    The step is `rate`, and `slowing` more with each triplet; `shrink` (items,) is the ridge's share
    of one update of each item. Returns points, and summed over the triplets' weights those violated
    when their turn came, the expected lapses, and all: the first two are honest in the first pass,
    when no triplet was seen before.
    """

    def step(block: Array, state: tuple[Array, ...]) -> tuple[Array, ...]:
        points, violated, lapses, total = state
        ids, part, near, far = _sides(points, triplets, weight, block, size)
        x, odds, mixed, slope = _probabilities(near, far, lapse)
        pace = rate + slowing * (block * size + jnp.arange(size))
        # A heavy triplet must not throw its items across the space.
        moved = x <= FULFILLED
        pull = jnp.where(moved, 2 * jnp.minimum(part * pace, 0.25) * slope, 0)[:, None]
        near, far = pull * near, pull * far
        pace = jnp.where(moved & (part > 0), pace, 0)
        shrunk = [
            (pace * _rows(shrink, ids[:, side]))[:, None] * _rows(points, ids[:, side])
            for side in range(3)
        ]
        terms = far - near - shrunk[0], near - shrunk[1], -far - shrunk[2]
        return (
            _add(points, ids, terms),
            violated + jnp.sum(part * (x < 0)),
            lapses + jnp.sum(part * lapse / 2 * odds / mixed),
            total + jnp.sum(part),
        )

    none = jnp.zeros(())
    return jax.lax.fori_loop(0, blocks, step, (points, none, none, none))


def _fisher(points: Array, triplets: Array, weight: Array, blocks: Array, lapse: Array) -> Any:
    def step(block: Array, total: Array) -> Array:
        ids, part, near, far = _sides(points, triplets, weight, block, BLOCK)
        x, _, _, _ = _probabilities(near, far, lapse)
        sigma = jax.nn.sigmoid(jnp.clip(x, -LARGEST, LARGEST))
        other = jax.nn.sigmoid(-jnp.clip(x, -LARGEST, LARGEST))
        p, q = (1 - lapse) * sigma + lapse / 2, (1 - lapse) * other + lapse / 2
        slope = (1 - lapse) * sigma * other
        # p q is at least e^-80, within float32; where P' is 0 so is the information.
        information = 4 * part * slope * (slope / jnp.maximum(p * q, 1e-37))

        def outer(side: Array) -> Array:
            return (information[:, None] * side)[:, :, None] * side[:, None, :]

        return _add(total, ids, (outer(far - near), outer(near), outer(far)))

    items, dims = points.shape
    return jax.lax.fori_loop(0, blocks, step, jnp.zeros((items, dims, dims)))
