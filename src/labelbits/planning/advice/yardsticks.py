"""What every quality of a plan stands between: a constant answer, and people's own agreement."""

from __future__ import annotations

from dataclasses import dataclass

from labelbits.planning.purchases import measured_interval
from labelbits.planning.result import Plan
from labelbits.quantity import Quantity


@dataclass(frozen=True)
class Yardstick:
    """A quality that costs nothing to know, with its interval, for tables and figures."""

    name: str
    quality: Quantity


def yardsticks(plan: Plan) -> list[Yardstick]:
    """The constant answer and the ceiling of a plan, whatever its money and prices."""
    found = []
    free = plan.recommendation.get("constant")
    if free:
        name = "the class frequencies" if free["class"] is None else free["class"]
        value = free["quality"]
        exactly = Quantity(value, value, value)
        found.append(Yardstick(f"always {name}, no labels", exactly))
    most = plan.recommendation.get("ceiling")
    if most:
        low, high = measured_interval(most, -1 if plan.lower_is_better else 1)
        # Shares of few people are not normal: their interval is their own.
        low, high = most.get("low", low), most.get("high", high)
        found.append(Yardstick(most["what"], Quantity(most["quality"], low, high)))
    return found
