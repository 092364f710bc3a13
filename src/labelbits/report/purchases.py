"""The largest purchase of each option, and the table of them as report, page, terminal and notebook
show it: worked out and written once."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from labelbits.planning.advice.yardsticks import yardsticks
from labelbits.planning.records import Addition
from labelbits.planning.result import Curve, Option, Plan
from labelbits.planning.shown import chance, show, span


def adds(plan: Plan) -> bool:
    """Is what is recommended added to labels that are held? Qualities are then of both together."""
    return "from_nothing" in plan.recommendation


def addition(plan: Plan) -> Addition | None:
    """What is recommended to add to labels that are held; None where nothing is added."""
    held = plan.recommendation.get("next")
    if held is None or not adds(plan):
        return None
    chosen = plan.recommendation["family"]
    return next(one for one in held["purchases"] if one["family"] == chosen)


def largest(plan: Plan) -> dict[str, Option]:
    """The largest purchase of each family that can be bought; with the labels that are held where
    the recommendation is what to add to them."""
    found = {option.family: option for option in plan.options}  # options rise in size
    held = plan.recommendation.get("next")
    if held is None or not adds(plan):
        return found
    added = {one["family"]: one for one in held["purchases"]}
    return {
        name: replace(
            option,
            items=added[name]["items"],
            answers_per_item=added[name]["answers_per_item"],
            answers=added[name]["answers"],
            cost=added[name]["cost"],
            quality=added[name]["quality"],
            low=added[name]["interval"][0],
            high=added[name]["interval"][1],
        )
        for name, option in found.items()
        if name in added
    }


def each(answers_per_item: float) -> str:
    """Answers on each item for a reader: three digits, and all of a number above them."""
    return f"{answers_per_item:,.0f}" if answers_per_item >= 100 else f"{answers_per_item:.3g}"


def money(value: float, currency: str) -> str:
    """Money for a reader: as many decimals as its size needs."""
    if value >= 100:
        return f"{value:,.0f} {currency}"
    return f"{value:,.2f} {currency}" if value >= 1 else f"{value:.3g} {currency}"


def bits_per_money(curve: Curve, spread: bool = False) -> float:
    """Bits of one answer for a unit of money, or their standard error; NaN where none are known."""
    if curve.bits is None:
        return math.nan
    price, value = curve.family.price, curve.bits.bits / curve.family.price.amount
    if not spread:
        return value
    return math.hypot(curve.bits.standard_error / price.amount, value * price.log_sd)


#: The columns of the table, and what stands where nothing is known.
COLUMNS = (
    "items", "answers_per_item", "cost", "quality", "interval", "chance", "bits", "per_money",
)  # fmt: skip
NOTHING = "-"


@dataclass(frozen=True)
class Row:
    """One line of the table: the largest purchase of an option, or (`is_option` false) a quality
    that it is to be compared with. `texts` holds each of `COLUMNS`; `option` is None where the
    money does not buy one."""

    name: str
    texts: dict[str, str]
    option: Option | None = None
    is_option: bool = True
    recommended: bool = False


def table_of(plan: Plan) -> list[Row]:
    """Every option with the largest purchase of it, then what their qualities stand between."""
    bought, chances = largest(plan), plan.recommendation["probabilities"]
    rows = []
    for curve in plan.curves:
        name = curve.family.name
        option = bought.get(name)
        if option is None:
            rows.append(Row(name, dict.fromkeys(COLUMNS, NOTHING)))
            continue
        bits = curve.bits is not None
        texts = {
            "items": f"{option.items:,}",
            "answers_per_item": each(option.answers_per_item),
            "cost": money(option.cost, plan.currency),
            "quality": show(option.quality, plan.percent),
            "interval": span(option.low, option.high, plan.percent),
            "chance": chance(chances.get(name, 0)),
            "bits": f"{option.bits:.3g}" if bits else NOTHING,
            "per_money": f"{bits_per_money(curve):,.3g}" if bits else NOTHING,
        }
        recommended = name == plan.recommendation["family"]
        rows.append(Row(name, texts, option, recommended=recommended))
    for one in yardsticks(plan):
        least, most = one.quality.low, one.quality.high
        between = span(least, most, plan.percent) if most > least else NOTHING
        told = {"quality": show(one.quality.value, plan.percent), "interval": between}
        rows.append(Row(one.name, {**dict.fromkeys(COLUMNS, NOTHING), **told}, is_option=False))
    return rows
