"""Alignment with the true distances, without knowing them: two fits on disjoint halves."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from labelbits.interface import Answers, Z
from labelbits.recovery.held_out.folds import questions_of, take
from labelbits.recovery.held_out.predictions import Learn
from labelbits.recovery.metrics import Score, spearman

#: Resamples of items behind an interval.
BOOTSTRAP = 100
#: Halvings that `recover` and plans take the mean of: by one alone an alignment was .92 where four
#: others said .84 to .88, and .85 was true (900 triplets about 40 items).
HALVED = 4
#: The largest correlation whose z is taken: that of 1 has no end.
ALMOST = 1 - 1e-6


@dataclass(frozen=True)
class Halves:
    """`alignment` of a fit to `answers` answers (a half) with the truth; `correlation` of the two
    halves' distances with each other."""

    alignment: Score
    correlation: float
    answers: int


def alignment_by_halves(
    answers: Answers, learn: Learn, *, splits: int = HALVED, seed: int = 0
) -> Halves:
    """Spearman correlation of a fit's distances with the true ones, estimated without them.

    Where two fits to disjoint halves err independently about the same truth, their distances
    correlate with r = a^2, a the correlation of each with the truth; so a = sqrt(r). All answers to
    a question are in one half. The mean over `splits` random halvings; intervals resample items.
    Bias: what shrinkage and shared features do to both halves counts as truth; measured on
    simulated worlds in docs/comparisons.md. Below 0 the correlation counts as 0.
    """
    question = questions_of(answers)
    found = []
    for number in range(splits):
        side = half_of(question, seed, number)
        first, second = (
            learn(take(answers, np.flatnonzero(side == part))) for part in (True, False)
        )
        spaces = np.asarray(first.embedding_), np.asarray(second.embedding_)
        found.append(spearman(*spaces, bootstrap=BOOTSTRAP, seed=seed))
    r, low, high = np.nanmean([[float(one), one.low, one.high] for one in found], axis=0)
    if len(found) > 1:  # which answers are in which half is luck as well
        each, at, ends = (_stretched(x) for x in ([float(one) for one in found], r, [low, high]))
        luck = Z * float(np.nanstd(each, ddof=1)) / math.sqrt(len(found))
        wide = np.hypot(ends - at, luck)
        low, high = np.tanh(at - wide[0]), np.tanh(at + wide[1])
    return Halves(
        Score(_root(r), _root(low), _root(high)),
        float(r),
        len(answers) // 2,
    )


def half_of(question: np.ndarray, seed: int, number: int) -> np.ndarray:
    """Which answers (n,) to questions (n,) are in the first half of halving `number`; all answers
    to a question are in one half."""
    groups = np.unique(question)
    side = np.zeros(int(groups.max(initial=0)) + 1, dtype=bool)
    generator = np.random.default_rng([seed, 23, number])
    side[generator.permutation(groups)[: len(groups) // 2]] = True
    return side[question]


def _stretched(r: object) -> np.ndarray:
    """Fisher's z of correlations, in which no interval passes 1."""
    return np.arctanh(np.clip(np.asarray(r, dtype=float), -ALMOST, ALMOST))


def _root(r: float) -> float:
    return math.sqrt(r) if r > 0 else 0.0
