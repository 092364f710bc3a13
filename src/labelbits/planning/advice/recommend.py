"""From curves and prices to advice: the best purchase, how sure that is, what would settle it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from labelbits.planning.advice.value import value_of_information
from labelbits.planning.advice.words import bought as in_words
from labelbits.planning.advice.words import pilot_sentence, target_sentence
from labelbits.planning.purchases import (
    chances,
    cost_of,
    final_draws,
    labels_items,
    most_answers,
    option_at,
    purchase_of,
)
from labelbits.planning.records import Purchase, Recommendation, Target
from labelbits.planning.result import LEVEL, Curve, Option
from labelbits.planning.shown import chance, show
from labelbits.planning.spec.cost import Part, bills
from labelbits.planning.spec.planfile import Budget

#: Below this probability of being best, the advice says that the data cannot tell; from this one
#: on, where it comes from.
SURE, CERTAIN = 0.8, 0.95
#: What is said where the theory, not the pilot, makes one way sure to be the best.
BY_THEORY = (
    " Most of that certainty comes from the theory of how noisy answers teach: what the pilot "
    "measured agrees with it, and would not settle it alone."
)
#: Ways whose expectations differ by less than this share of the interval are as good; one that
#: costs less than `CHEAPER` of the best is then named instead.
TIE, CHEAPER = 0.05, 0.8


def recommend(
    curves: list[Curve],
    options: list[Option],
    budget: Budget,
    seed: int,
    *,
    sign: int,
    metric_name: str,
    percent: bool,
    target: float | None = None,
    added: dict[str, float] | None = None,
    by_theory: bool = False,
) -> Recommendation:
    """The purchase with the best expected quality, how sure that is, and what would settle it.

    `sign` is +1 where more quality is better and -1 where less is (cross-entropy). Of ways that
    give the same to what an interval can show, the cheapest is named. `added`: where labels are
    held, the probability of each family to add the most to them, which then is the one probability
    that is told. `by_theory`: what sets the ways apart is known from theory more than from the
    pilot, which is said where it makes one of them sure to be the best.
    """
    bought, draws = final_draws(curves, budget, seed)
    gain = sign * draws
    expected = gain.mean(0)
    last = {option.family: option for option in options}  # options rise in size in each family
    largest = [last[curve.family.name] for curve in bought]
    spread = np.array([abs(one.high - one.low) for one in largest])
    order = preferred(expected, spread, np.array([one.cost for one in largest]))
    best = int(order[0])
    share = chances(gain)
    if added is not None:
        share = np.array([added.get(curve.family.name, 0.0) for curve in bought])
    option = last[bought[best].family.name]
    rivals = [bought[i].family.name for i in order if i != best]
    result: Recommendation = {
        "family": option.family,
        "purchases": [purchase(bought[best], option, budget)],
        "cost": option.cost,
        "quality": option.quality,
        "interval": [option.low, option.high],
        "probability_best": float(share[best]),
        "probabilities": {c.family.name: float(s) for c, s in zip(bought, share, strict=True)},
        "next_best": rivals[0] if rivals else None,
        "value_of_knowing": value_of_information(curves, budget, seed, sign),
        "parts": {},
        "sentence": "",
    }

    def shown(value: float) -> str:
        return show(value, percent)

    top = int(expected.argmax())
    dearer = None if best == top else largest[top]
    parts = _parts(result, option, last, budget, metric_name, shown, dearer, added is not None)
    parts["pilot"] = pilot_sentence(
        result["value_of_knowing"], budget, result["probability_best"] < SURE, percent,
        "more items labelled as" if labels_items(bought) else "more answers to",
    ) if len(last) > 1 else ""  # fmt: skip
    if by_theory and result["probability_best"] >= CERTAIN and parts["certainty"]:
        parts["certainty"] += BY_THEORY
    parts["less"] = _less(option, options, budget, sign, shown)
    if (short := _short_of_evidence(bought[best], option, budget)) is not None:
        parts["pilot"] = short
    result["parts"] = parts
    result["sentence"] = " ".join(text for text in parts.values() if text)
    if target is not None:
        result["cheapest_for_target"] = cheapest_for(curves, target, budget, seed, sign)
        result["target_sentence"] = target_sentence(
            result["cheapest_for_target"], target, budget, metric_name, shown, sign
        )
    return result


def preferred(expected: np.ndarray, spread: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """The ways (F,) in order from the one to buy: the best expectation, or one as good for less.

    `expected` (F,) quality, higher better; `spread` (F,) width of each interval; `costs` (F,) of
    the largest purchase of each. As good is what comes within `TIE` of the best one's spread.
    """
    order = np.argsort(-expected, kind="stable")
    as_good = expected >= expected.max() - TIE * spread[order[0]] - 1e-9
    # Whole items leave a little money over: that is no reason to prefer the worse.
    cheap = as_good & (costs < CHEAPER * costs[order[0]])
    if cheap.any():
        best = int(np.lexsort((-expected, np.where(cheap, costs, np.inf)))[0])
        order = np.array([best, *order[order != best]])
    return order


def purchase(curve: Curve, option: Option, budget: Budget) -> Purchase:
    """What to buy and what its cost is made of, as plain values."""
    part = Part(curve.family.price.amount, option.answers, option.items)
    (bill,) = bills([part], budget)
    return purchase_of(curve.family, option.items, option.answers_per_item, option.answers, bill)


def cheapest_for(
    curves: list[Curve], target: float, budget: Budget, seed: int, sign: int
) -> Target | None:
    """The least money at which the expected quality reaches `target`; None where none is seen.

    The budget does not bound it: what the evidence supports does. `sure_cost` is the money at
    which the target is reached with probability (1 + LEVEL) / 2, None where that is not seen.
    """
    best: Target | None = None
    for curve in curves:
        answers = _reaching(curve, curve.draws.mean(0), target, sign)
        if answers is None:
            continue
        cost = cost_of(curve, answers, budget)
        if best is not None and cost >= best["cost"]:
            continue
        option = option_at(curve, answers, budget, seed)
        cautious = np.quantile(sign * curve.draws, (1 - LEVEL) / 2, axis=0) * sign
        surely = _reaching(curve, cautious, target, sign)
        best = {
            **purchase(curve, option, budget),
            "family": curve.family.name,
            "quality": option.quality,
            "interval": [option.low, option.high],
            "target": target,
            "sure_cost": None if surely is None else cost_of(curve, surely, budget),
        }
    return best


def _reaching(curve: Curve, values: np.ndarray, target: float, sign: int) -> float | None:
    """Answers (whole items) at which `values` (G,) reach the target, within the evidence."""
    least = curve.measured[:, 0].min() if len(curve.measured) else 0.0
    # Below the smallest size that was measured the curve is drawn by hand.
    first = int(np.searchsorted(curve.answers, least * (1 - 1e-9)))
    there = (np.arange(len(values)) >= first) & (curve.answers <= curve.limit)
    reached = np.flatnonzero((sign * values >= sign * target) & there)
    if not len(reached):
        return None
    i = int(reached[0])
    answers = float(curve.answers[i])
    if i > first:
        gap = (target - values[i - 1]) / (values[i] - values[i - 1] or 1.0)
        before = math.log(curve.answers[i - 1])
        answers = math.exp(before + gap * (math.log(answers) - before))
    unit = curve.family.answers_per_item or 1
    return math.ceil(answers / unit - 1e-9) * unit


def _parts(
    result: Recommendation,
    option: Option,
    last: dict[str, Option],
    budget: Budget,
    metric_name: str,
    shown: Callable[[float], str],
    dearer: Option | None,
    adds: bool = False,
) -> dict[str, str]:
    """The advice in words: what to buy, how sure that is, and what would settle it.

    `dearer` is the best expectation, where a cheaper one that is as good is bought instead;
    `adds`: the probability of being best is about adding to labels that are held.
    """
    text = (
        f"Buy {in_words(option)} for {option.cost:,.2f} {budget.currency}: expected {metric_name} "
        f"{shown(option.quality)} ({100 * LEVEL:.0f} % interval {shown(option.low)} to "
        f"{shown(option.high)})."
    )
    parts = {"purchase": text, "certainty": "", "pilot": ""}
    if len(last) == 1:
        return parts
    rival = last[result["next_best"] or option.family]
    sure = result["probability_best"]
    best = "adds the most to the labels you hold" if adds else "is the best"
    if dearer is not None:
        parts["certainty"] = (
            f"{dearer.family} is expected to give {shown(dearer.quality)} for "
            f"{dearer.cost:,.2f} {budget.currency}: beside an interval so wide that is no more, "
            f"so the cheaper one is named. The chance that {option.family} {best} of the "
            f"{len(last)} ways compared is {chance(sure)}."
        )
    elif sure >= SURE:
        parts["certainty"] = (
            f"It {best} of the {len(last)} ways compared with probability "
            f"{chance(sure).replace('>', 'above')}; next is {rival.family} with "
            f"{shown(rival.quality)}."
        )
    else:
        parts["certainty"] = (
            f"The evidence cannot tell it from {rival.family} ({shown(rival.quality)} "
            f"expected): the chance that it {best} is {chance(sure)} only."
        )
    return parts


def _less(
    option: Option,
    options: list[Option],
    budget: Budget,
    sign: int,
    shown: Callable[[float], str],
) -> str:
    """The cheapest purchase that is nearly as good, where it costs half or less."""
    spread = abs(option.high - option.low)
    near = [
        o
        for o in options
        if o.cost <= option.cost / 2 and sign * (option.quality - o.quality) <= 0.1 * spread
    ]
    if not near:
        return ""
    cheap = min(near, key=lambda o: o.cost)
    return (
        f"Nearly as good for less: {in_words(cheap)} for {cheap.cost:,.2f} {budget.currency}, "
        f"expected {shown(cheap.quality)} ({100 * LEVEL:.0f} % interval {shown(cheap.low)} to "
        f"{shown(cheap.high)})."
    )


def _short_of_evidence(curve: Curve, option: Option, budget: Budget) -> str | None:
    """Where the pilot is too small to plan all the money: the pilot that would allow it."""
    if curve.needs_items or option.cost > 0.8 * budget.amount:
        return None
    each = curve.family.answers_per_item or 1
    wanted = most_answers(curve, budget) / each
    if option.items < 0.99 * curve.limit / each:
        return None
    pilot = math.ceil(wanted * option.items / (curve.limit / each) / 10)
    do = f"Label a pilot of {pilot:,} items first, then plan again."
    if pilot > option.items:
        do = "Plan again with what you buy as the pilot: that sees up to ten times as far."
    if curve.per_class:
        do = f"Add {math.ceil(pilot / curve.per_class):,} to shots_per_class to see that far."
    return (
        f"The pilot supports plans of up to {option.items:,} items; all of "
        f"{budget.amount:,.2f} {budget.currency} would buy {wanted:,.0f}. {do}"
    )
