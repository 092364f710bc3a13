"""What a purchase adds to always giving the same answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labelbits.learning import CurvePoints
from labelbits.learning.curves.points import crossed_factor
from labelbits.learning.forecasts.one import resampled_curves
from labelbits.metrics import metric_of
from labelbits.planning import plan
from labelbits.planning.measured.constant import (
    Beside,
    beside_constant,
    constant_draws,
    constant_of,
    gain_of,
)
from tests.planning.conftest import BASE
from tests.planning.curves import curve, market

NAMES = ("ok", "rare")


def advice(quality: float, low: float, high: float) -> dict:
    return {"quality": quality, "interval": [low, high], "cost": 9.0}


def beside(free: dict, quality: float, low: float, high: float, gain: tuple) -> Beside:
    return beside_constant(free, advice(quality, low, high), market([]), gain)


def test_the_constant_is_the_most_frequent_class_or_the_frequencies() -> None:
    reference = np.repeat([[0.9, 0.1], [0.2, 0.8]], [99, 1], axis=0)
    found = constant_of(reference, "accuracy", NAMES)
    assert found == {"class": "ok", "quality": 0.99, "items": 100}
    found = constant_of(reference, "cross-entropy", NAMES)
    p = np.array([0.893, 0.107])
    assert found["quality"] == pytest.approx(-(p * np.log(p)).sum(), abs=1e-12)
    assert constant_of(reference, "calibration-error", NAMES) is None


def test_no_gain_is_claimed_where_its_interval_holds_nothing() -> None:
    free = {"class": "ok", "quality": 0.99, "items": 500}
    told = beside(free, 0.992, 0.989, 0.994, (0.002, -0.0004, 0.004))
    assert not told.gain
    assert told.first.startswith(
        "Always answering 'ok' is right on 99.0 % of the 500 items that are tested on, without any "
        "label; what 9.00 USD buys is forecast to reach 99.2 % (90 % interval 98.9 % to 99.4 %). "
        "On the same items that is a gain of 0.2 points (90 % interval 0.0 to 0.4): none that the "
        "evidence can see."
    )
    assert "balanced-accuracy or macro-f1" in told.instead
    assert "cross-entropy" in told.instead
    sure = beside(free, 0.993, 0.988, 0.996, (0.003, 0.001, 0.005))
    assert sure.gain
    assert "none" not in sure.first
    # Most of the constant's errors are gone: a note is enough.
    far = beside(free, 0.998, 0.996, 0.999, (0.008, 0.005, 0.009))
    assert far.gain
    assert not far.first
    assert "99.0 %" in far.note
    # Ten even classes: nobody asks for the constant.
    even = {**free, "quality": 0.1}
    told = beside(even, 0.4, 0.35, 0.45, (0.3, 0.2, 0.4))
    assert told.gain
    assert not told.first + told.note


@pytest.mark.parametrize("metric", ["balanced-accuracy", "macro-f1"])
def test_a_quality_that_is_no_share_of_right_answers_is_not_called_one(metric: str) -> None:
    free = {"class": "ok", "quality": 0.5, "items": 700}
    judged = replace(market([]), metric=metric_of(metric))
    told = beside_constant(free, advice(0.505, 0.485, 0.53), judged, (0.005, -0.01, 0.03))
    assert told.first.startswith(
        f"Always answering 'ok' has {judged.metric.title} 50.0 % on the 700 items"
    )
    assert "0.5 points" in told.first
    assert "right on" not in told.first


def test_less_cross_entropy_is_the_gain() -> None:
    free = {"class": None, "quality": 0.06, "items": 500}

    nats = replace(market([]), metric=metric_of("cross-entropy"))

    def said(gain: tuple) -> Beside:
        bought = advice(0.05, 0.04, 0.061)
        return beside_constant(free, bought, nats, gain)

    told = said((0.01, -0.001, 0.02))
    assert not told.gain
    assert told.first.startswith(
        "Always answering the class frequencies has cross-entropy (nats) 0.060 on"
    )
    assert "a gain of 0.010 (90 % interval -0.001 to 0.020)" in told.first
    assert said((0.01, 0.001, 0.02)).gain


def test_the_constant_is_resampled_with_the_items_of_the_curve() -> None:
    """A classifier that is the constant but for a few items: their difference is known well."""
    rng = np.random.default_rng(0)
    gold = (rng.random(400) < 0.1).astype(int)
    reference = np.eye(2)[gold]
    right = (gold == 0) | (rng.random(400) < 0.3)
    sizes = np.array([100, 200])
    values = np.full((2, 3), right.mean())
    items = np.tile(right.astype(float), (2, 1))
    points = CurvePoints(sizes, values, "accuracy", items, pool=300, crossed=True)
    free = constant_draws(points, reference, 4000, seed=5)
    assert free is not None
    known = np.ones(2, dtype=bool)
    luck = resampled_curves(points, known, 4000, np.random.default_rng(5))[:, -1]
    differ = right.astype(float) - (gold == 0)
    wanted = differ.std(ddof=1) / 20 * crossed_factor(400)
    paired = right.mean() + luck - free
    assert paired.mean() == pytest.approx(differ.mean(), abs=4 * wanted / np.sqrt(4000))
    assert paired.std() == pytest.approx(wanted, rel=0.06)
    # Negative control: other items for the constant, and the difference is known far worse.
    other = constant_draws(points, reference, 4000, seed=6)
    assert other is not None
    assert (right.mean() + luck - other).std() > 1.5 * wanted


def test_a_forecast_alone_is_no_gain() -> None:
    """What is bought is sure to be better than the constant only by what a forecast adds."""
    one = curve("one", 1, 0.1, noise=0.0)
    at = float(one.measured[-1, 0])
    made = {"family": "one", "purchases": [{"answers": 1000}]}
    # Measured just at the constant, or above it.
    for lead, gain in ((0.0, False), (0.01, True)):
        constant = one.at(at) - lead
        found = gain_of(made, market([replace(one, constant=constant)]))
        assert found is not None
        assert found[0] == pytest.approx(at**-0.5 - 1000**-0.5 + lead, abs=1e-3)
        assert (found[1] > 0) is gain
    assert gain_of(made, market([one])) is None


def test_a_rare_class_is_said_first_in_a_plan(write_plan: Callable[..., Path]) -> None:
    rng = np.random.default_rng(3)
    gold = (rng.random(400) < 0.06).astype(int)
    features = rng.standard_normal((400, 4)) + 1.5 * gold[:, None] * np.eye(4)[0]
    votes = np.array([rng.multinomial(10, p) for p in 0.9 * np.eye(2)[gold] + 0.05])
    text = BASE + "\n[goal]\ntarget = 0.9\n"
    made = plan(write_plan(text, gold=gold, features=features, counts=votes))
    advice = made.recommendation
    free = float(np.mean(gold == 0))
    assert advice["constant"]["quality"] == pytest.approx(free)
    assert advice["constant"]["gain_interval"][0] <= 0 < advice["constant"]["gain_interval"][1]
    assert not advice["constant"]["gain"]
    first = f"Always answering '0' is right on {100 * free:.1f} % of the 400 items"
    assert advice["sentence"].startswith(first)
    assert advice["parts"]["first"].startswith(first)
    assert "It is the best" not in advice["sentence"]
    assert advice["target_sentence"].startswith("Always answering '0' reaches accuracy 90.0 %")


def test_even_classes_leave_the_advice_as_it_is(write_plan: Callable[..., Path]) -> None:
    advice = plan(write_plan()).recommendation
    assert advice["constant"]["gain"]
    assert not advice["constant"]["said_first"]
    assert advice["sentence"].startswith(("Add", "The labels you hold"))


def test_a_loss_beyond_doubt_is_said_as_one() -> None:
    free = {"class": "ok", "quality": 0.99, "items": 500}
    told = beside(free, 0.98, 0.97, 0.985, (-0.01, -0.02, -0.004))
    assert not told.gain
    assert "that is worse, by 1.0 points (90 % interval 0.4 to 2.0)." in told.first
