"""How near an estimated representation is to the truth: alignment, distances, neighbours, triplets.

Every metric returns a `Score`: a float that also carries a bootstrap interval when `bootstrap`
(a number of resamples) is above 0. Embeddings are (items, dims); the two may differ in dims.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.stats import rankdata

from labelbits.errors import InputError
from labelbits.interface import LEVEL
from labelbits.quantity import central

#: Pairs of items whose distances are compared when there are more than this.
MAX_PAIRS = 200_000


class Score(float):
    """A number with a bootstrap interval: `low` and `high` are NaN when none was asked for."""

    low: float
    high: float
    level: float

    def __new__(
        cls, value: float, low: float = np.nan, high: float = np.nan, level: float = LEVEL
    ) -> Score:
        score = super().__new__(cls, value)
        score.low, score.high, score.level = float(low), float(high), level
        return score

    def __repr__(self) -> str:
        if np.isnan(self.low):
            return f"{float(self):.4g}"
        return f"{float(self):.4g} [{self.low:.4g}, {self.high:.4g}]"

    def __reduce__(self) -> tuple:
        return Score, (float(self), self.low, self.high, self.level)


def _scored(
    value: float, resample: Callable[[np.random.Generator], float],
    bootstrap: int, level: float, seed: int,
) -> Score:  # fmt: skip
    """`value` with the percentile interval of `bootstrap` resamples."""
    if bootstrap <= 0:
        return Score(value, level=level)
    generator = np.random.default_rng(seed)
    draws = np.array([resample(generator) for _ in range(bootstrap)])
    low, high = central(draws, level, skip_undefined=True)
    return Score(value, low, high, level)


def _pair_up(estimate: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both embeddings as finite float64 arrays (items, dims) of equally many items."""
    estimate = np.asarray(estimate, dtype=np.float64)
    truth = np.asarray(truth, dtype=np.float64)
    for name, points in (("estimate", estimate), ("truth", truth)):
        if points.ndim != 2 or not np.isfinite(points).all():
            raise InputError(
                f"{name} has shape {points.shape}; expected finite numbers, items x dims"
            )
    if len(estimate) != len(truth) or len(truth) < 2:
        raise InputError(
            f"estimate has {len(estimate)} items and truth has {len(truth)}; "
            "expected the same items in the same order, two at least"
        )
    return estimate, truth


def _pad(points: np.ndarray, dims: int) -> np.ndarray:
    return np.pad(points, ((0, 0), (0, dims - points.shape[1])))


def align(estimate: np.ndarray, truth: np.ndarray, scale: bool = True) -> np.ndarray:
    """The estimate after the rotation, reflection, shift and (if `scale`) scaling that bring it
    nearest to the truth.

    Minimises |s (estimate - m) R + t - truth|^2 over orthogonal R, shift t and s > 0
    (Schoenemann and Carroll 1970). Returns (items, max(dims of both)): the embedding with fewer
    columns is padded with zeros.
    """
    estimate, truth = _pair_up(estimate, truth)
    dims = max(estimate.shape[1], truth.shape[1])
    estimate, truth = _pad(estimate, dims), _pad(truth, dims)
    centre = truth.mean(0)
    x, y = estimate - estimate.mean(0), truth - centre
    u, s, vt = np.linalg.svd(x.T @ y)
    power = float(np.sum(x * x))
    factor = float(s.sum()) / power if scale and power > 0 else 1.0
    return factor * x @ (u @ vt) + centre


def mean_squared_error(
    estimate: np.ndarray, truth: np.ndarray, *, scale: bool = True,
    bootstrap: int = 0, level: float = LEVEL, seed: int = 0,
) -> Score:  # fmt: skip
    """Mean over items of the squared distance to the truth after `align`, summed over dims."""
    aligned = align(estimate, truth, scale)
    _, truth = _pair_up(estimate, truth)
    each = np.sum((aligned - _pad(truth, aligned.shape[1])) ** 2, axis=1)

    def resample(generator: np.random.Generator) -> float:
        return float(each[generator.integers(0, len(each), len(each))].mean())

    return _scored(float(each.mean()), resample, bootstrap, level, seed)


def procrustes(
    estimate: np.ndarray, truth: np.ndarray, *, scale: bool = True,
    bootstrap: int = 0, level: float = LEVEL, seed: int = 0,
) -> Score:  # fmt: skip
    """Procrustes disparity: squared error after `align` over the truth's sum of squares.

    0 is a perfect recovery, 1 is no relation (with `scale`). Resamples draw items and align anew.
    """
    estimate, truth = _pair_up(estimate, truth)

    def disparity(rows: np.ndarray | slice) -> float:
        x, y = estimate[rows], truth[rows]
        aligned = align(x, y, scale)
        y = _pad(y, aligned.shape[1])
        spread = float(np.sum((y - y.mean(0)) ** 2))
        return float(np.sum((aligned - y) ** 2)) / spread if spread > 0 else np.nan

    def resample(generator: np.random.Generator) -> float:
        return disparity(generator.integers(0, len(truth), len(truth)))

    return _scored(disparity(slice(None)), resample, bootstrap, level, seed)


def _pairs(items: int, max_pairs: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of different items, or `max_pairs` random ones where there are more."""
    if items * (items - 1) // 2 <= max_pairs:
        return np.triu_indices(items, 1)
    generator = np.random.default_rng(seed)
    a = generator.integers(0, items, max_pairs)
    b = (a + generator.integers(1, items, max_pairs)) % items
    return a, b


def _correlation(x: np.ndarray, y: np.ndarray, w: np.ndarray | None = None) -> float:
    """Weighted Pearson correlation; NaN where one side does not vary."""
    x = x - np.average(x, weights=w)
    y = y - np.average(y, weights=w)
    w = np.ones_like(x) if w is None else w
    norm = np.sqrt(np.sum(w * x * x) * np.sum(w * y * y))
    return float(np.sum(w * x * y) / norm) if norm > 0 else np.nan


def _distance_correlation(
    estimate: np.ndarray, truth: np.ndarray, ranks: bool,
    max_pairs: int, bootstrap: int, level: float, seed: int,
) -> Score:  # fmt: skip
    estimate, truth = _pair_up(estimate, truth)
    a, b = _pairs(len(truth), max_pairs, seed)
    x = np.linalg.norm(estimate[a] - estimate[b], axis=1)
    y = np.linalg.norm(truth[a] - truth[b], axis=1)
    if ranks:
        x, y = rankdata(x), rankdata(y)

    def resample(generator: np.random.Generator) -> float:
        # Items are drawn, not pairs: pairs that share an item are not independent. An item
        # drawn twice makes no pair with itself.
        drawn = np.bincount(
            generator.integers(0, len(truth), len(truth)), minlength=len(truth)
        ).astype(float)
        weight = drawn[a] * drawn[b]
        return _correlation(x, y, weight) if weight.any() else np.nan

    return _scored(_correlation(x, y), resample, bootstrap, level, seed)


def spearman(
    estimate: np.ndarray, truth: np.ndarray, *, max_pairs: int = MAX_PAIRS,
    bootstrap: int = 0, level: float = LEVEL, seed: int = 0,
) -> Score:  # fmt: skip
    """Spearman correlation of the pairwise distances of estimate and truth.

    More than `max_pairs` pairs are represented by that many random ones, fixed by `seed`.
    Resamples draw items; the ranks stay those of the full sample.
    """
    return _distance_correlation(estimate, truth, True, max_pairs, bootstrap, level, seed)


def pearson(
    estimate: np.ndarray, truth: np.ndarray, *, max_pairs: int = MAX_PAIRS,
    bootstrap: int = 0, level: float = LEVEL, seed: int = 0,
) -> Score:  # fmt: skip
    """Pearson correlation of the pairwise distances of estimate and truth; see `spearman`."""
    return _distance_correlation(estimate, truth, False, max_pairs, bootstrap, level, seed)


def neighbour_overlap(
    estimate: np.ndarray, truth: np.ndarray, *, neighbours: int = 10,
    bootstrap: int = 0, level: float = LEVEL, seed: int = 0,
) -> Score:  # fmt: skip
    """Mean over items of the share of the true nearest `neighbours` that the estimate finds."""
    estimate, truth = _pair_up(estimate, truth)
    if not 1 <= neighbours < len(truth):
        raise InputError(
            f"neighbours is {neighbours}; expected 1 to {len(truth) - 1}, the number of other items"
        )
    from sklearn.neighbors import NearestNeighbors  # slow to import, and no fit needs it

    near = [
        NearestNeighbors(n_neighbors=neighbours).fit(points).kneighbors(return_distance=False)
        for points in (estimate, truth)
    ]
    own = np.arange(len(truth))[:, None] * len(truth)
    shared = np.isin(near[0] + own, near[1] + own).mean(1)

    def resample(generator: np.random.Generator) -> float:
        return float(shared[generator.integers(0, len(shared), len(shared))].mean())

    return _scored(float(shared.mean()), resample, bootstrap, level, seed)


def triplet_error(
    embedding: np.ndarray, triplets: np.ndarray, *,
    bootstrap: int = 0, level: float = LEVEL, seed: int = 0,
) -> Score:  # fmt: skip
    """Share of triplets (n, 3), row i, j, k: "i is closer to j than to k", that the embedding
    contradicts; an exact tie counts half. Resamples draw triplets."""
    embedding = np.asarray(embedding)
    triplets = np.asarray(triplets)
    if triplets.ndim != 2 or triplets.shape[1] != 3 or len(triplets) == 0:
        raise InputError(f"triplets have shape {triplets.shape}; expected n x 3, one row at least")
    if triplets.min() < 0 or triplets.max() >= len(embedding):
        raise InputError(
            f"triplets name items {triplets.min()} to {triplets.max()}; "
            f"expected 0 to {len(embedding) - 1}"
        )
    anchor = embedding[triplets[:, 0]]
    near = np.sum((anchor - embedding[triplets[:, 1]]) ** 2, axis=1)
    far = np.sum((anchor - embedding[triplets[:, 2]]) ** 2, axis=1)
    wrong = np.where(near == far, 0.5, (near > far).astype(float))

    def resample(generator: np.random.Generator) -> float:
        return float(wrong[generator.integers(0, len(wrong), len(wrong))].mean())

    return _scored(float(wrong.mean()), resample, bootstrap, level, seed)
