"""Quality on the user's own features: measured on what is labelled, forecast to the budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from labelbits.errors import InputError
from labelbits.interface import Estimate
from labelbits.learning import CurvePoints, Forecast, forecast_options
from labelbits.learning.forecasts.extrapolate import WALK
from labelbits.metrics import metric_of
from labelbits.planning.evidence.annotators import voices_of
from labelbits.planning.evidence.answer_source import (
    AnswerSource,
    answer_probabilities,
    fit_report_noise,
)
from labelbits.planning.evidence.bundled import is_bundled
from labelbits.planning.evidence.doubts import check_pilot, diagnosed, of_one_annotator
from labelbits.planning.evidence.loading import Evidence
from labelbits.planning.evidence.trial import Trial, design_trial
from labelbits.planning.item_list import ItemList
from labelbits.planning.measured.backtest import LIMIT, backtest, beyond_evidence, provenance
from labelbits.planning.measured.bits import bits_of
from labelbits.planning.measured.ceiling import ceiling_of
from labelbits.planning.measured.constant import constant_draws, constant_of
from labelbits.planning.measured.curve import curve_of, grid_of, with_item_noise
from labelbits.planning.measured.dominance import chains_of, in_their_order
from labelbits.planning.measured.each_item import needed_each
from labelbits.planning.measured.free_gold import what_gold_gives
from labelbits.planning.measured.guides import doubts_of_tests, guide_of, said_of_guides
from labelbits.planning.measured.held_labels import what_is_there
from labelbits.planning.measured.items import item_list
from labelbits.planning.measured.other_learner import (
    learner_points,
    made_of,
    mixes,
    said_of_learners,
)
from labelbits.planning.measured.selection import corrected, kept_of_gain, said_of_selection
from labelbits.planning.measured.tested import what_is_tested
from labelbits.planning.mixtures.measured import mixture_of_labels
from labelbits.planning.mixtures.strata import Way
from labelbits.planning.records import Ceiling, Extras
from labelbits.planning.result import Assumption, Curve, Family
from labelbits.planning.shown import show
from labelbits.planning.spec.annotator_kinds import KnownBy
from labelbits.planning.spec.cost import affordable_items
from labelbits.planning.spec.planfile import PlanFile
from labelbits.progress import known_so_far

#: Where the pilot's measurement tells less of what sets options apart than this, theory does.
TOLD = 0.3


@dataclass
class Learned:
    """Curves with what has to be said about them."""

    curves: list[Curve]
    assumptions: list[Assumption] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    extras: Extras = field(default_factory=Extras)
    items: ItemList | None = None


def purchasable(evidence: Evidence, plan: PlanFile) -> int | None:
    """How many items can be bought labels for; None where new items like these can be had.

    Rows without any label are what there is to buy. Where every row has one, purchases stand for
    new items, up to the plan's `most_items`.
    """
    empty = int((evidence.stated.sum(1) == 0).sum())
    if evidence.pilot.batches and not evidence.stated.any():
        empty = len(evidence.features) - len(evidence.answered)
    most = plan.dataset.most_items
    if not empty:
        return most
    return empty if most is None else min(empty, most)


def learned_curves(
    evidence: Evidence,
    families: list[Family],
    plan: PlanFile,
    metric: str,
    seed: int,
    tell: Callable[[str, float], None],
) -> Learned:
    """The learning curve of every family on the user's features, extrapolated with intervals."""
    crowd, source = answer_probabilities(evidence)
    result = Learned([])
    result.warnings += check_pilot(evidence, families, seed)
    available = purchasable(evidence, plan)
    affordable = [affordable_items(f.price, f.answers_per_item or 1, plan.budget) for f in families]
    if not any(affordable):
        return _nothing_affordable(families, result)
    trial = design_trial(
        evidence, plan.goal, seed, min(n for n in affordable if n) if affordable else 1
    )
    assumed, doubted = what_is_tested(trial, source, evidence.gold, plan.learner, metric)
    result.assumptions += assumed
    result.warnings += doubted
    ceiling = ceiling_of(evidence, trial, metric)
    measured: list[tuple[Family, AnswerSource, CurvePoints, Estimate | None]] = []
    guides: list[CurvePoints | None] = []
    for number, family in enumerate(families):
        share = 0.85 * number / len(families)
        tell(f"training on {family.name}", share)
        assert family.asked is not None
        voices = voices_of(family.asked, evidence, crowd, family.number)
        if voices.source:
            result.assumptions.append(
                Assumption(f"answers by {family.annotators}", "estimated", "", voices.source)
            )
        m = family.answers_per_item or 1
        if m > 1 and _is_one_model(family, voices.evidence):
            result.warnings.append(
                f"{family.name} was left out: a language model asked the same again says the same "
                "again, and the pilot holds no second answers of it"
            )
            continue
        signal = family.signal
        if hasattr(signal, "concentration") and family.kind in voices.evidence.batches:
            signal = fit_report_noise(signal, evidence.batches[family.kind], crowd)
            result.assumptions.append(
                Assumption(
                    f"concentration of {family.kind}",
                    float(signal.concentration),  # type: ignore[attr-defined]
                    "votes' worth of a report",
                    "fitted to the pilot's reports",
                )
            )
        answers = AnswerSource(voices.evidence, signal, m, voices.probabilities)
        each = 0.85 / len(families)
        # One scaling of the columns for all: the first that is measured chooses it.
        power = next((p.power for _, _, p, _ in measured if np.isfinite(p.power)), None)
        points = trial.measure(
            evidence.features, answers.draw, metric, seed,
            _part(tell, f"training on {family.name}", share, 0.6 * each), power=power,
        )  # fmt: skip
        points = with_floor(points, ceiling)
        known_so_far(said_so_far(family.name, points, metric))
        guides.append(guide_of(
            evidence, trial, answers, points, seed,
            _part(tell, f"training on items with gold: {family.name}", share + 0.6 * each,
                  0.4 * each),
        ))  # fmt: skip
        bits = bits_of(signal, voices.probabilities[evidence.answered], m, seed)
        measured.append((family, answers, points, bits))
    if not measured:
        raise InputError("no [[signal]] of the plan can be planned: " + "; ".join(result.warnings))
    linear, is_linear = [one[2] for one in measured], plan.learner.learner.made is None
    if not is_linear:
        points = learner_points(
            evidence, trial, [one[:2] for one in measured], plan.learner, metric, seed, tell
        )
        measured = [
            (f, a, with_floor(p, ceiling), b)
            for (f, a, _, b), p in zip(measured, points, strict=True)
        ]
        guides = [None] * len(measured)  # guides are of the linear learner
        result.warnings += [said] if (said := mixes(plan.learner)) else []
    result.warnings += doubts_of_tests(evidence, trial, measured[0][2])
    tell("forecasting", 0.8)
    grid = grid_of(measured[0][2])
    every = forecast_options(
        [one[2] for one in measured], grid, seed=seed, limit=LIMIT, guides=guides,
        chains=chains_of([one[0] for one in measured]),
        answers=[one[0].answers_per_item or 1 for one in measured] if is_linear else None,
    )  # fmt: skip
    if not is_linear:
        beside = forecast_options(linear, grid, seed=seed, limit=LIMIT)
        of = [one[0] for one in measured]
        said, differ = said_of_learners(of, every, beside, plan, metric, available)
        result.extras["learners"] = said
        if differ:
            result.warnings.append(said)
        else:
            result.assumptions.append(Assumption("other learner", "the same labels", "", said))
    result.warnings += said_of_accounts(measured, every, metric)
    result.extras["by_theory"] = any(one.told is not None and one.told < TOLD for one in every)
    notes, doubts = said_of_guides(guides, every, [one[0].name for one in measured])
    result.assumptions += notes
    result.warnings += doubts
    ways: list[Way] = []
    guess = _guess(trial, metric)
    for (family, answers, points, bits), ahead, guide in zip(measured, every, guides, strict=True):
        curve, parts = curve_of(family, points, ahead, plan, seed, available, guess)
        per_class = 0 if trial.balanced is None else trial.reference.shape[1]
        free = constant_draws(points, trial.reference, len(curve.draws), seed)
        curve = replace(curve, bits=bits, per_class=per_class, constant=free)
        result.extras.setdefault("uncertainty", []).append(parts)
        check = backtest(family.name, points, trial, evidence.features, seed, guide)
        if check is not None:
            result.extras.setdefault("backtest", []).append(check)
        result.curves.append(curve)
        ways.append(Way(family, answers, points, curve))
        result.warnings += provenance(family, answers, trial.trainable)
    result.warnings += beyond_evidence(result.curves, plan.budget)
    said = of_one_annotator(evidence, families)  # the pilot's doubts have said so of these
    invented = [
        w.family.name for w in ways
        if w.answers.share_real(trial.trainable) < 0.005 and w.family.name not in said
    ]  # fmt: skip
    if invented:
        result.warnings.append(
            f"{', '.join(invented)}: no training item has real answers of this kind; they were "
            "simulated from what is known of the items"
        )
    sign = metric_of(metric).sign
    found = diagnosed(evidence, seed)
    kept = kept_of_gain(found)
    # What is drawn by hand below chance and at one item keeps the order too.
    result.curves = in_their_order(result.curves, sign=sign)
    result.curves = corrected(result.curves, kept, sign=sign)
    if (said := said_of_selection(found, kept)) is not None:
        result.assumptions.append(said)
    result.curves = with_item_noise(result.curves, [way.points for way in ways])
    ways = [replace(w, curve=c) for w, c in zip(ways, result.curves, strict=True)]
    if available is None:
        result.warnings.append(
            f"Every one of the {len(evidence.features):,} items has a label already; sizes beyond "
            "them stand for new items like these"
        )
    tell("looking for a mixture", 0.86)
    mixture, strata, learner = None, None, made_of(plan.learner, trial)
    if not mixes(plan.learner):
        designed = [replace(w, points=p) for w, p in zip(ways, linear, strict=True)]
        mixture, strata = mixture_of_labels(evidence, trial, designed, plan, metric, seed, learner)
    if mixture is not None:
        result.extras["mixture"] = mixture
    result.items = item_list(evidence, strata)
    tell("weighing the labels that exist", 0.96)
    there = None
    if not is_bundled(plan.dataset.features):
        power = ways[0].points.power
        there = what_is_there(
            evidence,
            trial,
            result.curves,
            metric,
            seed,
            power if np.isfinite(power) else None,
            learner,
        )
    if there is not None:  # the invented votes of a bundled example are nobody's to hold
        result.extras["holdings"] = there
    known = what_gold_gives(evidence, trial, metric, seed, learner)
    if known is not None:
        result.extras["known"] = known
    names = tuple(evidence.class_names)
    judged = metric_of(metric)
    if judged.shape is None:
        result.assumptions.append(
            Assumption(
                f"{judged.words} after the largest measured size",
                "as it was there",
                f"give or take {100 * WALK:.0f} points x sqrt(100 / items)",
                "it may fall or rise: eight data sets with simulated annotators (docs/learning.md)",
            )
        )
        result.warnings.append(judged.caution)
    result.extras["constant"] = constant_of(trial.reference, metric, names)
    result.extras["ceiling"] = ceiling
    each = (
        None if is_bundled(plan.dataset.features) else needed_each(evidence, families, metric, seed)
    )
    if each is not None:  # the invented votes of a bundled example tell nothing of people
        result.extras["answers_each"] = each
    result.extras["bits_about"] = (
        "Bits that one answer tells about which item it is (mutual information over your items)."
    )
    return result


def said_so_far(name: str, points: CurvePoints, metric: str) -> str:
    """A curve as it was measured, for who does not wait for the plan."""
    judged = metric_of(metric)
    means = np.nanmean(points.values, axis=1)
    told = [
        f"{show(float(value), judged.percent)} at {int(size):,} items"
        for size, value in zip(points.sizes, means, strict=True)
    ]
    return f"{name}: {judged.title} measured {', '.join(told)}"


def with_floor(points: CurvePoints, ceiling: Ceiling | None) -> CurvePoints:
    """The curve with the metric's own floor against people's answers, where that is known better
    than from the shares of few votes."""
    judged = metric_of(points.metric)
    if judged.floor is None or ceiling is None:
        return points
    least = float(judged.loss(np.array(ceiling["quality"])))
    return replace(points, floor=least, floor_error=ceiling["standard_error"])


def said_of_accounts(
    measured: list[tuple[Family, AnswerSource, CurvePoints, Estimate | None]],
    every: list[Forecast],
    metric: str,
) -> list[str]:
    """Where the model of a curve and the measurement disagree beyond their errors, both."""
    percent = metric_of(metric).percent
    return [
        f"{family.name}: measured {show(one.accounts[1], percent)} at {int(points.sizes[-1]):,} "
        f"items, where the model of the curve says {show(one.accounts[0], percent)}; the measured "
        "one is shown, and its interval holds both"
        for (family, _, points, _), one in zip(measured, every, strict=True)
        if one.accounts is not None
    ]


def _part(
    tell: Callable[[str, float], None], what: str, start: float, width: float
) -> Callable[[float], None]:
    """Progress of one step, which is this much of the whole."""
    return lambda done: tell(what, start + width * done)


def _nothing_affordable(families: list[Family], result: Learned) -> Learned:
    """Curves of one point: the list of options then says what the cheapest purchase costs."""
    for family in families:
        m = float(family.answers_per_item or 1)
        grid = np.array([m, 2 * m])
        result.curves.append(
            Curve(family, grid, np.zeros((2, 2)), np.zeros((0, 4)), 2 * m, None, None)
        )
    return result


def _is_one_model(family: Family, evidence: Evidence) -> bool:
    return family.known_by is KnownBy.MODEL and not (evidence.counts.sum(1) >= 2).any()


def _guess(trial: Trial, metric: str) -> tuple[float, float] | None:
    """Quality of a constant answer: of one random item's class, and the best; None where that says
    nothing."""
    chance = metric_of(metric).chance
    return None if chance is None else chance(trial.reference.mean(0))
