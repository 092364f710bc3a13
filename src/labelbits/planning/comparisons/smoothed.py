"""Agreement from few held-out answers, with less luck than a count of those that were foretold.

Whether an answer is the foretold one depends on how sure the space is of it. A fit says so for
every question, but is too sure of itself by an amount that differs between pilots. One number a
corrects all of it: P(right) = s(a l), where l is the log-odds that the fit gives its choice (over a
guess) and s the logistic function, a by maximum likelihood from the same held-out answers (Platt
1999). The mean of s(a l) is agreement: answers of which the fit was sure tell a, and with it what
to think of the others. It is taken over many other questions, which leaves out the luck of those
that were tested, where both are asked alike. On 37 pilots of 500 to 2,000 answers it erred by 1.4
points (root mean square) against 4,000 other answers, 1.5 over the tested questions, and a count of
the answers by 2.0 (docs/comparisons.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_expit

from labelbits.recovery.held_out import Predictions

#: Corrections of the log-odds that are looked for.
MOST_SURE = 5.0
#: How near to 0 and 1 a probability is taken for what it says.
SURE = 1e-4
#: Standard errors by which tested questions may be harder than others, or easier, by luck.
BY_LUCK = 4.0
#: Standard errors by which a count may differ from what one number a says of the same answers.
FITS = 3.0


@dataclass(frozen=True)
class Smoothed:
    """Agreement and its standard error by questions; `others`: of other questions than those that
    were tested."""

    value: float
    error: float
    others: bool = False


def smoothed(told: Predictions, others: Predictions | None = None) -> Smoothed | None:
    """From answers as they were foretold, and what the same fits say of `others`, whose answers do
    not count. None where some of them were foretold without probabilities, or where no a fits: a
    fit that is sure of what is a coin's throw and right where it is not (Hausman's test, 1978).

    Tested questions that are surely harder or easier than the others were not asked as those are:
    then they stand for themselves.
    """
    if not len(told) or not np.all(np.isfinite(told.most)):
        return None
    odds, guess = _odds(told)

    def lost(a: float) -> float:
        z = a * odds - guess
        return -float(np.sum(told.right * log_expit(z) + (1 - told.right) * log_expit(-z)))

    found: Any = minimize_scalar(lost, bounds=(0.0, MOST_SURE), method="bounded")
    p = expit(found.x * odds - guess)
    slope = odds * p * (1 - p)
    # What one answer does to a.
    by_answer = odds * (told.right - p) / max(float(np.sum(odds * slope)), 1e-12)
    missed = _summed((told.right - p) / len(p) - slope.mean() * by_answer, told.question)
    if abs(np.mean(told.right - p)) > FITS * float(np.sqrt(np.sum(missed**2))) + 1e-3:
        return None
    if others is not None and len(others) and np.all(np.isfinite(others.most)):
        more, guess = _odds(others)
        q = expit(found.x * more - guess)
        by_luck = math.hypot(_error(p, told.question), _error(q, others.question))
        if abs(p.mean() - q.mean()) <= BY_LUCK * by_luck:
            each = np.mean(more * q * (1 - q)) * _summed(by_answer, told.question)
            error = math.hypot(float(np.sqrt(np.sum(each**2))), _error(q, others.question))
            return Smoothed(float(q.mean()), error, others=True)
    # Which questions were tested counts as well.
    each = _summed(slope.mean() * by_answer + (p - p.mean()) / len(p), told.question)
    return Smoothed(float(p.mean()), float(np.sqrt(np.sum(each**2))))


def _odds(told: Predictions) -> tuple[np.ndarray, np.ndarray]:
    """(log-odds of the choice over a guess, those of a guess against)."""
    most = np.clip(told.most, SURE, 1 - SURE)
    guess = np.log(np.maximum(told.outcomes - 1, 1))
    return np.log(most) - np.log1p(-most) + guess, guess


def _summed(values: np.ndarray, question: np.ndarray) -> np.ndarray:
    """Sums by question."""
    _, place = np.unique(question, return_inverse=True)
    return np.bincount(place.reshape(-1), values)


def _error(values: np.ndarray, question: np.ndarray) -> float:
    """Standard error of the mean, by questions."""
    return float(np.sqrt(np.sum(_summed((values - values.mean()) / len(values), question) ** 2)))
