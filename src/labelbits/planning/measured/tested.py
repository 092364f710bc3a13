"""What a plan says of how quality was measured: whose answers, against what, by which learner."""

from __future__ import annotations

from labelbits.metrics import metric_of
from labelbits.planning.evidence.trial import Trial
from labelbits.planning.measured.other_learner import learner_assumption
from labelbits.planning.result import Assumption
from labelbits.planning.spec.planfile import LearnerPlan


def what_is_tested(
    trial: Trial, source: str, has_gold: bool, learner: LearnerPlan, metric: str
) -> tuple[list[Assumption], list[str]]:
    """(assumptions, warnings) about whose answers are learned from, what they are tested against
    and what learns; `source` says where the answers of one annotator are from."""
    warnings = []
    how = trial.how
    if trial.kind != "gold" and has_gold:
        how += (
            f"; {metric_of(metric).words} is to the distribution of people's answers, which gold "
            "does not know"
        )
    elif trial.kind != "gold":
        warnings.append(
            f"No gold: quality is measured against the pilot's own {trial.kind}, so a mistake "
            "that most annotators share counts as right. A right prediction beside a wrong answer "
            "counts as a mistake: where single answers are noisy, true quality can be better than "
            "what is measured. Gold for some of the items would tell both"
        )
    assumptions = [
        Assumption("answers of one annotator", "estimated", "", source),
        Assumption("reference", trial.kind, f"on {len(trial.test):,} items", how),
        learner_assumption(learner),
    ]
    return assumptions, warnings
