"""Precision and lapse of questions that compare items, from repeated answers to one question.

Each question is an item of its own: the likelihood of its answers is the mean, over sampled
worlds, of the product of their channel probabilities, as for class signals (`noise`). Items that
questions share make questions alike, which the interval does not see: it fits questions drawn at
random from many items.
"""

from __future__ import annotations

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
from jaxtyping import Array

from labelbits.annotators.noise.at_random import most_of_choices
from labelbits.annotators.noise.class_noise import WORLDS
from labelbits.annotators.noise.likelihood import Score, alike, mixed
from labelbits.annotators.noise.maximum import maximise
from labelbits.annotators.noise.result import Noise
from labelbits.interface import Batch, Signal
from labelbits.signals.base import replace_noise
from labelbits.signals.questions import keys
from labelbits.worlds import World

#: What told the noise.
SOURCE = "several people's answers to one question"
#: Questions and answers of one question used at most.
MOST_QUESTIONS = 500
ANSWERS_PER_QUESTION = 8


def noise_by_questions(batch: Batch, rows: pl.DataFrame, dims: int, seed: int = 0) -> Noise | None:
    """Noise of a signal that picks one of a few pairs; None without repeats, or for other signals.

    A rating or number says where its scale begins only together with other questions, and
    same-class questions share their prototypes: for these one question tells too little. `rows`
    are the table rows of `batch`.
    """
    signal = batch.signal
    if len(getattr(signal, "pairs", ())) < 2:
        return None
    question, place = keys(batch, rows)
    used, item = _drawn(question, seed)
    if not len(used):
        return None
    key = jax.random.key(seed)
    world = World(items=signal.arity, classes=2, dims=dims)
    points = world.sample_items(key, (WORLDS, signal.arity))
    score = _likelihood(signal, points, place[used], item)
    most = most_by_questions(batch, rows, seed)
    return maximise(score, False, dims, 0, int(item.max()) + 1, len(used), SOURCE, most=most)


def most_by_questions(batch: Batch, rows: pl.DataFrame, seed: int = 0) -> float | None:
    """Largest share of random answers by what people say of one question (`most_of_choices`); None
    without repeats, or for signals that do not pick one of a few pairs."""
    outcomes = len(getattr(batch.signal, "pairs", ()))
    question, place = keys(batch, rows)
    unknown = np.full(len(place), -1)
    return most_of_choices(place, question, unknown, outcomes, seed, batch.annotator)


def _drawn(question: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of questions with two answers, and their question numbers from 0."""
    order = np.random.default_rng(seed).permutation(len(question))
    by = order[np.argsort(question[order], kind="stable")]
    starts = np.flatnonzero(np.r_[True, np.diff(question[by]) != 0])
    place = np.arange(len(by)) - np.repeat(starts, np.diff(np.r_[starts, len(by)]))
    rows = by[place < ANSWERS_PER_QUESTION]
    rows = rows[np.bincount(question)[question[rows]] > 1]
    chosen = np.unique(question[rows])
    if len(chosen) > MOST_QUESTIONS:
        chosen = np.random.default_rng([seed, 1]).choice(chosen, MOST_QUESTIONS, replace=False)
    rows = rows[np.isin(question[rows], chosen)]
    return rows, np.unique(question[rows], return_inverse=True)[1]


def _likelihood(signal: Signal, points: Array, code: np.ndarray, item: np.ndarray) -> Score:
    """The `Score` of outcomes (n,) of questions (n,); `points` (worlds, arity, dims)."""
    outcomes = len(signal.pairs)  # type: ignore[attr-defined]
    guess = np.full(outcomes, -math.log(outcomes))
    local, place, pattern = alike(code, item, int(item.max()) + 1)
    # Programs are compiled for what is no array: the signal's own noise is not looked at.
    plain = replace_noise(signal, 1.0, 0.0)

    def score(params: np.ndarray, lapses: np.ndarray) -> np.ndarray:
        log_p = _table(plain, jnp.asarray(np.exp(params[0]), jnp.float32), points)
        return mixed(log_p, guess, local, place, lapses)[:, pattern]

    return score


@eqx.filter_jit
def _table(signal: Signal, precision: Array, points: Array) -> Array:
    """ln probability of each outcome in each world, (outcomes, worlds), without lapse."""
    d2 = signal.distances(points)
    codes = jnp.arange(len(signal.pairs))[:, None]  # type: ignore[attr-defined]
    return replace_noise(signal, precision, 0.0).log_prob_all(d2, codes).T
