"""Identities that every channel keeps, at any point of a grid made to strain them.

At distances d2 drawn from the world: the mean of -ln p over own answers is the closed-form entropy,
every control has mean 0, the entropy is not negative, masses sum to 1. `failures` says which do not
hold; nothing here knows how a channel is computed. A mean that lies beyond 4 standard errors is
looked at again with `AGAIN` times as many draws: where a control counts answers of which few are
expected, the error estimated from the few that were seen is too small, and more draws show it.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from labelbits import signals
from labelbits.compilation import compiled_briefly
from labelbits.interface import Signal
from labelbits.signals import REGISTRY

#: Every option at its extremes; what is not named keeps its default.
EXTREMES: dict[str, dict[str, list[Any]]] = {
    "votes": {"answers_per_item": [1, 3, 50, 300]},
    "soft": {"concentration": [0.1, 1.0, 10.0, 1000.0], "grid": [1, 5, 20, 100]},
    "sparse-soft": {
        "top": [1, 2],
        "concentration": [0.1, 10.0, 1000.0],
        "grid": [1, 20, 100],
        "impossible": [False, True],
        "impossible_below": [1e-6, 0.02, 0.5],
    },
    "ranking": {"top": [1, 2]},
    "candidates": {"threshold": [0.01, None, 100.0]},
    "contrastive": {"negatives": [1, 4, 30]},
    "rating": {"levels": [2, 5, 11]},
    "similarity": {"largest": [1.0, None]},
}
#: Answers up to this many are listed to see that they sum to 1.
LISTED = 300
CLOSED = "-ln p and the closed form"
#: Times as many draws where a mean lies beyond 4 standard errors.
AGAIN = 16


def random_point(name: str, generator: np.random.Generator) -> tuple[int, int, dict[str, Any]]:
    """(dims, classes, options) of one point of the grid."""
    dims = int(generator.choice([1, 2, 5, 10, 50]))
    classes = int(generator.choice([2, 3, 10, 200]))
    options: dict[str, Any] = {
        "precision": float(generator.choice([0.01, 0.1, 1.0, 10.0, 100.0])),
        "lapse": float(generator.choice([0.0, 0.0, 0.1, 0.5])),
    }
    for option, values in EXTREMES.get(name, {}).items():
        value = values[generator.integers(len(values))]
        if value is not None:
            options[option] = value
    return dims, classes, options


def draw(signal: Signal, dims: int, classes: int, n: int, seed: int) -> jax.Array:
    """Distances of n questions about new items and prototypes."""
    generator = np.random.default_rng(seed)
    items = jnp.asarray(generator.normal(size=(n, signal.arity, dims)), dtype=jnp.float32)
    if not signal.uses_classes:
        return signal.distances(items)
    c = jnp.asarray(generator.normal(size=(n, classes, dims)), dtype=jnp.float32)
    return compiled_briefly(signal.distances, 0)(items, c)


class Mean:
    """The mean of columns of numbers that come in parts, and its distance from 0."""

    def __init__(self) -> None:
        self.n, self.largest = 0, 0.0
        self.sum: np.ndarray | float = 0.0
        self.square: np.ndarray | float = 0.0

    def add(self, values: np.ndarray, scale: float) -> None:
        """Count `values` (n, ...), made of float32 numbers as large as `scale`."""
        values = np.asarray(values, dtype=np.float64).reshape(len(values), -1)
        self.n, self.largest = self.n + len(values), max(self.largest, scale)
        self.sum, self.square = self.sum + values.sum(0), self.square + (values**2).sum(0)

    def off_zero(self) -> float:
        """How many standard errors the mean of each column lies from 0, the largest; rounding of
        float32 sums of numbers as large as the scale is not counted."""
        if not np.size(self.sum):
            return 0.0
        mean = np.asarray(self.sum) / self.n
        spread = np.sqrt(np.maximum(np.asarray(self.square) / self.n - mean**2, 0))
        error = np.maximum(spread / math.sqrt(self.n), 1 / self.n)
        return float((np.maximum(np.abs(mean) - 3e-6 * self.largest, 0) / error).max())


def failures(
    name: str, dims: int, classes: int, options: dict[str, Any], n: int = 8192, seed: int = 0
) -> list[str]:
    """What does not hold at this point, a line each."""
    signal = signals.make(name, dims, classes, **options)

    def look(key: jax.Array, d2: jax.Array) -> tuple[Any, ...]:
        answer, entropy, controls = signal.sample_with_controls(key, d2)
        closed = signal.entropy(d2)
        return -signal.log_prob(answer, d2), entropy, controls, closed

    looking = compiled_briefly(look, 0)
    means = {"-ln p and the entropy": Mean(), "a control and 0": Mean(), CLOSED: Mean()}
    found: list[str] = []
    beyond: list[str] = []
    d2 = draw(signal, dims, classes, n, seed)
    for again in range(AGAIN):
        if again:
            d2 = draw(signal, dims, classes, n, seed + 1000 * again)
        surprise, entropy, controls, closed = looking(jax.random.key(seed + 1000 * again), d2)
        surprise = np.asarray(surprise, dtype=np.float64)
        scale = max(1.0, float(np.abs(surprise).max()))
        first, second, third = means.values()
        first.add(surprise - np.asarray(entropy, dtype=np.float64), scale)
        second.add(np.asarray(controls), max(1.0, float(np.abs(controls).max(initial=0.0))))
        if closed is not None:
            third.add(surprise - np.asarray(closed, dtype=np.float64), scale)
            if (least := float(np.min(closed))) < 0:
                found.append(f"an entropy of {least:.3g}")
        if not np.isfinite(surprise).all():
            found.append("an answer that was drawn has probability 0")
        # Of several hundred controls one may lie beyond 4.
        limits = 4, 4 + (controls.shape[-1] > 20), 4
        beyond = [
            f"{what} differ by {z:.1f} standard errors"
            for (what, mean), limit in zip(means.items(), limits, strict=True)
            if mean.n and not (z := mean.off_zero()) <= limit
        ]
        if found or (not again and not beyond):
            break
    found += beyond
    # Logarithms of float32 numbers are as large as the parts of a report are many.
    rounding = 3e-5 * max(1.0, options.get("grid", 0) / 20)
    if signal.outcomes(classes) <= LISTED:
        for question in {0, signal.questions(classes) - 1}:
            listed = jnp.asarray(signal.enumerate(classes, question))
            log_p = compiled_briefly(signal.log_prob_all, 0)(d2[:64], listed)
            total = np.exp(np.asarray(log_p, dtype=float)).sum(1)
            if not (gap := float(np.abs(total - 1).max())) < rounding:
                found.append(f"masses sum to 1 but for {gap:.2g}")
    return found


def grid(points: int, seed: int) -> list[tuple[str, int, int, dict[str, Any]]]:
    """`points` random points of each signal."""
    generator = np.random.default_rng(seed)
    return [(name, *random_point(name, generator)) for name in REGISTRY for _ in range(points)]
