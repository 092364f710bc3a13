"""Dimensions left to "auto" come from the features, and the plan says how to learn better."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from labelbits.planning import plan
from labelbits.planning.evidence.dimensions import MOST, choose_dims, participation_ratio
from labelbits.planning.evidence.loading import load_evidence
from labelbits.planning.simulated.ranges import dims_around
from labelbits.planning.spec.planreader import read_plan

Write = Callable[..., Path]


def test_participation_ratio_counts_independent_columns() -> None:
    x = np.random.default_rng(0).standard_normal((4000, 4))
    assert participation_ratio(x) == pytest.approx(4, rel=0.02)
    assert participation_ratio(np.repeat(x[:, :1], 5, axis=1)) == pytest.approx(1)
    # Units and constant columns do not count; more columns than items are no other matter.
    assert participation_ratio(x * [1, 1e6, 1e-6, 1]) == pytest.approx(4, rel=0.02)
    assert participation_ratio(np.column_stack([x, np.ones(4000)])) == pytest.approx(4, rel=0.02)
    wide = np.repeat(x[:50], 30, axis=1)
    assert participation_ratio(wide) == pytest.approx(participation_ratio(x[:50]))


def test_auto_takes_what_the_features_vary_in(write_plan: Write) -> None:
    rng = np.random.default_rng(1)
    features = np.repeat(rng.standard_normal((400, 3)), 4, axis=1) + 0.01 * rng.random((400, 12))
    evidence = load_evidence(read_plan(write_plan(features=features)), seed=0)
    found, (assumption,), (first,) = choose_dims(evidence)
    assert found.value == assumption.value == 3
    assert "labelbits recover" in first
    evidence = load_evidence(read_plan(write_plan(features=rng.standard_normal((400, 60)))), 0)
    assert choose_dims(evidence)[0].value == MOST


def test_without_features_it_is_an_assumption() -> None:
    found, (assumption,), said = choose_dims(None)
    assert found.value == 5
    assert assumption.source.startswith("assumed")
    assert "5 are assumed, and half and twice as many are simulated too" in said[0]
    # So few items show no more; many change nothing.
    found, (assumption,), said = choose_dims(None, items=4)
    assert found.value == assumption.value == 3
    assert "4 items show 3 at most" in assumption.source
    assert "3 are assumed, and half as many are simulated too" in said[0]
    assert choose_dims(None, items=6)[0].value == 5


def test_dimensions_that_nobody_knows_widen_the_interval(tmp_path: Path) -> None:
    """Half and twice as many are simulated where none are named; a number is taken as known."""
    text = """
[dataset]
items = 24
classes = 4
{}[budget]
amount = 60
[[signal]]
kind = "triplet"
price = 0.1
lapse = 0
precision = 1
"""
    plans = {}
    for name, dims in (("open", ""), ("told", "dims = 5\n")):
        (tmp_path / f"{name}.toml").write_text(text.format(dims))
        plans[name] = plan(tmp_path / f"{name}.toml", seed=0)
    spread = {name: one.options[-1].high - one.options[-1].low for name, one in plans.items()}
    assert spread["open"] > 1.5 * spread["told"]
    said = {one.name: one.value for one in plans["open"].assumptions}
    assert said["dimensions, where no comparisons tell them"] == "2, 5, 10"
    assert not any("dimensions, where" in one.name for one in plans["told"].assumptions)
    assert dims_around(5, 6) == (2, 5, 6)
    assert dims_around(1, 100) == (1, 2)
