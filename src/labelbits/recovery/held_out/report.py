"""All held-out measures of one table of answers: what `labelbits recover` prints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from labelbits.interface import Answers
from labelbits.recovery.embedding import SignalEmbedding
from labelbits.recovery.held_out.agreement import (
    Ceiling,
    agreement,
    agreement_ceiling,
    explained_bits,
)
from labelbits.recovery.held_out.curve import CurvePoint, learning_curve
from labelbits.recovery.held_out.folds import questions_of
from labelbits.recovery.held_out.halves import Halves, alignment_by_halves
from labelbits.recovery.held_out.predictions import Learn, predict_held_out
from labelbits.recovery.metrics import Score

#: Different questions below which nothing is held out: no fold would say anything.
LEAST_QUESTIONS = 50
#: Folds of items, and items below which their rest would tell little.
ITEM_FOLDS, LEAST_ITEMS = 3, 15


@dataclass(frozen=True)
class HeldOutReport:
    """Agreement and explained bits of answers that were not fitted, with the ceiling; alignment of
    a fit to half the answers with the truth; the learning curve, whose last point they are."""

    agreement: Score
    explained_bits: Score
    ceiling: Ceiling
    halves: Halves
    curve: tuple[CurvePoint, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON; intervals hold 90 %."""
        return {
            "agreement": _plain(self.agreement),
            "explained_bits": _plain(self.explained_bits),
            "ceiling": {
                "value": self.ceiling.value,
                "source": self.ceiling.source,
                "another_person": _plain(self.ceiling.another),
                "pairs": self.ceiling.pairs,
                "words": self.ceiling.words,
            },
            "alignment": {**_plain(self.halves.alignment), "answers": self.halves.answers},
            "curve": [
                {
                    "answers": one.answers,
                    "agreement": _plain(one.agreement),
                    "explained_bits": _plain(one.explained_bits),
                }
                for one in self.curve
            ],
        }


def _plain(score: Score) -> dict[str, float]:
    return {"value": float(score), "low": score.low, "high": score.high}


def measure_held_out(
    answers: Answers, learn: Learn, seed: int = 0,
    tell: Callable[[float], None] = lambda done: None, *, fitted: SignalEmbedding | None = None,
) -> HeldOutReport | None:  # fmt: skip
    """Every measure of the answers; None where fewer than `LEAST_QUESTIONS` questions are asked.

    `learn` is called once for each fold and size of the curve, and twice for the halves; `fitted`
    is the fit to all answers, where there is one already.
    """
    if len(np.unique(questions_of(answers))) < LEAST_QUESTIONS:
        return None
    curve = learning_curve(answers, learn, seed=seed, tell=lambda done: tell(0.8 * done))
    last = curve[-1]
    ceiling = agreement_ceiling(answers, fitted or learn(answers))
    halves = alignment_by_halves(answers, learn, seed=seed)
    tell(1.0)
    return HeldOutReport(last.agreement, last.explained_bits, ceiling, halves, tuple(curve))


@dataclass(frozen=True)
class NewItems:
    """Agreement and explained bits of answers about items that no fitted answer showed."""

    agreement: Score
    explained_bits: Score

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON; intervals hold 90 %."""
        return {
            "agreement": _plain(self.agreement),
            "explained_bits": _plain(self.explained_bits),
        }


def measure_new_items(answers: Answers, learn: Learn, seed: int = 0) -> NewItems | None:
    """How well answers about new items are foretold: items are dealt into three folds, and what
    shows one of a fold is tested on the space of the rest. `learn` needs features, which alone say
    where such items lie. None where the items are too few for the rest to tell a space."""
    if len(answers.items) < LEAST_ITEMS:
        return None
    found = predict_held_out(answers, learn, folds=ITEM_FOLDS, by="item", seed=seed)
    return NewItems(agreement(found, seed), explained_bits(found, seed))
