"""Questions answered by yes or no: verify and same-class."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from labelbits.interface import AnyArray
from labelbits.signals.base import (
    Categorical,
    ClassSignal,
    class_number,
    column,
    pick,
    with_lapse,
)


def encode_yes_no(answer: Any) -> int:
    """true/false (or 1/0, yes/no) as 1 or 0."""
    table = {"yes": 1, "no": 0, "true": 1, "false": 0}
    if isinstance(answer, str) and answer.lower() in table:
        return table[answer.lower()]
    if isinstance(answer, (bool, int)) and answer in (0, 1):
        return int(answer)
    raise ValueError(f"answer {answer!r}; expected true or false")


class Verify(ClassSignal):
    """Is it class k? P(yes) = (1 - lapse) pi_k + lapse / 2. The code is (k, yes)."""

    name: ClassVar[str] = "verify"
    question: ClassVar[str] = "Is it this class?"

    def questions(self, classes: int) -> int:
        return classes

    def question_about(self, name: str) -> str:
        return f"Is it {name}?"

    def outcomes(self, classes: int) -> float:
        return 2

    def width(self, classes: int) -> int:
        return 2

    def log_both(self, asked: Array, d2: Float[Array, "*n classes"]) -> Array:
        """ln P(no), ln P(yes) for the asked class of each row."""
        log_pi = self.log_pi(d2)
        log_pi, asked = jnp.broadcast_arrays(log_pi, asked[..., None])
        log_yes = pick(log_pi, asked[..., :1])
        others = jnp.where(jnp.arange(d2.shape[-1]) == asked, -jnp.inf, log_pi)
        table = jnp.stack([jax.nn.logsumexp(others, axis=-1), log_yes], axis=-1)
        return with_lapse(table, column(self.lapse, table), math.log(2))

    def log_prob(self, answer: Shaped[Array, "*n width"], d2: Float[Array, "..."]) -> Array:
        answer = answer.astype(jnp.int32)
        shape = jnp.broadcast_shapes(answer.shape[:-1], d2.shape[:-1])
        answer = jnp.broadcast_to(answer, (*shape, 2))
        table = self.log_both(answer[..., 0], d2)
        return pick(table, answer[..., 1:])

    def sample(
        self, key: PRNGKeyArray, d2: Float[Array, "..."], question: int | AnyArray = 0
    ) -> Shaped[Array, "*n width"]:
        asked = jnp.broadcast_to(jnp.asarray(question, jnp.int32), d2.shape[:-1])
        yes = jax.random.categorical(key, self.log_both(asked, d2))
        return jnp.stack([asked, yes.astype(jnp.int32)], axis=-1)

    def enumerate(self, classes: int, question: int = 0) -> np.ndarray:
        return np.array([[question, 0], [question, 1]], dtype=np.int32)

    def encode(
        self, answer: Any, names: Mapping[str, int], asked: Sequence[str] = ()
    ) -> Sequence[float]:
        if len(asked) != 1:
            raise ValueError(
                f"classes {list(asked)!r}; expected the one class that was asked about"
            )
        return [class_number(asked[0], names), encode_yes_no(answer)]

    def least_classes(self, answer: Shaped[np.ndarray, "n width"]) -> int:
        return int(answer[:, 0].max(initial=1)) + 1

    def decode(self, code: np.ndarray, names: Sequence[str]) -> tuple[Any, list[str]]:
        return bool(code[1]), [names[int(code[0])]]


class SameClass(ClassSignal, Categorical):
    """Are a and b of one class? P(yes) = sum_k pi_ak pi_bk, mixed with lapse. Code: 0 no, 1 yes."""

    name: ClassVar[str] = "same-class"
    question: ClassVar[str] = "Are these two of one class?"

    @property
    def arity(self) -> int:
        return 2

    @property
    def symmetry(self) -> int:
        return 2

    def distances(
        self, points: Float[AnyArray, "*n arity dims"], prototypes: Any = None
    ) -> Float[Array, "*n arity classes"]:
        return super().distances(points[..., :, None, :], prototypes[..., None, :, :])

    def outcomes(self, classes: int) -> float:
        return 2

    def log_table(self, d2: Float[Array, "*n arity classes"]) -> Float[Array, "*n outcomes"]:
        # One precision an answer has to reach both of the answer's items.
        one = eqx.tree_at(lambda s: s.precision, self, column(self.precision, d2[..., 0]))
        log_pi = one.log_pi(d2)
        log_a, log_b = log_pi[..., 0, :], log_pi[..., 1, :]
        log_same = jax.nn.logsumexp(log_a + log_b, axis=-1)
        # 1 - sum_k a_k b_k loses digits near certainty; sum_k a_k (1 - b_k) does not.
        log_not_b = jnp.log(jnp.maximum(-jnp.expm1(log_b), jnp.finfo(d2.dtype).tiny))
        log_other = jax.nn.logsumexp(log_a + log_not_b, axis=-1)
        return jnp.stack([log_other, log_same], axis=-1)

    def encode(
        self, answer: Any, names: Mapping[str, int], asked: Sequence[str] = ()
    ) -> Sequence[float]:
        return [encode_yes_no(answer)]

    def decode(self, code: np.ndarray, names: Sequence[str]) -> tuple[Any, list[str]]:
        return bool(code[0]), []
