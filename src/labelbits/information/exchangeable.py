"""Bits of one answer where exchangeable points make whole orbits of answers equally likely.

I(A; Z) = H(A) - H(A|Z). H(A|Z) is averaged over drawn points, in closed form where the signal
has one. H(A) = H(orbit) + E ln(size of the orbit) needs only the frequencies of the orbits, and
nothing at all when every answer lies in one orbit, as for a hard label or a triplet.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from labelbits.information.sampling import chunk_size, draw_distances, keys, traced
from labelbits.interface import Signal, World


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
    key = jax.random.key(0)
    rank = (2, classes) if signal.arity == 2 and signal.uses_classes else (classes,)
    d2 = jax.numpy.ones(rank if signal.uses_classes else (len(signal.pairs),))  # type: ignore[attr-defined]
    answer = np.asarray(_sample(traced(signal), key, d2))[None]
    orbit = signal.orbit(answer, classes)
    if orbit is None:
        return None
    return bool(abs(orbit[1][0] - signal.log_outcomes(classes)) < 1e-9)


@eqx.filter_jit
def _sample(signal: Signal, key: PRNGKeyArray, d2: Array) -> Array:
    return signal.sample(key, d2)


@eqx.filter_jit
def _entropy(signal: Signal, key: PRNGKeyArray, d2: Array) -> Float[Array, "n"]:
    entropy = signal.entropy(d2)
    return signal.sample_with_entropy(key, d2)[1] if entropy is None else entropy


@eqx.filter_jit
def _answers(signal: Signal, key: PRNGKeyArray, d2: Array) -> tuple[Array, Array, Array]:
    answer, entropy = signal.sample_with_entropy(key, d2)
    # Surprise less its mean given the points: known mean 0, so it can only take variance away.
    return answer, entropy, -signal.log_prob(answer, d2) - entropy


def one_orbit(
    signal: Signal, world: World, standard_error: float, seed: int, max_samples: int
) -> Result:
    """I = ln(outcomes) - E H(A | points)."""
    channel, n = traced(signal), chunk_size(signal, world, signal.width(world.classes))
    total = square = 0.0
    drawn = 0
    stream = keys(seed)
    error = math.inf
    while error > standard_error and drawn < max_samples:
        draw, answer = next(stream), next(stream)
        h = np.asarray(_entropy(channel, answer, draw_distances(signal, world, draw, n)))
        h = h.astype(np.float64)
        total, square, drawn = total + h.sum(), square + (h**2).sum(), drawn + n
        mean = total / drawn
        error = math.sqrt(max(square / drawn - mean**2, 0.0) / drawn)
    return Result(signal.log_outcomes(world.classes) - total / drawn, error, drawn)


@dataclass
class _Tally:
    """Draws so far: which orbit, ln of its size, entropy given the points, surprise."""

    orbit: list[np.ndarray] = field(default_factory=list)
    log_size: list[np.ndarray] = field(default_factory=list)
    entropy: list[np.ndarray] = field(default_factory=list)
    surprise: list[np.ndarray] = field(default_factory=list)

    def result(self) -> tuple[float, float, float]:
        """(nats, standard error, bias that remains in the entropy of the orbits)."""
        orbit, log_size = np.concatenate(self.orbit), np.concatenate(self.log_size)
        entropy, surprise = np.concatenate(self.entropy), np.concatenate(self.surprise)
        n = len(orbit)
        _, inverse, counts = np.unique(orbit, return_inverse=True, return_counts=True)
        value = log_size - np.log(counts / n)[inverse.reshape(-1)] - entropy
        if np.ptp(surprise):
            # Regress the control variate out; its mean is known to be 0.
            slope = np.cov(value, surprise)[0, 1] / surprise.var()
            value = value - slope * surprise
        # Miller-Madow: the plug-in entropy of the orbits is low by (orbits - 1) / (2 n).
        bias = (len(counts) - 1) / (2 * n)
        # What is left shows in orbits met once: the chance of an orbit not met yet is that of
        # one met once (Good-Turing), and a rare orbit can hide at most ln n nats of surprise.
        hidden = np.count_nonzero(counts == 1) / n
        return float(value.mean() + bias), float(value.std() / math.sqrt(n)), hidden


def orbits(
    signal: Signal, world: World, standard_error: float, seed: int, max_samples: int
) -> Result:
    """I = H(orbit) + E ln(size) - E H(A | points), from the orbits of drawn answers."""
    channel, n = traced(signal), chunk_size(signal, world, signal.width(world.classes))
    tally, drawn, stream = _Tally(), 0, keys(seed)
    check = n
    nats, error, hidden = math.nan, math.inf, 0.0
    while drawn < max_samples:
        draw, answer_key = next(stream), next(stream)
        d2 = draw_distances(signal, world, draw, n)
        answer, entropy, surprise = _answers(channel, answer_key, d2)
        found = signal.orbit(np.asarray(answer), world.classes)
        assert found is not None
        tally.orbit.append(_one_key(found[0]))
        tally.log_size.append(found[1])
        tally.entropy.append(np.asarray(entropy, dtype=np.float64))
        tally.surprise.append(np.asarray(surprise, dtype=np.float64))
        drawn += n
        if drawn >= check or drawn >= max_samples:
            nats, error, hidden = tally.result()
            error = math.hypot(error, hidden)
            if error <= standard_error:
                break
            # Draw what the error asks for, but look again before four times as many are drawn.
            check = drawn * min(4.0, max(1.1, (error / standard_error) ** 2))
    warnings = ()
    if hidden > standard_error / 2:
        warnings = (
            f"{hidden:.2g} of the answers lie in orbits met once; the standard error covers this",
        )
    return Result(nats, error, drawn, warnings)


def _one_key(orbit_keys: np.ndarray) -> np.ndarray:
    """Rows of whole numbers as one 64-bit number each."""
    if orbit_keys.shape[1] == 1:
        return orbit_keys[:, 0]
    odd = np.random.default_rng(1).integers(-(2**62), 2**62, orbit_keys.shape[1]) | 1
    return orbit_keys.astype(np.int64) @ odd
