"""Designs whose optimum is known, and gains that are measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from labelbits.planning.mixtures import simulated as mixture
from labelbits.planning.mixtures.simulated import (
    Confirmed,
    _worse_and_worse,
    best_shares,
    candidates,
    confirm,
)
from labelbits.planning.spec.cost import Part, cost_of_parts
from labelbits.planning.spec.planfile import Budget
from labelbits.signals import Hard, Triplet
from labelbits.worlds import World
from tests.planning.curves import curve

WORLD = World(items=24, classes=4, dims=2)
SIGNALS = [Hard(precision=1.0, lapse=0.05), Triplet(precision=1.0, lapse=0.05)]


def test_the_same_question_twice_is_worth_its_price() -> None:
    """Of two offers of one question the one that sells twice as many answers gets everything."""
    design = best_shares([SIGNALS[1], SIGNALS[1]], WORLD, np.array([200.0, 400.0]))
    np.testing.assert_allclose(design.shares, [0, 1], atol=1e-6)
    assert design.bits == pytest.approx(design.single[1])


def test_a_mixture_is_found_where_both_signals_are_weak() -> None:
    """Few answers: hard labels put groups of items in place, triplets order what is near."""
    world = World(items=80, classes=8, dims=3)
    gain = confirm(SIGNALS, world, np.array([400.0, 400.0]), np.array([0.5, 0.5]), 1, 0).gain
    assert gain.value > 0.02
    assert gain.low > 0


def test_candidates_are_splits_of_the_whole() -> None:
    design = np.array([0.4, 0.0, 0.6])
    tried = candidates(design, np.array([0.1, 0.9, 0.5]))
    np.testing.assert_array_equal(tried[0], design)
    assert all(shares.sum() == pytest.approx(1) for shares in tried)
    assert all(shares[1] >= shares[2] > 0 and shares[0] == 0 for shares in tried[1:])


def test_a_hopeless_price_is_not_paid() -> None:
    design = best_shares(SIGNALS, WORLD, np.array([1.0, 2000.0]))
    np.testing.assert_array_equal(design.shares, [0, 1])


def test_half_of_the_answers_are_worse_on_the_same_worlds() -> None:
    """Negative control: the 'mixture' that throws half of the money away loses."""
    found = confirm(SIGNALS, WORLD, np.array([1.0, 400.0]), np.array([0.0, 0.5]), 1, 0)
    assert found.gain.low <= found.gain.value <= found.gain.high < 0


def test_larger_shares_of_a_loser_are_not_tried() -> None:
    noise = 0.001 * np.random.default_rng(0).standard_normal(12)

    def found(*gains: float) -> list[Confirmed]:
        return [Confirmed(0.5 + gain + noise, np.full(12, 0.5)) for gain in gains]

    assert _worse_and_worse(found(-0.1, -0.2))
    assert not _worse_and_worse(found(-0.2, -0.1))  # turning
    assert not _worse_and_worse(found(0.1, -0.1))
    assert not _worse_and_worse(found(-0.1))


def test_too_many_coordinates_for_a_design_are_mixed_by_fixed_splits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A design's matrix grows with the square of the coordinates; the splits need none."""
    monkeypatch.setattr(mixture, "MOST_COORDINATES", 10)
    monkeypatch.setattr(mixture, "best_shares", None)  # would fail if it were called
    curves = [
        replace(c, family=replace(c.family, kind=s.name, signal=s, answers_per_item=None), items=24)
        for c, s in zip([curve("hard", 2, 0.1), curve("triplet", 1, 0.1)], SIGNALS, strict=True)
    ]
    found = mixture.mixture_for(curves, WORLD, 24, Budget(amount=24.0), 0, 4)
    assert found is not None
    assert found["design"] == {"hard": 1.0, "triplet": 0.0}
    assert set(found["shares"]) == {"hard", "triplet"}
    # Whoever changes kinds has sessions of both, and every item is acquired once.
    terms = Budget(
        amount=96.0, item_cost=1.0, session_seconds=600, answers_per_session=20, wage_per_hour=12
    )
    dear = mixture.mixture_for(curves, WORLD, 24, terms, 0, 4)
    assert dear is not None
    parts = [Part(0.1, p["answers"], 24) for p in dear["purchases"]]
    assert sum(p["cost"] for p in dear["purchases"]) == cost_of_parts(parts, terms, 24)
    assert 90 < cost_of_parts(parts, terms, 24) <= 96
    assert sum(p["cost_of_items"] for p in dear["purchases"]) == pytest.approx(24)
