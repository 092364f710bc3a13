"""Bits of one answer from groups of questions: the general method, for any world and signal.

Questions of one group share what is given (the prototypes, under about="items") and differ in
what the answer informs about. In each group, I = H(mean p) - mean H(p) over its n draws, every
answer enumerated; or, where answers are too many, nested Monte Carlo. The standard error comes
from the spread between groups, so it needs no assumption about what goes on inside one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from labelbits.information.exchangeable import Result
from labelbits.information.sampling import (
    CHUNK,
    draw_distances,
    draw_groups,
    draws_needed,
    keys,
    unit_spread,
)
from labelbits.interface import Signal, World
from labelbits.signals.base import traced

#: Answers up to this many are enumerated in every group.
ENUMERATE = 2048
#: Fewest groups that a standard error is taken from.
FEWEST = 32


@eqx.filter_jit
def _enumerated(
    signal: Signal, d2: Float[Array, "groups n ..."], answers: Int[Array, "groups outcomes width"]
) -> Float[Array, "groups"]:
    """Information in nats of each group, the plug-in bias taken away to first order."""
    log_p = jax.vmap(signal.log_prob_all)(d2, answers)
    p = jnp.exp(log_p)
    n = p.shape[1]
    mean = p.mean(1)
    entr = jax.scipy.special.entr
    inside = jnp.sum(jnp.where(p > 0, p * log_p, 0.0), axis=-1).mean(1)
    # E[-m ln m] = -q ln q - Var(m) / (2 q) + ...: the mean of n draws has variance Var(p) / n.
    spread = jnp.sum((p - mean[:, None]) ** 2, axis=1) / (n - 1)
    bias = jnp.sum(jnp.where(mean > 0, spread / (2 * n * mean), 0.0), axis=-1)
    return inside + entr(mean).sum(-1) + bias


@eqx.filter_jit
def _nested(
    signal: Signal, key: PRNGKeyArray, d2: Float[Array, "groups n ..."], question: Int[Array, "g"]
) -> tuple[Float[Array, "groups"], Float[Array, "groups"]]:
    """Two contrastive bounds of each group, in nats: the mean density at each answer with its
    own question's points (at most I) and without (at least I)."""

    def group(item: tuple[Array, Array, Array]) -> tuple[Array, Array]:
        key, d2, question = item
        n = d2.shape[0]
        answer = signal.sample(key, d2, question)
        own = signal.log_prob(answer, d2)
        every = jax.lax.map(lambda a: signal.log_prob(a[None], d2), answer, batch_size=64)
        others = jnp.where(jnp.eye(n, dtype=bool), -jnp.inf, every)
        low = own - (logsumexp(every, axis=1) - math.log(n))
        high = own - (logsumexp(others, axis=1) - math.log(n - 1))
        return low.mean(), high.mean()

    return jax.lax.map(group, (jax.random.split(key, len(d2)), d2, question))


@dataclass(frozen=True)
class Plan:
    """How groups are drawn: `n` questions in a group, `batch` groups in one call."""

    n: int
    batch: int
    enumerated: bool


def plan(signal: Signal, world: World, shared: bool, n: int | None = None) -> Plan:
    """Group size: small where many prototype draws are needed, large where one marginal is."""
    outcomes = signal.outcomes(world.classes)
    enumerated = outcomes <= ENUMERATE
    # Known prototypes are one marginal for all groups; drawn ones are many.
    one = not shared or world.known_prototypes is not None
    if n is None:
        n = (1024 if one else 128) if enumerated else 1024
    reads = world.classes * signal.arity if signal.uses_classes else 8
    held = n * max(reads, outcomes if enumerated else n)
    if shared:
        held = max(held, n * world.dims * signal.arity, world.classes * world.dims)
    batch = int(min(FEWEST if one else 1024, max(1, CHUNK // (4 * held))))
    return Plan(n, 2 ** int(math.log2(batch)), enumerated)


def grouped(
    signal: Signal,
    world: World,
    standard_error: float,
    seed: int,
    max_samples: int,
    *,
    given_prototypes: bool,
    n: int | None = None,
) -> Result:
    """I(A; points), averaged over the questions; given the prototypes if so asked."""
    channel = traced(signal)
    how = plan(signal, world, given_prototypes, n)
    questions = signal.questions(world.classes)
    if not given_prototypes and getattr(signal, "confusion", None) is None:
        questions = 1  # exchangeable classes: every question carries the same
    table = None
    if how.enumerated:
        table = np.stack([signal.enumerate(world.classes, q) for q in range(questions)])
    stream = keys(seed)
    values: list[np.ndarray] = []
    gaps: list[np.ndarray] = []
    groups = 0
    error = math.inf
    # A first look says how many groups the error needs; then they are drawn.
    needed = max(FEWEST, 2 * questions)
    most = max(1, max_samples // how.n)
    while groups < min(needed, most):
        draw, inside = next(stream), next(stream)
        d2 = _draw(signal, world, draw, how, given_prototypes)
        # Every question is asked equally often, in turn.
        question = (groups + np.arange(how.batch)) % questions
        if table is not None:
            value = np.asarray(_enumerated(channel, d2, jnp.asarray(table[question])))
            gap = np.zeros_like(value)
        else:
            low, high = _nested(channel, inside, d2, jnp.asarray(question))
            value = np.asarray((low + high) / 2)
            gap = np.asarray(high - low)
        values.append(value.astype(np.float64))
        gaps.append(gap.astype(np.float64))
        groups += how.batch
        every = np.concatenate(values)
        if groups >= 2 * questions:
            error = _stratified(every, questions)
        elif groups > 1:
            error = unit_spread(float(every.std(ddof=1) / math.sqrt(groups)), groups)
        if groups >= needed and error > standard_error:
            needed = draws_needed(error, groups, standard_error)
    bits_gap = float(np.concatenate(gaps).mean())
    return Result(
        float(np.concatenate(values).mean()), error, groups * how.n, _bias(bits_gap, standard_error)
    )


def _stratified(values: np.ndarray, questions: int) -> float:
    """Standard error of the mean of groups that ask the questions in turn."""
    strata = [values[q::questions] for q in range(questions)]
    variance = sum(part.var(ddof=1) * len(part) for part in strata)
    return unit_spread(math.sqrt(variance) / len(values), len(values) - questions + 1)


def _draw(signal: Signal, world: World, key: PRNGKeyArray, how: Plan, given: bool) -> Array:
    if given:
        return draw_groups(signal, world, key, how.batch, how.n)
    d2 = draw_distances(signal, world, key, how.batch * how.n)
    return d2.reshape(how.batch, how.n, *d2.shape[1:])


def _bias(gap: float, standard_error: float) -> tuple[str, ...]:
    """The two bounds lie `gap` nats apart; their mean is right to second order in it."""
    if gap**2 <= standard_error:
        return ()
    return (
        f"nested estimate: bounds {gap / math.log(2):.2g} bits apart; the value is their middle",
    )
