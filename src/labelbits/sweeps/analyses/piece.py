"""A piece of an analysis: what is computed in one go, and the rows it gives."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

#: Changes whenever the same piece would give other numbers.
FORMAT = 1

#: What a piece yields. `world` numbers the simulated world of a single value; it is null where
#: `value` is already a mean, and then `standard_error` says how far to trust it.
RAW = {
    "panel": pl.String, "signal": pl.String, "x": pl.Float64, "world": pl.Int64,
    "value": pl.Float64, "standard_error": pl.Float64, "source": pl.String,
}  # fmt: skip

Raw = tuple[str, str, float, int | None, float, float | None, str]


@dataclass(frozen=True)
class Size:
    """How much of everything is computed."""

    items: int
    classes: int
    dims: int
    seeds: int
    answers: tuple[int, ...]
    draws: int
    #: Points of every axis of bits per answer; the middle one is the world of all other figures.
    axis_classes: tuple[int, ...]
    axis_dims: tuple[int, ...]
    axis_precision: tuple[float, ...]
    axis_lapse: tuple[float, ...]
    #: Dimensions and classes of the saturation figure, and sets of known prototypes.
    saturation_dims: tuple[int, ...]
    saturation_classes: tuple[int, ...]
    prototype_sets: int
    #: Items of the figures whose bits are simulated, worlds, and temperatures on the way.
    small_items: int
    small_worlds: int
    small_answers: tuple[int, ...]
    temperatures: int
    triplets: tuple[int, ...]
    shots: tuple[int, ...]
    #: Encoders: items and answers they learn from, steps, steps between looks, worlds, precision
    #: of annotators, and the points of every axis.
    encoder_items: int
    encoder_answers: int
    encoder_steps: int
    encoder_look: int
    encoder_seeds: int
    encoder_precision: float
    encoder_axis_answers: tuple[int, ...]
    encoder_axis_classes: tuple[int, ...]
    encoder_axis_dims: tuple[int, ...]
    encoder_axis_precision: tuple[float, ...]
    encoder_axis_negatives: tuple[int, ...]


@dataclass(frozen=True)
class Piece:
    """One analysis for one signal (or one point of an axis), named by what decides its numbers.

    `size` says how much is computed (`Size`, or another frozen dataclass); `source` is the folder
    of people's answers that it rests on, None where worlds are simulated.
    """

    analysis: str
    subject: str
    size: Any
    source: Any = None

    @property
    def key(self) -> str:
        """Name of its part file."""
        parts = asdict(self)
        # What the files hold counts, and not where they lie.
        parts["source"] = None if self.source is None else self.source.digest
        text = json.dumps([FORMAT, parts], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    @property
    def rows(self) -> None:
        """Rows of its table: only the computation can tell."""
        return

    def where(self) -> str:
        """What it computes, in words."""
        return f"{self.analysis}: {self.subject}"


def table(rows: Iterable[Raw]) -> pl.DataFrame:
    """The rows of a piece as a table."""
    return pl.DataFrame(list(rows), schema=RAW, orient="row")
