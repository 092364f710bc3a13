"""Bits of one answer from groups of questions: the general method, for any world and signal.

Questions of one group share what is given (the prototypes, under about="items") and differ in
what the answer informs about. In each group, I = H(mean p) - mean H(p) over its n draws, every
answer enumerated; or, where answers are too many, nested Monte Carlo. The standard error comes
from the spread between groups, so it needs no assumption about what goes on inside one. What H of
a mean of n draws lacks is the same in all groups, and the spread does not show it: halves of the
groups do. Then a few groups of many more draws say how much more they find than their parts of n
draws each, which is added (two levels: Giles 2015, Acta Numerica 24).
"""

from __future__ import annotations

import math
from collections.abc import Callable
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
    lacks,
    short,
    unit_spread,
)
from labelbits.interface import Signal, World
from labelbits.signals.base import traced

#: Answers up to this many are enumerated in every group.
ENUMERATE = 2048
#: Fewest groups that a standard error is taken from.
FEWEST = 32
#: How many times larger the few large groups are than the others, at first and then again; how
#: many there are at most; and draws times answers of one at most.
GROWS, MOST_LARGE, LARGEST = 4, 512, 2**21


@eqx.filter_jit
def _enumerated(
    signal: Signal, d2: Float[Array, "groups n ..."], answers: Int[Array, "groups outcomes width"],
    parts: int = 2,
) -> tuple[Float[Array, "groups"], Float[Array, "groups"], Float[Array, "groups"]]:  # fmt: skip
    """Information in nats of each group, the plug-in bias taken away to first order, and by how
    much the means over its halves and over its `parts` are less."""
    log_p = jax.vmap(signal.log_prob_all)(d2, answers)
    p = jnp.exp(log_p)
    inside = jnp.sum(jnp.where(p > 0, p * log_p, 0.0), axis=-1).mean(1)

    def marginal(parts: int) -> Array:
        # E[-m ln m] = -q ln q - Var(m) / (2 q) + ...: the mean of n draws has variance Var(p) / n.
        n = p.shape[1] // parts
        cut = p[:, : n * parts].reshape(len(p), parts, n, -1)
        mean = cut.mean(2)
        spread = jnp.sum((cut - mean[:, :, None]) ** 2, axis=2) / (n - 1)
        bias = jnp.sum(jnp.where(mean > 0, spread / (2 * n * mean), 0.0), axis=-1)
        return (jax.scipy.special.entr(mean).sum(-1) + bias).mean(1)

    whole = marginal(1)
    return inside + whole, whole - marginal(2), whole - marginal(parts)


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
            found = _enumerated(channel, d2, jnp.asarray(table[question]))
            value, gap = np.asarray(found[0]), np.asarray(found[1])
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
        # Where few large groups have to be added, each level has half of the variance.
        aim = standard_error * (
            math.sqrt(0.5) if table is not None and lacks(_mean(gaps), standard_error) else 1.0
        )
        if groups >= needed and error > aim:
            needed = draws_needed(error, groups, aim)
    value, gap = _mean(values), _mean(gaps)
    if table is None:
        return Result(value, error, groups * how.n, _bias(gap, standard_error))
    samples, said = groups * how.n, ()
    # Where the limit on draws is reached first, no more is asked of what is added than of the rest.
    wanted = max(standard_error, error)
    if lacks(gap, wanted):

        def differing(large: Plan, parts: int, place: int) -> tuple[np.ndarray, np.ndarray]:
            d2 = _draw(signal, world, next(stream), large, given_prototypes)
            asked = jnp.asarray(table[(place + np.arange(large.batch)) % questions])
            found = _enumerated(channel, d2, asked, parts)
            return np.asarray(found[2], np.float64), np.asarray(found[1], np.float64)

        more, of_more, gap, drawn = _lacking(
            lambda n: plan(signal, world, given_prototypes, n), how.n,
            int(LARGEST / signal.outcomes(world.classes)), max_samples, differing,
            wanted * math.sqrt(0.5),
        )  # fmt: skip
        value, error, samples = value + more, math.hypot(error, of_more), samples + drawn
        said = short(gap, max(error, standard_error))
    return Result(value, error, samples, said)


def _lacking(
    planned: Callable[[int], Plan], n: int, most: int, max_samples: int,
    differing: Callable[[Plan, int, int], tuple[np.ndarray, np.ndarray]], standard_error: float,
) -> tuple[float, float, float, int]:  # fmt: skip
    """(what groups of n draws lack, its error, by how much halves of the large groups say less,
    draws): from groups of up to `most` draws, and `max_samples` in all where the fewest groups are
    no more."""
    parts, drawn = GROWS, 0
    while True:
        large, larger = planned(n * parts), n * parts * GROWS
        last = larger > most or larger * FEWEST > max_samples
        found: list[np.ndarray] = []
        gaps: list[np.ndarray] = []
        groups, error = 0, math.inf
        enough = min(MOST_LARGE, max_samples // large.n)
        while groups < FEWEST or (groups < enough and error > standard_error):
            one, gap = differing(large, parts, groups)
            found, gaps, groups = [*found, one], [*gaps, gap], groups + len(one)
            if groups >= FEWEST and not last and lacks(_mean(gaps), standard_error):
                break
            if groups > 1:
                spread = float(np.concatenate(found).std(ddof=1) / math.sqrt(groups))
                error = unit_spread(spread, groups)
        drawn += groups * large.n
        if last or not lacks(_mean(gaps), standard_error):
            return _mean(found), error, _mean(gaps), drawn
        parts *= GROWS


def _mean(values: list[np.ndarray]) -> float:
    return float(np.concatenate(values).mean())


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
