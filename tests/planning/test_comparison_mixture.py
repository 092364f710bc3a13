"""Comparisons and class labels bought together, and labels judged on items that have none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from labelbits.planning.comparisons import twins
from labelbits.planning.comparisons.held import Held, held_answers
from labelbits.planning.comparisons.measured import about, item_folds, unlabelled
from labelbits.planning.comparisons.mixture import Kind, mixture_of
from labelbits.planning.comparisons.twins import asking_of
from labelbits.planning.evidence.answers_held import Pilot
from labelbits.planning.families import build_families
from labelbits.planning.result import Curve
from labelbits.planning.spec.planfile import PlanFile
from labelbits.recovery import Fitter
from tests.recovery.asked import answers, asked

ITEMS, CLASSES, PILOT = 15, 3, 120
MIDDLES = np.array([[-2.0], [0.0], [2.0]])
CLASS = np.arange(ITEMS) % CLASSES
Z = MIDDLES[CLASS] + 0.4 * np.random.default_rng(2).normal(size=(ITEMS, 1))
WORLD = Z, MIDDLES
PLAN = PlanFile.model_validate(
    {
        "dataset": {"items": ITEMS, "classes": CLASSES, "dims": 1},
        "budget": {"amount": 2.0},
        "goal": {"metric": "agreement"},
        "signal": [{"kind": "triplet", "price": 0.02}, {"kind": "hard", "price": 0.02}],
    }
)


def held_of(*tables: pl.DataFrame) -> Held:
    return held_answers(answers(ITEMS, CLASSES, *tables), {}, None, CLASS)


@pytest.fixture(scope="module")
def held() -> Held:
    return held_of(
        asked(WORLD, "triplet", PILOT, 1, precision=1.0, lapse=0.1),
        asked(WORLD, "hard", PILOT, 2, precision=4.0, lapse=0.0),
    )


def kinds_of(held: Held) -> list[Kind]:
    """Both ways to ask, with the same curve: which is better is for the twins to say."""
    families, _ = build_families(PLAN, 1, CLASSES, Pilot(), most_items=ITEMS)
    found = []
    for family, quality in zip(families, (0.71, 0.7), strict=True):
        draws = np.full((9, 2), quality)
        curve = Curve(family, np.array([10.0, 1e4]), draws, np.zeros((0, 4)), 1e4, ITEMS, None)
        source = (family.kind, "")
        (first,) = held.batches(held.rows(source)[:1])
        found.append(Kind(curve, source, asking_of(held, source, first.signal, 0)))
    return found


def mixture(held: Held):
    tests = lambda part: twins.Tested(held.batches(part.tested), {}, held.classes, 1)  # noqa: E731
    return mixture_of(
        held, kinds_of(held), PLAN.budget, "agreement", Fitter(1), tests, 0, lambda done: None
    )


def test_kinds_are_compared_for_the_same_money_beside_all_that_is_held(held: Held):
    found = mixture(held)
    assert found is not None
    low, high = found["interval"]
    assert low < found["gain"] < high
    assert found["single"] == "triplet"
    assert sum(found["shares"].values()) == pytest.approx(1)
    assert sum(one["cost"] for one in found["purchases"]) == pytest.approx(2.0, rel=0.02)
    assert found["recommended"] == (low > 0)
    assert "answered in the pilot" in found["sentence"]


def test_labels_that_are_coins_are_no_part_of_a_mixture(held: Held):
    rows = held.rows(("hard", ""))
    coin = np.random.default_rng(0).integers(0, CLASSES, len(rows))
    said = held.answers.table["answer"].to_list()
    for row, k in zip(rows, coin, strict=True):
        said[row] = f'"class {k}"'
    table = held.answers.table.with_columns(answer=pl.Series(said))
    found = mixture(replace(held, answers=replace(held.answers, table=table)))
    assert found is not None
    assert not found["recommended"]
    assert found["gain"] < 0.01


def test_shots_of_labels_are_about_items_without_any(held: Held):
    rows = held.rows(("hard", ""))
    folds = item_folds(held, 0)
    assert sum(folds).sum() == ITEMS
    for items in folds:
        kept = rows[~about(held, rows, items)]
        new = unlabelled(held, kept)
        assert new is not None
        assert np.array_equal(new, new | items)
        assert set(CLASS[items]) == set(range(CLASSES))
    assert unlabelled(held, held.rows(("triplet", ""))) is None
    (first,) = held.batches(rows[:1])
    asking = asking_of(held, ("hard", ""), first.signal, 0).without(folds[0])
    drawn = asking.draw(200, np.random.default_rng(0))
    assert not folds[0][drawn.ravel()].any()
