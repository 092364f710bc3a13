"""How many dimensions a plan of alignment simulates where the plan file says "auto"."""

from __future__ import annotations

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
    evidence: Evidence | None, seed: int = 0
) -> tuple[Dimensions, list[Assumption], list[str]]:
    """(dims, the assumption, what to say first) for "auto": the choice that every command makes."""
    learn = "comparisons by people, 10 for each item, measure them"
    if evidence is None:
        found = dimensions_of(None)
    else:
        found = dimensions_of(evidence.pilot.everyone, evidence.features, seed=seed)
    source = found.source if found.rests_on == "answers" else f"{found.source}; {learn}"
    assumption = Assumption("dims", found.value, "", source)
    if found.rests_on == "answers":
        return found, [assumption], []
    rests = ", as many as the features vary in" if evidence is not None else ""
    first = (
        f"Dimensions were left to 'auto': {found.value} are assumed{rests}, and half and twice as "
        "many are simulated too. More dimensions take more answers. What people see in the items "
        f"may differ: {learn} ('labelbits recover' with --dims auto shows what they say)"
    )
    return found, [assumption], [first]
