"""Another learner than the linear one: its measured curves, and would it buy other labels?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from labelbits.learning import CurvePoints, Forecast
from labelbits.learning.curves.engine import Learner
from labelbits.metrics import metric_of
from labelbits.planning.evidence.answer_source import AnswerSource
from labelbits.planning.evidence.loading import Evidence
from labelbits.planning.evidence.trial import REPLICATES, Trial
from labelbits.planning.result import Assumption, Family
from labelbits.planning.shown import show
from labelbits.planning.spec.cost import affordable_items
from labelbits.planning.spec.learners import LEARNERS, LINEAR
from labelbits.planning.spec.planfile import LearnerPlan, PlanFile

#: Training sizes that another learner is measured at, at most.
SIZES = 4


def learner_assumption(learner: LearnerPlan) -> Assumption:
    """What learns from the labels, in the plan's list of assumptions."""
    what, size, how = learner.learner.told(learner.options())
    if learner.learner.made is not None:
        how += "; the linear learner was measured beside it"
    return Assumption("learner", what, size, how)


def made_of(learner: LearnerPlan, trial: Trial) -> Learner | None:
    """The learner that the plan asks for; None for the linear one."""
    made = learner.learner.made
    return None if made is None else made(learner.options(), trial.reference.shape[1])


def mixes(learner: LearnerPlan) -> str:
    """Why no mixture is measured with this learner; empty where one is."""
    return learner.learner.unmixed(learner.options())


def learner_points(
    evidence: Evidence,
    trial: Trial,
    ways: Sequence[tuple[Family, AnswerSource]],
    learner: LearnerPlan,
    metric: str,
    seed: int,
    tell: Callable[[str, float], None],
) -> list[CurvePoints]:
    """The measured curve of the learner for every way of asking, on the same training sets."""
    kind = learner.learner
    made = made_of(learner, trial)
    # Every fit is a training run: fewer sizes and training sets than of the linear learner.
    count = REPLICATES if trial.pool is None else REPLICATES // 2
    places = np.linspace(0, len(trial.sizes) - 1, min(SIZES, len(trial.sizes)))
    sizes = [trial.sizes[i] for i in sorted({round(p) for p in places})]
    found = []
    for number, (family, answers) in enumerate(ways):
        begun = number / len(ways)
        found.append(
            trial.measure(
                evidence.features, answers.draw, metric, seed,
                lambda part, f=family, b=begun: tell(
                    f"training {kind.many} on {f.name}", b + part / len(ways)
                ),
                sizes=sizes, replicates=count, learner=made,
            )
        )  # fmt: skip
    return found


def said_of_learners(
    families: Sequence[Family],
    other: Sequence[Forecast],
    linear: Sequence[Forecast],
    plan: PlanFile,
    metric: str,
    available: int | None,
) -> tuple[str, bool]:
    """(what each learner would buy for the budget and what it gets, are these different labels?)"""
    percent, sign = metric_of(metric).percent, metric_of(metric).sign
    said, bought = [], []
    for name, every in ((plan.learner.learner.words, other), (LEARNERS[LINEAR].words, linear)):
        reached = []
        for family, one in zip(families, every, strict=True):
            items = affordable_items(family.price, family.answers_per_item or 1, plan.budget)
            items = min(items, int(one.sizes[-1]), available or items)
            quality = float(np.interp(np.log(max(items, 1)), np.log(one.sizes), one.mean))
            reached.append((sign * quality if items >= 1 else -np.inf, family.name, items, quality))
        _, best, items, quality = max(reached, key=lambda one: one[0])
        bought.append(best)
        said.append(f"{name} would buy {best}, {show(quality, percent)} at {items:,} items")
    differ = bought[0] != bought[1]
    verdict = "they would buy different labels" if differ else "both would buy the same labels"
    return f"{said[0]}; {said[1]}: {verdict}", differ
