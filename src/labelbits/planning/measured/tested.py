"""What a plan says of how quality was measured: whose answers, against what, by which learner."""

from __future__ import annotations

import numpy as np

from labelbits.metrics import metric_of
from labelbits.planning.evidence.trial import ENOUGH_TEST, Trial
from labelbits.planning.measured.other_learner import learner_assumption
from labelbits.planning.result import Assumption
from labelbits.planning.spec.planfile import LearnerPlan


def what_is_tested(
    trial: Trial, source: str, gold: np.ndarray | None, learner: LearnerPlan, metric: str
) -> tuple[list[Assumption], list[str]]:
    """(assumptions, warnings) about whose answers are learned from, what they are tested against
    and what learns; `source` says where the answers of one annotator are from, `gold` (items,) what
    is right, -1 where that is not known."""
    warnings = []
    how, tested = trial.how, len(trial.test)
    few = 0 if gold is None else int((gold >= 0).sum())
    if trial.kind != "gold" and few and not trial.golden and metric_of(metric).of_people:
        how += (
            f"; {metric_of(metric).words} is to the distribution of people's answers, which gold "
            "does not know"
        )
    elif trial.kind != "gold":
        head = f"No gold: quality is measured against the pilot's own {trial.kind}"
        tail = "Gold for some of the items would tell both"
        if few:
            head = (
                f"Gold of {few:,} items is too little to measure with: it is what is right for "
                f"{trial.golden:,} of the {tested:,} tested items, and the pilot's own "
                f"{trial.kind} for the others"
            )
            tail = (
                f"Gold for {ENOUGH_TEST:,} items, or for half of the labelled ones, would tell both"
            )
            how += f"; gold where it is known ({trial.golden:,} items)"
        warnings.append(
            f"{head}, so a mistake that most annotators share counts as right. A right prediction "
            "beside a wrong answer counts as a mistake: where single answers are noisy, true "
            f"quality can be better than what is measured. {tail}"
        )
    assumptions = [
        Assumption("answers of one annotator", "estimated", "", source),
        Assumption("reference", trial.kind, f"on {tested:,} items", how),
        learner_assumption(learner),
    ]
    return assumptions, warnings
