"""What the families of signals share: distances read, lapse, confusion, sampling, checks."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from labelbits.compilation import exact_product
from labelbits.errors import InputError
from labelbits.interface import AnyArray, Signal, squared_distances

#: A noise-free channel is a very precise one: large enough that every answer is certain in
#: float32, small enough that precision x distance stays finite.
NOISE_FREE = 1e9
#: The longest list of answers that is ever written out.
ENUMERABLE = 200_000
#: Dimensions up to which distances to prototypes are taken difference by difference.
FEW_DIMS = 16


def is_number(value: Any) -> bool:
    """Is `value` a plain number (not a traced array)?"""
    return isinstance(value, (int, float, np.floating, np.integer))


def with_lapse(log_p: Array, lapse: Any, log_outcomes: float | Array) -> Array:
    """ln[(1 - lapse) p + lapse / outcomes]: with probability `lapse` the answer is uniform."""
    if is_number(lapse) and lapse == 0:
        return log_p
    return jnp.logaddexp(jnp.log1p(-lapse) + log_p, jnp.log(lapse) - log_outcomes)


#: Largest number of outcomes that `pick` compares one by one.
FEW = 4


def pick(table: Float[Array, "*n outcomes"], index: Array) -> Float[Array, "*n"]:
    """The entry of the last axis that `index` (*n, 1) names, for each row.

    Among few outcomes it selects instead of gathering: the gradient is then no scatter, and
    compiled for CPUs the outcomes need no memory.
    """
    if table.shape[-1] > FEW:
        return jnp.take_along_axis(table, index, axis=-1)[..., 0]
    found = table[..., 0]
    for outcome in range(1, table.shape[-1]):
        found = jnp.where(index[..., 0] == outcome, table[..., outcome], found)
    return found


def column(value: Any, like: Array) -> Any:
    """Let one precision an answer (shape of the leading axes) broadcast over the last axis."""
    value = jnp.asarray(value)
    return value[..., None] if value.ndim and value.ndim < like.ndim else value


def entropy_of(log_p: Array) -> Array:
    """-sum p ln p over the last axis, in nats; 0 ln 0 = 0."""
    # Rounding can take ln of what is nearly sure above 0, where p ln p has the wrong sign.
    return jnp.sum(jax.scipy.special.entr(jnp.exp(jnp.minimum(log_p, 0.0))), axis=-1)


def exp_or_inf(log_value: float) -> float:
    """e^x, or infinity where it is too large for a float."""
    return math.exp(log_value) if log_value < 700 else math.inf


def log_choose(n: float, k: float) -> float:
    """ln of the binomial coefficient C(n, k)."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def check_enumerable(signal: Signal, classes: int) -> None:
    """Raise unless the answers of `signal` are few enough to be written out."""
    if not signal.outcomes(classes) <= ENUMERABLE:
        raise InputError(
            f"{signal.name} with {classes} classes has {signal.outcomes(classes):.3g} different "
            f"answers; at most {ENUMERABLE:,} can be listed"
        )


def check_top(signal: Any, top: int, classes: int) -> None:
    """Raise unless a question about the `top` classes can be asked of `classes`."""
    if top > classes:
        raise InputError(
            f"top of {signal.name} is {top}; expected at most the number of classes, {classes}"
        )


def class_number(name: Any, names: Mapping[str, int]) -> int:
    """The number of the class called `name`, or a `ValueError` that lists the known ones."""
    key = name if isinstance(name, str) else str(name)
    if key not in names:
        known = ", ".join(list(names)[:10]) + (", ..." if len(names) > 10 else "")
        raise ValueError(f"unknown class {name!r}; expected one of: {known}")
    return names[key]


def _no_text(signal: Signal, name: str) -> None:
    value = getattr(signal, name)
    if isinstance(value, str):
        raise InputError(f"{name} of {signal.name} is {value!r}; expected a number")


def check_noise(signal: Signal) -> None:
    """Validate precision and lapse where they are plain numbers."""
    for name in ("precision", "lapse"):
        _no_text(signal, name)
    if is_number(signal.precision) and not signal.precision > 0:
        raise InputError(
            f"precision of {signal.name} is {signal.precision}; expected a number above 0 "
            "(inf for a noise-free annotator)"
        )
    if is_number(signal.lapse) and not 0 <= signal.lapse < 1:
        raise InputError(f"lapse of {signal.name} is {signal.lapse}; expected a number in [0, 1)")


def check_numbers(signal: Signal) -> None:
    """Validate the options that are plain numbers by what each `Option` allows."""
    for name, option in type(signal).options.items():
        if option.kind != "number":
            continue
        _no_text(signal, name)
        value = getattr(signal, name)
        if not is_number(value):
            continue
        if math.isfinite(value) and option.above < value <= option.at_most:
            continue
        bounds = [f"above {option.above:g}"] if math.isfinite(option.above) else []
        bounds += [f"at most {option.at_most:g}"] if math.isfinite(option.at_most) else []
        expected = " ".join(["a finite number", " and ".join(bounds)]).strip()
        raise InputError(f"{name} of {signal.name} is {value}; expected {expected}")


def check_confusion(confusion: Any) -> None:
    """Validate a confusion matrix: square, non-negative, rows that sum to 1."""
    if not isinstance(confusion, np.ndarray):
        return
    if confusion.ndim != 2 or confusion.shape[0] != confusion.shape[1]:
        raise InputError(
            f"confusion matrix has shape {confusion.shape}; expected classes x classes"
        )
    if not np.all(confusion >= 0):
        raise InputError(f"confusion matrix holds {confusion.min():.4g}; expected no value below 0")
    sums = confusion.sum(axis=1)
    worst = int(np.argmax(np.abs(sums - 1)))
    if not abs(sums[worst] - 1) < 1e-6:
        raise InputError(
            f"row {worst} of the confusion matrix sums to {sums[worst]:.6g}; expected 1 "
            "(row = true class, column = answer)"
        )


@functools.cache
def _is_yes_or_no(signal: type[Signal]) -> bool:
    return signal.for_world(2, 5).outcomes(5) <= 2


class ClassSignal(Signal):
    """A question that compares one item with the K prototypes.

    pi_k = softmax_k(-precision * d2_k); a confusion matrix C turns it into pi @ C.
    """

    precision: Any = 1.0
    lapse: Any = 0.0
    confusion: Any = None

    uses_classes: ClassVar[bool] = True
    form: ClassVar[str] = "choices"

    @classmethod
    def named(cls, answer: Any) -> list[str]:
        """A class, or several in a list or as the keys of an object; none in yes or no."""
        if answer is None or isinstance(answer, (bool, float)) or _is_yes_or_no(cls):
            return []
        if isinstance(answer, Mapping):
            return [str(key) for key in answer]
        if isinstance(answer, list):
            return [str(name) for name in answer if isinstance(name, (str, int))]
        return [str(answer)]

    def __check_init__(self) -> None:
        check_noise(self)
        check_numbers(self)
        check_confusion(self.confusion)

    @property
    def arity(self) -> int:
        return 1

    def distances(
        self, points: Float[AnyArray, "*n arity dims"], prototypes: Any = None
    ) -> Float[Array, "*n classes"]:
        if points.shape[-1] <= FEW_DIMS or jnp.ndim(prototypes) != 2:
            return squared_distances(points, prototypes)
        # In many dimensions a product of matrices is several times faster than differences; taken
        # from the middle of the prototypes, where it is as exact (distances do not depend on it).
        middle = jax.lax.stop_gradient(prototypes.mean(0))
        x, c = points[..., 0, :] - middle, prototypes - middle
        cross = jnp.einsum("...d,kd->...k", x, c, precision="highest")
        norms = jnp.sum(x**2, axis=-1)[..., None] + jnp.sum(c**2, axis=-1)
        return jnp.maximum(norms - 2 * cross, 0.0)

    def log_pi(self, d2: Float[Array, "*n classes"]) -> Float[Array, "*n classes"]:
        """ln pi, the probability that each class comes to the annotator's mind (no lapse)."""
        beta = column(jnp.minimum(self.precision, NOISE_FREE), d2)
        nearest = jnp.min(d2, axis=-1, keepdims=True)
        # Subtracting the nearest first keeps differences exact when precision is very large.
        log_pi = jax.nn.log_softmax(-beta * (d2 - jax.lax.stop_gradient(nearest)), axis=-1)
        if self.confusion is None:
            return log_pi
        confusion = jnp.asarray(self.confusion, dtype=d2.dtype)
        if confusion.shape[-1] != d2.shape[-1]:
            raise InputError(
                f"confusion matrix is {confusion.shape[0]} x {confusion.shape[1]}; "
                f"expected {d2.shape[-1]} x {d2.shape[-1]}, one row a class"
            )
        seen = exact_product(jnp.exp(log_pi), confusion)
        return jnp.log(jnp.maximum(seen, jnp.finfo(d2.dtype).tiny))


class ComparisonSignal(Signal):
    """A question that compares items with each other; `pairs` are the distances it reads."""

    precision: Any = 1.0
    lapse: Any = 0.0

    uses_classes: ClassVar[bool] = False
    form: ClassVar[str] = "pairwise"
    #: Item pairs of the question whose squared distances the channel reads, in that order.
    fixed_pairs: ClassVar[tuple[tuple[int, int], ...]] = ()

    def __check_init__(self) -> None:
        check_noise(self)
        check_numbers(self)

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """The item pairs whose squared distances the channel reads."""
        return self.fixed_pairs

    @property
    def sign_tests(self) -> int:
        """How many differences of squared distances decide a certain answer by their signs."""
        return math.comb(len(self.pairs), 2)

    def distances(
        self, points: Float[AnyArray, "*n arity dims"], prototypes: Any = None
    ) -> Float[Array, "*n reads"]:
        return jnp.stack(
            [squared_distances(points[..., a, :], points[..., b, :]) for a, b in self.pairs],
            axis=-1,
        )


class Categorical(Signal):
    """Mixin for signals whose answer is one of a few: everything follows from `log_table`."""

    def log_table(self, d2: Float[Array, "..."]) -> Float[Array, "*n outcomes"]:
        """ln probability of every outcome in order, without lapse."""
        raise NotImplementedError

    def log_outcome(self, d2: Float[Array, "..."]) -> Float[Array, "*n outcomes"]:
        """ln probability of every outcome in order, lapse included."""
        table = self.log_table(d2)
        return with_lapse(table, column(self.lapse, table), math.log(table.shape[-1]))

    def width(self, classes: int) -> int:
        return 1

    def log_prob(self, answer: Shaped[Array, "*n width"], d2: Float[Array, "..."]) -> Array:
        table = self.log_outcome(d2)
        index = answer.astype(jnp.int32)
        shape = jnp.broadcast_shapes(index.shape[:-1], table.shape[:-1])
        table = jnp.broadcast_to(table, (*shape, table.shape[-1]))
        index = jnp.broadcast_to(index, (*shape, 1))
        return pick(table, index)

    def sample(
        self, key: PRNGKeyArray, d2: Float[Array, "..."], question: int | AnyArray = 0
    ) -> Shaped[Array, "*n width"]:
        return jax.random.categorical(key, self.log_outcome(d2))[..., None]

    def log_prob_all(
        self, d2: Float[Array, "..."], answers: Shaped[Array, "outcomes width"]
    ) -> Float[Array, "*n outcomes"]:
        return self.log_outcome(d2)

    def enumerate(self, classes: int, question: int = 0) -> np.ndarray:
        return np.arange(int(self.outcomes(classes)), dtype=np.int32)[:, None]

    def entropy(self, d2: Float[Array, "..."]) -> Array | None:
        return entropy_of(self.log_outcome(d2))

    def encode(
        self, answer: Any, names: Mapping[str, int], asked: Sequence[str] = ()
    ) -> Sequence[float]:
        limit = self.outcomes(max(len(names), 2))
        if isinstance(answer, bool) or not isinstance(answer, int) or not 0 <= answer < limit:
            raise ValueError(
                f"answer {answer!r}; expected a whole number from 0 to {limit - 1:.0f}"
            )
        return [answer]

    def decode(self, code: np.ndarray, names: Sequence[str]) -> tuple[Any, list[str]]:
        return int(code[0]), []


class Exchangeable(Categorical):
    """A categorical answer whose outcomes exchangeable points make equally likely."""

    def orbit(self, answer: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
        one = np.zeros((len(answer), 1), dtype=np.int32)
        return one, np.full(len(answer), math.log(self.outcomes(classes)))


def compositions(total: int, parts: int) -> np.ndarray:
    """Every way to write `total` as an ordered sum of `parts` whole numbers >= 0, a row each."""
    bars = np.array(
        list(itertools.combinations(range(total + parts - 1), parts - 1)), dtype=np.int32
    )
    bars = bars.reshape(-1, parts - 1)
    ends = np.concatenate(
        [np.full((len(bars), 1), -1), bars, np.full((len(bars), 1), total + parts - 1)], axis=1
    )
    return (np.diff(ends, axis=1) - 1).astype(np.int32)


def replace_noise(signal: Signal, precision: Any, lapse: Any) -> Signal:
    """The same signal with other noise; works with traced values, for fits of noise."""
    return eqx.tree_at(
        lambda s: (s.precision, s.lapse), signal, (precision, lapse), is_leaf=lambda x: x is None
    )


def traced(signal: Signal) -> Signal:
    """The signal with its numbers as arrays, so that one compiled program serves every value.

    A lapse of exactly 0 stays a plain number: channels without lapse have shorter formulas.
    """

    def lift(leaf: Any) -> Any:
        number = is_number(leaf) or isinstance(leaf, np.ndarray)
        return jnp.asarray(leaf, dtype=jnp.result_type(float)) if number else leaf

    lifted = jax.tree.map(lift, signal)
    if is_number(signal.lapse) and signal.lapse == 0:
        lifted = eqx.tree_at(lambda s: s.lapse, lifted, 0.0)
    return lifted
