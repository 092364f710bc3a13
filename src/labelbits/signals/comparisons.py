"""Questions that compare items with each other: triplet, quadruplet, odd-one-out, contrastive."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from labelbits.errors import check_at_least
from labelbits.interface import CitedTime, Option
from labelbits.signals.base import NOISE_FREE, ComparisonSignal, Exchangeable, column


class _Choice(ComparisonSignal, Exchangeable):
    """Softmax over minus precision times the distances read, outcome by outcome."""

    def outcomes(self, classes: int) -> float:
        return len(self.pairs)

    def log_table(self, d2: Float[Array, "*n reads"]) -> Float[Array, "*n outcomes"]:
        beta = column(jnp.minimum(self.precision, NOISE_FREE), d2)
        if d2.shape[-1] == 2:
            margin = beta * (d2[..., 1:] - d2[..., :1])
            return jax.nn.log_sigmoid(jnp.concatenate([margin, -margin], axis=-1))
        nearest = jax.lax.stop_gradient(jnp.min(d2, axis=-1, keepdims=True))
        return jax.nn.log_softmax(-beta * (d2 - nearest), axis=-1)


class Triplet(_Choice):
    """Is a closer to b than to c? P(b) = sigma(precision (d2_ac - d2_ab)). Code 0: b, 1: c."""

    name: ClassVar[str] = "triplet"
    question: ClassVar[str] = "Which of the two is more like the first?"
    fixed_pairs: ClassVar[tuple[tuple[int, int], ...]] = ((0, 1), (0, 2))

    @property
    def arity(self) -> int:
        return 3

    @property
    def symmetry(self) -> int:
        return 2  # b and c

    def cited_time(self, classes: int) -> CitedTime:
        return CitedTime(
            2.0,
            1.4,
            3.3,
            "Salmon alien-egg triplets (Sievert, Nowak, Rogers 2023, JOSS 8(84) 4517)",
        )


class Quadruplet(_Choice):
    """Is pair ab closer than cd? P(ab) = sigma(precision (d2_cd - d2_ab)). Code 0: ab, 1: cd."""

    name: ClassVar[str] = "quadruplet"
    question: ClassVar[str] = "Which pair is more alike?"
    fixed_pairs: ClassVar[tuple[tuple[int, int], ...]] = ((0, 1), (2, 3))

    @property
    def arity(self) -> int:
        return 4

    @property
    def symmetry(self) -> int:
        return 8  # within both pairs, and the pairs


class OddOneOut(_Choice):
    """Which of three is the odd one? Softmax over the kept pair of -precision d2; code: the odd."""

    name: ClassVar[str] = "odd-one-out"
    question: ClassVar[str] = "Which of the three is the odd one out?"
    form: ClassVar[str] = "pick"
    # Outcome i keeps the pair without item i.
    fixed_pairs: ClassVar[tuple[tuple[int, int], ...]] = ((1, 2), (0, 2), (0, 1))

    @property
    def arity(self) -> int:
        return 3

    @property
    def symmetry(self) -> int:
        return 6


class Contrastive(_Choice):
    """Which of m+1 candidates matches the anchor (InfoNCE)? softmax_j(-precision d2(a, x_j)).

    Items: the anchor, then the candidates; code: index of the candidate chosen.
    """

    negatives: int = eqx.field(static=True, default=4)

    name: ClassVar[str] = "contrastive"
    question: ClassVar[str] = "Which of these is most like the first?"
    form: ClassVar[str] = "pick"
    any_items: ClassVar[bool] = True
    options: ClassVar[Mapping[str, Option]] = {
        "negatives": Option("whole", "candidates beside the match")
    }

    def __check_init__(self) -> None:
        check_at_least("negatives of contrastive", self.negatives, 1)

    @classmethod
    def options_shown(cls, answers: Iterable[Any], items: int, classes: int) -> dict[str, Any]:
        return {"negatives": max(1, items - 2)}

    @property
    def arity(self) -> int:
        return self.negatives + 2

    @property
    def symmetry(self) -> int:
        return math.factorial(self.negatives + 1)  # the candidates

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        return tuple((0, j) for j in range(1, self.negatives + 2))
