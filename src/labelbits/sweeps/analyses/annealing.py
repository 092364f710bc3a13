"""Bits of many answers by simulation, between two bounds: annealed importance sampling.

    I(A; X) = E[ln p(A | X) - ln p(A)],

where only ln p(A) is hard. Chains of Hamiltonian Monte Carlo go from the prior to the posterior
through p(X) p(A | X)^t, t from 0 to 1. The mean of their weights is p(A), so the mean of their
logarithms errs downwards (Neal 2001), and the bits upwards. Chains that go the other way from the
true points, which are an exact draw of the posterior because the answers are simulated, err the
other way (bidirectional Monte Carlo: Grosse, Ghahramani and Adams 2015, arXiv 1511.02543). The
truth lies between, however badly the chains mix.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from labelbits.interface import Signal
from labelbits.signals.base import traced
from labelbits.worlds import World

#: Steps of one Hamiltonian trajectory.
LEAPS = 3
#: Chains in every world and direction.
CHAINS = 4
#: Step lengths of trajectories, in standard deviations of the posterior: drawn anew each time.
SHORTEST, LONGEST = 0.1, 0.9
#: Temperatures grow with this power: most of them are needed near the prior.
POWER = 3


class Sandwich(NamedTuple):
    """Bits between two bounds, means over worlds, and the standard error of their middle."""

    low: float
    high: float
    standard_error: float

    @property
    def bits(self) -> float:
        """The middle."""
        return (self.low + self.high) / 2


class _State(NamedTuple):
    """One chain: where it is, ln likelihood and its gradient there, ln weight so far."""

    x: Array
    value: Array
    grad: Array
    weight: Array


def _one_world(
    signal: Signal, world: World, key: Array, questions: Int[Array, "n arity"], count: Array,
    ladder: Float[Array, "t"],
) -> tuple[Array, Array]:  # fmt: skip
    """(low, high) in nats for the first `count` of the questions in one drawn world."""
    item_key, class_key, answer_key, kind_key, chain_key = jax.random.split(key, 5)
    z = world.sample_items(item_key, (world.items,))
    free = world.classes if signal.uses_classes else 0
    c = world.sample_prototypes(class_key, ())[:free]
    truth = jnp.concatenate([z, c])
    real = jnp.arange(len(questions)) < count

    def distances(x: Array) -> Array:
        return signal.distances(x[: world.items][questions], x[world.items :] if free else None)

    kind = jax.random.randint(kind_key, (len(questions),), 0, signal.questions(world.classes))
    answer = signal.sample(answer_key, distances(truth), kind)

    def log_likelihood(x: Array) -> Array:
        return jnp.sum(jnp.where(real, signal.log_prob(answer, distances(x)), 0.0))

    value_and_grad = jax.value_and_grad(log_likelihood)
    at_truth, score = value_and_grad(truth)
    # Items and prototypes are told unequally much: each kind moves at its own scale.
    told = jnp.concatenate([
        jnp.full(world.items, jnp.mean(score[: world.items] ** 2)),
        jnp.full(free, jnp.mean(score[world.items :] ** 2) if free else 0.0),
    ])[:, None]  # fmt: skip

    low, high = math.log(SHORTEST), math.log(LONGEST)

    def move(state: _State, t: Array, key: Array) -> _State:
        """One trajectory that leaves p(x) p(A | x)^t as it is."""
        speed_key, step_key, accept_key = jax.random.split(key, 3)
        scale = jax.lax.rsqrt(1 + t * told)
        step = scale * jnp.exp(jax.random.uniform(step_key, minval=low, maxval=high))
        speed = jax.random.normal(speed_key, state.x.shape)

        def leap(now: Any, _: Any) -> tuple[Any, None]:
            x, speed, _, grad = now
            speed = speed + 0.5 * step * (t * grad - x)
            x = x + step * speed
            value, grad = value_and_grad(x)
            return (x, speed + 0.5 * step * (t * grad - x), value, grad), None

        begin = (state.x, speed, state.value, state.grad)
        x, end, value, grad = jax.lax.scan(leap, begin, None, length=LEAPS)[0]
        gain = t * (value - state.value) + 0.5 * (
            jnp.sum(state.x**2) + jnp.sum(speed**2) - jnp.sum(x**2) - jnp.sum(end**2)
        )
        taken = jnp.log(jax.random.uniform(accept_key)) < gain
        return _State(
            jnp.where(taken, x, state.x), jnp.where(taken, value, state.value),
            jnp.where(taken, grad, state.grad), state.weight,
        )  # fmt: skip

    def step(state: _State, now: tuple[Array, ...]) -> tuple[_State, None]:
        t, before, after, key = now
        state = state._replace(weight=state.weight + before * state.value)
        state = move(state, t, key)
        return state._replace(weight=state.weight + after * state.value), None

    # Upwards the rise to t is weighed before the move at t; downwards the chain moves at t first
    # and then weighs the fall to the temperature below.
    rises, nothing, ts = jnp.diff(ladder), jnp.zeros(len(ladder) - 1), ladder[1:]

    def chain(up: Array, start: Array, key: Array) -> Array:
        plan = (
            jnp.where(up, ts, ts[::-1]), jnp.where(up, rises, nothing),
            jnp.where(up, nothing, rises[::-1]), jax.random.split(key, len(ts)),
        )  # fmt: skip
        first = _State(start, *value_and_grad(start), jnp.zeros(()))
        return jax.lax.scan(step, first, plan)[0].weight

    start_key, chain_key = jax.random.split(chain_key)
    prior = jax.random.normal(start_key, (CHAINS, *truth.shape))
    starts = jnp.concatenate([prior, jnp.broadcast_to(truth, prior.shape)])
    weights = jax.vmap(chain)(
        jnp.arange(2 * CHAINS) < CHAINS, starts, jax.random.split(chain_key, 2 * CHAINS)
    )
    rising, falling = weights[:CHAINS], weights[CHAINS:]
    # Several chains tighten the upward estimate; downward chains share one exact draw.
    evidence_low = jax.nn.logsumexp(rising) - math.log(CHAINS)
    evidence_high = -(jax.nn.logsumexp(-falling) - math.log(CHAINS))
    return at_truth - evidence_high, at_truth - evidence_low


def annealed_bits(
    signal: Signal, world: World, questions: np.ndarray, counts: Sequence[int], *,
    worlds: int, temperatures: int, seed: int,
) -> list[Sandwich]:  # fmt: skip
    """Bits of the first `counts[i]` of the questions (n, arity) together, about items and
    prototypes of a normal world."""
    ladder = jnp.linspace(0.0, 1.0, temperatures + 1) ** POWER
    keys = jax.random.split(jax.random.key(seed), worlds)
    rows, found = jnp.asarray(questions), []
    for count in counts:
        low, high = (
            np.asarray(nats, dtype=np.float64) / math.log(2)
            for nats in _worlds(traced(signal), world, keys, rows, jnp.asarray(count), ladder)
        )
        error = np.std((low + high) / 2, ddof=1) / math.sqrt(worlds)
        found.append(Sandwich(float(low.mean()), float(high.mean()), float(error)))
    return found


@eqx.filter_jit
def _worlds(
    signal: Signal, world: World, keys: Array, questions: Array, count: Array, ladder: Array
) -> tuple[Array, Array]:
    return jax.vmap(lambda key: _one_world(signal, world, key, questions, count, ladder))(keys)
