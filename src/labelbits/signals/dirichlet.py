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


def part_laws(
    alpha: Float[Array, "*n K"], m: int
) -> tuple[Float[Array, "*n"], Float[Array, "m *n K"]]:
    """(H(parts) in nats, P(class k gets n parts) for n = 1..m), exact.

    The parts of one class are beta-binomial, and ln P(parts) is a sum of one term a class, so
    H = -c - sum_k E[ln Gamma(n + alpha_k) / Gamma(alpha_k) / n!].
    """
    total = alpha.sum(-1, keepdims=True)
    rest = jnp.maximum(total - alpha, SMALLEST)

    def log_rising(a: Array) -> Array:
        """ln Gamma(a + m) / Gamma(a)."""
        return jnp.sum(jnp.stack([jnp.log(a + j) for j in range(m)]), axis=0)

    def step(state: tuple[Array, Array, Array], n: Array) -> tuple[Any, Array]:
        log_mass, term, mean = state
        # P(n) / P(n-1) of the beta-binomial, and the term at n from the term at n-1.
        ratio = (m - n + 1) * (alpha + n - 1) / (n * (rest + m - n))
        log_mass = log_mass + jnp.log(ratio)
        term = term + jnp.log((alpha + n - 1) / n)
        mass = jnp.exp(log_mass)
        return (log_mass, term, mean + mass * term), mass

    zero = jnp.zeros_like(alpha)
    all_parts = log_rising(total)
    start = (log_rising(rest) - all_parts, zero, zero)
    (_, _, mean), masses = jax.lax.scan(step, start, jnp.arange(1, m + 1))
    constant = math.lgamma(m + 1) - all_parts[..., 0]
    return -constant - mean.sum(-1), masses


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
