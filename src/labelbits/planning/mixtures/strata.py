"""Items in strata by how ambiguous they look, and what each kind of label is worth in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labelbits.learning import CurvePoints, Standardiser
from labelbits.learning.fits.softmax import fit_softmax
from labelbits.learning.fits.targets import fast_targets
from labelbits.planning.evidence.answer_source import AnswerSource
from labelbits.planning.evidence.loading import Evidence
from labelbits.planning.measured.trial import Trial
from labelbits.planning.mixtures.design import reduced
from labelbits.planning.mixtures.excess import Population
from labelbits.planning.result import Curve, Family
from labelbits.planning.spec.cost import cost_per_item
from labelbits.planning.spec.planfile import Budget
from labelbits.threads import one_blas_thread

#: Items that probabilities are fitted to, at most.
DESIGN_ITEMS = 800
#: Items of each stratum on which answers are drawn to see how much they spread.
SAMPLED = 200
#: Strata by how ambiguous items look: the clearest half, the rest in two.
EDGES = (0.5, 0.8)
STRATA = ("the clearest half", "the next 30 %", "the most ambiguous 20 %")


@dataclass(frozen=True)
class Way:
    """A family with the source of its answers and what was measured of it."""

    family: Family
    answers: AnswerSource
    points: CurvePoints
    curve: Curve

    def item_cost(self, budget: Budget) -> float:
        """Money for each item, where all items are labelled this way."""
        return cost_per_item(self.family.price, self.family.answers_per_item or 1, budget)


@dataclass(frozen=True)
class Strata:
    """`of` (items,) the stratum of every item, `predicted` (items, classes) what they were made
    from, `sizes` their shares, and the `population` that a design is worked out on."""

    of: np.ndarray
    predicted: np.ndarray
    sizes: np.ndarray
    population: Population
    ridge: float


def stratify(evidence: Evidence, trial: Trial, way: Way, seed: int) -> Strata:
    """Items by the entropy of what a classifier of the pilot predicts for them.

    Two classifiers, each trained on one half of the items, predict the other half.
    """
    rng = np.random.default_rng(seed)
    rows = rng.permutation(trial.trainable)[:DESIGN_ITEMS]
    classes = trial.reference.shape[1]
    power = way.points.power if np.isfinite(way.points.power) else 0.0
    x = Standardiser.fit(evidence.features, power).transform(evidence.features)
    ridge = 0.01
    if way.points.ridges is not None and np.isfinite(way.points.ridges).any():
        ridge = float(way.points.ridges[np.isfinite(way.points.ridges)][-1])
    predicted = np.zeros((2, len(x), classes))
    half = np.arange(len(rows)) % 2
    with one_blas_thread():
        for side in (0, 1):
            mine = np.unique(rows[half == side])
            targets = fast_targets(way.answers.draw(rng, mine), classes)
            assert targets is not None
            fit = fit_softmax(
                x[targets.items][None],
                targets.target[None, None],
                np.ones((1, 1, len(targets.items))),
                np.array([[ridge]]),
                tolerance=1e-3,
            )
            predicted[side] = np.exp(fit.log_proba(x)[0, 0].T)
        p = predicted.mean(0)
        p[rows] = predicted[1 - half, rows]
        entropy = -(p * np.log(np.maximum(p, 1e-12))).sum(1)
        of = np.searchsorted(np.quantile(entropy[trial.trainable], EDGES), entropy, side="right")
        sizes = np.bincount(of[trial.trainable], minlength=len(EDGES) + 1).astype(float)
    sizes = np.maximum(sizes, 1) / np.maximum(sizes, 1).sum()
    population = Population(reduced(x[rows], classes), p[rows], of[rows], sizes)
    return Strata(of, p, sizes, population, ridge)


def worth_of(ways: Sequence[Way], strata: Strata, trial: Trial, seed: int) -> np.ndarray:
    """Worth of the answers on one item in single votes that say what is predicted, (strata, ways).

    A vote drawn from the prediction p spreads by tr(diag p - p p') about it; answers that spread
    1/k of that about it are worth k votes (the inverse of Godambe's sandwich for log loss). What
    keeps an item from being what its features say does not shrink with more votes on it: that is
    why redundancy is worth less than new items.
    """
    rng = np.random.default_rng(seed)
    classes = trial.reference.shape[1]
    of = strata.of[trial.trainable]
    result = np.ones((len(EDGES) + 1, len(ways)))
    for g in range(len(result)):
        rows = trial.trainable[of == g]
        if len(rows) < 10:
            continue
        rows = np.sort(rng.permutation(rows)[:SAMPLED])
        for s, way in enumerate(ways):
            targets = fast_targets(way.answers.draw(rng, rows), classes)
            assert targets is not None
            p = strata.predicted[targets.items]
            share = targets.target / np.maximum(targets.target.sum(1, keepdims=True), 1e-12)
            vote = float((1 - (p**2).sum(1)).mean())
            spread = float(((share - p) ** 2).sum(1).mean())
            result[g, s] = np.clip(vote / max(spread, 1e-9), 0.05, 50)
    return result
