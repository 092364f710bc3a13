"""Verdicts follow the rows: a claim that fails is said to fail, one that cannot be told too."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from labelbits.sweeps.analyses.figures import FIGURES, SCHEMA
from labelbits.sweeps.analyses.verdicts import verdicts


def _table(*rows: tuple) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=SCHEMA, orient="row")


@pytest.mark.parametrize(
    ("last", "error", "word"),
    [(0.9, 0.01, "held"), (0.5, 0.01, "did not hold"), (0.69, 0.05, "cannot be told")],
)
def test_a_gain_is_held_to_its_error(last: float, error: float, word: str) -> None:
    panel = "alignment at the end, by classes"
    rows = [
        ("dynamics", panel, "hard", 2.0, 0.65, error, "simulation"),
        ("dynamics", panel, "hard", 10.0, last, error, "simulation"),
    ]
    (found,) = verdicts(_table(*rows), "dynamics")
    assert found.word == word
    assert f"{last:.2f}" in found.line()


def test_sums_that_do_not_fall_are_said() -> None:
    def rows(value: float) -> pl.DataFrame:
        return _table(
            ("total", "each answer", "hard", 1.0, 1.5, 0.01, "theory"),
            ("total", "each answer", "hard", 16.0, value, 0.01, "theory"),
        )

    assert [one.held for one in verdicts(rows(0.5), "total")] == [True]
    assert [one.held for one in verdicts(rows(1.8), "total")] == [False]


def test_the_best_signal_late_is_compared_with_the_best_early() -> None:
    panel = "alignment, by steps"

    def rows(late: float) -> pl.DataFrame:
        return _table(
            ("dynamics", panel, "hard", 10.0, 0.7, 0.01, "simulation"),
            ("dynamics", panel, "hard", 100.0, 0.75, 0.01, "simulation"),
            ("dynamics", panel, "triplet", 10.0, 0.5, 0.01, "simulation"),
            ("dynamics", panel, "triplet", 100.0, late, 0.01, "simulation"),
        )

    assert [one.held for one in verdicts(rows(0.9), "dynamics")] == [True]
    assert [one.held for one in verdicts(rows(0.6), "dynamics")] == [False]


def test_courses_that_fall_together_against_bits_are_told_from_others() -> None:
    steps, seen = "alignment, by steps", "alignment, by bits seen"

    def rows(scale: float) -> pl.DataFrame:
        """Alignment follows bits; `scale`: bits of a triplet as they are drawn."""
        found = []
        for signal, bits, drawn in (
            ("hard", 4.0, 4.0),
            ("soft", 2.0, 2.0),
            ("triplet", 1.0, scale),
        ):
            found.append(("dynamics", "bits an answer", signal, 0.0, bits, 0.0, "theory"))
            found.append(("dynamics", "steps to 90 %", signal, 0.0, 80 / bits, 0.1, "simulation"))
            for step in (10.0, 30.0, 100.0, 300.0):
                value = 0.3 * np.log10(step * bits / 10)
                found.append(("dynamics", steps, signal, step, value, 0.01, "simulation"))
                found.append(("dynamics", seen, signal, step * drawn, value, 0.01, "simulation"))
        return _table(*found)

    def held(scale: float) -> bool | None:
        return next(v.held for v in verdicts(rows(scale), "dynamics") if "together" in v.claim)

    assert held(1.0) is True
    assert held(16.0) is False


def test_every_figure_has_a_judge_and_an_empty_table_has_no_verdict() -> None:
    from labelbits.sweeps.analyses.verdicts import _JUDGES

    assert set(_JUDGES) == set(FIGURES)
    assert verdicts(_table(), "bits") == []
