"""Prices and what a budget buys."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelbits.annotators.prices import AnswerPrice
from labelbits.errors import InputError
from labelbits.planning.advice.advise import advise, replan
from labelbits.planning.advice.crossovers import crossovers
from labelbits.planning.evidence.answers_held import Pilot
from labelbits.planning.families import build_families
from labelbits.planning.market import Market
from labelbits.planning.purchases import cost_of, most_answers, most_answers_each
from labelbits.planning.spec import cost
from labelbits.planning.spec.cost import (
    Part,
    Price,
    affordable_items,
    bills,
    cost_of_parts,
    price_of,
    total_cost,
)
from labelbits.planning.spec.planfile import Budget, PlanFile, SignalPlan
from labelbits.report.purchases import largest
from labelbits.report.winners import _winners
from labelbits.signals import Hard, Ranking
from tests.planning.curves import curve


def budget(**changed: object) -> Budget:
    return Budget.model_validate({"amount": 100.0, **changed})


def signal_plan(**changed: object) -> SignalPlan:
    return SignalPlan.model_validate({"kind": "hard", **changed})


def test_seconds_become_money_by_the_wage() -> None:
    price = price_of(signal_plan(seconds=6.0), 1, Hard(), 10, budget(wage_per_hour=30, fee=0.01))
    assert price.amount == pytest.approx(6 * 30 / 3600 + 0.01)
    assert price.log_sd == 0


def test_the_pilot_s_price_goes_before_the_cited_one_and_after_the_plan_s() -> None:
    measured = AnswerPrice(0.02, 6.0, 0.1, "pilot")
    price = price_of(signal_plan(), 1, Hard(), 10, budget(), measured)
    assert (price.amount, price.seconds, price.log_sd, price.source) == (0.02, 6.0, 0.1, "pilot")
    assert price_of(signal_plan(price=0.5), 1, Hard(), 10, budget(), measured).amount == 0.5


def test_a_price_that_rests_on_published_times_is_doubted_in_the_plan() -> None:
    """Not in the table of assumptions alone, which stands at the end of the report."""
    for told, doubted in (({}, True), ({"seconds": 4.0}, False), ({"price": 0.02}, False)):
        price = price_of(signal_plan(**told), 1, Hard(), 10, budget())
        one = curve("one", 1, price.amount)
        one = replace(one, family=replace(one.family, price=price))
        plan = advise("accuracy", [one], budget(), [], [], {})
        said = [text for text in plan.warnings if "rests on published times" in text]
        assert len(said) == doubted
        if doubted:
            assert f"the price of one rests on published times ({price.seconds:.1f} s" in said[0]
            # 90 % of studies within exp(1.645 x .4) of each other's median.
            assert "by a factor of 1.9 either way" in said[0]
            changed = replan(plan, prices={"one": 0.02})
            assert not any("rests on published times" in text for text in changed.warnings)


def test_every_part_of_a_purchase_pays_its_sessions_and_items_once() -> None:
    """200 answers of each of two kinds at .02 about the same 80 items of .1, 10 sessions each."""
    terms = budget(session_seconds=600, answers_per_session=20, wage_per_hour=12, item_cost=0.1)
    parts = [Part(0.02, 200, 80), Part(0.02, 200, 80)]
    first, second = bills(parts, terms, 80)
    assert first.total + second.total == pytest.approx(8 + 2 * 20 + 80 * 0.1)
    assert first == second
    assert cost_of_parts(parts, terms) == pytest.approx(8 + 2 * 20 + 160 * 0.1)  # items apart
    assert bills([parts[0]], terms)[0].to_dict() == pytest.approx(
        {"cost": 32, "cost_of_answers": 4, "cost_of_items": 8, "cost_of_sessions": 20,
         "sessions": 10}
    )  # fmt: skip


@given(money=st.floats(5, 500), item_cost=st.floats(0, 2), overhead=st.floats(0, 600))
def test_answers_spread_over_items_cost_each_item_once(
    money: float, item_cost: float, overhead: float
) -> None:
    terms = budget(amount=money, session_seconds=overhead, item_cost=item_cost)
    free = curve("hard", 1, 0.01)
    free = replace(free, family=replace(free.family, answers_per_item=None), items=40)
    most = most_answers(free, terms)
    assert most == 0 or cost_of(free, most, terms) <= money
    assert cost_of(free, most + 1, terms) > money


@given(money=st.floats(0.5, 500), item_cost=st.floats(0, 2), overhead=st.floats(0, 600))
def test_many_budgets_at_once_buy_what_each_buys(
    money: float, item_cost: float, overhead: float
) -> None:
    terms = budget(amount=money, session_seconds=overhead, item_cost=item_cost, fee=0.003)
    one = curve("hard", 1, 0.013)
    covered = np.minimum(one.answers, 40)
    free = replace(one, family=replace(one.family, answers_per_item=None), items=40)
    three = replace(one, family=replace(one.family, answers_per_item=3))
    for way in (one, three, free, replace(free, covered=covered)):
        found = most_answers_each(way, terms, np.array([[0.013], [0.026]]), np.array([money, 2.0]))
        assert found[0, 0] == most_answers(way, terms)
        assert found[0, 1] == most_answers(way, terms.model_copy(update={"amount": 2.0}))
        assert np.all(found[1] <= found[0])


def test_table_crossover_and_map_buy_the_same_for_the_plan_s_money() -> None:
    """3 USD with sessions of 600 s: one session of 2 USD leaves 1 USD for answers and items."""
    terms = budget(amount=3.0, session_seconds=600, answers_per_session=2000, item_cost=0.0004)
    curves = [curve("plain", 1, 0.0006), curve("rich", 9, 0.0048)]
    made = advise("accuracy", curves, terms, [], [], {"seed": 0})
    most = {name: option.answers for name, option in largest(made).items()}
    assert most == {"plain": 1000, "rich": 192}
    for one in curves:
        price = one.family.price.amount
        assert most_answers_each(one, terms, price, terms.amount) == most[one.family.name]
    winner, quality = _winners(made, "", np.ones(1), np.array([1.9, terms.amount]))
    assert np.isnan(winner[0, 0])  # not one session can be paid
    assert winner[0, 1] == 1
    assert quality[0, 1] == pytest.approx(curves[1].at(192).mean())
    # Equally good where 1 USD buys 1000 / 9 rich answers: at .0086 each. By the answer, with a
    # share of a session in each, it would be 28 x the price of a plain one.
    (meet,) = crossovers(Market.of_plan(made))
    assert meet["price_ratio"] == pytest.approx(0.0086 / 0.0006, rel=0.05)


def test_a_cited_default_is_paid_by_the_mean_and_is_uncertain() -> None:
    price = price_of(signal_plan(), 1, Hard(), 10, budget())
    sigma = math.log(5.8 / 3.1) / 1.349
    assert price.seconds == pytest.approx(4.2 * math.exp(sigma**2 / 2))
    assert "Wei et al. 2022" in price.source
    assert price.log_sd > 0


def test_a_time_that_nobody_published_is_not_invented() -> None:
    with pytest.raises(InputError, match=r"number 2 \(ranking\): neither price nor seconds"):
        price_of(signal_plan(kind="ranking"), 2, Ranking(), 10, budget())


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


def test_another_cost_of_a_session_is_in_every_bill(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bonus, say, where no seconds are paid: one purchase and many at once."""
    monkeypatch.setattr(cost, "_session_cost", lambda budget: 1.5)
    terms = budget(answers_per_session=10)
    (bill,) = bills([Part(0.1, 25, 25)], terms)
    assert (bill.overhead, bill.total) == (4.5, pytest.approx(7.0))
    many = cost.costs_of(np.array([0.1]), np.array([25]), np.array([25]), terms)
    assert many == pytest.approx([bill.total])


def test_every_cost_beside_answers_has_a_name() -> None:
    keys = {"fee", "item_cost", "session_seconds"}
    assert keys == set(Budget.extra_costs())
    assert Budget.extra_costs()["session_seconds"] == ("overhead of a session", "s")
