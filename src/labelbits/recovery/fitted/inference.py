"""What a fitted embedding says: bits, probabilities, errors, new items, covariance."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from labelbits.errors import InputError
from labelbits.interface import Batch
from labelbits.recovery.fitted.fitting import Fitted
from labelbits.recovery.fitted.inputs import Data, oriented
from labelbits.recovery.fitted.new_items import place_new_items
from labelbits.recovery.mixtures import objective as solver
from labelbits.recovery.mixtures.channel import Channel, Parameters
from labelbits.recovery.mixtures.objective import Points
from labelbits.signals import Triplet
from labelbits.signals.base import ENUMERABLE, Categorical

#: Answers, and codes, handled at once where a table of all outcomes is made.
_ROWS, _CODES = 16_384, 64
#: Probabilities of one signal's outcomes, over all draws, that are worth the time.
_NUMBERS = 20_000_000


def renumbered(data: Data, fitted: Data, new: bool = False) -> Data:
    """`data` with the fitted numbers of items, classes and annotators.

    With `new`, unknown items get numbers after the fitted ones; without, they are an error. An
    annotator who was not seen at the fit counts as the first one.
    """
    items = list(fitted.items)
    known = {name: i for i, name in enumerate(items)}
    for name in data.items:
        if name not in known:
            if not new:
                raise InputError(
                    f"answers name item {name!r}, which was not fitted; transform places new items"
                )
            known[name] = len(items)
            items.append(name)
    if data.classes and data.classes != fitted.classes:
        raise InputError(
            f"answers name classes {list(data.classes)[:10]}; expected the fitted ones in the same "
            f"order: {list(fitted.classes)[:10]}"
        )
    item = np.array([known[name] for name in data.items])
    person = {name: i for i, name in enumerate(fitted.annotators)}
    annotator = np.array([person.get(name, 0) for name in data.annotators])
    batches = tuple(
        replace(
            batch, items=item[batch.items].astype(np.int32),
            annotator=annotator[batch.annotator].astype(np.int32),
        )
        for batch in data.batches
    )  # fmt: skip
    return Data(batches, tuple(items), fitted.classes, fitted.annotators)


def _triplet_log_odds(fitted: Fitted, batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """precision (d2_ik - d2_ij) of triplets as the answer has them, and the lapse."""
    channel, theta = fitted.channel(batch.signal.name)
    z, t = fitted.items, oriented(batch)
    x = np.empty(len(t), np.float32)
    for first in range(0, len(t), _ROWS):
        anchor, near, far = (z[column] for column in t[first : first + _ROWS].T)
        x[first : first + _ROWS] = np.sum((anchor - far) ** 2 - (anchor - near) ** 2, axis=1)
    if channel.precision is not None and channel.lapse is not None:
        return x * np.float32(channel.precision), np.asarray(channel.lapse)
    person = jnp.asarray(batch.annotator)
    precision = np.asarray(channel.precisions(theta, person))
    return x * precision, np.asarray(channel.lapses(theta, person))


def _plain_triplets(fitted: Fitted, batch: Batch) -> bool:
    return type(batch.signal) is Triplet and fitted.channel(batch.signal.name)[0].power is None


def bits(fitted: Fitted, data: Data) -> np.ndarray:
    """log2 P of each answer, batch after batch, (answers,): P averaged over the draws, if any."""
    found = []
    for batch in data.batches:
        each = [_log2(view, batch) for view in fitted.draws or (fitted,)]
        found.append(np.logaddexp2.reduce(each, axis=0) - np.log2(len(each)))
    return np.concatenate(found)


def _log2(fitted: Fitted, batch: Batch) -> np.ndarray:
    """log2 P of each answer from one set of points."""
    if _plain_triplets(fitted, batch):
        x, lapse = _triplet_log_odds(fitted, batch)
        sigma = 1 / (1 + np.exp(-np.clip(x, -80, 80)))
        return np.log2(np.maximum((1 - lapse) * sigma + lapse / 2, 1e-300))
    channel, theta = fitted.channel(batch.signal.name)
    each = solver.every_log_likelihood(
        channel, theta, solver.padded(fitted.points, fitted.columns), solver.coded(batch)
    )
    return np.asarray(each, dtype=np.float64).ravel()[: len(batch)] / np.log(2)


def _tables(fitted: Fitted, batch: Batch) -> np.ndarray | None:
    """P of every outcome of each question, (n, outcomes); None where they are too many."""
    channel, theta = fitted.channel(batch.signal.name)
    classes = max(len(fitted.prototypes), 2)
    if not channel.signal.outcomes(classes) * min(len(batch), _ROWS) <= 100 * ENUMERABLE:
        return None
    if channel.signal.questions(classes) > 1:
        return _asked_tables(fitted, batch, channel, theta, classes)
    every = channel.signal.enumerate(classes)
    return _probabilities(fitted, batch, channel, theta, every)


def _asked_tables(
    fitted: Fitted, batch: Batch, channel: Channel, theta: Parameters, classes: int
) -> np.ndarray:
    """As `_tables`, for questions that the answer's code begins with (`verify`)."""
    table = None
    for question in np.unique(batch.answer[:, 0]):
        rows = np.flatnonzero(batch.answer[:, 0] == question)
        every = channel.signal.enumerate(classes, int(question))
        part = _probabilities(fitted, batch.take(rows), channel, theta, every)
        if table is None:
            table = np.zeros((len(batch), part.shape[1]))
        table[rows] = part
    assert table is not None
    return table


@eqx.filter_jit
def _of_codes(
    channel: Channel, theta: Parameters, points: Points, items: Any, annotator: Any, codes: Any
) -> jax.Array:
    """P of every code for each question, (questions, codes)."""
    signal = channel.answering(theta, annotator)
    d2 = channel.perceived(signal.distances(points.items[items], points.prototypes))
    if isinstance(signal, Categorical):  # its channel makes the whole table anyway
        return jnp.exp(signal.log_prob_all(d2, codes))

    def of(code: jax.Array) -> jax.Array:
        return jnp.exp(signal.log_prob(jnp.broadcast_to(code, (len(items), len(code))), d2))

    # As many codes together as make a table of moderate size.
    return jax.lax.map(of, codes, batch_size=_CODES).T


def _probabilities(
    fitted: Fitted, batch: Batch, channel: Channel, theta: Parameters, every: np.ndarray
) -> np.ndarray:
    found, wide = [], solver.padded(fitted.points, fitted.columns)
    for first in range(0, len(batch), _ROWS):
        rows = slice(first, first + _ROWS)
        items, annotator = batch.items[rows], batch.annotator[rows]
        count = len(items)
        # Padded, so that one compiled program serves most numbers of questions.
        size = min(_ROWS, 512 << max(0, math.ceil(math.log2(count / 512)))) - count
        items, annotator = np.pad(items, ((0, size), (0, 0))), np.pad(annotator, (0, size))
        table = _of_codes(channel, theta, wide, items, annotator, every)
        found.append(np.asarray(table)[:count])
    return np.concatenate(found)


def probabilities(fitted: Fitted, data: Data) -> dict[str, np.ndarray]:
    """{signal: P of every outcome of each question} for signals with few enough outcomes."""
    tables = {batch.signal.name: probabilities_of(fitted, batch) for batch in data.batches}
    return {name: table for name, table in tables.items() if table is not None}


def probabilities_of(fitted: Fitted, batch: Batch) -> np.ndarray | None:
    """(n, outcomes) P of every outcome of each question, averaged over the draws of the fit where
    it keeps some; None where the outcomes are too many to list."""
    first = _of_outcomes((fitted.draws or (fitted,))[0], batch)
    if first is None:
        return None
    # Of long lists of outcomes every draw costs much: a few of them have to do.
    most = int(np.clip(_NUMBERS // first.size, 4, max(len(fitted.draws), 4)))
    rest = [_of_outcomes(view, batch) for view in fitted.draws[1:most]]
    return np.mean([first, *(t for t in rest if t is not None)], axis=0)


def _of_outcomes(fitted: Fitted, batch: Batch) -> np.ndarray | None:
    """P of every outcome of each question from one set of points, None where they are too many."""
    if not _plain_triplets(fitted, batch):
        return _tables(fitted, batch)
    # The question as asked: the answer given does not matter.
    asked = replace(batch, answer=np.zeros_like(batch.answer))
    x, lapse = _triplet_log_odds(fitted, asked)
    p = (1 - lapse) / (1 + np.exp(-np.clip(x, -80, 80))) + lapse / 2
    return np.stack([p, 1 - p], axis=1)


def error(fitted: Fitted, data: Data) -> float:
    """Weighted share of answers that were not the most probable ones; NaN where none is listed."""
    wrong, total = 0.0, 0.0
    for batch in data.batches:
        if _plain_triplets(fitted, batch):
            x, _ = _triplet_log_odds(fitted, batch)
            miss = np.where(x == 0, 0.5, (x < 0).astype(float))
        elif batch.signal.outcomes(max(len(fitted.prototypes), 2)) <= 1000:
            channel, _ = fitted.channel(batch.signal.name)
            table = _tables(fitted, batch)
            if table is None or batch.answer.shape[1] > 2:
                continue
            given = batch.answer[:, -1].astype(int)
            if batch.answer.shape[1] == 2 and channel.signal.questions(2) == 1:
                continue
            miss = (table.argmax(1) != given).astype(float)
        else:
            continue
        wrong += float(np.sum(batch.weight * miss))
        total += float(np.sum(batch.weight))
    return wrong / total if total else float("nan")


def place(fitted: Fitted, data: Data, known: int) -> tuple[np.ndarray, list[Any]]:
    """(positions of items numbered from `known` on, their names)."""
    new = len(data.items) - known
    if new <= 0:
        return np.zeros((0, fitted.items.shape[1]), np.float32), []
    batches, channels, theta = [], [], []
    for batch in data.batches:
        rows = np.flatnonzero((batch.items >= known).any(1))
        if len(rows):
            channel, noise = fitted.channel(batch.signal.name)
            batches.append(batch.take(rows))
            channels.append(channel)
            theta.append(noise)
    points = Points(fitted.places, fitted.prototypes)
    rows = place_new_items(channels, theta, batches, points, new, fitted.ridge, seed=0)
    return rows, list(data.items[known:])
