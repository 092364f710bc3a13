"""What the labels that exist already are worth, and what money adds to them.

Labels at hand stay in the training set. To first order information adds up, so labels that are as
good as n answers of a family act like a head start of n answers: with x more answers the family
reaches its curve's value at n + x. For more of the same kind that is exact.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from labelbits.interface import Batch
from labelbits.metrics import metric_of
from labelbits.planning.advice.recommend import preferred
from labelbits.planning.advice.words import between, change
from labelbits.planning.evidence.loading import Evidence
from labelbits.planning.measured.trial import Trial
from labelbits.planning.purchases import (
    chances,
    cost_of,
    interval,
    measured_interval,
    most_answers,
    price_noise,
)
from labelbits.planning.records import Addition, Holdings, Recommendation
from labelbits.planning.result import NOTHING, Curve
from labelbits.planning.spec.planfile import Budget
from labelbits.signals import Soft, Votes

#: Training sets on which all labels at hand are measured.
REPLICATES = 3
#: Probability at which another kind is said to add more than the recommended one.
SURE = 0.8
#: Share of the money from which it counts as all of it.
WHOLE = 0.95


def what_is_there(
    evidence: Evidence,
    trial: Trial,
    curves: list[Curve],
    metric: str,
    seed: int,
    power: float | None = None,
) -> Holdings | None:
    """Quality of the labels at hand, all of them together; None where there are none to train on.
    Columns are scaled by `power`, as the options' are.

    `worth` is how many answers of each family would be as good. Where a part of the labels was held
    back to test on, quality and worth are those of all of them.
    """
    stated, counts = evidence.stated, evidence.counts
    items = int((stated.sum(1) > 0).sum())
    if not items or trial.balanced is not None:
        return None
    whole = not (evidence.reports is not None and evidence.reports.any())

    def draw(rng: np.random.Generator, rows: np.ndarray) -> list[Batch]:
        rows = rows[stated[rows].sum(1) > 0]
        nobody, ones = np.zeros(len(rows), np.int32), np.ones(len(rows), np.float32)
        if whole:
            return [Batch(Votes(), rows[:, None], counts[rows].astype(np.int32), nobody, ones)]
        total = stated[rows].sum(1)
        shares = stated[rows] / total[:, None]
        return [Batch(Soft(), rows[:, None], shares, nobody, total.astype(np.float32))]

    size = trial.largest
    points = trial.measure(
        evidence.features, draw, metric, seed, sizes=[size],
        replicates=None if trial.pool is None else REPLICATES, power=power,
    )  # fmt: skip
    quality = float(points.mean[-1])
    error = float(points.standard_error()[-1])
    worth = {c.family.name: _worth(c, quality, metric) for c in curves}
    if trial.pool is None and items > size:
        # The trial holds some items back; with them the labels are worth in proportion more, and
        # the quality is that further along the curves.
        before = np.array([_capped(c, worth[c.family.name]).mean() for c in curves])
        worth = {name: items / size * answers for name, answers in worth.items()}
        after = np.array([_capped(c, worth[c.family.name]).mean() for c in curves])
        sign = metric_of(metric).sign
        gain = max(0.0, float((sign * (after - before)).mean())) if curves else 0.0
        quality = float(np.clip(quality + sign * gain, 0.0, 1.0 if sign > 0 else None))
    if not error and curves:
        # Items that are all alike show no spread: the forecast at that size has one.
        error = float(_capped(curves[0], worth[curves[0].family.name]).std())
    return {
        "items": items,
        "answers": float(stated.sum()),
        "measured_on": size,
        "quality": quality,
        "standard_error": error,
        "worth": worth,
    }


def _capped(curve: Curve, answers: float | np.ndarray) -> np.ndarray:
    """Draws (B,) of the quality of this many answers, at most the curve's last."""
    return curve.at(np.minimum(answers, curve.answers[-1]))


def _worth(curve: Curve, quality: float, metric: str) -> float:
    """Answers of the family that are as good, from its expected curve; at most its limit."""
    sign = metric_of(metric).sign
    mean = np.maximum.accumulate(sign * curve.draws.mean(0))
    if sign * quality >= mean[-1]:
        return float(curve.answers[-1])
    return float(np.exp(np.interp(sign * quality, mean, np.log(curve.answers))))


def buy_next(
    there: Holdings, curves: list[Curve], budget: Budget, seed: int, *, sign: int
) -> list[Addition]:
    """What the budget adds to the labels at hand, best first: one entry a family.

    `gain` is the expected change of the quality and `chance` the probability that no other family
    adds more; `at_limit`: the labels at hand and the purchase together are more than the evidence
    can follow, so the true gain may be larger.
    """
    found, draws = [], []
    for curve in curves:
        answers = min(most_answers(curve, budget), curve.limit)
        if answers < (curve.family.answers_per_item or 1):
            continue
        head_start = there["worth"][curve.family.name]
        total = head_start + answers * price_noise(curve, seed)
        anew = _capped(curve, total)
        change = anew - _capped(curve, head_start)
        # More labels are not expected to hurt, and no quality is better than perfect.
        change = change + sign * max(0.0, -sign * float(change.mean()))
        reached = np.clip(there["quality"] + change, 0.0, 1.0 if sign > 0 else None)
        change = reached - there["quality"]
        gain, gain_low, gain_high = interval(change)
        # How well the labels at hand do is a measurement too, with an error of its own.
        luck = np.random.default_rng(seed + 1).standard_normal(len(reached))
        around = reached + there["standard_error"] * luck
        # The same answers bought anew are not known less well.
        own, known = np.std(anew), np.std(around)
        if own > known > 0:
            around = around.mean() + own / known * (around - around.mean())
        # Who has both may train on the purchase alone: together they do no worse than it does.
        alone = float(_capped(curve, answers).mean())
        short = max(0.0, sign * (alone - float(reached.mean())))
        reached, around = reached + sign * short, around + sign * short
        gain, gain_low, gain_high = (end + sign * short for end in (gain, gain_low, gain_high))
        change = change + sign * short
        _, low, high = interval(np.clip(around, 0.0, 1.0 if sign > 0 else None))
        quality = float(reached.mean())
        items, per_item = curve.shape(answers)
        draws.append(sign * change)
        found.append(
            {
                "family": curve.family.name,
                "signal": curve.family.kind,
                "items": items,
                "answers_per_item": per_item,
                "answers": round(answers),
                "cost": cost_of(curve, answers, budget),
                "annotators": curve.family.annotators,
                "quality": quality,
                "interval": [low, high],
                "gain": gain,
                "gain_interval": [gain_low, gain_high],
                "at_limit": bool(head_start + answers > curve.answers[-1] * 1.001),
            }
        )
    if found:
        for one, chance in zip(found, chances(np.stack(draws, axis=1)), strict=True):
            one["chance"] = float(chance)
    return sorted(found, key=lambda one: -sign * one["quality"])


def _to_add(ranked: list[Addition], chosen: str, sign: int) -> Addition:
    """The purchase that every sentence about adding to labels at hand names: of the recommended
    family, unless another one is better for sure or the only one that adds anything."""
    by_name = {one["family"]: one for one in ranked}
    if chosen not in by_name:
        return ranked[0]
    if ranked[0]["chance"] >= SURE:
        # A difference that is sure and too small to show is no reason to pay more.
        best = preferred(
            np.array([sign * one["quality"] for one in ranked]),
            np.array([one["interval"][1] - one["interval"][0] for one in ranked]),
            np.array([one["cost"] for one in ranked]),
        )
        return ranked[int(best[0])]
    nothing = sign * by_name[chosen]["gain"] < NOTHING and not by_name[chosen]["at_limit"]
    return ranked[0] if nothing and sign * ranked[0]["gain"] >= NOTHING else by_name[chosen]


def next_sentence(
    there: Holdings,
    ranked: list[Addition],
    chosen: str,
    budget: Budget,
    show: Callable[[float], str],
    metric_name: str,
    *,
    sign: int,
) -> str:
    """What to buy next, given what is there, in words.

    `chosen` is the family recommended when nothing is counted as there: another one has to be
    better for sure to be named instead.
    """
    text = (
        f"You hold {there['answers']:,.0f} answers on {there['items']:,} items: {metric_name} "
        f"{show(there['quality'])} now ({between(measured_interval(there, sign), show)})."
    )
    best = _to_add(ranked, chosen, sign)
    if best["at_limit"] and best["gain_interval"][1] - best["gain_interval"][0] < 1e-6:
        return text + (
            f" They are as good as this evidence can follow {best['family']} answers: what more "
            "of those would add to them cannot be told from it."
        )
    if best["family"] != chosen:
        text += f" On top of them, {best['family']} does better than {chosen}:"
    many = f"{best['answers']:,} more answers" if best["answers"] > 1 else "1 more answer"
    if abs(best["gain"]) < NOTHING and not best["at_limit"]:
        return text + (
            f" {many} ({best['family']}) for {best['cost']:,.2f} {budget.currency} would not "
            "change that by anything that can be seen."
        )
    text += (
        f" {many} ({best['family']}) for {best['cost']:,.2f} {budget.currency} would make it "
        f"{show(best['quality'])} ({between(best['interval'], show)})."
    )
    ends = sorted(sign * end for end in best["gain_interval"])
    # Both qualities share the luck of the tested items: the gain is known better than either.
    text += f" That is a gain of {change(sign * best['gain'], ends, show(1.0).endswith('%'))}."
    if best["at_limit"]:
        text += " That is as far as the evidence reaches; the true gain may be larger."
    return text


def hold_on(
    there: Holdings,
    ranked: list[Addition],
    advice: Recommendation,
    budget: Budget,
    show: Callable[[float], str],
    metric_name: str,
    *,
    sign: int,
) -> str:
    """What goes before a purchase made from nothing where the labels at hand are as good as it;
    empty where the purchase is better."""
    if show(there["quality"]) != show(advice["quality"]) and (
        sign * (there["quality"] - advice["quality"]) < 0
    ):
        return ""
    best = _to_add(ranked, advice["family"], sign) if ranked else None
    spent = f"all of {budget.amount:,.2f} {budget.currency}"
    if advice["cost"] < WHOLE * budget.amount:  # there is no more to buy
        spent = f"the {advice['cost']:,.2f} {budget.currency} that can be"
    text = (
        f"The labels you hold already give {metric_name} {show(there['quality'])} "
        f"({between(measured_interval(there, sign), show)}), and {spent} spent anew is not "
        "expected to do better"
    )
    same = best is not None and show(best["quality"]) == show(there["quality"])
    if best is None or same or sign * best["gain"] < NOTHING:
        if best is not None and best["at_limit"]:
            return (
                f"{text}. What more answers would add to them is beyond what this evidence can "
                "follow: keep the money until a plan from all labels you hold shows a gain."
            )
        return f"{text}: keep the money, unless you know better than this evidence."
    return (
        f"{text}. Add to them: {best['answers']:,} more answers ({best['family']}) for "
        f"{best['cost']:,.2f} {budget.currency} would make it {show(best['quality'])} "
        f"({between(best['interval'], show)})."
    )


def surely_better(there: Holdings, quality: float, *, sign: int) -> bool:
    """Are the labels at hand better than `quality`, luck of the tested items counted?"""
    low, high = measured_interval(there, sign)
    return (low if sign > 0 else -high) > sign * quality
