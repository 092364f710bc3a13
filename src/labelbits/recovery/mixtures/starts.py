"""Where a fit of any mixture begins: each start passes from more dims to those asked for.

With unknown prototypes the objective has bad local minima: a prototype or item that has to pass
through others cannot. A start therefore

1. begins at the linearised solution (`initialise`) or at random, in at least two dims more than
   asked for, where points pass round each other, and without a lapse: from afar every answer
   looks like a lapse, and a lapse pulls nowhere;
2. is squeezed: after a rotation that leaves the least variance in the extra dims, the prior on
   those grows tight step by step, then they are dropped;
3. ends in a descent with the lapse restored, whose loss says which start goes on.

The first start is the linearised one, the second is random, every further one is the best so far
with all its points pushed about (iterated local search, Lourenco, Martin and Stuetzle 2003): on
sparse soft labels one such push led from the local minimum to the best known one in all of 30
tries, where 3 of 8 random starts found it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from labelbits.recovery.mixtures.channel import Parameters
from labelbits.recovery.mixtures.objective import Coded, Points
from labelbits.recovery.mixtures.problem import MixtureProblem, map_points
from labelbits.recovery.mixtures.spectral import spectral_start

#: Precision of the prior on the extra dims, stage by stage; 1 is the prior that all dims have.
SQUEEZE = (1.0, 4.0, 11.0, 31.0, 101.0)
#: Iterations at most of the first stage, of a later one, and of the last.
ITERATIONS = (100, 50, 200)
#: Above so many dims items pass round each other as they are: comparisons are not squeezed.
ROOMY = 8
#: Spread of a random start; of a push, in units of the points' own spread.
SPREAD, PUSH = 0.3, 0.5


def _rotated(points: Points) -> Points:
    """The points about their centre on their principal axes, most variance first."""
    both = np.concatenate(points).astype(np.float64)
    both -= both.mean(0)
    both = both @ np.linalg.svd(both.T @ both)[0]
    return Points(both[: len(points.items)], both[len(points.items) :])


def _begin(
    problem: MixtureProblem, data: tuple[Coded, ...], theta: tuple[Parameters, ...],
    seed: int, index: int, best: Points | None,
) -> Points:  # fmt: skip
    """Where start number `index` begins, in all columns."""
    columns = problem.columns
    if index == 0:
        found = spectral_start(
            problem.channels, theta, data, problem.items, problem.classes, problem.dims, columns,
            seed,
        )  # fmt: skip
        if found is not None:
            return found
    generator = np.random.default_rng([seed, 1, index])
    noise = [generator.normal(size=(n, columns)) for n in (problem.items, problem.classes)]
    if best is None or index < 2:
        return Points(*(SPREAD * each for each in noise))
    push = PUSH * np.sqrt(np.mean(np.concatenate(best) ** 2))
    wide = [np.pad(p, ((0, 0), (0, columns - problem.dims))) for p in best]
    return Points(*(p + push * each for p, each in zip(wide, noise, strict=True)))


def one_start(
    problem: MixtureProblem, data: tuple[Coded, ...], theta: tuple[Parameters, ...],
    seed: int, index: int, tol: float, best: Points | None = None,
) -> tuple[Points, float]:  # fmt: skip
    """Start number `index`, led to a minimum at the noise `theta`. Returns points and loss."""
    quiet = [c.without_lapse(t) for c, t in zip(problem.channels, theta, strict=True)]
    channels, noise = tuple(c for c, _ in quiet), tuple(t for _, t in quiet)
    points = _begin(problem, data, noise, seed, index, best)
    roomy = problem.dims > ROOMY and not problem.classes
    if roomy:
        points = Points(*(p[:, : problem.dims] for p in _rotated(points)))
    for stage, tight in enumerate(SQUEEZE[:1] if roomy else SQUEEZE):
        if stage == 1:
            points = _rotated(points)
        ridge = np.where(np.arange(problem.columns) < problem.dims, 1.0, tight)
        points, *_ = map_points(
            problem, data, noise, points, ridge, ITERATIONS[min(stage, 1)], tol, channels
        )
    points = Points(*(p[:, : problem.dims] for p in points))
    points, loss, *_ = map_points(
        problem, data, theta, points, np.ones(problem.columns), ITERATIONS[2], tol
    )
    return points, loss


def best_start(
    problem: MixtureProblem, data: tuple[Coded, ...], theta: tuple[Parameters, ...],
    seed: int, n_init: int, tol: float, report: Callable[[str, float], None],
) -> Points:  # fmt: skip
    """Of `n_init` starts the points with the smallest loss."""
    best, least = None, np.inf
    for index in range(max(n_init, 1)):
        points, loss = one_start(problem, data, theta, seed, index, tol, best)
        if best is None or loss < least:
            best, least = points, loss
        report("starts", (index + 1) / max(n_init, 1))
    assert best is not None
    return best
