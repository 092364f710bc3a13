"""Advice from curves whose answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from labelbits.errors import InputError
from labelbits.planning.advice.advise import advise as plan_of
from labelbits.planning.advice.crossovers import RATIOS, crossovers
from labelbits.planning.advice.crossovers import _entry as crossover_entry
from labelbits.planning.advice.recommend import preferred, recommend
from labelbits.planning.measured.backtest import beyond_evidence
from labelbits.planning.result import Curve, Family, Option
from labelbits.planning.spec.cost import Price
from labelbits.planning.spec.planfile import Budget
from labelbits.signals import Hard
from tests.planning.curves import curve, market

BUDGET = Budget.model_validate({"amount": 100.0})


def advise(curves: list[Curve], sign: int = 1, **more: float) -> tuple[dict, list[Option]]:
    asked = market(curves, sign=sign)
    return recommend(asked, **more), asked.options


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
    found = crossovers(market([curve("a", 1, 0.1), curve("b", 3, 0.1, seed=0)]))
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
    with pytest.raises(InputError, match=r"100 USD are there to spend .* costs 200 USD"):
        _ = market([curve("dear", 1, 200.0)]).options


def test_a_tie_goes_to_the_cheaper_purchase() -> None:
    """Two equal ways, one of which has only so many items: what it cannot spend is saved."""
    advice, _ = advise([curve("all", 1, 0.001), curve("few", 1000, 0.01, limit=100)])
    assert advice["family"] == "few"
    assert advice["cost"] == pytest.approx(1.0)
    assert advice["parts"]["certainty"].startswith("all is expected to give 99.7 % for 100.00 USD")
    assert "the cheaper one is named" in advice["parts"]["certainty"]
    # Negative control: a rival that is clearly worse is not named for being cheap.
    advice, _ = advise([curve("all", 1, 0.001), curve("few", 1, 0.01, limit=100)])
    assert advice["family"] == "all"


def test_the_option_with_the_smaller_chance_says_that_it_is_cheaper() -> None:
    few, every = curve("few", 2000, 0.01, limit=100), curve("all", 1, 0.001)
    chances = {"few": 0.38, "all": 0.62}
    advice = recommend(market([few, every]), added=chances)
    told = advice["parts"]["certainty"]
    assert advice["family"] == "few"
    assert "which costs 100.00 USD beside 1.00 USD: it is named because it is cheaper" in told
    assert "adds the most to the labels you hold is 38 %" in told
    # Negative control: the option with the greater chance needs no such reason.
    sure = recommend(market([few, every]), added={"few": 0.62, "all": 0.38})
    assert "because it is cheaper" not in sure["parts"]["certainty"]


def test_at_equal_money_the_best_expectation_is_preferred() -> None:
    expected, spread = np.array([0.80, 0.81, 0.70]), np.array([0.3, 0.3, 0.3])
    assert preferred(expected, spread, np.full(3, 10.0)).tolist() == [1, 0, 2]
    # A twentieth of the interval is nothing that it can show; then what costs much less goes first.
    assert preferred(expected, spread, np.array([5.0, 10.0, 1.0])).tolist() == [0, 1, 2]
    assert preferred(expected, spread, np.array([9.0, 10.0, 1.0])).tolist() == [1, 0, 2]
    assert preferred(expected, spread / 2, np.array([5.0, 10.0, 1.0])).tolist() == [1, 0, 2]


def test_equal_ways_share_the_chance_of_being_best() -> None:
    one, two = curve("one", 1, 0.1, seed=1), curve("two", 1, 0.1, seed=1)
    advice, _ = advise([one, two])
    assert advice["probabilities"] == {"one": 0.5, "two": 0.5}


def test_what_hardly_matters_needs_no_pilot() -> None:
    rivals = [curve(f"way {i}", 1, 0.1, noise=1e-4, seed=i, item_sd=1e-4) for i in (1, 2)]
    advice, _ = advise(rivals)
    assert not any(one["worth_it"] for one in advice["value_of_knowing"]["pilots"])
    assert "less than 0.05 points" in advice["parts"]["pilot"]


def test_a_target_is_not_reached_below_what_was_measured() -> None:
    """100 answers were measured; that 11 would do is drawn by hand."""
    advice, _ = advise([curve("plain", 1, 0.1)], target=0.7)
    assert advice["cheapest_for_target"]["answers"] == pytest.approx(100, rel=0.03)


@pytest.mark.parametrize(("kind", "same"), [("triplet", False), ("votes", True)])
def test_only_the_same_question_has_the_same_price_by_nature(kind: str, same: bool) -> None:
    """Prices that happen to be equal do not make a triplet a label: its price may change."""
    other = curve("b", 3, 0.1)
    other = replace(other, family=replace(other.family, kind=kind))
    (found,) = crossovers(market([curve("a", 1, 0.1), other]))
    assert ("would win" in found["sentence"]) == same
    assert ("it costs 1 x now" in found["sentence"]) != same


def test_a_price_within_the_crossover_s_interval_is_a_toss_up() -> None:
    other = curve("b", 3, 0.29, noise=0.002)
    other = replace(other, family=replace(other.family, kind="triplet"))
    (near,) = crossovers(market([curve("a", 1, 0.1, noise=0.002, seed=1), other]))
    assert near["interval"][0] < 2.9 < near["interval"][1]
    assert near["sentence"].endswith("it costs 2.9 x now, where either may win.")
    dear = replace(other, family=replace(other.family, price=replace(other.family.price, amount=2)))
    (far,) = crossovers(market([curve("a", 1, 0.1, noise=0.002, seed=1), dear]))
    assert far["sentence"].endswith("it costs 20 x now.")


def test_a_crossover_that_could_be_anywhere_is_no_price() -> None:
    sure, unsure = curve("a", 1, 0.1, noise=0.0), curve("b", 1, 0.1, noise=0.05)
    (found,) = crossovers(market([sure, unsure]))
    assert "cannot be told" in found["sentence"]
    (found,) = crossovers(market([sure, curve("b", 3, 0.1, noise=1e-3)]))
    assert "cannot be told" not in found["sentence"]


def test_as_good_is_not_called_worse() -> None:
    """Three votes on all the items there are say no more than one: neither does better."""
    one = curve("a", 1, 0.1, noise=0.002, limit=80)
    more = curve("b", 1 / 3, 0.1, noise=0.002, limit=240)
    (found,) = crossovers(market([one, more]))
    assert found["price_ratio"] is None
    assert found["sentence"] == (
        "b is not seen to do better than a for 100 USD, nor worse, however little its answers cost."
    )
    (found,) = crossovers(market([one, replace(more, draws=more.draws - 0.02)]))
    assert found["sentence"].startswith("a does better than b for 100 USD at any price ratio")


def test_money_that_buys_nothing_says_so_and_what_would_do() -> None:
    """Alignment 1 - n^-1/2 is .03 after 1.06 answers, and .5 after 4: with 100 as one."""
    one = curve("one", 0.0106, 1.0, noise=0.0)
    budget = Budget.model_validate({"amount": 100.0})
    poor = plan_of("alignment", [one], budget, [], [], {"seed": 0})
    assert "100.00 USD is too little" in poor.recommendation["parts"]["first"]
    assert "A correlation of 0.5 takes about 37" in poor.recommendation["sentence"]
    rich = plan_of("alignment", [one], Budget.model_validate({"amount": 1e4}), [], [], {"seed": 0})
    assert "first" not in rich.recommendation["parts"]


def test_an_uncertain_price_widens_the_interval() -> None:
    sure = curve("plain", 1, 0.1, noise=0.0)
    unsure = Curve(
        **{
            **sure.__dict__,
            "family": Family("plain", "hard", Hard(), 1, Price(0.1, None, 0.4, "cited")),
        }
    )
    width = [o.high - o.low for o in market([sure]).options][-2]
    wider = [o.high - o.low for o in market([unsure]).options][-2]
    assert width < 1e-9
    assert wider > 1e-3


def test_a_winner_at_every_price_that_is_a_toss_up_is_not_called_one() -> None:
    """Neither has more evidence than 100 answers, so no price changes which is better."""
    one = curve("a", 1, 1e-4, noise=0.02, limit=100)
    (found,) = crossovers(market([one, curve("b", 1, 1e-4, noise=0.02, seed=1, limit=100)]))
    assert found["price_ratio"] is None
    assert found["sentence"].startswith("Which of a and b does better for 100 USD cannot be told")
    (found,) = crossovers(market([one, curve("b", 9, 1e-4, noise=0.02, seed=1, limit=100)]))
    assert found["sentence"].startswith("b does better than a for 100 USD at any price ratio")


def test_a_winner_at_todays_price_is_said_where_no_price_of_a_tie_can_be_told() -> None:
    """b wins at all ratios in 55 % of the draws, up to 5 x in 40 %, never in 5 %."""
    five = int(np.searchsorted(RATIOS, 5.0))
    edge = np.repeat([len(RATIOS) - 1, five, -1], [55, 40, 5])
    one, other = curve("a", 1, 1e-4), curve("b", 1, 1e-4)
    said = crossover_entry(one, other, edge, BUDGET)["sentence"]
    # How sure is said with the advice, where the luck of the tested items counts as well.
    assert said == (
        "At which price a and b are equally good cannot be told; at today's b is likely to do "
        "better for 100 USD."
    )
    # Where it wins up to half of today's price, that is no winner today.
    edge[edge == five] = int(np.searchsorted(RATIOS, 0.5))
    assert crossover_entry(one, other, edge, BUDGET)["sentence"].startswith("Which of a and b")


def test_a_crossover_tells_no_second_probability_where_labels_are_held() -> None:
    """The advice tells the chance of adding the most to them, which may name the other one."""
    five = int(np.searchsorted(RATIOS, 5.0))
    one, other = curve("a", 1, 1e-4), curve("b", 1, 1e-4)
    for edge in (np.repeat([len(RATIOS) - 1, five, -1], [55, 40, 5]), np.array([160, 160, -1])):
        said = crossover_entry(one, other, edge, BUDGET, held=True)["sentence"]
        assert said == "At which price a and b are equally good cannot be told."
        assert said != crossover_entry(one, other, edge, BUDGET)["sentence"]


def test_a_pilot_larger_than_the_purchase_is_the_purchase() -> None:
    advice, _ = advise([curve("plain", 1, 0.001, limit=5000)])
    assert "Label a pilot of 10,000 items first" not in advice["sentence"]
    assert "Plan again with what you buy as the pilot" in advice["sentence"]
    advice, _ = advise([curve("plain", 1, 0.001, limit=50_000)])
    assert "Label a pilot of 10,000 items first" in advice["sentence"]


def test_money_that_the_evidence_cannot_follow_is_one_note_a_reason() -> None:
    """However many options stop at the same items, the reader is told once."""
    budget = Budget.model_validate({"amount": 1000.0})
    names = ("hard", "soft", "rankings")
    full = [replace(curve(n, 1, 0.1, limit=500), needs_items=True) for n in names]
    assert beyond_evidence(full, budget) == [
        "Only 500 items are left to label, fewer than the budget buys; the rest of the money stays "
        "unspent"
    ]
    short = [curve("votes", 1, 0.1, limit=100), curve("sparse", 1, 0.2, limit=200)]
    assert beyond_evidence([*full, *short, curve("enough", 1, 0.1)], budget) == [
        "Only 500 items are left to label, fewer than the budget buys of hard, soft, rankings; the "
        "rest of the money stays unspent",
        "Forecasts reach 10 x what was measured, less than the budget buys (answers of votes: 100 "
        "of 10,000; sparse: 200 of 5,000); a pilot of 1,000 items would do",
    ]
    assert beyond_evidence([curve("enough", 1, 0.1)], budget) == []


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_no_advice_rests_on_a_quality_that_is_no_number(number: float) -> None:
    good, bad = curve("plain", 1, 0.1), curve("rich", 4, 0.1)
    bad.draws[3, 5] = number
    with pytest.raises(InputError, match=r"accuracy of what rich gives is not known: 1 of 200,000"):
        plan_of("accuracy", [good, bad], BUDGET, [], [], {"seed": 0})
    free = {"class": None, "quality": number, "items": 9}
    with pytest.raises(InputError, match="accuracy of a constant answer is not known"):
        plan_of("accuracy", [good], BUDGET, [], [], {"seed": 0, "constant": free})
