"""What an answer costs: from its price, tokens, seconds, the pilot or a cited default.

Total = answers x (seconds x wage / 3600 + fee) + items x item cost + sessions x overhead. Times
are log-normal, so their mean is median x exp(sigma^2 / 2): costs use means, because that is
what is paid, though medians are what is usually published.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from labelbits.annotators.prices import AnswerPrice
from labelbits.errors import InputError
from labelbits.interface import Signal, Z
from labelbits.planning.spec.annotator_kinds import by
from labelbits.planning.spec.asked import SignalPlan
from labelbits.planning.spec.planfile import Budget

#: Published times of one kind of question differ between studies by about this much (standard
#: deviation of ln time): 4.2 s against 1.9 s for ten-class hard labels is a factor of 2.2.
BETWEEN_STUDIES = 0.4
#: Ratio of the quartiles of a normal law to its standard deviation, both sides together.
QUARTILES_TO_SIGMA = 1.349


@dataclass(frozen=True)
class Price(AnswerPrice):
    """The price of one answer in a plan, with draws of what it may really be; `published`: it
    rests on a published time of other people's answers about other items."""

    published: bool = False

    def draws(self, count: int, seed: int) -> np.ndarray:
        """Factors by which the true price may differ from `amount`, shape (count,), mean ln 0."""
        return np.exp(self.log_sd * _standard(count, seed))


@functools.lru_cache(maxsize=64)
def _standard(count: int, seed: int) -> np.ndarray:
    """Standard normal draws (count,), the same for equal seeds; not to be written to."""
    drawn = np.random.default_rng(seed).standard_normal(count)
    drawn.flags.writeable = False
    return drawn


def price_of(
    plan: SignalPlan,
    number: int,
    signal: Signal,
    classes: int,
    budget: Budget,
    measured: AnswerPrice | None = None,
) -> Price:
    """The price of one answer to [[signal]] `number`, best source first.

    `measured` is what the pilot says of those who are asked. Raises `InputError` where there is no
    source at all: times are never invented.
    """
    per_second = budget.wage_per_hour / 3600
    if plan.tokens_price is not None:
        return Price(plan.tokens_price + budget.fee, None, 0.0, "tokens given in the plan")
    if plan.price is not None:
        return Price(plan.price + budget.fee, None, 0.0, "price given in the plan")
    if plan.seconds is not None:
        cost = plan.seconds * per_second + budget.fee
        return Price(cost, plan.seconds, 0.0, "seconds given in the plan")
    if measured is not None:
        return Price(measured.amount, measured.seconds, measured.log_sd, measured.source)
    kind = plan.annotator_kind
    if kind.no_price:
        asked = by(plan.kind, kind.words or plan.who)
        raise InputError(f"[[signal]] number {number} ({asked}): {kind.no_price}")
    cited = signal.cited_time(classes)
    if cited is None:
        raise InputError(
            f"[[signal]] number {number} ({plan.kind}): neither price nor seconds is given, the "
            "pilot has no times for it, and no published time is known; add price = ... or "
            "seconds = ..., or run a pilot of 20 answers with times"
        )
    sigma = math.log(cited.high / cited.low) / QUARTILES_TO_SIGMA
    if cited.high / cited.low > 3:  # published as 10-90 % and not as quartiles
        sigma = math.log(cited.high / cited.low) / 2.563
    mean = cited.median * math.exp(sigma**2 / 2)
    source = f"{cited.source}: median {cited.median} s, mean {mean:.1f} s if log-normal"
    return Price(mean * per_second + budget.fee, mean, BETWEEN_STUDIES, source, published=True)


def said_of_published(prices: Mapping[str, Price]) -> list[str]:
    """The warning where prices of families, by name, rest on published times; else nothing."""
    found = {name: price for name, price in prices.items() if price.published}
    if not found:
        return []
    times = {f"{price.seconds:.1f} s" for price in found.values()}
    factor = math.exp(Z * BETWEEN_STUDIES)
    return [
        f"No time of an answer is in the plan or the pilot: the price of {', '.join(found)} rests "
        f"on published times ({', '.join(sorted(times))}, other people on other items), which may "
        f"be wrong by a factor of {factor:.1f} either way, and by more for long texts; time 20 "
        "answers, or add price or seconds"
    ]


@dataclass(frozen=True)
class Part:
    """`answers` answers to one kind of question about `items` items, each at `price`."""

    price: float
    answers: float
    items: float


@dataclass(frozen=True)
class Bill:
    """What a purchase costs and what that is made of, in the plan's currency."""

    answers: float
    items: float
    overhead: float
    sessions: int

    @property
    def total(self) -> float:
        """Money for all of it."""
        return self.answers + self.items + self.overhead

    def to_dict(self) -> dict[str, float]:
        """The cost and its parts, as a purchase of plan.json lists them."""
        return {
            "cost": self.total,
            "cost_of_answers": self.answers,
            "cost_of_items": self.items,
            "cost_of_sessions": self.overhead,
            "sessions": self.sessions,
        }


def bills(parts: Sequence[Part], budget: Budget, items: float | None = None) -> list[Bill]:
    """The bill of each part of one purchase; every purchase is priced here.

    Each kind of question has sessions of its own. `items` is the number of items acquired, where
    the parts ask about the same ones (their cost is then shared out by answers); left out, each
    part has items of its own.
    """
    asked = sum(part.answers for part in parts)
    found = []
    for part in parts:
        own = part.items if items is None else items * part.answers / max(asked, 1e-300)
        sessions = sessions_of(part.answers, budget)
        overhead = sessions * _session_cost(budget)
        found.append(Bill(part.answers * part.price, own * budget.item_cost, overhead, sessions))
    return found


def cost_of_parts(parts: Sequence[Part], budget: Budget, items: float | None = None) -> float:
    """Money for a purchase of several parts (`bills`)."""
    return sum(bill.total for bill in bills(parts, budget, items))


def _session_cost(budget: Budget) -> float:
    """Money for each session besides its answers; one purchase and many (`costs_of`) pay it."""
    return budget.session_seconds * budget.wage_per_hour / 3600


def cost_per_item(price: Price, answers_per_item: float, budget: Budget) -> float:
    """Money for each item at so many answers, where the whole budget is spent on such items."""
    items = max(1, affordable_items(price, answers_per_item, budget))
    return total_cost(price, items, items * answers_per_item, budget) / items


def sessions_of(answers: float, budget: Budget) -> int:
    """Sessions, one annotator's sitting each, in which this many answers are given."""
    return math.ceil(answers / budget.answers_per_session)


def costs_of(
    prices: np.ndarray, items: np.ndarray, answers: np.ndarray, budget: Budget
) -> np.ndarray:
    """`total_cost` of many purchases at once; arrays that broadcast."""
    sessions = np.ceil(answers / budget.answers_per_session)
    return answers * prices + items * budget.item_cost + sessions * _session_cost(budget)


def most_within_each(
    amounts: np.ndarray, costs: Callable[[np.ndarray], np.ndarray], most: np.ndarray
) -> np.ndarray:
    """The largest whole numbers, up to `most`, whose `costs` (rising) are within `amounts`."""
    low, high = np.zeros(np.shape(amounts)), np.floor(most)
    while np.any(low < high):
        middle = np.ceil((low + high) / 2)
        within = costs(middle) <= amounts
        low, high = np.where(within, middle, low), np.where(within, high, middle - 1)
    return low


def total_cost(price: Price, items: float, answers: float, budget: Budget) -> float:
    """Money for `answers` answers on `items` items, in the plan's currency."""
    return cost_of_parts([Part(price.amount, answers, items)], budget)


def most_within(amount: float, cost_of: Callable[[int], float]) -> int:
    """The largest whole number whose cost (which rises with it) is within `amount`."""
    low, high = 0, 1
    while cost_of(high) <= amount:
        low, high = high, high * 2
        if high > 10**12:
            return low
    while high - low > 1:
        middle = (low + high) // 2
        if cost_of(middle) <= amount:
            low = middle
        else:
            high = middle
    return low


def affordable_items(price: Price, answers_per_item: float, budget: Budget) -> int:
    """The most items that the budget pays for at this many answers an item."""
    return most_within(
        budget.amount, lambda items: total_cost(price, items, items * answers_per_item, budget)
    )
