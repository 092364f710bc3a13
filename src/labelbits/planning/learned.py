"""Quality on the user's own features: measured on what is labelled, forecast to the budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from labelbits.errors import InputError
from labelbits.information.empirical import per_answer_empirical
from labelbits.interface import Estimate
from labelbits.learning import CurvePoints, Forecast, forecast, measure
from labelbits.planning.answering import AnswerSource, answer_probabilities, fit_report_noise
from labelbits.planning.inputs import Evidence
from labelbits.planning.planfile import PlanFile
from labelbits.planning.recommend import most_answers
from labelbits.planning.result import Assumption, Curve, Family

#: Fewest items worth measuring a learning curve on, and fewest to test on.
FEWEST_TRAINING, FEWEST_TEST = 30, 20
#: Points of the grid on which forecasts are kept.
GRID = 40
#: Items that bits per answer are averaged over, at most.
BITS_ITEMS = 4000
#: How far beyond the measured sizes a forecast is believed.
LIMIT = 10.0
#: Largest test set: beyond it the test adds time and no precision that matters.
LARGEST_TEST = 4000


@dataclass
class Learned:
    """Curves with what has to be said about them."""

    curves: list[Curve]
    assumptions: list[Assumption] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    extras: dict[str, Any] = field(default_factory=dict)


def reference_of(evidence: Evidence) -> tuple[np.ndarray, np.ndarray, str]:
    """(rows that can be tested on, what is right for each (rows, classes), where that is from)."""
    classes = evidence.counts.shape[1]
    if evidence.gold is not None and (evidence.gold >= 0).sum() >= FEWEST_TEST:
        rows = np.flatnonzero(evidence.gold >= 0)
        return rows, np.eye(classes)[evidence.gold[rows]], "gold"
    rows = evidence.labelled
    votes = evidence.counts[rows]
    return rows, votes / votes.sum(1, keepdims=True), "held-out votes"


def split(
    evidence: Evidence, rows: np.ndarray, fraction: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """(test rows, training pool). Gold on items without votes makes a test set that costs no
    training item; otherwise `fraction` of the labelled items is held out."""
    rng = np.random.default_rng(seed)
    labelled = np.zeros(len(evidence.features), dtype=bool)
    labelled[evidence.labelled] = True
    for batch in evidence.batches.values():
        labelled[np.unique(batch.items)] = True
    free = rows[~labelled[rows]]
    wanted = max(FEWEST_TEST, round(fraction * int(labelled.sum())))
    if len(free) >= max(wanted, 100):
        test = rng.permutation(free)[:LARGEST_TEST]
    else:
        test = rng.permutation(rows[labelled[rows]])[: min(wanted, LARGEST_TEST)]
    pool = labelled.copy()
    pool[test] = False
    return np.sort(test), np.flatnonzero(pool)


def sizes_to_measure(pool: int) -> np.ndarray:
    """Training sizes, doubling up to the whole pool."""
    smallest = max(FEWEST_TRAINING, min(100, pool // 8))
    steps = max(3, int(np.ceil(np.log2(pool / smallest))) + 1)
    return np.unique(np.geomspace(smallest, pool, steps).round().astype(int))


def learned_curves(
    evidence: Evidence,
    families: list[Family],
    plan: PlanFile,
    metric: str,
    seed: int,
    tell: Callable[[str, float], None],
) -> Learned:
    """The learning curve of every family on the user's features, extrapolated with intervals."""
    probabilities, source = answer_probabilities(evidence)
    result = Learned([])
    rows, reference, kind = reference_of(evidence)
    if kind != "gold":
        result.warnings.append(
            "No gold: quality is measured against the pilot's own held-out answers, so a mistake "
            "that most annotators share counts as right"
        )
    test, pool = split(evidence, rows, plan.goal.test_fraction, seed)
    if len(pool) < FEWEST_TRAINING or len(test) < FEWEST_TEST:
        raise InputError(
            f"{len(pool) + len(test)} labelled items are too few to plan from: "
            f"{FEWEST_TRAINING} to train on and {FEWEST_TEST} to test on are needed; label a "
            "pilot of at least 100 items with the cheapest signal"
        )
    reference = reference[np.searchsorted(rows, test)]
    result.assumptions += [
        Assumption("answers of one annotator", "estimated", "", source),
        Assumption("reference", kind, f"on {len(test):,} held-out items", "plan file"),
        Assumption(
            "learner",
            "ridge multinomial regression",
            "on the plan's features",
            "fitted to each kind of answer by its likelihood; ridge chosen by cross-validation",
        ),
    ]
    sizes = sizes_to_measure(len(pool))
    purchasable = int((evidence.counts.sum(1) == 0).sum())
    for number, family in enumerate(families):
        share = number / len(families)
        tell(f"training on {family.name}", share)
        signal = family.signal
        if hasattr(signal, "concentration") and family.kind in evidence.batches:
            signal = fit_report_noise(signal, evidence.batches[family.kind], probabilities)
            result.assumptions.append(
                Assumption(
                    f"concentration of {family.kind}",
                    float(signal.concentration),  # type: ignore[attr-defined]
                    "votes' worth of a report",
                    "fitted to the pilot's reports",
                )
            )
        m = family.answers_per_item or 1
        answers = AnswerSource(evidence, signal, m, probabilities)
        points = measure(
            evidence.features,
            answers.draw,
            sizes,
            5,
            test,
            reference,
            metrics=(metric,),
            pool=pool,
            seed=seed,
            progress=lambda done, f=family, s=share: tell(
                f"training on {f.name}", s + done / len(families)
            ),
        )[metric]
        tell(f"forecasting {family.name}", share + 0.9 / len(families))
        curve = _curve(family, points, plan, metric, seed, purchasable)
        bits = _bits(signal, probabilities[evidence.labelled], m, seed)
        result.curves.append(Curve(**{**curve.__dict__, "bits": bits}))
        result.warnings += _provenance(family, answers, pool, curve, plan)
    if purchasable == 0:
        result.warnings.append(
            f"Every one of the {len(evidence.features):,} items has a label already; sizes beyond "
            "them stand for new items like these"
        )
    result.extras["bits_about"] = (
        "Bits that one answer tells about which item it is (mutual information over your items)."
    )
    return result


def _curve(
    family: Family, points: CurvePoints, plan: PlanFile, metric: str, seed: int, purchasable: int
) -> Curve:
    m = family.answers_per_item or 1
    limit = LIMIT * float(points.sizes.max())
    if purchasable:
        limit = min(limit, purchasable)
    smallest = float(points.sizes.min())
    placeholder = Curve(
        family, np.array([1.0]), np.zeros((1, 1)), np.zeros((0, 4)), np.inf, None, None
    )
    wanted = most_answers(placeholder, plan.budget) / m
    largest = max(min(limit, max(wanted, smallest)), float(points.sizes.max()))
    grid = np.unique(np.concatenate([np.geomspace(smallest, largest, GRID), points.sizes]))
    ahead: Forecast = forecast(points, grid, metric=metric, seed=seed, limit=LIMIT)
    values = np.asarray(points.values)
    measured = np.stack(
        [points.sizes * m, np.nanmean(values, 1), np.nanmin(values, 1), np.nanmax(values, 1)],
        axis=1,
    )
    return Curve(family, grid * m, np.asarray(ahead.draws), measured, limit * m, None, None)


def _bits(signal: Any, probabilities: np.ndarray, m: int, seed: int) -> Estimate:
    if len(probabilities) > BITS_ITEMS:
        rows = np.random.default_rng(seed).choice(len(probabilities), BITS_ITEMS, replace=False)
        probabilities = probabilities[rows]
    bits = per_answer_empirical(signal, probabilities, seed=seed)
    if signal.name != "votes":
        return bits
    # One answer of this family is one vote: the information of all M is shared between them.
    return Estimate(bits.bits / m, bits.standard_error / m, bits.method, bits.about)


def _provenance(
    family: Family, answers: AnswerSource, pool: np.ndarray, curve: Curve, plan: PlanFile
) -> list[str]:
    found = []
    share = answers.share_real(pool)
    if share < 0.995:
        found.append(
            f"{family.name}: {share:.0%} of the training items have real answers of this kind; the "
            "rest were simulated from the votes"
        )
    wanted = most_answers(curve, plan.budget)
    if wanted > curve.limit * 1.001:
        text = (
            f"{family.name}: the budget buys {wanted:,.0f} answers; the evidence supports up to "
            f"{curve.limit:,.0f}"
        )
        measured = float(curve.measured[-1, 0])
        if curve.limit >= LIMIT * measured * 0.999:
            pilot = wanted / (family.answers_per_item or 1) / LIMIT
            text += f" ({LIMIT:.0f} x what was measured); a pilot of {pilot:,.0f} items would do"
        else:
            text += ", one purchase for every item that has no label yet"
        found.append(text)
    return found
