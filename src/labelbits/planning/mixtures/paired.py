"""Two ways of spending the same money, trained on the same items and tested on the same ones."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from labelbits.learning import Standardiser
from labelbits.learning.curves.engine import Learner, learner_log_proba
from labelbits.learning.curves.points import CROSSED
from labelbits.learning.curves.tally import Tally
from labelbits.learning.fits.softmax import fit_softmax, in_batches
from labelbits.learning.fits.targets import Targets, fast_targets
from labelbits.metrics import metric_of
from labelbits.planning.evidence.trial import Draw, Trial
from labelbits.quantity import Quantity, reach
from labelbits.threads import one_blas_thread, spread

#: Gradients at which a fit stops: a comparison of replicates needs no more.
TOLERANCE = 2e-4
#: Sets of training items (each with one that shares none of them) that tell the luck of a pilot,
#: and the fewest items of one that teach anything.
LUCK_SETS, FEWEST_IN_SET = 20, 10


@dataclass(frozen=True)
class Measured:
    """Quality of each replicate (R,), and of each test item on average (T,), NaN untested."""

    values: np.ndarray
    items: np.ndarray


@dataclass(frozen=True)
class Purchase:
    """A source of answers, the number of items it labels, and the ridge penalty for them."""

    draw: Draw
    items: int
    ridge: float


class Bench:
    """Trains on so many items bought one way, replicate by replicate; equal seeds pair up.

    Fits take a given ridge penalty: two ways are compared at the penalties that their parts were
    measured to need. Another `learner` than the linear one has penalties of its own.
    """

    def __init__(
        self, features: np.ndarray, trial: Trial, metric: str, power: float,
        learner: Learner | None = None,
    ) -> None:  # fmt: skip
        self.features, self.learner = features, learner
        self.x = Standardiser.fit(features, power).transform(features)
        self.trial, self.metric = trial, metric

    def measure(self, draw: Draw, items: int, ridge: float, replicates: int, seed: int) -> Measured:
        """Quality after training on `items` items, tested as the trial tests."""
        trial = self.trial
        folds = self._splits(replicates, seed)
        predicted = self._predict(draw, items, ridge, folds)
        # A fold is too small to tell calibration from chance. Accuracy is counted, fold by fold:
        # the two ways are tested on the same items, whose luck leaves their difference.
        judged = metric_of(self.metric)
        crossed = trial.pool is None and judged.pooled is not None and not judged.counted
        tally = Tally({self.metric: trial.reference}, 1, replicates, len(trial.test), crossed)
        for r, ((_, test, _), log_p) in enumerate(zip(folds, predicted, strict=True)):
            tally.add(0, r, test, log_p)
        tally.finish(0)
        points = tally.points(np.array([items]))[self.metric]
        assert points.item_values is not None
        return Measured(points.values[0], points.item_values[0])

    def _predict(
        self, draw: Draw, items: int, ridge: float,
        folds: list[tuple[np.ndarray, np.ndarray, np.random.SeedSequence]],
    ) -> list[np.ndarray]:  # fmt: skip
        """ln P (K, tested) after training on the first `items` rows of each fold."""
        trial, classes = self.trial, self.trial.reference.shape[1]
        bought = [draw(np.random.default_rng(own), order[:items]) for order, _, own in folds]
        tests = [trial.test[test] for _, test, _ in folds]
        if self.learner is not None:  # it spreads its own work
            return [
                learner_log_proba(self.learner, self.features, batches, rows, classes).T
                for batches, rows in zip(bought, tests, strict=True)
            ]
        sets: list[Targets] = []
        alike: dict[tuple[int, float], list[int]] = {}
        for k, batches in enumerate(bought):
            one = fast_targets(batches, classes)
            assert one is not None
            sets.append(one)
            alike.setdefault((len(one.items), one.lapse), []).append(k)

        def some(batch: tuple[float, list[int]]) -> list[tuple[int, np.ndarray]]:
            lapse, folds = batch
            these = [sets[k] for k in folds]
            fit = fit_softmax(
                np.stack([self.x[one.items] for one in these]),
                np.stack([one.target for one in these])[:, None],
                np.ones((len(these), 1, len(these[0].items))),
                np.full((len(these), 1), ridge),
                lapse=lapse,
                tolerance=TOLERANCE,
            )
            return [
                (k, fit.group(g).log_proba(self.x[tests[k]])[0, 0]) for g, k in enumerate(folds)
            ]

        width = max(self.x.shape[1], 2 * classes)
        batches = [
            (lapse, [same[k] for k in part])
            for (size, lapse), same in alike.items()
            for part in in_batches(len(same), size * width)
        ]
        with one_blas_thread():
            found = dict(pair for result in spread(some, batches) for pair in result)
        return [found[k] for k in range(len(folds))]

    def luck(self, mixture: Purchase, single: Purchase, seed: int) -> float:
        """Variance of the gain between pilots: the luck of the items that a pilot trains on.

        Training sets out of one pilot share its luck, so that their spread does not show it. Two
        without a common item do: half the squared difference of their gains on the same test items,
        less that of sets of the same items whose answers were drawn anew, is what the items make of
        one set's gain. It is measured with as many of the items that would be bought as leave room
        for two sets, and falls with their number as `Metric.luck_fall` says. 0 where too few items
        are left to tell.
        """
        trial, pilot = self.trial, self.trial.trainable
        items = max(mixture.items, single.items)
        part = min(items, len(pilot) // (3 if trial.pool is None else 2))
        if part < FEWEST_IN_SET:
            return 0.0
        splits = []
        for one in np.random.SeedSequence([seed, 79]).spawn(LUCK_SETS):
            order = np.random.default_rng(one).permutation(len(pilot))
            test = np.arange(len(trial.test)) if trial.pool is not None else order[2 * part :]
            for start, own in zip((0, part, 0), one.spawn(3), strict=True):
                splits.append((pilot[order[start : start + part]], test, own))
        quality, values = [], metric_of(self.metric).values
        assert values is not None
        for way in (mixture, single):
            predicted = self._predict(way.draw, way.items * part // items, way.ridge, splits)
            quality.append([
                values(log_p, trial.reference[test], test)
                for log_p, (_, test, _) in zip(predicted, splits, strict=True)
            ])  # fmt: skip
        gains = [a - b for a, b in zip(*quality, strict=True)]
        excess = [
            (_squared_mean(first - other) + _squared_mean(again - other)) / 2
            - _squared_mean(first - again)
            for first, other, again in zip(gains[::3], gains[1::3], gains[2::3], strict=True)
        ]
        fall = (part / len(pilot)) ** metric_of(self.metric).luck_fall
        return max(float(np.mean(excess)) / 2, 0.0) * fall

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


def _squared_mean(x: np.ndarray) -> float:
    """The square of what `x` (n,) has as its mean, without bias."""
    return float(x.mean() ** 2 - x.var(ddof=1) / len(x))


def paired_gain(
    mixture: Measured, single: Measured, sign: int, crossed: bool, luck: float = 0.0
) -> Quantity:
    """Mean gain (better is positive) with its interval, from training sets that pair up.

    The spread of test items, that of training sets and the `luck` of the pilot (`Bench.luck`) add
    up. `crossed`: training sets are those of a cross-validation; items then tell most of it, times
    `CROSSED` because the same luck makes them easy to learn from and to predict.
    """
    difference = sign * (mixture.values - single.values)
    count = len(difference)
    mean = float(difference.mean())
    own = mixture.items - single.items
    own = own[np.isfinite(own)]
    by_item = float(own.var(ddof=1)) / len(own)
    if crossed:
        variance = CROSSED**2 * by_item + luck
    else:
        variance = float(difference.var(ddof=1)) / count + by_item + luck
    # Luck is told by few sets: where it decides, the interval is that of as few observations.
    few = luck > max(0.0, variance - luck) / 2
    freedom = min(count - 1, LUCK_SETS // 2) if few else count - 1
    half = reach(math.sqrt(variance), freedom)
    return Quantity(mean, mean - half, mean + half, "Student t")
