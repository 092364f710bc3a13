"""What comparisons cannot tell is said by pilot and recover, before any number."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import labelbits as lb
from labelbits.annotators.comparing import said_of_comparisons
from labelbits.annotators.pilot import run_pilot
from labelbits.annotators.recovering import recover
from labelbits.interface import Answers

ITEMS, MANY = 12, 150
RNG = np.random.default_rng(0)
SHOWN = np.stack([RNG.choice(ITEMS, 3, replace=False) for _ in range(MANY)])


def frame(shown: np.ndarray = SHOWN, people: int = 5, **columns: list[str]) -> pl.DataFrame:
    """Winners at random: what is said does not depend on them."""
    names = np.array([f"shoe {i}" for i in range(ITEMS)])[shown]
    return pl.DataFrame(
        {
            "head": names[:, 0], "winner": names[:, 1], "loser": names[:, 2],
            "worker": [f"p{i % people}" for i in range(len(shown))], **columns,
        }
    )  # fmt: skip


def read(*args, **columns) -> Answers:
    return lb.read_answers(frame(*args, **columns))


def test_a_sound_pilot_is_told_nothing():
    assert said_of_comparisons(read()) == []
    assert said_of_comparisons(read(sampling=["random"] * MANY)) == []


FEW = np.where(SHOWN[:, :1] >= 0, SHOWN % 4, 0)
FEW = FEW[[len(set(row)) == 3 for row in FEW.tolist()]]
CASES = {
    "50 comparisons about 12 items are few": lambda: read(SHOWN[:50]),
    "150 comparisons are those of one annotator (p0)": lambda: read(people=1),
    "comparisons are about 4 items": lambda: read(np.tile(FEW, (5, 1))),
    "taken by 5 items": lambda: read(np.concatenate([np.tile(FEW, (9, 1)), SHOWN[:2]])),
    "75 of 150 comparisons were chosen by a sampler (column sampling: uncertainty)": lambda: read(
        sampling=["random", "uncertainty"] * 75
    ),
    "fall into 2 groups": lambda: read(np.where(np.arange(MANY)[:, None] < 75, SHOWN % 4, 4)
        + np.where(np.arange(MANY)[:, None] < 75, 0, SHOWN % 5)),
}  # fmt: skip


@pytest.mark.parametrize("expected", CASES)
def test_what_cannot_be_known_is_said(expected: str):
    answers = CASES[expected]()
    assert any(expected in said for said in said_of_comparisons(answers)), said_of_comparisons(
        answers
    )


def test_pilot_and_recover_say_it(tmp_path):
    frame(people=1).write_csv(tmp_path / "answers.csv")
    found = run_pilot([tmp_path / "answers.csv"], dims=1)
    assert any("one annotator (p0)" in note for note in found.calibration.notes)
    told: list[str] = []
    recover(read(people=1), 1, 0, told.append)
    assert any("one annotator (p0)" in said for said in told)
