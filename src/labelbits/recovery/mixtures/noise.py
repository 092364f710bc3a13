"""The noise of a mixture: first what suits the points, then the mean of draws of both together.

The points' scale and the precisions are one freedom seen twice, along which a chain creeps. So
after each step of the chain the scale is drawn from its law given everything else: dividing all
points by s and multiplying precisions to match leaves every answer's probability as it was, and
only the priors speak (a move along a group: Liu and Sabatti 2000).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np

from labelbits.recovery import chain
from labelbits.recovery.mixtures import objective as solver
from labelbits.recovery.mixtures.channel import Parameters
from labelbits.recovery.mixtures.objective import Coded, Points
from labelbits.recovery.mixtures.problem import MixtureProblem

#: ln s that a move of the scale considers.
SCALES = np.linspace(-1.5, 1.5, 601)

Noise = tuple[Parameters, ...]


def flat(noise: Noise) -> np.ndarray:
    """All parameters as one vector."""
    leaves = [np.ravel(leaf) for leaf in jax.tree.leaves(noise)]
    return np.concatenate(leaves).astype(np.float64) if leaves else np.zeros(0)


def shaped(values: np.ndarray, like: Noise) -> Noise:
    """The vector as parameters of the form of `like`."""
    leaves, tree = jax.tree.flatten(like)
    cuts = np.cumsum([np.size(leaf) for leaf in leaves])[:-1]
    parts = np.split(values.astype(np.float32), cuts) if leaves else []
    return jax.tree.unflatten(
        tree, [p.reshape(np.shape(leaf)) for p, leaf in zip(parts, leaves, strict=True)]
    )


@dataclass
class Target:
    """Minus the log posterior of points and noise together, as one vector: points, then noise."""

    problem: MixtureProblem
    data: tuple[Coded, ...]
    like: Noise
    ridge: float
    wide: Points = field(init=False)

    def __post_init__(self) -> None:
        items = np.zeros((self.problem.items, self.problem.dims))
        prototypes = np.zeros((self.problem.classes, self.problem.dims))
        self.wide = solver.padded(Points(items, prototypes), self.problem.columns)

    @property
    def coordinates(self) -> int:
        """How many of the vector's numbers are places."""
        return (self.problem.items + self.problem.classes) * self.problem.dims

    def value(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Energy and gradient."""
        items, dims, n = self.problem.items, self.problem.dims, self.coordinates
        rows = x[:n].reshape(-1, dims)
        self.wide.items[:items, :dims], self.wide.prototypes[:, :dims] = rows[:items], rows[items:]
        ridge = np.full(self.problem.columns, self.ridge, np.float32)
        (loss, prior), (slope, noise_slope) = solver.value_and_gradient(
            self.problem.channels, shaped(x[n:], self.like), self.wide, self.data, ridge
        )
        parts = (
            np.asarray(slope.items)[:items, :dims].ravel(),
            np.asarray(slope.prototypes)[:, :dims].ravel(),
            np.asarray(noise_slope),
        )
        return float(loss) + float(prior), np.concatenate(parts).astype(np.float64)

    def power(self, x: np.ndarray) -> float:
        """Sum of squares of all places."""
        return float(np.sum(x[: self.coordinates] ** 2))

    def move(self, x: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Draw the scale given everything else: of the prior where answers report distances."""
        n = self.coordinates
        if self.problem.absolute:
            self.ridge = float(
                np.clip(generator.gamma(n / 2) / max(self.power(x) / 2, 1e-12), 1e-6, 1e6)
            )
            return x
        powers = [channel.power for channel in self.problem.channels]
        if self.problem.scale_known or any(power is not None for power in powers):
            # Perceived distances do not scale exactly: the chain itself moves them.
            return x
        noise = shaped(x[n:], self.like)
        energy = 0.5 * self.ridge * self.power(x) * np.exp(2 * SCALES) - n * SCALES
        for channel, theta in zip(self.problem.channels, noise, strict=True):
            energy += channel.scale_energy(theta, -2 * SCALES)
        weight = np.exp(energy.min() - energy)
        ln_scale = generator.choice(SCALES, p=weight / weight.sum())
        return self.rescaled(x, math.exp(-2 * ln_scale))

    def rescaled(self, x: np.ndarray, factor: float) -> np.ndarray:
        """The same answers' probabilities with every squared distance divided by `factor`."""
        n = self.coordinates
        noise = tuple(
            channel.rescaled(theta, factor)
            for channel, theta in zip(self.problem.channels, shaped(x[n:], self.like), strict=True)
        )
        return np.concatenate([x[:n] / math.sqrt(factor), flat(noise)])


@dataclass(frozen=True)
class Sampled:
    """Noise by the mean of draws; draws of points (draws, items + classes, dims), thinned, with
    the noise of each."""

    noise: Noise
    points: np.ndarray
    noises: tuple[Noise, ...]
    accepted: float


def sampled_noise(
    target: Target, points: Points, noise: Noise, seed: int, kept: int,
    report: Callable[[float], None],
) -> Sampled:  # fmt: skip
    """Draws of points and noise from `points` and `noise` on; `kept` of them are handed back.

    `target.ridge` ends as the mean over the draws where answers report distances.
    """
    generator = np.random.default_rng([seed, 11])
    problem = target.problem
    n = target.coordinates
    x = np.concatenate([np.concatenate(points).ravel(), flat(noise)])
    # A width for each point and for each kind of noise.
    sizes = [np.size(leaf) for leaf in jax.tree.leaves(noise)]
    group = np.concatenate(
        [np.arange(n) // problem.dims, n // problem.dims + np.repeat(np.arange(len(sizes)), sizes)]
    )
    prior = np.concatenate([np.full(n, target.ridge), np.full(len(x) - n, 0.25)])
    ridges: list[float] = []

    def move(x: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        x = target.move(x, generator)
        ridges.append(target.ridge)
        return x

    width = chain.widths(target.value, x, group, prior, generator)
    answers = sum(len(batch) for batch in problem.batches)
    found = chain.draw(target.value, x, width, move, generator, answers, report)
    noises = found.x[:, n:]
    target.ridge = math.exp(np.mean(np.log(ridges[-len(found.x) :])))
    rows = np.linspace(0, len(found.x) - 1, kept).round().astype(int)
    return Sampled(
        _mean(noises, noise),
        found.x[rows, :n].reshape(kept, -1, problem.dims).astype(np.float32),
        tuple(shaped(noises[row], noise) for row in rows),
        found.accepted,
    )


def _mean(noises: np.ndarray, like: Noise) -> Noise:
    """The posterior mean: of a lapse itself, of the logarithm of every other number."""
    middle = shaped(noises.mean(0), like)
    each = [shaped(row, like) for row in noises]
    for index, theta in enumerate(middle):
        if "lapse" in theta:
            lapse = np.mean([1 / (1 + np.exp(-float(one[index]["lapse"]))) for one in each])
            theta["lapse"] = jnp.asarray(math.log(lapse / (1 - lapse)), jnp.float32)
    return middle
