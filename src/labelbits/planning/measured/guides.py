"""Learning curves on items with gold that nobody was asked about: how the pilot's curves go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from labelbits.learning import CurvePoints, Forecast, cross_measure
from labelbits.learning.forecasts.guide import FURTHER
from labelbits.learning.forecasts.joint import BELIEVED
from labelbits.metrics import metric_of
from labelbits.planning.evidence.answer_source import AnswerSource
from labelbits.planning.evidence.loading import Evidence
from labelbits.planning.evidence.trial import ENOUGH_TEST, HEAVY, Trial
from labelbits.planning.measured.backtest import LIMIT
from labelbits.planning.measured.constant import constant_of
from labelbits.planning.result import Assumption

#: Items of the largest training set: beyond it a curve is steady and fits take long.
MOST = 2000
#: Sizes of a guide, parts that the tested items are split in, and training sets of each size up to
#: 1,000 items.
POINTS, FOLDS, REPLICATES = 9, 5, 25


def guide_of(
    evidence: Evidence,
    trial: Trial,
    answers: AnswerSource,
    points: CurvePoints,
    seed: int,
    tell: Callable[[float], None] | None = None,
) -> CurvePoints | None:
    """The curve `points` measured again on items with gold and no answers, as `learning.guide`
    wants it: answers are simulated as the pilot's noise has them, the same items are tested.

    None where there are too few such items, where training sets are few shots or of other groups
    than what is tested (then these items are not what will be bought), or where the answers cannot
    be trained on in batches.
    """
    if points.ridges is None or not np.isfinite(points.ridges).any() or points.theory is None:
        return None
    elsewhere = gold_elsewhere(evidence, trial)
    sizes = guide_sizes(elsewhere, trial, evidence.features.shape[1])
    if not sizes:
        return None
    found = cross_measure(
        evidence.features, answers.draw, sizes, REPLICATES, trial.test, trial.reference,
        metrics=(points.metric,), folds=FOLDS, seed=seed, progress=tell, train_rows=elsewhere,
        power=points.power,
    )  # fmt: skip
    return found[points.metric]


def gold_elsewhere(evidence: Evidence, trial: Trial) -> np.ndarray:
    """Rows with gold and no answers; none where training sets are few shots or of other groups than
    what is tested: then these items are not what will be bought."""
    if evidence.gold is None or trial.balanced is not None or trial.is_shifted:
        return np.zeros(0, dtype=int)
    return np.setdiff1d(np.flatnonzero(evidence.gold >= 0), evidence.answered)


def guide_sizes(elsewhere: np.ndarray, trial: Trial, columns: int) -> list[int]:
    """Training sizes of a guide on the rows `elsewhere`; none where it would not go further."""
    reach = beside_tested(elsewhere, trial, columns, round(LIMIT * trial.largest))
    if len(elsewhere) < ENOUGH_TEST or reach < FURTHER * trial.largest:
        return []
    sizes = np.geomspace(min(trial.sizes), reach, POINTS).round().astype(int)
    return np.unique(sizes).tolist()


def beside_tested(elsewhere: np.ndarray, trial: Trial, columns: int, most: int = MOST) -> int:
    """How many of the rows `elsewhere` can be trained on while a fold of the tested ones is tested,
    at most `most` and `MOST`, fewer where fits take long."""
    fold = min(-(-len(trial.test) // FOLDS), len(np.intersect1d(elsewhere, trial.test)))
    reach = min(len(elsewhere) - fold, MOST, most)
    while reach * columns * trial.reference.shape[1] > 4 * HEAVY:
        reach //= 2
    return reach


def said_of_guides(
    guides: Sequence[CurvePoints | None], forecasts: Sequence[Forecast], names: Sequence[str]
) -> tuple[list[Assumption], list[str]]:
    """What a plan has to say about the guides it followed, or did not follow."""
    alike = [f.alike for f in forecasts if f.alike is not None]
    used = [g for g in guides if g is not None]
    if not alike or not used:
        return [], []
    most, chance = max(int(g.sizes.max()) for g in used), min(alike)
    believed = chance >= BELIEVED
    assumption = Assumption(
        "items with gold that nobody was asked about",
        round(chance, 2),
        "probability that they are like the pilot's",
        f"trained on up to {most:,} of them with answers simulated by the pilot's noise"
        + (", which tells how the curves go on" if believed else "")
        + "; the pilot's own curves were compared with theirs",
    )
    if believed:
        return [assumption], []
    led = [name for name, guide in zip(names, guides, strict=True) if guide is not None]
    return [assumption], [
        "What is learnt from the items with gold outside the pilot is not what is learnt from the "
        f"pilot's ({', '.join(led)}): the forecast goes by the pilot's own curves, and is less "
        "sure. Check that both were chosen alike (at random from the same items)"
    ]


def doubts_of_tests(evidence: Evidence, trial: Trial, points: CurvePoints) -> list[str]:
    """What is odd about the items that quality is measured on."""
    found = []
    share = trial.reference.mean(0)
    asked = evidence.stated.sum(0) > 0
    absent = [n for n, s, a in zip(evidence.class_names, share, asked, strict=True) if a and not s]
    if absent:
        classes = "class" if len(absent) == 1 else "the classes"
        found.append(
            f"No tested item is of {classes} {', '.join(absent)}: quality says nothing about them, "
            "and is higher or lower than on all items. Add gold for items of every class"
        )
    constant = constant_of(trial.reference, points.metric, tuple(evidence.class_names))
    if constant is None or trial.balanced is not None or trial.is_shifted:
        return found
    if len(np.intersect1d(trial.test, evidence.labelled)):
        return found
    better = points.mean[-1] - constant["quality"]
    better = metric_of(points.metric).sign * better
    if better < 2 * points.standard_error()[-1]:
        found.append(
            "The pilot's answers can be foretold from the features, the gold of the items outside "
            f"the pilot cannot be from the pilot ({points.metric} {points.mean[-1]:.3g}; always "
            f"answering alike {constant['quality']:.3g}). Check that gold numbers the classes as "
            "the answers do, that its rows are those of the features, and that both were "
            "chosen alike"
        )
    return found
