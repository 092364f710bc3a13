"""What one soft label is worth in hard labels, measured against a held-out half of hard labels.

For each item the hard labels are split at random: a reference half, and a pool. m soft labels are
averaged; k hard labels are drawn from the pool and averaged. Both are compared with the reference
by their distance; the worth of m soft labels is the k at which hard labels come equally near.
Between whole numbers the error is linear: 1.6 labels mean two for 60 % of the items. Hard labels
come from the reference's own population, which favours them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from labelbits.errors import InputError
from labelbits.quantity import Quantity, central

Distance = Literal["total variation", "squared error", "KL"]
#: Weights of the uniform distribution that KL tries, as it is infinite at a zero.
MIXING = np.array([0.002, 0.005, 0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5])
_FLOOR = 1e-12


@dataclass(frozen=True)
class Worth:
    """Number of hard labels that `soft` soft labels are worth, by each distance."""

    soft: int
    hard: dict[str, Quantity]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        return {"soft": self.soft, **{name: found.to_dict() for name, found in self.hard.items()}}


def distances(guess: np.ndarray, reference: np.ndarray, distance: Distance) -> np.ndarray:
    """(mixings, items): distance of guesses (items, K) from the reference (items, K).

    One row but for KL(reference || mixed guess), in bits, which has one for each of `MIXING`.
    """
    if distance == "total variation":
        return 0.5 * np.abs(guess - reference).sum(1)[None]
    if distance == "squared error":
        return ((guess - reference) ** 2).sum(1)[None]
    entropy = (reference * np.log2(np.maximum(reference, _FLOOR))).sum(1)
    k = guess.shape[1]
    cross = [(reference * np.log2((1 - e) * guess + e / k)).sum(1) for e in MIXING]
    return entropy[None] - np.array(cross)


def worth_of_soft(
    soft_item: np.ndarray,
    soft: np.ndarray,
    counts: np.ndarray,
    sizes: tuple[int, ...] = (1, 2, 3, 6),
    *,
    repeats: int = 20,
    draws: int = 400,
    seed: int = 0,
) -> list[Worth]:
    """Worth of m soft labels for each m in `sizes`, with a 90 % bootstrap over items.

    `soft` (n, K) are probabilities about item numbers `soft_item` (n,), rows of `counts`
    (items, K), the hard labels. Items need max(sizes) soft labels and at least 4 hard ones.
    """
    size = np.bincount(soft_item, minlength=len(counts))
    most = max(sizes)
    items = np.flatnonzero((size >= most) & (counts.sum(1) >= 4))
    if len(items) < 2:
        raise InputError(
            f"{len(items)} items have {most} soft and 4 hard labels; expected at least 2"
        )
    rng = np.random.default_rng(seed)
    groups = [np.flatnonzero(soft_item == item) for item in items]
    half = int(np.median(counts[items].sum(1))) // 2
    grid = np.arange(1, half + 1)
    kinds: tuple[Distance, ...] = ("total variation", "squared error", "KL")
    soft_sum = {kind: np.zeros((len(sizes), _rows(kind), len(items))) for kind in kinds}
    hard_sum = {kind: np.zeros((len(grid), _rows(kind), len(items))) for kind in kinds}
    for _ in range(repeats):
        labels = [rng.permutation(np.repeat(np.arange(counts.shape[1]), counts[i])) for i in items]
        reference = _share(labels, 0, half, counts.shape[1])
        mixed = [rng.permutation(group)[:most] for group in groups]
        running = np.cumsum(soft[np.array(mixed)], axis=1)
        hard_running = _running(labels, half, len(grid), counts.shape[1])
        for kind in kinds:
            for place, m in enumerate(sizes):
                soft_sum[kind][place] += distances(running[:, m - 1] / m, reference, kind)
            for place, k in enumerate(grid):
                hard_sum[kind][place] += distances(hard_running[:, place] / k, reference, kind)
    chosen = rng.integers(0, len(items), (draws, len(items)))
    found = []
    for place, m in enumerate(sizes):
        worth = {}
        for kind in kinds:
            everything = np.arange(len(items))
            value = _equal(soft_sum[kind][place], hard_sum[kind], grid, everything)
            spread = [_equal(soft_sum[kind][place], hard_sum[kind], grid, some) for some in chosen]
            low, high = central(spread)
            worth[kind] = Quantity(
                value, float(low), float(high), "bootstrap over items", "hard labels"
            )
        found.append(Worth(m, worth))
    return found


def _rows(kind: str) -> int:
    return len(MIXING) if kind == "KL" else 1


def _share(labels: list[np.ndarray], start: int, stop: int, classes: int) -> np.ndarray:
    return np.array([np.bincount(own[start:stop], minlength=classes) for own in labels]) / (
        stop - start
    )


def _running(labels: list[np.ndarray], start: int, count: int, classes: int) -> np.ndarray:
    """(items, count, K): class counts of the first 1..count labels after `start`."""
    out = np.zeros((len(labels), count, classes))
    for row, own in enumerate(labels):
        pool = own[start : start + count]
        out[row, np.arange(len(pool)), pool] = 1
        if len(pool) < count:  # fewer labels than most items: go round again
            out[row, np.arange(len(pool), count), pool[: count - len(pool)]] = 1
    return np.cumsum(out, axis=1)


def _equal(soft: np.ndarray, hard: np.ndarray, grid: np.ndarray, rows: np.ndarray) -> float:
    """The k at which hard labels are as near as the soft ones, each at its best mixing."""
    target = soft[:, rows].mean(1).min()
    curve = np.minimum.accumulate(hard[:, :, rows].mean(2).min(1))
    if target >= curve[0]:
        # Fewer than one hard label: in proportion to how the first one falls short.
        return float(curve[0] / target)
    if target <= curve[-1]:
        return float(grid[-1])
    place = int(np.argmax(curve <= target))
    a, b = curve[place - 1], curve[place]
    share = (a - target) / (a - b) if a > b else 0.0
    return float(grid[place - 1] + share * (grid[place] - grid[place - 1]))
