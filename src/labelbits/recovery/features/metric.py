"""Features on axes of their own, most variance first, with as much of their spread as is asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

#: Axes with less than this share of the first one's standard deviation are rounding.
LEAST = 1e-4
#: Axes kept at most, and the share of the variance that the kept ones hold at least.
MOST_AXES, VARIANCE = 256, 0.9999


@dataclass(frozen=True)
class Metric:
    """x -> (x - centre) @ turn: principal axes k of standard deviation s_k^power, scaled so that
    items lie at mean squared distance 1 from the middle.

    `power` 1 keeps the features' own metric, 0 gives every axis the same variance, 2 trusts the
    first axes more than the features do. Constant columns do nothing.
    """

    centre: np.ndarray
    turn: np.ndarray

    @classmethod
    def fit(cls, features: np.ndarray, power: float) -> Metric:
        """Learn the axes of `features` (items, columns)."""
        centre = features.mean(0, dtype=np.float64)
        x = features - centre
        wide = x.shape[1] > len(x)
        square = (x @ x.T if wide else x.T @ x).astype(np.float64) / len(x)
        variance, vectors = scipy.linalg.eigh(square)
        variance, vectors = variance[::-1], vectors[:, ::-1]
        spread = np.sqrt(np.maximum(variance, 0))
        told = np.cumsum(spread**2) / np.sum(spread**2)
        count = min(
            MOST_AXES, int(np.sum(spread > LEAST * spread[0])),
            int(np.searchsorted(told, VARIANCE)) + 1,
        )  # fmt: skip
        spread, vectors = spread[:count], vectors[:, :count]
        if wide:
            vectors = x.T @ vectors / (spread * np.sqrt(len(x)))
        scale = spread ** (power - 1)
        norm = np.sqrt(np.sum((spread * scale) ** 2))
        return cls(centre, vectors * (scale / norm))

    def axes(self, features: np.ndarray) -> np.ndarray:
        """`features` (items, columns) on the axes, (items, axes)."""
        return (features - self.centre) @ self.turn
