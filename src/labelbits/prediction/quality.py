"""Quality of recovery from the specification alone: the public question and its answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from labelbits.errors import InputError
from labelbits.interface import LEVEL, Signal
from labelbits.prediction.regime import SIMULATE, Case, NotCheckedError, case_of

if TYPE_CHECKING:
    from labelbits.worlds import World

#: How the predictions did at held-out points, as `benchmarks/prediction.py` wrote it.
CHECKED = Path(__file__).parent / "checked.json"
#: Largest standard error of the mean Spearman correlation with which a prediction is given.
LARGEST_ERROR = 0.07
#: Least share of single worlds inside the 90 % interval with which a signal is predicted at all.
LEAST_COVERAGE = 0.85


@dataclass(frozen=True)
class Checked:
    """How the predictor did at held-out points of this signal, sizes it was not built from.

    `points` were compared and `accepted` (share) answered; `median_error` and `ninth_decile` are
    absolute errors of the mean Spearman correlation, the simulation's own noise included.
    `coverage` is the share of single worlds inside the 90 % interval at sizes that had no part in
    setting its width.
    """

    points: int
    accepted: float
    median_error: float
    ninth_decile: float
    coverage: float = 0.0


@dataclass(frozen=True)
class Prediction:
    """Predicted quality of the MAP estimate of the items.

    `spearman` (of the distances between items) and `procrustes` (disparity, 0 is perfect) are
    means over worlds, `spearman_error` and `procrustes_error` the standard errors of these means.
    One world's value lies from `low` to `high` (`procrustes_low` to `procrustes_high`) with
    probability `level`. `method` says how the numbers came about and `checked` how far such
    numbers were off where they were compared with simulations.
    """

    spearman: float
    spearman_error: float
    low: float
    high: float
    procrustes: float
    procrustes_error: float
    procrustes_low: float
    procrustes_high: float
    level: float
    method: str
    checked: Checked | None

    def __str__(self) -> str:
        return (
            f"Spearman {self.spearman:.3f} [{self.low:.3f}, {self.high:.3f}], "
            f"Procrustes {self.procrustes:.3f} ({self.method})"
        )


@lru_cache(maxsize=1)
def _checked() -> Mapping[str, Checked]:
    if not CHECKED.exists():
        return {}
    return {name: Checked(**row) for name, row in json.loads(CHECKED.read_text()).items()}


def _row(case: Case):
    import polars as pl

    return pl.DataFrame(
        {
            "signal": [case.signal], "items": [case.items], "dims": [case.dims],
            # Comparisons do not see the classes; their table holds 10.
            "classes": [case.classes if case.uses_classes else 10], "prior": [case.prior],
            "precision": [case.precision], "lapse": [case.lapse],
            "answers_per_item": [case.answers_per_item],
        }
    )  # fmt: skip


def predict_quality(
    signal: Signal | str, world: World, answers_per_item: float, *, level: float = LEVEL
) -> Prediction:
    """How well the items will be recovered from `answers_per_item` x items answers, at once.

    `signal` (or its name, with default noise) carries precision and lapse; `world` gives items,
    classes, dims and prior; prototypes are unknown. Questions are drawn as `recovery.batch` draws
    them: about one item, each item equally often; about several, at random. The recovery knows
    precision and lapse. Nothing is fitted and nothing simulated: the numbers are read off a
    surface through simulated worlds (docs/prediction.md).

    Raises `NotCheckedError` (an `InputError`) outside the regime in which predictions were
    compared with simulations, for signals of which too few were, and where the surface's own
    standard error of the Spearman correlation is above `LARGEST_ERROR`; the message says which
    number and what to do. Raises `InputError` for arguments that make no sense.
    """
    found = read_off(signal, world, answers_per_item, level=level)
    if found.checked is None:
        name = signal if isinstance(signal, str) else signal.name
        raise NotCheckedError(
            f"too few predictions of {name} were compared with simulations to trust one: {SIMULATE}"
        )
    if found.checked.coverage < LEAST_COVERAGE:
        name = signal if isinstance(signal, str) else signal.name
        raise NotCheckedError(
            f"predictions of {name} cannot be trusted: at sizes left out "
            f"{found.checked.coverage:.0%} of single worlds were inside the 90 % interval, "
            f"{LEAST_COVERAGE:.0%} are needed: {SIMULATE}"
        )
    return found


def read_off(
    signal: Signal | str, world: World, answers_per_item: float, *, level: float = LEVEL
) -> Prediction:
    """`predict_quality`, also for signals of which too few predictions were checked."""
    from labelbits.prediction import surface

    if not 0 < level < 1:
        raise InputError(f"level is {level}; expected a number between 0 and 1")
    case = case_of(signal, world, answers_per_item)
    asked = signal if isinstance(signal, str) else signal.name
    row, family, found = _row(case), surface.family_of(case.signal), {}
    for metric in surface.METRICS:
        line, error, spread = (float(v[0]) for v in surface.surface(family, metric).predict(row))
        mean = float(surface.from_line(metric, line))
        ends = surface.interval(metric, line, error, spread, level)
        found[metric] = mean, error * float(surface.slope(metric, mean)), *ends
    if found["spearman"][1] > LARGEST_ERROR:
        raise NotCheckedError(
            f"the Spearman correlation of {asked} here is known to +- {found['spearman'][1]:.2f} "
            f"only (standard error; at most {LARGEST_ERROR} is given out), because no simulated "
            f"world is near enough: {SIMULATE}"
        )
    numbers: list[float] = [*found["spearman"], *found["procrustes"]]
    return Prediction(*numbers, level, "interpolated simulations", _checked().get(asked))  # type: ignore[call-arg]
