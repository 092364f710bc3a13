"""The likelihood of the answers about each item, over sampled worlds and a grid of lapses."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from labelbits.interface import Signal
from labelbits.signals.base import replace_noise

#: Lapses that are tried.
LAPSES = np.concatenate([[0.0], np.geomspace(1e-3, 0.9, 36)])
#: ((ln precision[, ln concentration]), lapses) -> ln likelihood (lapses, items).
Score = Callable[[np.ndarray, np.ndarray], np.ndarray]


def channel_at(signal: Signal, params: Array, lapse: Array | float) -> Signal:
    """`signal` with ln precision and, where it has one, ln concentration."""
    channel = replace_noise(signal, jnp.exp(params[0]), lapse)
    if hasattr(signal, "concentration"):
        channel = eqx.tree_at(lambda s: s.concentration, channel, jnp.exp(params[1]))
    return channel


def slopes(score: Score, params: np.ndarray, lapse: int) -> np.ndarray:
    """(params + 1, items): derivatives of each item's ln likelihood, the lapse's last.

    `lapse` is a place in `LAPSES`.
    """
    here = LAPSES[[lapse]]
    found = [
        (score(params + step, here)[0] - score(params - step, here)[0]) / 0.1
        for step in np.eye(len(params)) * 0.05
    ]
    ends = LAPSES[[max(0, lapse - 1), min(len(LAPSES) - 1, lapse + 1)]]
    low, high = score(params, ends)
    found.append((high - low) / (ends[1] - ends[0]))
    return np.array(found)


def likelihood(
    signal: Signal,
    d2: np.ndarray,
    answer: np.ndarray,
    item: np.ndarray,
    gold: np.ndarray,
) -> Score:
    """The `Score` of answers (n, width) about items (n,) whose true class is `gold`, -1 unknown.

    `d2` (worlds, K) are squared distances of an item from the prototypes in sampled worlds.
    """
    rows, nearest = np.arange(len(d2)), d2.argmin(1)
    first = d2.copy()  # the same worlds with the nearest prototype in front
    first[rows, 0], first[rows, nearest] = d2[rows, nearest], d2[rows, 0]
    known = gold >= 0
    groups = []
    for version, mine in ((first, known[item]), (d2, ~known[item])):
        if not mine.any():
            continue
        pairs = np.column_stack([gold[item[mine]], answer[mine]])
        pairs, local = np.unique(pairs, axis=0, return_inverse=True)
        # Prototypes are exchangeable: exchange the first with the true class of each answer.
        swap = np.tile(np.arange(d2.shape[-1]), (len(pairs), 1))
        true = np.maximum(pairs[:, 0].astype(int), 0)
        swap[:, 0] = true
        swap[np.arange(len(pairs)), true] = 0
        code = pairs[:, 1:].astype(answer.dtype)
        own, place = np.unique(item[mine], return_inverse=True)
        groups.append((version, swap, code, local.reshape(-1), place, own))

    @jax.jit
    def table(params: Array, version: Array, swap: Array, codes: Array) -> tuple[Array, Array]:
        shown = jnp.moveaxis(version[:, swap], 0, 1)  # answers x worlds x classes
        channel = channel_at(signal, params, 0.0)
        guess = channel_at(signal, params, jnp.asarray(1.0))
        return (
            channel.log_prob(codes[:, None, :], shown),  # answers x worlds
            guess.log_prob(codes, version[:1]),
        )

    def score(params: np.ndarray, lapses: np.ndarray) -> np.ndarray:
        out = np.zeros((len(lapses), len(known)))
        for version, swap, codes, local, place, own in groups:
            log_p, log_u = table(jnp.asarray(params, jnp.float32), version, swap, codes)
            out[:, own] = mix(log_p, log_u, local, place, len(own), lapses)
        return out

    return score


@functools.partial(jax.jit, static_argnames="items")
def mix(log_p: Array, log_u: Array, local: Array, place: Array, items: int, lapses: Array) -> Array:
    """ln likelihood of each item at each of `lapses`, (lapses, items).

    `log_p` (answers, worlds) and `log_u` (answers,) are ln probabilities of distinct answers
    without and with a certain lapse; answer `local` belongs to item `place`.
    """

    def at(lapse: Array) -> Array:
        each = jnp.logaddexp(jnp.log1p(-lapse) + log_p, jnp.log(lapse) + log_u[:, None])
        total = jnp.zeros((items, log_p.shape[1])).at[place].add(each[local])
        return jax.nn.logsumexp(total, axis=1) - math.log(log_p.shape[1])

    return jax.lax.map(at, jnp.asarray(lapses, dtype=log_p.dtype))
