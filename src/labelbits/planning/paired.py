"""Two ways of spending the same money, trained on the same items and tested on the same ones."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from labelbits.learning import Standardiser
from labelbits.learning.metrics import ITEM_METRICS, item_quality, set_quality
from labelbits.learning.points import CROSSED
from labelbits.learning.softmax import fit_softmax
from labelbits.learning.targets import fast_targets
from labelbits.learning.threads import one_blas_thread, spread
from labelbits.planning.result import LEVEL
from labelbits.planning.trial import Draw, Trial

#: Gradients at which a fit stops: a comparison of replicates needs no more.
TOLERANCE = 2e-4


@dataclass(frozen=True)
class Measured:
    """Quality of each replicate (R,), and of each test item on average (T,), NaN untested; None
    for metrics of a whole set."""

    values: np.ndarray
    items: np.ndarray | None


class Bench:
    """Trains on so many items bought one way, replicate by replicate; equal seeds pair up.

    Fits take a given ridge penalty: two ways are compared at the penalties that their parts were
    measured to need.
    """

    def __init__(self, features: np.ndarray, trial: Trial, metric: str, power: float) -> None:
        self.x = Standardiser.fit(features, power).transform(features)
        self.trial, self.metric = trial, metric

    def measure(self, draw: Draw, items: int, ridge: float, replicates: int, seed: int) -> Measured:
        """Quality after training on `items` items, tested as the trial tests."""
        trial, classes = self.trial, self.trial.reference.shape[1]
        folds = self._splits(replicates, seed)

        def one(split: tuple[np.ndarray, np.ndarray, np.random.SeedSequence]) -> np.ndarray:
            order, test, own = split
            batches = draw(np.random.default_rng(own), order[:items])
            targets = fast_targets(batches, classes)
            assert targets is not None
            fit = fit_softmax(
                self.x[targets.items][None],
                targets.target[None, None],
                np.ones((1, 1, len(targets.items))),
                np.array([[ridge]]),
                lapse=targets.lapse,
                tolerance=TOLERANCE,
            )
            return fit.log_proba(self.x[trial.test[test]])[0, 0]

        with one_blas_thread():
            predicted = spread(one, folds)
        total, tested = np.zeros(len(trial.test)), np.zeros(len(trial.test))
        values = []
        for (_, test, _), log_p in zip(folds, predicted, strict=True):
            reference = trial.reference[test]
            if self.metric in ITEM_METRICS:
                quality = item_quality(log_p, reference, self.metric)
                total[test] += quality
                tested[test] += 1
                values.append(float(quality.mean()))
            else:
                values.append(set_quality(np.exp(log_p).T, reference, self.metric))
        items_mean = np.where(tested > 0, total / np.maximum(tested, 1), np.nan)
        return Measured(np.array(values), items_mean if self.metric in ITEM_METRICS else None)

    def _splits(
        self, replicates: int, seed: int
    ) -> list[tuple[np.ndarray, np.ndarray, np.random.SeedSequence]]:
        """(rows in the order of purchase, positions tested, seed of the answers)."""
        trial = self.trial
        seeds = np.random.SeedSequence([seed, 77]).spawn(replicates)
        everything = np.arange(len(trial.test))
        if trial.pool is not None:
            pool = trial.pool
            return [(np.random.default_rng(s).permutation(pool), everything, s) for s in seeds]
        order = np.random.default_rng([seed, 78]).permutation(len(trial.test))
        parts = np.array_split(order, 10)
        result = []
        for r, s in enumerate(seeds):
            test = parts[r % 10]
            rest = np.setdiff1d(everything, test)
            result.append((trial.test[np.random.default_rng(s).permutation(rest)], test, s))
        return result


def paired_gain(
    mixture: Measured, single: Measured, sign: int, crossed: bool
) -> tuple[float, float, float]:
    """Mean gain (better is positive) with its interval, from training sets that pair up.

    Test items' own spread and that of the training sets add up. `crossed`: training sets are those
    of a cross-validation; items then tell both, times `CROSSED`, and metrics of whole sets
    take Nadeau and Bengio's correction of the folds' variance (2003, Machine Learning 52).
    """
    difference = sign * (mixture.values - single.values)
    count = len(difference)
    mean = float(difference.mean())
    folds = float(difference.var(ddof=1))
    by_item = 0.0
    if mixture.items is not None and single.items is not None:
        own = mixture.items - single.items
        own = own[np.isfinite(own)]
        by_item = float(own.var(ddof=1)) / len(own)
    if not crossed:
        variance = folds / count + by_item
    elif by_item:
        variance = CROSSED**2 * by_item
    else:
        variance = folds * (1 / count + 1 / 9)
    reach = float(student.ppf((1 + LEVEL) / 2, count - 1)) * math.sqrt(variance)
    return mean, mean - reach, mean + reach
