"""One probability a page, and what qualities stand between, whatever the money and the prices."""

import math
import re
from dataclasses import replace
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest

import labelbits
from labelbits.interface import LEVEL, Z
from labelbits.planning.advice.advise import advise, replan
from labelbits.planning.advice.yardsticks import yardsticks
from labelbits.planning.purchases import widened
from labelbits.planning.spec.planfile import Budget
from labelbits.report.figures import tradeoff
from labelbits.report.terminal import _table
from tests.planning.curves import curve

CONSTANT = {"class": "ok", "quality": 0.4, "items": 200}
CEILING = {"quality": 0.97, "standard_error": 0.01, "items": 90, "what": "people: one answer"}


def made(amount: float, **extras: object):
    one, two = curve("plain", 1, 0.1), curve("rich", 4, 0.1)
    one, two = (replace(c, constant=np.full(len(c.draws), 0.4)) for c in (one, two))
    given = {"seed": 0, "constant": CONSTANT, "ceiling": CEILING, **extras}
    return advise("accuracy", [one, two], Budget.model_validate({"amount": amount}), [], [], given)


def test_the_constant_and_the_ceiling_stay_whatever_the_money_and_the_prices():
    plan = made(115)
    for other in (plan, replan(plan, amount=500), replan(plan, prices={"plain": 3.0, "rich": 3.0})):
        names = [one.name for one in yardsticks(other)]
        assert names == ["always ok, no labels", "people: one answer"]
        assert [one.quality.value for one in yardsticks(other)] == [0.4, 0.97]
        table = _table(other, True)
        assert [str(cell) for cell in table.columns[0].cells][-2:] == names
        drawn = [a.text for a in tradeoff(other).layout.annotations]
        assert all(name in drawn for name in names)
    people = yardsticks(plan)[1].quality
    low, high = people.low, people.high
    assert high == pytest.approx(0.97 + 1.645 * 0.01, abs=1e-4)
    assert low == pytest.approx(0.97 - 1.645 * 0.01, abs=1e-4)
    # Negative control: a plan whose metric has neither shows neither.
    assert yardsticks(made(115, constant=None, ceiling=None)) == []


def test_the_one_probability_is_of_adding_to_the_labels_that_are_held():
    there = {"quality": 0.9, "standard_error": 0.01, "items": 100, "answers": 100.0,
             "measured_on": 90, "worth": {"plain": 100.0, "rich": 25.0}}  # fmt: skip
    plan = made(20, holdings=there)
    advice = plan.recommendation
    added = {one["family"]: one["chance"] for one in advice["next"]["purchases"]}
    assert advice["probabilities"] == added
    assert advice["probability_best"] == added[advice["family"]]
    assert "to the labels you hold" in advice["parts"]["certainty"]
    assert "labels you hold" not in made(20).recommendation["parts"]["certainty"]


def test_certainty_that_is_the_theorys_is_said_to_be():
    assert "theory" in made(50, by_theory=True).recommendation["parts"]["certainty"]
    assert "theory" not in made(50).recommendation["parts"]["certainty"]


def test_one_level_and_its_width_are_written_once() -> None:
    """Half-widths, levels and their words are those of `interface`, and no number beside it."""
    assert NormalDist().cdf(Z) - NormalDist().cdf(-Z) == pytest.approx(LEVEL)
    own = re.compile(r"\b1\.64\d*\b|\b1\.96\d*\b|level: float = 0|0\.05, 0\.95|\(90 % interval")
    root = Path(labelbits.__file__).parent
    found = [
        f"{path.name}: {line.strip()}"
        for path in sorted(root.rglob("*.py"))
        for line in path.read_text().splitlines()
        if own.search(line) and not line.strip().startswith("#")
    ]
    assert not found


def test_an_independent_error_widens_an_interval_by_squares() -> None:
    assert widened(0.5, (0.47, 0.54), 0.04) == pytest.approx((0.45, 0.5 + math.hypot(0.04, 0.04)))
    assert widened(0.5, (0.4, 0.7), 0.0) == pytest.approx((0.4, 0.7))
