"""What every quality of a plan stands between: a constant answer, and people's own agreement."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import norm

from labelbits.planning.result import LEVEL, Plan


@dataclass(frozen=True)
class Yardstick:
    """A quality that costs nothing to know, with its interval, for tables and figures."""

    name: str
    quality: float
    low: float
    high: float


def yardsticks(plan: Plan) -> list[Yardstick]:
    """The constant answer and the ceiling of a plan, whatever its money and prices."""
    found = []
    free = plan.recommendation.get("constant")
    if free:
        name = "the class frequencies" if free["class"] is None else free["class"]
        quality = free["quality"]
        found.append(Yardstick(f"always {name}, no labels", quality, quality, quality))
    most = plan.recommendation.get("ceiling")
    if most:
        half = float(norm.ppf((1 + LEVEL) / 2)) * most["standard_error"]
        low = most.get("low", max(most["quality"] - half, 0.0))
        high = most.get("high", most["quality"] + half)
        if plan.percent:
            high = min(high, 1.0)
        found.append(Yardstick(most["what"], most["quality"], low, high))
    return found
