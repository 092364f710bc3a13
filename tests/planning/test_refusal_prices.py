"""A pilot that is asked for costs what answers of the one at hand took."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import labelbits as lb


def test_the_pilot_asked_for_is_priced_by_the_times_at_hand() -> None:
    """12 answers of 60 s are too few for a plan: 100 more at 12 USD an hour are 20 USD."""
    features = np.random.default_rng(0).normal(size=(40, 2))
    names = [f"i{k}" for k in range(40)]
    answers = pl.DataFrame(
        {
            "item": names[:12],
            "annotator": ["ann", "bob"] * 6,
            "label": ["x", "y", "x"] * 4,
            "seconds": [60.0] * 12,
        }
    )
    with pytest.raises(lb.InputError) as refused:
        lb.plan(features=features, answers=answers, ids=names, budget=5.0)
    text = str(refused.value)
    asked, money = (
        float(text.split(before)[1].split(after)[0].replace(",", ""))
        for before, after in (("Run this pilot: ", " "), ("about ", " USD"))
    )
    assert money == pytest.approx(asked * 60 * 12 / 3600, rel=1e-3)
