"""Quality on the user's own features: measured on what is labelled, forecast to the budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from labelbits.errors import InputError
from labelbits.information.empirical import per_answer_empirical
from labelbits.interface import Batch, Estimate
from labelbits.learning import (
    CurvePoints,
    Forecast,
    cross_measure,
    diagnose,
    forecast,
    measure,
    pilot_sizes,
)
from labelbits.planning.answering import AnswerSource, answer_probabilities, fit_report_noise
from labelbits.planning.cost import affordable_items
from labelbits.planning.inputs import Evidence
from labelbits.planning.planfile import PlanFile
from labelbits.planning.recommend import most_answers
from labelbits.planning.result import Assumption, Curve, Family

#: Fewest items worth measuring a learning curve on, and fewest to test on.
FEWEST_TRAINING, FEWEST_TEST = 30, 20
#: Points of the grid on which forecasts are kept.
GRID = 40
#: Items that bits per answer are averaged over, at most.
BITS_ITEMS = 1500
#: How far beyond the measured sizes a forecast is believed.
LIMIT = 10.0
#: Largest test set: beyond it the test adds time and no precision that matters.
LARGEST_TEST = 2000
#: Items with gold and without votes that are enough to test on.
ENOUGH_TEST = 200
#: From this many labelled items on, some are held out instead of cross-validated.
LARGE_PILOT = 2000
#: Items on which the pilot is checked, at most.
DIAGNOSED = 1000
#: Training sets of each size: by held-out rows, and by cross-validation.
REPLICATES, CROSS_REPLICATES = 10, 20


#: Draws training answers for rows of the features.
Draw = Callable[[np.random.Generator, np.ndarray], list[Batch]]


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


@dataclass(frozen=True)
class Trial:
    """How quality is measured: on fixed held-out rows, or by cross-validation inside the pilot.

    `test` (T,) rows with `reference` (T, K); `pool` the rows to train on, None: the test rows
    themselves, by cross-validation. `sizes` are the numbers of items to train on.
    """

    test: np.ndarray
    reference: np.ndarray
    pool: np.ndarray | None
    sizes: list[int]
    kind: str

    @property
    def trainable(self) -> np.ndarray:
        """Rows that training sets are drawn from."""
        return self.test if self.pool is None else self.pool

    def measure(
        self,
        features: np.ndarray,
        draw: Draw,
        metric: str,
        seed: int,
        tell: Callable[[float], None],
    ) -> CurvePoints:
        """The learning curve of one way of asking."""
        if self.pool is None:
            found = cross_measure(
                features, draw, self.sizes, CROSS_REPLICATES, self.test, self.reference,
                metrics=(metric,), seed=seed, progress=tell,
            )  # fmt: skip
        else:
            found = measure(
                features, draw, self.sizes, REPLICATES, self.test, self.reference,
                metrics=(metric,), pool=self.pool, seed=seed, progress=tell,
            )  # fmt: skip
        return found[metric]


def design_trial(evidence: Evidence, fraction: float, seed: int) -> Trial:
    """Choose what to test on.

    Gold on items without votes is a test set that costs no training item. Without it, a large
    pilot gives up `fraction` of its items; in a small one every item is tested by
    cross-validation, because few held-out items would tell little. Raises `InputError` for a
    pilot that is too small.
    """
    rng = np.random.default_rng(seed)
    rows, reference, kind = reference_of(evidence)
    labelled = np.zeros(len(evidence.features), dtype=bool)
    labelled[evidence.labelled] = True
    for batch in evidence.batches.values():
        labelled[np.unique(batch.items)] = True
    inside = labelled[rows]
    classes = reference.shape[1]
    if labelled.sum() < FEWEST_TRAINING + FEWEST_TEST or (
        inside.sum() < FEWEST_TEST and (~inside).sum() < FEWEST_TEST
    ):
        raise InputError(
            f"{int(labelled.sum())} labelled items are too few to plan from: {FEWEST_TRAINING} to "
            f"train on and {FEWEST_TEST} to test on are needed; label a pilot of at least 100 "
            "items with the cheapest signal"
        )
    free = np.flatnonzero(~inside)
    if len(free) >= ENOUGH_TEST:
        test = np.sort(rng.permutation(free)[:LARGEST_TEST])
        pool = np.flatnonzero(labelled)
        sizes = _sizes(len(pool), classes)
        return Trial(rows[test], reference[test], pool, sizes, kind)
    known = np.flatnonzero(inside)
    if len(known) < LARGE_PILOT:
        largest = len(known) - -(-len(known) // 10)
        return Trial(rows[known], reference[known], None, _sizes(largest, classes), kind)
    count = min(LARGEST_TEST, round(fraction * len(known)))
    test = np.sort(rng.permutation(known)[:count])
    pool = np.setdiff1d(np.flatnonzero(labelled), rows[test])
    return Trial(rows[test], reference[test], pool, _sizes(len(pool), classes), kind)


def check_pilot(evidence: Evidence, seed: int) -> list[str]:
    """What makes the pilot doubtful. Raises `InputError`, with the pilot to run instead, where it
    cannot support a plan at all: no number is better than a wrong one."""
    votes = evidence.counts
    if not votes.any():
        return []
    rows = evidence.labelled
    if len(rows) > DIAGNOSED:
        rows = np.sort(np.random.default_rng(seed).choice(rows, DIAGNOSED, replace=False))
    found = diagnose(evidence.features[rows], votes[rows], seed=seed)
    fatal = [concern.message for concern in found.concerns if concern.fatal]
    if fatal:
        raise InputError("this pilot cannot support a plan. " + " ".join(fatal))
    return [concern.message.rstrip(".") for concern in found.concerns]


def _sizes(largest: int, classes: int) -> list[int]:
    """Training sizes that trace the curve, from a few items a class to `largest`."""
    small = [n for n in (10 * classes, 25 * classes) if n < largest / 20]
    return sorted({*small, *pilot_sizes(largest, classes)})


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
    result.warnings += check_pilot(evidence, seed)
    trial = design_trial(evidence, plan.goal.test_fraction, seed)
    if trial.kind != "gold":
        result.warnings.append(
            "No gold: quality is measured against the pilot's own held-out answers, so a mistake "
            "that most annotators share counts as right"
        )
    result.assumptions += [
        Assumption("answers of one annotator", "estimated", "", source),
        Assumption(
            "reference",
            trial.kind,
            f"on {len(trial.test):,} items",
            "cross-validated inside the pilot" if trial.pool is None else "held out",
        ),
        Assumption(
            "learner",
            "ridge multinomial regression",
            "on the plan's features",
            "fitted to each kind of answer by its likelihood; ridge chosen by cross-validation",
        ),
    ]
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
        points = trial.measure(
            evidence.features,
            answers.draw,
            metric,
            seed,
            lambda done, name=family.name, start=share: tell(
                f"training on {name}", start + 0.9 * done / len(families)
            ),
        )
        tell(f"forecasting {family.name}", share + 0.9 / len(families))
        curve, parts = _curve(family, points, plan, metric, seed, purchasable)
        result.extras.setdefault("uncertainty", []).append(parts)
        check = _backtest(family, points, metric, seed)
        if check is not None:
            result.extras.setdefault("backtest", []).append(check)
        bits = _bits(signal, probabilities[evidence.labelled], m, seed)
        result.curves.append(replace(curve, bits=bits))
        result.warnings += _provenance(family, answers, trial.trainable, curve, plan)
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
) -> tuple[Curve, dict[str, Any]]:
    """The forecast of one family up to what the budget buys, and where its uncertainty is from."""
    m = family.answers_per_item or 1
    largest_measured = float(points.sizes.max())
    limit = LIMIT * largest_measured
    if purchasable:
        limit = max(min(limit, purchasable), float(points.sizes.min()))
    wanted = affordable_items(family.price, m, plan.budget)
    last = max(min(limit, wanted), largest_measured)
    grid = np.geomspace(float(points.sizes.min()), last, GRID)
    grid = np.minimum(np.unique(np.concatenate([grid, points.sizes])), LIMIT * largest_measured)
    ahead: Forecast = forecast(points, grid, metric=metric, seed=seed, limit=LIMIT)
    values = np.asarray(points.values)
    measured = np.stack(
        [points.sizes * m, points.mean, np.nanmin(values, 1), np.nanmax(values, 1)], axis=1
    )
    at = int(np.searchsorted(grid, min(limit, max(wanted, grid[0]))).clip(0, len(grid) - 1))
    parts = {
        "family": family.name,
        "items": round(float(grid[at])),
        "sampling": [float(ahead.sampling_low[at]), float(ahead.sampling_high[at])],
        "model": [float(ahead.model_low[at]), float(ahead.model_high[at])],
    }
    return Curve(family, grid * m, np.asarray(ahead.draws), measured, limit * m, None, None), parts


def _backtest(family: Family, points: CurvePoints, metric: str, seed: int) -> dict[str, Any] | None:
    """The same forecast from the sizes up to a quarter of the largest, against the largest."""
    early = points.sizes <= points.sizes.max() / 4
    if early.sum() < 3:
        return None
    # Everything that is kept by size, whatever the points come to hold.
    by_size = {
        one.name: getattr(points, one.name)[early]
        for one in fields(points)
        if isinstance(getattr(points, one.name), np.ndarray)
    }
    cut = replace(points, **by_size)
    size = float(points.sizes.max())
    ahead = forecast(cut, np.array([size]), metric=metric, seed=seed, limit=LIMIT)
    if not np.isfinite(ahead.mean[0]):
        return None
    return {
        "family": family.name,
        "trained_to": int(cut.sizes.max()),
        "items": int(size),
        "predicted": float(ahead.mean[0]),
        "low": float(ahead.low[0]),
        "high": float(ahead.high[0]),
        "actual": float(points.mean[-1]),
    }


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
