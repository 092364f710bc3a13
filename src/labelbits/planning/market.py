"""The market: ways of asking with what each gives, the money, and how quality is judged.

One object answers every "what does this cost, and what does it give for this money", so that
advice, tables, figures and the page have one place to ask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from labelbits.metrics import Metric, metric_of
from labelbits.planning.purchases import (
    chances,
    cost_of,
    draws_at,
    draws_for,
    final_draws,
    list_options,
    measured_interval,
    most_answers,
    option_at,
    purchase_of,
)
from labelbits.planning.records import Measured, Purchase
from labelbits.planning.result import Curve, Option, Plan
from labelbits.planning.shown import between, change, show
from labelbits.planning.spec.cost import Part, bills
from labelbits.planning.spec.planfile import Budget


@dataclass(frozen=True)
class Market:
    """`curves` of the ways of asking, the money (`budget`), the `metric` that judges, and the
    `seed` of every draw."""

    curves: list[Curve]
    budget: Budget
    metric: Metric
    seed: int

    @property
    def sign(self) -> int:
        """1 where more quality is better, -1 where less is."""
        return self.metric.sign

    def curve(self, family: str) -> Curve:
        """The curve of a family by its name."""
        return next(one for one in self.curves if one.family.name == family)

    @property
    def priced_together(self) -> list[list[Curve]]:
        """The curves whose answers have one price: a vote and a hard label of the same people are
        one question, unless the plan prices them apart."""
        found: dict[tuple[str, str, float], list[Curve]] = {}
        for curve in self.curves:
            asked = curve.family
            found.setdefault((*asked.question, asked.price.amount), []).append(curve)
        return list(found.values())

    def shared(self, prices: Mapping[str, float]) -> dict[str, float]:
        """`prices` of an answer by option, and of what has one price with an option named there: an
        option that is named too is parted from them."""
        told = dict(prices)
        for curves in self.priced_together:
            named = [one.family for one in curves if one.family.name in prices]
            for own in (one.family for one in curves if one.family.name not in prices):
                like = [one for one in named if one.kind == own.kind] or named
                asked = {prices[one.name] for one in like}
                if len(asked) == 1:
                    told[own.name] = asked.pop()
        return told

    @classmethod
    def of_plan(cls, plan: Plan) -> Market:
        """What a finished plan was made from."""
        return cls(plan.curves, plan.terms, metric_of(plan.metric), plan.extras.get("seed", 0))

    def most(self, curve: Curve) -> float:
        """Answers that all the money buys, and the evidence can follow."""
        return min(most_answers(curve, self.budget), curve.limit)

    def cost(self, curve: Curve, answers: float) -> float:
        """Money for so many answers, items, sessions and fees included."""
        return cost_of(curve, answers, self.budget)

    def draws_for(self, curve: Curve, money: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(which of `money` (M,) buy any answers, draws (B, of those) of what each gives)."""
        return draws_for(curve, money, self.budget, self.seed)

    def draws(self, curve: Curve, answers: float) -> np.ndarray:
        """Draws (B,) of the quality that the money for `answers` buys."""
        return draws_at(curve, answers, self.seed)

    def option(self, curve: Curve, answers: float) -> Option:
        """The purchase of so many answers, with the interval of its quality."""
        return option_at(curve, answers, self.budget, self.seed)

    def purchase(self, family: str, items: int, answers_per_item: float, answers: int) -> Purchase:
        """What to buy of a family and what its cost is made of, as plain values."""
        asked = self.curve(family).family
        (bill,) = bills([Part(asked.price.amount, answers, items)], self.budget)
        return purchase_of(asked, items, answers_per_item, answers, bill)

    def purchase_of(self, option: Option) -> Purchase:
        """`purchase` of an option."""
        return self.purchase(option.family, option.items, option.answers_per_item, option.answers)

    @cached_property
    def options(self) -> list[Option]:
        """Every option of every family, rising in size in each. Raises `InputError` if the money
        buys not one answer."""
        return list_options(self.curves, self.budget, self.seed)

    @cached_property
    def bought(self) -> tuple[list[Curve], np.ndarray]:
        """(curves of the families that the money can buy, draws (B, families) of what each gives
        for all of it)."""
        return final_draws(self.curves, self.budget, self.seed)

    def best_of(self, draws: np.ndarray) -> np.ndarray:
        """Probability (F,) of each family to be the best, from draws (B, F) of quality."""
        return chances(self.sign * draws)

    def money(self, amount: float) -> str:
        """An amount of money in words."""
        return f"{amount:,.2f} {self.budget.currency}"

    def shown(self, quality: float) -> str:
        """A quality in words."""
        return show(quality, self.metric.percent)

    def between(self, ends: Sequence[float]) -> str:
        """The interval of a quality in words."""
        return between(ends, self.shown)

    def change(self, value: float, ends: Sequence[float]) -> str:
        """A difference of quality with its interval, in words."""
        return change(value, ends, self.metric.percent)

    def measured_interval(self, measured: Measured) -> tuple[float, float]:
        """Interval of a quality that was measured."""
        return measured_interval(measured, self.sign)
