"""How far a forecast may be trusted: made again from smaller sizes, and what its answers are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np

from labelbits.interface import Z
from labelbits.learning import CurvePoints, forecast_options
from labelbits.learning.forecasts.guide import training_luck
from labelbits.learning.forecasts.joint import BELIEVED
from labelbits.learning.theory import infer_theory
from labelbits.metrics import metric_of
from labelbits.planning.evidence.answer_source import AnswerSource
from labelbits.planning.evidence.trial import Trial
from labelbits.planning.purchases import most_answers, widened
from labelbits.planning.records import Backtest
from labelbits.planning.result import Curve, Family
from labelbits.planning.spec.planfile import Budget

#: How far beyond the measured sizes a forecast is believed.
LIMIT = 10.0
#: Draws of a forecast that is only checked.
DRAWS = 300


def backtest(
    name: str,
    points: CurvePoints,
    trial: Trial,
    features: np.ndarray,
    seed: int,
    guide: CurvePoints | None = None,
) -> Backtest | None:
    """The same forecast from the sizes up to a quarter of the largest, against the largest.

    In a cross-validation the theory of the features sees as many labels as the forecast may know;
    a fixed test set, and a `guide`, are known whatever is bought. The interval is of what this
    pilot gives: where a guide is followed it holds the luck of one training set.
    """
    early = points.sizes <= points.sizes.max() / 4
    if early.sum() < 3:
        return None
    theory = points.theory
    if theory is not None and trial.pool is None:
        known = int(points.sizes[early].max())
        some = np.sort(np.random.default_rng([seed, known]).permutation(len(trial.test))[:known])
        theory = infer_theory(
            features, trial.test[some], trial.reference[some], purity=theory.purity
        )
    # Everything that is kept by size, whatever the points come to hold.
    by_size = {
        one.name: getattr(points, one.name)[early]
        for one in fields(points)
        if isinstance(getattr(points, one.name), np.ndarray)
    }
    cut = replace(points, **by_size, theory=theory)
    size = float(points.sizes.max())
    ahead = forecast_options(
        [cut], np.array([size]), seed=seed, limit=LIMIT, draws=DRAWS, guides=[guide]
    )[0]
    if not np.isfinite(ahead.mean[0]):
        return None
    predicted, low, high = float(ahead.mean[0]), float(ahead.low[0]), float(ahead.high[0])
    if guide is not None and ahead.alike is not None and ahead.alike >= BELIEVED:
        # The pilot is one training set; a guide foretells the mean of many.
        luck = training_luck(guide)
        seen = np.isfinite(luck)
        one = np.interp(np.log(size), np.log(guide.sizes[seen]), luck[seen])
        half = Z * float(one)
        low, high = widened(predicted, (low, high), half)
        low, high = (float(end) for end in metric_of(points.metric).within([low, high]))
    return {
        "family": name,
        "trained_to": int(cut.sizes.max()),
        "items": int(size),
        "predicted": predicted,
        "low": low,
        "high": high,
        "actual": float(points.mean[-1]),
    }


def provenance(family: Family, answers: AnswerSource, pool: np.ndarray) -> list[str]:
    """The note on answers of a family that were partly simulated, if they were."""
    share = answers.share_real(pool)
    if not 0.005 <= share < 0.995:
        return []
    return [
        f"{family.name}: {100 * share:.0f} % of the training items have real answers of this "
        "kind; the rest were simulated from what is known of the items"
    ]


def beyond_evidence(curves: Sequence[Curve], budget: Budget) -> list[str]:
    """Notes on money that the evidence cannot follow: one a reason, whatever the options."""
    beyond = [c for c in curves if most_answers(c, budget) > c.limit * 1.001]
    out_of_items = [c for c in beyond if c.needs_items and not c.per_class]
    found = []
    if out_of_items:
        items = max(c.limit / (c.family.answers_per_item or 1) for c in out_of_items)
        whom = "" if len(out_of_items) == len(curves) else f" of {_names(out_of_items)}"
        found.append(
            f"Only {items:,.0f} items are left to label, fewer than the budget buys{whom}; the "
            "rest of the money stays unspent"
        )
    for per_class in (False, True):
        short = [c for c in beyond if c not in out_of_items and bool(c.per_class) == per_class]
        if not short:
            continue
        wanted = max(_pilot_for(c, budget) for c in short)
        enough = f"shots_per_class up to {wanted:,} would do"
        if not per_class:
            enough = f"a pilot of {wanted:,} items would do"
        sizes = "; ".join(
            f"{c.family.name}: {c.limit:,.0f} of {most_answers(c, budget):,.0f}" for c in short
        )
        found.append(
            f"Forecasts reach {LIMIT:.0f} x what was measured, less than the budget buys (answers "
            f"of {sizes}); {enough}"
        )
    return found


def _pilot_for(curve: Curve, budget: Budget) -> int:
    """Items (of each class, where classes are equal) of a pilot that reaches the budget."""
    items = most_answers(curve, budget) / (curve.family.answers_per_item or 1) / LIMIT
    return math.ceil(items / (curve.per_class or 1))


def _names(curves: Sequence[Curve]) -> str:
    return ", ".join(curve.family.name for curve in curves)
