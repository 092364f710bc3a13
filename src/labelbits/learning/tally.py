"""Collects the quality of every training set and of every test item."""

from __future__ import annotations

import numpy as np

from labelbits.learning.assisted import assisted_accuracy
from labelbits.learning.metrics import ITEM_METRICS, item_quality, set_quality
from labelbits.learning.points import CROSSED, CurvePoints


class Tally:
    """Collects the quality of every size and replicate, and of every test item.

    `assist`: accuracy is estimated with the help of the predicted probabilities, which needs all
    predictions of a size at once; `finish` ends a size.
    """

    def __init__(
        self, references: dict[str, np.ndarray], sizes: int, replicates: int, tests: int,
        assist: bool = False,
    ) -> None:  # fmt: skip
        self.references, metrics = references, list(references)
        self.assist = assist and "accuracy" in references
        self.kept: list[tuple[int, np.ndarray, np.ndarray]] = []
        self.tests: dict[int, np.ndarray] = {}
        self.values = {m: np.full((sizes, replicates), np.nan) for m in metrics}
        self.items = {m: np.zeros((sizes, tests)) for m in metrics if m in ITEM_METRICS}
        self.counts = np.zeros((sizes, tests))

    def add(self, i: int, r: int, test: np.ndarray, log_p: np.ndarray) -> None:
        self.tests[r] = test
        self.counts[i, test] += 1
        for metric, whole in self.references.items():
            reference = whole[test]
            if metric == "accuracy" and self.assist:
                self.kept.append((r, test, np.asarray(log_p, dtype=np.float32)))
            elif metric in ITEM_METRICS:
                quality = item_quality(log_p, reference, metric)
                self.items[metric][i, test] += quality
                self.values[metric][i, r] = quality.mean()
            else:
                self.values[metric][i, r] = set_quality(np.exp(log_p).T, reference, metric)

    def finish(self, i: int) -> None:
        """All predictions of size i are in."""
        if not self.kept:
            return
        kept, self.kept = self.kept, []
        item = np.concatenate([test for _, test, _ in kept])
        value = assisted_accuracy(
            np.concatenate([log_p.T for _, _, log_p in kept]),
            self.references["accuracy"][item].argmax(1), item, self.counts.shape[1], CROSSED,
        )  # fmt: skip
        self.items["accuracy"][i] += np.bincount(item, value, self.counts.shape[1])
        ends = np.cumsum([len(test) for _, test, _ in kept])[:-1]
        for (r, _, _), own in zip(kept, np.split(value, ends), strict=True):
            self.values["accuracy"][i, r] = own.mean()

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
