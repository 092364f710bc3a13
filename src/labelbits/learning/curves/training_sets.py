"""The answers that training sets are made of: drawn once for each replicate, so that sets nest."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from labelbits.interface import Batch
from labelbits.learning.fits.targets import fast_targets

#: Draws training answers for rows of the features.
Draw = Callable[[np.random.Generator, np.ndarray], Sequence[Batch]]


#: Replicates whose answers are compared with the reference: where answers are drawn anew for each,
#: one alone would add the luck of its draw.
PURITY_REPLICATES = 10


@dataclass(frozen=True)
class Split:
    """One replicate: rows that may be trained on in the order they are bought, rows tested on."""

    order: np.ndarray
    test: np.ndarray  # positions in the reference
    seed: np.random.SeedSequence


class Answers:
    """The answers of each replicate, drawn once for its largest set so that they are nested."""

    def __init__(self, draw: Draw, splits: list[Split], classes: int) -> None:
        self.draw, self.splits, self.classes = draw, splits, classes
        self._drawn: dict[tuple[int, int], list[Batch]] = {}
        first = self._whole(0, len(splits[0].order))
        self.nested = all(b.signal.arity == 1 for b in first)
        self.is_fast = self.nested and fast_targets(first, classes) is not None
        self._dense: dict[int, tuple[np.ndarray, float]] = {}

    def _whole(self, r: int, size: int) -> list[Batch]:
        """Answers about the first `size` rows of replicate r."""
        if (r, size) not in self._drawn:
            split = self.splits[r]
            rng = np.random.default_rng(split.seed)
            drawn = self.draw(rng, split.order[:size])
            self._drawn[r, size] = [drawn] if isinstance(drawn, Batch) else list(drawn)
        return self._drawn[r, size]

    def batches(self, r: int, size: int) -> list[Batch]:
        """The answers that replicate r has bought when it has `size` items."""
        if not self.nested:
            # A question about several items of a larger set would reach outside the smaller one.
            return self._whole(r, size)
        split = self.splits[r]
        return [
            b.take(np.flatnonzero(np.isin(np.asarray(b.items)[:, 0], split.order[:size])))
            for b in self._whole(r, len(split.order))
        ]

    def dense(self, r: int) -> tuple[np.ndarray, float]:
        """(targets (n, K) in the order of purchase, lapse) of replicate r."""
        if r not in self._dense:
            order = self.splits[r].order
            targets = fast_targets(self._whole(r, len(order)), self.classes)
            assert targets is not None
            where = np.searchsorted(targets.items, order)
            where = np.minimum(where, len(targets.items) - 1)
            found = targets.items[where] == order
            rows = np.where(found[:, None], targets.target[where], 0)
            self._dense[r] = (rows.astype(np.float32), targets.lapse)
            self._drawn.pop((r, len(order)), None)
        return self._dense[r]

    def purity(self, rows: np.ndarray, reference: np.ndarray) -> float:
        """Squared correlation over items of the bought answers with `reference` (T, K) of `rows`.

        Where nothing is both bought and tested, the correlation of two purchases of the same
        items stands in for it (equal noise in both: it is the square of each with what both
        measure); answers that never differ count as pure.
        """
        count = min(len(self.splits), PURITY_REPLICATES)
        shares = [self._shares(r) for r in range(count)]
        found = []
        for one in shares:
            known = np.intersect1d(rows, one[0])
            if len(known) > 1:
                order = np.argsort(rows, kind="stable")
                there = order[np.searchsorted(rows, known, sorter=order)]
                found.append(_correlation(_at(one, known), reference[there]) ** 2)
        if found:
            return float(np.mean(found))
        for one, other in itertools.pairwise(shares):
            both = np.intersect1d(one[0], other[0])
            if len(both) > 1:
                found.append(_correlation(_at(one, both), _at(other, both)))
        return float(np.mean(found)) if found else 1.0

    def _shares(self, r: int) -> tuple[np.ndarray, np.ndarray]:
        """(rows answered, rising; shares of the classes (n, K)) in replicate r."""
        target = self.dense(r)[0]
        mass = target.sum(1)
        order = self.splits[r].order
        found = np.flatnonzero(mass > 0)
        found = found[np.argsort(order[found], kind="stable")]
        return order[found], target[found] / mass[found, None]


def _at(answers: tuple[np.ndarray, np.ndarray], rows: np.ndarray) -> np.ndarray:
    return answers[1][np.searchsorted(answers[0], rows)]


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Of two tables (n, K) of class shares, all classes pooled; 1 where one never varies."""
    a, b = a - a.mean(0), b - b.mean(0)
    squares = float(np.sum(a * a) * np.sum(b * b))
    return 1.0 if squares <= 0 else max(float(np.sum(a * b)), 0.0) / np.sqrt(squares)


@dataclass(frozen=True)
class TrainingSets:
    """What a learning curve trains on: `counts` replicates of each of the rising `sizes`."""

    answers: Answers
    sizes: list[int]
    counts: list[int]

    @property
    def splits(self) -> list[Split]:
        """One for each replicate."""
        return self.answers.splits

    @property
    def middle(self) -> int:
        """Index of the largest size up to 400 items, at which the column scaling is chosen."""
        return max((i for i, n in enumerate(self.sizes) if n <= 400), default=0)
