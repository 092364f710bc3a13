"""Reports of probabilities in whole parts of 1/m: the Dirichlet-multinomial law.

Probabilities drawn from Dirichlet(alpha) are rounded to m parts at random. It is the rounding
whose likelihood is exact, sums to 1 over the grid and does not depend on the order of the
classes; the randomness of the rounding costs a little information, which vanishes as m grows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln
from jaxtyping import Array, Float, Int, PRNGKeyArray

from labelbits.signals.base import class_number

#: Smallest Dirichlet parameter: keeps the likelihood finite when a class is all but impossible.
SMALLEST = 1e-6
#: Numbers of parts that controls tell apart; larger ones are counted together.
TOLD_APART = 32


def _log_rising(a: Array, n: Array) -> Array:
    """ln Gamma(a + n) / Gamma(a) for a > 0 and n >= 0, to float32 also where a is large.

    Gamma is moved up by 8, where three terms of Stirling's series give every digit; the powers
    are then written as ln(1 + n / a), so that no two large logarithms are subtracted.
    """
    top, base = a + n + 8.0, a + 8.0

    def series(x: Array) -> Array:
        y = 1 / (x * x)
        return (1 / 12 - y * (1 / 360 - y / 1260)) / x

    whole = (base - 0.5) * jnp.log1p(n / base) + n * (jnp.log(top) - 1)
    below = jnp.ones_like(top)
    for i in range(4):
        below = below * ((a + i) / (a + n + i))
    above = jnp.ones_like(top)
    for i in range(4, 8):
        above = above * ((a + i) / (a + n + i))
    return whole + series(top) - series(base) + jnp.log(below) + jnp.log(above)


def log_dirichlet_multinomial(parts: Array, alpha: Array) -> Array:
    """ln P(parts | m, alpha) of the Dirichlet-multinomial, over the last axis."""
    m, total = parts.sum(-1), alpha.sum(-1)
    # ln 0! and ln 1! exactly: over many classes even their rounding adds up.
    orders = jnp.where(parts > 1, gammaln(parts + 1.0), 0.0)
    each = _log_rising(alpha, parts + 0.0) - orders
    return gammaln(m + 1.0) - _log_rising(total, m + 0.0) + each.sum(-1)


def log_reports(m: Array, parts: int) -> Array:
    """ln C(m + parts - 1, m): how many reports give m whole parts to so many classes.

    The difference of two ln Gamma of hundreds would keep four digits of float32: the mass of a
    lapse over reports of 200 classes was off by 8e-5.
    """
    return _log_rising(jnp.asarray(float(parts)), m + 0.0) - _log_rising(jnp.ones(()), m + 0.0)


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


#: Most parts whose probabilities are products in float32: the least is 2^-m.
PLAIN = 100
#: Smallest share of a class: its logarithm is finite.
LEAST = 1e-35
#: Rows whose sums stay in a core's cache.
BLOCK = 2**12


def _others(mass: Array, total: Array) -> tuple[Array, Array]:
    """(total - mass of each class, which class holds more than half), without cancellation."""
    most = mass > 0.5 * total
    spread = jnp.sum(jnp.where(most, 0.0, mass), axis=0, keepdims=True)
    return jnp.where(most, spread, total - mass), most


def part_laws(
    alpha: Float[Array, "*n K"], m: int, growth: float = 1.0, pooled: bool = False
) -> tuple[Float[Array, "*n"], Float[Array, "m *n K"] | Float[Array, "m *n"]]:
    """(H(parts) in nats, P(class k gets n parts) for n = 1..m), exact.

    Parts come from an urn, one at a time, with probability (alpha_k + g n_k) / (A + g n): `growth`
    g = 1 is the Dirichlet-multinomial, g = 0 the multinomial. The parts of one class are
    (beta-)binomial, and ln P(parts) is a sum of one term a class. Nothing is subtracted that
    cancels: a class that holds more than half is counted from above, by the parts it does not
    get, and ln P(parts) from the report that gives it all of them, so that the entropy of reports
    that are all but certain comes out as a small sum of small terms.

    `pooled` adds the probabilities up over the classes: how many classes get n parts on average.
    """
    *shape, classes = alpha.shape
    rows = math.prod(shape)
    if rows <= BLOCK or rows % BLOCK:
        return _part_laws(alpha, m, growth, pooled)
    blocks = alpha.reshape(rows // BLOCK, BLOCK, classes)
    entropy, masses = jax.lax.map(lambda block: _part_laws(block, m, growth, pooled), blocks)
    masses = jnp.moveaxis(masses, 1, 0)
    return entropy.reshape(shape), masses.reshape(m, *shape, *[] if pooled else [classes])


def _part_laws(alpha: Array, m: int, growth: float, pooled: bool) -> tuple[Array, Array]:
    """`part_laws` of rows that are worked through together."""
    # Classes first: loops over the many rows are then one run of memory, three times as fast.
    alpha = jnp.moveaxis(jnp.maximum(alpha, LEAST), -1, 0)
    total = alpha.sum(0, keepdims=True)
    rest, most = _others(alpha, total)
    # Counted: parts of the class, or parts of all others where the class holds more than half.
    counted, other = jnp.where(most, rest, alpha), jnp.where(most, alpha, rest)
    # Any factor c^n cancels, since all parts together are m; this one keeps the terms small.
    scale = m / (total + growth * m)
    factor = jnp.where(most, 1 / scale, scale)

    def shrunk(state: tuple[Array, Array], by: Array) -> tuple[Array, Array]:
        """A product as (number, power of 2^64), where one of many parts would underflow."""
        value, power = state[0] * by, state[1]
        if m <= PLAIN:
            return value, power
        little, large = value < 2.0**-64, value > 1.0
        moved = jnp.where(little, 2.0**64, jnp.where(large, 2.0**-64, 1.0))
        return value * moved, power - 1 * little + 1 * large

    def plain(state: tuple[Array, Array]) -> Array:
        if m <= PLAIN:
            return state[0]
        return jnp.where(state[1] < -2, 0.0, state[0] * 2.0 ** (64 * jnp.maximum(state[1], -2)))

    def begin(state: tuple[Array, Array], j: Array) -> tuple[Any, None]:
        # other + counted is never below other, so that no factor is above 1.
        return shrunk(state, (other + growth * j) / (other + counted + growth * j)), None

    def step(state: Any, n: Array) -> tuple[Any, tuple[Array, Array]]:
        mass, term, mean, whole = state
        # P(n) / P(n-1) = up x down.
        up = (counted + growth * (n - 1)) * (1 / n)
        down = (m - n + 1) / (other + growth * (m - n))
        mass = shrunk(mass, up * down)
        # ln of the class's factor of P(parts), against none of its parts or against all of them.
        term = term + jnp.log(jnp.where(most, down, up) * factor)
        value = plain(mass)
        mean = mean + value * term
        return (mass, term, mean, whole + value), split(value)

    zero, one = jnp.zeros_like(alpha), jnp.ones_like(alpha)
    if m <= PLAIN:
        each = jnp.arange(m).reshape(-1, *[1] * alpha.ndim)
        none = jnp.prod((other + growth * each) / (other + counted + growth * each), 0), zero
    else:
        none = jax.lax.scan(begin, (one, zero), jnp.arange(m))[0]

    def split(value: Array) -> tuple[Array, Array]:
        """Masses counted from below and from above, where they are pooled; else as they are."""
        if not pooled:
            return value, value
        return jnp.where(most, 0.0, value).sum(0), jnp.where(most, value, 0.0).sum(0)

    begun = (none, zero, zero, plain(none))
    (_, _, mean, whole), (below, above) = jax.lax.scan(step, begun, jnp.arange(1, m + 1))
    # From above: P(n parts) is P(the others get m - n).
    turned = jnp.concatenate([split(plain(none))[1][None], above[:-1]])[::-1]
    masses = below + turned if pooled else jnp.moveaxis(jnp.where(most, turned, below), 1, -1)
    j = jnp.arange(m).reshape(-1, *[1] * (alpha.ndim - 1))
    certain = jnp.any(most, axis=0)
    # ln P of the report that the terms are counted from: all parts in one class, or none anywhere.
    most_alpha = jnp.sum(jnp.where(most, alpha, 0.0), axis=0)
    most_rest = jnp.sum(jnp.where(most, rest, 0.0), axis=0)
    ready = jnp.where(certain, most_alpha, 1.0)
    all_in_one = -jnp.log1p(most_rest / (ready + growth * j)).sum(0)
    nothing = -jnp.log((total[0] + growth * j) / (1 + j) * scale[0]).sum(0)
    # Masses are products of up to m factors: what rounding they share is divided out.
    return -jnp.where(certain, all_in_one, nothing) - (mean / whole).sum(0), masses


def dirichlet_multinomial_entropy(alpha: Float[Array, "*n K"], m: int) -> Float[Array, "*n"]:
    """H(parts) in nats, exact."""
    return part_laws(alpha, m)[0]


def told_apart(masses: Array) -> Array:
    """Masses (m, ...) of 1..m parts with those of `TOLD_APART` parts and more added up."""
    if len(masses) <= TOLD_APART:
        return masses
    tail = masses[TOLD_APART - 1 :].sum(0, keepdims=True)
    return jnp.concatenate([masses[: TOLD_APART - 1], tail])


def count_parts(parts: Int[Array, "*n K"], m: int) -> Float[Array, "told *n K"]:
    """1 where a class got n parts, n = 1..m as `told_apart` tells them apart."""
    most = min(m, TOLD_APART)
    numbers = jnp.arange(1, most + 1).reshape(-1, *[1] * parts.ndim)
    return (jnp.minimum(parts, most) == numbers).astype(float)


def uniform_part_law(m: int, classes: int) -> np.ndarray:
    """P(one class gets n parts), n = 1..m, of a report drawn uniformly from the grid."""
    n = np.arange(1, m + 1)
    log_p = [
        math.lgamma(m - j + classes - 1) - math.lgamma(m - j + 1) - math.lgamma(classes - 1)
        for j in n
    ]
    log_all = math.lgamma(m + classes) - math.lgamma(m + 1) - math.lgamma(classes)
    return np.exp(np.array(log_p) - log_all)


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
