"""Precision and lapse of class signals, in a standard normal world of `dims` dimensions.

The answers about one item are independent given where the item lies. Where it lies is integrated
out: the likelihood of an item is the mean, over sampled worlds, of the product of its answers'
channel probabilities. With gold, the true class is the nearest prototype of the world. The lapse
mixes a table that depends on precision alone, so it is profiled on a grid at no cost. All items of
a pilot share their prototypes, which widens the interval (`noise_worlds`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
from scipy import optimize, stats

from labelbits.annotators.intervals import Interval
from labelbits.annotators.noise.contrast import spread_of_contrast
from labelbits.annotators.noise.likelihood import LAPSES, Score, likelihood, slopes
from labelbits.interface import LEVEL, Batch
from labelbits.signals import Hard, Votes
from labelbits.worlds import World

#: Sampled worlds, and how many answers of one item and how many items a fit uses at most.
WORLDS = 1024
ANSWERS_PER_ITEM = 6
MOST_ITEMS = 400
#: Answers that differ from item to item (probabilities) cost more each: fewer are used.
DISTINCT = 600
FEW = 200
#: Limits of ln precision and ln concentration.
LIMITS = (math.log(1e-2), math.log(1e3))
#: A standard error of ln precision above which it is not reported: a factor of 50 either way.
UNTOLD = 2.0


@dataclass(frozen=True)
class Noise:
    """Precision and lapse with 90 % intervals, and the world in which they hold.

    `source` says what told them: gold, repeated answers, or a recovered embedding; `assumes` what
    had to be given, where they could not tell both.
    """

    precision: Interval
    lapse: Interval
    concentration: float | None
    dims: int
    classes: int
    items: int
    answers: int
    source: str
    assumes: str = ""

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
            "assumes": self.assumes,
        }


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
    few = len(np.unique(answer, axis=0)) <= FEW
    key = jax.random.key(seed)
    world = World(items=1, classes=classes, dims=dims)
    d2 = np.asarray(world.sample_class_distances(key, (WORLDS if few else WORLDS // 2,)))
    score = likelihood(signal, d2, answer, item, gold)
    source = "gold" if np.all(gold >= 0) else "several people's answers to one item"
    if np.any(gold >= 0) and np.any(gold < 0):
        source = f"gold and {source}"
    concentrated = hasattr(signal, "concentration")
    shared = spread_of_contrast(classes, dims)
    return maximise(score, concentrated, dims, classes, len(gold), len(rows), source, shared)


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


def maximise(
    score: Score,
    concentrated: bool,
    dims: int,
    classes: int,
    items: int,
    answers: int,
    source: str,
    shared: float = 0.0,
) -> Noise | None:
    """Maximum of the likelihood with an interval; None where it tells nothing of the precision.

    `shared` is the standard deviation of ln precision that all items have in common.
    """
    visited: list[tuple[np.ndarray, np.ndarray]] = []

    def loss(params: np.ndarray) -> float:
        params = np.clip(params, *LIMITS)
        visited.append((params, score(params, LAPSES)))
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
    best = max(visited, key=lambda pair: pair[1].sum(1).max())
    if not np.isfinite(best[1].sum(1).max()):
        return None
    assumes, params = "", best[0]
    lapse, errors = _with_errors(score, params, int(best[1].sum(1).argmax()), shared)
    if errors[0] > UNTOLD:
        # Lapses and low precision look alike here: one of them is told if the other is given.
        assumes = "no lapse, which these answers cannot tell from low precision"
        params = max(visited, key=lambda pair: pair[1].sum(1)[0])[0]
        lapse, errors = _with_errors(score, params, 0, shared, given=True)
        if errors[0] > UNTOLD:
            return None
    method = "marginal likelihood over worlds; scores of items"
    width = float(stats.norm.ppf((1 + LEVEL) / 2))
    # The lapse is profiled over the precisions: its interval is where ln L falls by
    # half of chi-square's quantile.
    profile = np.max([values.sum(1) for _, values in visited], axis=0)
    inside = LAPSES[profile >= profile.max() - stats.chi2.ppf(LEVEL, 1) / 2]
    low, high = np.clip(params[0] + np.array([-1, 1]) * width * errors[0], *LIMITS)
    reach = width * errors[-1]
    return Noise(
        precision=Interval(math.exp(params[0]), math.exp(low), math.exp(high), method),
        lapse=Interval(
            lapse,
            float(max(0.0, min(inside.min(), lapse - reach))),
            float(min(1.0, max(inside.max(), lapse + reach))),
            method,
        ),
        concentration=math.exp(params[1]) if concentrated else None,
        dims=dims,
        classes=classes,
        items=items,
        answers=answers,
        source=source,
        assumes=assumes,
    )


def _with_errors(
    score: Score, params: np.ndarray, k: int, shared: float, given: bool = False
) -> tuple[float, np.ndarray]:
    """(lapse, standard errors of ln precision, ln concentration and lapse).

    `given`: the lapse is taken as known.
    """
    # Outer product of the items' scores.
    stacked = slopes(score, params, k)[: -1 if given else None]
    inverse = np.linalg.inv(stacked @ stacked.T + 1e-6 * np.eye(len(stacked)))
    # What the items share moves the precision, and along with it what is estimated beside it.
    along = inverse[:, 0] / inverse[0, 0]
    errors = np.sqrt(np.diag(inverse) + (shared * along) ** 2)
    return float(LAPSES[k]), np.append(errors, 0.0) if given else errors
