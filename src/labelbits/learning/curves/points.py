"""Measured points of a learning curve, and how far to trust them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from labelbits.learning.theory import RidgeTheory

#: A cross-validated mean spreads more than its test items do, because the pilot is also what was
#: trained on: factor on the standard error (sqrt of 1.5; Nadeau and Bengio 2003, Machine Learning
#: 52, put the variance between 1 and about 2 times that of the test items alone).
CROSSED = 1.22
#: For the level of a curve it depends on the pilot's size. In a small pilot the same luck makes the
#: items easy to learn from and easy to predict: many of one cluster and none of another. Variance
#: beyond that of the test items, as a multiple of it, times the number of items.
SHARED_LUCK = 200.0


def crossed_factor(items: int) -> float:
    """Factor on the standard error of a mean over `items` cross-validated items."""
    return float(np.sqrt(1 + SHARED_LUCK / max(items, SHARED_LUCK / 5)))


@dataclass(frozen=True)
class CurvePoints:
    """Quality measured at several training sizes.

    `sizes` (S,) labelled items, rising; `values` (S, R): one replicate a column, NaN where a size
    was given fewer replicates; `metric`. `item_values` (S, T): each test item's mean over the
    replicates that tested it (NaN: never tested), None where they were not kept; `item_counts`
    (S, T) how many replicates tested it. `training` (S, R): each value minus what its test items
    score on average, so only the training set's luck is left. `pool` is the number of items that
    training sets were drawn from; `crossed`: items were tested by folds of a cross-validation.
    `ridges` (S,) and `power`, how columns were scaled, are the regularisation used; `theory` what
    the features foretell of the curve's shape (None for learners that are not linear). `floor` is
    the loss that no prediction can go below: for cross-entropy the mean entropy of the reference in
    nats, with its standard error `floor_error`.
    """

    sizes: np.ndarray
    values: np.ndarray
    metric: str
    item_values: np.ndarray | None = field(default=None, repr=False)
    item_counts: np.ndarray | None = field(default=None, repr=False)
    training: np.ndarray | None = field(default=None, repr=False)
    pool: int | None = None
    crossed: bool = False
    ridges: np.ndarray | None = None
    power: float = float("nan")
    seconds: float = 0.0
    theory: RidgeTheory | None = field(default=None, repr=False)
    floor: float = 0.0
    floor_error: float = 0.0

    @property
    def mean(self) -> np.ndarray:
        """Mean over replicates (S,); NaN where none was measured."""
        count = self.replicates
        total = np.nansum(self.values, axis=1)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    @property
    def replicates(self) -> np.ndarray:
        """Replicates measured at each size (S,)."""
        return np.isfinite(self.values).sum(1)

    def training_variance(self) -> np.ndarray:
        """Variance of one training set's quality at each size (S,), test items held fixed.

        Training sets that overlap look more alike than new ones would, so only sizes up to half
        of the pool are used, and of them the largest: the variance is taken to fall as 1 / size
        (it is that of a mean over the training items, to first order), which few items do not
        follow.
        """
        if self.crossed:
            # Folds of a few items cannot tell the training set's luck from the items' own.
            return np.zeros(len(self.sizes))
        filled = self.replicates > 0
        deviations = np.full(self.values.shape, np.nan)
        deviations[filled] = self.values[filled] - self.mean[filled, None]
        if self.training is not None:
            deviations = self.training
        n = np.isfinite(deviations).sum(1)
        usable = n > 1
        if self.pool is not None and (usable & (self.sizes <= self.pool / 2)).any():
            usable &= self.sizes <= self.pool / 2
        if usable.any():
            usable &= self.sizes >= self.sizes[usable].max() / 2
        if not usable.any():
            return np.zeros(len(self.sizes))
        variance = np.nansum(deviations**2, axis=1)[usable] / (n[usable] - 1)
        scaled = np.average(variance * self.sizes[usable], weights=n[usable] - 1)
        return scaled / self.sizes

    def standard_error(self) -> np.ndarray:
        """Of the mean (S,): the luck of training sets and of test items together."""
        different = self.replicates.astype(float)
        if self.pool is not None:
            different = np.minimum(different, np.maximum(self.pool / self.sizes, 1))
        variance = self.training_variance() / np.maximum(different, 1)
        if self.item_values is not None:
            count = np.maximum(np.isfinite(self.item_values).sum(1), 2)
            spread = np.nanvar(self.item_values, axis=1, ddof=1) / count
            factor = crossed_factor(int(count.max())) if self.crossed else 1.0
            variance = variance + spread * factor**2
        return np.sqrt(variance)
