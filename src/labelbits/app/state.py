"""What the page shows of a plan: advice, rows, figure, doubts; and its sliders."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from labelbits.planning import Plan
from labelbits.planning.advice.words import chance, show, span
from labelbits.report import figures
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
}


@dataclass(frozen=True)
class Slider:
    """A logarithmic slider from a tenth to ten times `value`; `name` is the option it prices."""

    kind: str
    label: str
    value: float
    name: str


def sliders(plan: Plan) -> list[Slider]:
    """One for the budget, one for the price of an answer of each option."""
    found = [Slider("budget", f"budget ({plan.currency})", plan.budget, "amount")]
    for curve in plan.curves:
        name, price = curve.family.name, curve.family.price.amount
        found.append(Slider("price", f"{name}, one answer", price, name))
    return found


def headings(plan: Plan) -> dict[str, str]:
    """`COLUMNS` with the metric's name."""
    return {**COLUMNS, "quality": plan.metric_name}


def state(plan: Plan) -> dict[str, Any]:
    """The plan as the page's script takes it, ready for JSON."""
    percent = plan.percent
    last = {option.family: option for option in plan.options}
    chances = plan.recommendation["probabilities"]
    rows = [
        {
            "family": printable(o.family),
            "items": f"{o.items:,}",
            "per_item": f"{o.answers_per_item:.3g}",
            "cost": printable(figures.money(o.cost, plan.currency)),
            "quality": show(o.quality, percent),
            "interval": span(o.low, o.high, percent),
            "chance": chance(chances.get(o.family, 0)),
        }
        for o in last.values()
    ]
    return {
        "sentence": printable(plan.recommendation["sentence"]),
        "recommended": printable(plan.recommendation["family"]),
        "rows": rows,
        "tradeoff": json.loads(figures.tradeoff(plan).to_json() or "{}"),
        "warnings": [printable(line) for line in plan.warnings],
    }
