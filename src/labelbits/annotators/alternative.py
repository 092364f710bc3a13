"""The alternative annotator test: may a model answer instead of people? Arrays only.

Calderon, Reichart, Dror (2025), ACL, arXiv 2501.10970. Person j is left out and scored against the
other people on item i, S_ij(person), and so is the model against the same others, S_ij(model).

    model_ij  = 1[S_ij(model) >= S_ij(person)]        person_ij = 1[S_ij(person) >= S_ij(model)]
    rho_j     = mean_i model_ij, rho = mean_j rho_j   (advantage probability)
    d_ij      = person_ij - model_ij
    H0 of j   : mean d_ij >= epsilon                  (one-sided t test of d_j against epsilon)
    omega     = share of people whose H0 falls        (Benjamini-Yekutieli at q = 0.05)

The model may label if omega >= 1/2. What the paper leaves open is settled here:
- where all d_ij of a person are equal, t has no variance and p is exact: (1 - epsilon)^n for ties
  only, ((1 - epsilon) / 2)^n where the model was always the better one;
- the same test of -d_ij against -epsilon says that a model falls short: "no" needs more than half
  of the people to be better by more than epsilon. What is neither is "open".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

Verdict = Literal["yes", "no", "open"]
#: False discovery rate, and the probability with which more items are to settle it.
FDR, POWER = 0.05, 0.8
#: Items are counted up to this many times those there are.
MOST_TIMES = 1_000.0


@dataclass(frozen=True)
class Outcome:
    """`p` and `beaten` (people,), the winning rate omega, and the verdict.

    `times`: how many times these items would settle an open verdict with a probability of 80 % if
    differences stay as they are; 1 where it is settled, None where `MOST_TIMES` would not.
    `passes_from`: the smallest epsilon with the verdict "yes".
    """

    p: np.ndarray
    beaten: np.ndarray
    winning_rate: float
    verdict: Verdict
    times: float | None
    passes_from: float


def alternative_annotator_test(differences: Sequence[np.ndarray], epsilon: float) -> Outcome:
    """Test d_ij in {-1, 0, 1}, one array (items,) a person, of two items or more."""
    people = _Differences(
        np.array([len(d) for d in differences], dtype=float),
        np.array([np.mean(d) for d in differences]),
        np.array([np.std(d, ddof=1) for d in differences]),
    )
    p = people.p_values(epsilon)
    beaten = benjamini_yekutieli(p)
    verdict = people.verdict(epsilon)
    low, high = -1.0, 1.0
    while high - low > 1e-3:
        middle = (low + high) / 2
        passes = people.passes(middle)
        low, high = (low, middle) if passes else (middle, high)
    times = 1.0 if verdict != "open" else _times(people, epsilon)
    return Outcome(p, beaten, float(beaten.mean()), verdict, times, high)


@dataclass(frozen=True)
class _Differences:
    """Items, mean and standard deviation of d of each person, (people,) each."""

    items: np.ndarray
    mean: np.ndarray
    spread: np.ndarray

    def p_values(self, epsilon: float, times: float = 1.0, shift: float = 0.0) -> np.ndarray:
        """One-sided p of mean d < epsilon, with `times` as many items and `shift` added to t."""
        n = self.items * times
        varied = self.spread > 1e-12
        t = (self.mean - epsilon) / np.where(varied, self.spread, 1.0) * np.sqrt(n) + shift
        each = np.where(self.mean < 0, (1 - epsilon) / 2, 1 - epsilon)
        exact = np.where(self.mean < epsilon, np.clip(each, 0.0, 1.0) ** n, 1.0)
        return np.where(varied, special.stdtr(n - 1, t), exact)

    def passes(self, epsilon: float, times: float = 1.0, shift: float = 0.0) -> bool:
        """Is the winning rate at least one half?"""
        return bool(benjamini_yekutieli(self.p_values(epsilon, times, shift)).mean() >= 0.5)

    def verdict(self, epsilon: float, times: float = 1.0, shift: float = 0.0) -> Verdict:
        if self.passes(epsilon, times, shift):
            return "yes"
        other = _Differences(self.items, -self.mean, self.spread)
        lost = benjamini_yekutieli(other.p_values(-epsilon, times, shift))
        return "no" if lost.mean() > 0.5 else "open"


def benjamini_yekutieli(p: np.ndarray, q: float = FDR) -> np.ndarray:
    """(people,) whose null hypothesis falls, at false discovery rate q under any dependence.

    The k smallest p fall for the largest k with p_(k) <= k q / (m sum_1^m 1/i) (2001, Annals of
    Statistics 29).
    """
    m = len(p)
    order = np.argsort(p, kind="stable")
    limits = np.arange(1, m + 1) * q / (m * np.sum(1 / np.arange(1, m + 1)))
    under = np.flatnonzero(p[order] <= limits)
    fallen = np.zeros(m, dtype=bool)
    if len(under):
        fallen[order[: under[-1] + 1]] = True
    return fallen


def _times(people: _Differences, epsilon: float) -> float | None:
    """How many times the items there are: each t has to pass its limit by the power's quantile."""
    shift = float(special.ndtri(POWER))

    def settled(times: float) -> bool:
        return people.verdict(epsilon, times, shift) != "open"

    high = 1.0
    while not settled(high):
        high *= 2
        if high > MOST_TIMES:
            return None
    low = high / 2
    while high / low > 1.01:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if settled(middle) else (middle, high)
    return max(1.0, high)
