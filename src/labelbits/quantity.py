"""`Quantity`: a number that users are shown, with its interval, its unit and how it was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from labelbits.interface import LEVEL, Z
from labelbits.laws import student_quantile

#: How a number was found: from answers, carried on from them, in made worlds, set by hand, or read.
Found = Literal["measured", "forecast", "simulated", "assumed", "cited"]


def central(
    draws: Any, level: float = LEVEL, axis: int = 0, *, skip_undefined: bool = False
) -> np.ndarray:
    """(low, high) (2, ...): the interval that holds `level` of the draws along `axis`, and leaves
    out as many on either side. Every interval that is made of draws or resamples is this one;
    `skip_undefined` leaves NaN out of account, which else makes both ends NaN."""
    of = np.nanquantile if skip_undefined else np.quantile
    return of(draws, [(1 - level) / 2, (1 + level) / 2], axis=axis)


def reach(standard_error: float, freedom: float, level: float = LEVEL) -> float:
    """Half of Student's interval at `level` of a mean with this standard error, which so many
    degrees of freedom tell."""
    return float(student_quantile((1 + level) / 2, freedom)) * standard_error


@dataclass(frozen=True)
class Quantity:
    """`value` with an interval from `low` to `high` that holds the truth with probability `level`.

    `method` says how the interval was made, `unit` what the three are counted in ("" for numbers
    without one), `found` where they are from.

    Example
    -------
    >>> from labelbits.quantity import Quantity
    >>> gain = Quantity(0.02, -0.01, 0.05, "bootstrap", unit="share")
    >>> gain.is_sign_sure, str(gain)[:5]
    (False, '2.0 %')
    """

    value: float
    low: float
    high: float
    method: str = ""
    unit: str = ""
    found: Found = "measured"
    level: float = LEVEL

    @classmethod
    def of_draws(
        cls, draws: np.ndarray, unit: str = "", found: Found = "forecast", level: float = LEVEL
    ) -> Quantity:
        """Mean of `draws` (B,), with their `central` interval."""
        low, high = central(draws, level)
        return cls(float(draws.mean()), float(low), float(high), "draws", unit, found, level)

    @classmethod
    def of_mean(cls, values: np.ndarray, unit: str = "", found: Found = "measured") -> Quantity:
        """Mean of independent `values` (n,), n of 2 at least, with Student's interval."""
        mean = float(values.mean())
        half = reach(float(values.std(ddof=1) / np.sqrt(len(values))), len(values) - 1)
        return cls(mean, mean - half, mean + half, "Student t", unit, found)

    @classmethod
    def within(
        cls, value: float, standard_error: float, least: float, most: float, unit: str = ""
    ) -> Quantity:
        """`value` with a normal interval, cut where no truth can be (outside `least` to `most`)."""
        half = Z * standard_error
        low, high = max(least, value - half), min(most, value + half)
        return cls(value, low, high, "normal", unit)

    @property
    def is_sign_sure(self) -> bool:
        """Does the interval leave out 0?"""
        return self.low > 0 or self.high < 0

    def __str__(self) -> str:
        value, low, high = (self._written(one) for one in (self.value, self.low, self.high))
        unit = f" {self.unit}" if self.unit not in ("", "share") else ""
        return f"{value}{unit} ({100 * self.level:.0f} % interval {low} to {high}), {self.found}"

    def _written(self, value: float) -> str:
        return f"{100 * value:.1f} %" if self.unit == "share" else f"{value:.3g}"

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        return {
            "value": float(self.value),
            "low": float(self.low),
            "high": float(self.high),
            "method": self.method,
            "unit": self.unit,
            "found": self.found,
            "level": self.level,
        }
