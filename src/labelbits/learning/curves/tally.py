"""Collects the quality of every training set and of every test item."""

from __future__ import annotations

import numpy as np

from labelbits.learning.curves.points import CROSSED, CurvePoints
from labelbits.metrics import metric_of


class Tally:
    """Collects the quality of every size and replicate, and of every test item.

    `crossed`: training sets are those of a cross-validation, each tested on a fold. Metrics that
    have `pooled` values are then measured on all folds together, because a fold is too small: all
    predictions of a size are needed at once, and `finish` ends a size.
    """

    def __init__(
        self, references: dict[str, np.ndarray], sizes: int, replicates: int, tests: int,
        crossed: bool = False,
    ) -> None:  # fmt: skip
        self.references, metrics = references, list(references)
        self.together = [m for m in metrics if crossed and metric_of(m).pooled is not None]
        self.kept: list[tuple[int, np.ndarray, np.ndarray]] = []
        self.tests: dict[int, np.ndarray] = {}
        self.values = {m: np.full((sizes, replicates), np.nan) for m in metrics}
        self.items = {m: np.zeros((sizes, tests)) for m in metrics}
        self.counts = np.zeros((sizes, tests))

    def add(self, i: int, r: int, test: np.ndarray, log_p: np.ndarray) -> None:
        self.tests[r] = test
        self.counts[i, test] += 1
        if self.together:
            self.kept.append((r, test, np.asarray(log_p, dtype=np.float32)))
        for metric, whole in self.references.items():
            if metric in self.together:
                continue
            values = metric_of(metric).values
            assert values is not None
            self._note(metric, i, r, test, values(log_p, whole[test], test))

    def _note(self, metric: str, i: int, r: int, test: np.ndarray, value: np.ndarray) -> None:
        self.items[metric][i, test] += value
        self.values[metric][i, r] = value.mean()

    def finish(self, i: int) -> None:
        """All predictions of size i are in."""
        if not self.kept:
            return
        kept, self.kept = self.kept, []
        item = np.concatenate([test for _, test, _ in kept])
        log_p = np.concatenate([log_p.T for _, _, log_p in kept])
        ends = np.cumsum([len(test) for _, test, _ in kept])[:-1]
        for metric in self.together:
            reference = self.references[metric][item]
            judged = metric_of(metric)
            assert judged.pooled is not None
            value = judged.pooled(log_p.T, reference, item, self.counts.shape[1], CROSSED)
            for (r, test, _), own in zip(kept, np.split(value, ends), strict=True):
                self._note(metric, i, r, test, own)
            if judged.whole_pass:
                tests = self.counts.shape[1]
                turn = (np.cumsum([len(test) for _, test, _ in kept]) - 1) // tests
                whole = np.bincount(np.arange(len(value)) // tests, value) / tests
                self.values[metric][i, [r for r, _, _ in kept]] = whole[turn]

    def points(self, sizes: np.ndarray) -> dict[str, CurvePoints]:
        result = {}
        for metric in self.references:
            with np.errstate(invalid="ignore"):
                items = np.where(self.counts > 0, self.items[metric] / self.counts, np.nan)
            result[metric] = CurvePoints(
                sizes, self.values[metric], metric, items, self.counts,
                self._training(metric, items),
            )  # fmt: skip
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
