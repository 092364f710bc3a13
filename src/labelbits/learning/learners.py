"""The user's own learner: any scikit-learn classifier that takes sample weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import has_fit_parameter

from labelbits.errors import InputError
from labelbits.interface import Batch
from labelbits.learning.fits.targets import class_count, fast_targets


class LabelLearner(ClassifierMixin, BaseEstimator):
    """Lets a scikit-learn classifier learn from hard, votes, soft and sparse-soft answers.

    Each item enters once for every class that its answers gave weight to, weighted by that mass:
    for a learner that minimises a weighted log loss this is the cross-entropy to the answers.
    `estimator` must accept `sample_weight` in `fit` and offer `predict_proba`. `measure` takes
    this, or any object of the user's with `fit(features, batches)` and `predict_proba(features)`.
    """

    def __init__(self, estimator: Any, classes: int | None = None) -> None:
        self.estimator = estimator
        self.classes = classes

    def fit(self, features: np.ndarray, batches: Sequence[Batch]) -> LabelLearner:
        """Fit a clone of `estimator`. Raises `InputError` for answers that name no class."""
        if not has_fit_parameter(self.estimator, "sample_weight"):
            raise InputError(
                f"{type(self.estimator).__name__} takes no sample_weight; expected a classifier "
                "whose fit does, or an object with fit(features, batches)"
            )
        k = class_count(batches, self.classes)
        targets = fast_targets(batches, k)
        if targets is None:
            names = ", ".join(sorted({b.signal.name for b in batches}))
            raise InputError(
                f"answers of {names} are no class labels that a scikit-learn classifier can take; "
                "expected hard, votes, soft or sparse-soft without lapse. Write an object with "
                "fit(features, batches) for others."
            )
        row, label = np.nonzero(targets.target > 0)
        weight = targets.target[row, label]
        self.estimator_: Any = clone(self.estimator)
        self.estimator_.fit(np.asarray(features)[targets.items[row]], label, sample_weight=weight)
        self.classes_ = np.arange(k)
        return self

    def predict_proba(self, features: np.ndarray) -> np.ndarray:
        """P(class | x), (n, K); 0 for a class that no answer named."""
        proba = np.zeros((len(features), len(self.classes_)))
        proba[:, self.estimator_.classes_] = self.estimator_.predict_proba(np.asarray(features))
        return proba

    def predict(self, features: np.ndarray) -> np.ndarray:
        """The most probable class of each row, (n,)."""
        return self.predict_proba(features).argmax(1)
