"""The fits behind a learning curve: nested training sets, batched where the signals allow."""

from __future__ import annotations

import copy
import functools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from labelbits.errors import InputError
from labelbits.interface import Batch
from labelbits.learning.curves.likelihood_engine import LikelihoodEngine
from labelbits.learning.curves.points import CurvePoints
from labelbits.learning.curves.tally import Tally
from labelbits.learning.curves.training_sets import Answers, Draw, Split, TrainingSets
from labelbits.learning.fits.regularisation import (
    POWERS,
    RIDGES,
    best_ridge,
    cross_validate,
    search_ridges,
)
from labelbits.learning.fits.softmax import fit_softmax, in_batches
from labelbits.learning.theory import infer_theory
from labelbits.metrics import metric_of
from labelbits.standardise import check_features, standardised
from labelbits.threads import spread

Progress = Callable[[float], None]
#: Class probabilities (T, K) of the test items, or one such array for each metric.
Reference = np.ndarray | Mapping[str, np.ndarray]
#: Training sets of one size whose cross-validated losses are averaged to choose its penalty.
VOTERS = 3
#: As many more of them as hold this many items: the choice is noisy where items are few.
VOTED = 300


class Learner(Protocol):
    """What a user's own learner must offer to be measured."""

    def fit(self, features: np.ndarray, batches: Sequence[Batch], /) -> Any: ...

    def predict_proba(self, features: np.ndarray, /) -> np.ndarray: ...


def replicates_at(size: int, replicates: int, least: int = 3) -> int:
    """How many replicates a size gets: all up to 1,000 items, then in proportion fewer.

    Large training sets differ less from each other and cost more.
    """
    return min(replicates, max(least, round(replicates * 1000 / max(size, 1000))))


def measure_splits(
    features: np.ndarray,
    draw: Draw,
    sizes: Sequence[int],
    splits: list[Split],
    test_rows: np.ndarray,
    reference: Reference,
    metrics: Sequence[str],
    progress: Progress | None,
    budget_seconds: float | None,
    learner: Learner | None,
    whole: int = 1,
    power: float | None = None,
) -> dict[str, CurvePoints]:
    began = time.monotonic()
    features = check_features(features)
    metrics = tuple(metric_of(name).name for name in metrics)
    ordered = _check_sizes(sizes, min(len(s.order) for s in splits))
    references = _references(reference, metrics, len(test_rows))
    answers = Answers(draw, splits, next(iter(references.values())).shape[1])
    tally = Tally(references, len(ordered), len(splits), len(test_rows), crossed=whole > 1)
    counts = [-(-replicates_at(n, len(splits), max(3, whole)) // whole) * whole for n in ordered]
    fast = learner is None and answers.is_fast
    ridges = np.full(len(ordered), np.nan)
    work = np.cumsum([n * c for n, c in zip(ordered, counts, strict=True)]) / np.dot(
        ordered, counts
    )
    engine = None
    if learner is None:
        kind = _FastEngine if fast else LikelihoodEngine
        engine = kind(features, TrainingSets(answers, ordered, counts), power)
    used = float("nan") if engine is None else engine.power
    for i, (size, count) in enumerate(zip(ordered, counts, strict=True)):
        late = budget_seconds is not None and time.monotonic() - began > budget_seconds * work[i]
        done = min(count, max(2, whole)) if late else count
        if engine is not None:
            if isinstance(engine, _FastEngine):
                ridges[i] = engine.choose_ridge(i)
            predictions = engine.predict(i, done, test_rows)
        else:
            assert learner is not None
            predictions = _slow(features, answers, splits, size, done, test_rows, learner)
        for r, log_p in predictions:
            tally.add(i, r, splits[r].test, log_p)
        tally.finish(i)
        if progress is not None:
            progress(float(work[i]))
    seconds = time.monotonic() - began
    pool = min(len(s.order) for s in splits)
    result = {}
    for metric, points in tally.points(np.array(ordered)).items():
        theory, floor = None, 0.0
        judged = metric_of(metric)
        if judged.floor is not None:
            floor = judged.floor.of_shares(references[metric])
        if learner is None and judged.shape is not None and judged.shape.loss_of_lead:
            whole_reference = references[metric]
            purity = answers.purity(test_rows, whole_reference) if fast else 1.0
            theory = infer_theory(features, test_rows, whole_reference, purity=purity)
        result[metric] = replace(
            points, ridges=ridges, power=used, seconds=seconds, pool=pool, crossed=whole > 1,
            theory=theory, floor=floor,
        )  # fmt: skip
    return result


def _references(reference: Reference, metrics: Sequence[str], tests: int) -> dict[str, np.ndarray]:
    """The reference of every metric, checked."""
    given = reference if isinstance(reference, Mapping) else dict.fromkeys(metrics, reference)
    result = {}
    for metric in metrics:
        if metric not in given:
            raise InputError(f"no reference for {metric}; expected one array for each metric")
        array = np.asarray(given[metric], dtype=np.float64)
        if array.ndim != 2 or len(array) != tests or not np.isfinite(array).all():
            raise InputError(
                f"reference has shape {array.shape}; expected finite {tests} test rows x classes"
            )
        result[metric] = array
    if not result:
        raise InputError("no metrics; expected at least one")
    return result


def _check_sizes(sizes: Sequence[int], available: int) -> list[int]:
    ordered = sorted({int(s) for s in sizes})
    if not ordered or ordered[0] < 2:
        raise InputError(f"sizes are {list(sizes)}; expected whole numbers of at least 2")
    if ordered[-1] > available:
        raise InputError(
            f"size {ordered[-1]} is asked but only {available} items can be trained on; "
            "expected sizes up to that (forecast reaches further)"
        )
    return ordered


class _FastEngine:
    """Batched softmax fits of all replicates of one size; penalty chosen once a size."""

    def __init__(
        self, features: np.ndarray, sets: TrainingSets, power: float | None = None
    ) -> None:
        self.sets = sets
        self.ridge = np.full(len(sets.sizes), np.nan)
        middle = sets.middle
        best = np.inf
        for one in POWERS if power is None else (power,):
            x = standardised(features, one)
            tried, losses = search_ridges(functools.partial(self._losses, x, middle))
            if losses.min() < best:
                best, self.power, self.x = losses.min(), one, x
                self.ridge[middle] = best_ridge(tried, losses)

    def _losses(self, x: np.ndarray, i: int, ridges: np.ndarray) -> np.ndarray:
        size = self.sets.sizes[i]
        lapse = self.sets.answers.dense(0)[1]

        folds = 5 if size <= 200 else 3

        def some(voters: range) -> np.ndarray:
            return cross_validate(
                np.stack([x[self.sets.splits[r].order[:size]] for r in voters]),
                np.stack([self.sets.answers.dense(r)[0][:size] for r in voters]),
                ridges,
                folds=folds,
                rng=[np.random.default_rng((size, r)) for r in voters],
                lapse=lapse,
            )

        voters = max(VOTERS, -(-VOTED // size)) if size <= 2000 else 1
        voters = min(voters, self.sets.counts[i])
        fits = folds * len(ridges) * self.sets.answers.classes
        return np.concatenate(spread(some, in_batches(voters, size * max(x.shape[1], fits)))).mean(
            0
        )

    def choose_ridge(self, i: int) -> float:
        """The penalty for size i, near the one of the next size towards the well known middle.

        The search goes on where the least loss is at an end of it. Below the middle no size starts
        from a smaller one's penalty: on few items it can be far off, and all would follow.
        """
        if np.isnan(self.ridge[i]):
            near = i + 1 if i < self.sets.middle else i - 1
            # The best penalty falls about as 1 / sqrt(n) once items outnumber columns.
            fall = min(1.0, np.sqrt(self.sets.sizes[near] / self.sets.sizes[i]))
            guess = self.choose_ridge(near) * fall
            ridges = guess * 3.0 ** np.array([-1.5, -0.5, 0.5, 1.5])
            losses = self._losses(self.x, i, ridges)
            while True:
                best = int(np.argmin(losses))
                if best == 0 and ridges[0] > RIDGES[0]:
                    more = ridges[0] / np.array([9.0, 3.0])
                elif best == len(ridges) - 1 and ridges[-1] < RIDGES[-1]:
                    more = ridges[-1] * np.array([3.0, 9.0])
                else:
                    break
                order = np.argsort(ridges := np.concatenate([ridges, more]))
                losses = np.concatenate([losses, self._losses(self.x, i, more)])[order]
                ridges = ridges[order]
            self.ridge[i] = best_ridge(ridges, losses)
        return float(self.ridge[i])

    def predict(self, i: int, count: int, test_rows: np.ndarray) -> list[tuple[int, np.ndarray]]:
        """(replicate, ln P (K, tested)) for the first `count` replicates of size i."""
        size, k = self.sets.sizes[i], self.sets.answers.classes
        lapse = self.sets.answers.dense(0)[1]

        def some(batch: range) -> list[tuple[int, np.ndarray]]:
            features = np.stack([self.x[self.sets.splits[r].order[:size]] for r in batch])
            targets = np.stack([self.sets.answers.dense(r)[0][:size] for r in batch])
            fit = fit_softmax(
                features,
                targets[:, None],
                np.ones((len(batch), 1, size)),
                np.full((len(batch), 1), self.ridge[i]),
                lapse=lapse,
                tolerance=3e-5,
            )
            tests = [test_rows[self.sets.splits[r].test] for r in batch]
            return [
                (r, fit.group(g).log_proba(self.x[tests[g]])[0, 0]) for g, r in enumerate(batch)
            ]

        batches = in_batches(count, size * max(self.x.shape[1], 2 * k))
        return [one for result in spread(some, batches) for one in result]


def _slow(
    features: np.ndarray,
    answers: Answers,
    splits: list[Split],
    size: int,
    count: int,
    test_rows: np.ndarray,
    learner: Learner,
) -> Iterator[tuple[int, np.ndarray]]:
    """One fit of the user's own learner at a time."""
    for r in range(count):
        batches, rows = answers.batches(r, size), test_rows[splits[r].test]
        yield r, learner_log_proba(learner, features, batches, rows, answers.classes).T


def learner_log_proba(
    learner: Learner, features: np.ndarray, batches: Sequence[Batch], rows: np.ndarray, classes: int
) -> np.ndarray:
    """ln P (rows, K) of the tested rows of `features`, by a copy of the learner that learned the
    batches. Raises `InputError` where it gives no probabilities of that shape."""
    model = copy.deepcopy(learner)
    model.fit(features, batches)
    proba = np.asarray(model.predict_proba(features[rows]))
    wanted = (len(rows), classes)
    if proba.shape != wanted or not np.isfinite(proba).all():
        raise InputError(
            f"predict_proba of {type(model).__name__} gave shape {proba.shape}; expected "
            f"finite probabilities of shape {wanted}"
        )
    return np.log(np.maximum(proba, 1e-30))
