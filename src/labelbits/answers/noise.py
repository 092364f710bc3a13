"""Precision and lapse of class signals, in a standard normal world of `dims` dimensions.

The answers about one item are independent given where the item lies. Where it lies is integrated
out: the likelihood of an item is the mean, over sampled worlds, of the product of its answers'
channel probabilities. With gold, the true class is the nearest prototype of the world. The lapse
mixes a table that depends on precision alone, so it is profiled on a grid at no cost.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from scipy import optimize

from labelbits.answers.intervals import Interval
from labelbits.interface import Batch, Signal
from labelbits.signals import Hard, Votes
from labelbits.signals.base import replace_noise
from labelbits.worlds import World

#: Sampled worlds, and how many answers of one item and how many items a fit uses at most.
WORLDS = 1024
ANSWERS_PER_ITEM = 6
MOST_ITEMS = 400
#: Answers that differ from item to item (probabilities) cost more each: fewer are used.
DISTINCT = 600
FEW = 200
#: Lapses that are tried, and the limits of ln precision and ln concentration.
LAPSES = np.concatenate([[0.0], np.geomspace(1e-3, 0.9, 36)])
LIMITS = (math.log(1e-2), math.log(1e3))


@dataclass(frozen=True)
class Noise:
    """Precision and lapse with 95 % intervals, and the world in which they hold.

    `source` says what told them: gold, repeated answers, or a recovered embedding.
    """

    precision: Interval
    lapse: Interval
    concentration: float | None
    dims: int
    classes: int
    items: int
    answers: int
    source: str

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        return {
            "precision": self.precision.to_dict(),
            "lapse": self.lapse.to_dict(),
            "concentration": self.concentration,
            "dims": self.dims,
            "classes": self.classes,
            "items": self.items,
            "answers": self.answers,
            "source": self.source,
        }


def fit_noise(
    batch: Batch, classes: int, dims: int, truth: np.ndarray | None = None, seed: int = 0
) -> Noise | None:
    """Fit the channel of a class signal that shows one item.

    `truth` (n,) is the true class of each answer's item, -1 unknown. None if no item has two
    answers and no truth is known: then one answer an item says nothing about noise. At most
    `MOST_ITEMS` items and `ANSWERS_PER_ITEM` answers of each are used, drawn by `seed`.
    """
    truth = np.full(len(batch), -1) if truth is None else truth
    batch, truth = as_single_votes(batch, truth)
    signal = batch.signal
    if not signal.uses_classes or signal.arity != 1 or classes < 2:
        return None
    rows, item = _sample_answers(batch, truth, seed)
    if rows is None:
        return None
    gold = np.full(item.max() + 1, -1)
    gold[item] = truth[rows]
    answer = batch.answer[rows]
    few = len(np.unique(answer, axis=0)) <= FEW
    key = jax.random.key(seed)
    world = World(items=1, classes=classes, dims=dims)
    d2 = np.asarray(world.sample_class_distances(key, (WORLDS if few else WORLDS // 2,)))
    score = _likelihood(signal, d2, answer, item, gold)
    source = "gold" if np.all(gold >= 0) else "gold and repeats" if np.any(gold >= 0) else "repeats"
    concentrated = hasattr(signal, "concentration")
    return maximise(score, concentrated, dims, classes, len(gold), len(rows), source)


def as_single_votes(batch: Batch, truth: np.ndarray) -> tuple[Batch, np.ndarray]:
    """Counts of votes as that many hard labels; other answers as they are."""
    if not isinstance(batch.signal, Votes):
        return batch, truth
    row, chosen = np.nonzero(batch.answer)
    row, chosen = (np.repeat(x, batch.answer[row, chosen].astype(int)) for x in (row, chosen))
    kept = batch.take(row)
    return replace(kept, signal=Hard(), answer=chosen[:, None].astype(np.int32)), truth[row]


def _sample_answers(batch: Batch, truth: np.ndarray, seed: int) -> tuple[Any, Any]:
    """Rows to use and their item numbers from 0; (None, None) if they cannot tell."""
    item = batch.items[:, 0]
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(item))
    by_item = order[np.argsort(item[order], kind="stable")]
    starts = np.flatnonzero(np.r_[True, np.diff(item[by_item]) != 0])
    place = np.arange(len(item)) - np.repeat(starts, np.diff(np.r_[starts, len(item)]))
    rows = by_item[place < ANSWERS_PER_ITEM]
    size = np.bincount(item, minlength=item.max() + 1)
    rows = rows[(size[item[rows]] > 1) | (truth[rows] >= 0)]
    if not len(rows):
        return None, None
    items = np.unique(item[rows])
    distinct = len(np.unique(batch.answer[rows], axis=0))
    most = min(MOST_ITEMS, max(50, int(len(items) * DISTINCT / distinct)))
    if len(items) > most:
        items = rng.choice(items, most, replace=False)
        rows = rows[np.isin(item[rows], items)]
    return rows, np.unique(item[rows], return_inverse=True)[1]


def _likelihood(
    signal: Signal,
    d2: np.ndarray,
    answer: np.ndarray,
    item: np.ndarray,
    gold: np.ndarray,
) -> Callable[[np.ndarray], np.ndarray]:
    """(ln precision[, ln concentration]) -> ln likelihood of each item at each of `LAPSES`."""
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
        channel = replace_noise(signal, jnp.exp(params[0]), 0.0)
        if hasattr(signal, "concentration"):
            channel = eqx.tree_at(lambda s: s.concentration, channel, jnp.exp(params[1]))
        guess = replace_noise(channel, jnp.exp(params[0]), jnp.asarray(1.0))
        return (
            channel.log_prob(codes[:, None, :], shown),  # answers x worlds
            guess.log_prob(codes, version[:1]),
        )

    def score(params: np.ndarray) -> np.ndarray:
        out = np.zeros((len(LAPSES), len(known)))
        for version, swap, codes, local, place, own in groups:
            log_p, log_u = table(jnp.asarray(params, jnp.float32), version, swap, codes)
            out[:, own] = mix(log_p, log_u, local, place, len(own))
        return out

    return score


@functools.partial(jax.jit, static_argnames="items")
def mix(log_p: Array, log_u: Array, local: Array, place: Array, items: int) -> Array:
    """ln likelihood of each item at each of `LAPSES`, (lapses, items).

    `log_p` (answers, worlds) and `log_u` (answers,) are ln probabilities of distinct answers
    without and with a certain lapse; answer `local` belongs to item `place`.
    """

    def at(lapse: Array) -> Array:
        each = jnp.logaddexp(jnp.log1p(-lapse) + log_p, jnp.log(lapse) + log_u[:, None])
        total = jnp.zeros((items, log_p.shape[1])).at[place].add(each[local])
        return jax.nn.logsumexp(total, axis=1) - math.log(log_p.shape[1])

    return jax.lax.map(at, jnp.asarray(LAPSES, dtype=log_p.dtype))


def maximise(
    score: Callable[[np.ndarray], np.ndarray],
    concentrated: bool,
    dims: int,
    classes: int,
    items: int,
    answers: int,
    source: str,
) -> Noise | None:
    """Maximum of the likelihood and an interval by resampling items over the points visited."""
    visited: list[tuple[np.ndarray, np.ndarray]] = []

    def loss(params: np.ndarray) -> float:
        params = np.clip(params, *LIMITS)
        visited.append((params, score(params)))
        best = visited[-1][1].sum(1).max()
        return -best if np.isfinite(best) else 1e30

    if concentrated:
        start = np.array([0.0, math.log(5.0)])
        optimize.minimize(
            loss,
            start,
            method="Nelder-Mead",
            options={
                "initial_simplex": start + np.array([[0.0, 0.0], [1.2, 0.0], [0.0, -1.0]]),
                "maxfev": 40,
                "xatol": 0.02,
                "fatol": 0.05,
            },
        )
    else:
        optimize.minimize_scalar(
            lambda x: loss(np.array([x])),
            bounds=LIMITS,
            method="bounded",
            options={"maxiter": 20, "xatol": 0.01},
        )
    params, values = max(visited, key=lambda pair: pair[1].sum(1).max())
    total = values.sum(1)
    if not np.isfinite(total.max()):
        return None
    k = int(total.argmax())
    lapse = float(LAPSES[k])
    # Outer product of the items' scores, by differences: (precision, concentration, lapse).
    scores = [
        (score(params + step)[k] - score(params - step)[k]) / 0.1
        for step in np.eye(len(params)) * 0.05
    ]
    low_k, high_k = max(0, k - 1), min(len(LAPSES) - 1, k + 1)
    scores.append((values[high_k] - values[low_k]) / (LAPSES[high_k] - LAPSES[low_k]))
    stacked = np.array(scores)
    information = stacked @ stacked.T + 1e-6 * np.eye(len(stacked))
    error = np.sqrt(np.diag(np.linalg.inv(information)))
    method = "marginal likelihood over worlds; scores of items"
    # The lapse is profiled at the best precision: its interval is where ln L falls by 1.92.
    inside = LAPSES[total >= total.max() - 1.92]
    return Noise(
        precision=Interval(
            math.exp(params[0]),
            math.exp(max(params[0] - 1.96 * error[0], LIMITS[0])),
            math.exp(min(params[0] + 1.96 * error[0], LIMITS[1])),
            method,
        ),
        lapse=Interval(
            lapse,
            max(0.0, min(float(inside.min()), lapse - 1.96 * error[-1])),
            min(1.0, max(float(inside.max()), lapse + 1.96 * error[-1])),
            method,
        ),
        concentration=math.exp(params[1]) if concentrated else None,
        dims=dims,
        classes=classes,
        items=items,
        answers=answers,
        source=source,
    )
