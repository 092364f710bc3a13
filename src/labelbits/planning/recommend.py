"""From curves and prices to advice: the best purchase, how sure that is, what would settle it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from labelbits.planning.cost import sessions_of
from labelbits.planning.options import cost_of, final_draws, option_at
from labelbits.planning.planfile import Budget
from labelbits.planning.result import LEVEL, Curve, Option
from labelbits.planning.value import value_of_information

#: Below this probability of being best, the advice says that the data cannot tell.
SURE = 0.8

#: Words for what is bought.
NAMES = {
    "hard": "hard labels",
    "votes": "votes",
    "soft": "soft labels",
    "sparse-soft": "sparse soft labels",
    "ranking": "rankings",
}


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

    result["sentence"] = _sentence(result, option, last, budget, metric_name, shown)
    if target is not None:
        result["cheapest_for_target"] = cheapest_for(curves, target, budget, seed, sign)
        result["target_sentence"] = _target_sentence(
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


def show(value: float, percent: bool) -> str:
    """A quality as text: a percentage for accuracy, else three decimals."""
    return f"{100 * value:.1f} %" if percent else f"{value:.3f}"


def what(signal: str, answers: int, per_item: float, items: int, annotators: str = "crowd") -> str:
    """A purchase in words."""
    name = NAMES.get(signal, f"{signal} answers")
    if annotators != "crowd":
        name = f"{name} by {annotators}"
    if per_item == 1:
        return f"{answers:,} {name} (one on each of {items:,} items)"
    if per_item == round(per_item):
        return f"{answers:,} {name} ({per_item:.0f} on each of {items:,} items)"
    return f"{answers:,} {name} ({per_item:.2g} an item on {items:,} items)"


def _sentence(
    result: dict[str, Any],
    option: Option,
    last: dict[str, Option],
    budget: Budget,
    metric_name: str,
    shown: Callable[[float], str],
) -> str:
    bought = what(
        option.signal, option.answers, option.answers_per_item, option.items, option.annotators
    )
    text = (
        f"Buy {bought} for {option.cost:,.2f} {budget.currency}: expected {metric_name} "
        f"{shown(option.quality)} ({LEVEL:.0%} interval {shown(option.low)} to "
        f"{shown(option.high)})."
    )
    if len(last) == 1:
        return text
    rival = last[result["next_best"]]
    sure = result["probability_best"]
    if sure >= SURE:
        text += (
            f" It is the best of the {len(last)} ways compared with probability {sure:.2f}; next "
            f"is {rival.family} with {shown(rival.quality)}."
        )
    else:
        text += (
            f" The evidence cannot tell it from {rival.family} ({shown(rival.quality)} "
            f"expected): it is the best with probability {sure:.2f} only."
        )
    return text + _pilot_sentence(result["value_of_knowing"], budget, sure < SURE)


def _pilot_sentence(value: dict[str, Any] | None, budget: Budget, unsure: bool) -> str:
    """What knowing would be worth, and the pilot that is worth its cost, or that none is."""
    if value is None or (not unsure and not (value["pilot"] and value["pilot"]["worth_it"])):
        return ""
    text = f" To know which is best would be worth {value['money']:,.2f} {budget.currency}"
    pilot = value["pilot"]
    if pilot is None:
        return text + "."
    ways = " and ".join(pilot["families"])
    if pilot["worth_it"]:
        return text + (
            f"; a pilot of {pilot['items']:,} items labelled as {ways} costs {pilot['cost']:,.2f} "
            f"and is worth {pilot['money']:,.2f} {budget.currency}: run it first."
        )
    return text + (
        f"; no pilot is worth its cost (the best one, {pilot['items']:,} items labelled as {ways}, "
        f"costs {pilot['cost']:,.2f} and is worth {pilot['money']:,.2f} {budget.currency})."
    )


def _target_sentence(
    found: dict[str, Any] | None,
    target: float,
    budget: Budget,
    metric_name: str,
    shown: Callable[[float], str],
    sign: int,
) -> str:
    if found is None:
        return (
            f"No purchase that the evidence supports reaches {metric_name} {shown(target)}; label "
            "a larger pilot to see further, or lower the target."
        )
    bought = what(
        found["signal"], found["answers"], found["answers_per_item"], found["items"],
        found["annotators"],
    )  # fmt: skip
    text = (
        f"{'At most' if sign < 0 else 'At least'} {shown(target)} is expected from {bought} for "
        f"{found['cost']:,.2f} {budget.currency}, the cheapest way to it"
    )
    if found["sure_cost"] is not None:
        text += f"; {found['sure_cost']:,.2f} reach it with probability {(1 + LEVEL) / 2:.2f}"
    if found["cost"] > budget.amount:
        text += ", which is more than the budget"
    return text + "."
