"""What a purchase adds to always giving the same answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from labelbits.planning import plan
from labelbits.planning.constant import beside_constant, constant_of
from labelbits.planning.words import show
from tests.planning.conftest import BASE

NAMES = ("ok", "rare")


def percent(value: float) -> str:
    return show(value, True)


def advice(quality: float, low: float, high: float) -> dict:
    return {"quality": quality, "interval": [low, high]}


def test_the_constant_is_the_most_frequent_class_or_the_frequencies() -> None:
    reference = np.repeat([[0.9, 0.1], [0.2, 0.8]], [99, 1], axis=0)
    found = constant_of(reference, "accuracy", NAMES)
    assert found == {"class": "ok", "quality": 0.99, "items": 100}
    found = constant_of(reference, "cross-entropy", NAMES)
    p = np.array([0.893, 0.107])
    assert found["quality"] == pytest.approx(-(p * np.log(p)).sum(), abs=1e-12)
    assert constant_of(reference, "calibration-error", NAMES) is None


def test_no_gain_is_claimed_where_the_interval_holds_the_constant() -> None:
    free = {"class": "ok", "quality": 0.99, "items": 500}
    told = beside_constant(free, advice(0.992, 0.989, 0.994), percent, "9 USD", "accuracy", 1)
    assert not told.gain
    assert told.first.startswith(
        "Always answering 'ok' is right on 99.0 % of the 500 items that are tested on, without any "
        "label; what 9 USD buys is forecast to reach 99.2 % (90 % interval 98.9 % to 99.4 %), "
        "which is no gain that the evidence can see."
    )
    assert 'metric = "cross-entropy"' in told.instead
    sure = beside_constant(free, advice(0.993, 0.991, 0.995), percent, "9 USD", "accuracy", 1)
    assert sure.gain
    assert "no gain" not in sure.first
    # Most of the constant's errors are gone: a note is enough.
    far = beside_constant(free, advice(0.998, 0.996, 0.999), percent, "9 USD", "accuracy", 1)
    assert far.gain
    assert not far.first
    assert "99.0 %" in far.note
    # Ten even classes: nobody asks for the constant.
    even = {**free, "quality": 0.1}
    told = beside_constant(even, advice(0.4, 0.35, 0.45), percent, "9 USD", "accuracy", 1)
    assert told.gain
    assert not told.first + told.note


def test_less_cross_entropy_is_the_gain() -> None:
    free = {"class": None, "quality": 0.06, "items": 500}
    told = beside_constant(free, advice(0.05, 0.04, 0.061), str, "9 USD", "cross-entropy", -1)
    assert not told.gain
    assert told.first.startswith("Always answering the class frequencies has cross-entropy 0.06 on")
    assert beside_constant(
        free, advice(0.05, 0.04, 0.059), str, "9 USD", "cross-entropy", -1
    ).gain  # fmt: skip


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
    assert advice["interval"][0] <= free
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
    assert advice["sentence"].startswith(("Buy", "The labels you hold"))
