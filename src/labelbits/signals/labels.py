"""Questions whose answer names classes: hard, votes and complementary."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from labelbits.errors import check_at_least
from labelbits.interface import AnyArray, CitedTime, Option
from labelbits.signals.base import (
    ClassSignal,
    Exchangeable,
    check_enumerable,
    class_number,
    column,
    compositions,
    exp_or_inf,
    log_choose,
    with_lapse,
)
from labelbits.signals.dirichlet import count_parts, part_laws, told_apart

CIFAR10N = CitedTime(
    4.2,
    3.1,
    5.8,
    "CIFAR-10N work times, 10-image batches (Wei et al. 2022, ICLR, arXiv 2110.12088)",
)
CIFAR100N = CitedTime(17.6, 11.0, 30.0, "CIFAR-100N work times (Wei et al. 2022, arXiv 2110.12088)")
#: Above this many classes the annotator searches a list, as in CIFAR-100N.
MANY_CLASSES = 30


def hard_label_time(classes: int) -> CitedTime:
    """Published seconds for one hard label among `classes` classes."""
    return CIFAR10N if classes <= MANY_CLASSES else CIFAR100N


class _NamesClass(ClassSignal, Exchangeable):
    """The answer is one class."""

    def outcomes(self, classes: int) -> float:
        return classes

    def encode(
        self, answer: Any, names: Mapping[str, int], asked: Sequence[str] = ()
    ) -> Sequence[float]:
        return [class_number(answer, names)]

    def least_classes(self, answer: Shaped[np.ndarray, "n width"]) -> int:
        return int(answer[:, 0].max(initial=1)) + 1

    def decode(self, code: np.ndarray, names: Sequence[str]) -> tuple[Any, list[str]]:
        return names[int(code[0])], []


class Hard(_NamesClass):
    """Which class? P(k) = (1 - lapse) pi_k + lapse / K."""

    name: ClassVar[str] = "hard"
    called: ClassVar[str] = "hard labels"
    question: ClassVar[str] = "Which class is it?"

    def log_table(self, d2: Float[Array, "*n classes"]) -> Float[Array, "*n classes"]:
        return self.log_pi(d2)

    def cited_time(self, classes: int) -> CitedTime:
        return hard_label_time(classes)

    def tally(self, answer: Shaped[np.ndarray, "n width"], classes: int) -> np.ndarray:
        return np.eye(classes)[answer[:, 0].astype(int)]

    def states(self, answer: Shaped[np.ndarray, "n width"], classes: int) -> np.ndarray:
        return self.tally(answer, classes)


class Complementary(_NamesClass):
    """Name a class it is not: P(k) = softmax_k(+precision * d2_k), mixed with lapse."""

    name: ClassVar[str] = "complementary"
    question: ClassVar[str] = "Name a class that it is not."

    def log_table(self, d2: Float[Array, "*n classes"]) -> Float[Array, "*n classes"]:
        farthest = jax.lax.stop_gradient(jnp.max(d2, axis=-1, keepdims=True))
        return self.log_pi(farthest - d2)


class Votes(ClassSignal):
    """M independent hard labels on one item: multinomial counts over pi (each vote may lapse).

    One *answer* here is the whole count; its price is M times the price of one vote.
    """

    answers_per_item: int = eqx.field(static=True, default=3)

    name: ClassVar[str] = "votes"
    called: ClassVar[str] = "votes"
    several_of: ClassVar[str] = "hard"
    question: ClassVar[str] = "Which class is it? (several annotators)"
    options: ClassVar[Mapping[str, Option]] = {
        "answers_per_item": Option("whole", "votes on each item")
    }

    def __check_init__(self) -> None:
        check_at_least("answers_per_item of votes", self.answers_per_item, 1)

    @property
    def answers_in_one(self) -> int:
        return self.answers_per_item

    def least_classes(self, answer: Shaped[np.ndarray, "n width"]) -> int:
        return answer.shape[1]

    def tally(self, answer: Shaped[np.ndarray, "n width"], classes: int) -> np.ndarray:
        return answer

    def states(self, answer: Shaped[np.ndarray, "n width"], classes: int) -> np.ndarray:
        """The shares of the votes."""
        return answer / np.maximum(answer.sum(1, keepdims=True), 1e-300)

    def log_vote(self, d2: Float[Array, "*n classes"]) -> Float[Array, "*n classes"]:
        """ln probability of each class in one vote, lapse included."""
        log_pi = self.log_pi(d2)
        return with_lapse(log_pi, column(self.lapse, log_pi), math.log(d2.shape[-1]))

    def log_outcomes(self, classes: int) -> float:
        return log_choose(self.answers_per_item + classes - 1, classes - 1)

    def outcomes(self, classes: int) -> float:
        return exp_or_inf(self.log_outcomes(classes))

    def width(self, classes: int) -> int:
        return classes

    def log_prob(self, answer: Shaped[Array, "*n width"], d2: Float[Array, "..."]) -> Array:
        log_vote = jnp.maximum(self.log_vote(d2), jnp.log(jnp.finfo(d2.dtype).tiny))
        # ln 0! and ln 1! exactly: over many classes even their rounding adds up.
        each = jnp.where(answer > 1, gammaln(answer + 1.0), 0.0)
        m = answer.sum(-1)
        arrangements = jnp.where(m > 1, gammaln(m + 1.0), 0.0) - each.sum(-1)
        return arrangements + jnp.sum(answer * log_vote, axis=-1)

    def sample(
        self, key: PRNGKeyArray, d2: Float[Array, "..."], question: int | AnyArray = 0
    ) -> Shaped[Array, "*n width"]:
        log_vote = self.log_vote(d2)
        votes = jax.random.categorical(
            key, log_vote, shape=(self.answers_per_item, *log_vote.shape[:-1])
        )
        return jax.nn.one_hot(votes, d2.shape[-1], dtype=jnp.int32).sum(0)

    def enumerate(self, classes: int, question: int = 0) -> np.ndarray:
        check_enumerable(self, classes)
        return compositions(self.answers_per_item, classes)

    def entropy(self, d2: Float[Array, "..."]) -> Array:
        """H(multinomial) = M H(pi) - ln M! + sum_k E ln n_k!, n_k ~ Binomial(M, pi_k), exact."""
        return part_laws(jnp.exp(self.log_vote(d2)), self.answers_per_item, growth=0.0)[0]

    def sample_with_controls(
        self, key: PRNGKeyArray, d2: Float[Array, "..."]
    ) -> tuple[Shaped[Array, "*n width"], Array, Float[Array, "*n controls"]]:
        """How many classes got n votes, less its mean: the votes of one class are binomial."""
        answer, m = self.sample(key, d2), self.answers_per_item
        entropy, masses = part_laws(jnp.exp(self.log_vote(d2)), m, growth=0.0, pooled=True)
        found = count_parts(answer, m).sum(-1) - told_apart(masses)
        return answer, entropy, jnp.moveaxis(found, 0, -1)

    def orbit(self, answer: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
        """Counts up to a permutation of the classes: partitions of M."""
        return permutation_orbit(answer)

    def cited_time(self, classes: int) -> CitedTime:
        return hard_label_time(classes)

    def encode(
        self, answer: Any, names: Mapping[str, int], asked: Sequence[str] = ()
    ) -> Sequence[float]:
        return encode_counts(answer, names)

    def decode(self, code: np.ndarray, names: Sequence[str]) -> tuple[Any, list[str]]:
        return {names[k]: int(n) for k, n in enumerate(code) if n}, []


def permutation_orbit(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(one key for all orders of a row, ln of the number of its different orders)."""
    counts = np.asarray(counts).astype(np.int64)
    # A sum over the classes of one random word a count does not depend on their order, and two
    # of these 64-bit sums agree by accident with probability below 1e-11 for 10^4 orbits.
    words = np.random.default_rng(0).integers(-(2**62), 2**62, int(counts.max(initial=0)) + 1)
    keys = words[counts].sum(axis=1)
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    k = counts.shape[1]
    sizes = []
    for row in counts[first]:
        _, repeats = np.unique(row, return_counts=True)
        sizes.append(math.lgamma(k + 1) - sum(math.lgamma(r + 1) for r in repeats))
    return keys[:, None], np.array(sizes)[inverse.reshape(-1)]


def encode_counts(answer: Any, names: Mapping[str, int]) -> list[float]:
    """{class: whole number} as a row of counts."""
    if not isinstance(answer, Mapping) or not answer:
        raise ValueError(f"answer {answer!r}; expected an object class -> number of votes")
    row = [0.0] * len(names)
    for key, count in answer.items():
        if isinstance(count, bool) or not isinstance(count, (int, float)) or count != int(count):
            raise ValueError(f"votes for {key!r} are {count!r}; expected a whole number")
        if count < 0:
            raise ValueError(f"votes for {key!r} are {count}; expected 0 or more")
        row[class_number(key, names)] = float(count)
    return row
