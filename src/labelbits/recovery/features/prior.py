"""Positions made of what features foretell and of what people see beyond them.

Item i with features x_i lies at

    z_i = A_i w + tau e_i,    w (axes, dims), e (items, dims) ~ N(0, I),

A (items, axes) the features on their own axes (`metric`). So E |z_i - z_j|^2 = dims |A_i - A_j|^2 +
2 tau^2 dims before any answer: the features' own metric, from which w departs under its prior, and
the items' own part. The solvers search and draw (w, e), whose prior is N(0, I), and see positions
through `places`; their gradients come back through `pull`. At tau = 0 there is no e: a learned
metric. Both costs are items x axes x dims, with no matrix of items x items.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import scipy.linalg


@dataclass(frozen=True)
class FeaturePrior:
    """`axes` (items, axes), and `own`, the standard deviation tau of an item's own part."""

    axes: np.ndarray
    own: float

    @property
    def rows(self) -> int:
        """Rows of (w, e) together."""
        return self.axes.shape[1] + (len(self.axes) if self.own > 0 else 0)

    def places(self, inner: np.ndarray) -> np.ndarray:
        """z (..., items, dims) of (w, e) (..., rows, dims)."""
        count = self.axes.shape[1]
        z = self.axes @ inner[..., :count, :]
        return z + self.own * inner[..., count:, :] if self.own > 0 else z

    def pull(self, gradient: np.ndarray) -> np.ndarray:
        """The gradient in (w, e), (rows, dims), of a function with this gradient in z."""
        shared = self.axes.T @ gradient
        return np.concatenate([shared, self.own * gradient]) if self.own > 0 else shared

    @functools.cached_property
    def _factor(self) -> tuple[np.ndarray, bool]:
        square = self.axes.T.astype(np.float64) @ self.axes
        # A little of the trace where nothing else keeps the matrix away from singular.
        least = max(self.own**2, 1e-6 * np.trace(square) / len(square))
        return scipy.linalg.cho_factor(square + least * np.eye(len(square)))

    def inner(self, z: np.ndarray) -> np.ndarray:
        """The smallest (w, e) whose places are z, or at tau = 0 nearest to z."""
        w = scipy.linalg.cho_solve(self._factor, self.axes.T @ z)
        if self.own == 0:
            return w
        return np.concatenate([w, (z - self.axes @ w) / self.own])

    def metric(self, inner: np.ndarray) -> np.ndarray:
        """w of (w, e)."""
        return inner[: self.axes.shape[1]]

    def blocks(self, blocks: np.ndarray) -> np.ndarray:
        """Diagonal blocks (rows, dims, dims) in (w, e) of a precision that has the diagonal
        blocks `blocks` (items, dims, dims) in z and nothing between items."""
        items, dims, _ = blocks.shape
        shared = (self.axes.T.astype(np.float64) ** 2) @ blocks.reshape(items, -1)
        shared = shared.reshape(-1, dims, dims)
        return np.concatenate([shared, self.own**2 * blocks]) if self.own > 0 else shared
