"""How long answers take: log-normal fit, implausible times, learning over a session, price."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from labelbits.annotators.unlike import People
from labelbits.interface import LEVEL, Z
from labelbits.quantity import Quantity, reach

#: Nobody reads and answers faster than this, in seconds: such times are left out of the fit,
#: where a slip of the finger would weigh as much as a long thought.
SHORTEST = 0.1
#: Longer than this and longer than `PATIENCE` medians, the annotator was away, in seconds. 300 s
#: is the cut that the figures published with CIFAR-10S use.
LONGEST = 300.0
PATIENCE = 5.0


@dataclass(frozen=True)
class TimeFit:
    """Seconds for one answer: what was kept, its spread, and ln seconds ~ Normal(mu, sigma^2).

    Times that are too long (or not above 0) are dropped everywhere; the `too_short` ones are
    left out of mu, sigma and learning only. `longest` is the limit above which a time was dropped,
    in seconds; `mean_error` the relative standard error of the mean. Intervals and `mean_error`
    count that annotators have paces of their own, and that others would answer next.

    `learning` is the factor on the time for each doubling of an annotator's number of answers so
    far (below 1: they speed up), within annotators (power law of practice).
    """

    answers: int
    dropped: int
    too_short: int
    missing: int
    median: float
    mean: float
    p10: float
    p90: float
    mean_error: float
    longest: float
    mu: Quantity
    sigma: Quantity
    learning: Quantity | None

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON; all in seconds but mu and sigma (ln seconds)."""
        return {
            "answers": self.answers,
            "dropped": self.dropped,
            "too_short": self.too_short,
            "missing": self.missing,
            "median": self.median,
            "mean": self.mean,
            "p10": self.p10,
            "p90": self.p90,
            "mu": self.mu.to_dict(),
            "sigma": self.sigma.to_dict(),
            "learning": None if self.learning is None else self.learning.to_dict(),
        }


def fit_times(
    seconds: np.ndarray, annotator: np.ndarray, longest: float | None = None
) -> TimeFit | None:
    """Fit the times of one signal; None without two plausible ones.

    `seconds` (n,) with NaN for missing, `annotator` (n,) whole numbers; rows are in the order in
    which each annotator answered. `longest` replaces max(300 s, 5 medians).
    """
    there = np.isfinite(seconds)
    if there.sum() < 2:
        return None
    cut = longest or max(LONGEST, PATIENCE * float(np.median(seconds[there])))
    wrong = there & ((seconds > cut) | (seconds <= 0))
    kept = there & ~wrong
    fitted = kept & (seconds >= SHORTEST)
    n = int(fitted.sum())
    if n < 2:
        return None
    times, logs = seconds[kept], np.log(seconds[fitted])
    mu, sigma = float(logs.mean()), float(logs.std(ddof=1))
    half = _half(logs - mu, annotator[fitted])
    mean = float(times.mean())
    # ln s^2 of independent normal values has the variance 2 / (n - 1): so many are they worth.
    apart = (logs - mu) ** 2 - sigma**2
    people = People.of(apart / n, np.arange(n), annotator[fitted]).variance
    freedom = n - 1 if sigma == 0 else 2 / (2 / (n - 1) + people / sigma**4)
    spread = sigma * np.sqrt(freedom / stats.chi2.ppf([(1 + LEVEL) / 2, (1 - LEVEL) / 2], freedom))
    return TimeFit(
        answers=len(times),
        dropped=int(wrong.sum()),
        too_short=int((kept & ~fitted).sum()),
        missing=int((~there).sum()),
        median=float(np.median(times)),
        mean=mean,
        p10=float(np.quantile(times, 0.1)),
        p90=float(np.quantile(times, 0.9)),
        mean_error=_half(times - mean, annotator[kept]) / Z / mean,
        longest=float(cut),
        mu=Quantity(mu, mu - half, mu + half, "Student t", "ln seconds"),
        sigma=Quantity(sigma, float(spread[0]), float(spread[1]), "chi-square", "ln seconds"),
        learning=_learning(logs, annotator, fitted),
    )


def _half(apart: np.ndarray, annotator: np.ndarray) -> float:
    """Half of Student's interval of a mean, from what each answer (n,) departs from it."""
    n = len(apart)
    people = People.of(apart / n, np.arange(n), annotator)
    variance, freedom = people.beside(float(apart @ apart) / (n - 1) / n, n - 1)
    return reach(math.sqrt(variance), freedom)


def _learning(logs: np.ndarray, annotator: np.ndarray, kept: np.ndarray) -> Quantity | None:
    """2^slope of ln seconds on ln(answers so far + 1), within annotators; cluster-robust."""
    order = np.argsort(annotator, kind="stable")
    who = annotator[order]
    starts = np.flatnonzero(np.r_[True, who[1:] != who[:-1]])
    place = np.empty(len(annotator))
    place[order] = np.arange(len(who)) - np.repeat(starts, np.diff(np.r_[starts, len(who)]))
    x, who = np.log(place[kept] + 1), annotator[kept]
    _, who = np.unique(who, return_inverse=True)
    size = np.bincount(who)
    if len(size) < 2 or size.max() < 5:
        return None
    x = x - (np.bincount(who, x) / size)[who]
    y = logs - (np.bincount(who, logs) / size)[who]
    total = float(x @ x)
    if total < 1e-9:
        return None
    slope = float(x @ y) / total
    scores = np.bincount(who, x * (y - slope * x))
    clusters = len(size)
    error = math.sqrt(float(scores @ scores) * clusters / (clusters - 1)) / total
    half = reach(error, clusters - 1)
    value, low, high = (2.0**s for s in (slope, slope - half, slope + half))
    return Quantity(value, low, high, "within annotators, clustered", "times")
