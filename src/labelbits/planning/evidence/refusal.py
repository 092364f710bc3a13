"""A pilot that cannot support the question: why, and the pilot to run instead of a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from labelbits.errors import InputError
from labelbits.planning.spec.annotator_kinds import KnownBy
from labelbits.planning.spec.cost import total_cost
from labelbits.planning.spec.planfile import Budget

if TYPE_CHECKING:
    from labelbits.planning.result import Family


@dataclass(frozen=True)
class PilotToRun:
    """A pilot of `items` (`which` says how they are picked) with `labels` hard labels on each, and
    what it would `settle`."""

    items: int
    settle: str
    labels: int = 1
    which: str = "random"

    def in_words(self, families: list[Family], budget: Budget) -> str:
        """The pilot as an offer, at the price of the cheapest question that the plan asks."""
        each = "one label" if self.labels == 1 else f"{self.labels} labels by different people"
        text = f"Run this pilot: {self.items:,} {self.which} items, {each} on every one"
        money = self._cost(families, budget)
        if money is not None:
            text += f", about {money:,.2f} {budget.currency}"
            if money > budget.amount:
                text += f" (more than the {budget.amount:,.2f} there are)"
        return f"{text}. It would settle {self.settle}."

    def _cost(self, families: list[Family], budget: Budget) -> float | None:
        crowd = [family for family in families if family.known_by is KnownBy.PEOPLE] or families
        prices = [family.price for family in crowd if family.question[0] == "hard"]
        prices = prices or [family.price for family in crowd]
        if not prices:
            return None
        cheapest = min(prices, key=lambda price: price.amount)
        return total_cost(cheapest, self.items, self.items * self.labels, budget)


class PilotNeededError(InputError):
    """Raised instead of a number. `why` it cannot be given, the `pilot` that would allow it, and
    what to look at `first`, because it costs nothing."""

    def __init__(
        self,
        why: str,
        pilot: PilotToRun,
        first: str = "",
        head: str = "this pilot cannot support a plan: ",
    ) -> None:
        self.why, self.pilot, self.first = head + why, pilot, first
        super().__init__(self.message([], None))

    def message(self, families: list[Family], budget: Budget | None) -> str:
        """The refusal as one text; the pilot has a price where families and budget are known."""
        terms = budget or Budget.model_validate({"amount": 1.0})
        offer = self.pilot.in_words(families, terms)
        parts = [f"{self.why}.", self.first, offer]
        return " ".join(part for part in parts if part)


#: What to do without a single answer.
FIRST_PILOT = PilotToRun(100, "what one more label is worth, and how far the money reaches")
