"""What unlike annotators add to the interval of a figure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from labelbits.interface import LEVEL
from labelbits.quantity import Quantity, reach


@dataclass(frozen=True)
class People:
    """What unlike annotators add to the error of a figure: a variance, told by so many of them."""

    variance: float
    number: int

    @classmethod
    def of(cls, influence: np.ndarray, unit: np.ndarray, who: np.ndarray) -> People:
        """From how far each answer (n,) moves the figure, its unit (item, question) and annotator.

        Answers of one annotator go together, those of one unit too, and both are not independent:
        the variance by two clusters is V(unit) + V(annotator) - V(both) (Cameron, Gelbach and
        Miller 2011, Journal of Business and Economic Statistics 29). This is the last two terms,
        0 where annotators differ by no more than their answers do.
        """
        _, who = np.unique(who, return_inverse=True)
        number = int(who.max(initial=-1)) + 1
        if number < 2:
            return cls(0.0, number)
        _, unit = np.unique(unit, return_inverse=True)
        _, cell = np.unique(unit.astype(np.int64) * number + who, return_inverse=True)
        each, both = np.bincount(who, influence), np.bincount(cell, influence)
        spread = number / (number - 1) * float((each - each.mean()) @ (each - each.mean()))
        return cls(max(0.0, spread - float(both @ both)), number)

    def beside(self, variance: float, freedom: float) -> tuple[float, float]:
        """(variance, degrees of freedom) of the figure, of which units make `variance` with so
        many degrees of freedom (Satterthwaite 1946, Biometrics Bulletin 2)."""
        whole = variance + self.variance
        if self.variance == 0 or whole <= 0:
            return whole, freedom
        parts = (variance / whole) ** 2 / freedom + (self.variance / whole) ** 2 / (self.number - 1)
        return whole, 1 / parts

    def half(self, level: float = LEVEL) -> float:
        """Half the interval that annotators alone would give."""
        return reach(math.sqrt(self.variance), max(self.number - 1, 1), level)


#: Answers below which an annotator tells nothing of their own, and the probability with which
#: people who are alike are said not to be.
ENOUGH, FALSE_ALARM = 10, 0.001


def are_unlike(score: np.ndarray, unit: np.ndarray, who: np.ndarray) -> bool:
    """Do the scores of answers (n,) differ between annotators by more than answers do?

    A chi-square test of the annotators' sums beside the spread of all answers.
    """
    _, who, size = np.unique(who, return_inverse=True, return_counts=True)
    kept = size[who] >= ENOUGH
    _, who = np.unique(who[kept], return_inverse=True)
    number = int(who.max(initial=-1)) + 1
    if number < 2:
        return False
    apart = score[kept] - score[kept].mean()
    _, first, cell = np.unique(
        unit[kept].astype(np.int64) * number + who, return_index=True, return_inverse=True
    )
    both = np.bincount(cell, apart)
    # The spread of all: one person's few mistakes tell no spread of their own.
    spread = np.bincount(who[first]) * float(both @ both) / len(both)
    if not spread.all():
        return False
    chi = float((np.bincount(who, apart) ** 2 / spread).sum())
    return bool(stats.chi2.sf(chi, number - 1) < FALSE_ALARM)


#: Nobody is told apart.
ANYBODY = People(0.0, 0)


def without(who: np.ndarray, partners: np.ndarray) -> np.ndarray:
    """(n,): pairs of all answers over those that are left without the annotator of each, who is in
    `partners` (n,) pairs with each answer. Of two people there is one pair only: what others would
    do cannot be known."""
    _, who = np.unique(who, return_inverse=True)
    left = 1 - np.bincount(who, 2 * partners / partners.sum())
    return 1 / np.maximum(left, 1 / 3)[who]


def also(found: Quantity, half: float) -> Quantity:
    """`found`, of a figure from -1 to 1, with another error that adds `half` to either side."""
    low = found.value - math.hypot(found.value - found.low, half)
    high = found.value + math.hypot(found.high - found.value, half)
    return replace(found, low=max(-1.0, low), high=min(1.0, high))
