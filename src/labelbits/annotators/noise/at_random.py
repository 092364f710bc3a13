"""How many answers could have been given at random, by counting alone: a bound for any annotator.

A channel may fit badly; these counts ask nothing of it. An answer at random is spread evenly over
the K outcomes, whatever the question. Three kinds of counts bound the share e of them:

1. Rank the outcomes for each answer by what is known without it: the true one first, where there is
   gold, then what the others say of the question, then what answers to other questions take this
   outcome for. An answer at random is not among the first m with probability (K - m) / K, so

       e <= P(answer is not among the first m) K / (K - m)        for m = 1, 2, 3.

   m = 1 counts mistakes; larger m leave out mistakes between two or three outcomes, which random
   answers do not explain.
2. The same with m = 1 where the others nearly all say the same: mistakes about questions that are
   hard for everybody are left out.
3. Two answers to a question agree by luck with probability 1 / K unless neither is random
   (`crossed`): agreement a of two outcomes allows e <= 1 - sqrt(2 a - 1) and no more.

The smallest bound is reported, each at a level that makes 95 % hold for all. Questions are the
units of the intervals. 1 holds whoever answers what. 2 and 3 take a person's random answers as
spread evenly over the questions asked of them; who is asked what may depend on the person.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import scipy.sparse

from labelbits.annotators.intervals import share_by
from labelbits.annotators.noise.crossed import crews, most_by_agreement
from labelbits.interface import Signal
from labelbits.quantity import Quantity
from labelbits.signals import Candidates, Complementary, Hard, Ranking, Verify

#: First m classes that are tried.
MOST_FIRST = 3
#: Entries of the table of answers by classes: more answers than fit are drawn at random.
TABLE = 4_000_000
#: What is known of two outcomes is the same where it differs by less.
ALIKE_WEIGHTS = 1e-9
#: The others nearly all say the same where this share of at least so many do.
ALIKE, OTHERS = 0.8, 2


def most_at_random(
    signal: Signal,
    answer: np.ndarray,
    item: np.ndarray,
    truth: np.ndarray,
    classes: int,
    seed: int = 0,
    annotator: np.ndarray | None = None,
) -> float | None:
    """Largest share of random answers, the upper end of 95 %; None where counting says nothing.

    `answer` (n, width) are codes of one signal about items (n,), whose true class is `truth` (n,),
    -1 unknown; `annotator` (n,) says who answered, None: anybody.
    """
    if isinstance(signal, (Hard, Ranking)):
        return most_of_choices(answer[:, 0], item, truth, classes, seed, annotator)
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
    answer: np.ndarray,
    question: np.ndarray,
    truth: np.ndarray,
    outcomes: int,
    seed: int = 0,
    annotator: np.ndarray | None = None,
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
    crew = crews(np.zeros(len(usable), int) if annotator is None else annotator[usable])
    others = _others(answer, question, outcomes)
    beyond = _beyond(others, answer, question, truth)
    depths = range(1, min(MOST_FIRST, outcomes - 1) + 1)
    counted = others.sum(1)
    alike = (counted >= OTHERS) & (others.max(1) >= ALIKE * counted)
    steady = alike | (truth >= 0)
    tests = len(depths) + bool(alike.any()) + bool(counted.any())
    level = 1 - 0.05 / tests
    found = [
        share_by(beyond(m), question, level=level).high * outcomes / (outcomes - m) for m in depths
    ]
    if alike.any():
        weight, unseen = _as_all(crew, steady)
        wrong = share_by(beyond(1)[steady], question[steady], weight, level).high
        found.append((1 - unseen) * wrong * outcomes / (outcomes - 1) + unseen)
    if counted.any():
        found.append(most_by_agreement(answer, question, crew, outcomes, level))
    return float(min(1.0, *found))


def most_of_preferences(
    question: np.ndarray, won: np.ndarray, annotator: np.ndarray, seed: int = 0
) -> float | None:
    """The same of preferences (n,) as `kept_keys` codes them, of those that are no tie: whoever
    answers at random is taken to choose either side as often, and no tie."""
    decided = won < 2
    unknown = np.full(int(decided.sum()), -1)
    return most_of_choices(won[decided], question[decided], unknown, 2, seed, annotator[decided])


def most_of_orders(agreement: Quantity | None) -> float | None:
    """The same of whole orders by how often two people's put two items alike (an interval of 95 %):
    they do by luck in half of the cases unless neither is random, so agreement a allows a share of
    1 - sqrt(2 a - 1) and no more. None where nobody's orders can be compared."""
    if agreement is None:
        return None
    return 1 - math.sqrt(max(0.0, 2 * agreement.low - 1))


def _as_all(crew: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, float]:
    """(weights of the chosen answers by which each person counts as among all, share of answers of
    people none of whose answers is chosen)."""
    every, mine = np.bincount(crew), np.bincount(crew[chosen], minlength=crew.max() + 1)
    return (every / np.maximum(mine, 1))[crew[chosen]], float(every[mine == 0].sum() / len(crew))


def _others(answer: np.ndarray, question: np.ndarray, k: int) -> np.ndarray:
    """(n, k): how often each outcome was named by the other answers to the question."""
    counts = np.zeros((question.max() + 1, k))
    np.add.at(counts, (question, answer), 1.0)
    others = counts[question]
    others[np.arange(len(answer)), answer] -= 1
    return others


def _beyond(
    others: np.ndarray, answer: np.ndarray, question: np.ndarray, truth: np.ndarray
) -> Callable[[int], np.ndarray]:
    """m -> P(answer is not among the first m) (n,), outcomes ranked by what is known without it.

    Outcomes of which as much is known are in any order with equal probability, so that neither
    names nor the order of the rows move the bound.
    """
    (n, k), rows = others.shape, np.arange(len(answer))
    known = truth >= 0
    others = others.copy()
    others[rows[known], truth[known]] += n + 1
    weight = others + _taken_for(others, answer, question, k)
    apart = weight - weight[rows, answer][:, None]
    before, alike = (apart > ALIKE_WEIGHTS).sum(1), (np.abs(apart) <= ALIKE_WEIGHTS).sum(1)
    return lambda m: np.clip((before + alike - m) / alike, 0.0, 1.0)


def _taken_for(others: np.ndarray, answer: np.ndarray, question: np.ndarray, k: int) -> np.ndarray:
    """(n, k), below one answer: what answers to other questions take the others' favourite for."""
    favourite = (others == others.max(1, keepdims=True)).astype(float)
    favourite /= favourite.sum(1, keepdims=True)
    taken = np.zeros((k, k))
    for number in range(k):
        taken[:, number] = favourite[answer == number].sum(0)
    # Equal answers to a question have the same others: one cell each.
    _, first, cell, size = np.unique(
        question.astype(np.int64) * k + answer,
        return_index=True, return_inverse=True, return_counts=True,
    )  # fmt: skip
    at = scipy.sparse.csr_matrix((np.ones(len(first)), (np.arange(len(first)), question[first])))
    one, two = (at @ at.T).nonzero()
    alike = np.einsum("ck,ck->c", favourite[first[one]], favourite[first[two]])
    found = favourite[first] @ taken
    np.subtract.at(found, (one, answer[first[two]]), alike * size[two])
    found = np.maximum(found, 0.0)
    return (found / (2 * np.maximum(found.sum(1, keepdims=True), 1)))[cell.reshape(-1)]
