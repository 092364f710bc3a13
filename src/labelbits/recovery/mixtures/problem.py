"""A mixture of answers to be fitted, and its MAP points at given noise."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from labelbits.interface import Batch
from labelbits.recovery.features.prior import FeaturePrior
from labelbits.recovery.mixtures import objective as solver
from labelbits.recovery.mixtures.channel import Channel, Parameters, reports_distances
from labelbits.recovery.mixtures.objective import Coded, Points

#: The least number of extra dims in which a start moves freely.
LIFT = 2
#: Columns are padded to a multiple of this with zeros, whose gradient is zero by reflection: one
#: compiled program serves the wide start, the fit itself, and other numbers of dims.
COLUMNS = 4


@dataclass(frozen=True)
class MixtureProblem:
    """Batches with the channel of each, and the sizes; `prior` where items have features.

    What is searched and drawn are points, or with features (w, e) in the items' place.
    """

    batches: tuple[Batch, ...]
    channels: tuple[Channel, ...]
    items: int
    classes: int
    dims: int
    prior: FeaturePrior | None = None

    @functools.cached_property
    def rows(self) -> int:
        """Rows of what is searched in the items' place."""
        return self.items if self.prior is None else self.prior.rows

    @functools.cached_property
    def coordinates(self) -> int:
        """Numbers that are searched, prototypes among them."""
        return (self.rows + self.classes) * self.dims

    def inner(self, points: Points) -> np.ndarray:
        """What is searched, (rows + classes, dims), of points."""
        items = points.items if self.prior is None else self.prior.inner(np.asarray(points.items))
        return np.concatenate([items, points.prototypes]).astype(np.float64)

    def points(self, inner: np.ndarray) -> Points:
        """Points of what is searched, (..., rows + classes, dims)."""
        items, prototypes = inner[..., : self.rows, :], inner[..., self.rows :, :]
        return Points(items if self.prior is None else self.prior.places(items), prototypes)

    def pulled(self, gradient: Points, dims: int) -> np.ndarray:
        """The gradient in what is searched, (rows + classes, dims), of one in padded points."""
        items = np.asarray(gradient.items)[: self.items, :dims]
        if self.prior is not None:
            items = self.prior.pull(items)
        return np.concatenate([items, np.asarray(gradient.prototypes)[:, :dims]]).astype(np.float64)

    @functools.cached_property
    def columns(self) -> int:
        """Columns of the arrays of points: dims plus those of the start, padded."""
        return COLUMNS * math.ceil((self.dims + LIFT) / COLUMNS)

    @property
    def absolute(self) -> bool:
        """Does a signal report distances in units of its own, so that the points' scale is its?"""
        return any(reports_distances(batch.signal) for batch in self.batches)

    @property
    def scale_known(self) -> bool:
        """Is the scale of the points fixed by a precision or a distance that is given?"""
        return any(channel.scale_known for channel in self.channels)


def map_points(
    problem: MixtureProblem, data: tuple[Coded, ...], theta: tuple[Parameters, ...],
    points: Points, ridge: np.ndarray, max_iter: int, tol: float,
    channels: tuple[Channel, ...] | None = None,
) -> tuple[Points, float, int, bool]:  # fmt: skip
    """The MAP points at fixed noise, from `points`, in as many dims as those have.

    `ridge` (columns,) is the prior's precision on each axis, `tol` in nats a coordinate.
    Returns points, loss, iterations, converged.
    """
    dims, items = points.items.shape[1], len(points.items)
    # With features the prior is that of (w, e), and the compiled program has none.
    there = ridge if problem.prior is None else np.zeros(len(ridge))
    ridge_there = jnp.asarray(there, jnp.float32)
    wide = solver.padded(points, problem.columns)
    program = solver.Program(channels or problem.channels, data, theta)
    noise = solver.flattened(theta)

    def value(x: np.ndarray) -> tuple[float, np.ndarray]:
        rows = x.reshape(-1, dims)
        wide.items[:items, :dims], wide.prototypes[:, :dims] = problem.points(rows)
        loss, _, gradient, _ = program.gradient(noise, wide, ridge_there)
        slope = problem.pulled(gradient, dims)
        if problem.prior is None:
            return loss, slope.ravel()
        shrink = ridge[:dims] * rows
        return loss + 0.5 * float(np.sum(shrink * rows)), (slope + shrink).ravel()

    x = problem.inner(points).ravel()
    x, loss, used, done = solver.descend(value, x, max_iter, tol * x.size)
    return problem.points(x.reshape(-1, dims)), loss, used, done
