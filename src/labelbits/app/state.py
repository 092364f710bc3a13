"""What the page shows of a plan: advice, rows, figure, doubts; and its sliders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from labelbits.errors import InputError
from labelbits.planning import Plan
from labelbits.planning.advice.recommend import purchase
from labelbits.planning.advice.words import chance, show, span
from labelbits.planning.advice.yardsticks import yardsticks
from labelbits.planning.purchases import option_at
from labelbits.planning.result import Curve, Option
from labelbits.report import figures
from labelbits.report.purchases import largest
from labelbits.speech import printable

#: Columns of the page's table: the key of a row, its heading (the metric's name for `quality`).
COLUMNS = {
    "family": "option",
    "items": "items",
    "per_item": "answers an item",
    "cost": "cost",
    "quality": "",
    "interval": "interval",
    "chance": "chance of being best",
    "bits": "bits an answer",
    "per_money": "",
}


@dataclass(frozen=True)
class Slider:
    """A logarithmic slider from a tenth to ten times `value`; `names` are the options it prices.

    `part_of` is the slider (its number) that moves several options at once, where this is one of
    them; -1 where it stands alone.
    """

    kind: str
    label: str
    value: float
    names: tuple[str, ...]
    part_of: int = -1

    @property
    def name(self) -> str:
        """The first option."""
        return self.names[0]

    @property
    def several(self) -> bool:
        """Does it price options that can be parted?"""
        return self.kind == "price" and len(self.names) > 1


def question(curve: Curve) -> tuple[str, str]:
    """What is asked of whom: a vote and a hard label are one question, so they share a price."""
    family = curve.family
    return "hard" if family.kind == "votes" else family.kind, family.annotators


def sliders(plan: Plan) -> list[Slider]:
    """One for the budget, one for the price of an answer to each question, and one for each option
    of a question that has several: for those who price them apart."""
    found = [Slider("budget", f"budget ({plan.currency})", plan.budget, ("amount",))]
    groups: dict[tuple[str, str, float], list[Curve]] = {}
    for curve in plan.curves:
        groups.setdefault((*question(curve), curve.family.price.amount), []).append(curve)
    for (*_, price), curves in groups.items():
        names = tuple(curve.family.name for curve in curves)
        kinds = list(dict.fromkeys(curve.family.kind for curve in curves))
        who = "" if curves[0].family.annotators == "crowd" else f" by {curves[0].family.annotators}"
        label = names[0] if len(names) == 1 else " and ".join(kinds) + who
        whole = len(found)
        found.append(Slider("price", f"{label}, one answer", price, names))
        if len(names) > 1:
            found += [Slider("price", f"{n}, one answer", price, (n,), whole) for n in names]
    return found


def headings(plan: Plan) -> dict[str, str]:
    """`COLUMNS` with the metric's name and the currency."""
    return {**COLUMNS, "quality": plan.metric_name, "per_money": f"bits per {plan.currency}"}


def state(plan: Plan) -> dict[str, Any]:
    """The plan as the page's script takes it, ready for JSON."""
    percent = plan.percent
    last = largest(plan)
    chances = plan.recommendation["probabilities"]
    prices = {curve.family.name: curve.family.price.amount for curve in plan.curves}
    rows = []
    for name, price in prices.items():
        o = last.get(name)
        if o is None:
            rows.append({"key": name, "family": printable(name), "items": "cannot be bought"})
            continue
        known = o.bits == o.bits
        rows.append(
            {
                "key": o.family,
                "family": printable(o.family),
                "items": f"{o.items:,}",
                "per_item": f"{o.answers_per_item:.3g}",
                "cost": printable(figures.money(o.cost, plan.currency)),
                "quality": show(o.quality, percent),
                "interval": span(o.low, o.high, percent),
                "chance": chance(chances.get(o.family, 0)),
                "bits": f"{o.bits:.3g}" if known else "-",
                "per_money": f"{o.bits / price:,.3g}" if known else "-",
            }
        )
    for one in yardsticks(plan):
        between = span(one.low, one.high, percent) if one.high > one.low else "-"
        shown = show(one.quality, percent)
        rows.append(
            {"key": "", "family": printable(one.name), "quality": shown, "interval": between}
        )
    return {
        "sentence": printable(plan.recommendation["sentence"]),
        "recommended": plan.recommendation["family"],
        "budget": plan.budget,
        "rows": rows,
        "points": [[o.family, o.answers] for o in plan.options],
        "tradeoff": figures.tradeoff_of(plan),
        "warnings": [printable(line) for line in plan.warnings],
        "shown_first": sorted(figures.drawn(plan)),
    }


def found_option(plan: Plan, family: str, answers: float | None) -> tuple[Curve, Option]:
    """The purchase of so many answers of one option; of the most that is listed where None.

    Raises `InputError` for an option that the plan does not have or the money does not buy.
    """
    listed = [option for option in plan.options if option.family == family]
    curve = next((one for one in plan.curves if one.family.name == family), None)
    if curve is None or not listed:
        names = ", ".join(dict.fromkeys(option.family for option in plan.options))
        raise InputError(f"option {family!r} cannot be bought here; expected one of: {names}")
    exact = next((one for one in listed if one.answers == answers), None)
    if answers is None or exact is not None:
        return curve, exact or listed[-1]
    most = listed[-1].answers
    if not 1 <= answers <= most:
        raise InputError(
            f"answers is {answers:g}; expected from 1 to {most:,}, what the money buys"
        )
    return curve, option_at(curve, float(answers), plan.terms, plan.extras.get("seed", 0))


def bought(plan: Plan, family: str, answers: float | None = None) -> dict[str, Any]:
    """What a click on an option shows: what would be bought, for how much, what it gives."""
    curve, option = found_option(plan, family, answers)
    found = purchase(curve, option, plan.terms)
    price = curve.family.price

    def money(value: float) -> str:
        return printable(figures.money(value, plan.currency))

    lines = [
        ["what is asked", f"{option.answers:,} answers on {option.items:,} items, "
         f"{option.answers_per_item:.3g} on each"],
        ["who answers", option.annotators],
        ["price of one answer", f"{money(price.amount)} ({price.source})"],
        ["cost", money(option.cost)],
    ]  # fmt: skip
    for key, name in (("cost_of_items", "of it for items"), ("cost_of_sessions", "for sessions")):
        if found[key]:
            lines.append([name, money(found[key])])
    lines += [
        [plan.metric_name, f"{show(option.quality, plan.percent)} "
         f"({span(option.low, option.high, plan.percent)})"],
        ["evidence", "measured" if option.measured else "forecast"],
    ]  # fmt: skip
    if option.bits == option.bits:
        each, whole = f"{option.bits:.3g} bits an answer", f"{option.bits_total:,.0f} in all"
        lines.append(["information", f"{each}, {whole}"])
    return {
        "key": option.family,
        "family": printable(option.family),
        "answers": option.answers,
        "sizes": [o.answers for o in plan.options if o.family == family],
        "lines": [[printable(a), printable(b)] for a, b in lines],
    }
