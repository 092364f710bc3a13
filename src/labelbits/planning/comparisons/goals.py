"""What a learned space may be judged by, in plans about comparisons: one entry a goal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from labelbits.errors import InputError
from labelbits.planning.comparisons.held import Held
from labelbits.planning.comparisons.measured import (
    Measured,
    measured_agreement,
    measured_alignment,
    measured_shots,
)
from labelbits.planning.comparisons.twins import (
    Tested,
    twins_agreement,
    twins_alignment,
    twins_shots,
)
from labelbits.recovery.held_out.predictions import Space
from labelbits.recovery.held_out.worlds import PossibleWorld


@dataclass(frozen=True)
class Goal:
    """One goal; its name is that of a metric `of_space` (`labelbits.metrics`).

    `measured(held, source, learn, labels, seed, tell, beside)` is the curve of one source of
    answers that the pilot itself shows (`beside`: as the linear learner measured it);
    `at_twins(space, world, tested)` the quality of a space if that world were the truth. `least` is
    the quality of a guess. `on(held)` says what it is measured on.

    `tests_answers`: it is judged by held-out answers, and ends where people agree no better with
    each other; else it ends at 1. `needs_classes`: by the classes of items, of which no fitted
    answer may tell. `known_end`: what is missing to 1 falls by the same factor wherever a curve
    begins; else the same is gained.
    """

    name: str
    measured: Callable[..., Measured]
    at_twins: Callable[[Space, PossibleWorld, Tested], float]
    least: float
    on: Callable[[Held], str]
    tests_answers: bool = False
    needs_classes: bool = False
    known_end: bool = False


GOALS: dict[str, Goal] = {
    goal.name: goal
    for goal in (
        Goal(
            "agreement",
            measured_agreement,
            twins_agreement,
            least=0.5,
            on=lambda held: f"{len(held.tested):,} answers by people to held-out questions",
            tests_answers=True,
        ),
        Goal(
            "alignment",
            measured_alignment,
            twins_alignment,
            least=0.0,
            on=lambda held: "two fits to disjoint halves of the pilot",
            known_end=True,
        ),
        Goal(
            "shots",
            measured_shots,
            twins_shots,
            least=0.0,
            on=lambda held: f"the classes of {int((held.classes >= 0).sum()):,} items",
            needs_classes=True,
        ),
    )
}


def goal_of(metric: str) -> Goal:
    """The goal of that name. Raises `InputError` for a metric that no comparisons are planned by:
    nothing would say how it is measured on them."""
    if metric not in GOALS:
        raise InputError(
            f"[goal] metric is {metric!r}: plans about comparisons cannot measure it; expected one "
            f"of: {', '.join(GOALS)}"
        )
    return GOALS[metric]
