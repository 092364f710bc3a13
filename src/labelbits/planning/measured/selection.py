"""What passed a test is corrected for having passed it.

A pilot is planned from only where its features beat the class frequencies by `CLEARLY` standard
errors (`diagnose`). Of features that tell little, the lucky half passes. With z the measured gain
in standard errors and g the true one,

    p(g | z, passed) ~ phi(z - g) / (1 - Phi(CLEARLY - g)),   g >= 0 alike beforehand,

and every gain over the constant answer is multiplied by E[g] / z (a selection model; Hedges 1984,
Journal of Educational Statistics 9). Far beyond the test that is 1.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.stats import norm

from labelbits.learning.diagnose import CLEARLY, Diagnosis
from labelbits.planning.result import Assumption, Curve

#: Corrections smaller than this are none.
LEAST = 0.01


def kept_of_gain(found: Diagnosis) -> float:
    """Part of the measured gain over the constant that is expected to be there."""
    if not found.gain_error > 0 or not np.isfinite(found.gain):
        return 1.0
    z = found.gain / found.gain_error
    if z <= CLEARLY:
        return 1.0
    true = np.linspace(0.0, z + 6.0, 2001)
    weight = norm.pdf(z - true) / norm.sf(CLEARLY - true)
    return min(float(true @ weight / weight.sum() / z), 1.0)


def corrected(curves: list[Curve], kept: float, *, sign: int) -> list[Curve]:
    """The curves with `kept` of their expected gain over the constant; what is unsure stays so.
    `sign` is +1 where more quality is better, else -1."""
    if kept > 1 - LEAST:
        return curves
    found = []
    for curve in curves:
        if curve.constant is None:
            found.append(curve)
            continue
        gain = curve.draws.mean(0) - curve.constant.mean()
        moved = np.where(sign * gain > 0, (1 - kept) * gain, 0.0)
        found.append(replace(curve, draws=curve.draws - moved))
    return found


def said_of_selection(found: Diagnosis, kept: float) -> Assumption | None:
    """What the plan assumes of it; None where nothing was corrected."""
    if kept > 1 - LEAST:
        return None
    return Assumption(
        "gain over the constant answer",
        round(kept, 2),
        "of what was measured",
        f"the features beat the class frequencies by {found.gain / found.gain_error:.1f} standard "
        f"errors, and pilots with less than {CLEARLY:g} are refused: those that pass are the "
        "lucky ones of weak features",
    )
