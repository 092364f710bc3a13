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
#: Distinct answers times patterns of answers up to which numpy is faster than a compiled program.
SMALL = 4096
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
        groups.append((version, swap, code, alike(local.reshape(-1), place, len(own)), own))

    def score(params: np.ndarray, lapses: np.ndarray) -> np.ndarray:
        out = np.zeros((len(lapses), len(known)))
        at = jnp.asarray(params, jnp.float32)
        for version, swap, codes, (local, place, pattern), own in groups:
            log_p, log_u = _table(signal, at, version, swap, codes)
            out[:, own] = mixed(log_p, log_u, local, place, lapses)[:, pattern]
        return out

    return score


def alike(local: np.ndarray, place: np.ndarray, items: int) -> tuple[np.ndarray, ...]:
    """Items with the same answers have one likelihood: (answers, their pattern, pattern of items).

    `local` are answers of items `place`. The pattern of an item is its answers in order.
    """
    order = np.lexsort((local, place))
    size = np.bincount(place, minlength=items)
    starts = np.cumsum(size) - size
    rows = np.full((items, size.max()), -1)
    rows[place[order], np.arange(len(local)) - starts[place[order]]] = local[order]
    patterns, pattern = np.unique(rows, axis=0, return_inverse=True)
    which, where = np.nonzero(patterns >= 0)
    return patterns[which, where], which, pattern.reshape(-1)


@eqx.filter_jit
def _table(
    signal: Signal, params: Array, version: Array, swap: Array, codes: Array
) -> tuple[Array, Array]:
    """ln probabilities of distinct answers (answers, worlds), and if given at random (answers,)."""
    shown = jnp.moveaxis(version[:, swap], 0, 1)  # answers x worlds x classes
    channel = channel_at(signal, params, 0.0)
    guess = channel_at(signal, params, jnp.asarray(1.0))
    return channel.log_prob(codes[:, None, :], shown), guess.log_prob(codes, version[:1])


def mixed(
    log_p: Array, log_u: Array | np.ndarray, local: np.ndarray, place: np.ndarray,
    lapses: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """ln likelihood of each pattern of answers at each of `lapses`, (lapses, patterns).

    `log_p` (answers, worlds) and `log_u` (answers,) are ln probabilities of distinct answers
    without and with a certain lapse; answer `local` belongs to pattern `place`.
    """
    patterns = int(place.max()) + 1
    if len(log_p) * patterns <= SMALL:
        return _mix_few(np.asarray(log_p), np.asarray(log_u), local, place, lapses)
    # A program for one lapse serves all of them, however many there are.
    each = [_mix(log_p, log_u, local, place, patterns, np.float32(lapse)) for lapse in lapses]
    return np.stack(each)


def _mix_few(
    log_p: np.ndarray, log_u: np.ndarray, local: np.ndarray, place: np.ndarray, lapses: np.ndarray
) -> np.ndarray:
    """`mixed` where few distinct answers make few patterns: products of counts, no compilation."""
    counts = np.zeros((place.max() + 1, len(log_p)))
    np.add.at(counts, (place, local), 1.0)
    p, guess = np.exp(log_p.astype(float)), np.exp(log_u.astype(float))[:, None]
    out = np.empty((len(lapses), len(counts)))
    for row, lapse in enumerate(lapses):
        each = np.log(np.maximum((1 - lapse) * p + lapse * guess, 1e-300))
        total = counts @ each
        top = total.max(1)
        out[row] = top + np.log(np.exp(total - top[:, None]).mean(1))
    return out


@functools.partial(jax.jit, static_argnames="items")
def _mix(log_p: Array, log_u: Array, local: Array, place: Array, items: int, lapse: Array) -> Array:
    """`mixed` at one lapse, (items,)."""
    each = jnp.logaddexp(jnp.log1p(-lapse) + log_p, jnp.log(lapse) + log_u[:, None])
    total = jnp.zeros((items, log_p.shape[1])).at[place].add(each[local])
    return jax.nn.logsumexp(total, axis=1) - math.log(log_p.shape[1])
