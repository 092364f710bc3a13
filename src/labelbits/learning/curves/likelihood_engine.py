"""Learning curves of signals that are fitted by a likelihood of their own (rankings, ticks, ...).

Every training set chooses its own penalty by cross-validation, as `SignalClassifier` does: where
answers say little, as complementary labels do, sets of one size choose penalties a factor of ten
apart, and one penalty for all of them would be another learner (11 points of accuracy worse on 112
items). Column scaling is chosen once, and all sizes share their compiled programs.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from labelbits.interface import Batch
from labelbits.learning.classifier import FEW_RIDGES
from labelbits.learning.curves.training_sets import TrainingSets
from labelbits.learning.fits.regularisation import POWERS, best_ridge
from labelbits.standardise import standardised

#: Folds of the cross-validation that chooses, and training sets that choose the column scaling.
FOLDS, VOTERS = 3, 3


class LikelihoodEngine:
    """Fits of one training set at a time."""

    def __init__(
        self, features: np.ndarray, sets: TrainingSets, power: float | None = None
    ) -> None:
        self.sets = sets
        # All sizes share the shapes of the largest, and with them its compiled programs: features
        # are few here, and calling a program takes longer than running it.
        largest = sets.answers.batches(0, sets.sizes[-1])
        self.room = (sets.sizes[-1], max(len(batch) for batch in largest))
        middle = sets.middle
        voters = range(min(VOTERS, sets.counts[middle]))
        if power is not None:
            self.power, self.x = power, standardised(features, power)
            return
        best = np.inf
        for one in POWERS:
            x = standardised(features, one)
            losses = np.mean([self._losses(x, r, middle) for r in voters], axis=0)
            if losses.min() < best:
                best, self.power, self.x = losses.min(), one, x

    def _set(self, r: int, i: int) -> tuple[np.ndarray, list[Batch]]:
        """(rows asked about, answers that index those rows) of replicate r at size i."""
        from labelbits.learning.fits.likelihood import relabelled

        return relabelled([b for b in self.sets.answers.batches(r, self.sets.sizes[i]) if len(b)])

    def _losses(self, x: np.ndarray, r: int, i: int) -> np.ndarray:
        """Cross-validated loss of replicate r at size i under every penalty."""
        # Imported here: the closed targets must not pay for JAX's compiler.
        from labelbits.learning.fits.likelihood import likelihood_losses, start_parameters

        rng = np.random.default_rng(r)
        rows, batches = self._set(r, i)
        start = start_parameters(x.shape[1], self.sets.answers.classes, [], rng)
        folds = min(FOLDS, len(rows))
        return likelihood_losses(x[rows], batches, start, FEW_RIDGES, folds, rng, self.room)

    def predict(
        self, i: int, count: int, test_rows: np.ndarray
    ) -> Iterator[tuple[int, np.ndarray]]:
        """(replicate, ln P (K, tested)) for the first `count` replicates of size i."""
        from labelbits.learning.fits.likelihood import (
            fit_likelihood,
            pad_rows,
            prepare,
            start_parameters,
        )

        for r in range(count):
            ridge = best_ridge(np.array(FEW_RIDGES), self._losses(self.x, r, i))
            rows, batches = self._set(r, i)
            terms = [prepare(b, np.asarray(b.weight, np.float64), self.room[1]) for b in batches]
            rng = np.random.default_rng(r)
            start = start_parameters(self.x.shape[1], self.sets.answers.classes, [], rng)
            x = pad_rows(self.x[rows], max(len(rows), self.room[0]))
            (w, b), *_ = fit_likelihood(x, terms, start, ridge)[0]
            z = (self.x[test_rows[self.sets.splits[r].test]] @ w + b).astype(np.float64).T
            z -= z.max(0)
            yield r, z - np.log(np.exp(z).sum(0))
