"""The noise of a mixture: first what suits the points, then the mean of draws of both together.

The points' scale and the precisions are one freedom seen twice, along which a chain creeps. So
after each step of the chain the scale is drawn from its law given everything else: dividing all
points by s, and multiplying precisions and dividing thresholds to match, leaves every answer's
probability as it was, and only the priors speak (a move along a group: Liu and Sabatti 2000).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from labelbits.recovery import chain
from labelbits.recovery.convergence import Convergence, convergence
from labelbits.recovery.leapfrog import leapfrog
from labelbits.recovery.mixtures import objective as solver
from labelbits.recovery.mixtures.channel import Parameters
from labelbits.recovery.mixtures.objective import Coded, Points
from labelbits.recovery.mixtures.problem import MixtureProblem

#: ln s that a move of the scale considers.
SCALES = np.linspace(-1.5, 1.5, 601)

Noise = tuple[Parameters, ...]


def flat(noise: Any) -> np.ndarray:
    """All parameters as one vector."""
    return solver.flattened(noise).astype(np.float64)


def shaped(values: np.ndarray, like: Noise) -> Noise:
    """The vector as parameters of the form of `like`."""
    leaves, tree = jax.tree.flatten(like)
    cuts = np.cumsum([np.size(leaf) for leaf in leaves])[:-1]
    parts = np.split(values.astype(np.float32), cuts) if leaves else []
    return jax.tree.unflatten(
        tree, [p.reshape(np.shape(leaf)) for p, leaf in zip(parts, leaves, strict=True)]
    )


@eqx.filter_jit
def _gradient(
    channels: Any, like: Any, data: Any, columns: int, points: Points, noise: Any, ridge: Any
) -> tuple[Any, Points, Any]:
    """Energy at `points` and `noise` (flat), and its gradients."""
    leaves, tree = jax.tree.flatten(like)
    theta = solver.unflattened(noise, tree, [leaf.shape for leaf in leaves])
    (loss, prior), (slope, noise_slope) = solver.value_and_gradient(
        channels, theta, points, data, jnp.broadcast_to(ridge, (columns,))
    )
    return loss + prior, slope, noise_slope


@eqx.filter_jit
def _travel(
    channels: Any, like: Any, data: Any, columns: int, x: Any, speed: Any, ridge: Any, width: Any,
    step: Any, leaps: Any,
) -> Any:  # fmt: skip
    """Leapfrog steps of every chain: x and speed are (points, noise), each (chains, ...)."""

    def one(x: Any, speed: Any, ridge: Any) -> Any:
        def slope(x: Any) -> Any:
            energy, points, noise = _gradient(channels, like, data, columns, x[0], x[1], ridge)
            return energy, (points, noise)

        found = leapfrog(slope, x, speed, width, step, leaps)
        return found.x, found.speed, found.after - found.before

    return jax.vmap(one)(x, speed, ridge)


def _first(chains: Any) -> Any:
    """The first of several chains."""
    return jax.tree.map(lambda part: part[0], chains)


@dataclass
class Target:
    """Minus the log posterior of points and noise together, as one vector: points, then noise.

    Where answers report distances the prior's precision is drawn too: the logarithm of it may
    follow as a last number, `ridge` stands where it does not.
    """

    problem: MixtureProblem
    data: tuple[Coded, ...]
    like: Noise
    ridge: float
    wide: Points = field(init=False)
    #: Of each number of the noise: what it gains with the scale, its prior's middle and precision.
    shares: np.ndarray = field(init=False)
    middle: np.ndarray = field(init=False)
    precision: np.ndarray = field(init=False)
    #: The objective of the problem's answers.
    program: solver.Program = field(init=False)
    #: Can the scale be drawn given everything else?
    scales: bool = field(init=False)

    def __post_init__(self) -> None:
        items = np.zeros((self.problem.items, self.problem.dims))
        prototypes = np.zeros((self.problem.classes, self.problem.dims))
        self.wide = solver.padded(Points(items, prototypes), self.problem.columns)
        self.program = solver.Program(self.problem.channels, self.data, self.like)
        channels = list(zip(self.problem.channels, self.like, strict=True))
        self.shares = flat(tuple(channel.with_scale(theta) for channel, theta in channels))
        self.middle = flat(tuple(channel.start() for channel in self.problem.channels))
        self.precision = flat(tuple(c.prior_precisions(theta) for c, theta in channels))
        # Perceived distances do not scale exactly: the chain itself moves them.
        perceived = any(channel.power is not None for channel in self.problem.channels)
        self.scales = not (perceived or self.problem.scale_known)

    @functools.cached_property
    def coordinates(self) -> int:
        """How many of the vector's numbers are places, or with features (w, e)."""
        return self.problem.coordinates

    def vector(self, points: Points, noise: Any) -> np.ndarray:
        """The vector of points and noise, without the prior's precision."""
        return np.concatenate([self.problem.inner(points).ravel(), flat(noise)])

    def points(self, x: np.ndarray) -> Points:
        """Points of vectors (..., numbers)."""
        inner = x[..., : self.coordinates].reshape(*x.shape[:-1], -1, self.problem.dims)
        return self.problem.points(inner)

    @functools.cached_property
    def noises(self) -> slice:
        """Which of the vector's numbers are noise."""
        return slice(self.coordinates, self.coordinates + len(self.shares))

    def ridge_at(self, x: np.ndarray) -> float:
        """The prior's precision."""
        return math.exp(x[-1]) if len(x) > self.noises.stop else self.ridge

    def groups(self, ridge: float) -> tuple[np.ndarray, np.ndarray]:
        """For `chain.widths`: a width for each point and each kind of noise, and the priors."""
        n, sizes = self.coordinates, [np.size(leaf) for leaf in jax.tree.leaves(self.like)]
        kinds = np.repeat(np.arange(len(sizes)), sizes)
        group = [np.arange(n) // self.problem.dims, n // self.problem.dims + kinds]
        return np.concatenate(group), np.concatenate([np.full(n, ridge), np.full(len(kinds), 0.25)])

    def value(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Energy and gradient."""
        problem, n = self.problem, self.coordinates
        items, dims = problem.items, problem.dims
        self.wide.items[:items, :dims], self.wide.prototypes[:, :dims] = self.points(x)
        ridge = self.ridge_at(x)
        there = np.full(problem.columns, ridge if problem.prior is None else 0.0, np.float32)
        loss, prior, slope, noise_slope = self.program.gradient(
            x[self.noises].astype(np.float32), self.wide, there
        )
        pulled, energy = problem.pulled(slope, dims).ravel(), loss + prior
        if problem.prior is not None:
            # With features the prior is that of (w, e), and the compiled program has none.
            pulled, energy = pulled + ridge * x[:n], energy + 0.5 * ridge * self.power(x)
        parts = pulled, noise_slope, np.zeros(len(x) - self.noises.stop)
        return energy, np.concatenate(parts, dtype=np.float64)

    def travel(
        self, x: np.ndarray, speed: np.ndarray, width: np.ndarray, step: float, leaps: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """As `chain.Target.travel`: in one compiled program, of one chain that of the search.

        With features the prior is that of (w, e), which the program does not know.
        """
        if self.problem.prior is not None:
            return chain.travelled(self.value, x, speed, width, step, leaps)
        if len(x) == 1:
            place, pace, wide = (_first(self._apart(part)) for part in (x, speed, width[None]))
            ridge = np.full(self.problem.columns, self.ridge_at(x[0]), np.float32)
            *ends, gain = self.program.travel(place, pace, wide, ridge, step, leaps)
            place, pace = (jax.tree.map(lambda part: np.asarray(part)[None], end) for end in ends)
            return self._together(place, x), self._together(pace, speed), np.array([gain])
        ridge = np.array([self.ridge_at(one) for one in x], np.float32)
        places, speeds, gains = _travel(
            self.problem.channels, self.like, self.data, self.problem.columns,
            self._apart(x), self._apart(speed), ridge,
            _first(self._apart(width[None])),
            jnp.asarray(step, jnp.float32), jnp.asarray(leaps),
        )  # fmt: skip
        return (
            self._together(places, x), self._together(speeds, speed), np.asarray(gains, np.float64)
        )  # fmt: skip

    def _apart(self, x: np.ndarray) -> tuple[Points, np.ndarray]:
        """(points padded with zeros, noise) of vectors (chains, coordinates)."""
        items, dims, n = self.problem.items, self.problem.dims, self.coordinates
        rows = x[:, :n].reshape(len(x), -1, dims)
        wide = Points(*(np.zeros((len(x), *part.shape), np.float32) for part in self.wide))
        wide.items[:, :items, :dims] = rows[:, :items]
        wide.prototypes[:, :, :dims] = rows[:, items:]
        return wide, x[:, self.noises].astype(np.float32)

    def _together(self, parts: tuple[Points, Any], like: np.ndarray) -> np.ndarray:
        """Vectors from `parts`; what `like` has beyond points and noise stays."""
        (items, prototypes), noise = parts
        dims, rows = self.problem.dims, len(like)
        found = (
            np.asarray(items)[:, : self.problem.items, :dims].reshape(rows, -1),
            np.asarray(prototypes)[:, :, :dims].reshape(rows, -1),
            np.asarray(noise),
            like[:, self.noises.stop :],
        )
        return np.concatenate(found, axis=1, dtype=np.float64)

    def power(self, x: np.ndarray) -> float:
        """Sum of squares of all places, or with features of (w, e) and prototypes."""
        return float(np.sum(x[: self.coordinates] ** 2))

    def move(self, x: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Draw the scale given everything else: of the prior where answers report distances."""
        n = self.coordinates
        if self.problem.absolute:
            ridge = generator.gamma(n / 2) / max(self.power(x) / 2, 1e-12)
            return np.append(x[: self.noises.stop], np.log(np.clip(ridge, 1e-6, 1e6)))
        if not self.scales:
            return x
        energy = 0.5 * self.ridge * self.power(x) * np.exp(2 * SCALES) - n * SCALES
        off = (x[self.noises] - self.middle)[:, None] - 2 * self.shares[:, None] * SCALES
        told = self.precision * (self.shares != 0)
        energy += 0.5 * told @ off**2
        weight = np.exp(energy.min() - energy)
        ln_scale = generator.choice(SCALES, p=weight / weight.sum())
        return self.rescaled(x, math.exp(-2 * ln_scale))

    def rescaled(self, x: np.ndarray, factor: float) -> np.ndarray:
        """The same answers' probabilities with every squared distance divided by `factor`."""
        n = self.coordinates
        noise = x[self.noises] + self.shares * math.log(factor)
        return np.concatenate([x[:n] / math.sqrt(factor), noise, x[self.noises.stop :]])

    def summary(self, x: np.ndarray) -> np.ndarray:
        """What tells whether chains converged, of draws (..., coordinates): the noise, the points'
        spread, and how far each point lies from the middle."""
        n = self.coordinates
        points = np.concatenate(self.points(x), axis=-2)
        centred = points - points.mean(-2, keepdims=True)
        far = np.sum(centred**2, axis=-1)
        spread = np.log(far.mean(-1, keepdims=True))
        return np.concatenate([x[..., n:], spread, far], axis=-1)


@dataclass(frozen=True)
class Sampled:
    """Noise by the mean of draws; draws of points (draws, items + classes, dims), thinned, with
    the noise of each, and how far the chain of the noise converged."""

    noise: Noise
    points: np.ndarray
    noises: tuple[Noise, ...]
    convergence: Convergence


def sampled_noise(
    target: Target, points: Points, noise: Noise, seed: int, kept: int,
    report: Callable[[float], None],
) -> Sampled:  # fmt: skip
    """Draws of points and noise from `points` and `noise` on; `kept` of them are handed back.

    `target.ridge` ends as the mean over the draws where answers report distances.
    """
    generator = np.random.default_rng([seed, 11])
    n = target.coordinates
    x = target.vector(points, noise)
    group, prior = target.groups(target.ridge)
    if target.problem.absolute:
        x, group = np.append(x, math.log(target.ridge)), np.append(group, group.max() + 1)
        prior = np.append(prior, 1.0)
    moving = chain.Chain(target, x[None], group, prior, generator)
    warm_up, draws = chain.lengths(sum(len(batch) for batch in target.problem.batches))
    part = warm_up / (warm_up + draws)
    moving.warm_up(warm_up, lambda done: report(part * done))
    found = moving.draw(draws, lambda done: report(part + (1 - part) * done)).x
    if target.problem.absolute:
        target.ridge = math.exp(found[0, :, -1].mean())
    told = convergence(target.summary(found)[..., : target.noises.stop - n + 1])
    noises = found[0][:, target.noises]
    rows = np.linspace(0, draws - 1, kept).round().astype(int)
    return Sampled(
        mean_noise(noises, noise),
        np.concatenate(target.points(found[0, rows]), axis=-2).astype(np.float32),
        tuple(shaped(noises[row], noise) for row in rows),
        told,
    )


def mean_noise(noises: np.ndarray, like: Noise) -> Noise:
    """The posterior mean: of a lapse itself, of the logarithm of every other number."""
    middle = shaped(noises.mean(0), like)
    each = [shaped(row, like) for row in noises]
    for index, theta in enumerate(middle):
        if "lapse" in theta:
            lapse = np.mean([1 / (1 + np.exp(-float(one[index]["lapse"]))) for one in each])
            theta["lapse"] = jnp.asarray(math.log(lapse / (1 - lapse)), jnp.float32)
    return middle
