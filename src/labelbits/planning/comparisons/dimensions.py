"""Twins in as many dimensions as the pilot leaves possible, weighed by held-out bits.

Few answers show few dimensions, and more of them would show more. So a part of the pilot is fitted
in more dimensions too, and a forecast averages over both, each moved to the quality that its own
fits were measured at. Half of the weight goes by how well fits foretell answers that were held out
(pseudo-BMA+: Yao, Vehtari, Simpson and Gelman 2018, Bayesian Analysis 13). Held-out answers say
what foretells best with so few, and not how many dimensions there are to be learned: so the other
half is shared between the pilot's own dimensions and those in more that are not ruled out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from labelbits.planning.comparisons.held import Held
from labelbits.recovery import SignalEmbedding
from labelbits.recovery.held_out import Fitter, predict
from labelbits.recovery.held_out.predictions import Learn

#: Dimensions that are tried beside the pilot's: so many more.
MORE = (1, 3)
#: Parts of the pilot that are fitted in more dimensions; the features' share there at most.
RICHER, RESIDUAL = 2, 0.5
#: How much better or worse fits in other dimensions are before any were measured (spread about 0).
USUAL = 0.03
#: Weight that held-out answers give, and standard errors of held-out bits that rule dimensions out.
BY_ANSWERS, RULED_OUT = 0.5, 2.0
#: Resamples behind the weights; weights below which no twin is drawn.
RESAMPLES, LEAST_WEIGHT = 400, 0.05


@dataclass(frozen=True)
class Richness:
    """One number of dimensions: its `weight`, and by how much its fits were measured to be better
    than those in the pilot's own dimensions (`shift`, standard error `error`)."""

    weight: float = 1.0
    shift: float = 0.0
    error: float = 0.0


#: The pilot's own dimensions alone.
OWN = (Richness(),)


def richer(held: Held, rows: np.ndarray, learn: Learn, number: int) -> tuple[SignalEmbedding, ...]:
    """Fits of part `number` in more dimensions: twins are drawn from the linear learner's."""
    if number >= RICHER or not isinstance(learn, Fitter) or learn.dims == "auto":
        return ()
    options: dict[str, Any] = dict(learn.options)
    if "residual_scale" in options:  # more answers show more of what features do not
        options["residual_scale"] = max(options["residual_scale"], RESIDUAL)
    every = sorted({min(learn.dims + more, held.items - 1) for more in MORE} - {learn.dims})
    return tuple(
        replace(learn, dims=dims, options=options)(held.part(rows))
        for dims in every
        if dims > learn.dims
    )


def weighed(
    held: Held, tested: Sequence[tuple[Any, tuple[Any, ...], np.ndarray]], total: int, seed: int
) -> tuple[Richness, ...]:
    """The pilot's own dimensions, then more of them.

    `tested` are (space, richer spaces, rows that neither was fitted to); `total` is the number of
    answers that held-out bits speak for.
    """
    many = max((len(more) for _, more, _ in tested), default=0)
    used = [one for one in tested if many and len(one[1]) == many and len(one[2])]
    if not used:
        return OWN
    bits, right = [], []
    for own, more, rows in used:
        told = [predict(space, held.part(rows), held.question[rows]) for space in (own, *more)]
        bits.append([np.where(np.isfinite(t.bits), t.bits, -np.log2(t.outcomes)) for t in told])
        right.append([t.right for t in told])
    weights = weights_of(np.concatenate(bits, axis=1), total, seed)
    weights = with_others(weights, np.concatenate(bits, axis=1))
    gains = np.concatenate(right, axis=1)
    gains = gains - gains[0]
    errors = gains.std(1) / np.sqrt(gains.shape[1])
    shifts = [moved(g, e) for g, e in zip(gains.mean(1)[1:], errors[1:], strict=True)]
    return tuple(
        Richness(float(w), *shift) for w, shift in zip(weights, [(0.0, 0.0), *shifts], strict=True)
    )


def with_others(weights: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """The weights (models,) for `BY_ANSWERS` of all; half of the rest is the first model's, and
    half is shared among the others whose log2 p (models, answers) is not surely below its."""
    lost = bits[0] - bits[1:]
    error = lost.std(1) / np.sqrt(lost.shape[1])
    possible = np.flatnonzero(lost.mean(1) <= RULED_OUT * error) + 1
    if not len(possible):
        return weights
    mixed = BY_ANSWERS * weights
    mixed[0] += (1 - BY_ANSWERS) / 2
    mixed[possible] += (1 - BY_ANSWERS) / 2 / len(possible)
    return mixed


def moved(gain: float, error: float) -> tuple[float, float]:
    """(shift, its standard error) from what was measured on few answers, about 0 within `USUAL`."""
    part = USUAL**2 / (USUAL**2 + error**2)
    return float(part * gain), float(math.sqrt(part) * error)


def weights_of(bits: np.ndarray, total: int, seed: int) -> np.ndarray:
    """Weights (models,), sum 1, from log2 p of held-out answers (models, answers), taken for those
    of `total` answers: exp of the log likelihood, averaged over Bayesian resamples of answers."""
    generator = np.random.default_rng([seed, 37])
    shares = generator.dirichlet(np.ones(bits.shape[1]), RESAMPLES)
    likely = total * np.log(2) * shares @ bits.T
    odds = np.exp(likely - likely.max(1, keepdims=True))
    found = (odds / odds.sum(1, keepdims=True)).mean(0)
    found[found < LEAST_WEIGHT] = 0
    return found / found.sum()
