"""Bits of all answers to a few questions, from the probabilities of whole patterns of answers.

Given the points answers are independent, so I(A_1..n; Z) = H(pattern) - sum_i E H(A_i | Z).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from labelbits.information.exchangeable import Result
from labelbits.information.sampling import draws_needed, keys, lacks, short
from labelbits.interface import Signal, World
from labelbits.signals.base import traced

#: Patterns up to this many are enumerated; items up to this many are permuted.
ENUMERATE, PERMUTE = 4096, 6
WORLDS = 4096


@eqx.filter_jit
def _enumerated(
    signals: tuple[Signal, ...], d2: tuple[Array, ...], answers: tuple[Array, ...]
) -> tuple[Array, Array]:
    """(P(pattern), sum of entropies in nats) for each of the worlds of `d2` (worlds, n, ...), the
    questions of each signal after those of the one before."""
    patterns, entropy = jnp.zeros((len(d2[0]), 1)), jnp.zeros(len(d2[0]))
    for signal, own, listed in zip(signals, d2, answers, strict=True):
        log_p = signal.log_prob_all(own, listed)
        for i in range(log_p.shape[1]):
            patterns = (patterns[:, :, None] + log_p[:, i, None, :]).reshape(len(patterns), -1)
        entropy += jax.scipy.special.entr(jnp.exp(log_p)).sum((-1, -2))
    return jnp.exp(patterns), entropy


@eqx.filter_jit
def _drawn(signal: Signal, key: PRNGKeyArray, d2: Array) -> tuple[Array, Array]:
    answer, entropy = signal.sample_with_entropy(key, d2)
    return answer, entropy.sum(-1)


def _distances(signal: Signal, world: World, key: PRNGKeyArray, questions: np.ndarray) -> Array:
    item_key, prototype_key = jax.random.split(key)
    items = world.sample_items(item_key, (WORLDS, world.items))
    if not signal.uses_classes:
        return signal.distances(items[:, questions])
    prototypes = world.sample_prototypes(prototype_key, (WORLDS,))
    return signal.distances(items[:, questions], prototypes[:, None])


def enumerated(
    asks: Sequence[tuple[Signal, np.ndarray]],
    world: World,
    standard_error: float,
    seed: int,
    max_samples: int,
) -> Result:
    """All patterns of answers to the questions of one or several signals listed: H(pattern) from
    their mean probabilities over drawn worlds.

    The error is that of the mean over worlds of -sum p ln q - H, q the frequencies of the first
    worlds: to first order what the estimate varies by, and a mean of independent values.
    """
    channels, stream = tuple(traced(signal) for signal, _ in asks), keys(seed)
    answers = tuple(jnp.asarray(signal.enumerate(world.classes)) for signal, _ in asks)
    first = np.zeros(0)
    total = square = np.zeros((2, 1))
    surprise: list[np.ndarray] = []
    error, done, needed = math.inf, 0, WORLDS
    entropies = nats = gap = 0.0
    while done < needed:
        key = next(stream)  # the same points for every signal
        d2 = tuple(_distances(signal, world, key, rows) for signal, rows in asks)
        p, entropy = _enumerated(channels, d2, answers)
        p, entropy = np.asarray(p, dtype=np.float64), np.asarray(entropy, dtype=np.float64)
        if not first.size:
            first = np.log(np.maximum(p.mean(0), 0.5 / WORLDS))
        assert first is not None
        halves = p.reshape(2, len(p) // 2, -1)
        total, square = total + halves.sum(1), square + (halves**2).sum(1)
        entropies += float(entropy.sum())
        surprise.append(-p @ first - entropy)
        done += len(p)
        error = float(np.concatenate(surprise).std(ddof=1) / math.sqrt(done))
        nats = _entropy(total.sum(0), square.sum(0), done)
        gap = nats - sum(_entropy(*half, done / 2) for half in zip(total, square, strict=True)) / 2
        if done >= needed and done < max_samples and error > standard_error:
            needed = min(draws_needed(error, done, standard_error), max_samples)
        if done >= needed and lacks(gap, standard_error):
            needed = min(2 * done, max_samples)
    return Result(nats - entropies / done, error, done, short(gap, max(error, standard_error)))


def _entropy(total: np.ndarray, square: np.ndarray, n: float) -> float:
    """Of the mean of n draws of probabilities, in nats, from their sums and sums of squares; what
    it is too low by is taken away to first order."""
    mean = total / n
    kept = mean > 0
    spread = square[kept] / n - mean[kept] ** 2
    bias = (spread / mean[kept]).sum() / (2 * n)
    return float(-(mean[kept] * np.log(mean[kept])).sum() + bias)


def counted(
    signal: Signal,
    world: World,
    questions: np.ndarray,
    standard_error: float,
    seed: int,
    max_samples: int,
) -> Result:
    """Patterns drawn and counted; patterns that renaming the items turns into each other are
    equally likely, so only the frequencies of such orbits are needed."""
    channel, stream = traced(signal), keys(seed)
    moves = _renamings(signal, world, questions)
    seen: dict[bytes, tuple[int, float]] = {}
    orbit: list[np.ndarray] = []
    size: list[np.ndarray] = []
    entropy: list[np.ndarray] = []
    done, nats, error, needed = 0, math.nan, math.inf, WORLDS
    while done < needed:
        draw, inside = next(stream), next(stream)
        answer, h = _drawn(channel, inside, _distances(signal, world, draw, questions))
        pattern = np.asarray(answer)[..., 0].astype(np.int8)
        rows = [_orbit(row, moves, seen) for row in pattern]
        orbit.append(np.array([r[0] for r in rows]))
        size.append(np.array([r[1] for r in rows]))
        entropy.append(np.asarray(h, dtype=np.float64))
        done += WORLDS
        names, log_size = np.concatenate(orbit), np.concatenate(size)
        _, inverse, counts = np.unique(names, return_inverse=True, return_counts=True)
        value = log_size - np.log(counts / done)[inverse] - np.concatenate(entropy)
        missed = np.count_nonzero(counts == 1) / done
        nats = float(value.mean() + (len(counts) - 1) / (2 * done))
        error = math.hypot(float(value.std() / math.sqrt(done)), missed)
        if done >= needed and done < max_samples and error > standard_error:
            needed = min(draws_needed(error, done, standard_error), max_samples)
    return Result(nats, error, done)


def _renamings(signal: Signal, world: World, questions: np.ndarray) -> list[np.ndarray]:
    """For each renaming of the items that keeps the questions: where each answer goes.

    A question that is asked several times goes to one that is asked as often, answer by answer.
    """
    rows = [tuple(map(int, row)) for row in questions]
    places: dict[tuple[int, ...], list[int]] = {}
    for i, row in enumerate(rows):
        places.setdefault(row, []).append(i)
    flips = signal.name == "triplet"
    moves = []
    for names in itertools.permutations(range(world.items)):
        where, turned = np.zeros(len(rows), dtype=int), np.zeros(len(rows), dtype=int)
        for row, own in places.items():
            image = tuple(names[i] for i in row)
            there = places.get(image, [])
            if len(there) != len(own) and flips:
                # The same triplet with its two candidates swapped: the answer turns round.
                there = places.get((image[0], image[2], image[1]), [])
                turned[own] = 1
            if len(there) != len(own):
                break
            where[own] = there
        else:
            if len(set(where.tolist())) == len(rows):
                moves.append(np.array([where, turned]))
    return moves


def _orbit(
    pattern: np.ndarray, moves: list[np.ndarray], seen: dict[bytes, tuple[int, float]]
) -> tuple[int, float]:
    """(number of the pattern's orbit, ln of its size)."""
    found = seen.get(pattern.tobytes())
    if found is None:
        images = set()
        for where, turned in moves:
            image = np.empty_like(pattern)
            image[where] = pattern ^ turned.astype(np.int8)
            images.add(image.tobytes())
        found = (len(seen), math.log(len(images)))
        for image in images:
            seen[image] = found
    return found
