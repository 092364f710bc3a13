"""From curves and prices to advice: the best purchase, how sure that is, what would settle it."""

from __future__ import annotations

import math

import numpy as np

from labelbits.planning.advice.value import value_of_information
from labelbits.planning.advice.words import bought as in_words
from labelbits.planning.advice.words import pilot_sentence, target_sentence
from labelbits.planning.market import Market
from labelbits.planning.purchases import most_answers
from labelbits.planning.records import Recommendation, Target
from labelbits.planning.result import Curve, Option
from labelbits.planning.shown import chance
from labelbits.quantity import central

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
    market: Market,
    *,
    target: float | None = None,
    added: dict[str, float] | None = None,
    by_theory: bool = False,
) -> Recommendation:
    """The purchase with the best expected quality, how sure that is, and what would settle it.

    Of ways that give the same to what an interval can show, the cheapest is named. `added`: where
    labels are held, the probability of each family to add the most to them, which then is the one
    probability that is told. `by_theory`: what sets the ways apart is known from theory more than
    from the pilot, which is said where it makes one of them sure to be the best.
    """
    bought, draws = market.bought
    expected = (market.sign * draws).mean(0)
    last = {one.family: one for one in market.options}  # options rise in size in each family
    largest = [last[curve.family.name] for curve in bought]
    spread = np.array([abs(one.high - one.low) for one in largest])
    order = preferred(expected, spread, np.array([one.cost for one in largest]))
    best = int(order[0])
    share = market.best_of(draws)
    if added is not None:
        share = np.array([added.get(curve.family.name, 0.0) for curve in bought])
    option = last[bought[best].family.name]
    rivals = [bought[i].family.name for i in order if i != best]
    result: Recommendation = {
        "family": option.family,
        "purchases": [market.purchase_of(option)],
        "cost": option.cost,
        "quality": option.quality,
        "interval": [option.low, option.high],
        "probability_best": float(share[best]),
        "probabilities": {c.family.name: float(s) for c, s in zip(bought, share, strict=True)},
        "next_best": rivals[0] if rivals else None,
        "value_of_knowing": value_of_information(market),
        "parts": {},
        "sentence": "",
    }

    top = int(expected.argmax())
    dearer = None if best == top else largest[top]
    parts = _parts(result, option, last, market, dearer, added is not None)
    unsure = result["probability_best"] < SURE
    parts["pilot"] = (
        pilot_sentence(result["value_of_knowing"], market, unsure) if len(last) > 1 else ""
    )
    if by_theory and result["probability_best"] >= CERTAIN and parts["certainty"]:
        parts["certainty"] += BY_THEORY
    parts["less"] = _less(option, market)
    if (short := _short_of_evidence(bought[best], option, market)) is not None:
        parts["pilot"] = short
    result["parts"] = parts
    result["sentence"] = " ".join(text for text in parts.values() if text)
    if target is not None:
        result["cheapest_for_target"] = cheapest_for(market, target)
        result["target_sentence"] = target_sentence(result["cheapest_for_target"], target, market)
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


def cheapest_for(market: Market, target: float) -> Target | None:
    """The least money at which the expected quality reaches `target`; None where none is seen.

    The budget does not bound it: what the evidence supports does. `sure_cost` is the money at
    which the target is reached with probability (1 + LEVEL) / 2, None where that is not seen.
    """
    best: Target | None = None
    sign = market.sign
    for curve in market.curves:
        answers = _reaching(curve, curve.draws.mean(0), target, sign)
        if answers is None:
            continue
        cost = market.cost(curve, answers)
        if best is not None and cost >= best["cost"]:
            continue
        option = market.option(curve, answers)
        cautious = central(sign * curve.draws)[0] * sign
        surely = _reaching(curve, cautious, target, sign)
        best = {
            **market.purchase_of(option),
            "family": curve.family.name,
            "quality": option.quality,
            "interval": [option.low, option.high],
            "target": target,
            "sure_cost": None if surely is None else market.cost(curve, surely),
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
    market: Market,
    dearer: Option | None,
    adds: bool,
) -> dict[str, str]:
    """The advice in words: what to buy, how sure that is, and what would settle it.

    `dearer` is the best expectation, where a cheaper one that is as good is bought instead;
    `adds`: the probability of being best is about adding to labels that are held.
    """
    shown = market.shown
    text = (
        f"Buy {in_words(option)} for {market.money(option.cost)}: expected {market.metric.title} "
        f"{shown(option.quality)} ({market.between([option.low, option.high])})."
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
            f"{market.money(dearer.cost)}: beside an interval so wide that is no more, "
            f"so the cheaper one is named. The chance that {option.family} {best} of the "
            f"{len(last)} ways compared is {chance(sure)}."
        )
    elif sure >= SURE:
        parts["certainty"] = (
            f"It {best} of the {len(last)} ways compared with probability "
            f"{chance(sure).replace('>', 'above')}; next is {rival.family} with "
            f"{shown(rival.quality)}."
        )
    elif sure < 1 / 2 and option.cost < CHEAPER * rival.cost:
        parts["certainty"] = because_cheaper(
            rival.family, shown(rival.quality),
            (market.money(option.cost), market.money(rival.cost)), f"{best} is {chance(sure)}",
        )  # fmt: skip
    else:
        parts["certainty"] = (
            f"The evidence cannot tell it from {rival.family} ({shown(rival.quality)} "
            f"expected): the chance that it {best} is {chance(sure)} only."
        )
    return parts


def because_cheaper(rival: str, quality: str, costs: tuple[str, str], told: str) -> str:
    """Why the option with the smaller chance is named: `costs` are its and the rival's."""
    return (
        f"The evidence cannot tell it from {rival} ({quality} expected), which costs {costs[1]} "
        f"beside {costs[0]}: it is named because it is cheaper. The chance that it {told}."
    )


def _less(option: Option, market: Market) -> str:
    """The cheapest purchase that is nearly as good, where it costs half or less."""
    spread = abs(option.high - option.low)
    near = [
        o
        for o in market.options
        if o.cost <= option.cost / 2 and market.sign * (option.quality - o.quality) <= 0.1 * spread
    ]
    if not near:
        return ""
    cheap = min(near, key=lambda o: o.cost)
    return (
        f"Nearly as good for less: {in_words(cheap)} for {market.money(cheap.cost)}, "
        f"expected {market.shown(cheap.quality)} ({market.between([cheap.low, cheap.high])})."
    )


def _short_of_evidence(curve: Curve, option: Option, market: Market) -> str | None:
    """Where the pilot is too small to plan all the money: the pilot that would allow it."""
    if curve.needs_items or option.cost > 0.8 * market.budget.amount:
        return None
    each = curve.family.answers_per_item or 1
    wanted = most_answers(curve, market.budget) / each
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
        f"{market.money(market.budget.amount)} would buy {wanted:,.0f}. {do}"
    )
