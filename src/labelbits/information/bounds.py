"""Upper bounds on information: what no answer, learner or estimator can exceed."""

from __future__ import annotations

import math

import jax
import numpy as np

from labelbits.interface import About, Signal, World
from labelbits.signals import Ranking, Similarity, Votes


def log2_orderings(points: int, dims: int) -> float:
    """log2 Q(K, D): orders by distance of K fixed points in general position, seen from R^D.

    Q(K, D) = Q(K-1, D) + (K-1) Q(K-1, D-1), Q(1, .) = Q(., 0) = 1 (Good & Tideman 1977). It
    counts what one movable point can see of fixed points; Q^N is no bound for N movable items.
    """
    return _log2(orderings(points, dims))


def orderings(points: int, dims: int) -> int:
    """Q(K, D) of Good & Tideman 1977 as an exact whole number."""
    # Only K - 1 dimensions can matter, and there every order is seen.
    row = [1] * (min(dims, points - 1) + 1)
    for k in range(2, points + 1):
        for d in range(len(row) - 1, 0, -1):
            row[d] += (k - 1) * row[d - 1]
    return row[-1]


def _log2(whole: int) -> float:
    """log2 of a whole number of any size."""
    shift = max(0, whole.bit_length() - 60)
    return math.log2(whole >> shift) + shift


def distance_variance(world: World) -> float:
    """Variance of the squared distance between two independent items of the world."""
    prior = getattr(world, "prior", None)
    if prior == "normal":
        return 8.0 * world.dims
    if prior == "sphere":
        return 4.0 * world.dims
    if prior == "hypercube":
        return 5.6 * world.dims
    key = jax.random.key(0)
    pair = np.asarray(world.sample_items(key, (200_000, 2)), dtype=np.float64)
    d2 = ((pair[:, 0] - pair[:, 1]) ** 2).sum(1)
    # Three standard errors up: a bound from a sample may not fall short of the truth.
    centred = (d2 - d2.mean()) ** 2
    return float(centred.mean() + 3 * centred.std() / math.sqrt(len(d2)))


def answer_bound(signal: Signal, world: World, about: About) -> tuple[float, str]:
    """(bits, name) of the smallest bound on one answer.

    A lapse tells nothing: were it known which answers are lapses, the others would carry at
    most their own bound, so every bound shrinks by 1 - lapse.
    """
    kept = 1 - float(signal.lapse)
    share = "" if kept == 1 else f"{kept:g} x "
    if isinstance(signal, Similarity):
        # Given its variance, a normal input carries most through normal noise.
        signal_to_noise = float(signal.precision) * distance_variance(world)
        return kept * 0.5 * math.log2(1 + signal_to_noise), f"{share}normal channel"
    found = [(signal.log_outcomes(world.classes) / math.log(2), "log2 outcomes")]
    if isinstance(signal, Votes):
        # Each vote lapses on its own, so only the bound of the sequence shrinks.
        sequence = signal.answers_per_item * math.log2(world.classes)
        return min((found[0], (kept * sequence, f"{share}votes x log2 classes")))
    given = about == "items" or world.known_prototypes is not None
    if isinstance(signal, Ranking) and given and signal.confusion is None:
        found.append((log2_orderings(world.classes, world.dims), "log2 Q(K, D) orderings"))
    bits, name = min(found)
    return kept * bits, share + name
