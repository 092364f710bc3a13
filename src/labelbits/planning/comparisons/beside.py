"""Another learner than the linear one in plans about comparisons: an encoder, say.

The linear learner, `SignalEmbedding` with features, is measured first. It finds what is random in
answers, and worlds that the pilot leaves possible: twins are drawn from it, whoever learns from
their answers. The other learner is then measured on the same questions, learns from the same twins'
answers, and is moved to what it itself measured on the pilot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from labelbits.interface import Answers, Batch
from labelbits.metrics import metric_of
from labelbits.planning.comparisons.held import Held
from labelbits.planning.comparisons.mixture import expected_of
from labelbits.planning.comparisons.twins import Asking, noise_of
from labelbits.planning.purchases import most_answers
from labelbits.planning.result import Curve
from labelbits.planning.shown import show
from labelbits.planning.spec.learners import LEARNERS, LINEAR
from labelbits.planning.spec.planfile import PlanFile
from labelbits.recovery.held_out.predictions import Space
from labelbits.recovery.held_out.worlds import PossibleWorld


class SpaceLearner(Protocol):
    """Learns spaces of items by their features."""

    def __call__(self, answers: Answers) -> Space:
        """The space of these answers."""
        ...

    def of_batches(self, batches: Sequence[Batch], classes: int) -> Space:
        """The space of answers as arrays, about `classes` classes."""
        ...

    def knowing(self, lapse: Mapping[str, float]) -> SpaceLearner:
        """The same, told the share of random answers of each signal."""
        ...


@dataclass(frozen=True)
class AtTwins:
    """How another learner learns a twin's answers: as the pilot's, and told the twin's lapse."""

    learner: SpaceLearner

    def __call__(
        self, world: PossibleWorld, held: Held, batches: Sequence[Batch],
        options: Mapping[str, Any], asking: Asking | None = None,
    ) -> Space:  # fmt: skip
        """The space of these answers. `options` are the linear learner's."""
        _, lapse = noise_of(world, asking)
        return self.learner.knowing(lapse).of_batches(batches, len(held.answers.classes))


def said_of_spaces(
    other: Sequence[Curve], linear: Sequence[Curve], plan: PlanFile, metric: str
) -> tuple[str, bool]:
    """(what each learner would buy for the budget and what it gets, are these different
    answers?)"""
    percent = metric_of(metric).percent
    said, bought = [], []
    for name, curves in ((plan.learner.learner.words, other), (LEARNERS[LINEAR].words, linear)):
        best = max(curves, key=lambda curve: expected_of(curve, plan.budget))
        answers = int(min(most_answers(best, plan.budget), best.limit))
        bought.append(best.family.name)
        quality = show(max(expected_of(best, plan.budget), 0.0), percent)
        said.append(f"{name} would buy {best.family.name}, {quality} with {answers:,} answers")
    differ = bought[0] != bought[1]
    verdict = "they would buy different answers" if differ else "both would buy the same answers"
    return f"{said[0]}; {said[1]}: {verdict}", differ
