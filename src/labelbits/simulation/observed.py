"""Worlds whose items are seen through features: x = g(z) + noise, with g random and smooth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from labelbits.errors import InputError, check_at_least
from labelbits.information import random_questions
from labelbits.interface import Batch, Signal
from labelbits.worlds import World

Seen = Literal["nonlinear", "linear", "nothing"]
#: Units of the hidden layer of g, for each dimension of z.
UNITS = 8


@dataclass(frozen=True)
class ObservedWorld:
    """Items z ~ N(0, I_dims) that a learner sees as x = g(z) + noise, of `columns` columns.

    `seen` "nonlinear": g = W tanh(V z + b), random; "linear": g = W z; "nothing": x is noise that
    does not depend on z (a negative control). Every column has variance 1 before `noise`, the
    standard deviation of what is added to it. `seed` fixes g.
    """

    classes: int = 10
    dims: int = 3
    columns: int = 32
    noise: float = 0.1
    seen: Seen = "nonlinear"
    seed: int = 0

    def __post_init__(self) -> None:
        check_at_least("columns", self.columns, self.dims)
        if self.noise < 0:
            raise InputError(f"noise is {self.noise}; expected a number of at least 0")
        if self.seen not in ("nonlinear", "linear", "nothing"):
            raise InputError(f"seen is {self.seen!r}; expected 'nonlinear', 'linear' or 'nothing'")

    def prototypes(self, seed: int) -> np.ndarray:
        """A set of class prototypes (classes, dims), N(0, I)."""
        return np.random.default_rng([self.seed, 1, seed]).normal(size=(self.classes, self.dims))

    def items(self, count: int, seed: int, shift: float = 0.0) -> np.ndarray:
        """Positions z (count, dims); `shift` moves the prior along the first coordinate."""
        z = np.random.default_rng([self.seed, 2, seed]).normal(size=(count, self.dims))
        z[:, 0] += shift
        return z

    def features(self, z: np.ndarray, seed: int) -> np.ndarray:
        """What a learner sees of the items z (n, dims): x (n, columns)."""
        g, own = np.random.default_rng([self.seed, 3]), np.random.default_rng([self.seed, 4, seed])
        noise = own.normal(size=(len(z), self.columns))
        if self.seen == "nothing":
            return noise
        if self.seen == "linear":
            w = g.normal(size=(self.dims, self.columns))
            x = z @ (w / np.linalg.norm(w, axis=0))
            return x + self.noise * noise
        units = UNITS * self.dims
        v, b = g.normal(size=(self.dims, units)), g.normal(size=units)
        w = g.normal(size=(units, self.columns))
        reference = np.tanh(g.normal(size=(2000, self.dims)) @ v + b) @ w
        x = (np.tanh(z @ v + b) @ w - reference.mean(0)) / reference.std(0)
        return x + self.noise * noise

    def answers(
        self, signal: Signal, z: np.ndarray, prototypes: np.ndarray, count: int, seed: int
    ) -> Batch:
        """`count` answers of the signal's own annotators to random questions about the items z."""
        world = World(items=len(z), classes=self.classes, dims=self.dims)
        items = random_questions(signal, world, count, seed)
        points = jnp.asarray(z[items], jnp.float32)
        d2 = signal.distances(points, jnp.asarray(prototypes, jnp.float32))
        question = np.random.default_rng([self.seed, 5, seed]).integers(
            signal.questions(self.classes), size=count
        )
        answer = signal.sample(jax.random.key(seed), d2, jnp.asarray(question))
        return Batch(
            signal, items, np.asarray(answer), np.zeros(count, np.int32),
            np.ones(count, np.float32),
        )  # fmt: skip
