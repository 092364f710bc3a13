"""What better answers are worth in items, read off the measured curves themselves.

Options whose answers are worth exp(s_o) items each read one curve Y of ln u (`links`) at different
places (`worth`). Laid over each other, the measured curves of a pilot tell s:

    y_o(n) = Y(ln n + s_o g(n)),

Y a polynomial in ln n and g(n) how much of what answers are worth at the largest size there is at
n, by the theory of the features. A difference at one size tells little where the curve is flat; its
steep part, at fewer items, tells the more. On data sets with annotators of many kinds the truth is
within .15 to .4 of what is read so, and of the theory within .45 to .6 (docs/validation.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labelbits.learning.forecasts.order import Chains
from labelbits.learning.forecasts.pairs import Paired
from labelbits.learning.forecasts.worth import LEAST_SLOPE, MOST_WORTH

#: Degree of the polynomial Y, and the fewest sizes that it is fitted to.
DEGREE, LEAST_SIZES = 2, 3
#: Roughness of a measured ln u about it: penalties are chosen size by size.
ROUGH = 0.02
#: What answers may be worth before anything is measured: standard deviation of s.
WIDE = 1.0
#: Steps of the fit, and how far one may go.
STEPS, FARTHEST = 12, 0.5


@dataclass(frozen=True)
class Aligned:
    """What answers are worth in ln(items) at the largest size, from the mean of all options:
    `worth` (O,), and its `covariance` (O, O) by the luck of the test items."""

    worth: np.ndarray
    covariance: np.ndarray


def worth_measured(
    pair: Paired, sizes: np.ndarray, share: np.ndarray, chains: Chains, slope: float
) -> Aligned:
    """What all options' answers are worth, measured at `sizes` (U,) of `pair`; `share` (U,) is g.

    More and more answers of one kind (`chains`) are laid over each other. Other options may differ
    in what they can reach, too: their differences of ln u near the largest size count, over the
    `slope` of the curve there.
    """
    worth, covariance = pair.lead @ pair.weight / slope, pair.covariance() / slope**2
    for chain in chains:
        some = list(chain)
        if len(some) < 2:
            continue
        found = aligned(pair.level + pair.lead[some], pair.levels + pair.again[some], sizes, share)
        if found is None:
            continue
        # The mean of the chain stays where it is.
        between = np.eye(len(worth))
        between[np.ix_(some, some)] = 1 / len(some)
        worth, covariance = between @ worth, between @ covariance @ between
        worth[some] += found.worth
        covariance[np.ix_(some, some)] += found.covariance
    return Aligned(worth, covariance)


def aligned(
    lead: np.ndarray, again: np.ndarray, sizes: np.ndarray, share: np.ndarray
) -> Aligned | None:
    """From the measured ln u `lead` (O, U) at `sizes` (U,), rising, and resampled ones `again`
    (O, B, U); `share` (U,) is g. None where the sizes are too few for a curve."""
    count, used = lead.shape
    if used < LEAST_SIZES:
        return None
    resampled = again.transpose(1, 0, 2).reshape(again.shape[1], -1)
    precision = np.linalg.inv(np.cov(resampled.T) + ROUGH**2 * np.eye(count * used))
    x = np.log(sizes / sizes[-1])
    contrasts = _contrasts(count)  # (O, O - 1)
    terms = DEGREE + 1
    curve = np.polyfit(np.tile(x, count), lead.ravel(), DEGREE)
    worth, hessian = np.zeros(count), np.eye(DEGREE + count)
    prior = np.zeros(terms + count - 1)
    prior[terms:] = 1 / WIDE**2
    for _ in range(STEPS):
        place = x + worth[:, None] * share
        slope = np.maximum(np.polyval(np.polyder(curve), place), LEAST_SLOPE) * share
        by_worth = (slope[:, :, None] * contrasts[:, None, :]).reshape(count * used, -1)
        design = np.hstack([np.vander(place.ravel(), terms), by_worth])
        missed = lead.ravel() - np.polyval(curve, place.ravel())
        hessian = design.T @ precision @ design + np.diag(prior)
        along = design.T @ precision @ missed
        along[terms:] -= contrasts.T @ worth / WIDE**2
        step = np.linalg.solve(hessian + 1e-9 * np.eye(len(hessian)), along)
        curve = curve + step[:terms]
        moved = np.clip(contrasts @ step[terms:], -FARTHEST, FARTHEST)
        worth = np.clip(worth + moved, -MOST_WORTH, MOST_WORTH)
    error = np.linalg.inv(hessian)[terms:, terms:]
    return Aligned(worth - worth.mean(), contrasts @ error @ contrasts.T)


def _contrasts(count: int) -> np.ndarray:
    """Orthonormal columns (O, O - 1) that sum to nothing."""
    q, _ = np.linalg.qr(np.column_stack([np.ones(count), np.eye(count)[:, 1:]]))
    return q[:, 1:]
