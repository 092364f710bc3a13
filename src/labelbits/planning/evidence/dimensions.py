"""How many dimensions a plan of alignment simulates where the plan file says "auto"."""

from __future__ import annotations

from dataclasses import replace

from labelbits.annotators.dimensions import (
    MOST,
    Dimensions,
    dimensions_of,
    participation_ratio,
)
from labelbits.planning.evidence.loading import Evidence
from labelbits.planning.result import Assumption

__all__ = ["MOST", "choose_dims", "participation_ratio"]


def choose_dims(
    evidence: Evidence | None, seed: int = 0, items: int | None = None
) -> tuple[Dimensions, list[Assumption], list[str]]:
    """(dims, the assumption, what to say first) for "auto": the choice that every command makes.

    `items` points lie in `items` - 1 dimensions, so no more are chosen where their number is given.
    """
    learn = "comparisons by people, 10 for each item, measure them"
    if evidence is None:
        found = dimensions_of(None)
    else:
        found = dimensions_of(evidence.pilot.everyone, evidence.features, seed=seed)
    if items is not None and found.value >= items:
        most = max(1, items - 1)
        shown = f"{found.source}; {items} items show {most} at most"
        found = replace(found, value=most, source=shown)
    source = found.source if found.rests_on == "answers" else f"{found.source}; {learn}"
    assumption = Assumption("dims", found.value, "", source)
    if found.rests_on == "answers":
        return found, [assumption], []
    rests = ", as many as the features vary in" if evidence is not None else ""
    around = "half" if found.value + 1 == items else "half and twice"
    first = (
        f"Dimensions were left to 'auto': {found.value} are assumed{rests}, and {around} as many "
        "are simulated too. More dimensions take more answers. What people see in the items "
        f"may differ: {learn} ('labelbits recover' with --dims auto shows what they say)"
    )
    return found, [assumption], [first]
