"""Minibatch training: one compiled program for every fit of the same shape.

A step draws from each signal a number of answers in proportion to how many it has, so that the
gradient is that of the mean -ln P over all answers. Updates are Adam's (Kingma and Ba 2015) with
decoupled weight decay (Loshchilov and Hutter 2019); the rate rises over the first steps and then
falls as a cosine. Steps run in blocks inside one program: a fit calls it a few dozen times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array

from labelbits.learning.encoders.terms import IMPOSSIBLE, Noise, Term, baseline_bits, log_likelihood
from labelbits.signals import Similarity

#: Part of the steps in which the learning rate rises to its full value.
WARM_UP = 0.05
#: Questions whose likelihood is worked out at a time.
BLOCK = 50_000
_ADAM = optax.scale_by_adam()


class Model(eqx.Module):
    """All that is learned: the encoder, the prototypes (K, D) of the classes, the noise."""

    encoder: Any
    prototypes: Array | None
    noise: Noise


@dataclass(frozen=True)
class Progress:
    """What a callback is told: `step`; `loss` in nats a training answer, the mean of the steps
    since it was last told; `held_out_bits` explained a held-out answer (NaN where none are held
    out); `transform(features)` gives positions of the encoder as it is now."""

    step: int
    loss: float
    held_out_bits: float
    transform: Callable[[np.ndarray], np.ndarray]


def batch_sizes(terms: Sequence[Term], batch: int) -> tuple[int, ...]:
    """Answers of each signal in a step: in proportion to how many there are, at least one."""
    total = sum(len(term) for term in terms)
    return tuple(
        min(len(term), max(1, round(min(batch, total) * len(term) / total))) for term in terms
    )


def order(
    count: int, batch: int, steps: int, rng: np.random.Generator, left: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(rows (steps, batch), rows left over): answers in random order, all before any again."""
    need = steps * batch
    parts, have = [left], len(left)
    while have < need:
        parts.append(rng.permutation(count))
        have += count
    rows = np.concatenate(parts).astype(np.int32)
    return rows[:need].reshape(steps, batch), rows[need:]


def wide(rows: np.ndarray) -> np.ndarray:
    """`rows` (steps, batch) with zeros up to a batch of 16, 24, 32, 48, ...: where a curve is
    measured, each number of answers would else compile a program of its own."""
    least, batch = 16, rows.shape[1]
    while least < batch and 3 * least // 2 < batch:
        least *= 2
    return np.pad(rows, ((0, 0), (0, (least if batch <= least else 3 * least // 2) - batch)))


def rate_at(step: Array, steps: Array, rate: Array) -> Array:
    """Learning rate at `step` of `steps`: a linear rise, a cosine down to 0, 0 after the end."""
    warm = jnp.maximum(WARM_UP * steps, 1.0)
    rise = jnp.minimum((step + 1.0) / warm, 1.0)
    fall = 0.5 * (1 + jnp.cos(jnp.pi * jnp.clip((step - warm) / (steps - warm + 1e-9), 0.0, 1.0)))
    return jnp.where(step < steps, rate * rise * fall, 0.0)


@eqx.filter_jit
def run_block(
    model: Model,
    state: Any,
    x: Array,
    terms: list[tuple[Any, Array, Array, Array]],
    shares: Array,
    rows: list[Array],
    sizes: Array,
    first: Array,
    steps: Array,
    rate: Array,
    decay: Array,
) -> tuple[Model, Any, Array]:
    """A block of steps from step `first` on: (model, state of Adam, loss (block,)). `shares`
    (terms,) of all answers that each term has, `rows` those that each step draws, the first
    `sizes` (terms,) of each."""
    learned, fixed = eqx.partition(model, eqx.is_inexact_array)

    def loss_of(learned: Any, chosen: list[Array]) -> Array:
        model = eqx.combine(learned, fixed)
        total = jnp.float32(0)
        for i, ((signal, items, answer, weight), row) in enumerate(zip(terms, chosen, strict=True)):
            points = model.encoder(x[items[row]].reshape(-1, x.shape[1]))
            points = points.reshape(*items[row].shape, -1)
            channel = model.noise.attach(i, signal)
            log_p = channel.log_prob(answer[row], channel.distances(points, model.prototypes))
            each = weight[row] * jnp.maximum(log_p, IMPOSSIBLE)
            drawn = jnp.arange(len(row)) < sizes[i]
            total -= jnp.sum(jnp.where(drawn, each, 0.0)) / sizes[i] * shares[i]
        return total

    def step(carry: Any, given: Any) -> tuple[Any, Array]:
        learned, state, at = carry
        loss, gradient = jax.value_and_grad(loss_of)(learned, given)
        update, state = _ADAM.update(gradient, state)
        now = rate_at(at, steps, rate)
        learned = jax.tree.map(lambda p, u: p - now * (u + decay * p), learned, update)
        return (learned, state, at + 1), loss

    (learned, state, _), losses = jax.lax.scan(step, (learned, state, first), rows)
    return eqx.combine(learned, fixed), state, losses


def start_precision(z: np.ndarray, terms: Sequence[Term]) -> np.ndarray:
    """Log factors (terms,) of the signals' own precisions with which training starts.

    beta begins at 1 / E d2, d2 the squared distance of two rows of z: at 1 the untrained distances,
    which grow with D, would be all but certain of answers that they know nothing of, and the first
    steps would go into taking that back. A number for how far apart two items are is in units of
    d2 itself; its precision, and one that is infinite, begins as the signal has it.
    """
    spread = max(2 * float(z.var(0, dtype=np.float64).sum()), 1e-6)
    own = np.array([float(np.mean(np.asarray(term.signal.precision))) for term in terms])
    as_it_is = np.array([isinstance(term.signal, Similarity) for term in terms])
    found = -np.log(spread) - np.log(np.where(own > 0, own, 1.0))
    return np.where(as_it_is | ~np.isfinite(found), 0.0, found)


def start_state(model: Model) -> Any:
    """Adam's state before the first step."""
    return _ADAM.init(eqx.filter(model, eqx.is_inexact_array))


def padded_rows(rows: np.ndarray) -> np.ndarray:
    """`rows` (n, ...) with zeros added up to the next power of 2, so that programs are shared."""
    more = (1 << max(len(rows) - 1, 0).bit_length()) - len(rows)
    return np.pad(rows, [(0, more)] + [(0, 0)] * (rows.ndim - 1))


def shares_of(terms: Sequence[Term]) -> Array:
    """Share of all answers that each term has."""
    return jnp.asarray([len(term) / sum(map(len, terms)) for term in terms], jnp.float32)


def arrays_of(term: Term) -> tuple[Any, Array, Array, Array]:
    """A term on the device, padded; its signal's noise as arrays, so that programs are shared."""
    signal = jax.tree.map(
        lambda leaf: (
            jnp.asarray(leaf, jnp.float32) if isinstance(leaf, (int, float, np.ndarray)) else leaf
        ),
        term.signal,
    )
    items, answer, weight = (padded_rows(a) for a in (term.items, term.answer, term.weight))
    return signal, jnp.asarray(items), jnp.asarray(answer), jnp.asarray(weight)


@eqx.filter_jit
def _positions(encoder: Any, x: Array) -> Array:
    return encoder(x)


@eqx.filter_jit
def _answers(model: Model, i: int, signal: Any, z: Array, items: Array, answer: Array) -> Array:
    channel = model.noise.attach(i, signal)
    return log_likelihood(channel, z, model.prototypes, items, answer)


def positions(encoder: Any, x: np.ndarray) -> np.ndarray:
    """z (n, D) of standardised features x (n, columns), in blocks of rows."""
    return np.concatenate([
        np.asarray(_positions(encoder, jnp.asarray(padded_rows(x[s : s + BLOCK]))))[: len(x) - s]
        for s in range(0, max(len(x), 1), BLOCK)
    ])  # fmt: skip


def log_probabilities(model: Model, x: np.ndarray, terms: Sequence[Term]) -> list[np.ndarray]:
    """ln P (n,) of every answer, a list entry a term. Only rows that answers name are encoded."""
    found = []
    for i, term in enumerate(terms):
        if not len(term):
            found.append(np.zeros(0))
            continue
        rows, place = np.unique(term.items, return_inverse=True)
        z = jnp.asarray(padded_rows(positions(model.encoder, x[rows])))
        place = place.reshape(term.items.shape).astype(np.int32)
        signal = arrays_of(term.take(np.arange(0)))[0]
        found.append(
            np.concatenate([
                np.asarray(
                    _answers(
                        model, i, signal, z, jnp.asarray(padded_rows(place[s : s + BLOCK])),
                        jnp.asarray(padded_rows(term.answer[s : s + BLOCK])),
                    )
                )[: len(term) - s]
                for s in range(0, len(term), BLOCK)
            ])
        )  # fmt: skip
    return found


def explained(model: Model, x: np.ndarray, terms: Sequence[Term], classes: int) -> float:
    """Bits an answer beyond a guess without looking; NaN where there is no answer."""
    total = mass = 0.0
    for term, log_p in zip(terms, log_probabilities(model, x, terms), strict=True):
        bits = log_p / np.log(2) + baseline_bits(term, classes)
        total, mass = total + float(term.weight @ bits), mass + float(term.weight.sum())
    return total / mass if mass > 0 else float("nan")
