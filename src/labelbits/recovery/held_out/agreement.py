"""Agreement and explained bits of held-out answers, and the ceiling that people's noise sets."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from labelbits.interface import Answers
from labelbits.quantity import central
from labelbits.recovery.embedding import SignalEmbedding
from labelbits.recovery.held_out.folds import questions_of
from labelbits.recovery.held_out.predictions import Predictions, Space
from labelbits.recovery.held_out.worlds import most_by_noise
from labelbits.recovery.metrics import Score
from labelbits.signals.encoding import encode
from labelbits.signals.questions import keys, without_repeats

#: Resamples of questions behind an interval.
BOOTSTRAP = 400
#: Pairs of answers of two people to one question below which they tell no ceiling.
ENOUGH = 50


def _by_question(values: np.ndarray, question: np.ndarray, seed: int) -> Score:
    """Mean of the values (n,) that are known, with an interval over questions."""
    known = np.isfinite(values)
    values, question = values[known], question[known]
    if not len(values):
        return Score(math.nan)
    _, place = np.unique(question, return_inverse=True)
    total, count = np.bincount(place, values), np.bincount(place)
    generator = np.random.default_rng([seed, 22])
    # Counts of a resample of questions (Poisson, so that many questions need no index array).
    weight = generator.poisson(1.0, (BOOTSTRAP, len(total))).astype(np.float32)
    draws = weight @ total / np.maximum(weight @ count, 1e-9)
    low, high = central(draws)
    return Score(float(values.mean()), low, high)


def agreement(predicted: Predictions, seed: int = 0) -> Score:
    """Share of held-out answers that are the most probable ones, with an interval over questions.

    A tie between m answers counts 1 / m. 1 / outcomes is chance.
    """
    return _by_question(predicted.right, predicted.question, seed)


def explained_bits(predicted: Predictions, seed: int = 0) -> Score:
    """Mean of log2 p(answer) + log2(outcomes): bits that the space explains of an answer.

    0 is a guess, log2(outcomes) is every answer foretold for sure; below 0 is worse than a guess.
    A proper score: dimensions and penalties are chosen by it.
    """
    return _by_question(predicted.bits + np.log2(predicted.outcomes), predicted.question, seed)


@dataclass(frozen=True)
class Ceiling:
    """What no prediction can pass.

    `value`: the most that agreement can be. `source` "repeats": from questions that several people
    answered; "fitted noise": from the noise of the fit; "none": nothing tells. `another` is how
    often another person gives the same answer (NaN without repeats), over `pairs` pairs of
    answers; `words` say it.
    """

    value: float
    source: str
    another: Score
    pairs: int
    words: str


def agreement_ceiling(answers: Answers, embedding: Space | None = None, seed: int = 0) -> Ceiling:
    """The ceiling of agreement with single answers, from repeated questions where there are some.

    Two people agree on a question with probability q = sum_k p_k^2. Whoever knows the p_k and names
    the most probable answer is right with max_k p_k, which q bounds: of K answers

        max_k p_k <= (1 + sqrt((K - 1) (K q - 1))) / K,

    with equality for K = 2. The bound is concave in q, so that it holds for the means over
    questions. Without repeats it is the mean probability of the most probable answer by the noise
    of `embedding`, a fit to the answers (`most_by_noise`; of other spaces than `SignalEmbedding`,
    which tell no worlds, that of their own probabilities). An annotator's repeats of a question are
    left out.
    """
    once = without_repeats(answers)
    same, pairs, outcomes, where = _pairs(once)
    if pairs.sum() >= ENOUGH:
        draws = _by_question(np.repeat(same / pairs, pairs), np.repeat(where, pairs), seed)
        k = float(np.average(outcomes, weights=pairs))
        value = _largest(float(draws), k)
        words = (
            f"another person gives the same answer {100 * draws:.1f} % of the time "
            f"({int(pairs.sum()):,} pairs of answers to one question), so that no prediction can "
            f"agree with single answers more than {100 * value:.1f} % of the time"
        )
        return Ceiling(value, "repeats", draws, int(pairs.sum()), words)
    value = math.nan
    if embedding is not None:
        value = _most(embedding, once)
    if math.isnan(value):
        words = "no question was answered by two people, and no fit tells the noise"
        return Ceiling(math.nan, "none", Score(math.nan), int(pairs.sum()), words)
    words = (
        f"no question was answered by two people often enough to tell the ceiling; by the noise of "
        f"the fit the most probable answer is given {100 * value:.1f} % of the time"
    )
    return Ceiling(value, "fitted noise", Score(math.nan), int(pairs.sum()), words)


def _most(embedding: Space, answers: Answers) -> float:
    if isinstance(embedding, SignalEmbedding):
        return most_by_noise(embedding, encode(answers, dims=embedding.embedding_.shape[1]))
    tables = embedding.predict_proba(answers).values()
    return float(np.concatenate([table.max(1) for table in tables]).mean()) if tables else math.nan


def _largest(q: float, k: float) -> float:
    return min(1.0, (1 + math.sqrt(max(0.0, (k - 1) * (k * q - 1)))) / k)


def _pairs(answers: Answers) -> tuple[np.ndarray, ...]:
    """(pairs that agree, pairs, outcomes, question) of every question with two answers or more."""
    names = answers.table["signal"].to_numpy()
    question = questions_of(answers)
    found = []
    for batch in encode(answers) if len(answers) else ():
        outcomes = batch.signal.outcomes(max(len(answers.classes), 2))
        if batch.signal.uses_classes or not math.isfinite(outcomes):
            continue
        rows = np.flatnonzero(names == batch.signal.name)
        said = keys(batch, answers.table[rows])[1]
        own, place = np.unique(question[rows], return_inverse=True)
        counts = np.zeros((len(own), int(said.max()) + 1))
        np.add.at(counts, (place, said), 1.0)
        total = counts.sum(1)
        pairs = total * (total - 1) / 2
        same = (counts * (counts - 1) / 2).sum(1)
        kept = pairs > 0
        found.append((same[kept], pairs[kept], np.full(kept.sum(), outcomes), own[kept]))
    if not found:
        return np.zeros(0), np.zeros(0, int), np.zeros(0), np.zeros(0, int)
    same, pairs, outcomes, where = (np.concatenate(part) for part in zip(*found, strict=True))
    return same, pairs.astype(int), outcomes, where
