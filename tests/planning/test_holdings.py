"""Labels that exist count as a head start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labelbits.planning.advice.adding import held_sentence, with_held
from labelbits.planning.advice.advise import advise
from labelbits.planning.advice.recommend import SURE, recommend
from labelbits.planning.evidence.loading import load_evidence
from labelbits.planning.evidence.trial import design_trial
from labelbits.planning.measured.held_labels import (
    buy_next,
    what_is_there,
)
from labelbits.planning.records import Addition, Holdings, Recommendation
from labelbits.planning.result import Curve
from labelbits.planning.spec.planfile import Budget
from labelbits.planning.spec.planreader import read_plan
from tests.planning.conftest import blobs
from tests.planning.curves import curve, market


def there(worth: dict[str, float], quality: float = 0.9, error: float = 0.0) -> dict:
    return {
        "items": 100,
        "answers": 100.0,
        "quality": quality,
        "standard_error": error,
        "worth": worth,
    }


def test_more_of_the_same_goes_on_along_the_curve() -> None:
    one = curve("one", 1, 0.1, noise=0.0)
    found = buy_next(there({"one": 100.0}), market([one]))[0]
    # 100 answers are held and 1,000 more bought: from 1 - 100^-1/2 to 1 - 1100^-1/2.
    assert found["answers"] == 1000
    assert found["quality"] == pytest.approx(1 - 1100**-0.5, abs=1e-4)
    assert found["gain"] == pytest.approx(100**-0.5 - 1100**-0.5, abs=1e-4)
    assert not found["at_limit"]


def test_the_better_kind_comes_first() -> None:
    pair = [curve("plain", 1, 0.1), curve("rich", 4, 0.1)]
    ranked = buy_next(there({"plain": 100.0, "rich": 25.0}), market(pair))
    assert [one["family"] for one in ranked] == ["rich", "plain"]
    assert ranked[0]["chance"] > 0.95


def test_more_answers_on_the_same_new_items_add_no_less() -> None:
    """Curves that differ by a little can set labels at hand further along the flatter one of three
    votes, where the same items add less."""
    hard = curve("hard", 1, 0.01, limit=300)
    three = replace(hard.family, name="three", kind="votes", answers_per_item=3)
    votes = replace(hard, family=three, answers=3 * hard.answers, limit=900)
    held = there({"hard": 281.0, "three": 870.0, "others": 870.0}, quality=0.94)
    found = {one["family"]: one for one in buy_next(held, market([hard, votes]))}
    assert found["hard"]["items"] == found["three"]["items"] == 300
    assert found["three"]["gain"] >= found["hard"]["gain"] > 0
    assert found["three"]["chance"] == pytest.approx(0.5)  # what is equal is shared
    # Of other annotators nothing of the kind is known.
    others = replace(votes, family=replace(three, name="others", annotators="others"))
    apart = {one["family"]: one for one in buy_next(held, market([hard, others]))}
    assert apart["others"]["gain"] < apart["hard"]["gain"]


def said(
    held: Holdings,
    curves: list[Curve],
    quality: float,
    chosen: str = "",
    ranked: list[Addition] | None = None,
    sign: int = 1,
    percent: bool = False,
) -> tuple[Recommendation, str, bool]:
    """`with_held` of a purchase from nothing that gives `quality`."""

    asked = market(curves, sign=sign, percent=percent)
    advice = recommend(market(curves, percent=percent))
    advice = {**advice, "quality": quality, "family": chosen or curves[0].family.name}
    ranked = buy_next(held, asked) if ranked is None else ranked
    return with_held(advice, held, ranked, asked)


def test_what_the_evidence_cannot_follow_is_not_made_up() -> None:
    one = curve("one", 1, 0.1)
    held = there({"one": float(one.answers[-1])}, quality=0.999)
    advice, first, keep = said(held, [one], 0.99)
    assert "beyond what this evidence can follow: keep the money until" in first
    assert keep
    assert "cannot be told from it" in advice["parts"]["purchase"]


def test_labels_at_hand_that_are_as_good_come_first() -> None:
    one = curve("one", 1, 0.1)
    held = there({"one": float(one.answers[-1])}, quality=0.999)
    for quality, sign in ((0.9995, 1), (0.99, -1)):
        # The purchase is better: nothing goes before what to add.
        advice, first, keep = said(held, [one], quality, sign=sign)
        assert (first, keep) == ("", False)
        assert advice["parts"]["purchase"].startswith("Add ")
        assert advice["from_nothing"]["quality"] == quality


def test_what_is_added_to_labels_as_good_is_the_recommendation() -> None:
    """The purchase in words, the record that is exported and the quality are of one thing."""
    one = curve("one", 1, 0.1)
    held = there({"one": 100.0}, error=0.01)
    advice, first, keep = said(held, [one], 0.88)
    assert "already give accuracy 0.900 (90 % interval 0.884 to 0.916)" in first
    assert first.endswith("add to what you hold.")
    assert not keep
    low, high = advice["interval"]
    (bought,) = advice["purchases"]
    assert advice["parts"]["purchase"].startswith(
        f"Add {bought['answers']:,} hard labels (one on each of {bought['items']:,} items) for "
        f"{advice['cost']:,.2f} USD: with the labels you hold, accuracy {advice['quality']:.3f} is "
        f"expected (90 % interval {low:.3f} to {high:.3f}), a gain of"
    )
    assert bought["cost"] == pytest.approx(advice["cost"])
    alone = advice["from_nothing"]
    assert alone["quality"] == 0.88
    assert alone["sentence"].startswith("Buy ")
    text = held_sentence(held, [], advice, market([one], percent=False))
    assert "Without them, the best would be to buy " in text


def test_one_purchase_is_named_wherever_labels_at_hand_are_spoken_of() -> None:
    """Of ways that add the same the recommended one, though another is first by a hair."""
    pair = [curve("plain", 1, 0.1), curve("rich", 1, 0.1)]
    held = there({"plain": 110.0, "rich": 100.0}, quality=0.9, error=0.01)
    ranked = buy_next(held, market(pair))
    ranked = [{**one, "chance": SURE - 0.1} for one in ranked]
    assert ranked[0]["family"] == "rich"
    for chosen in ("plain", "rich"):
        added, _, _ = said(held, pair, 0.88, chosen, ranked)
        assert added["family"] == chosen
        better, _, _ = said(held, pair, 0.95, chosen, ranked)
        assert better["purchases"] == added["purchases"]
    # Another kind that adds more for sure is what is recommended, however good the rest is alone.
    sure = [{**ranked[0], "chance": 0.99, "quality": 0.99}, {**ranked[1], "chance": 0.01}]
    turned, first, _ = said(held, pair, 0.95, "plain", sure)
    assert (turned["family"], first) == ("rich", "")


def test_a_sure_difference_too_small_to_show_is_not_paid_for() -> None:
    """Recommended is the cheaper of two that are as good; what follows does not take it back."""
    held = there({"cheap": 110.0, "dear": 110.0}, quality=0.9, error=0.01)
    pair = [curve("cheap", 1, 0.1), curve("dear", 1, 0.1)]
    by_name = {one["family"]: one for one in buy_next(held, market(pair))}
    cheap = {**by_name["cheap"], "chance": 0.1, "cost": 50.0}
    dear = {**by_name["dear"], "chance": 0.9, "quality": cheap["quality"] + 6e-4}
    advice, _, _ = said(held, pair, 0.88, "cheap", [dear, cheap])
    assert advice["family"] == "cheap"
    assert "dear adds more with probability 90 %, but too little" in advice["parts"]["certainty"]
    # Nor is the dearer one named where neither is sure, though it was the best from nothing.
    unsure = [{**dear, "chance": 0.7}, {**cheap, "chance": 0.3}]
    assert said(held, pair, 0.88, "dear", unsure)[0]["family"] == "cheap"
    better = [{**dear, "quality": dear["quality"] + 0.05}, cheap]
    assert said(held, pair, 0.88, "cheap", better)[0]["family"] == "dear"


def test_nobody_is_told_to_pay_for_what_is_not_shown() -> None:
    one = curve("one", 1, 0.1)
    held = there({"one": 100.0}, quality=0.9)
    ranked = buy_next(held, market([one]))
    first = said(held, [one], 0.9003, percent=True)[1]
    assert first.startswith("The labels you hold already give accuracy 90.0 %")
    assert said(held, [one], 0.902, percent=True)[1] == ""
    ranked = [{**ranked[0], "quality": 0.9003, "gain": 7e-4}]
    advice, first, keep = said(held, [one], 0.9003, ranked=ranked, percent=True)
    assert first.endswith("keep the money, unless you know better than this evidence.")
    assert keep
    assert advice["parts"]["purchase"].endswith("no change that can be seen.")


def test_a_purchase_beside_labels_at_hand_is_no_worse_than_alone() -> None:
    one = curve("one", 1, 0.1, noise=0.0)
    held = there({"one": 100.0}, quality=0.8)
    found = buy_next(held, market([one]))[0]
    # Along the curve 0.8 gains 0.070; 1,000 answers alone reach 1 - 1000^-1/2.
    assert found["quality"] == pytest.approx(1 - 1000**-0.5, abs=1e-4)
    assert found["gain"] == pytest.approx(found["quality"] - 0.8, abs=1e-6)
    low, high = found["gain_interval"]
    assert low <= found["gain"] + 1e-9
    assert found["gain"] <= high + 1e-9


def test_no_purchase_makes_a_quality_impossible() -> None:
    """A curve that falls, as adversarial answers give, is no expected loss below 0."""
    one = curve("one", 1, 0.1)
    falling = replace(one, draws=one.draws[:, ::-1])
    (found,) = buy_next(there({"one": 100.0}, quality=0.01), market([falling]))
    assert found["quality"] >= 0.01 - 1e-9
    assert found["interval"][0] >= 0.0


def test_the_error_of_what_is_there_is_in_what_it_becomes() -> None:
    one = curve("one", 1, 0.1, noise=0.0)
    held = there({"one": 100.0}, error=0.02)
    found = buy_next(held, market([one]))[0]
    low, high = found["interval"]
    # Nothing else is uncertain: +- 1.645 standard errors, from a few hundred draws.
    assert high - low == pytest.approx(2 * 1.645 * 0.02, rel=0.2)
    assert found["gain_interval"][1] - found["gain_interval"][0] < 1e-9
    # Beside a mixture, which is planned from nothing, what the best single kind adds is said.
    advice = {"family": "one"}
    text = held_sentence(held, [found], advice, market([one], percent=False))
    assert "accuracy 0.900 now (90 % interval 0.867 to 0.933)" in text
    # The gain does not hold the error that both qualities share: 10^-1 - 1100^-1/2.
    assert text.endswith("a gain of 0.070 (90 % interval 0.070 to 0.070) over 0.900 now.")
    text = held_sentence(held, [found], advice, market([one]))
    assert text.endswith("a gain of 7.0 points (90 % interval 7.0 to 7.0) over 90.0 % now.")


def test_more_of_the_same_is_not_surer_than_the_same_bought_anew() -> None:
    one = curve("one", 1, 0.1, noise=0.008)
    held = there({"one": 100.0}, error=0.002)
    (found,) = buy_next(held, market([one]))
    low, high = np.quantile(one.at(1100.0), [0.05, 0.95])
    assert found["interval"][1] - found["interval"][0] == pytest.approx(high - low, rel=0.1)
    # All draws rise by the same: the gain is known.
    assert found["gain_interval"][1] - found["gain_interval"][0] < 1e-9


def test_labels_that_were_tested_on_count_in_what_is_there(write_plan: Callable[..., Path]) -> None:
    """By cross-validation nine tenths of the labels are trained on; the quality is of all."""
    items = blobs(60, classes=3, dims=12)
    noise = 2 * np.random.default_rng(0).standard_normal(items["features"].shape)
    path = write_plan(**{**items, "features": items["features"] + noise})
    plan = read_plan(path)
    evidence = load_evidence(plan, 0)
    evidence = replace(evidence, gold=None)
    trial = design_trial(evidence, plan.goal, 0, 1000)
    assert trial.pool is None
    rising = curve("one", 0.03, 0.1, noise=0.0)
    found = what_is_there(evidence, trial, [rising], "accuracy", 0)
    assert found is not None
    assert found["measured_on"] == 54
    flat = replace(rising, draws=np.full_like(rising.draws, 0.5))
    measured = what_is_there(evidence, trial, [flat], "accuracy", 0)
    assert measured is not None
    now, worth = found["quality"], found["worth"]["one"]
    assert now > measured["quality"]
    assert rising.at(worth).mean() == pytest.approx(now, abs=1e-3)


@pytest.mark.parametrize(("held", "first"), [(0.95, False), (0.7, True)])
def test_a_constant_is_not_compared_where_labels_at_hand_are_surely_better(
    held: float, first: bool
) -> None:
    # The purchase from nothing reaches .68 where always answering "a" is right on .7.
    made = replace(curve("one", 0.1, 1.0, noise=0.05), constant=np.full(500, 0.7))
    there = {
        "items": 80, "answers": 80.0, "quality": held, "standard_error": 0.02,
        "worth": {"one": 80.0},
    }  # fmt: skip
    extras = {"seed": 0, "holdings": there, "constant": {"class": "a", "quality": 0.7, "items": 80}}
    made = replace(made, limit=40.0)
    plan = advise("accuracy", [made], Budget.model_validate({"amount": 100.0}), [], [], extras)
    sentence = plan.recommendation["sentence"]
    assert sentence.startswith("Always answering 'a'") is first
    assert sentence.startswith("The labels you hold already give") is not first
    assert (
        "What is best to buy without them, for 40.00 USD, is expected to give no more" in sentence
    )


def test_the_gain_over_the_constant_is_of_the_quality_beside_it() -> None:
    """One sentence tells what labels at hand and a purchase reach, and what that is above the
    constant: the gain of the purchase from nothing is another one."""
    made = replace(curve("one", 0.1, 1.0, noise=0.05), constant=np.full(500, 0.7))
    there = {
        "items": 80, "answers": 80.0, "quality": 0.72, "standard_error": 0.02,
        "worth": {"one": 80.0},
    }  # fmt: skip
    extras = {"seed": 0, "holdings": there, "constant": {"class": "a", "quality": 0.7, "items": 80}}
    plan = advise("accuracy", [made], Budget.model_validate({"amount": 40.0}), [], [], extras)
    told = plan.recommendation
    assert told["quality"] > 0.72
    gain, (low, high) = told["constant"]["gain_expected"], told["constant"]["gain_interval"]
    assert gain == pytest.approx(told["quality"] - 0.7, abs=1e-9)
    assert low < gain < high
    alone = advise("accuracy", [made], Budget.model_validate({"amount": 40.0}), [], [], {
        "seed": 0, "constant": extras["constant"],
    }).recommendation  # fmt: skip
    assert alone["constant"]["gain_expected"] < gain - 0.03
    assert "your labels and what" in told["sentence"] or not told["constant"]["said_first"]
