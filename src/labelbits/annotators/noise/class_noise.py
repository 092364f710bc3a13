"""Precision and lapse of class signals, in a standard normal world of `dims` dimensions.

The answers about one item are independent given where the item lies. Where it lies is integrated
out: the likelihood of an item is the mean, over sampled worlds, of the product of its answers'
channel probabilities. With gold, the true class is the nearest prototype of the world. The lapse
mixes a table that depends on precision alone, so it is profiled on a grid at no cost. All items of
a pilot share their prototypes, which widens the interval (`noise_worlds`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax
import numpy as np

from labelbits.annotators.noise.at_random import most_at_random
from labelbits.annotators.noise.contrast import spread_of_contrast
from labelbits.annotators.noise.likelihood import likelihood
from labelbits.annotators.noise.maximum import NO_LAPSE, UNLIKE, maximise
from labelbits.annotators.noise.result import Noise
from labelbits.annotators.noise.symmetric import symmetric_likelihood
from labelbits.annotators.unlike import are_unlike
from labelbits.interface import Batch
from labelbits.signals import Complementary, Hard, Ranking, Votes
from labelbits.worlds import World

#: Sampled worlds, and how many answers of one item and how many items a fit uses at most.
WORLDS = 1024
ANSWERS_PER_ITEM = 6
#: Distances from prototypes that are sampled where an answer names one class.
ONE_CLASS = 20_480
MOST_ITEMS = 400
#: Answers that differ from item to item (probabilities) cost more each: fewer are used.
DISTINCT = 600
FEW = 200


def fit_noise(
    batch: Batch,
    classes: int,
    dims: int,
    truth: np.ndarray | None = None,
    seed: int = 0,
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
    known = gold >= 0
    few = len(np.unique(answer, axis=0)) <= FEW
    one_class = isinstance(signal, (Hard, Complementary))
    worlds = ONE_CLASS // classes if one_class else WORLDS if few else WORLDS // 2
    worlds = min(max(worlds, WORLDS // 4), 4 * WORLDS)
    world = World(items=1, classes=classes, dims=dims)
    d2 = np.asarray(world.sample_class_distances(jax.random.key(seed), (worlds,)))
    if one_class:
        score = symmetric_likelihood(signal, d2, answer[:, 0], item, gold)
    else:
        score = likelihood(signal, d2, answer, item, gold)
    source = "gold" if known.all() else "several people's answers to one item"
    if known.any() and not known.all():
        source = f"gold and {source}"
    concentrated = hasattr(signal, "concentration")
    shared = spread_of_contrast(classes, dims)
    shown, who = batch.items[:, 0], batch.annotator
    most = most_at_random(signal, batch.answer, shown, truth, classes, seed, who)
    found = maximise(score, concentrated, dims, classes, len(gold), len(rows), source, shared, most)
    if found is None or found.assumes == NO_LAPSE or not _unlike(batch, truth):
        return found
    # To one channel for all, people of low precision beside others look like lapses.
    lapse = replace(found.lapse, low=0.0)
    return replace(found, lapse=lapse, assumes=found.assumes or UNLIKE)


def _unlike(batch: Batch, truth: np.ndarray) -> bool:
    """Are some annotators right, or of one mind with the others, more often than others?"""
    if not isinstance(batch.signal, (Hard, Ranking)):
        return False
    said = batch.answer[:, 0].astype(np.int64)
    _, item, size = np.unique(batch.items[:, 0], return_inverse=True, return_counts=True)
    _, cell, same = np.unique(item * (said.max() + 1) + said, return_inverse=True,
                              return_counts=True)  # fmt: skip
    others = (same[cell] - 1) / np.maximum(size[item] - 1, 1)
    score = np.where(truth >= 0, said == truth, others)
    told = (truth >= 0) | (size[item] > 1)
    return are_unlike(score[told], item[told], batch.annotator[told])


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
    # Draws go by what was answered and not by places: the order of the rows, and the names of items
    # and annotators, change nothing.
    item, order = _by_answers(batch, truth)
    rng = np.random.default_rng(seed)
    order = order[rng.permutation(len(item))]
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


#: Answers of an item that are looked at to put items in order.
LOOKED_AT = 32


def _by_answers(batch: Batch, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(item of each answer (n,), the answers in an order of their own): items are numbered by what
    was answered about them, so that those with equal answers alone change places."""
    _, item, size = np.unique(batch.items[:, 0], return_inverse=True, return_counts=True)
    said = np.unique(batch.answer, axis=0, return_inverse=True)[1].reshape(-1)
    order = np.lexsort((said, item))
    place = np.arange(len(item)) - np.repeat(np.cumsum(size) - size, size)
    answers = np.full((len(size), LOOKED_AT + 2), -1)
    seen = place < LOOKED_AT
    answers[item[order][seen], place[seen]] = said[order][seen]
    answers[:, -2], answers[item, -1] = size, truth
    rank = np.empty(len(size), dtype=np.int64)
    rank[np.lexsort(answers.T)] = np.arange(len(size))
    item = rank[item]
    return item, np.lexsort((said, item))
