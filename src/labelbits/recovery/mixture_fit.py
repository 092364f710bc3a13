"""MAP from any mixture of signals: starts (`starts`), then EM for the noise.

The noise (precision and lapse of each signal or annotator, and the signals' other parameters)
follows by EM: draws from the Laplace approximation about the MAP points stand for the posterior,
and the noise that makes the answers most likely over the draws is next. Plugging in the points
themselves would take every well-fitted answer for a precise one. After each step the points are
rescaled to the prior's variance (parameter-expanded EM, Liu, Rubin and Wu 1998), which moves the
precision at once where plain EM creeps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from labelbits.interface import Batch
from labelbits.recovery import laplace, solver
from labelbits.recovery.channel import Parameters
from labelbits.recovery.problem import MixtureProblem, map_points
from labelbits.recovery.solver import Coded, Points
from labelbits.recovery.starts import best_start

#: Draws of the Laplace posterior, and answers of one signal, in one EM step for the noise.
DRAWS = 4
NOISE_ANSWERS = 100_000
#: Answers of one signal that a start sees, at least, and for each coordinate.
START_ANSWERS, START_ANSWERS_EACH = 50_000, 20
#: EM steps at most; a change of ln precision below which the noise counts as settled.
EM_STEPS, SETTLED = 10, 0.05
#: Iterations for the noise, and for the points, in one EM step.
NOISE_ITERATIONS, POINT_ITERATIONS = 15, 60
#: Share of the tolerance that the last descent has: valleys along which points and prototypes
#: stretch against each other are long and flat.
FINISH = 0.1
#: The variance of the points is changed by at most this factor in one EM step.
MOST_RESCALING = 4.0

Report = Callable[[str, float], None]


@dataclass(frozen=True)
class MixtureFit:
    """MAP points with the noise of each signal.

    The prior is N(0, I / ridge); ridge is 1 unless a signal reports distances themselves.
    """

    points: Points
    theta: tuple[Parameters, ...]
    ridge: float
    loss: float
    n_iter: int
    converged: bool


def _draws(
    problem: MixtureProblem, points: Points, blocks: tuple[np.ndarray, np.ndarray], seed: int
) -> Points:
    """Draws from the Laplace approximation, point by point: (DRAWS, items, D) and prototypes."""
    generator = np.random.default_rng(seed)

    def around(centre: np.ndarray, precision: np.ndarray) -> np.ndarray:
        noise = generator.normal(size=(DRAWS // 2, *centre.shape))
        noise = np.concatenate([noise, -noise])
        if not len(centre):
            return noise
        # precision = L L^T, so L^-T noise has covariance precision^-1.
        lower = np.linalg.cholesky(precision)
        spread = np.linalg.solve(np.swapaxes(lower, 1, 2)[None], noise[..., None])[..., 0]
        return centre + spread

    drawn = zip(around(points.items, blocks[0]), around(points.prototypes, blocks[1]), strict=True)
    wide = [solver.padded(Points(*one), problem.columns) for one in drawn]
    return Points(*(np.stack(each) for each in zip(*wide, strict=True)))


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


def thinned(batch: Batch, most: int, generator: np.random.Generator) -> Batch:
    """At most `most` answers, weighted to stand for all."""
    if len(batch) <= most:
        return batch
    kept = batch.take(generator.choice(len(batch), most, replace=False))
    factor = np.float32(batch.weight.sum() / max(kept.weight.sum(), 1e-12))
    return Batch(kept.signal, kept.items, kept.answer, kept.annotator, kept.weight * factor)


def fit_mixture(
    problem: MixtureProblem,
    *,
    seed: int,
    start: Points | None = None,
    theta: Sequence[Parameters] | None = None,
    n_init: int = 1,
    max_iter: int = 300,
    tol: float = 1e-3,
    report: Report = lambda stage, done: None,
) -> MixtureFit:
    """The MAP points and noise of `problem`. `start` and `theta` warm-start it.

    `max_iter` bounds the iterations after the starts, `tol` is in nats a coordinate.
    """
    generator = np.random.default_rng([seed, 0])
    data = tuple(solver.coded(batch) for batch in problem.batches)

    def sampled(most: int) -> tuple[Coded, ...]:
        return tuple(
            whole if len(batch) <= most else solver.coded(thinned(batch, most, generator))
            for batch, whole in zip(problem.batches, data, strict=True)
        )

    sample = sampled(NOISE_ANSWERS)
    noise = tuple(theta) if theta is not None else tuple(c.start() for c in problem.channels)
    points = start
    if points is None:
        coordinates = (problem.items + problem.classes) * problem.dims
        few = sampled(max(START_ANSWERS, START_ANSWERS_EACH * coordinates))
        points = best_start(problem, few, noise, seed, n_init, tol, report)
    ridge, settled, done, iterations = 1.0, False, False, 0
    for step in range(EM_STEPS):
        report("expectation-maximisation", step / EM_STEPS)
        key = jax.random.fold_in(jax.random.key(seed), step)
        blocks = laplace.own_blocks(
            problem.channels, noise, points, data, ridge, problem.columns, key
        )
        points, blocks, noise, ridge = _rescaled(problem, points, blocks, noise, ridge)
        new = _noise(problem, sample, noise, _draws(problem, points, blocks, seed + step))
        settled = _moved(noise, new) < SETTLED and step > 0
        noise = new
        budget = max(min(POINT_ITERATIONS, max_iter - iterations), 5)
        points, _, used, done = map_points(
            problem, data, noise, points, np.full(problem.columns, ridge), budget, tol
        )
        iterations += used
        if settled:
            break
    budget = max(max_iter - iterations, 5)
    points, loss, used, done = map_points(
        problem, data, noise, points, np.full(problem.columns, ridge), budget, FINISH * tol
    )
    report("expectation-maximisation", 1.0)
    return MixtureFit(points, noise, ridge, loss, iterations + used, bool(done and settled))


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
