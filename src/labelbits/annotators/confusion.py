"""How often answers are right, and what is taken for what: against gold, or else the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from labelbits.annotators.intervals import proportion, share_by
from labelbits.interface import LEVEL
from labelbits.quantity import Quantity

#: Mistakes that tell whether they are about one pair of classes; the share of them that makes a
#: pair worth naming, and how many times the share of an average pair.
FEWEST_MISTAKES, ONE_PAIR, MORE_THAN_EVEN = 20, 0.2, 2.5


@dataclass(frozen=True)
class Confusion:
    """P(answer | true class): `matrix` (K, K), row = true class, with a 90 % interval each.

    `against` is "gold" or "the others' majority"; `counts` are the answers behind it. A row is
    the posterior mean under a Jeffreys prior, so it sums to 1 and no entry is 0.
    """

    classes: tuple[str, ...]
    counts: np.ndarray
    matrix: np.ndarray
    low: np.ndarray
    high: np.ndarray
    accuracy: Quantity
    against: str

    @property
    def pair(self) -> tuple[str, str, Quantity] | None:
        """The two classes that most mistakes are between, and their share of all mistakes; None
        where mistakes are spread about as evenly as noise alone spreads them."""
        k = len(self.classes)
        wrong = self.counts + self.counts.T
        np.fill_diagonal(wrong, 0)
        mistakes = float(wrong.sum() / 2)
        if k < 3 or mistakes < FEWEST_MISTAKES:
            return None
        first, second = np.unravel_index(np.argmax(np.triu(wrong)), wrong.shape)
        found = proportion(float(wrong[first, second]), mistakes)
        if found.low < max(ONE_PAIR, MORE_THAN_EVEN * 2 / (k * (k - 1))):
            return None
        return self.classes[int(first)], self.classes[int(second)], found

    def to_dict(self) -> dict[str, Any]:
        """Plain lists for JSON."""
        pair = self.pair
        return {
            "classes": list(self.classes),
            "confused": None if pair is None else [*pair[:2], pair[2].to_dict()],
            "against": self.against,
            "accuracy": self.accuracy.to_dict(),
            "counts": self.counts.tolist(),
            "matrix": np.round(self.matrix, 6).tolist(),
            "low": np.round(self.low, 6).tolist(),
            "high": np.round(self.high, 6).tolist(),
        }


def majority_of_others(item: np.ndarray, report: np.ndarray) -> np.ndarray:
    """For each row the class that the other rows of its item favour; -1 for none or a tie."""
    favoured = np.full(len(report), -1)
    _, index, rows = np.unique(item, return_inverse=True, return_counts=True)
    several = np.flatnonzero(rows[index] > 1)  # an item's only row has no others
    report, (_, index) = report[several], np.unique(index[several], return_inverse=True)
    good = np.all(np.isfinite(report), axis=1)
    filled = np.where(good[:, None], report, 0.0)
    total = np.zeros((index.max(initial=-1) + 1, report.shape[1]))
    np.add.at(total, index, filled)
    favoured[several] = np.where(good, _favourite(total[index] - filled), -1)
    return favoured


def _favourite(others: np.ndarray) -> np.ndarray:
    """The class with the most of each row (n, K); -1 for none or a tie."""
    if others.shape[1] < 2:
        return np.where(others[:, 0] > 1e-9, 0, -1)
    second, first = np.partition(others, (-2, -1), axis=1)[:, -2:].T
    return np.where(np.greater(first - second, 1e-9), others.argmax(1), -1)


def right_of_counts(
    counts: np.ndarray,
    gold: np.ndarray | None,
    each: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
) -> tuple[Quantity, int] | None:
    """(how often one answer is right, items that tell it) of votes (items, K).

    Right is what `gold` (items,) says, -1 unknown, or without gold the majority of the item's other
    answers; where these tie, or there are none, the answer tells nothing. It is what `confuse` says
    of the same answers one by one: `each` (item, class said, annotator) of them, where they are
    known, tells how unlike annotators are. None where no answer tells.
    """
    item, said = np.nonzero(counts)
    weight, who = counts[item, said], None
    if each is not None:
        item, said, who = each
        weight = np.ones(len(item))
    if gold is None:
        others = counts[item]
        others[np.arange(len(item)), said] -= 1
        truth = _favourite(others)
    else:
        truth = gold[item]
    known = truth >= 0
    if not known.any():
        return None
    item, right = item[known], (said == truth)[known].astype(float)
    who = None if who is None else who[known]
    return share_by(right, item, weight[known], who=who), len(np.unique(item))


def confuse(
    answer: np.ndarray,
    truth: np.ndarray,
    item: np.ndarray,
    classes: Sequence[str],
    against: str,
    weight: np.ndarray | None = None,
    who: np.ndarray | None = None,
) -> Confusion | None:
    """Count answers (n,) against true classes (n,), -1 unknown; None if nothing is known.

    Answers about one item go together in the interval of the accuracy, and so do those of one
    annotator, where `who` (n,) tells them apart. `weight` (n,) counts a row more than once.
    """
    known = np.logical_and(answer >= 0, truth >= 0)
    if not np.any(known):
        return None
    k = len(classes)
    mass = np.ones(len(answer)) if weight is None else weight
    counts = np.bincount(truth[known] * k + answer[known], mass[known], minlength=k * k).reshape(
        k, k
    )
    a = counts + 0.5
    b = a.sum(1, keepdims=True) - a
    right = (answer[known] == truth[known]).astype(float)
    accuracy = share_by(right, item[known], mass[known], who=None if who is None else who[known])
    return Confusion(
        tuple(classes),
        counts,
        a / a.sum(1, keepdims=True),
        stats.beta.ppf((1 - LEVEL) / 2, a, b),
        stats.beta.ppf((1 + LEVEL) / 2, a, b),
        accuracy,
        against,
    )


#: Answers that what all classes have in common counts for beside a class's own.
TYPICAL = 2


def confusion_of_shares(truth: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """P(answer | true class), (K, K), from answers `counts` (items, K) to items whose true class
    has the probabilities `truth` (items, K), for drawing further answers.

    A class that few or no answers are about errs as often as the others do, and for each other
    class alike; `confuse`, which measures, says of such a class that nothing is known.
    """
    classes = counts.shape[1]
    seen = truth.T @ counts
    right = np.trace(seen) / max(seen.sum(), 1e-12)
    typical = np.full((classes, classes), (1 - right) / max(classes - 1, 1))
    np.fill_diagonal(typical, right)
    return (seen + TYPICAL * typical) / (seen.sum(1, keepdims=True) + TYPICAL)
