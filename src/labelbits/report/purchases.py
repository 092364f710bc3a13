"""The largest purchase of each option, as every table of them shows it."""

from __future__ import annotations

from dataclasses import replace

from labelbits.planning.records import Addition
from labelbits.planning.result import Option, Plan


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
