"""Collects the quality of every training set and of every test item."""

from __future__ import annotations

import numpy as np

from labelbits.learning.curves.assisted import assisted_accuracy
from labelbits.learning.curves.points import CROSSED, CurvePoints
from labelbits.learning.metrics import calibration_values, item_values


class Tally:
    """Collects the quality of every size and replicate, and of every test item.

    `crossed`: training sets are those of a cross-validation, each tested on a fold. Accuracy is
    then estimated with the help of the predicted probabilities, and calibration error on all folds
    together, because a fold is too small to tell it from chance: both need all predictions of a
    size at once, and `finish` ends a size.
    """

    def __init__(
        self, references: dict[str, np.ndarray], sizes: int, replicates: int, tests: int,
        crossed: bool = False,
    ) -> None:  # fmt: skip
        self.references, metrics = references, list(references)
        together = ("accuracy", "calibration-error") if crossed else ()
        self.together = [m for m in metrics if m in together]
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
            self._note(metric, i, r, test, item_values(log_p, whole[test], test, metric))

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
            if metric == "accuracy":
                value = assisted_accuracy(
                    log_p, reference.argmax(1), item, self.counts.shape[1], CROSSED
                )
            else:
                value = calibration_values(np.exp(log_p), reference, item)
            for (r, test, _), own in zip(kept, np.split(value, ends), strict=True):
                self._note(metric, i, r, test, own)
            if metric == "calibration-error":
                # A fold has no calibration error of its own; a pass over all items has.
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
