"""Questions answered with several classes: ranking (the closest in order), candidates (a set)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from labelbits.errors import InputError, check_at_least
from labelbits.signals.base import (
    NOISE_FREE,
    ClassSignal,
    check_enumerable,
    class_number,
    column,
    entropy_of,
    exp_or_inf,
    is_number,
    with_lapse,
)


def log_plackett_luce(log_weight: Float[Array, "*n classes"], chosen: Array) -> Float[Array, "*n"]:
    """ln P of choosing `chosen` (..., t) in this order without replacement; -1 ends the list."""
    total = jnp.zeros(jnp.broadcast_shapes(log_weight.shape[:-1], chosen.shape[:-1]))
    for position in range(chosen.shape[-1]):
        index = chosen[..., position : position + 1]
        left = jax.nn.log_softmax(log_weight, axis=-1)
        step = jnp.take_along_axis(left, jnp.maximum(index, 0), axis=-1)[..., 0]
        total = total + jnp.where(index[..., 0] >= 0, step, 0.0)
        # A large finite penalty instead of -inf keeps gradients free of NaN.
        taken = jnp.arange(log_weight.shape[-1]) == index
        log_weight = jnp.where(taken, -1e30, left)
    return total


def path_entropy(log_weight: Float[Array, "*n classes"], chosen: Array) -> Float[Array, "*n"]:
    """Sum over the places of the entropy of each choice given the choices before it, in nats.

    Its mean over Plackett-Luce draws of `chosen` is the entropy of the draw (chain rule), with
    far less spread than -ln P(chosen).
    """
    total = jnp.zeros(chosen.shape[:-1])
    for place in range(chosen.shape[-1]):
        left = jax.nn.log_softmax(log_weight, axis=-1)
        total = total + entropy_of(left)
        taken = jnp.arange(log_weight.shape[-1]) == chosen[..., place : place + 1]
        log_weight = jnp.where(taken, -1e30, left)
    return total


def check_top(signal: Any, top: int, classes: int) -> None:
    """Raise unless a question about the `top` classes can be asked of `classes`."""
    if top > classes:
        raise InputError(
            f"top of {signal.name} is {top}; expected at most the number of classes, {classes}"
        )


def sample_ordered(key: PRNGKeyArray, log_weight: Float[Array, "*n classes"], top: int) -> Array:
    """The first `top` classes of a Plackett-Luce order, by the Gumbel trick."""
    noisy = log_weight + jax.random.gumbel(key, log_weight.shape)
    return jax.lax.top_k(noisy, top)[1].astype(jnp.int32)


class Ranking(ClassSignal):
    """The `top` closest classes in order: Plackett-Luce over pi; code: classes, closest first."""

    top: int = eqx.field(static=True, default=3)

    name: ClassVar[str] = "ranking"
    question: ClassVar[str] = "Which classes are closest, in order?"
    form: ClassVar[str] = "ranker"
    options: ClassVar[Mapping[str, str]] = {"top": "classes ranked"}

    def __check_init__(self) -> None:
        check_at_least("top of ranking", self.top, 1)

    def log_outcomes(self, classes: int) -> float:
        """ln K!/(K-t)!."""
        check_top(self, self.top, classes)
        return math.lgamma(classes + 1) - math.lgamma(classes - self.top + 1)

    def outcomes(self, classes: int) -> float:
        return exp_or_inf(self.log_outcomes(classes))

    def width(self, classes: int) -> int:
        self.log_outcomes(classes)
        return self.top

    def log_prob(self, answer: Shaped[Array, "*n width"], d2: Float[Array, "..."]) -> Array:
        log_pi = self.log_pi(d2)
        shape = jnp.broadcast_shapes(answer.shape[:-1], log_pi.shape[:-1])
        log_pi = jnp.broadcast_to(log_pi, (*shape, log_pi.shape[-1]))
        chosen = jnp.broadcast_to(answer.astype(jnp.int32), (*shape, self.top))
        log_p = log_plackett_luce(log_pi, chosen)
        return with_lapse(log_p, self.lapse, self.log_outcomes(log_pi.shape[-1]))

    def sample(
        self, key: PRNGKeyArray, d2: Float[Array, "..."], question: int | Array = 0
    ) -> Shaped[Array, "*n width"]:
        lapse, order, uniform = jax.random.split(key, 3)
        log_pi = self.log_pi(d2)
        lapses = jax.random.uniform(lapse, log_pi.shape[:-1]) < self.lapse
        return jnp.where(
            lapses[..., None],
            sample_ordered(uniform, jnp.zeros_like(log_pi), self.top),
            sample_ordered(order, log_pi, self.top),
        )

    def sample_with_entropy(
        self, key: PRNGKeyArray, d2: Float[Array, "..."]
    ) -> tuple[Array, Array]:
        """The entropy of each step given the steps before it; with a lapse, -ln P(answer)."""
        if not (is_number(self.lapse) and self.lapse == 0):
            return super().sample_with_entropy(key, d2)
        log_pi = self.log_pi(d2)
        chosen = sample_ordered(key, log_pi, self.top)
        return chosen, path_entropy(log_pi, chosen)

    def enumerate(self, classes: int, question: int = 0) -> np.ndarray:
        check_enumerable(self, classes)
        return np.array(list(itertools.permutations(range(classes), self.top)), dtype=np.int32)

    def orbit(self, answer: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
        one = np.zeros((len(answer), 1), dtype=np.int32)
        return one, np.full(len(answer), self.log_outcomes(classes))

    def encode(
        self, answer: Any, names: Mapping[str, int], asked: Sequence[str] = ()
    ) -> Sequence[float]:
        if not isinstance(answer, list) or not answer:
            raise ValueError(f"answer {answer!r}; expected a list of classes, closest first")
        code = [class_number(name, names) for name in answer[: self.top]]
        if len(set(code)) < len(code):
            raise ValueError(f"answer {answer!r} names a class twice; expected different classes")
        return code + [-1] * (self.top - len(code))

    def decode(self, code: np.ndarray, names: Sequence[str]) -> tuple[Any, list[str]]:
        return [names[int(k)] for k in code if k >= 0], []


class Candidates(ClassSignal):
    """Tick all plausible classes: independent ticks sigma(precision (threshold - d2)), not empty.

    P(S) = prod_k q_k^[k in S] (1-q_k)^[k not in S] / (1 - prod_k (1-q_k)); code: ticks (K,).
    An annotator who would tick nothing looks again.
    """

    threshold: Any = 4.0

    name: ClassVar[str] = "candidates"
    question: ClassVar[str] = "Tick every class that it may be."
    options: ClassVar[Mapping[str, str]] = {"threshold": "squared distance ticked half the time"}

    @classmethod
    def for_world(cls, dims: int, classes: int, **options: Any) -> Candidates:
        # Two N(0, I) points are 2 x dims apart on average: half of that calls a class plausible.
        options.setdefault("threshold", float(dims))
        return cls(**options)

    def __check_init__(self) -> None:
        if is_number(self.threshold) and not math.isfinite(self.threshold):
            raise InputError(
                f"threshold of candidates is {self.threshold}; expected a finite number"
            )
        if self.confusion is not None:
            raise InputError("candidates has no confusion matrix; give a lapse instead")

    def log_ticks(self, d2: Float[Array, "*n classes"]) -> tuple[Array, Array, Array]:
        """ln q and ln (1-q) of every class, and ln P(class k is the first ticked | not empty).

        The first tick is at k with probability prod_{j<k} (1-q_j) q_k / P(not empty), ticks
        after it are independent: a form that stays exact when P(not empty) underflows.
        """
        beta = column(jnp.minimum(self.precision, NOISE_FREE), d2)
        x = beta * (column(self.threshold, d2) - d2)
        yes, no = jax.nn.log_sigmoid(x), jax.nn.log_sigmoid(-x)
        return yes, no, jax.nn.log_softmax(jnp.cumsum(no, axis=-1) - no + yes, axis=-1)

    def log_outcomes(self, classes: int) -> float:
        return classes * math.log(2) + math.log1p(-(2.0**-classes))

    def outcomes(self, classes: int) -> float:
        return 2.0**classes - 1 if classes < 1000 else math.inf

    def width(self, classes: int) -> int:
        return classes

    def log_prob(self, answer: Shaped[Array, "*n width"], d2: Float[Array, "..."]) -> Array:
        yes, no, log_first = self.log_ticks(d2)
        ticked = answer > 0
        first = jnp.argmax(ticked, axis=-1)[..., None]
        index = jnp.arange(d2.shape[-1])
        step = jnp.where(index > first, jnp.where(ticked, yes, no), 0.0)
        log_p = jnp.sum(jnp.where(index == first, log_first, step), axis=-1)
        return with_lapse(log_p, self.lapse, self.log_outcomes(d2.shape[-1]))

    def sample(
        self, key: PRNGKeyArray, d2: Float[Array, "..."], question: int | Array = 0
    ) -> Shaped[Array, "*n width"]:
        lapse, draw, uniform = jax.random.split(key, 3)
        yes, _, log_first = self.log_ticks(d2)
        coin = jnp.full_like(yes, -math.log(2))
        log_first_coin = jax.nn.log_softmax(coin * (1 + jnp.arange(yes.shape[-1])))
        lapses = jax.random.uniform(lapse, d2.shape[:-1]) < self.lapse
        return jnp.where(
            lapses[..., None],
            _not_empty(uniform, coin, jnp.broadcast_to(log_first_coin, yes.shape)),
            _not_empty(draw, yes, log_first),
        )

    def log_prob_all(
        self, d2: Float[Array, "*n classes"], answers: Shaped[Array, "outcomes width"]
    ) -> Float[Array, "*n outcomes"]:
        """Two matrix products for all sets: S . ln q + (1-S) . ln (1-q) - ln P(not empty)."""
        yes, no, _ = self.log_ticks(d2)
        log_some = jax.nn.logsumexp(jnp.cumsum(no, axis=-1) - no + yes, axis=-1, keepdims=True)
        ticks = answers.T.astype(d2.dtype)
        log_p = yes @ ticks + no @ (1 - ticks) - log_some
        return with_lapse(log_p, self.lapse, self.log_outcomes(d2.shape[-1]))

    def enumerate(self, classes: int, question: int = 0) -> np.ndarray:
        check_enumerable(self, classes)
        numbers = np.arange(1, 2**classes)
        return ((numbers[:, None] >> np.arange(classes)) & 1).astype(np.int32)

    def entropy(self, d2: Float[Array, "..."]) -> Array | None:
        """H(first tick) + sum_k P(first = k) sum_{j>k} h(q_j), exact; None with a lapse."""
        if not (is_number(self.lapse) and self.lapse == 0):
            return None
        yes, no, log_first = self.log_ticks(d2)
        tick = jax.scipy.special.entr(jnp.exp(yes)) + jax.scipy.special.entr(jnp.exp(no))
        later = tick.sum(-1, keepdims=True) - jnp.cumsum(tick, axis=-1)
        return entropy_of(log_first) + jnp.sum(jnp.exp(log_first) * later, axis=-1)

    def orbit(self, answer: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
        size = answer.sum(1).astype(int)
        log_sizes = np.array(
            [math.lgamma(classes + 1) - math.lgamma(n + 1) - math.lgamma(classes - n + 1)
             for n in range(classes + 1)]
        )  # fmt: skip
        return size[:, None], log_sizes[size]

    def encode(
        self, answer: Any, names: Mapping[str, int], asked: Sequence[str] = ()
    ) -> Sequence[float]:
        if not isinstance(answer, list) or not answer:
            raise ValueError(f"answer {answer!r}; expected a list of at least one class")
        ticked = {class_number(name, names) for name in answer}
        return [1.0 if k in ticked else 0.0 for k in range(len(names))]

    def decode(self, code: np.ndarray, names: Sequence[str]) -> tuple[Any, list[str]]:
        return [names[k] for k, ticked in enumerate(code) if ticked], []


def _not_empty(key: PRNGKeyArray, yes: Array, log_first: Array) -> Array:
    """Independent ticks given that at least one is set, drawn exactly, first tick first."""
    first_key, rest_key = jax.random.split(key)
    first = jax.random.categorical(first_key, log_first)[..., None]
    index = jnp.arange(yes.shape[-1])
    later = jnp.log(jax.random.uniform(rest_key, yes.shape)) < yes
    return jnp.where(index == first, 1, jnp.where(index > first, later, 0)).astype(jnp.int32)
