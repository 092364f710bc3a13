"""Collects the quality of every training set and of every test item."""

from __future__ import annotations

import numpy as np

from labelbits.learning.metrics import ITEM_METRICS, item_quality, set_quality
from labelbits.learning.points import CurvePoints


class Tally:
    """Collects the quality of every size and replicate, and of every test item."""

    def __init__(
        self, references: dict[str, np.ndarray], sizes: int, replicates: int, tests: int
    ) -> None:
        self.references, metrics = references, list(references)
        self.tests: dict[int, np.ndarray] = {}
        self.values = {m: np.full((sizes, replicates), np.nan) for m in metrics}
        self.items = {m: np.zeros((sizes, tests)) for m in metrics if m in ITEM_METRICS}
        self.counts = np.zeros((sizes, tests))

    def add(self, i: int, r: int, test: np.ndarray, log_p: np.ndarray) -> None:
        self.tests[r] = test
        self.counts[i, test] += 1
        for metric, whole in self.references.items():
            reference = whole[test]
            if metric in ITEM_METRICS:
                quality = item_quality(log_p, reference, metric)
                self.items[metric][i, test] += quality
                self.values[metric][i, r] = quality.mean()
            else:
                self.values[metric][i, r] = set_quality(np.exp(log_p).T, reference, metric)

    def points(self, sizes: np.ndarray) -> dict[str, CurvePoints]:
        result = {}
        for metric in self.references:
            items = self.items.get(metric)
            counts = training = None
            if items is not None:
                counts = self.counts
                with np.errstate(invalid="ignore"):
                    items = np.where(counts > 0, items / counts, np.nan)
                training = self._training(metric, items)
            result[metric] = CurvePoints(
                sizes, self.values[metric], metric, items, counts, training
            )
        return result

    def _training(self, metric: str, items: np.ndarray) -> np.ndarray:
        """Values minus the mean of their own test items, widened for the value's own share."""
        values = self.values[metric]
        deviations = np.full(values.shape, np.nan)
        for i, r in np.argwhere(np.isfinite(values)):
            test = self.tests[r]
            times = self.counts[i, test].mean()
            if times > 1:
                own = values[i, r] - items[i, test].mean()
                deviations[i, r] = own * np.sqrt(times / (times - 1))
        return deviations
