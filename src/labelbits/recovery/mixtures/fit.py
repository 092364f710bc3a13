"""MAP from any mixture of signals: starts (`starts`), then the noise, then the points again.

The noise (precision and lapse of each signal or annotator, and the signals' other parameters) is
the posterior mean over draws of points and noise together (`mixture_noise`). The noise that suits
the MAP points best takes every well-fitted answer for a precise one; it only leads the chain to
where it begins. After each step towards it the points are rescaled to the prior's variance
(parameter-expanded EM, Liu, Rubin and Wu 1998), which moves the precision at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from labelbits.interface import Batch
from labelbits.recovery import chain
from labelbits.recovery.mixtures import objective as solver
from labelbits.recovery.mixtures.channel import Parameters
from labelbits.recovery.mixtures.noise import Noise, Sampled, Target, flat, sampled_noise, shaped
from labelbits.recovery.mixtures.objective import Points
from labelbits.recovery.mixtures.problem import MixtureProblem, map_points
from labelbits.recovery.mixtures.starts import best_start

#: Answers of one signal from which the noise is told.
NOISE_ANSWERS = 100_000
#: Answers of one signal that a start sees, at least, and for each coordinate.
START_ANSWERS, START_ANSWERS_EACH = 50_000, 20
#: Rounds of noise and points in turn at most; a change of ln precision that counts as settled.
ROUNDS, SETTLED = 5, 0.1
#: Answers a coordinate below which noise that suits the points says nothing.
FEW = 1.0
#: Draws about the points, and iterations for the noise and for the points, in one round.
AROUND = 4
NOISE_ITERATIONS, POINT_ITERATIONS = 15, 60
#: Share of the tolerance that the last descent has: valleys along which points and prototypes
#: stretch against each other are long and flat.
FINISH = 0.1
#: The variance of the points is changed by at most this factor in one round.
MOST_RESCALING = 4.0
#: A change of ln precision by the chain after which the search for points begins again.
MOVED = 0.7
#: Draws that predictions average over where answers are few, and answers a coordinate that are
#: few.
KEPT, AVERAGED = 20, 40.0

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
    #: Draws of points and noise, where answers are so few that predictions average over them.
    draws: Sampled | None = None


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
    ridge: float | None = None,
    n_init: int = 1,
    max_iter: int = 300,
    tol: float = 1e-3,
    report: Report = lambda stage, done: None,
) -> MixtureFit:
    """The MAP points and noise of `problem`. `start` and `theta` warm-start it.

    Where `ridge` is given, it and `theta` are known, and points alone are looked for. `max_iter`
    bounds the iterations after the starts, `tol` is in nats a coordinate.
    """
    generator = np.random.default_rng([seed, 0])
    data = tuple(solver.coded(batch) for batch in problem.batches)

    def sampled(most: int) -> tuple[solver.Coded, ...]:
        return tuple(
            whole if len(batch) <= most else solver.coded(thinned(batch, most, generator))
            for batch, whole in zip(problem.batches, data, strict=True)
        )

    coordinates = problem.coordinates
    each = sum(float(batch.weight.sum()) for batch in problem.batches) / coordinates
    noise = tuple(theta) if theta is not None else tuple(c.start() for c in problem.channels)
    few = sampled(max(START_ANSWERS, START_ANSWERS_EACH * coordinates))

    def started(noise: Noise) -> Points:
        return best_start(problem, few, noise, seed, n_init, tol, report)

    points = start if start is not None else started(noise)
    if ridge is not None:
        points, loss, used, done = map_points(
            problem, data, noise, points, np.full(problem.columns, ridge), max(max_iter, 5),
            FINISH * tol,
        )  # fmt: skip
        return MixtureFit(points, noise, ridge, loss, used, done)
    target = Target(problem, sampled(NOISE_ANSWERS), noise, 1.0)
    draws: Sampled | None = None
    suited: tuple[Noise, float] | None = None
    if len(flat(noise)) or problem.absolute:
        first = noise
        if each > FEW or problem.absolute:
            points, noise = _settled(target, data, points, noise, max_iter, tol, seed, report)
            suited = noise, target.ridge
        # Draws given a part of the answers would say less of the points than all answers do.
        part = any(len(batch) > NOISE_ANSWERS for batch in problem.batches)
        if suited is None or not part or coordinates * AVERAGED <= NOISE_ANSWERS:
            draws = sampled_noise(
                target, points, noise, seed, KEPT,
                lambda done: report("draws of the noise", done),
            )  # fmt: skip
            noise = draws.noise
        if start is None and suited is None and _moved(first, noise) > MOVED:
            points = started(noise)
    # At the true noise the mode of few answers bends to their errors; the larger noise that
    # uncertain points see keeps it nearer to the middle of the posterior.
    at, ridge = suited if suited and each < AVERAGED else (noise, target.ridge)
    points, loss, used, done = map_points(
        problem, data, at, points, np.full(problem.columns, ridge), max(max_iter, 5), FINISH * tol
    )
    report("points", 1.0)
    return MixtureFit(points, noise, ridge, loss, used, done, draws if each < AVERAGED else None)


def _settled(
    target: Target, data: tuple[solver.Coded, ...], points: Points, noise: Noise,
    max_iter: int, tol: float, seed: int, report: Report,
) -> tuple[Points, Noise]:  # fmt: skip
    """Points and noise by EM, each point's posterior taken for independent of all others."""
    problem, n = target.problem, target.coordinates
    generator = np.random.default_rng([seed, 12])
    for step in range(ROUNDS):
        report("noise", step / ROUNDS)
        x = target.vector(points, noise)
        group = np.concatenate([np.arange(n) // problem.dims, np.full(len(x) - n, n)])
        width = chain.widths(target.value, x, group, np.full(len(x), target.ridge), generator)
        x, width = _rescaled(target, x, width[:n])
        old, noise = noise, shaped(x[n:], noise)
        x[n:] = _suited(target, x, width, generator)
        noise = shaped(x[n:], noise)
        points, *_ = map_points(
            problem, data, noise, target.points(x),
            np.full(problem.columns, target.ridge), min(POINT_ITERATIONS, max_iter), tol,
        )  # fmt: skip
        if _moved(old, noise) < SETTLED and step > 0:
            break
    return points, noise


def _suited(
    target: Target, x: np.ndarray, width: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """The noise that makes the answers most likely on average over points `width` about x."""
    n = target.coordinates
    if len(x) == n:
        return x[n:]
    about = generator.normal(size=(AROUND // 2, n)) * width
    places = np.concatenate([x[:n] + about, x[:n] - about])

    def value(noise: np.ndarray) -> tuple[float, np.ndarray]:
        each = [target.value(np.concatenate([place, noise])) for place in places]
        return (
            sum(energy for energy, _ in each) / AROUND,
            np.sum([gradient[n:] for _, gradient in each], axis=0) / AROUND,
        )

    return solver.descend(value, x[n:], NOISE_ITERATIONS, 1e-3)[0]


def _rescaled(target: Target, x: np.ndarray, width: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bring points and prior to one variance: the points' scale, or the prior's where it is set."""
    if target.problem.scale_known and not target.problem.absolute:
        return x, width
    variance = (target.power(x) + float(np.sum(width**2))) / target.coordinates
    if target.problem.absolute:
        target.ridge = float(np.clip(1 / variance, 1e-6, 1e6))
        return x, width
    variance = float(np.clip(variance, 1 / MOST_RESCALING, MOST_RESCALING))
    return target.rescaled(x, variance), width / math.sqrt(variance)


def _moved(old: Noise, new: Noise) -> float:
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
