"""A measured number with its interval, and the few ways in which intervals are made here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Interval:
    """`value` with a 95 % interval from `low` to `high`, and how it was made."""

    value: float
    low: float
    high: float
    method: str

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        return {
            "value": float(self.value),
            "low": float(self.low),
            "high": float(self.high),
            "method": self.method,
        }


def proportion(successes: float, trials: float, level: float = 0.95) -> Interval:
    """Jeffreys interval of a proportion: Beta(successes + 1/2, failures + 1/2).

    Brown, Cai, DasGupta (2001), Statistical Science 16(2). At 0 or all successes the end is
    closed.
    """
    tail = (1 - level) / 2
    a, b = successes + 0.5, trials - successes + 0.5
    low = 0.0 if successes <= 0 else float(stats.beta.ppf(tail, a, b))
    high = 1.0 if successes >= trials else float(stats.beta.ppf(1 - tail, a, b))
    return Interval(successes / trials, low, high, "Jeffreys")


def bootstrap(
    statistic: Callable[[np.ndarray], float],
    units: int,
    seed: int,
    draws: int = 400,
    level: float = 0.95,
) -> Interval:
    """Percentile interval over resampled units (items or annotators): `statistic(rows)`."""
    value = statistic(np.arange(units))
    rng = np.random.default_rng(seed)
    with np.errstate(invalid="ignore"):
        spread = [statistic(rng.integers(0, units, units)) for _ in range(draws)]
    low, high = np.nanquantile(spread, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(min(low, value)), float(max(high, value)), "bootstrap")


def weighted_mean(sums: np.ndarray, weights: np.ndarray, seed: int) -> Interval:
    """Bootstrap interval of sum(sums) / sum(weights), resampling the units together."""

    def ratio(rows: np.ndarray) -> float:
        total = weights[rows].sum()
        return float(sums[rows].sum() / total) if total else float("nan")

    return bootstrap(ratio, len(sums), seed)
