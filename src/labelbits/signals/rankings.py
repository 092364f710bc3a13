"""Questions answered with several classes: ranking (the closest in order), candidates (a set)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from labelbits.compilation import exact_product
from labelbits.errors import InputError, check_at_least
from labelbits.interface import Option
from labelbits.signals.base import (
    NOISE_FREE,
    check_enumerable,
    check_top,
    class_number,
    column,
    entropy_of,
    exp_or_inf,
    is_number,
    with_lapse,
)
from labelbits.signals.reports import (
    PLACE_CONTROLS,
    Report,
    log_plackett_luce,
    path_entropy,
    sample_ordered,
)


class Ranking(Report):
    """The `top` closest classes in order: Plackett-Luce over pi; code: classes, closest first."""

    top: int = eqx.field(static=True, default=3)

    name: ClassVar[str] = "ranking"
    called: ClassVar[str] = "rankings"
    question: ClassVar[str] = "Which classes are closest, in order?"
    form: ClassVar[str] = "ranker"
    options: ClassVar[Mapping[str, Option]] = {"top": Option("whole", "classes ranked")}

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

    def log_report(self, answer: Shaped[Array, "*n width"], d2: Float[Array, "..."]) -> Array:
        log_pi = self.log_pi(d2)
        shape = jnp.broadcast_shapes(answer.shape[:-1], log_pi.shape[:-1])
        log_pi = jnp.broadcast_to(log_pi, (*shape, log_pi.shape[-1]))
        chosen = jnp.broadcast_to(answer.astype(jnp.int32), (*shape, self.top))
        return log_plackett_luce(log_pi, chosen)

    def draw_report(
        self, key: PRNGKeyArray, d2: Float[Array, "*n classes"]
    ) -> Shaped[Array, "*n width"]:
        return sample_ordered(key, self.log_pi(d2), self.top)

    def draw_uniform(
        self, key: PRNGKeyArray, d2: Float[Array, "*n classes"]
    ) -> Shaped[Array, "*n width"]:
        return sample_ordered(key, jnp.zeros_like(d2), self.top)

    def explain(
        self, report: Shaped[Array, "*n width"], d2: Float[Array, "*n classes"]
    ) -> tuple[Array, Array]:
        """The entropy of each choice given those before it, and controls of the choices."""
        return path_entropy(self.log_pi(d2), report)

    def uniform_controls(self, answer: Shaped[Array, "*n width"], classes: int) -> Array:
        return jnp.zeros((*answer.shape[:-1], PLACE_CONTROLS * self.top))

    def log_prob_all(
        self, d2: Float[Array, "*n classes"], answers: Shaped[Array, "outcomes width"]
    ) -> Float[Array, "*n outcomes"]:
        """Place by place: rankings that begin alike share what their beginning costs."""
        log_pi, classes = self.log_pi(d2), d2.shape[-1]
        begun = np.zeros((1, 0), dtype=np.int64)
        total = jnp.zeros((*log_pi.shape[:-1], 1), log_pi.dtype)
        for _ in range(self.top):
            left = np.all(begun[:, :, None] != np.arange(classes), axis=1)
            parent, choice = np.nonzero(left)
            rest = jnp.where(left, log_pi[..., None, :], -jnp.inf)
            total = (total - jax.nn.logsumexp(rest, axis=-1))[..., parent] + log_pi[..., choice]
            begun = np.concatenate([begun[parent], choice[:, None]], axis=1)
        return with_lapse(total, column(self.lapse, total), self.log_outcomes(classes))

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

    @classmethod
    def options_shown(cls, answers: Iterable[Any], items: int, classes: int) -> dict[str, Any]:
        longest = max((len(one) for one in answers if isinstance(one, list)), default=0)
        return {"top": longest} if longest else {}

    def least_classes(self, answer: Shaped[np.ndarray, "n width"]) -> int:
        return int(answer.max(initial=1)) + 1

    def decode(self, code: np.ndarray, names: Sequence[str]) -> tuple[Any, list[str]]:
        return [names[int(k)] for k in code if k >= 0], []


class Candidates(Report):
    """Tick all plausible classes: independent ticks sigma(precision (threshold - d2)), not empty.

    P(S) = prod_k q_k^[k in S] (1-q_k)^[k not in S] / (1 - prod_k (1-q_k)); code: ticks (K,).
    An annotator who would tick nothing looks again.
    """

    threshold: Any = 4.0

    name: ClassVar[str] = "candidates"
    question: ClassVar[str] = "Tick every class that it may be."
    options: ClassVar[Mapping[str, Option]] = {
        "threshold": Option("number", "squared distance ticked half the time", by_world=True)
    }
    in_distances: ClassVar[tuple[str, ...]] = ("threshold",)

    @classmethod
    def for_world(cls, dims: int, classes: int, **options: Any) -> Candidates:
        # Two N(0, I) points are 2 x dims apart on average: half of that calls a class plausible.
        options.setdefault("threshold", float(dims))
        return cls(**options)

    @classmethod
    def same_perception(cls, precision: float) -> float:
        """A logistic error of scale 1 / precision has twice the variance of a Gumbel error."""
        return math.sqrt(2) * precision

    def __check_init__(self) -> None:
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

    def log_report(self, answer: Shaped[Array, "*n width"], d2: Float[Array, "..."]) -> Array:
        yes, no, log_first = self.log_ticks(d2)
        ticked = answer > 0
        first = jnp.argmax(ticked, axis=-1)[..., None]
        index = jnp.arange(d2.shape[-1])
        step = jnp.where(index > first, jnp.where(ticked, yes, no), 0.0)
        return jnp.sum(jnp.where(index == first, log_first, step), axis=-1)

    def draw_report(
        self, key: PRNGKeyArray, d2: Float[Array, "*n classes"]
    ) -> Shaped[Array, "*n width"]:
        yes, _, log_first = self.log_ticks(d2)
        return _not_empty(key, yes, log_first)

    def draw_uniform(
        self, key: PRNGKeyArray, d2: Float[Array, "*n classes"]
    ) -> Shaped[Array, "*n width"]:
        coin = jnp.full(d2.shape, -math.log(2))
        return _not_empty(key, coin, jax.nn.log_softmax(coin * (1 + jnp.arange(d2.shape[-1]))))

    def explain(
        self, report: Shaped[Array, "*n width"], d2: Float[Array, "*n classes"]
    ) -> tuple[Array, Array]:
        """The exact entropy; the number of ticks and its square, less their means."""
        yes, no, log_first = self.log_ticks(d2)
        ticks = report.sum(-1)
        # Given the first tick those after it are independent.
        first, q = jnp.exp(log_first), jnp.exp(yes)
        later = q.sum(-1, keepdims=True) - jnp.cumsum(q, axis=-1)
        spread = jnp.exp(yes + no)
        spread = spread.sum(-1, keepdims=True) - jnp.cumsum(spread, axis=-1)
        mean = jnp.sum(first * (1 + later), axis=-1)
        square = jnp.sum(first * ((1 + later) ** 2 + spread), axis=-1)
        controls = jnp.stack([ticks - mean, ticks**2 - square], axis=-1)
        return self._report_entropy(yes, no, log_first), controls

    def uniform_controls(self, answer: Shaped[Array, "*n width"], classes: int) -> Array:
        ticks, some = answer.sum(-1), 1 - 2.0**-classes
        mean, square = classes / 2 / some, classes * (classes + 1) / 4 / some
        return jnp.stack([ticks - mean, ticks**2 - square], axis=-1)

    def log_prob_all(
        self, d2: Float[Array, "*n classes"], answers: Shaped[Array, "outcomes width"]
    ) -> Float[Array, "*n outcomes"]:
        """Two matrix products for all sets: S . ln q + (1-S) . ln (1-q) - ln P(not empty)."""
        yes, no, _ = self.log_ticks(d2)
        log_some = jax.nn.logsumexp(jnp.cumsum(no, axis=-1) - no + yes, axis=-1, keepdims=True)
        ticks = answers.T.astype(d2.dtype)
        log_p = exact_product(yes, ticks) + exact_product(no, 1 - ticks) - log_some
        return with_lapse(log_p, self.lapse, self.log_outcomes(d2.shape[-1]))

    def enumerate(self, classes: int, question: int = 0) -> np.ndarray:
        check_enumerable(self, classes)
        numbers = np.arange(1, 2**classes)
        return ((numbers[:, None] >> np.arange(classes)) & 1).astype(np.int32)

    def entropy(self, d2: Float[Array, "..."]) -> Array | None:
        """H(first tick) + sum_k P(first = k) sum_{j>k} h(q_j), exact; None with a lapse."""
        if not (is_number(self.lapse) and self.lapse == 0):
            return None
        return self._report_entropy(*self.log_ticks(d2))

    @staticmethod
    def _report_entropy(yes: Array, no: Array, log_first: Array) -> Array:
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

    def least_classes(self, answer: Shaped[np.ndarray, "n width"]) -> int:
        return answer.shape[1]

    def decode(self, code: np.ndarray, names: Sequence[str]) -> tuple[Any, list[str]]:
        return [names[k] for k, ticked in enumerate(code) if ticked], []


def _not_empty(key: PRNGKeyArray, yes: Array, log_first: Array) -> Array:
    """Independent ticks given that at least one is set, drawn exactly, first tick first."""
    first_key, rest_key = jax.random.split(key)
    first = jax.random.categorical(first_key, log_first)[..., None]
    index = jnp.arange(yes.shape[-1])
    later = jnp.log(jax.random.uniform(rest_key, yes.shape)) < yes
    return jnp.where(index == first, 1, jnp.where(index > first, later, 0)).astype(jnp.int32)
