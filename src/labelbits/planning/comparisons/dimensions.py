"""Twins in as many dimensions as the pilot leaves possible.

Few answers show few dimensions, and more of them would show more. So a part of the pilot is fitted
in more dimensions too, and a forecast averages over both, each moved to the quality that its own
fits were measured at. Held-out answers rule out dimensions that are surely worse; among the rest
they say what foretells best with so few answers, and not how many dimensions there are to be
learned: half of the weight is for the pilot's own, half for more of them. (Weights by held-out
likelihood, pseudo-BMA+, went from .04 to 1 between pilots of one set.)
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
#: Weight of more dimensions, and standard errors of held-out bits that rule them out.
OTHERS, RULED_OUT = 0.5, 2.0


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
    held: Held, tested: Sequence[tuple[Any, tuple[Any, ...], np.ndarray]]
) -> tuple[Richness, ...]:
    """The pilot's own dimensions, then more of them.

    `tested` are (space, richer spaces, rows that neither was fitted to).
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
    weights = weights_of(np.concatenate(bits, axis=1))
    gains = np.concatenate(right, axis=1)
    gains = gains - gains[0]
    errors = gains.std(1) / np.sqrt(gains.shape[1])
    shifts = [moved(g, e) for g, e in zip(gains.mean(1)[1:], errors[1:], strict=True)]
    return tuple(
        Richness(float(w), *shift) for w, shift in zip(weights, [(0.0, 0.0), *shifts], strict=True)
    )


def weights_of(bits: np.ndarray) -> np.ndarray:
    """Weights (models,), sum 1, from log2 p of held-out answers (models, answers): `OTHERS` of all
    is shared among the models after the first that are not surely worse than it."""
    lost = bits[0] - bits[1:]
    error = lost.std(1) / np.sqrt(lost.shape[1])
    possible = np.flatnonzero(lost.mean(1) <= RULED_OUT * error) + 1
    weights = np.zeros(len(bits))
    weights[possible] = OTHERS / max(len(possible), 1)
    weights[0] = 1 - weights[1:].sum()
    return weights


def moved(gain: float, error: float) -> tuple[float, float]:
    """(shift, its standard error) from what was measured on few answers, about 0 within `USUAL`."""
    part = USUAL**2 / (USUAL**2 + error**2)
    return float(part * gain), float(math.sqrt(part) * error)
