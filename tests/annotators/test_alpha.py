"""Krippendorff's alpha where it is known by hand, and where it is not defined."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from labelbits.annotators import calibrate
from labelbits.annotators.pilot import run_pilot
from labelbits.answers import read_answers
from labelbits.report.pilot import show_pilot


def of(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(["item,annotator,label", *rows]))
    return path


def shown(path: Path) -> str:
    stream = io.StringIO()
    show_pilot(run_pilot([path]), Console(file=stream, width=400))
    return stream.getvalue()


#: Five raters, five items, 22 ratings, one of them another: Do = 2/22, De = 42/462, alpha 0.
ONE_DISAGREES = [
    f"u{i},{who},{1 if (i, who) == (5, 'd') else 3}"
    for who, own in {"a": "12345", "b": "12345", "c": "125", "d": "12345", "e": "1345"}.items()
    for i in map(int, own)
]
#: Two raters of 40 items who never agree: De = 1 - 2 x 40 x 39 / (80 x 79), alpha 1 - 1 / De.
NEVER = [f"u{i},{who},{(i + k) % 2}" for i in range(40) for k, who in enumerate("ab")]


@pytest.mark.parametrize(
    ("rows", "alpha"), [(ONE_DISAGREES, 0.0), (NEVER, 1 - 1 / (1 - 3120 / 6320))]
)
def test_alpha_by_hand(tmp_path: Path, rows: list[str], alpha: float) -> None:
    answers = read_answers(of(tmp_path / "one.csv", *rows))
    found = calibrate(answers, only=("agreement",)).signals["hard"].agreement
    assert found is not None
    assert found.alpha is not None
    assert found.alpha.value == pytest.approx(alpha, abs=1e-12)
    assert found.alpha.low <= found.alpha.value <= found.alpha.high
    if rows is ONE_DISAGREES:  # resamples of five items say nothing of what they lack
        assert (found.alpha.low, found.alpha.high) == (-1, 1)


def test_alpha_of_answers_that_are_all_the_same_is_said_to_be_undefined(tmp_path: Path) -> None:
    same = of(tmp_path / "same.csv", *(f"u{i},{who},1" for i in range(9) for who in "abc"))
    alone = of(tmp_path / "alone.csv", *(f"u{i},a,{i % 2}" for i in range(8)))
    assert "alpha is undefined" in shown(same)
    assert "Krippendorff" not in shown(alone)
