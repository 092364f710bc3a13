"""Learning curves: the held-out measures by number of answers, on nested random subsets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from labelbits.interface import Answers
from labelbits.recovery.held_out.agreement import agreement, explained_bits
from labelbits.recovery.held_out.folds import questions_of, splits, take
from labelbits.recovery.held_out.predictions import Learn, Predictions, joined, predict
from labelbits.recovery.metrics import Score

#: Fewest answers that are fitted, and doublings below the largest size.
LEAST, DOUBLINGS = 50, 3
#: Answers up to which five folds and three are fitted; above, one fold of `HELD` of the questions.
FIVE, THREE, HELD = 5_000, 20_000, 10


@dataclass(frozen=True)
class CurvePoint:
    """Measures of spaces learned from `answers` answers, and the predictions they rest on."""

    answers: int
    agreement: Score
    explained_bits: Score
    predicted: Predictions = field(repr=False)


def folds_for(answers: int) -> tuple[int, int]:
    """(folds, how many of them are fitted) that so many answers are worth."""
    if answers <= FIVE:
        return 5, 5
    return (3, 3) if answers <= THREE else (HELD, 1)


def nested_subsets(
    rows: np.ndarray, question: np.ndarray, sizes: Sequence[int], generator: np.random.Generator
) -> list[np.ndarray]:
    """For each size, about so many of `rows`: whole questions in one random order, each subset
    inside the next."""
    groups = generator.permutation(np.unique(question[rows]))
    place = np.empty(int(question.max(initial=0)) + 1, dtype=np.int64)
    place[groups] = np.arange(len(groups))
    ordered = rows[np.argsort(place[question[rows]], kind="stable")]
    starts = np.flatnonzero(np.r_[True, np.diff(place[question[ordered]]) != 0, True])
    ends = np.r_[starts[1:-1], len(ordered)] if len(starts) > 1 else np.array([len(ordered)])
    return [ordered[: ends[np.argmin(np.abs(ends - size))]] for size in sizes]


def doubling_sizes(most: int, least: int = LEAST, doublings: int = DOUBLINGS) -> list[int]:
    """Sizes that double up to `most`, rising."""
    sizes = [most // 2**k for k in range(doublings + 1)]
    return sorted({size for size in sizes if size >= min(least, most)})


def learning_curve(
    answers: Answers, learn: Learn, *, sizes: Sequence[int] | None = None, seed: int = 0,
    tell: Callable[[float], None] = lambda done: None,
) -> list[CurvePoint]:  # fmt: skip
    """Held-out agreement and explained bits by number of answers.

    Within each fold of questions (`splits`) nested random subsets of the rest are fitted, and all
    are tested on the fold. `sizes` are numbers of answers; by default they double up to all of the
    rest. 5 folds up to 5,000 answers, 3 up to 20,000, above one tenth of the questions once.
    """
    folds, fitted = folds_for(len(answers))
    question = questions_of(answers)
    every = splits(answers, folds, "question", seed)[:fitted]
    if sizes is None:
        sizes = doubling_sizes(min(len(fit) for fit, _ in every))
    found: list[list] = [[] for _ in sizes]
    counts: list[list[int]] = [[] for _ in sizes]
    for number, (fit, test) in enumerate(every):
        generator = np.random.default_rng([seed, 25, number])
        for k, rows in enumerate(nested_subsets(fit, question, sizes, generator)):
            space = learn(take(answers, rows))
            found[k].append(predict(space, take(answers, test), question[test]))
            counts[k].append(len(rows))
            tell((number * len(sizes) + k + 1) / (len(every) * len(sizes)))
    points = []
    for sized, parts in zip(counts, found, strict=True):
        told = joined(parts)
        size = round(float(np.mean(sized)))
        points.append(CurvePoint(size, agreement(told, seed), explained_bits(told, seed), told))
    return points
