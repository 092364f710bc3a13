"""Rounds of questions: drawn and answered for a batch of worlds, then recovered by MAP.

The number of rounds is an argument of the compiled programs, so that one program serves any
number of answers:

- a question about one item: a round asks about each item once;
- a question about several items: a round draws a random cycle through all items and asks about
  each run of neighbours on it. Every question is a uniformly random tuple of different items, and
  each item takes each place once a round. The gradient then needs gathers alone, no scatter.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from labelbits.interface import Signal, squared_distances
from labelbits.recovery.batch_solver import Minimum, minimise
from labelbits.recovery.pooling import pool_of
from labelbits.signals.base import ComparisonSignal, is_number, replace_noise

#: The largest precision that the recovery works with.
FIT_PRECISION = 50.0
#: Factor on the lapse in the early stages of the solver.
EARLY_LAPSE = 1e-10


class Asked(NamedTuple):
    """Questions and answers of one signal in every world.

    `cycle` (steps, seeds, step, items) and its inverse permutation `place`, or None for questions
    about one item; `answer` (steps, seeds, step, items, width). or for pooled signals
    their statistic (seeds, items, ...).
    """

    cycle: Any
    place: Any
    answer: Any


@jax.custom_vjp
def _permute(x: Float[Array, "n d"], cycle: Array, place: Array) -> Array:
    """x[cycle], where every row of `cycle` (r, n) permutes the items and `place` undoes it."""
    return x[cycle]


def _permute_forward(x: Array, cycle: Array, place: Array) -> tuple[Array, Array]:
    return x[cycle], place


def _permute_backward(place: Array, g: Array) -> tuple[Array, None, None]:
    # A gather by the inverse permutation replaces a scatter, which is several times slower.
    return jnp.take_along_axis(g, place[..., None], axis=1).sum(0), None, None


_permute.defvjp(_permute_forward, _permute_backward)


def _distances(signal: Signal, x: Array, prototypes: Array, cycle: Any, place: Any) -> Array:
    """Squared distances that the questions of some rounds read: (rounds, items, ...)."""
    if cycle is None:
        points = x[None, :, None, :]
    else:
        y = _permute(x, cycle, place)
        if isinstance(signal, ComparisonSignal):
            # Pairs as far apart on the cycle share their distances.
            far = {b - a for a, b in signal.pairs}
            apart = {gap: squared_distances(y, jnp.roll(y, -gap, axis=1)) for gap in far}
            return jnp.stack([jnp.roll(apart[b - a], -a, axis=1) for a, b in signal.pairs], axis=-1)
        points = jnp.stack([jnp.roll(y, -j, axis=1) for j in range(signal.arity)], axis=2)
    return signal.distances(points, prototypes if signal.uses_classes else None)


def traced(signal: Signal) -> Signal:
    """The signal with its numbers as arrays, so that one program serves every value of them.

    A lapse of exactly 0 stays a plain number: the likelihood then has a shorter form.
    """

    def leaf(x: Any) -> Any:
        return jnp.asarray(x, jnp.float32) if is_number(x) or isinstance(x, np.ndarray) else x

    arrays = jax.tree.map(leaf, signal)
    if is_number(signal.lapse) and signal.lapse == 0:
        return eqx.tree_at(lambda s: s.lapse, arrays, 0.0)
    return arrays


@eqx.filter_jit
def ask(
    keys: PRNGKeyArray, signal: Signal, x: Array, prototypes: Array, cycle: Any, place: Any,
    steps: Array, total: Array, labelled: Array,
) -> Asked:  # fmt: skip
    """Answers of one signal, drawn step by step; `keys` has one key a step of the buffer.

    `x` (seeds, items, dims), `prototypes` (seeds, classes, dims); the first `total` answers over
    the first `labelled` items are real, the rest is padding.
    """
    classes = prototypes.shape[1]
    capacity, (seeds, items) = len(keys), x.shape[:2]
    step = 1 if cycle is None else cycle.shape[2]
    pool = pool_of(signal)
    none = None if cycle is None else 0

    def draw(key: PRNGKeyArray, i: Array) -> Array:
        here = (None, None) if cycle is None else (cycle[i], place[i])
        d2 = jax.vmap(_distances, (None, 0, 0, none, none))(signal, x, prototypes, *here)
        number, question = signal.questions(classes), 0
        if number > 1:
            key, which = jax.random.split(key)
            question = jax.random.randint(which, (seeds, step, items), 0, number)
        return signal.sample(key, d2, question)

    def statistic(answer: Array) -> Array:
        assert pool is not None
        return pool.statistic(signal, answer[:, 0], classes)

    like = jax.eval_shape(draw, keys[0], jnp.asarray(0))
    if pool is None:
        buffer = jnp.zeros((capacity, *like.shape), like.dtype)
    else:
        buffer = jnp.zeros(jax.eval_shape(statistic, like).shape)

    def add(i: Array, buffer: Array) -> Array:
        answer = draw(keys[i], i)
        if pool is None:
            return buffer.at[i].set(answer)
        item = jnp.arange(items)
        real = (item < labelled) & (i * labelled + item < total)
        more = statistic(answer)
        return buffer + jnp.where(real.reshape(-1, *[1] * (more.ndim - 2)), more, 0.0)

    return Asked(cycle, place, jax.lax.fori_loop(0, steps, add, buffer))


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
) -> Minimum:
    """MAP positions of items and prototypes (`fixed` where they are known) of every world."""

    def split(x: Array, c: Array | None) -> tuple[Array, Array]:
        return x[:items], x[items:] if c is None else c

    def pooled(x: Array, c: Any, signal: Signal, statistic: Array) -> Array:
        pool = pool_of(signal)
        assert pool is not None
        z, c = split(x, c)
        return -pool.log_likelihood(signal, statistic, signal.distances(z[:, None, :], c))

    def distances(x: Array, c: Any, signal: Signal, here: Asked) -> Array:
        z, c = split(x, c)
        return _distances(signal, z, c, here.cycle, here.place)

    def one_step(
        d2: Array, signal: Signal, i: Array, here: Asked, total: Array, size: Array
    ) -> Array:
        """-ln likelihood of one step of rounds in one world."""
        log_p = signal.log_prob(here.answer, d2)
        item, round_number = jnp.arange(items), i * log_p.shape[0] + jnp.arange(log_p.shape[0])
        real = (item < size) & (round_number[:, None] * size + item < total)
        return -jnp.sum(jnp.where(real, log_p, 0.0))

    fitted = [replace_noise(s, jnp.minimum(s.precision, FIT_PRECISION), s.lapse) for s in signals]

    def tempered(signal: Signal, early: Array) -> Signal:
        # From afar every answer looks like a lapse, and a lapse pulls nowhere: the early stages
        # take the annotators at their word, the last one restores their lapse.
        if is_number(signal.lapse) and signal.lapse == 0:
            return signal
        return replace_noise(
            signal, signal.precision, jnp.where(early, EARLY_LAPSE * signal.lapse, signal.lapse)
        )

    def value_and_grad(x: Array, early: Array) -> tuple[Array, Array]:
        sums = jnp.zeros(len(x)), jnp.zeros_like(x)
        axes = (0, None if fixed is None else 0, None)
        for signal, answers, count, total, size in zip(
            fitted, asked, steps, totals, labelled, strict=True
        ):
            signal = tempered(signal, early)
            if pool_of(signal) is not None:
                f, g = jax.vmap(jax.value_and_grad(pooled), (*axes, 0))(
                    x, fixed, signal, answers.answer
                )
                sums = sums[0] + f, sums[1] + g
                continue

            one = signal.arity == 1

            def read(x: Array, here: Asked, signal: Signal = signal) -> Array:
                return jax.vmap(distances, (*axes, 0))(x, fixed, signal, here)

            # Every round of a question about one item reads the same distances.
            d2, back = jax.vjp(lambda x: read(x, Asked(None, None, None)), x) if one else (x, None)

            def add(
                i: Array, sums: tuple[Array, Array], signal: Signal = signal, d2: Array = d2,
                answers: Asked = answers, total: Array = total, size: Array = size,
                one: bool = one, read: Any = read,
            ) -> tuple[Array, Array]:  # fmt: skip
                here = jax.tree.map(lambda b: b[i], answers)

                def step(d2: Array) -> tuple[Array, Array]:
                    return jax.vmap(jax.value_and_grad(one_step), (0, None, None, 0, None, None))(
                        d2, signal, i, here, total, size
                    )

                if one:
                    f, g = step(d2)
                else:
                    now, through = jax.vjp(lambda x: read(x, here), x)
                    f, g = step(now)
                    (g,) = through(g)
                return sums[0] + f, sums[1] + g

            start = jnp.zeros(len(x)), jnp.zeros_like(d2)
            f, g = jax.lax.fori_loop(0, count, add, start)
            sums = sums[0] + f, sums[1] + (back(g)[0] if back else g)
        return sums

    return minimise(value_and_grad, start, dims, turns=turns)
