"""From curves and prices to advice: the best purchase, how sure that is, what would settle it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from labelbits.planning.cost import sessions_of
from labelbits.planning.options import cost_of, final_draws, most_answers, option_at
from labelbits.planning.planfile import Budget
from labelbits.planning.result import LEVEL, Curve, Option
from labelbits.planning.value import value_of_information
from labelbits.planning.words import NAMES, pilot_sentence, show, target_sentence, what

#: Below this probability of being best, the advice says that the data cannot tell.
SURE = 0.8


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
) -> dict[str, Any]:
    """The purchase with the best expected quality, how sure that is, and what would settle it.

    `sign` is +1 where more quality is better and -1 where less is (cross-entropy). Ways that give
    the same to the last digit are told apart by cost.
    """
    bought, draws = final_draws(curves, budget, seed)
    gain = sign * draws
    expected = gain.mean(0)
    last = {option.family: option for option in options}  # options rise in size in each family
    costs = np.array([last[curve.family.name].cost for curve in bought])
    order = np.lexsort((costs, -np.round(expected, 9)))
    best = int(order[0])
    share = np.bincount(gain.argmax(1), minlength=len(bought)) / len(gain)
    option = last[bought[best].family.name]
    rivals = [bought[i].family.name for i in order if i != best]
    result: dict[str, Any] = {
        "family": option.family,
        "purchases": [purchase(bought[best], option, budget)],
        "cost": option.cost,
        "quality": option.quality,
        "interval": [option.low, option.high],
        "probability_best": float(share[best]),
        "probabilities": {c.family.name: float(s) for c, s in zip(bought, share, strict=True)},
        "next_best": rivals[0] if rivals else None,
        "value_of_knowing": value_of_information(curves, budget, seed, sign),
    }

    def shown(value: float) -> str:
        return show(value, percent)

    parts = _parts(result, option, last, budget, metric_name, shown)
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


def with_mixture(
    advice: dict[str, Any], mixture: dict[str, Any], budget: Budget, sign: int = 1
) -> dict[str, Any]:
    """The advice with a mixture in place of the best single signal, by the gain it was measured
    to have; the interval moves with it and widens by the gain's own."""
    gain, (low, high) = mixture["gain"], mixture["interval"]
    quality = advice["quality"] + sign * gain
    below = math.hypot(advice["quality"] - advice["interval"][0], (high - low) / 2)
    above = math.hypot(advice["interval"][1] - advice["quality"], (high - low) / 2)
    interval = [quality - below, quality + above]
    if sign > 0:
        interval[1] = min(1.0, interval[1])
    percent = mixture.get("percent", False)
    bought = " and ".join(
        f"{p['answers']:,} {NAMES.get(p['signal'], p['signal'] + ' answers')} "
        f"({p['answers_per_item']:.2g} an item on {p['items']:,} items)"
        for p in mixture["purchases"]
    )
    cost = sum(p["cost"] for p in mixture["purchases"])
    sentence = (
        f"Buy a mixture, {bought}, for {cost:,.2f} {budget.currency}: expected "
        f"{mixture['metric_name']} {show(quality, percent)} ({LEVEL:.0%} interval "
        f"{show(interval[0], percent)} to {show(interval[1], percent)}), better by "
        f"{show(gain, percent)} ({show(low, percent)} to {show(high, percent)}) than the same "
        f"money on {mixture['single']} alone."
    )
    return {
        **advice,
        "purchases": mixture["purchases"],
        "cost": cost,
        "quality": quality,
        "interval": interval,
        "single": {key: advice[key] for key in ("purchases", "quality", "interval", "sentence")},
        "parts": {"purchase": sentence, "certainty": "", "pilot": ""},
        "sentence": sentence,
    }


def purchase(curve: Curve, option: Option, budget: Budget) -> dict[str, Any]:
    """What to buy and what its cost is made of, as plain values."""
    answers = option.answers * curve.family.price.amount
    items = option.items * budget.item_cost
    return {
        "signal": option.signal,
        "items": option.items,
        "answers_per_item": option.answers_per_item,
        "answers": option.answers,
        "cost": option.cost,
        "cost_of_answers": answers,
        "cost_of_items": items,
        "cost_of_sessions": max(0.0, option.cost - answers - items),
        "sessions": sessions_of(option.answers, budget),
        "annotators": curve.family.annotators,
        **curve.family.options,
    }


def cheapest_for(
    curves: list[Curve], target: float, budget: Budget, seed: int, sign: int
) -> dict[str, Any] | None:
    """The least money at which the expected quality reaches `target`; None where none is seen.

    The budget does not bound it: what the evidence supports does. `sure_cost` is the money at
    which the target is reached with probability (1 + LEVEL) / 2, None where that is not seen.
    """
    best: dict[str, Any] | None = None
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
    reached = np.flatnonzero((sign * values >= sign * target) & (curve.answers <= curve.limit))
    if not len(reached):
        return None
    i = int(reached[0])
    answers = float(curve.answers[i])
    if i:
        gap = (target - values[i - 1]) / (values[i] - values[i - 1] or 1.0)
        before = math.log(curve.answers[i - 1])
        answers = math.exp(before + gap * (math.log(answers) - before))
    unit = curve.family.answers_per_item or 1
    return math.ceil(answers / unit - 1e-9) * unit


def _parts(
    result: dict[str, Any],
    option: Option,
    last: dict[str, Option],
    budget: Budget,
    metric_name: str,
    shown: Callable[[float], str],
) -> dict[str, str]:
    """The advice in words: what to buy, how sure that is, and what would settle it."""
    bought = what(
        option.signal, option.answers, option.answers_per_item, option.items, option.annotators
    )
    text = (
        f"Buy {bought} for {option.cost:,.2f} {budget.currency}: expected {metric_name} "
        f"{shown(option.quality)} ({LEVEL:.0%} interval {shown(option.low)} to "
        f"{shown(option.high)})."
    )
    parts = {"purchase": text, "certainty": "", "pilot": ""}
    if len(last) == 1:
        return parts
    rival = last[result["next_best"]]
    sure = result["probability_best"]
    if sure >= SURE:
        parts["certainty"] = (
            f"It is the best of the {len(last)} ways compared with probability {sure:.2f}; next "
            f"is {rival.family} with {shown(rival.quality)}."
        )
    else:
        parts["certainty"] = (
            f"The evidence cannot tell it from {rival.family} ({shown(rival.quality)} "
            f"expected): it is the best with probability {sure:.2f} only."
        )
    parts["pilot"] = pilot_sentence(result["value_of_knowing"], budget, sure < SURE)
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
    bought = what(
        cheap.signal, cheap.answers, cheap.answers_per_item, cheap.items, cheap.annotators
    )
    return (
        f"Nearly as good for less: {bought} for {cheap.cost:,.2f} {budget.currency}, expected "
        f"{shown(cheap.quality)}."
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
    return (
        f"The pilot supports plans of up to {option.items:,} items; all of "
        f"{budget.amount:,.2f} {budget.currency} would buy {wanted:,.0f}. Label a pilot of "
        f"{pilot:,} items first, then plan again."
    )
