"""What a plan answers with: options, recommendation, crossovers, assumptions; JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from labelbits.interface import LEVEL, PLAN_FORMAT, Estimate, Signal
from labelbits.planning.item_list import FILE, ItemList
from labelbits.planning.records import Crossover, Extras, Recommendation
from labelbits.planning.spec.annotator_kinds import CROWD, KnownBy, annotator_kind
from labelbits.planning.spec.asked import SignalPlan
from labelbits.planning.spec.cost import Price
from labelbits.planning.spec.planfile import Budget
from labelbits.signals import one_question

#: Columns of the table of options: a purchase together with the labels that are held.
WITH_HELD = ("quality_with_held", "low_with_held", "high_with_held")
#: A difference of quality below this is none: it vanishes when qualities are shown.
NOTHING = 5e-4


@dataclass(frozen=True)
class Family:
    """One way to ask: a signal, how many answers each item gets (None: varied), at what price.

    `annotators` is who answers; `asked` the plan's table that it comes from, `number` its place.
    """

    name: str
    kind: str
    signal: Signal
    answers_per_item: int | None
    price: Price
    options: dict[str, Any] = field(default_factory=dict)
    annotators: str = CROWD
    asked: SignalPlan | None = None
    number: int = 0

    @property
    def known_by(self) -> KnownBy:
        """What the plan holds of those who answer."""
        kind = annotator_kind(self.annotators) if self.asked is None else self.asked.annotator_kind
        return kind.known_by

    @property
    def question(self) -> tuple[str, str]:
        """What is asked of whom: a vote and a hard label are one question, at one price."""
        return one_question(self.kind), self.annotators


@dataclass(frozen=True)
class Curve:
    """Quality against number of answers for one family, with joint uncertainty.

    `answers` (G,) rising; `draws` (B, G) of the quality, one row a possible truth; rows of
    different families with the same index belong together. `measured` holds (answers, mean,
    low, high) where quality was measured and not extrapolated; `limit` is the largest number of
    answers that the evidence supports. `covered` (G,) is the number of items that the answers are
    spread over, where that is free. `item_sd` is the standard deviation of one test item's quality
    after taking out what all families share: how much noise a pilot item carries (NaN: unknown).
    `needs_items`: the limit is set by the items that there are, not by the evidence. `per_class`
    is the number of classes where training sets hold equally many items of each, else 0.
    `constant` (B,) is the quality of a constant answer on the test items of each draw.
    """

    family: Family
    answers: np.ndarray
    draws: np.ndarray
    measured: np.ndarray
    limit: float
    items: int | None
    bits: Estimate | None
    covered: np.ndarray | None = None
    item_sd: float = math.nan
    needs_items: bool = False
    per_class: int = 0
    constant: np.ndarray | None = None

    def at(self, answers: float | np.ndarray) -> np.ndarray:
        """Draws (B,) of the quality at `answers` (a number, or one for each draw).

        Linear in ln(answers) between the points of the grid; flat outside.
        """
        if np.ndim(answers) == 0:  # one place on the grid for all draws
            return self.at_each(np.array([answers], dtype=float))[:, 0]
        each = np.broadcast_to(np.asarray(answers, dtype=float), (len(self.draws),))
        return self.at_each(each[:, None])[:, 0]

    def at_each(self, answers: np.ndarray) -> np.ndarray:
        """Draws (B, M) of the quality at `answers`, (M,) or for each draw its own (B, M)."""
        right, share = self._places(np.log(answers))
        rows = np.arange(len(self.draws))[:, None] if right.ndim == 2 else slice(None)
        low, high = self.draws[rows, right - 1], self.draws[rows, right]
        return (1 - share) * low + share * high

    def _places(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(point of the grid to the right, share of the way to it) of ln answers `x`."""
        grid = np.log(self.answers)
        right = np.clip(np.searchsorted(grid, x), 1, len(grid) - 1)
        past, step = x - grid[right - 1], grid[right] - grid[right - 1]
        # An option of one size (three votes on every item that there is) has a grid of one place.
        return right, np.clip(np.divide(past, step, out=np.zeros(past.shape), where=step > 0), 0, 1)

    def shape(self, answers: float) -> tuple[int, float]:
        """(items labelled, answers on each) when this many answers are bought."""
        items = int(self.items_of(np.array(float(answers))))
        per_item = self.family.answers_per_item
        return items, per_item if per_item is not None else answers / items

    def items_of(self, answers: np.ndarray) -> np.ndarray:
        """How many items each of these numbers of answers is about."""
        per_item = self.family.answers_per_item
        if per_item is not None:
            return np.round(answers / per_item)
        assert self.items is not None
        if self.covered is None:
            return np.full(np.shape(answers), self.items)
        # In logarithms: with one answer on each, items grow as answers do.
        some = np.maximum(answers, 1)
        logs = np.interp(np.log(some), np.log(self.answers), np.log(np.maximum(self.covered, 1)))
        most = np.minimum(self.items, np.floor(some))
        return np.maximum(1, np.minimum(np.round(np.exp(logs)), most))


@dataclass(frozen=True)
class Option:
    """One purchase: what is bought, what it costs, what it gives (interval at `LEVEL`).

    `bits` are those of one answer. `measured`: within the sizes that the pilot could measure.
    """

    signal: str
    family: str
    items: int
    answers_per_item: float
    answers: int
    cost: float
    quality: float
    low: float
    high: float
    bits: float
    bits_total: float
    measured: bool
    annotators: str = CROWD


@dataclass(frozen=True)
class Assumption:
    """A number that the plan rests on, with its unit and where it comes from."""

    name: str
    value: float | str
    unit: str
    source: str


@dataclass(frozen=True)
class Plan:
    """A finished plan. `to_dict` is what plan.json holds, but for the run's name and its files.
    `of_the_money` are the warnings that other money or prices may make untrue."""

    metric: str
    metric_name: str
    lower_is_better: bool
    percent: bool
    currency: str
    budget: float
    recommendation: Recommendation
    options: list[Option]
    crossovers: list[Crossover]
    assumptions: list[Assumption]
    warnings: list[str]
    curves: list[Curve]
    terms: Budget
    extras: Extras = field(default_factory=Extras)
    items: ItemList | None = None
    title: str = "plan"
    of_the_money: tuple[str, ...] = ()

    def evidence_of(self, option: Option) -> str:
        """What the quality of a purchase rests on, in one word."""
        if not option.measured:
            return "forecast"
        return "simulated" if self.extras.get("simulated") else "measured"

    def to_dict(self) -> dict[str, Any]:
        """The plan as plain numbers and text; infinite and undefined numbers become None."""
        return _plain(
            {
                "format": PLAN_FORMAT,
                "metric": self.metric,
                "metric_name": self.metric_name,
                "lower_is_better": self.lower_is_better,
                "currency": self.currency,
                "budget": self.budget,
                "interval_level": LEVEL,
                "recommendation": self.recommendation,
                "options": [asdict(option) for option in self.options],
                "crossovers": self.crossovers,
                "assumptions": [asdict(one) for one in self.assumptions],
                "warnings": self.warnings,
                "classes": self.extras.get("classes"),
                "items_file": None if self.items is None else FILE,
                "extras": self.extras,
            }
        )

    def json(self) -> str:
        """`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False) + "\n"

    def table(self) -> list[dict[str, Any]]:
        """The options, one row each: `quality`, `low` and `high` are those of the purchase alone.

        Where labels are held, `WITH_HELD` are those of both together, which the plan works out for
        the largest purchase of each option; None for the others.
        """
        rows = [asdict(option) for option in self.options]
        held = self.recommendation.get("next")
        if held is None:
            return rows
        added = {one["family"]: one for one in held["purchases"]}
        last = {option.family: k for k, option in enumerate(self.options)}  # they rise in size
        for number, row in enumerate(rows):
            one = added.get(row["family"]) if last[row["family"]] == number else None
            values = (None,) * 3 if one is None else (one["quality"], *one["interval"])
            row |= dict(zip(WITH_HELD, values, strict=True))
        return rows

    def csv(self) -> str:
        """options.csv: `table` as text."""
        rows = self.table()
        stream = io.StringIO()
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return stream.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(item) for item in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value
