"""The negative log likelihood of a batch of worlds and its gradient, signal by signal.

Three ways, cheapest first: answers that add up (`pooling`) are one statistic; answers to questions
about one item share its distances from round to round; questions that compare items read their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from labelbits.interface import Signal
from labelbits.signals.base import is_number, replace_noise
from labelbits.simulation.pooling import pool_of
from labelbits.simulation.rounds import Asked, distances
from labelbits.simulation.solver import Minimum, minimise

#: The largest precision that the recovery works with.
FIT_PRECISION = 50.0
#: Factor on the lapse in the early stages of the solver.
EARLY_LAPSE = 1e-10

#: Positions of all worlds (worlds, points, dims) -> their distances.
Read = Callable[[Array], Array]


class _Answers(NamedTuple):
    """The answers to one signal: `steps` steps hold `total` answers about `labelled` items."""

    signal: Signal
    asked: Asked
    steps: Array
    total: Array
    labelled: Array


@eqx.filter_jit
def recover(
    start: Float[Array, "seeds points wide"],
    fixed: Float[Array, "seeds classes dims"] | None,
    dims: int,
    items: int,
    signals: tuple[Signal, ...],
    asked: tuple[Asked, ...],
    steps: tuple[Array, ...],
    totals: tuple[Array, ...],
    labelled: tuple[Array, ...],
    turns: Array,
    early_lapse: Array,
) -> Minimum:
    """MAP positions of items and prototypes (`fixed` where they are known) of every world.

    `early_lapse` is the factor on the lapse in the early stages. From afar every answer looks like
    a lapse, and a lapse pulls nowhere: with `EARLY_LAPSE` they take annotators at their word. Where
    lapses themselves then pull all points together, 1 keeps the annotators' own.
    """
    known = None if fixed is None else 0

    def split(x: Array, c: Array | None) -> tuple[Array, Array]:
        return x[:items], x[items:] if c is None else c

    def pooled(x: Array, c: Any, signal: Signal, statistic: Array) -> Array:
        pool = pool_of(signal)
        assert pool is not None
        z, c = split(x, c)
        return -pool.log_likelihood(signal, statistic, signal.distances(z[:, None, :], c))

    def reader(signal: Signal, cycle: Any = None, place: Any = None) -> Read:
        def one(x: Array, c: Any, cycle: Any, place: Any) -> Array:
            return distances(signal, *split(x, c), cycle, place)

        return lambda x: jax.vmap(one, (0, known, 0, 0))(x, fixed, cycle, place)

    def value_and_grad(x: Array, early: Array) -> tuple[Array, Array]:
        f, g = jnp.zeros(len(x)), jnp.zeros_like(x)
        for part in map(_Answers, fitted, asked, steps, totals, labelled):
            part = part._replace(signal=_tempered(part.signal, early, early_lapse))
            if pool_of(part.signal) is not None:
                more = jax.vmap(jax.value_and_grad(pooled), (0, known, None, 0))(
                    x, fixed, part.signal, part.asked.answer
                )
            elif part.signal.arity == 1:
                more = _shared_distances(part, reader(part.signal), x)
            else:
                more = _own_distances(part, reader, x)
            f, g = f + more[0], g + more[1]
        return f, g

    fitted = [replace_noise(s, jnp.minimum(s.precision, FIT_PRECISION), s.lapse) for s in signals]
    return minimise(value_and_grad, start, dims, turns=turns)


def _tempered(signal: Signal, early: Array, factor: Array) -> Signal:
    if is_number(signal.lapse) and signal.lapse == 0:
        return signal
    lapse = jnp.where(early, factor * signal.lapse, signal.lapse)
    return replace_noise(signal, signal.precision, lapse)


def _surprise(d2: Array, answer: Array, i: Array, part: _Answers) -> Array:
    """-ln likelihood of step i in one world; padding counts nothing."""
    log_p = part.signal.log_prob(answer, d2)
    rounds, items = log_p.shape
    item, round_number = jnp.arange(items), i * rounds + jnp.arange(rounds)
    real = (item < part.labelled) & (round_number[:, None] * part.labelled + item < part.total)
    return -jnp.sum(jnp.where(real, log_p, 0.0))


def _step(part: _Answers, d2: Array, i: Array) -> tuple[Array, Array]:
    """Value and gradient by the distances of step i, world by world."""
    rest = part._replace(asked=Asked(None, None, None))
    each = jax.vmap(jax.value_and_grad(_surprise), (0, 0, None, None))
    return each(d2, part.asked.answer[i], i, rest)


def _shared_distances(part: _Answers, read: Read, x: Array) -> tuple[Array, Array]:
    d2, back = jax.vjp(read, x)

    def add(i: Array, sums: tuple[Array, Array]) -> tuple[Array, Array]:
        f, g = _step(part, d2, i)
        return sums[0] + f, sums[1] + g

    f, g = jax.lax.fori_loop(0, part.steps, add, (jnp.zeros(len(x)), jnp.zeros_like(d2)))
    return f, back(g)[0]


def _own_distances(
    part: _Answers, reader: Callable[[Signal, Array, Array], Read], x: Array
) -> tuple[Array, Array]:
    def add(i: Array, sums: tuple[Array, Array]) -> tuple[Array, Array]:
        here = reader(part.signal, part.asked.cycle[i], part.asked.place[i])
        d2, back = jax.vjp(here, x)
        f, g = _step(part, d2, i)
        return sums[0] + f, sums[1] + back(g)[0]

    return jax.lax.fori_loop(0, part.steps, add, (jnp.zeros(len(x)), jnp.zeros_like(x)))
