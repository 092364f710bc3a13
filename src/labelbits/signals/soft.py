"""Questions answered with probabilities: soft (every class), sparse-soft (the most probable).

A reported probability is a whole number of parts of 1/m. The parts follow the
Dirichlet-multinomial law: probabilities drawn from Dirichlet(concentration * pi), rounded to m
parts at random. It is the rounding whose likelihood is exact, sums to 1 over the grid and does
not depend on the order of the classes; the randomness of the rounding costs a little
information, which vanishes as m grows.
"""

from __future__ import annotations

import itertools
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
from labelbits.interface import CitedTime
from labelbits.signals.base import (
    ClassSignal,
    check_enumerable,
    class_number,
    column,
    compositions,
    exp_or_inf,
    is_number,
    log_choose,
    with_lapse,
)
from labelbits.signals.labels import permutation_orbit
from labelbits.signals.rankings import (
    check_top,
    log_plackett_luce,
    path_entropy,
    sample_ordered,
)

#: Smallest Dirichlet parameter: keeps the likelihood finite when a class is all but impossible.
SMALLEST = 1e-6


def log_dirichlet_multinomial(parts: Array, alpha: Array) -> Array:
    """ln P(parts | m, alpha) of the Dirichlet-multinomial, over the last axis."""
    m, total = parts.sum(-1), alpha.sum(-1)
    each = gammaln(parts + alpha) - gammaln(alpha) - gammaln(parts + 1.0)
    return gammaln(total) + gammaln(m + 1.0) - gammaln(m + total) + each.sum(-1)


def sample_dirichlet_multinomial(key: PRNGKeyArray, alpha: Array, m: int) -> Array:
    """Whole parts (..., K) that sum to m, drawn by Polya's urn: each part goes to class k with
    probability (alpha_k + parts so far) / (sum alpha + parts so far)."""
    classes = jnp.arange(alpha.shape[-1])

    def add(parts: Array, key: PRNGKeyArray) -> tuple[Array, None]:
        weight = jnp.cumsum(alpha + parts, axis=-1)
        spot = jax.random.uniform(key, alpha.shape[:-1]) * weight[..., -1]
        drawn = jnp.sum(spot[..., None] >= weight, axis=-1, keepdims=True)
        return parts + (classes == jnp.minimum(drawn, alpha.shape[-1] - 1)), None

    return jax.lax.scan(add, jnp.zeros(alpha.shape, jnp.int32), jax.random.split(key, m))[0]


def dirichlet_multinomial_entropy(alpha: Array, m: int) -> Array:
    """H(parts) in nats, exact: ln P is a sum of one term a class, and the law of one class's
    parts n is beta-binomial, so H = -c - sum_k E[ln Gamma(n + alpha_k) / Gamma(alpha_k) / n!]."""
    total = alpha.sum(-1, keepdims=True)
    rest = jnp.maximum(total - alpha, SMALLEST)

    def log_rising(a: Array) -> Array:
        """ln Gamma(a + m) / Gamma(a)."""
        return jnp.sum(jnp.stack([jnp.log(a + j) for j in range(m)]), axis=0)

    constant = math.lgamma(m + 1) - log_rising(total)[..., 0]

    def step(n: Array, state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        log_mass, term, mean = state
        # P(n) / P(n-1) of the beta-binomial, and the term at n from the term at n-1.
        ratio = (m - n + 1) * (alpha + n - 1) / (n * (rest + m - n))
        log_mass = log_mass + jnp.log(ratio)
        term = term + jnp.log((alpha + n - 1) / n)
        return log_mass, term, mean + jnp.exp(log_mass) * term

    zero = jnp.zeros_like(alpha)
    start = (log_rising(rest) - log_rising(rest + alpha), zero, zero)
    return -constant - jax.lax.fori_loop(1, m + 1, step, start)[2].sum(-1)


def whole_parts(probabilities: np.ndarray, m: int) -> np.ndarray:
    """Probabilities (K,) as whole parts that sum to m, by largest remainder."""
    scaled = probabilities / probabilities.sum() * m
    parts = np.floor(scaled)
    short = m - int(parts.sum())
    parts[np.argsort(-(scaled - parts), kind="stable")[:short]] += 1
    return parts


def encode_probabilities(answer: Any, names: Mapping[str, int]) -> np.ndarray:
    """{class: probability} as a row (K,); a class not named has probability 0."""
    if not isinstance(answer, Mapping) or not answer:
        raise ValueError(f"answer {answer!r}; expected an object class -> probability")
    row = np.zeros(len(names))
    for key, value in answer.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
            raise ValueError(f"probability of {key!r} is {value!r}; expected a number of 0 or more")
        row[class_number(key, names)] = value
    if not 0 < row.sum() < math.inf:
        raise ValueError(f"probabilities sum to {row.sum()}; expected a sum above 0")
    return row


class Soft(ClassSignal):
    """The probability of every class: parts ~ Dirichlet-multinomial(m = grid, concentration pi).

    Lapse is a uniform draw from all C(m+K-1, K-1) points of the grid. The code holds the parts.
    """

    concentration: Any = 10.0
    grid: int = eqx.field(static=True, default=20)

    name: ClassVar[str] = "soft"
    question: ClassVar[str] = "How probable is each class?"
    form: ClassVar[str] = "numbers"
    options: ClassVar[Mapping[str, str]] = {
        "concentration": "how closely reports follow pi",
        "grid": "parts that one report is rounded to",
    }

    def __check_init__(self) -> None:
        check_at_least("grid of soft", self.grid, 1)

    def alpha(self, d2: Float[Array, "*n classes"]) -> Float[Array, "*n classes"]:
        """Dirichlet parameters concentration * pi."""
        log_pi = self.log_pi(d2)
        return jnp.maximum(column(self.concentration, log_pi) * jnp.exp(log_pi), SMALLEST)

    def log_outcomes(self, classes: int) -> float:
        return log_choose(self.grid + classes - 1, classes - 1)

    def outcomes(self, classes: int) -> float:
        return exp_or_inf(self.log_outcomes(classes))

    def width(self, classes: int) -> int:
        return classes

    def log_prob(self, answer: Shaped[Array, "*n width"], d2: Float[Array, "..."]) -> Array:
        k, m = d2.shape[-1], answer.sum(-1)
        log_outcomes = gammaln(m + k + 0.0) - gammaln(m + 1.0) - math.lgamma(k)
        return with_lapse(
            log_dirichlet_multinomial(answer, self.alpha(d2)), self.lapse, log_outcomes
        )

    def sample(
        self, key: PRNGKeyArray, d2: Float[Array, "..."], question: int | Array = 0
    ) -> Shaped[Array, "*n width"]:
        lapse, report, uniform = jax.random.split(key, 3)
        alpha = self.alpha(d2)
        lapses = jax.random.uniform(lapse, alpha.shape[:-1]) < self.lapse
        # Dirichlet-multinomial with parameters 1 is the uniform law on the grid.
        return jnp.where(
            lapses[..., None],
            sample_dirichlet_multinomial(uniform, jnp.ones_like(alpha), self.grid),
            sample_dirichlet_multinomial(report, alpha, self.grid),
        )

    def enumerate(self, classes: int, question: int = 0) -> np.ndarray:
        check_enumerable(self, classes)
        return compositions(self.grid, classes)

    def entropy(self, d2: Float[Array, "*n classes"]) -> Array | None:
        if not (is_number(self.lapse) and self.lapse == 0):
            return None
        return dirichlet_multinomial_entropy(self.alpha(d2), self.grid)

    def orbit(self, answer: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
        return permutation_orbit(answer)

    def encode(
        self, answer: Any, names: Mapping[str, int], asked: Sequence[str] = ()
    ) -> Sequence[float]:
        return whole_parts(encode_probabilities(answer, names), self.grid).tolist()

    def decode(self, code: np.ndarray, names: Sequence[str]) -> tuple[Any, list[str]]:
        m = float(code.sum())
        return {names[k]: float(n) / m for k, n in enumerate(code) if n}, []


class SparseSoft(ClassSignal):
    """The `top` most probable classes with probabilities, and (if asked) the impossible classes.

    Which and in what order: Plackett-Luce over pi. How much: the parts of the chosen classes and
    of the rest are Dirichlet-multinomial with parameters concentration * (pi_1, .., pi_t, rest).
    Ticked impossible: each class not chosen with probability s / (s + pi_k), s =
    `impossible_below`. Code: classes chosen (t), parts of each and of the rest (t+1), ticks (K,
    only if `impossible`). A class code of -1 means that no further class was named.
    """

    concentration: Any = 10.0
    impossible_below: Any = 0.02
    top: int = eqx.field(static=True, default=2)
    grid: int = eqx.field(static=True, default=20)
    impossible: bool = eqx.field(static=True, default=False)

    name: ClassVar[str] = "sparse-soft"
    question: ClassVar[str] = "Which classes are most probable, and how probable are they?"
    form: ClassVar[str] = "numbers"
    options: ClassVar[Mapping[str, str]] = {
        "top": "classes named",
        "concentration": "how closely reports follow pi",
        "grid": "parts that one report is rounded to",
        "impossible": "are impossible classes ticked",
    }

    def __check_init__(self) -> None:
        check_at_least("top of sparse-soft", self.top, 1)
        check_at_least("grid of sparse-soft", self.grid, 1)

    def log_outcomes(self, classes: int) -> float:
        check_top(self, self.top, classes)
        which = math.lgamma(classes + 1) - math.lgamma(classes - self.top + 1)
        ticks = (classes - self.top) * math.log(2) if self.impossible else 0.0
        return which + log_choose(self.grid + self.top, self.top) + ticks

    def outcomes(self, classes: int) -> float:
        return exp_or_inf(self.log_outcomes(classes))

    def width(self, classes: int) -> int:
        check_top(self, self.top, classes)
        return 2 * self.top + 1 + (classes if self.impossible else 0)

    def _split(self, answer: Array) -> tuple[Array, Array, Array]:
        t = self.top
        chosen = answer[..., :t].astype(jnp.int32)
        return chosen, answer[..., t : 2 * t + 1], answer[..., 2 * t + 1 :]

    def _alpha(self, log_pi: Array, chosen: Array) -> Array:
        """Dirichlet parameters of the chosen classes and of the rest."""
        picked = jnp.take_along_axis(log_pi, jnp.maximum(chosen, 0), axis=-1)
        pi = jnp.where(chosen >= 0, jnp.exp(picked), 0.0)
        rest = jnp.clip(1 - pi.sum(-1, keepdims=True), 0)
        mass = jnp.concatenate([pi, rest], axis=-1)
        return jnp.maximum(column(self.concentration, mass) * mass, SMALLEST)

    def _log_ticks(self, log_pi: Array, chosen: Array) -> tuple[Array, Array, Array]:
        """ln P(tick), ln P(no tick) of each class, and which classes can be ticked."""
        log_odds = jnp.log(self.impossible_below) - log_pi
        free = jnp.all(jnp.arange(log_pi.shape[-1]) != chosen[..., :, None], axis=-2)
        return jax.nn.log_sigmoid(log_odds), jax.nn.log_sigmoid(-log_odds), free

    def log_prob(self, answer: Shaped[Array, "*n width"], d2: Float[Array, "..."]) -> Array:
        log_pi = self.log_pi(d2)
        shape = jnp.broadcast_shapes(answer.shape[:-1], log_pi.shape[:-1])
        log_pi = jnp.broadcast_to(log_pi, (*shape, log_pi.shape[-1]))
        chosen, parts, ticks = self._split(jnp.broadcast_to(answer, (*shape, answer.shape[-1])))
        log_p = log_plackett_luce(log_pi, chosen)
        log_p += log_dirichlet_multinomial(parts, self._alpha(log_pi, chosen))
        k, t = log_pi.shape[-1], self.top
        log_outcomes = math.lgamma(k + 1) - math.lgamma(k - t + 1)
        m = parts.sum(-1)
        log_outcomes += gammaln(m + t + 1.0) - gammaln(m + 1.0) - math.lgamma(t + 1)
        if self.impossible:
            yes, no, free = self._log_ticks(log_pi, chosen)
            log_p += jnp.sum(jnp.where(free, jnp.where(ticks > 0, yes, no), 0.0), axis=-1)
            log_outcomes += (k - t) * math.log(2)
        return with_lapse(log_p, self.lapse, log_outcomes)

    def _report(self, key: PRNGKeyArray, log_pi: Array) -> Array:
        which, how_much, tick = jax.random.split(key, 3)
        chosen = sample_ordered(which, log_pi, self.top)
        alpha = self._alpha(log_pi, chosen)
        parts = [chosen, sample_dirichlet_multinomial(how_much, alpha, self.grid)]
        if self.impossible:
            yes, _, free = self._log_ticks(log_pi, chosen)
            ticked = free & (jnp.log(jax.random.uniform(tick, log_pi.shape)) < yes)
            parts.append(ticked.astype(jnp.int32))
        return jnp.concatenate(parts, axis=-1)

    def _uniform(self, key: PRNGKeyArray, log_pi: Array) -> Array:
        which, how_much, tick = jax.random.split(key, 3)
        chosen = sample_ordered(which, jnp.zeros_like(log_pi), self.top)
        ones = jnp.ones((*log_pi.shape[:-1], self.top + 1))
        parts = [chosen, sample_dirichlet_multinomial(how_much, ones, self.grid)]
        if self.impossible:
            _, _, free = self._log_ticks(log_pi, chosen)
            parts.append((free & jax.random.bernoulli(tick, 0.5, log_pi.shape)).astype(jnp.int32))
        return jnp.concatenate(parts, axis=-1)

    def sample(
        self, key: PRNGKeyArray, d2: Float[Array, "..."], question: int | Array = 0
    ) -> Shaped[Array, "*n width"]:
        lapse, report, uniform = jax.random.split(key, 3)
        log_pi = self.log_pi(d2)
        lapses = jax.random.uniform(lapse, log_pi.shape[:-1]) < self.lapse
        return jnp.where(
            lapses[..., None], self._uniform(uniform, log_pi), self._report(report, log_pi)
        )

    def sample_with_entropy(
        self, key: PRNGKeyArray, d2: Float[Array, "..."]
    ) -> tuple[Array, Array]:
        """Entropy of the parts and ticks given the classes drawn, in closed form."""
        if not (is_number(self.lapse) and self.lapse == 0):
            return super().sample_with_entropy(key, d2)
        log_pi = self.log_pi(d2)
        answer = self._report(key, log_pi)
        chosen = answer[..., : self.top]
        entropy = path_entropy(log_pi, chosen)
        entropy += dirichlet_multinomial_entropy(self._alpha(log_pi, chosen), self.grid)
        if self.impossible:
            yes, no, free = self._log_ticks(log_pi, chosen)
            entr = jax.scipy.special.entr
            tick = entr(jnp.exp(yes)) + entr(jnp.exp(no))
            entropy += jnp.sum(jnp.where(free, tick, 0.0), axis=-1)
        return answer, entropy

    def enumerate(self, classes: int, question: int = 0) -> np.ndarray:
        check_enumerable(self, classes)
        amounts = compositions(self.grid, self.top + 1)
        rows = []
        for chosen in itertools.permutations(range(classes), self.top):
            free = [k for k in range(classes) if k not in chosen]
            block = np.concatenate([np.tile(chosen, (len(amounts), 1)), amounts], axis=1)
            for ticked in itertools.product((0, 1), repeat=len(free)) if self.impossible else [()]:
                ticks = np.zeros((len(block), classes if self.impossible else 0), dtype=np.int32)
                if self.impossible:
                    ticks[:, free] = ticked
                rows.append(np.concatenate([block, ticks], axis=1))
        return np.concatenate(rows).astype(np.int32)

    def orbit(self, answer: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
        """Which classes were named does not matter: parts and the number of ticks do."""
        t = self.top
        keys = answer[:, t : 2 * t + 1].astype(np.int64)
        log_size = np.full(len(answer), math.lgamma(classes + 1) - math.lgamma(classes - t + 1))
        if self.impossible:
            ticks = answer[:, 2 * t + 1 :].sum(1)
            keys = np.concatenate([keys, ticks[:, None]], axis=1)
            choose = np.array([log_choose(classes - t, n) for n in range(classes - t + 1)])
            log_size = log_size + choose[ticks.astype(int)]
        return keys, log_size

    def cited_time(self, classes: int) -> CitedTime | None:
        if self.top != 2 or classes > 30:
            return None
        return CitedTime(32.3, 18.1, 68.9, "CIFAR-10S, first showings (Collins et al. 2022, HCOMP)")

    def encode(
        self, answer: Any, names: Mapping[str, int], asked: Sequence[str] = ()
    ) -> Sequence[float]:
        if len(names) < self.top:
            raise ValueError(f"there are {len(names)} classes; expected at least top = {self.top}")
        row = encode_probabilities(answer, names)
        if row.max() > 1.5:  # typed as percentages
            row = row / 100
        order = [int(k) for k in np.argsort(-row, kind="stable") if row[k] > 0][: self.top]
        named = row[order]
        rest = max(0.0, 1 - named.sum())
        amounts = np.zeros(self.top + 1)
        amounts[: len(order)] = named
        amounts[-1] = rest
        code = order + [-1] * (self.top - len(order)) + whole_parts(amounts, self.grid).tolist()
        if self.impossible:
            zero = [names[str(key)] for key, value in answer.items() if value == 0]
            code += [1.0 if k in zero else 0.0 for k in range(len(names))]
        return code

    def decode(self, code: np.ndarray, names: Sequence[str]) -> tuple[Any, list[str]]:
        t, m = self.top, float(code[self.top : 2 * self.top + 1].sum())
        answer = {
            names[int(k)]: float(n) / m for k, n in zip(code[:t], code[t:], strict=False) if k >= 0
        }
        for k, ticked in enumerate(code[2 * t + 1 :]):
            if ticked:
                answer[names[k]] = 0.0
        return answer, []
