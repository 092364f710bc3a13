"""A goal of plans about comparisons is one entry; a metric without one is refused, not planned."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from labelbits.errors import InputError
from labelbits.metrics import METRICS
from labelbits.planning.comparisons.forecast import Rise, _moved
from labelbits.planning.comparisons.goals import GOALS, Goal
from labelbits.planning.comparisons.measured import measured
from labelbits.planning.comparisons.road import comparisons_of
from labelbits.planning.comparisons.twins import measure
from labelbits.planning.evidence.answers_held import Pilot
from labelbits.planning.spec.planfile import PlanFile


def test_every_metric_of_a_space_is_a_goal_and_others_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert set(GOALS) == {name for name, metric in METRICS.items() if metric.of_space}
    monkeypatch.setitem(METRICS, "nearness", replace(METRICS["alignment"], name="nearness"))
    wanted = PlanFile.model_validate(
        {
            "dataset": {"pilot": ["none.csv"]},
            "goal": {"metric": "nearness"},
            "budget": {"amount": 1},
            "signal": [{"kind": "triplet", "seconds": 2}],
        }
    )
    # Before anything is read or worked out.
    with pytest.raises(
        InputError, match="'nearness'.*expected one of: agreement, alignment, shots"
    ):
        comparisons_of(wanted, Pilot(), None, 0, lambda what, share: None)
    with pytest.raises(InputError, match="nearness"):
        measure(SimpleNamespace(), None, None, "nearness")  # type: ignore[arg-type]


def test_a_new_goal_is_measured_and_forecast_by_its_own_entry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = object()
    new = Goal("nearness", lambda *given: told, lambda *given: 0.25, 0.1, lambda held: "pairs")
    monkeypatch.setitem(GOALS, "nearness", new)
    anything: Any = None
    assert measure(anything, anything, anything, "nearness") == 0.25
    given = (anything, ("triplet", ""), "nearness", anything, 1, 0, anything)
    assert measured(*given) is told
    rise = Rise(np.array([10.0, 20.0]), np.array([[0.6, 0.8]]), np.array([0.5]))
    assert _moved(rise, 0.3, "nearness")[0] == pytest.approx([0.4, 0.6])
    monkeypatch.setitem(GOALS, "nearness", replace(new, known_end=True))
    assert _moved(rise, 0.3, "nearness")[0] == pytest.approx([1 - 0.7 * 0.8, 1 - 0.7 * 0.4])
