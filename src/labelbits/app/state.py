"""What the page shows of a plan: advice, rows, figure, doubts; and its sliders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from labelbits.errors import InputError
from labelbits.planning import Plan
from labelbits.planning.market import Market
from labelbits.planning.result import Curve, Option
from labelbits.planning.shown import show, span
from labelbits.planning.spec.annotator_kinds import by
from labelbits.report import figures
from labelbits.report.purchases import COLUMNS, each, money, table_of
from labelbits.speech import printable

#: Headings of the page's table, by the key of a row (the metric's name for `quality`).
HEADINGS = {
    "family": "option",
    "items": "items",
    "answers_per_item": "answers an item",
    "cost": "cost",
    "quality": "",
    "interval": "interval",
    "chance": "chance of being best",
    "bits": "bits an answer",
    "per_money": "",
}


#: What a heading means, where it does not say it all.
MEANINGS = {
    "interval": "with 90 % probability the quality lies in it",
    "chance": "probability that no other option is better, each at the most that the money buys",
    "bits": "what one answer tells, in bits; a fair coin is one bit",
    "per_money": "bits an answer over the price of an answer",
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


def sliders(plan: Plan) -> list[Slider]:
    """One for the budget, one for the price of an answer to each question, and one for each option
    of a question that has several: for those who price them apart."""
    found = [Slider("budget", f"budget ({plan.currency})", plan.budget, ("amount",))]
    for curves in Market.of_plan(plan).priced_together:
        price = curves[0].family.price.amount
        names = tuple(curve.family.name for curve in curves)
        kinds = list(dict.fromkeys(curve.family.kind for curve in curves))
        asked = by(" and ".join(kinds), curves[0].family.annotators)
        label = names[0] if len(names) == 1 else asked
        whole = len(found)
        found.append(Slider("price", f"{label}, one answer", price, names))
        if len(names) > 1:
            found += [Slider("price", f"{n}, one answer", price, (n,), whole) for n in names]
    return found


def headings(plan: Plan) -> dict[str, str]:
    """`HEADINGS` with the metric's name and the currency."""
    return {**HEADINGS, "quality": plan.metric_name, "per_money": f"bits per {plan.currency}"}


def state(plan: Plan) -> dict[str, Any]:
    """The plan as the page's script takes it, ready for JSON."""
    rows = []
    for one in table_of(plan):
        row = {"key": one.name if one.is_option else "", "family": printable(one.name)}
        if one.is_option and one.option is None:
            row["items"] = "cannot be bought"
        else:
            shown = COLUMNS if one.is_option else ("quality", "interval")
            row |= {column: printable(one.texts[column]) for column in shown}
        rows.append(row)
    return {
        "sentence": printable(plan.recommendation["sentence"]),
        "recommended": plan.recommendation["family"],
        "buys": bool(plan.recommendation["purchases"]),
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
    return curve, Market.of_plan(plan).option(curve, float(answers))


def advised(plan: Plan) -> dict[str, Any]:
    """What the advice buys, of one option or of several, as `bought` tells of one."""
    best = plan.recommendation
    lines = []
    for one in best["purchases"]:
        asked = f"{one['answers']:,.0f} answers on {one['items']:,.0f} items"
        who = by(one["signal"], one["annotators"])
        lines.append([who, f"{asked}, for {money(one['cost'], plan.currency)}"])
    low, high = best["interval"]
    quality = f"{show(best['quality'], plan.percent)} ({span(low, high, plan.percent)})"
    lines += [["cost", money(best["cost"], plan.currency)], [plan.metric_name, quality]]
    return {
        "key": figures.ADVISED,
        "family": "what is recommended",
        "answers": None,
        "sizes": [],
        "lines": [[printable(a), printable(b)] for a, b in lines],
    }


def bought(plan: Plan, family: str, answers: float | None = None) -> dict[str, Any]:
    """What a click on an option shows: what would be bought, for how much, what it gives."""
    if family == figures.ADVISED:
        return advised(plan)
    curve, option = found_option(plan, family, answers)
    found = Market.of_plan(plan).purchase_of(option)
    price = curve.family.price

    def shown(value: float) -> str:
        return printable(money(value, plan.currency))

    lines = [
        ["what is asked", f"{option.answers:,} answers on {option.items:,} items, "
         f"{each(option.answers_per_item)} on each"],
        ["who answers", option.annotators],
        ["price of one answer", f"{shown(price.amount)} ({price.source})"],
        ["cost", shown(option.cost)],
    ]  # fmt: skip
    for key, name in (("cost_of_items", "of it for items"), ("cost_of_sessions", "for sessions")):
        if found[key]:
            lines.append([name, shown(found[key])])

    def quality(value: float, low: float, high: float) -> str:
        return f"{show(value, plan.percent)} ({span(low, high, plan.percent)})"

    alone = quality(option.quality, option.low, option.high)
    held = plan.recommendation.get("next")
    if held is None:
        lines.append([plan.metric_name, alone])
    else:
        for one in held["purchases"]:
            if (one["family"], one["answers"]) == (option.family, option.answers):
                both = quality(one["quality"], *one["interval"])
                lines.append([f"{plan.metric_name} with the labels you hold", both])
        lines.append([f"{plan.metric_name} without the labels you hold", alone])
    lines.append(["evidence", plan.evidence_of(option)])
    if option.bits == option.bits:
        whole = f"{option.bits_total:,.0f} in all"
        lines.append(["information", f"{option.bits:.3g} bits an answer, {whole}"])
    return {
        "key": option.family,
        "family": printable(option.family),
        "answers": option.answers,
        "sizes": [o.answers for o in plan.options if o.family == family],
        "lines": [[printable(a), printable(b)] for a, b in lines],
    }
