"""The few ways in which intervals of measured numbers are made here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy import stats

from labelbits.annotators.unlike import ANYBODY, People
from labelbits.interface import LEVEL
from labelbits.quantity import Quantity, central

#: Units below which resampling says nothing about the spread.
FEWEST = 8


def proportion(successes: float, trials: float, level: float = LEVEL) -> Quantity:
    """Jeffreys interval of a proportion: Beta(successes + 1/2, failures + 1/2).

    Brown, Cai, DasGupta (2001), Statistical Science 16(2). At 0 or all successes the end is
    closed.
    """
    tail = (1 - level) / 2
    a, b = successes + 0.5, trials - successes + 0.5
    low = 0.0 if successes <= 0 else float(stats.beta.ppf(tail, a, b))
    high = 1.0 if successes >= trials else float(stats.beta.ppf(1 - tail, a, b))
    return Quantity(successes / trials, low, high, "Jeffreys", "share", level=level)


def bootstrap(
    statistic: Callable[[np.ndarray], float],
    units: int,
    seed: int,
    draws: int = 400,
    level: float = LEVEL,
) -> Quantity | None:
    """Percentile interval over resampled units (items or annotators): `statistic(rows)`.

    None with fewer than `FEWEST` units, or where the statistic of resampled units is undefined.
    """
    if units < FEWEST:
        return None
    value = statistic(np.arange(units))
    rng = np.random.default_rng(seed)
    with np.errstate(invalid="ignore"):
        spread = np.array([statistic(rng.integers(0, units, units)) for _ in range(draws)])
    if not np.isfinite(value) or np.isnan(spread).mean() > 0.05:
        return None
    low, high = central(spread, level, skip_undefined=True)
    return Quantity(value, float(min(low, value)), float(max(high, value)), "bootstrap")


def share(
    sums: np.ndarray, weights: np.ndarray, level: float = LEVEL, people: People = ANYBODY
) -> Quantity:
    """Interval of p = sum(sums) / sum(weights), a mean of values in [0, 1] that come in units.

    Values of one unit (item, question, annotator) go together: the variance is that of the units'
    residuals, and Jeffreys' interval is taken at the number of independent answers that has this
    variance, as for clustered surveys (Korn and Graubard 1998, Survey Methodology 24). Where all
    units agree, each counts as one answer: ten right answers about one item prove little. `people`
    adds what unlike annotators make of it: the interval is then that of answers by more people of
    the same kind, and not of these alone.
    """
    total, units = float(weights.sum()), int(np.count_nonzero(weights))
    p = min(1.0, max(0.0, float(sums.sum()) / total))
    effective = float(units)
    residual = sums - p * weights
    if units > 1 and 0 < p < 1 and (square := float(residual @ residual)) > 1e-12:
        variance = units / (units - 1) * square / total**2
        variance, freedom = people.beside(variance, units - 1)
        widened = stats.norm.ppf((1 + level) / 2) / stats.t.ppf((1 + level) / 2, freedom)
        effective = p * (1 - p) / variance * float(widened) ** 2
    found = proportion(p * effective, effective, level)
    told = f"Jeffreys, {units} units" + (f", {people.number} people" if people.number > 1 else "")
    return replace(found, value=p, method=told)


def share_by(
    values: np.ndarray,
    unit: np.ndarray,
    weight: np.ndarray | None = None,
    level: float = LEVEL,
    who: np.ndarray | None = None,
) -> Quantity:
    """`share` of `values` (n,) in [0, 1], each counted `weight` times, by units (n,); `who` (n,)
    gave them, and may be unlike others."""
    weight = np.ones(len(values)) if weight is None else weight
    _, index = np.unique(unit, return_inverse=True)
    people = ANYBODY
    if who is not None:
        total = weight.sum()
        people = People.of(weight * (values - values @ weight / total) / total, index, who)
    return share(np.bincount(index, values * weight), np.bincount(index, weight), level, people)
