"""Many loops over triplets in one compiled program: stochastic passes, trajectories of draws.

Where triplets are few a loop over them takes less time than calling it. So what follows from one
loop to the next, the noise between two passes or the moves of a trajectory, is part of the program.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from labelbits.compilation import BRIEF, keep_programs
from labelbits.recovery.leapfrog import leapfrog
from labelbits.recovery.triplets import kernel

#: Items that the arrays of a trajectory hold at least, and the factor to their next size.
ITEMS = (64, 4)


@dataclass(frozen=True)
class Pace:
    """Of stochastic passes: `rate` at the first, which falls to 0 after `passes` of them."""

    rate: float
    passes: int


@dataclass(frozen=True)
class Estimates:
    """Noise that passes go on with, where it is not known: the lapse by (lapses + `lapses`) /
    (answers + `answers`), from the third pass on, and the ridge by 1 / variance of the points,
    within `ridges`."""

    known: tuple[bool, bool]
    lapses: float
    answers: float
    ridges: tuple[float, float]


def passes(
    points: np.ndarray, answers: kernel.Loaded, counts: np.ndarray, lapse: float, ridge: float,
    pace: Pace, estimates: Estimates, part: tuple[int, int], total: float,
) -> tuple[np.ndarray, float, float]:  # fmt: skip
    """Passes `part` (first, end) of stochastic gradient descent over the triplets in their order.

    `counts` (items,) are the triplets of each item, among which the ridge is shared out; `total` is
    the sum of the weights. Returns points, lapse and ridge.
    """
    items, dims = points.shape
    size = kernel.together(items)
    wide = kernel.wide(points)
    padded = np.ones(len(wide), np.float32)
    padded[:items] = counts
    moved, lapse_, ridge_ = _program("passes", size)(
        wide, answers.triplets, answers.weight, answers.blocks(size), padded,
        np.array([lapse, ridge], np.float32), np.array(estimates.known),
        np.array([estimates.lapses, estimates.answers, *estimates.ridges], np.float32),
        np.array([pace.rate, pace.passes, total, answers.count, items * dims], np.float32),
        np.array(part, np.int32),
    )  # fmt: skip
    return np.asarray(moved)[:items, :dims], float(lapse_), float(ridge_)


@dataclass(frozen=True)
class NoisePrior:
    """Of triplets' noise: ln precision is N(0, `spread`^2) and at most `most` to the kernel, the
    lapse Beta(`lapses`, `not_lapses`), its log odds within `odds`."""

    spread: float
    most: float
    lapses: float
    not_lapses: float
    odds: float


def trajectories(
    places: np.ndarray, noise: np.ndarray, speeds: tuple[np.ndarray, np.ndarray],
    widths: tuple[np.ndarray, np.ndarray], answers: kernel.Loaded, total: float,
    known: tuple[float | None, float | None], prior: NoisePrior, step: float, leaps: int,
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray], np.ndarray]:  # fmt: skip
    """Leapfrog steps of every chain through the posterior of `TripletTarget`.

    `places` (chains, items, dims), of prior N(0, I), and `noise` (chains, 2): ln precision and the
    lapse's log odds, which stay where `known` holds precision or lapse as a number; `speeds` alike,
    `widths` without chains. Returns places and noise, their speeds, and what the energy gained.
    """
    items, dims = places.shape[1:]
    shape = kernel.rounded(items, ITEMS), kernel.rounded(dims, kernel.DIMS)
    free = np.array([one is None for one in known])

    def wide(values: np.ndarray) -> np.ndarray:
        padded = np.zeros((*values.shape[:-2], *shape), np.float32)
        padded[..., :items, :dims] = values
        return padded

    found = _program("trajectories")(
        (wide(places), noise.astype(np.float32)),
        (wide(speeds[0]), speeds[1].astype(np.float32)),
        (wide(widths[0]), widths[1].astype(np.float32)),
        answers.triplets, answers.weight, answers.blocks(kernel.BLOCK), np.float32(total), free,
        np.float32(0.0 if known[1] is None else known[1]),
        np.array(
            [prior.spread, prior.most, prior.lapses, prior.not_lapses, prior.odds], np.float32
        ),
        np.float32(step), np.int32(leaps),
    )  # fmt: skip
    (x, at), (speed, pace), gains = jax.tree.map(lambda a: np.asarray(a, np.float64), found)
    return (x[:, :items, :dims], at), (speed[:, :items, :dims], pace), gains


@functools.cache
def _program(name: str, *static: int) -> Callable[..., Any]:
    keep_programs()
    body = {"passes": _passes, "trajectories": _trajectories}[name]
    return jax.jit(
        functools.partial(body, *static),
        compiler_options={"xla_backend_optimization_level": BRIEF},
    )


def _passes(
    size: int, points: Array, triplets: Array, weight: Array, blocks: Array, counts: Array,
    noise: Array, known: Array, limits: Array, numbers: Array, part: Array,
) -> Any:  # fmt: skip
    rate, all_passes, total, count, coordinates = numbers
    lapses, answers, least, most = limits

    def one(i: Array, state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        points, lapse, ridge = state
        slowing = -rate / (all_passes * jnp.maximum(count, 1))
        points, _, lapsed, seen = kernel.one_pass(
            size, points, triplets, weight, blocks, lapse, ridge / counts,
            rate * (1 - i / all_passes), slowing,
        )  # fmt: skip
        share = lapsed / jnp.maximum(seen, 1e-30)
        told = (share * total + lapses) / (total + answers)
        lapse = jnp.where(known[0] | (i < 2), lapse, told)
        # Padding is 0, and adds nothing to either sum.
        variance = jnp.sum(points**2) / coordinates - (jnp.sum(points) / coordinates) ** 2
        # Shrunk points look even more in need of shrinking: never above `most` before the polish.
        spread = jnp.clip(1 / jnp.maximum(variance, 1e-9), least, most)
        return points, lapse, jnp.where(known[1], ridge, spread)

    return jax.lax.fori_loop(part[0], part[1], one, (points, noise[0], noise[1]))


def _trajectories(
    x: Any, speed: Any, width: Any, triplets: Array, weight: Array, blocks: Array, total: Array,
    free: Array, lapse: Array, prior: Array, step: Array, leaps: Array,
) -> Any:  # fmt: skip
    spread, most, lapses, not_lapses, odds = prior

    def lapse_of(noise: Array) -> Array:
        return jnp.where(free[1], jax.nn.sigmoid(jnp.clip(noise[1], -odds, odds)), lapse)

    def of_noise(noise: Array) -> Array:
        """Minus the log prior of the noise."""
        at = jnp.clip(noise[1], -odds, odds)
        told = -lapses * jax.nn.log_sigmoid(at) - not_lapses * jax.nn.log_sigmoid(-at)
        own = 0.5 * (noise[0] / spread) ** 2
        return jnp.where(free[0], own, 0.0) + jnp.where(free[1], told, 0.0)

    def slopes(x: Any) -> tuple[Array, Any]:
        """Losses of blocks, and the slope of the energy."""
        u, noise = x
        root = jnp.exp(0.5 * jnp.clip(noise[0], -40.0, most))
        share = lapse_of(noise)
        losses, lapsed, pull = kernel.gradient(root * u, triplets, weight, blocks, share)
        pull = root * pull
        own = jnp.stack(
            [
                0.5 * jnp.sum(pull * u) + noise[0] / spread**2,
                (total + lapses + not_lapses) * share - jnp.sum(lapsed) - lapses,
            ]
        )
        return losses, (pull + u, jnp.where(free, own, 0.0))

    def one(chain: tuple[Any, Any]) -> Any:
        x, speed = chain
        y, pace, before, after, _ = leapfrog(slopes, x, speed, width, step, leaps)
        # Block by block and place by place: sums of many would round away what was gained.
        gain = jnp.sum(after - before) + 0.5 * jnp.sum((y[0] - x[0]) * (y[0] + x[0]))
        return y, pace, gain + of_noise(y[1]) - of_noise(x[1])

    # One chain after the other takes half the time of all side by side (`vmap`).
    return jax.lax.map(one, (x, speed))
