"""Bits of one answer where exchangeable points make all answers equally likely.

I(A; Z) = H(A) - H(A|Z). H(A) is the logarithm of the number of answers, as for a triplet or a
ranking; H(A|Z) is averaged over drawn points, in closed form where the signal has one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from labelbits.compilation import compiled_briefly
from labelbits.information.sampling import (
    chunk_size,
    draw_distances,
    draws_needed,
    keys,
)
from labelbits.interface import Signal, World
from labelbits.signals.base import traced

#: Answers up to which all are listed to see one.
LISTED = 2048


@dataclass(frozen=True)
class Result:
    """Nats, their standard error, draws used, and what the user should know."""

    nats: float
    standard_error: float
    samples: int
    warnings: tuple[str, ...] = ()


def single_orbit(signal: Signal, classes: int) -> bool | None:
    """Do all answers lie in one orbit? None: the signal has no orbits in such a world."""
    if getattr(signal, "confusion", None) is not None:
        return None  # the matrix tells the classes apart
    # Any answer tells: a list of them is at hand sooner than a program that draws one.
    if signal.outcomes(classes) <= LISTED:
        answer = signal.enumerate(classes)[:1]
    else:
        key = jax.random.key(0)
        rank = (2, classes) if signal.arity == 2 and signal.uses_classes else (classes,)
        d2 = jax.numpy.ones(rank if signal.uses_classes else (len(signal.pairs),))  # type: ignore[attr-defined]
        answer = np.asarray(_sample(traced(signal), key, d2))[None]
    orbit = signal.orbit(answer, classes)
    if orbit is None:
        return None
    return bool(abs(orbit[1][0] - signal.log_outcomes(classes)) < 1e-9)


@compiled_briefly
def _sample(signal: Signal, key: PRNGKeyArray, d2: Array) -> Array:
    return signal.sample(key, d2)


@compiled_briefly
def _entropy(signal: Signal, key: PRNGKeyArray, d2: Array) -> Float[Array, "n"]:
    entropy = signal.entropy(d2)
    return signal.sample_with_entropy(key, d2)[1] if entropy is None else entropy


def one_orbit(
    signal: Signal, world: World, standard_error: float, seed: int, max_samples: int
) -> Result:
    """I = ln(outcomes) - E H(A | points)."""
    channel, n = traced(signal), chunk_size(signal, world, signal.width(world.classes))
    total = square = 0.0
    drawn = 0
    stream = keys(seed)
    error, needed = math.inf, 1
    while drawn < min(needed, max_samples):
        draw, answer = next(stream), next(stream)
        h = np.asarray(_entropy(channel, answer, draw_distances(signal, world, draw, n)))
        h = h.astype(np.float64)
        total, square, drawn = total + h.sum(), square + (h**2).sum(), drawn + n
        mean = total / drawn
        error = math.sqrt(max(square / drawn - mean**2, 0.0) / drawn)
        if drawn >= needed and error > standard_error:
            needed = draws_needed(error, drawn, standard_error)
    return Result(signal.log_outcomes(world.classes) - total / drawn, error, drawn)
