"""The plan that curves, prices and a budget lead to, and again for other money."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from labelbits.errors import InputError
from labelbits.metrics import metric_of
from labelbits.planning.advice.adding import held_sentence, surely_better, with_held
from labelbits.planning.advice.amend import (
    followed_by,
    led_by,
    too_little,
    with_mixture,
    without_gain,
)
from labelbits.planning.advice.crossovers import crossovers
from labelbits.planning.advice.recommend import recommend
from labelbits.planning.market import Market
from labelbits.planning.measured.constant import (
    ONE_SIDED,
    beside_constant,
    gain_of,
    reached_for_nothing,
)
from labelbits.planning.measured.free_gold import said_of_gold
from labelbits.planning.measured.held_labels import buy_next
from labelbits.planning.records import Constant, Extras
from labelbits.planning.result import Assumption, Curve, Plan
from labelbits.planning.spec.cost import Price, said_of_published
from labelbits.planning.spec.planfile import Budget
from labelbits.planning.spec.values import checked_money


def advise(
    metric: str,
    curves: list[Curve],
    budget: Budget,
    assumptions: list[Assumption],
    warnings: list[str],
    extras: Extras,
    *,
    crossed: bool = True,
) -> Plan:
    """The plan that these curves and this budget lead to; not `crossed`: without the crossovers,
    whose number grows with the square of the options'."""
    judged = metric_of(metric)
    market = Market(curves, budget, judged, extras.get("seed", 0))
    _check_known(curves, extras, judged.words)
    bought = {option.family for option in market.options}
    notes = [
        f"{curve.family.name} cannot be bought: one item costs more than the budget"
        for curve in curves
        if curve.family.name not in bought
    ]
    notes += said_of_published({c.family.name: c.family.price for c in curves})
    there, free = extras.get("holdings"), extras.get("constant")
    ranked = buy_next(there, market) if there else []
    advice = recommend(
        market,
        target=extras.get("target"),
        added={one["family"]: one["chance"] for one in ranked} or None,
        by_theory=extras.get("by_theory", False),
    )
    mixture = extras.get("mixture")
    if mixture and mixture["budget"] == budget.amount and mixture["recommended"]:
        advice = with_mixture(advice, mixture, market)

    turn, first = "With that said,", [extras.get("lead", "")]
    if extras.get("stop"):
        turn = "If you buy all the same,"
    elif judged.of_space and not judged.percent:
        first.append(too_little(advice, market))
    held = ""
    keep, leading, worth = False, list[str](), 0.0
    if there:
        anew = advice
        advice, held, keep = with_held(
            advice, there, ranked, market, by_theory=extras.get("by_theory", False)
        )
        worth = 0.0 if advice is anew else there["worth"][advice["family"]]
    added = gain_of(advice, market, worth) if free else None
    # Always there, whatever the money and the prices: tables and figures show it.
    advice = advice.copy()
    advice["ceiling"], advice["constant"] = extras.get("ceiling"), None
    if free:
        advice["constant"] = {**free, "gain": None, "said_first": False, "instead": ""}
    if free and added:
        beside = beside_constant(free, advice, market, added, worth)
        usual = free["class"] is None or free["quality"] <= ONE_SIDED
        if there and held and usual and surely_better(there, free["quality"], market):
            # What a purchase from nothing adds to the constant is then beside the point.
            beside = replace(beside, first="", instead="")
        first += [beside.first, beside.instead]
        notes += [beside.note] * bool(beside.note)
        if not beside.gain:
            advice, turn = without_gain(advice), "If you buy all the same,"
        told: Constant = {
            "class": free["class"],
            "quality": free["quality"],
            "items": free["items"],
            "gain": beside.gain,
            "said_first": bool(beside.first),
            "instead": beside.instead,
            "gain_expected": added[0],
            "gain_interval": list(added[1:]),
        }
        advice["constant"] = told
    if "known" in extras:
        known, said = extras["known"], said_of_gold(extras["known"], advice, market)
        # Labels for nothing that are as good as bought ones are the first thing to know.
        as_good = market.sign * (known["quality"] - advice["quality"]) >= 0
        leading, notes = [said] * as_good, [*notes, said]
    if held:
        first.append(held)
        turn = "If you buy all the same," if keep else ""
    advice = led_by(first, advice, turn)
    if "answers_each" in extras:
        advice = followed_by(extras["answers_each"]["sentence"], advice)
    if there:
        advice["next"] = {
            "items_held": there["items"],
            "answers_held": there["answers"],
            "quality_now": there["quality"],
            "quality_now_standard_error": there["standard_error"],
            "worth_in_answers": there["worth"],
            "purchases": ranked,
            "sentence": held_sentence(there, ranked, advice, market),
        }
    target = extras.get("target")
    if there and target is not None and market.sign * (there["quality"] - target) >= 0:
        advice["target_sentence"] = (
            f"The labels you hold reach {judged.title} {market.shown(target)} already. From "
            f"nothing: {advice.get('target_sentence', '')}"
        )
    if free and target is not None and market.sign * (free["quality"] - target) >= 0:
        advice["target_sentence"] = reached_for_nothing(free, target, market)
    return Plan(
        metric=metric,
        metric_name=judged.title,
        lower_is_better=market.sign < 0,
        percent=judged.percent,
        currency=budget.currency,
        budget=budget.amount,
        recommendation=advice,
        options=market.options,
        crossovers=crossovers(market, held=bool(there)) if crossed else [],
        assumptions=assumptions,
        warnings=list(dict.fromkeys([*leading, *warnings, *notes])),
        curves=curves,
        extras=extras,
        terms=budget,
        of_the_money=tuple(notes),
    )


def _check_known(curves: list[Curve], extras: Extras, words: str) -> None:
    """Raise `InputError` where a quality is no number: no advice rests on it."""
    found = {f"what {curve.family.name} gives": curve.draws for curve in curves}
    for key, what in (
        ("holdings", "the labels that are held"), ("constant", "a constant answer"),
        ("ceiling", "the ceiling"), ("known", "gold"),
    ):  # fmt: skip
        one: Any = extras.get(key)
        if one:
            found[what] = np.array([one["quality"]])
    for what, values in found.items():
        missing = np.count_nonzero(~np.isfinite(values))
        if missing:
            raise InputError(
                f"{words} of {what} is not known: {missing:,} of {values.size:,} values of it are "
                "no number; expected a finite quality everywhere. Nothing can be advised from it: "
                "try another [goal] metric, or add answers to the pilot"
            )


def replan(
    plan: Plan, *, amount: float | None = None, prices: dict[str, float] | None = None,
    crossed: bool = True,
) -> Plan:  # fmt: skip
    """The same evidence under another budget or other prices: no new training, milliseconds.

    `prices` maps names of families to the price of one answer; `crossed` as `advise` has it. Raises
    `InputError` for a name that the plan does not have and for money that is not above 0.
    """
    prices = prices or {}
    known = {curve.family.name for curve in plan.curves}
    for name, price in prices.items():
        if name not in known:
            raise InputError(f"price of {name!r}: expected one of: {', '.join(sorted(known))}")
        checked_money(f"price of {name}", price, "a price")
    curves = []
    for curve in plan.curves:
        family = curve.family
        if family.name in prices:
            price = Price(prices[family.name], None, 0.0, "set by hand")
            family = replace(family, price=price)
        curves.append(replace(curve, family=family))
    money = plan.budget if amount is None else checked_money("budget", amount)
    terms = plan.terms.model_copy(update={"amount": float(money)})
    extras = plan.extras.copy()
    if prices or amount is not None:
        extras.pop("mixture", None)  # it was designed for other money
    said = [text for text in plan.warnings if text not in plan.of_the_money]
    made = advise(plan.metric, curves, terms, plan.assumptions, said, extras, crossed=crossed)
    return replace(made, title=plan.title, items=plan.items)
