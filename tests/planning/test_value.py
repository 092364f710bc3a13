"""What knowing better is worth, where it can be worked out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from labelbits.planning.advice.value import CostCurve, value_of_information
from tests.planning.curves import curve, market


def test_perfect_information_about_two_normal_rivals() -> None:
    """Two families of equal expectation and independent errors of standard deviation s:
    E max - max E = s / sqrt(pi)."""
    found = value_of_information(
        market([curve("one", 1, 0.1, seed=1), curve("two", 1, 0.1, seed=2)])
    )
    assert found is not None
    assert found["quality"] == pytest.approx(0.01 / math.sqrt(math.pi), rel=0.15)
    # From 20 to 1,000 answers (98 of the 100 USD) quality rises by 20^-1/2 - 1000^-1/2.
    price = 98 / (20**-0.5 - 1000**-0.5)
    assert found["money"] == pytest.approx(found["quality"] * price, rel=0.1)


def test_a_certain_winner_makes_knowing_worthless() -> None:
    rivals = [curve("one", 1, 0.1, noise=1e-4, seed=1), curve("two", 4, 0.1, noise=1e-4, seed=2)]
    found = value_of_information(market(rivals))
    assert found is not None
    assert found["money"] == pytest.approx(0, abs=1e-9)
    assert found["pilot"] is None


def test_a_pilot_tells_more_the_larger_it_is_and_never_more_than_all() -> None:
    rivals = [curve(f"way {i}", 1, 0.01, seed=i, item_sd=0.05) for i in (1, 2)]
    found = value_of_information(market(rivals))
    assert found is not None
    worth = [one["quality"] for one in found["pilots"]]
    assert worth[-1] > worth[0] > 0
    assert all(value <= found["quality"] for value in worth)
    assert worth[-1] > 0.8 * found["quality"]
    assert all(one["net"] == one["money"] - one["cost"] for one in found["pilots"])


def test_a_pilot_too_noisy_to_tell_is_worth_nothing() -> None:
    """Negative control: readings that drown in noise."""
    rivals = [curve(f"way {i}", 1, 0.01, seed=i, item_sd=50.0) for i in (1, 2)]
    found = value_of_information(market(rivals))
    assert found is not None
    assert found["pilots"][0]["quality"] < 0.15 * found["quality"]


def test_a_pilot_of_times_settles_an_unknown_price() -> None:
    sure = curve("sure", 1, 0.1, noise=1e-5, seed=1)
    unsure = curve("unsure", 1, 0.1, noise=1e-5, seed=2, log_sd=0.4)
    found = value_of_information(market([sure, unsure]))
    assert found is not None
    assert found["pilot"]["quality"] > 0.8 * found["quality"] > 0


def test_quality_is_priced_at_what_it_costs_on_average() -> None:
    steep = CostCurve(np.array([1.0, 10.0, 100.0]), np.array([0.5, 0.52, 0.7]))
    # The last .09 save 100 - 10 sqrt(10) where the average price would be 99 * .09 / .2.
    assert steep.worth(0.09) == pytest.approx(99 * 0.45)
    late = CostCurve(np.array([1.0, 99.0, 100.0]), np.array([0.5, 0.6, 0.7]))
    assert late.worth(0.1) == pytest.approx(1)  # never more than what could be saved
    assert late.worth(0.0) == 0
    assert late.worth(5.0) == pytest.approx(99)


def test_a_flat_curve_does_not_make_knowing_worth_the_whole_budget() -> None:
    flat = CostCurve(np.array([1.0, 10.0, 90.0, 100.0]), np.array([0.5, 0.699, 0.6995, 0.7]))
    assert flat.worth(0.002) == pytest.approx(99 * 0.01)


def test_an_option_of_one_size_has_a_quality_at_it() -> None:
    """Three votes on each of ten items are thirty answers and no others: the grid is one place."""
    whole = curve("a", 1.0, 0.05)
    one = replace(whole, answers=np.full(4, 30.0), draws=whole.draws[:, :4], limit=30.0)
    for answers in (20.0, 30.0, 40.0):
        assert np.isfinite(one.at(answers)).all()
    assert np.isin(one.at(30.0), one.draws).all()
