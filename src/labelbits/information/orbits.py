"""Bits of one answer where exchangeable points make whole orbits of answers equally likely.

I(A; Z) = H(orbit) + E ln(size of the orbit) - E H(A | points), from the orbits of drawn answers.
What the answer and the points explain of each draw's value is regressed out: functions of the
answer whose mean given the points is known (`Signal.sample_with_controls`) and functions of the
points whose mean is known (`controls`). Measured for soft labels at 5 dims and 10 classes, the
spread of a draw falls from 2.2 to 0.1 nats, so that 400 times fewer draws are needed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from labelbits.compilation import compiled_briefly, exact_product
from labelbits.information.controls import KNOTS, ShareControls, coefficients
from labelbits.information.exchangeable import Result
from labelbits.information.sampling import (
    chunk_size,
    draw_distances,
    draws_needed,
    keys,
)
from labelbits.interface import Signal, World
from labelbits.signals.base import is_number, traced

#: Orbits whose sums are held at once; where there are more, their frequencies say nothing yet.
MOST_ORBITS = 200_000
#: Least standard deviation of a control: those that vary less, as how often a class gets a number
#: of parts that is all but impossible, are known to fewer digits than they vary by.
LEAST = 1e-3
#: Fewest draws that the variance of a control rests on.
SUPPORT = 20
#: Draws of one chunk, which stay in a core's cache, and of the first look at up to `FEW` classes.
CHUNK, FIRST, FEW = 2**15, 2**16, 64


@compiled_briefly
def _answers(
    signal: Signal, known: ShareControls | None, slope: Array, key: Array, d2: Array
) -> tuple[Array, Array, Array, Array, Array]:
    """(answers, entropies, controls of the answers, ln pi, all controls combined by `slope`)."""
    answer, entropy, controls = signal.sample_with_controls(key, d2)
    certain = is_number(signal.lapse) and signal.lapse == 0
    if controls.shape[-1] == 0 or not certain:
        # Surprise less its mean given the points has mean 0 too.
        surprise = -signal.log_prob(answer, d2) - entropy
        controls = jnp.concatenate([controls, surprise[:, None]], axis=-1)
    if known is None:
        return answer, entropy, controls, jnp.zeros((len(d2), 0)), exact_product(controls, slope)
    log_pi = signal.log_pi(d2)  # type: ignore[attr-defined]  # class signals have it
    combined = known.combined(log_pi, slope[:KNOTS]) + exact_product(controls, slope[KNOTS:])
    return answer, entropy, controls, log_pi, combined


@dataclass
class _Tally:
    """Sums over the draws: for each orbit its count and the sums of the base value
    b = ln(size) - H(A | points) and of the controls x; over all draws, of squares and products."""

    keys: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    sums: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    gram: np.ndarray | float = 0.0

    def add(self, key: np.ndarray, base: np.ndarray, controls: np.ndarray) -> None:
        """Count in the draws of one chunk."""
        rows = np.concatenate([np.ones((len(base), 1)), base[:, None], controls], axis=1)
        self.gram = self.gram + rows.T @ rows
        key, sums = _by_key(key, rows)
        if len(self.keys):
            key = np.concatenate([self.keys, key])
            key, sums = _by_key(key, np.concatenate([self.sums, sums]))
        self.keys, self.sums = key, sums

    def result(self, least: float = 0.0) -> tuple[float, float, float, np.ndarray]:
        """(nats, standard error, share of the answers in orbits met once, slope of controls)."""
        count = self.sums[:, 0]
        n = count.sum()
        log_share = np.log(count / n)
        # Each draw's value is v = b - ln(share of its orbit); all sums of v follow.
        assert isinstance(self.gram, np.ndarray)
        gram, x = self.gram[2:, 2:] / n, self.gram[0, 2:] / n
        mean = self.gram[0, 1] / n - count @ log_share / n
        cross = self.gram[1, 2:] / n - log_share @ self.sums[:, 2:] / n - mean * x
        square = self.gram[1, 1] - 2 * log_share @ self.sums[:, 1] + count @ log_share**2
        variance = square / n - mean**2
        centred = gram - np.outer(x, x)
        slope = coefficients(centred, cross, least)
        variance = max(variance - 2 * slope @ cross + slope @ centred @ slope, 0.0)
        # What is left shows in orbits met once: the chance of an orbit not met yet is that of
        # one met once (Good-Turing), and a rare orbit can hide at most ln n nats of surprise.
        hidden = np.count_nonzero(count == 1) / n
        nats = mean - slope @ x + _jackknife(count)
        return float(nats), math.sqrt(variance / n), float(hidden), slope


def _by_key(key: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Different keys and the sums of their rows."""
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    return key[first], np.add.reduceat(rows[order], first, axis=0)


def _jackknife(count: np.ndarray) -> float:
    """What the plug-in entropy of these counts falls short by: delete-one jackknife.

    To first order (orbits - 1) / (2 n), as Miller and Madow, but rare orbits are not overrated.
    """
    n = count.sum()
    if n < 2:
        return 0.0
    terms = count * np.log(count)
    left = np.where(count > 1, (count - 1) * np.log(np.maximum(count - 1, 1)), 0.0)
    whole = math.log(n) - terms.sum() / n
    without = math.log(n - 1) - (terms.sum() - terms + left) / (n - 1)
    return float((n - 1) * (whole - count @ without / n))


def orbits(
    signal: Signal, world: World, standard_error: float, seed: int, max_samples: int
) -> Result:
    """I in nats from the orbits of drawn answers, to the standard error if `max_samples` allow.

    The first chunk tells which combination of the controls takes most variance away; all others
    then carry that one combination, whose mean is as known as theirs.
    """
    channel, n = traced(signal), min(CHUNK, chunk_size(signal, world, signal.width(world.classes)))
    known = ShareControls.known(signal, world)
    stream = keys(seed)

    def draw(slope: np.ndarray | None) -> Drawn:
        points, answer_key = next(stream), next(stream)
        d2 = draw_distances(signal, world, points, n)
        given = jnp.zeros(_controls(channel, known, d2)) if slope is None else jnp.asarray(slope)
        answer, entropy, *found = _answers(channel, known, given, answer_key, d2)
        orbit = signal.orbit(np.asarray(answer), world.classes)
        assert orbit is not None
        key, base = one_key(orbit[0]), orbit[1] - np.asarray(entropy, dtype=np.float64)
        if slope is not None:
            return Drawn(key, base, np.asarray(found[2], dtype=np.float64)[:, None])
        controls = np.asarray(found[0], dtype=np.float64)
        if known is not None:
            controls = np.concatenate([known(np.asarray(found[1])), controls], axis=1)
        return Drawn(key, base, controls)

    # Draws about many classes take long: the first look says how many the error asks for.
    look = max(2 * n, int(FIRST * min(1.0, FEW / world.classes)))
    return collected(draw, n, look, standard_error, max_samples)


@dataclass(frozen=True)
class Drawn:
    """Draws of one chunk: their orbits, the values `base` (n,), and the controls (n, controls), or
    the one combination of them that was asked for (n, 1)."""

    key: np.ndarray
    base: np.ndarray
    controls: np.ndarray


def collected(
    draw: Callable[[np.ndarray | None], Drawn],
    n: int,
    look: int,
    standard_error: float,
    max_samples: int,
) -> Result:
    """I in nats from chunks of `n` draws, which are looked at first after `look` draws.

    `draw(slope)` combines the controls by the slope that the first chunk, drawn without, told.
    """
    tally, slope, drawn = _Tally(), None, 0
    check = min(look, max_samples)
    nats, error, hidden = math.nan, math.inf, 0.0
    while drawn < max_samples and len(tally.keys) < MOST_ORBITS:
        found = draw(slope)
        combined = found.controls
        if slope is None:
            pilot = _Tally()
            pilot.add(found.key, found.base, _supported(found.controls))
            slope = pilot.result(LEAST)[3]
            combined = (found.controls @ slope)[:, None]
        tally.add(found.key, found.base, combined)
        drawn += n
        if drawn >= check or drawn >= max_samples or len(tally.keys) >= MOST_ORBITS:
            nats, error, hidden, _ = tally.result()
            error = math.hypot(error, hidden)
            if error <= standard_error:
                break
            check = draws_needed(error, drawn, standard_error)
    warnings = ()
    if hidden > standard_error / 2:
        warnings = (
            f"{hidden:.2g} of the answers lie in orbits met once; the standard error covers this",
        )
    return Result(nats, error, drawn, warnings)


def _supported(controls: np.ndarray) -> np.ndarray:
    """The controls (n, controls), with 0 for those that vary in fewer than `SUPPORT` draws.

    What one draw in a thousand says of a control fits that draw, and makes all later ones worse:
    slopes of thousands took the whole gain away at 1,000 classes. The number of draws that a
    variance rests on is the square of the summed squares over the summed fourth powers.
    """
    square = (controls - controls.mean(0)) ** 2
    support = square.sum(0) ** 2 / np.maximum((square**2).sum(0), 1e-300)
    return np.where(support >= SUPPORT, controls, 0.0)


def _controls(signal: Signal, known: ShareControls | None, d2: Array) -> int:
    """Number of all controls."""
    shapes = eqx.filter_eval_shape(signal.sample_with_controls, jax.random.key(0), d2[:1])
    own = shapes[2].shape[-1]
    certain = is_number(signal.lapse) and signal.lapse == 0
    return own + (own == 0 or not certain) + (0 if known is None else KNOTS)


def one_key(orbit_keys: np.ndarray) -> np.ndarray:
    """Rows of whole numbers as one 64-bit number each."""
    if orbit_keys.shape[1] == 1:
        return orbit_keys[:, 0]
    odd = np.random.default_rng(1).integers(-(2**62), 2**62, orbit_keys.shape[1]) | 1
    return orbit_keys.astype(np.int64) @ odd
