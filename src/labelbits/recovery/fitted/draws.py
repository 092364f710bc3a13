"""Draws of everything that a fit estimated, until they converged, and a refusal where they do not.

Four chains (`chain`) start about the fit, and go on until the largest R-hat and the fewest
effective draws (`convergence`) of the noise, the points' spread and every point's distance from the
middle are good enough; the first half is left out each time. A fit itself has one short chain,
which tells the middle of the noise: intervals come from here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from labelbits.errors import InputError
from labelbits.interface import LEVEL, Batch
from labelbits.quantity import central
from labelbits.recovery import chain, metrics
from labelbits.recovery.convergence import Convergence, convergence
from labelbits.recovery.fitted.fitting import Fitted
from labelbits.recovery.fitted.inputs import Data, oriented
from labelbits.recovery.mixtures import objective as solver
from labelbits.recovery.mixtures.noise import Target, flat
from labelbits.recovery.mixtures.problem import MixtureProblem
from labelbits.recovery.triplets import kernel
from labelbits.recovery.triplets.noise import TripletTarget
from labelbits.threads import one_blas_thread

#: Chains, steps of their warm-up, steps between two looks, looks at most, and steps for one draw
#: that is kept.
CHAINS, WARM_UP, ROUND, ROUNDS, THIN = 4, 200, 200, 12, 4
#: Looks after which chains are given up that will not do: they still lie apart by so large an
#: R-hat, and effective draws, which grow as the chains do, would be fewer at the last look than
#: this share of what is needed.
HOPELESS, APART_STILL, TOO_FEW = 3, 1.5, 0.5
#: Widths that a trajectory goes, up to the first look and after it, and its leaps. Far points
#: reach each other along bends many widths long: six worlds of ratings, hard labels and mixtures
#: whose chains had not come together after 2,400 trajectories of 1.5 widths all did by these
#: (benchmarks/calibration.py).
LENGTHS, LEAPS = (3.0, 6.0), (4, 64)
#: The same where answers are more than FEW, of which a leap costs as many as there are, and where
#: features let chains move one after the other.
FEW, SHORTER, FEWER = 2_000, (chain.LENGTH, 2 * chain.LENGTH), (chain.LEAPS, (4, 32))
#: Leaps of a trajectory after which no further look is taken.
MOST_LEAPS = 120_000
#: Largest R-hat and fewest effective draws of any quantity.
R_HAT, EFFECTIVE = 1.05, 80.0
#: How far from the fit the chains start, in widths.
APART = 1.0

Report = Callable[[str, float], None]


class NotConvergedError(InputError):
    """The chains did not agree after the most steps; the message says how far they came, and
    `reached` holds their draws, one chain after another."""

    def __init__(self, message: str, reached: Posterior) -> None:
        super().__init__(message)
        self.reached = reached


@dataclass(frozen=True)
class Posterior:
    """Draws after alignment with the fit: what no comparison tells (shift, rotation, and the scale
    where no precision is known) is taken away.

    `items` (draws, items, dims), `prototypes` (draws, classes, dims), `precision` and `lapse`
    {signal: (draws,)}, `parameters` {signal: {name: (draws, ...)}} in unbounded form (`Channel`),
    and `unaligned` (draws, items, dims), items as drawn from N(0, I).
    """

    items: np.ndarray
    prototypes: np.ndarray
    precision: dict[str, np.ndarray]
    lapse: dict[str, np.ndarray]
    parameters: dict[str, dict[str, np.ndarray]]
    unaligned: np.ndarray
    convergence: Convergence

    def interval(self, level: float = LEVEL) -> tuple[np.ndarray, np.ndarray]:
        """(low, high) of every coordinate, (items, dims) each: central quantiles."""
        low, high = central(self.items, level)
        return low, high


def sample(
    fitted: Fitted, data: Data, seed: int = 0, report: Report = lambda stage, done: None,
    noise_alone: bool = False,
) -> Posterior:  # fmt: skip
    """Draws from the posterior of `fitted` given its answers. Raises `NotConvergedError`.

    `noise_alone` asks that the noise and the points' spread converged, not each point: they do so
    sooner, and points that hang loose do not matter to them.
    """
    with one_blas_thread():
        return _sample(fitted, data, seed, report, noise_alone)


def _sample(fitted: Fitted, data: Data, seed: int, report: Report, noise_alone: bool) -> Posterior:
    generator = np.random.default_rng([seed, 17])
    triplets = data.only_triplets and not fitted.theta[0] and fitted.channels[0].power is None
    target = _triplet_target(fitted, data.batches[0]) if triplets else _target(fitted, data)
    x, group, prior = _start(fitted, target)
    width = chain.widths(target.value, x, group, prior, generator)
    away = np.where(width < 1e3, width, 0) * generator.normal(size=(CHAINS, len(x)))
    # A threshold that no answer tells has a width of its own, thousands of times that of its like.
    n = target.coordinates
    own = np.concatenate([group[:n], group[:n].max() + 1 + np.arange(len(x) - n)])
    few = sum(map(len, data.batches)) <= FEW and fitted.prior is None
    lengths, leaps = (LENGTHS, (LEAPS, LEAPS)) if few else (SHORTER, FEWER)
    moving = chain.Chain(
        target, x + APART * away, own, prior, generator, width, lengths[0], leaps[0]
    )
    moving.warm_up(WARM_UP, lambda done: report("draws: warm-up", done))
    found = np.empty((CHAINS, 0, len(x)), np.float32)
    told, steps = Convergence(np.inf, 0.0), 0
    kept = found
    for i in range(ROUNDS):
        more = moving.draw(ROUND).x[:, THIN - 1 :: THIN].astype(np.float32)
        found = np.concatenate([found, more], axis=1)
        kept = found[:, found.shape[1] // 2 if i else 0 :]
        summary = target.summary(kept.astype(np.float64))
        told = convergence(summary[..., : len(x) - target.coordinates + 1 if noise_alone else None])
        report("draws", (i + 1) / ROUNDS)
        if told.within(R_HAT, EFFECTIVE):
            return _posterior(fitted, target, kept.reshape(-1, len(x)), told)
        steps, moving.length, moving.leaps = (i + 1) * ROUND, lengths[1], leaps[1]
        expected = told.effective * ROUNDS / (i + 1)
        if i + 1 >= HOPELESS and told.r_hat > APART_STILL and expected < TOO_FEW * EFFECTIVE:
            break
        if moving.leapt > MOST_LEAPS:
            break
    raise NotConvergedError(
        f"{CHAINS} chains of {steps} steps did not converge: the largest R-hat is "
        f"{told.r_hat:.2f} and the fewest effective draws are {told.effective:.0f}; expected at "
        f"most {R_HAT} and at least {EFFECTIVE:.0f}. The answers leave different places or noise "
        "open: ask more, ask for fewer dimensions, or give precision or lapse where they are known",
        _posterior(fitted, target, kept.reshape(-1, len(x)), told),
    )


def _triplet_target(fitted: Fitted, batch: Batch) -> TripletTarget:
    channel = fitted.channels[0]
    weighted = not np.all(batch.weight == 1)
    known = [
        None if estimated else float(value)
        for estimated, value in zip(
            fitted.estimated, (channel.precision, channel.lapse), strict=True
        )
    ]
    weight = batch.weight if weighted else np.zeros(0, np.float32)
    loaded = kernel.load(oriented(batch), weight, len(fitted.items))
    rows = len(fitted.items) if fitted.prior is None else fitted.prior.rows
    shape = rows, fitted.items.shape[1]
    return TripletTarget(loaded, float(batch.weight.sum()), shape, known[0], known[1], fitted.prior)


def _target(fitted: Fitted, data: Data) -> Target:
    n, dims = fitted.items.shape
    problem = MixtureProblem(
        data.batches, fitted.channels, n, len(fitted.prototypes), dims, fitted.prior
    )
    coded = tuple(solver.coded(batch) for batch in data.batches)
    return Target(problem, coded, fitted.theta, fitted.ridge)


def _start(
    fitted: Fitted, target: Target | TripletTarget
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(vector of the fit, groups, priors) as `chain` takes them."""
    items = fitted.inner.astype(np.float64)
    if isinstance(target, TripletTarget):
        precision, lapse = fitted.noise()
        return target.vector(items, precision, lapse), *target.groups()
    group, prior = target.groups(fitted.ridge)
    x = np.concatenate([items.ravel(), fitted.prototypes.ravel(), flat(fitted.theta)])
    if target.problem.absolute:
        x, group = np.append(x, np.log(fitted.ridge)), np.append(group, group.max() + 1)
        prior = np.append(prior, 1.0)
    return x, group, prior


def _posterior(
    fitted: Fitted, target: Target | TripletTarget, x: np.ndarray, told: Convergence
) -> Posterior:
    n = len(fitted.items)
    if isinstance(target, TripletTarget):
        drawn = target.places(x)
    else:
        drawn = np.concatenate(target.points(x), axis=-2)
    moved = [_aligned(one, fitted) for one in drawn]
    items, prototypes = (np.stack([one[part] for one in moved]) for part in (0, 1))
    name = fitted.channels[0].signal.name
    if isinstance(target, TripletTarget):
        ln_precision, lapse = target.noise(x.astype(np.float64))
        noise = {name: np.exp(ln_precision)}, {name: lapse}, {name: {}}
    else:
        noise = _noises(fitted, x[:, target.noises])
    return Posterior(items, prototypes, *noise, drawn[:, :n], told)


def _aligned(points: np.ndarray, fitted: Fitted) -> tuple[np.ndarray, np.ndarray]:
    """One draw's items and prototypes, moved as its items are to lie best on the fit's."""
    items, n = fitted.items, len(fitted.items)
    if len(fitted.prototypes) == 0:
        return metrics.align(points, items, scale=fitted.scale_free), points[n:]
    # The same map for the prototypes: it is affine, so that it is told by what it does to items.
    moved = metrics.align(points[:n], items, scale=fitted.scale_free)
    ones = np.column_stack([points[:n], np.ones(n)])
    affine = np.linalg.lstsq(ones, moved, rcond=None)[0]
    return moved, np.column_stack([points[n:], np.ones(len(points) - n)]) @ affine


def _noises(fitted: Fitted, x: np.ndarray) -> tuple[dict, dict, dict[str, dict[str, Any]]]:
    """(precision, lapse, parameters) by signal from vectors of noise (draws, numbers)."""
    leaves, tree = jax.tree.flatten(fitted.theta)
    sizes = [int(np.size(leaf)) for leaf in leaves]
    parts = np.split(x, np.cumsum(sizes)[:-1], axis=1) if leaves else []
    shapes = [np.shape(leaf) for leaf in leaves]
    each = [part.reshape(len(x), *shape) for part, shape in zip(parts, shapes, strict=True)]
    precision, lapse, parameters = {}, {}, {}
    for channel, theta in zip(fitted.channels, jax.tree.unflatten(tree, each), strict=True):
        name, flat_noise = channel.signal.name, np.ones(len(x))
        known = channel.precision, channel.lapse
        precision[name] = (
            np.exp(theta["precision"]) if known[0] is None else flat_noise * float(known[0])
        )
        lapse[name] = (
            1 / (1 + np.exp(-theta["lapse"])) if known[1] is None else flat_noise * float(known[1])
        )
        parameters[name] = dict(theta)
    return precision, lapse, parameters
