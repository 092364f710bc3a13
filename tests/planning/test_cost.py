"""Prices and what a budget buys."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelbits.errors import InputError
from labelbits.planning.evidence.answers_held import Pilot
from labelbits.planning.families import build_families
from labelbits.planning.spec.cost import Price, affordable_items, price_of, total_cost
from labelbits.planning.spec.planfile import Budget, PlanFile, SignalPlan
from labelbits.signals import Hard, Ranking


def budget(**changed: object) -> Budget:
    return Budget.model_validate({"amount": 100.0, **changed})


def signal_plan(**changed: object) -> SignalPlan:
    return SignalPlan.model_validate({"kind": "hard", **changed})


def test_seconds_become_money_by_the_wage() -> None:
    price = price_of(
        signal_plan(seconds=6.0), 1, Hard(), 10, budget(wage_per_hour=30, fee=0.01), None
    )
    assert price.amount == pytest.approx(6 * 30 / 3600 + 0.01)
    assert price.log_sd == 0


def test_the_pilot_is_paid_by_its_mean_without_the_absent() -> None:
    times = np.array([2.0, 4.0, 6.0, 8.0, 10.0, 4000.0])
    price = price_of(signal_plan(), 1, Hard(), 10, budget(), times)
    assert price.seconds == pytest.approx(6.0)
    assert "1 dropped" in price.source
    assert price.log_sd == pytest.approx(np.std([2, 4, 6, 8, 10], ddof=1) / 6 / math.sqrt(5))


def test_a_cited_default_is_paid_by_the_mean_and_is_uncertain() -> None:
    price = price_of(signal_plan(), 1, Hard(), 10, budget(), None)
    sigma = math.log(5.8 / 3.1) / 1.349
    assert price.seconds == pytest.approx(4.2 * math.exp(sigma**2 / 2))
    assert "Wei et al. 2022" in price.source
    assert price.log_sd > 0


def test_a_time_that_nobody_published_is_not_invented() -> None:
    with pytest.raises(InputError, match=r"number 2 \(ranking\): neither price nor seconds"):
        price_of(signal_plan(kind="ranking"), 2, Ranking(), 10, budget(), None)


@given(
    amount=st.floats(0.001, 5),
    money=st.floats(1, 1e5),
    m=st.integers(1, 20),
    overhead=st.floats(0, 600),
    item_cost=st.floats(0, 1),
)
def test_the_budget_buys_all_it_can_and_no_more(
    amount: float, money: float, m: int, overhead: float, item_cost: float
) -> None:
    plan = budget(amount=money, session_seconds=overhead, item_cost=item_cost)
    price = Price(amount, None, 0.0, "")
    items = affordable_items(price, m, plan)
    assert items == 0 or total_cost(price, items, items * m, plan) <= money
    assert total_cost(price, items + 1, (items + 1) * m, plan) > money


def test_all_signals_without_a_price_are_named_at_once() -> None:
    kinds = ("hard", "ranking", "triplet", "candidates")
    wanted = PlanFile.model_validate(
        {
            "dataset": {"items": 50, "classes": 4, "dims": 2},
            "budget": {"amount": 10},
            "signal": [{"kind": kind} for kind in kinds],
        }
    )
    with pytest.raises(InputError) as found:
        build_families(wanted, 2, 4, Pilot())
    said = str(found.value)
    assert "number 2 (ranking): neither price nor seconds" in said
    assert said.endswith("No price is known either for number 4 (candidates)")
