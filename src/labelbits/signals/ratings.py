"""Questions about one pair answered on a scale: rating (ordered steps), similarity (a number)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from labelbits.errors import InputError, check_at_least
from labelbits.interface import AnyArray, CitedTime, Option
from labelbits.laws import chi_square_quantile
from labelbits.signals.base import NOISE_FREE, Categorical, ComparisonSignal, column, with_lapse

#: A rating scale with more steps is a number typed in the wrong place.
MOST_LEVELS = 101


class Rating(ComparisonSignal, Categorical):
    """How similar, 1..L? P(rating > l) = sigma(precision (thresholds_l - d2)), code = rating - 1.

    `thresholds` (L-1,) are squared distances in falling order. Left out, `for_world` cuts the
    distances of a normal world into L equally likely steps.
    """

    thresholds: Any = None
    levels: int = eqx.field(static=True, default=5)

    name: ClassVar[str] = "rating"
    question: ClassVar[str] = "How similar are these two?"
    form: ClassVar[str] = "rating"
    options: ClassVar[Mapping[str, Option]] = {
        "levels": Option("whole", "steps of the scale"),
        "thresholds": Option(
            "numbers", "squared distances between the steps, falling", by_world=True
        ),
    }
    in_distances: ClassVar[tuple[str, ...]] = ("thresholds",)
    fixed_pairs: ClassVar[tuple[tuple[int, int], ...]] = ((0, 1),)

    def __check_init__(self) -> None:
        check_at_least("levels of rating", self.levels, 2)
        if isinstance(self.thresholds, (list, tuple, np.ndarray)):
            cuts = np.asarray(self.thresholds, dtype=float)
            if cuts.shape != (self.levels - 1,) or not np.all(np.diff(cuts) < 0):
                raise InputError(
                    f"thresholds of rating are {cuts.tolist()}; expected {self.levels - 1} "
                    "falling squared distances"
                )

    @property
    def arity(self) -> int:
        return 2

    @property
    def symmetry(self) -> int:
        return 2

    @property
    def sign_tests(self) -> int:
        return self.levels - 1

    @classmethod
    def for_world(cls, dims: int, classes: int, **options: Any) -> Rating:
        levels = options.get("levels", 5)
        check_at_least("levels of rating", levels, 2)
        if options.get("thresholds") is None:
            # Two independent N(0, I) items: d2 / 2 is chi-square with `dims` degrees of freedom.
            options["thresholds"] = equal_steps(dims, levels)
        return cls(**options)

    @classmethod
    def same_perception(cls, precision: float) -> float:
        """A logistic error of scale 1 / precision has twice the variance of a Gumbel error."""
        return math.sqrt(2) * precision

    def cuts(self) -> Array:
        """Thresholds in use: those given, or equal steps for a two-dimensional normal world."""
        return jnp.asarray(
            equal_steps(2, self.levels) if self.thresholds is None else self.thresholds
        )

    def outcomes(self, classes: int) -> float:
        return self.levels

    def log_table(self, d2: Float[Array, "*n reads"]) -> Float[Array, "*n outcomes"]:
        beta = column(jnp.minimum(self.precision, NOISE_FREE), d2)
        x = beta * (self.cuts() - d2)  # ln odds of a rating above step l, falling with l
        pad = jnp.full_like(x[..., :1], jnp.inf)
        return _log_between(jnp.concatenate([pad, x], -1), jnp.concatenate([x, -pad], -1))

    def log_prob(self, answer: Shaped[Array, "*n width"], d2: Float[Array, "..."]) -> Array:
        """As in the table, from the two steps beside the answer alone: of 101 levels 99 are not
        looked at."""
        code, cuts = answer[..., 0].astype(jnp.int32), self.cuts()
        beta, distance = jnp.minimum(self.precision, NOISE_FREE), d2[..., 0]

        def odds(step: Array) -> Array:
            return beta * (cuts[jnp.clip(step, 0, self.levels - 2)] - distance)

        above = jnp.where(code == 0, jnp.inf, odds(code - 1))
        below = jnp.where(code == self.levels - 1, -jnp.inf, odds(code))
        return with_lapse(_log_between(above, below), self.lapse, math.log(self.levels))

    def cited_time(self, classes: int) -> CitedTime:
        return CitedTime(
            6.8,
            3.0,
            27.0,
            "LPW ratings of two documents, reading included; mean 13.4 s, spread assumed",
        )

    def encode(
        self, answer: Any, names: Mapping[str, int], asked: Sequence[str] = ()
    ) -> Sequence[float]:
        if isinstance(answer, bool) or not isinstance(answer, (int, float)):
            raise ValueError(f"answer {answer!r}; expected a rating from 1 to {self.levels}")
        if answer != round(answer) or not 1 <= answer <= self.levels:
            raise ValueError(f"answer {answer!r}; expected a whole rating from 1 to {self.levels}")
        return [int(answer) - 1]

    @classmethod
    def options_shown(cls, answers: Iterable[Any], items: int, classes: int) -> dict[str, Any]:
        steps = [v for v in answers if isinstance(v, (int, float)) and 2 <= v <= MOST_LEVELS]
        return {"levels": int(max(steps, default=2))}

    def decode(self, code: np.ndarray, names: Sequence[str]) -> tuple[Any, list[str]]:
        return int(code[0]) + 1, []


def _log_between(above: Array, below: Array) -> Array:
    """ln[sigma(above) - sigma(below)] = ln sigma(above) + ln sigma(-below) + ln(1 - e^(below -
    above)), which is stable in tails."""
    gap = jnp.minimum(jnp.where(jnp.isinf(above) | jnp.isinf(below), -jnp.inf, below - above), 0.0)
    log_gap = jnp.log(jnp.maximum(-jnp.expm1(gap), jnp.finfo(gap.dtype).tiny))
    return jax.nn.log_sigmoid(above) + jax.nn.log_sigmoid(-below) + log_gap


def equal_steps(dims: int, levels: int) -> np.ndarray:
    """Squared distances, falling, that cut two N(0, I_dims) items into equally likely steps."""
    upper = np.arange(levels - 1, 0, -1) / levels
    return 2 * chi_square_quantile(upper, dims)


class Similarity(ComparisonSignal):
    """A number for how far apart two items are: Normal(d2, 1 / precision).

    A lapse is a number drawn uniformly from 0 to `largest`, the end of the scale.
    """

    largest: Any = 40.0

    name: ClassVar[str] = "similarity"
    question: ClassVar[str] = "How far apart are these two, as a number?"
    form: ClassVar[str] = "number"
    options: ClassVar[Mapping[str, Option]] = {
        "largest": Option(
            "number", "end of the scale that a lapse is drawn from", by_world=True, above=0
        )
    }
    fixed_pairs: ClassVar[tuple[tuple[int, int], ...]] = ((0, 1),)

    @property
    def arity(self) -> int:
        return 2

    @property
    def symmetry(self) -> int:
        return 2

    @classmethod
    def for_world(cls, dims: int, classes: int, **options: Any) -> Similarity:
        options.setdefault("largest", float(2 * chi_square_quantile(0.999, dims)))
        return cls(**options)

    @classmethod
    def same_perception(cls, precision: float) -> float:
        """Here precision is 1 / variance: that of a Gumbel error of scale 1 / precision."""
        return 6 * precision**2 / math.pi**2

    def outcomes(self, classes: int) -> float:
        return math.inf

    def width(self, classes: int) -> int:
        return 1

    def log_prob(self, answer: Shaped[Array, "*n width"], d2: Float[Array, "..."]) -> Array:
        beta = jnp.minimum(self.precision, NOISE_FREE)
        value, target = answer[..., 0], d2[..., 0]
        log_normal = 0.5 * (jnp.log(beta / (2 * math.pi)) - beta * (value - target) ** 2)
        inside = (value >= 0) & (value <= self.largest)
        log_uniform = jnp.where(inside, -jnp.log(self.largest), -jnp.inf)
        # The lapse is uniform over a range and not over a number of outcomes.
        return logsumexp(
            jnp.stack(
                jnp.broadcast_arrays(
                    jnp.log1p(-jnp.asarray(self.lapse)) + log_normal,
                    jnp.log(jnp.maximum(self.lapse, 1e-30)) + log_uniform,
                )
            ),
            axis=0,
        )

    def sample(
        self, key: PRNGKeyArray, d2: Float[Array, "..."], question: int | AnyArray = 0
    ) -> Shaped[Array, "*n width"]:
        noise, lapse, spot = jax.random.split(key, 3)
        beta = column(jnp.minimum(self.precision, NOISE_FREE), d2)
        value = d2 + jax.random.normal(noise, d2.shape) / jnp.sqrt(beta)
        lapses = jax.random.uniform(lapse, d2.shape) < column(self.lapse, d2)
        return jnp.where(lapses, jax.random.uniform(spot, d2.shape) * self.largest, value)

    def enumerate(self, classes: int, question: int = 0) -> np.ndarray:
        raise InputError("similarity is answered with a real number; its answers cannot be listed")

    def entropy(self, d2: Float[Array, "..."]) -> Array | None:
        return None

    def encode(
        self, answer: Any, names: Mapping[str, int], asked: Sequence[str] = ()
    ) -> Sequence[float]:
        if isinstance(answer, bool) or not isinstance(answer, (int, float)):
            raise ValueError(f"answer {answer!r}; expected a number")
        if not math.isfinite(answer):
            raise ValueError(f"answer {answer!r}; expected a finite number")
        return [float(answer)]

    def decode(self, code: np.ndarray, names: Sequence[str]) -> tuple[Any, list[str]]:
        return float(code[0]), []
