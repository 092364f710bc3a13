"""MAP from any mixture of signals: a start in more dims, L-BFGS, EM for the noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from labelbits.interface import Batch
from labelbits.recovery import solver
from labelbits.recovery.channel import Channel, Parameters
from labelbits.recovery.initialise import spectral_start
from labelbits.recovery.solver import Coded, Points

#: Draws of the Laplace posterior, and answers of one signal, in one EM step for the noise.
DRAWS = 4
NOISE_ANSWERS = 100_000
#: EM steps at most; a change of ln precision below which the noise counts as settled.
EM_STEPS, SETTLED = 8, 0.05
#: Iterations for the noise in one EM step, and for each of the two stages of a start.
NOISE_ITERATIONS, START_ITERATIONS = 15, 30
#: Spread of a random start, and the least number of extra dims in which it moves freely at first.
START, LIFT = 0.3, 2
#: Columns are padded to a multiple of this with zeros, whose gradient is zero by reflection: one
#: compiled program serves the wide start, the fit itself, and other numbers of dims.
COLUMNS = 4
#: The variance of the points is changed by at most this factor in one EM step.
MOST_RESCALING = 4.0

Report = Callable[[str, float], None]


@dataclass(frozen=True)
class MixtureFit:
    """MAP points with the noise of each signal; `blocks` are the items' posterior precisions.

    The prior is N(0, I / ridge); ridge is 1 unless a signal reports distances themselves.
    """

    points: Points
    theta: tuple[Parameters, ...]
    ridge: float
    blocks: np.ndarray
    loss: float
    n_iter: int
    converged: bool


@dataclass(frozen=True)
class MixtureProblem:
    """Batches with the channel of each, and the sizes."""

    batches: tuple[Batch, ...]
    channels: tuple[Channel, ...]
    items: int
    classes: int
    dims: int

    @property
    def columns(self) -> int:
        """Columns of the arrays of points: dims plus those of the start, padded."""
        return COLUMNS * math.ceil((self.dims + LIFT) / COLUMNS)

    @property
    def absolute(self) -> bool:
        """Does a signal report distances in units of its own, so that the points' scale is its?"""
        numbers = [b.signal for b in self.batches if b.signal.form == "number"]
        return any(math.isinf(signal.outcomes(2)) for signal in numbers)

    @property
    def scale_known(self) -> bool:
        """Is the scale of the points fixed by a precision that is given?"""
        return any(channel.precision is not None for channel in self.channels)


def _pack(points: Points) -> np.ndarray:
    return np.concatenate([np.ravel(points.items), np.ravel(points.prototypes)]).astype(np.float64)


def _unpack(x: np.ndarray, problem: MixtureProblem, dims: int) -> Points:
    z = x.reshape(-1, dims).astype(np.float32)
    return Points(z[: problem.items], z[problem.items :])


def widened(points: Points, columns: int) -> Points:
    """The points with zeros appended up to `columns`, on the device."""
    return Points(
        *(
            jnp.asarray(np.pad(p, ((0, 0), (0, columns - p.shape[1]))), dtype=jnp.float32)
            for p in points
        )
    )


def _map(
    problem: MixtureProblem, data: tuple[Coded, ...], theta: tuple[Parameters, ...],
    points: Points, ridge: float, max_iter: int, tol: float,
) -> tuple[Points, float, int, bool]:  # fmt: skip
    """The MAP points at fixed noise."""
    dims = points.items.shape[1]

    def value(x: np.ndarray) -> tuple[float, np.ndarray]:
        wide = widened(_unpack(x, problem, dims), problem.columns)
        loss, gradient = solver.value_and_gradient(
            problem.channels, theta, wide, data, jnp.float32(ridge)
        )
        return float(loss), _pack(Points(*(np.asarray(g)[:, :dims] for g in gradient)))

    x = _pack(points)
    x, loss, used, done = solver.descend(value, x, max_iter, tol * x.size)
    return _unpack(x, problem, dims), loss, used, done


def _flatten(points: Points, dims: int) -> Points:
    """The points' first principal components, spread out to the variance that they had."""
    both = np.concatenate([points.items, points.prototypes])
    centre = both.mean(0)
    axes = np.linalg.svd((both - centre).T @ (both - centre))[0][:, :dims]
    flat = (both - centre) @ axes
    flat = flat * np.sqrt(np.sum((both - centre) ** 2) / max(np.sum(flat**2), 1e-12))
    return Points(flat[: len(points.items)], flat[len(points.items) :])


def _start(
    problem: MixtureProblem, data: tuple[Coded, ...], theta: tuple[Parameters, ...],
    seed: int, index: int, tol: float,
) -> tuple[Points, float, int]:  # fmt: skip
    """A start, led to a minimum in more dims and flattened. Returns points, loss, steps.

    The first start is the spectral one, the others are random.
    """
    wide, points = problem.columns, None
    theta = tuple(c.without_lapse(t) for c, t in zip(problem.channels, theta, strict=True))
    if index == 0:
        points = spectral_start(
            problem.channels, theta, problem.batches, problem.items, problem.classes,
            problem.dims, wide, seed,
        )  # fmt: skip
    if points is None:
        generator = np.random.default_rng([seed, 1, index])
        points = Points(
            START * generator.normal(size=(problem.items, wide)),
            generator.normal(size=(problem.classes, wide)),
        )
    points, _, first, _ = _map(problem, data, theta, points, 1.0, START_ITERATIONS, tol)
    points = _flatten(points, problem.dims)
    points, loss, second, _ = _map(problem, data, theta, points, 1.0, START_ITERATIONS, tol)
    return points, loss, first + second


def _draws(
    problem: MixtureProblem, points: Points, blocks: tuple[np.ndarray, np.ndarray], seed: int
) -> Points:
    """Draws from the Laplace approximation, point by point: (DRAWS, items, D) and prototypes."""
    generator = np.random.default_rng(seed)

    def around(centre: np.ndarray, precision: np.ndarray) -> np.ndarray:
        noise = generator.normal(size=(DRAWS // 2, *centre.shape))
        noise = np.concatenate([noise, -noise])
        if not len(centre):
            return noise.astype(np.float32)
        # precision = L L^T, so L^-T noise has covariance precision^-1.
        lower = np.linalg.cholesky(precision)
        spread = np.linalg.solve(np.swapaxes(lower, 1, 2)[None], noise[..., None])[..., 0]
        return (centre + spread).astype(np.float32)

    drawn = (around(points.items, blocks[0]), around(points.prototypes, blocks[1]))
    extra = ((0, 0), (0, 0), (0, problem.columns - problem.dims))
    return Points(*(jnp.asarray(np.pad(x, extra)) for x in drawn))


def _noise(
    problem: MixtureProblem, data: tuple[Coded, ...], theta: tuple[Parameters, ...], draws: Points
) -> tuple[Parameters, ...]:
    """The noise that makes the answers most likely on average over the draws."""
    leaves, tree = jax.tree.flatten(theta)
    if not leaves:
        return theta
    shapes = [np.shape(leaf) for leaf in leaves]
    cuts = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]

    def unpack(x: np.ndarray) -> tuple[Parameters, ...]:
        parts = np.split(x.astype(np.float32), cuts)
        return jax.tree.unflatten(
            tree, [jnp.asarray(p.reshape(s)) for p, s in zip(parts, shapes, strict=True)]
        )

    def value(x: np.ndarray) -> tuple[float, np.ndarray]:
        loss, gradient = solver.noise_loss(problem.channels, unpack(x), draws, data)
        flat = [np.ravel(leaf) for leaf in jax.tree.leaves(gradient)]
        return float(loss), np.concatenate(flat).astype(np.float64)

    x = np.concatenate([np.ravel(leaf) for leaf in leaves]).astype(np.float64)
    x, _, _, _ = solver.descend(value, x, NOISE_ITERATIONS, 1e-3)
    return unpack(x)


def _thinned(batch: Batch, generator: np.random.Generator) -> Batch:
    """At most NOISE_ANSWERS answers, weighted to stand for all: enough for a few parameters."""
    if len(batch) <= NOISE_ANSWERS:
        return batch
    rows = generator.choice(len(batch), NOISE_ANSWERS, replace=False)
    kept = batch.take(rows)
    factor = np.float32(batch.weight.sum() / max(kept.weight.sum(), 1e-12))
    return Batch(kept.signal, kept.items, kept.answer, kept.annotator, kept.weight * factor)


def fit_mixture(
    problem: MixtureProblem,
    *,
    seed: int,
    start: Points | None = None,
    theta: Sequence[Parameters] | None = None,
    n_init: int = 1,
    max_iter: int = 200,
    tol: float = 1e-3,
    report: Report = lambda stage, done: None,
) -> MixtureFit:
    """The MAP points and noise of `problem`. `start` and `theta` warm-start it.

    Of `n_init` random starts the one with the smallest loss goes on.
    """
    data = tuple(solver.coded(batch) for batch in problem.batches)
    generator = np.random.default_rng([seed, 0])
    sample = tuple(solver.coded(_thinned(batch, generator)) for batch in problem.batches)
    noise = tuple(theta) if theta is not None else tuple(c.start() for c in problem.channels)
    iterations = 0
    if start is None:
        tries = []
        for i in range(max(n_init, 1)):
            points, loss, used = _start(problem, data, noise, seed, i, tol)
            iterations += used
            tries.append((loss, i, points))
            report("starts", (i + 1) / max(n_init, 1))
        points = min(tries)[2]
    else:
        points = start
    ridge, settled, converged, loss = 1.0, False, False, math.inf
    blocks = (np.zeros((0, 0, 0)), np.zeros((0, 0, 0)))
    for step in range(EM_STEPS):
        report("expectation-maximisation", step / EM_STEPS)
        key = jax.random.fold_in(jax.random.key(seed), step)
        wide = widened(points, problem.columns)
        blocks = solver.laplace_blocks(
            problem.channels, noise, wide, data, ridge, problem.dims, key
        )
        if settled:
            break
        points, blocks, noise, ridge = _rescaled(problem, points, blocks, noise, ridge)
        new = _noise(problem, sample, noise, _draws(problem, points, blocks, seed + step))
        settled = _moved(noise, new) < SETTLED and step > 0
        noise = new
        budget = max(min(60, max_iter - iterations), 5)
        points, loss, used, converged = _map(problem, data, noise, points, ridge, budget, tol)
        iterations += used
    report("expectation-maximisation", 1.0)
    return MixtureFit(
        points, noise, ridge, blocks[0], loss, iterations, bool(converged and settled)
    )


def _rescaled(
    problem: MixtureProblem, points: Points, blocks: tuple[np.ndarray, np.ndarray],
    noise: tuple[Parameters, ...], ridge: float,
) -> tuple[Points, tuple[np.ndarray, np.ndarray], tuple[Parameters, ...], float]:  # fmt: skip
    """Bring points and prior to one variance: the points' scale, or the prior's where it is set."""
    power = sum(float(np.sum(np.square(p, dtype=np.float64))) for p in points)
    spread = sum(
        float(np.trace(np.linalg.inv(b), axis1=1, axis2=2).sum()) for b in blocks if len(b)
    )
    variance = (power + spread) / (points.items.size + points.prototypes.size)
    if problem.absolute:
        return points, blocks, noise, float(np.clip(1 / variance, 1e-6, 1e6))
    if problem.scale_known:
        return points, blocks, noise, ridge
    variance = float(np.clip(variance, 1 / MOST_RESCALING, MOST_RESCALING))
    points = Points(*(p / math.sqrt(variance) for p in points))
    noise = tuple(
        channel.rescaled(theta, variance)
        for channel, theta in zip(problem.channels, noise, strict=True)
    )
    return points, (blocks[0] * variance, blocks[1] * variance), noise, ridge


def _moved(old: tuple[Parameters, ...], new: tuple[Parameters, ...]) -> float:
    """Largest change of a parameter that belongs to a signal and not to one annotator."""
    return max(
        (
            float(np.max(np.abs(new_theta[name] - theta[name])))
            for theta, new_theta in zip(old, new, strict=True)
            for name in theta
            if not name.endswith("_of") and name != "lapse"
        ),
        default=0.0,
    )
