"""Advice from curves whose answer is known."""

from __future__ import annotations

import pytest

from labelbits.errors import InputError
from labelbits.planning.cost import Price
from labelbits.planning.crossovers import crossovers
from labelbits.planning.options import list_options
from labelbits.planning.planfile import Budget
from labelbits.planning.recommend import recommend
from labelbits.planning.result import Curve, Family, Option
from labelbits.signals import Hard
from tests.planning.curves import curve

BUDGET = Budget.model_validate({"amount": 100.0})


def advise(curves: list[Curve], sign: int = 1, **more: float) -> tuple[dict, list[Option]]:
    options = list_options(curves, BUDGET, 0)
    return (
        recommend(
            curves, options, BUDGET, 0, sign=sign, metric_name="accuracy", percent=True, **more
        ),
        options,
    )


def test_the_better_family_is_bought_with_the_whole_budget() -> None:
    advice, options = advise([curve("plain", 1, 0.1), curve("rich", 4, 0.1)])
    assert advice["purchases"][0]["answers"] == 1000
    assert advice["cost"] == pytest.approx(100)
    assert advice["quality"] == pytest.approx(1 - 4000**-0.5, abs=2e-3)
    assert advice["probabilities"]["rich"] > 0.99
    assert advice["interval"][0] < advice["quality"] < advice["interval"][1]
    assert all(option.cost <= 100 for option in options)


def test_a_rich_signal_that_costs_too_much_is_not_recommended() -> None:
    advice, _ = advise([curve("plain", 1, 0.01), curve("rich", 1.5, 0.1)])
    assert advice["probabilities"]["plain"] > 0.9
    assert advice["next_best"] == "rich"


def test_a_tie_is_called_a_tie() -> None:
    advice, _ = advise([curve("one", 1, 0.1, seed=1), curve("two", 1, 0.1, seed=2)])
    assert 0.35 < advice["probability_best"] < 0.65
    assert "cannot tell" in advice["sentence"]
    assert "pilot" in advice["sentence"]


def test_less_is_better_for_cross_entropy() -> None:
    advice, _ = advise([curve("plain", 1, 0.1), curve("rich", 4, 0.1)], sign=-1)
    assert advice["probabilities"]["plain"] > 0.99


def test_crossover_is_the_ratio_of_worths() -> None:
    """With quality a function of worth x answers, b wins while its price is below worth_b x."""
    found = crossovers([curve("a", 1, 0.1), curve("b", 3, 0.1, seed=0)], BUDGET, 1)
    assert found[0]["price_ratio"] == pytest.approx(3, rel=0.05)
    low, high = found[0]["interval"]
    assert low <= found[0]["price_ratio"] <= high
    assert found[0]["wins"] == "b"


def test_cheapest_for_a_target() -> None:
    advice, _ = advise([curve("plain", 1, 0.1), curve("rich", 4, 0.2)], target=0.95)
    # 1 - (4 n)^-1/2 = .95 at n = 100.
    assert advice["cheapest_for_target"]["answers"] == pytest.approx(100, rel=0.03)
    assert advice["cheapest_for_target"]["cost"] == pytest.approx(20, rel=0.03)


def test_nothing_is_bought_beyond_the_evidence() -> None:
    _, options = advise([curve("plain", 1, 0.001, limit=500)])
    assert max(option.answers for option in options) == 500


def test_a_budget_too_small_for_one_answer_is_an_input_error() -> None:
    with pytest.raises(InputError, match=r"amount is 100\.0 USD; the cheapest purchase costs 200"):
        list_options([curve("dear", 1, 200.0)], BUDGET, 0)


def test_an_uncertain_price_widens_the_interval() -> None:
    sure = curve("plain", 1, 0.1, noise=0.0)
    unsure = Curve(
        **{
            **sure.__dict__,
            "family": Family("plain", "hard", Hard(), 1, Price(0.1, None, 0.4, "cited")),
        }
    )
    width = [o.high - o.low for o in list_options([sure], BUDGET, 0)][-2]
    wider = [o.high - o.low for o in list_options([unsure], BUDGET, 0)][-2]
    assert width < 1e-9
    assert wider > 1e-3
