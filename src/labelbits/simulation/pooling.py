"""Statistics that say all about many answers to one question, so that repeats cost nothing.

The likelihood of R answers about an item then takes the time of one: counts of outcomes for
categorical answers and votes, and for soft labels how many reports gave class k more than j parts.
"""

from __future__ import annotations

import abc
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from labelbits.interface import Signal
from labelbits.signals.base import Categorical, is_number
from labelbits.signals.labels import Votes
from labelbits.signals.soft import Soft

#: Keeps the logarithm of an impossible answer finite.
TINY = 1e-30


class Pool(abc.ABC):
    """How the answers of one kind of signal add up."""

    @abc.abstractmethod
    def statistic(self, signal: Any, answer: Float[Array, "*n width"], classes: int) -> Array:
        """The statistic of single answers; sums over answers are the statistic of them all."""

    @abc.abstractmethod
    def log_likelihood(
        self, signal: Any, statistic: Array, d2: Float[Array, "*n classes"]
    ) -> Array:
        """ln likelihood of all pooled answers up to a constant."""


class _Outcomes(Pool):
    def statistic(self, signal: Any, answer: Array, classes: int) -> Array:
        return (answer == jnp.arange(int(signal.outcomes(classes)))).astype(jnp.float32)

    def log_likelihood(self, signal: Any, statistic: Array, d2: Array) -> Array:
        return jnp.sum(statistic * jnp.maximum(signal.log_outcome(d2), jnp.log(TINY)))


class _Votes(Pool):
    def statistic(self, signal: Any, answer: Array, classes: int) -> Array:
        return answer.astype(jnp.float32)

    def log_likelihood(self, signal: Any, statistic: Array, d2: Array) -> Array:
        return jnp.sum(statistic * jnp.maximum(signal.log_vote(d2), jnp.log(TINY)))


class _Soft(Pool):
    """Gamma(n + a) / Gamma(a) = prod_{j<n} (a + j): whole parts need logarithms alone."""

    def statistic(self, signal: Any, answer: Array, classes: int) -> Array:
        return (answer[..., None] > jnp.arange(signal.grid)).astype(jnp.float32)

    def log_likelihood(self, signal: Any, statistic: Array, d2: Array) -> Array:
        alpha, j = signal.alpha(d2), jnp.arange(signal.grid)
        # Every report has `grid` parts, and each part is counted once.
        reports = statistic.sum((-1, -2)) / signal.grid
        each = jnp.sum(statistic * jnp.log(alpha[..., None] + j))
        return each - jnp.sum(reports[:, None] * jnp.log(alpha.sum(-1)[:, None] + j))


def pool_of(signal: Signal) -> Pool | None:
    """How the answers of this signal add up, or None where every answer has to be kept."""
    if isinstance(signal, Votes):
        return _Votes()
    if isinstance(signal, Soft) and is_number(signal.lapse) and signal.lapse == 0:
        return _Soft()
    if isinstance(signal, Categorical) and signal.arity == 1:
        return _Outcomes()
    return None
