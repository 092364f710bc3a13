"""Noise of comparisons from positions, where chains of draws agree and where they do not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from labelbits.annotators.calibration import calibrate
from labelbits.annotators.noise.positions import APART, METHOD, noise_by_embedding
from labelbits.interface import Answers
from labelbits.recovery.fitted import draws

ITEMS, QUESTIONS, PRECISION, LAPSE = 12, 500, 3.0, 0.2


@pytest.fixture(scope="module")
def answers() -> Answers:
    """500 triplets asked once, two of them again of another person who says once the same and once
    the other: drawn with numpy alone."""
    rng = np.random.default_rng(4)
    places = rng.standard_normal((ITEMS, 2))
    asked = np.stack([rng.permutation(ITEMS)[:3] for _ in range(QUESTIONS)])
    asked = np.concatenate([asked, asked[:2]])
    d2 = ((places[asked[:, :1]] - places[asked[:, 1:]]) ** 2).sum(-1)
    second = rng.random(len(asked)) < 1 / (1 + np.exp(PRECISION * (d2[:, 1] - d2[:, 0])))
    said = np.where(rng.random(len(asked)) < LAPSE, rng.integers(0, 2, len(asked)), second)
    said[-2:] = said[:2] ^ np.array([0, 1])
    names = [f"i{k:02}" for k in range(ITEMS)]
    table = pl.DataFrame(
        {
            "signal": ["triplet"] * len(asked),
            "annotator": ["ann"] * QUESTIONS + ["bob"] * 2,
            "items": [[names[i] for i in row] for row in asked],
            "classes": [[] for _ in asked],
            "answer": [str(int(one)) for one in said],
        },
        schema_overrides={"classes": pl.List(pl.String)},
    )
    return Answers(table, tuple(names), ())


def test_chains_that_lie_apart_widen_the_interval(
    answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = noise_by_embedding(answers, 2)
    assert together is not None
    assert together.precision.method == METHOD
    assert together.lapse.low < LAPSE < together.lapse.high
    monkeypatch.setattr(draws, "R_HAT", 0.0)  # no chains are ever near enough
    monkeypatch.setattr(draws, "ROUNDS", 2)
    apart = noise_by_embedding(answers, 2)
    assert apart is not None
    assert apart.precision.method == apart.lapse.method == APART
    assert (apart.precision.value, apart.lapse.value) == (
        together.precision.value,
        together.lapse.value,
    )
    for wide, narrow in ((apart.precision, together.precision), (apart.lapse, together.lapse)):
        assert wide.low <= narrow.value <= wide.high
        assert wide.high - wide.low > 0.8 * (narrow.high - narrow.low)


def test_two_pairs_say_nothing_against_five_hundred_answers(
    answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two people agreed on one of two questions: alone that allows random answers only, and a
    precision near nothing."""
    monkeypatch.setattr(draws, "R_HAT", 0.0)
    monkeypatch.setattr(draws, "ROUNDS", 2)
    found = calibrate(answers, dims=2, only=("noise",))["triplet"]
    assert found.noise is not None
    assert found.noise.source == "recovered embedding"
    assert found.noise.lapse.low < LAPSE < found.noise.lapse.high < 0.5
    assert found.random_at_most is None
