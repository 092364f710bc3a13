"""MAP from triplets alone: stochastic passes to get near, L-BFGS to polish, EM for the noise.

Points z are found in coordinates in which the precision is 1 (z = sqrt(precision) x the unit
coordinates), with prior N(0, I / ridge), so precision = 1 / ridge. The ridge follows from the
points by EM for a variance (MacKay 1992, evidence framework):

    1 / ridge = (|z|^2 + tr H^-1) / (items dims),

H the Fisher information plus prior, block by block; the lapse by EM for a mixture.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import OptimizeResult, minimize

from labelbits.recovery.features.prior import FeaturePrior
from labelbits.recovery.triplets import kernel, runs
from labelbits.recovery.triplets.middle import centre, questions
from labelbits.recovery.triplets.noise import TripletDraws, TripletTarget, sampled_noise

#: First step of the stochastic passes, times sqrt(dims): a triplet's curvature grows with dims.
#: Chosen, like the two constants below, on the cells of benchmarks/recovery_cblearn.py.
RATE = 0.14
#: Updates that each item should get in the stochastic passes; the least and most passes.
UPDATES = 8_000
PASSES = (25, 80)
#: Triplets up to which all passes are one call of a program.
AT_ONCE = 10_000
#: Spread of the random start: small, so that no item starts on the far side of the others.
START = 0.3
#: Lapse at the start where it is estimated: too high is harmless, too low takes flips for truth.
FIRST_LAPSE = 0.3
#: A Beta prior on the lapse worth this many answers, so that it is never exactly 0 or 1.
PRIOR_LAPSES, PRIOR_ANSWERS = 0.1, 2.0
#: Up to this many dims the passes start with two dims more, in which no item is walled in.
LIFTED = 3
#: The smallest ridge (largest precision 1 / ridge): noise-free answers put no bound on it.
SMALLEST_RIDGE = 0.02
LARGEST_RIDGE = 1e4

#: Answers a coordinate below which the noise comes from draws, unless there are more answers than
#: this, each of which costs; draws that are kept.
SAMPLED, MOST_SAMPLED, KEPT = 40.0, 150_000, 20
#: Answers a coordinate below which positions are the middle of draws and a chain mixes slowly:
#: steps of its warm-up, draws, and draws that are kept.
SCARCE, SCARCE_STEPS, SCARCE_KEPT = 4.0, (120, 300), 60
#: More answers than this without noise to be seen are taken for noise-free: fewer than this share
#: contradicts the points, which bend to agree with them.
FREELY, CONTRADICTED = 10_000, 0.005

#: The ridge of the middle: hardly any, for its questions are many.
MIDDLE_RIDGE = 1e-3

Report = Callable[[str, float], None]


@dataclass(frozen=True)
class TripletFit:
    """Points (items, dims) at precision 1, with the ridge and lapse found; `loss` in nats."""

    points: np.ndarray
    ridge: float
    lapse: float
    loss: float
    n_iter: int
    converged: bool
    #: Draws of points and noise, where answers are so few that the noise follows from them.
    draws: TripletDraws | None = None
    #: Points that answer as the draws do on average, where answers are very few.
    middle: np.ndarray | None = None


@dataclass(frozen=True)
class TripletProblem:
    """Triplets (n, 3) int32 in random order, weights (n,) or (0,), and the sizes.

    `lapse` and `precision` are numbers where they are known, None where they are estimated.
    """

    triplets: np.ndarray
    weight: np.ndarray
    items: int
    dims: int
    lapse: float | None = None
    precision: float | None = None
    prior: FeaturePrior | None = None

    @functools.cached_property
    def loaded(self) -> kernel.Loaded:
        """The triplets as the kernel takes them."""
        return kernel.load(self.triplets, self.weight, self.items)

    @property
    def answers(self) -> float:
        """Sum of the weights."""
        return float(self.weight.sum()) if len(self.weight) else float(len(self.triplets))

    def target(self) -> TripletTarget:
        """The posterior that draws are from."""
        shape = self.rows, self.dims
        return TripletTarget(
            self.loaded, self.answers, shape, self.precision, self.lapse, self.prior
        )

    @property
    def rows(self) -> int:
        """Rows of what is searched: items, or (w, e) with features."""
        return self.items if self.prior is None else self.prior.rows

    def places(self, inner: np.ndarray) -> np.ndarray:
        """Points of what is searched."""
        return inner if self.prior is None else self.prior.places(inner)

    def inner(self, points: np.ndarray) -> np.ndarray:
        """What is searched, of points."""
        return points if self.prior is None else self.prior.inner(points)

    def counts(self) -> np.ndarray:
        """Weighted number of triplets of each item, (items,) float32, at least a little."""
        total = np.zeros(self.items)
        for column in range(3):
            total += np.bincount(
                self.triplets[:, column], self.weight if len(self.weight) else None, self.items
            )
        return np.maximum(total, 1e-3).astype(np.float32)


def ridge_of(inner: np.ndarray, problem: TripletProblem, lapse: float, ridge: float) -> float:
    """One EM step for the ridge: rows dims / (|inner|^2 + tr H^-1)."""
    if problem.precision is not None:
        return 1 / problem.precision
    blocks = posterior_precision(inner, problem, lapse, ridge)
    variance = float(np.trace(np.linalg.inv(blocks), axis1=1, axis2=2).sum())
    new = inner.size / (float(np.sum(inner.astype(np.float64) ** 2)) + variance)
    return float(np.clip(new, SMALLEST_RIDGE, LARGEST_RIDGE))


def posterior_precision(
    inner: np.ndarray, problem: TripletProblem, lapse: float, ridge: float
) -> np.ndarray:
    """Fisher information plus prior of each row that is searched, (rows, dims, dims), at
    precision 1."""
    dims = inner.shape[1]
    points = problem.places(inner)
    blocks = kernel.fisher_blocks(points, problem.loaded, lapse)
    if problem.prior is not None:
        blocks = problem.prior.blocks(blocks)
    return blocks.astype(np.float64) + ridge * np.eye(dims)


def stochastic(
    problem: TripletProblem,
    points: np.ndarray,
    lapse: float,
    ridge: float,
    passes: int,
    rate: float,
    report: Report,
) -> tuple[np.ndarray, float, float]:
    """Passes with a falling step from `points`; returns points, lapse and ridge."""
    counts = problem.counts()
    points = np.asarray(points, np.float32)
    pace = runs.Pace(rate, passes)
    known = problem.lapse is not None, problem.precision is not None
    estimates = runs.Estimates(known, PRIOR_LAPSES, PRIOR_ANSWERS, (SMALLEST_RIDGE, 1.0))
    # All at once where they take so little time that nobody waits for the next.
    each = passes if len(problem.triplets) <= AT_ONCE else 1
    for first in range(0, passes, each):
        points, lapse, ridge = runs.passes(
            points, problem.loaded, counts, lapse, ridge, pace, estimates, (first, first + each),
            problem.answers,
        )  # fmt: skip
        report("stochastic passes", (first + each) / passes)
    return points, lapse, ridge


def _lapse(lapses: float, problem: TripletProblem) -> float:
    return (lapses + PRIOR_LAPSES) / (problem.answers + PRIOR_ANSWERS)


def polish(
    problem: TripletProblem,
    inner: np.ndarray,
    lapse: float,
    ridge: float,
    max_iter: int,
    tol: float,
) -> tuple[np.ndarray, float, float, int, bool]:
    """L-BFGS at fixed noise, until a step gains less than `tol` nats a coordinate.

    `inner` is what is searched: points, or with features (w, e). Returns inner, loss, expected
    lapses, iterations, converged.
    """
    shape, lapses, prior = inner.shape, 0.0, problem.prior

    def value(x: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal lapses
        if prior is None:
            z = x.reshape(shape).astype(np.float32)
            loss, lapses, gradient = kernel.loss_gradient(z, problem.loaded, lapse, ridge)
            return loss, gradient.astype(np.float64).ravel()
        z = prior.places(x.reshape(shape)).astype(np.float32)
        loss, lapses, gradient = kernel.loss_gradient(z, problem.loaded, lapse, 0.0)
        return loss + 0.5 * ridge * float(x @ x), prior.pull(gradient).ravel() + ridge * x

    before, small = math.inf, False

    def stop(intermediate_result: OptimizeResult) -> None:
        nonlocal before, small
        small = before - intermediate_result.fun < tol * inner.size
        before = intermediate_result.fun
        if small:
            raise StopIteration

    found = minimize(
        value, inner.astype(np.float64).ravel(), jac=True, method="L-BFGS-B", callback=stop,
        options={"maxiter": max_iter, "maxfun": 2 * max_iter + 5, "maxcor": 10},
    )  # fmt: skip
    return (
        found.x.reshape(shape).astype(np.float32),
        float(found.fun),
        lapses,
        int(found.nit),
        bool(small or found.success),
    )


def _start(problem: TripletProblem, generator: np.random.Generator, report: Report) -> tuple:
    """A random start taken through the stochastic passes, lifted to more dims where few."""
    per_item = 3 * len(problem.triplets) / problem.items
    passes = int(np.clip(math.ceil(UPDATES / max(per_item, 1e-9)), *PASSES))
    ridge = 1.0 if problem.precision is None else 1 / problem.precision
    lapse = FIRST_LAPSE if problem.lapse is None else problem.lapse
    dims = problem.dims
    wide = dims + 2 if dims <= LIFTED else dims
    points = START * generator.normal(size=(problem.items, wide))
    points, lapse, ridge = stochastic(
        problem, points, lapse, ridge, passes, RATE / math.sqrt(wide), report
    )
    if wide > dims:
        centred = points - points.mean(0)
        axes = np.linalg.svd(centred.T @ centred)[0][:, :dims]
        flat = centred @ axes
        flat *= np.sqrt(np.sum(centred**2) / max(np.sum(flat**2), 1e-12))
        points, lapse, ridge = stochastic(
            problem, flat, lapse, ridge, passes, RATE / math.sqrt(dims) / 2, report
        )
    return points, lapse, ridge


def _noisy(problem: TripletProblem, points: np.ndarray) -> bool:
    """Is there noise to be told, or so little data that looking costs nothing?"""
    if problem.answers <= FREELY:
        return True
    anchor, near, far = (points[column] for column in problem.triplets[:FREELY].T)
    wrong = np.sum((anchor - far) ** 2 - (anchor - near) ** 2, axis=1) < 0
    return float(wrong.mean()) > CONTRADICTED


def fit_triplets(
    problem: TripletProblem,
    *,
    seed: int,
    start: np.ndarray | None = None,
    n_init: int = 1,
    max_iter: int = 100,
    tol: float = 3e-3,
    report: Report = lambda stage, done: None,
) -> TripletFit:
    """The MAP points of `problem`; `start` (items, dims), at precision 1, skips the passes.

    Of `n_init` starts the one with the smallest loss after a short polish is finished.
    """
    best: tuple | None = None
    for i in range(1 if start is not None else max(n_init, 1)):
        if start is not None:
            points = np.ascontiguousarray(start, dtype=np.float32)
            spread = max(float(points.var()), 1e-6)
            ridge = 1 / (problem.precision or float(np.clip(spread, 1e-4, 1 / SMALLEST_RIDGE)))
            lapse = 0.05 if problem.lapse is None else problem.lapse
        else:
            points, lapse, ridge = _start(problem, np.random.default_rng([seed, i]), report)
        inner = problem.inner(points)
        inner, loss, lapses, used, _ = polish(problem, inner, lapse, ridge, 10, tol)
        # Compared without the prior: the starts' ridges differ.
        loss -= 0.5 * ridge * float(np.sum(inner**2))
        if best is None or loss < best[1]:
            best = (inner, loss, lapse, ridge, lapses, used)
    assert best is not None
    inner, _, lapse, ridge, lapses, iterations = best
    converged, loss = False, math.inf
    while iterations < max_iter and not converged:
        new_lapse = _lapse(lapses, problem) if problem.lapse is None else lapse
        new_ridge = ridge_of(inner, problem, new_lapse, ridge)
        settled = abs(math.log(new_ridge / ridge)) < 0.1 and abs(new_lapse - lapse) < 0.01
        lapse, ridge = new_lapse, new_ridge
        budget = min(20, max_iter - iterations)
        inner, loss, lapses, used, done = polish(problem, inner, lapse, ridge, budget, tol)
        iterations += max(used, 1)
        converged = done and settled
        report("polish", min(iterations / max_iter, 1.0))
    draws = middle = None
    estimated = problem.precision is None, problem.lapse is None
    few = problem.answers < min(SAMPLED * inner.size, MOST_SAMPLED)
    if any(estimated) and few and _noisy(problem, problem.places(inner)):
        # With features many coordinates are nearly known before any answer.
        scarce = problem.prior is None and problem.answers < SCARCE * inner.size
        draws = sampled_noise(
            problem.target(), inner, lapse, ridge, seed, SCARCE_KEPT if scarce else KEPT,
            lambda done: report("draws of the noise", done), SCARCE_STEPS if scarce else None,
        )  # fmt: skip
        if scarce:
            middle = _middle(problem, draws, inner, seed)
        lapse, ridge = draws.lapse, draws.ridge
        inner, loss, _, used, converged = polish(problem, inner, lapse, ridge, max_iter, tol)
        iterations += used
    points = np.asarray(problem.places(inner), np.float32)
    return TripletFit(points, ridge, lapse, loss, iterations, converged, draws, middle)


def _middle(
    problem: TripletProblem, draws: TripletDraws, points: np.ndarray, seed: int
) -> np.ndarray:
    """Points (items, dims), at precision 1, that answer as the draws do on average."""
    asked, weight = questions(draws, seed)
    known = TripletProblem(asked, weight, problem.items, problem.dims, draws.lapse, 1.0)
    return polish(known, centre(draws, points), draws.lapse, MIDDLE_RIDGE, 60, 1e-4)[0]
