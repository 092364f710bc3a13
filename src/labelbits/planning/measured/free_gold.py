"""What items with gold that nobody was asked about give as training items: they cost nothing."""

from __future__ import annotations

import numpy as np

from labelbits.interface import Batch
from labelbits.learning import cross_measure
from labelbits.learning.curves.engine import Learner
from labelbits.metrics import metric_of
from labelbits.planning.evidence.loading import Evidence
from labelbits.planning.evidence.trial import ENOUGH_TEST, Trial
from labelbits.planning.market import Market
from labelbits.planning.measured.guides import FOLDS, beside_tested, gold_elsewhere
from labelbits.planning.records import KnownGold, Recommendation
from labelbits.signals import Hard

#: Passes over the tested items.
PASSES = 2


def what_gold_gives(
    evidence: Evidence, trial: Trial, metric: str, seed: int, learner: Learner | None = None
) -> KnownGold | None:
    """Quality of a classifier (`learner`, or the linear one) trained on the gold of items without
    answers, tested as the plan does with no tested item among its training items.

    None where there are too few such items, where training sets are few shots or of other groups
    than what is tested, and for metrics that more items need not improve. `items` have gold,
    `measured_on` of them could be trained on beside those tested.
    """
    gold, elsewhere = evidence.gold, gold_elsewhere(evidence, trial)
    size = beside_tested(elsewhere, trial, evidence.features.shape[1])
    if (
        gold is None
        or len(elsewhere) < ENOUGH_TEST
        or size < ENOUGH_TEST // 2
        or metric_of(metric).shape is None
    ):
        return None

    def draw(_: np.random.Generator, rows: np.ndarray) -> list[Batch]:
        nobody, ones = np.zeros(len(rows), np.int32), np.ones(len(rows), np.float32)
        return [Batch(Hard(), rows[:, None], gold[rows][:, None], nobody, ones)]

    passes = PASSES if learner is None else 1
    points = cross_measure(
        evidence.features, draw, [size], passes * FOLDS, trial.test, trial.reference,
        metrics=(metric,), folds=FOLDS, seed=seed, train_rows=elsewhere,
        learner=learner,
    )[metric]  # fmt: skip
    return {
        "items": len(elsewhere),
        "measured_on": size,
        "quality": float(points.mean[-1]),
        "standard_error": float(points.standard_error()[-1]),
    }


def said_of_gold(known: KnownGold, advice: Recommendation, market: Market) -> str:
    """What the items with gold give for nothing, beside what the advised purchase gives."""
    show = market.shown
    most = "" if known["measured_on"] >= 0.7 * known["items"] else " or better"
    if market.sign * (known["quality"] - advice["quality"]) >= 0:
        beside = f"as good as the purchase, which is expected to give {show(advice['quality'])}"
    else:
        beside = f"the purchase is expected to give {show(advice['quality'])} without them"
    return (
        f"The {known['items']:,} items with gold and no answers can be trained on as they are, for "
        f"nothing: {known['measured_on']:,} of them alone give {market.metric.title} "
        f"{show(known['quality'])}{most} ({market.between(market.measured_interval(known))}); "
        f"{beside}. Train on both, and keep some gold to test on"
    )
