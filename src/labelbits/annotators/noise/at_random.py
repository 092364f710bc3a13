"""How many answers could have been given at random, by counting alone: a bound for any annotator.

A channel may fit badly; these counts ask nothing of it. An answer at random is spread evenly over
the K classes, whatever the item. Rank the classes for each answer by what is known without it: the
true class first, where there is gold, then what the others say of the item, then what answers
about other items take this class for. An answer at random is not among the first m with probability
(K - m) / K, so the share of random answers is at most

    P(answer is not among the first m) K / (K - m)        for m = 1, 2, 3.

m = 1 counts mistakes; larger m leave out mistakes between two or three classes, which random
answers do not explain. The smallest of these is reported, each at a level that makes 95 % hold for
all. Items are the units of the intervals.
"""

from __future__ import annotations

import numpy as np

from labelbits.annotators.intervals import share_by
from labelbits.interface import Signal
from labelbits.signals import Candidates, Complementary, Hard, Ranking, Verify

#: First m classes that are tried.
MOST_FIRST = 3
#: Entries of the table of answers by classes: more answers than fit are drawn at random.
TABLE = 4_000_000


def most_at_random(
    signal: Signal,
    answer: np.ndarray,
    item: np.ndarray,
    truth: np.ndarray,
    classes: int,
    seed: int = 0,
) -> float | None:
    """Largest share of random answers, the upper end of 95 %; None where counting says nothing.

    `answer` (n, width) are codes of one signal about items (n,), whose true class is `truth` (n,),
    -1 unknown.
    """
    if isinstance(signal, (Hard, Ranking)):
        return most_of_choices(answer[:, 0], item, truth, classes, seed)
    known = truth >= 0
    answer, item, truth = answer[known], item[known], truth[known]
    if isinstance(signal, Complementary):
        wrong, chance = answer[:, 0] == truth, 1 / classes
    elif isinstance(signal, Verify):
        wrong, chance = answer[:, 1] != (answer[:, 0] == truth), 0.5
    elif isinstance(signal, Candidates):
        half = 2.0 ** (classes - 1)
        wrong, chance = answer[np.arange(len(truth)), truth] == 0, (half - 1) / (2 * half - 1)
    else:
        return None
    if not len(wrong):
        return None
    return min(1.0, share_by(wrong.astype(float), item).high / chance)


def most_of_choices(
    answer: np.ndarray, question: np.ndarray, truth: np.ndarray, outcomes: int, seed: int = 0
) -> float | None:
    """The same from choices (n,) of one of `outcomes`, to questions (n,) with `truth` (n,)."""
    rng = np.random.default_rng(seed)
    _, question, size = np.unique(question, return_inverse=True, return_counts=True)
    usable = np.flatnonzero((size[question] > 1) | (truth >= 0))
    if not len(usable) or outcomes < 2:
        return None
    if len(usable) * outcomes > TABLE:
        drawn = rng.permutation(question.max() + 1)
        usable = usable[np.argsort(drawn[question[usable]], kind="stable")]
        usable = np.sort(usable[: max(1, TABLE // outcomes)])
    answer, question, truth = answer[usable], question[usable], truth[usable]
    rank = _ranks(answer, question, truth, outcomes, rng)
    depths = range(1, min(MOST_FIRST, outcomes - 1) + 1)
    level = 1 - 0.05 / len(depths)
    found = [
        share_by((rank >= m).astype(float), question, level=level).high * outcomes / (outcomes - m)
        for m in depths
    ]
    return float(min(1.0, *found))


def _ranks(
    answer: np.ndarray, question: np.ndarray, truth: np.ndarray, k: int, rng: np.random.Generator
) -> np.ndarray:
    """(n,): place of each answer among the classes, from 0, ranked by what is known without it."""
    n, rows = len(answer), np.arange(len(answer))
    counts = np.zeros((question.max() + 1, k))
    np.add.at(counts, (question, answer), 1.0)
    others = counts[question]
    others[rows, answer] -= 1
    known = truth >= 0
    others[rows[known], truth[known]] += n + 1
    # What that class is taken for about other items: each half of the items reads the other half.
    half = rng.integers(0, 2, question.max() + 1)[question]
    first = others.argmax(1)
    weight = others + rng.random((n, k)) * 1e-6
    for part in (0, 1):
        taken = np.zeros((k, k))
        there = half != part
        np.add.at(taken, (first[there], answer[there]), 1.0)
        taken /= 2 * np.maximum(taken.sum(1, keepdims=True), 1)  # below one answer
        weight[half == part] += taken[first[half == part]]
    return (weight > weight[rows, answer][:, None]).sum(1)
