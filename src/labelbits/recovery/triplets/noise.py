"""The noise of triplets alone, by draws of points, precision and lapse from their posterior.

Points u have the prior N(0, I) and the kernel takes z = sqrt(precision) u. What a precision is told
from are the points, and they from it: with u fixed the answers tell it, with z fixed the spread of
the points does, and either way alone it creeps. So it moves with u along a trajectory, and after
each one is drawn with z fixed (interweaving: Yu and Meng 2011, Journal of Computational and
Graphical Statistics 20).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from labelbits.recovery import chain
from labelbits.recovery.convergence import Convergence, convergence
from labelbits.recovery.features.prior import FeaturePrior
from labelbits.recovery.triplets import kernel, runs

#: ln precision that a draw considers, and its prior's standard deviation about 0.
LN_PRECISIONS, SPREAD = np.linspace(-9.0, 9.0, 3000), 2.0
_VARIANCES, _UNLIKELY = np.exp(-LN_PRECISIONS), (LN_PRECISIONS / SPREAD) ** 2
#: Beta prior of the lapse.
LAPSES, NOT_LAPSES = 1.1, 2.9
#: Largest ln precision and log odds of a lapse that the kernel is given.
MOST_LN_PRECISION, MOST_ODDS = 9.0, 30.0
PRIOR = runs.NoisePrior(SPREAD, MOST_LN_PRECISION, LAPSES, NOT_LAPSES, MOST_ODDS)
#: Triplets up to which numpy works out the loss: calling a compiled program costs more than that.
FEW = 2_000


@dataclass
class TripletTarget:
    """Minus the log posterior: points u, then ln precision and the lapse's log odds where those are
    not known (`precision` and `lapse` are numbers where they are). With features (`prior`) (w, e)
    stand in place of u, `shape` is theirs, and u follows from them."""

    loaded: kernel.Loaded
    answers: float
    shape: tuple[int, int]
    precision: float | None
    lapse: float | None
    prior: FeaturePrior | None = None
    #: Items of all first, second and third places, and weights, where triplets are few.
    few: tuple[np.ndarray, np.ndarray] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        count = self.loaded.count
        if count <= FEW:
            triplets = np.asarray(self.loaded.triplets)[:count, :3].T
            self.few = triplets.ravel(), np.asarray(self.loaded.weight, np.float64)[:count]

    def loss_gradient(self, z: np.ndarray, lapse: float) -> tuple[float, float, np.ndarray]:
        """As `kernel.loss_gradient` without a ridge."""
        if self.few is None:
            return kernel.loss_gradient(z.astype(np.float32), self.loaded, lapse, 0.0)
        # Coordinates come first: sums over them and over items are a few passes over rows. Called
        # thousands of times, this is as fast as so many calls of numpy can be.
        ends, weight = self.few
        items, dims = z.shape
        i, j, k = z.T.take(ends, axis=1).reshape(dims, 3, -1).transpose(1, 0, 2)
        near, far = i - j, i - k
        e = np.exp(-(far * far - near * near).sum(0).clip(-80, 80))
        odds = 1 + e
        guessed = lapse / 2 * odds
        mixed = 1 - lapse + guessed
        loss = float(weight @ np.log(odds / mixed))
        pull = 2 * (1 - lapse) * weight * e / (odds * mixed)
        sides = np.stack([pull * (near - far), -pull * near, pull * far], axis=1)
        sides = sides.reshape(dims, -1)
        gradient = np.stack([np.bincount(ends, side, items) for side in sides], axis=1)
        return loss, float(weight @ (guessed / mixed)), gradient

    @functools.cached_property
    def coordinates(self) -> int:
        """How many of the vector's numbers are places, or with features (w, e)."""
        return self.shape[0] * self.shape[1]

    def places(self, x: np.ndarray) -> np.ndarray:
        """u (..., items, dims) of vectors (..., coordinates and noise)."""
        inner = x[..., : self.coordinates].reshape(*x.shape[:-1], *self.shape)
        return inner if self.prior is None else self.prior.places(inner)

    def noise(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(ln precision, lapse) of vectors (..., coordinates)."""
        more = iter(range(self.coordinates, x.shape[-1]))
        flat = np.zeros(x.shape[:-1])
        if self.precision is not None:
            ln_precision = flat + math.log(self.precision)
        else:
            ln_precision = x[..., next(more)]
        if self.lapse is not None:
            return ln_precision, flat + self.lapse
        return ln_precision, 1 / (1 + np.exp(-x[..., next(more)]))

    def vector(self, u: np.ndarray, precision: float, lapse: float) -> np.ndarray:
        """The vector of points and noise."""
        first = min(max(lapse, 1e-3), 0.9)
        noise = [math.log(precision)] if self.precision is None else []
        noise += [math.log(first / (1 - first))] if self.lapse is None else []
        return np.concatenate([u.ravel(), noise])

    def groups(self) -> tuple[np.ndarray, np.ndarray]:
        """For `chain.widths`: a width for each point and each kind of noise, and the priors."""
        n, noises = self.coordinates, (self.precision is None) + (self.lapse is None)
        group = np.concatenate([np.arange(n) // self.shape[1], self.shape[0] + np.arange(noises)])
        return group, np.concatenate([np.ones(n), np.full(noises, 0.25)])

    def value(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Energy and gradient."""
        n = self.coordinates
        u, at = x[:n], n
        ln_precision = math.log(self.precision) if self.precision is not None else float(x[n])
        root = math.exp(0.5 * min(max(ln_precision, -40.0), MOST_LN_PRECISION))
        at += self.precision is None
        lapse = self.lapse
        if lapse is None:
            lapse = 1 / (1 + math.exp(-min(max(float(x[at]), -MOST_ODDS), MOST_ODDS)))
        z = (root * u).reshape(self.shape)
        if self.prior is None:
            loss, lapses, gradient = self.loss_gradient(z, lapse)
        else:
            loss, lapses, gradient = self.loss_gradient(self.prior.places(z), lapse)
            gradient = self.prior.pull(gradient)
        pull = gradient.ravel().astype(np.float64) * root
        slope = np.empty_like(x)
        slope[:n] = pull + u
        loss += 0.5 * float(u @ u)
        if self.precision is None:
            loss += 0.5 * (ln_precision / SPREAD) ** 2
            slope[n] = 0.5 * float(pull @ u) + ln_precision / SPREAD**2
        if self.lapse is None:
            loss -= LAPSES * math.log(lapse) + NOT_LAPSES * math.log1p(-lapse)
            slope[at] = (self.answers + LAPSES + NOT_LAPSES) * lapse - lapses - LAPSES
        return loss, slope

    def travel(
        self, x: np.ndarray, speed: np.ndarray, width: np.ndarray, step: float, leaps: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """As `chain.Target.travel`: one compiled program where there are several chains."""
        if self.prior is not None or len(x) == 1:
            return chain.travelled(self.value, x, speed, width, step, leaps)
        (u, noise), (pace, drift), gains = runs.trajectories(
            *self._apart(x, self.precision or 1.0), self._apart(speed), self._apart(width),
            self.loaded, self.answers, (self.precision, self.lapse), PRIOR, step, leaps,
        )  # fmt: skip
        return self._together(u, noise), self._together(pace, drift), gains

    def _apart(self, x: np.ndarray, precision: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
        """Points (..., items, dims) and noise (..., 2) of vectors; in the place of a precision that
        is known the logarithm of `precision`, of a lapse 0."""
        n = self.coordinates
        noise = np.zeros((*x.shape[:-1], 2))
        noise[..., 0] = math.log(precision)
        noise[..., self._free] = x[..., n:]
        return x[..., :n].reshape(*x.shape[:-1], *self.shape), noise

    @property
    def _free(self) -> list[bool]:
        """Are precision and lapse estimated?"""
        return [self.precision is None, self.lapse is None]

    def _together(self, points: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """Vectors of points and noise (chains, 2)."""
        return np.concatenate([points.reshape(len(points), -1), noise[:, self._free]], axis=1)

    def move(self, x: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Draw the precision with z = sqrt(precision) u fixed: no answer's probability changes."""
        if self.precision is not None:
            return x
        n = self.coordinates
        power = float(x[:n] @ x[:n]) * math.exp(x[n])
        energy = 0.5 * (n * LN_PRECISIONS + power * _VARIANCES + _UNLIKELY)
        below = np.exp(energy.min() - energy).cumsum()
        place = np.searchsorted(below, generator.random() * below[-1], side="right")
        ln_precision = LN_PRECISIONS[min(place, len(below) - 1)]
        moved = x.copy()
        moved[:n] *= math.exp(0.5 * (x[n] - ln_precision))
        moved[n] = ln_precision
        return moved

    def summary(self, x: np.ndarray) -> np.ndarray:
        """What tells whether chains converged, of draws (..., coordinates): the noise, the points'
        spread, and how far each point lies from the middle."""
        points = self.places(x)
        far = np.sum((points - points.mean(-2, keepdims=True)) ** 2, axis=-1)
        spread = np.log(far.mean(-1, keepdims=True))
        return np.concatenate([x[..., self.coordinates :], spread, far], axis=-1)


@dataclass(frozen=True)
class TripletDraws:
    """Means for the fit, and draws at precision 1, thinned: (draws, items, dims), (draws,)."""

    ridge: float
    lapse: float
    points: np.ndarray
    ridges: np.ndarray
    lapses: np.ndarray
    convergence: Convergence


def sampled_noise(
    target: TripletTarget, points: np.ndarray, lapse: float, ridge: float, seed: int, kept: int,
    report: Callable[[float], None] = lambda done: None, steps: tuple[int, int] | None = None,
) -> TripletDraws:  # fmt: skip
    """Draws from `points` (items, dims), at precision 1, on; `steps` of the warm-up, and draws."""
    generator = np.random.default_rng([seed, 11])
    x = target.vector(points.astype(np.float64) * math.sqrt(ridge), 1 / ridge, lapse)
    moving = chain.Chain(target, x[None], *target.groups(), generator)
    warm_up, draws = steps or chain.lengths(target.answers)
    part = warm_up / (warm_up + draws)
    moving.warm_up(warm_up, lambda done: report(part * done))
    found = moving.draw(draws, lambda done: report(part + (1 - part) * done)).x
    ln_precision, lapses = (each[0] for each in target.noise(found))
    rows = np.linspace(0, draws - 1, kept).round().astype(int)
    z = target.places(found[0, rows]) * np.exp(0.5 * ln_precision[rows])[:, None, None]
    told = convergence(target.summary(found)[..., : found.shape[-1] - target.coordinates + 1])
    return TripletDraws(
        math.exp(-ln_precision.mean()), float(lapses.mean()),
        z.astype(np.float32),
        np.exp(-ln_precision[rows]), lapses[rows], told,
    )  # fmt: skip
