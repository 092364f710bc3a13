"""What was measured in pairs: options tested on the same items share the luck of those items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labelbits.learning.curves.points import CROSSED, CurvePoints
from labelbits.learning.forecasts.extrapolate import LEAST_LEAD, ROUGHNESS, SPAN
from labelbits.learning.forecasts.links import Link
from labelbits.learning.forecasts.one import resampled_curves
from labelbits.metrics import metric_of

#: Factor on the standard error of a measured difference that its test items explain, where it is
#: set against a guide.
LUCK = 3.5


@dataclass(frozen=True)
class Paired:
    """Measured differences of ln u: `lead` (O, U) from the mean of all options at the `used` sizes,
    `again` (O, B, U) of resampled curves; `weight` (U,) sums to 1. `level` (U,) is the mean that
    was taken off, `levels` (B, U) the resampled ones."""

    used: np.ndarray
    lead: np.ndarray
    again: np.ndarray
    weight: np.ndarray
    level: np.ndarray
    levels: np.ndarray

    def covariance(self) -> np.ndarray:
        """Of the weighted differences (O, O)."""
        count = len(self.lead)
        spread = np.cov(self.again @ self.weight)
        rough = ROUGHNESS**2 * float(self.weight @ self.weight)
        return np.atleast_2d(spread) + rough * (np.eye(count) - 1 / count)


def paired(
    points: Sequence[CurvePoints], known: np.ndarray, link: Link, draws: int, seed: int
) -> Paired:
    """What was measured in pairs, on the same resamples of the test items."""
    up = metric_of(points[0].metric).higher
    sizes = points[0].sizes[known].astype(np.float64)
    leads, curves = [], []
    for p in points:
        loss = 1 - p.mean[known] if up else p.mean[known]
        deviation = resampled_curves(p, known, draws, np.random.default_rng(seed), CROSSED)
        leads.append(link.to_log_u(loss))
        curves.append(link.to_log_u(np.maximum(loss + (-1 if up else 1) * deviation, 1e-4)))
    lead, curve = np.stack(leads), np.stack(curves)
    used = (sizes >= sizes[-1] / SPAN) & (lead > LEAST_LEAD).all(0)
    used[-1] = True
    lead, curve = lead[:, used], curve[:, :, used]
    level, levels = lead.mean(0), curve.mean(0)
    lead, curve = lead - level, curve - levels
    covariance = np.mean([np.atleast_2d(np.cov(one.T)) for one in curve], axis=0)
    precision = np.linalg.inv(covariance + ROUGHNESS**2 * np.eye(int(used.sum())))
    return Paired(used, lead, curve, precision.sum(1) / precision.sum(), level, levels)


def differences(
    points: Sequence[CurvePoints],
    known: np.ndarray,
    link: Link,
    shift: np.ndarray,
    draws: int,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Measured differences (O,) of ln u from the mean of all options beyond `shift` (O, S), and
    their standard errors (O,) with `LUCK`."""
    pair = paired(points, known, link, draws, seed)
    beyond = pair.lead - shift[:, pair.used]
    own, error = [], []
    for o in range(len(points)):
        covariance = np.atleast_2d(np.cov(pair.again[o].T))
        covariance = covariance + ROUGHNESS**2 * np.eye(int(pair.used.sum()))
        precision = np.linalg.inv(covariance)
        own.append(beyond[o] @ (precision.sum(1) / precision.sum()))
        error.append(LUCK / np.sqrt(precision.sum()))
    return np.array(own), np.array(error)
