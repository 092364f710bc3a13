"""The numbers of every figure, each with its standard error, from the rows of the analyses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from labelbits import information
from labelbits.simulation.simulate import METRICS, Recovered
from labelbits.sweeps.analyses.fits import PLACES
from labelbits.sweeps.analyses.piece import Size
from labelbits.sweeps.analyses.tradeoff import Row, tradeoff

#: One number of a figure. `source` is "theory" for an integral, an asymptotic value or a limit,
#: "bound" for what nothing exceeds, "simulation" for what sampled worlds and answers gave.
SCHEMA = {
    "figure": pl.String, "panel": pl.String, "signal": pl.String, "x": pl.Float64,
    "value": pl.Float64, "standard_error": pl.Float64, "source": pl.String,
}  # fmt: skip
LIMIT = "rate-distortion limit"
CODE = "Gaussian code at the limit"
#: Worlds over which the code at the limit is averaged.
CODE_WORLDS = 20

Rows = dict[str, pl.DataFrame]


def means(rows: pl.DataFrame) -> Iterator[Row]:
    """Rows as they are where they hold means already, else means over worlds with their errors."""
    whole = rows.filter(pl.col("world").is_null())
    for panel, signal, x, _, value, error, source in whole.iter_rows():
        yield panel, signal, x, value, error, source
    by = ["panel", "signal", "x", "source"]
    grouped = rows.filter(pl.col("world").is_not_null()).group_by(by, maintain_order=True).agg(
        value=pl.col("value").mean(), error=pl.col("value").std() / pl.len().sqrt()
    )  # fmt: skip
    for panel, signal, x, source, value, error in grouped.iter_rows():
        yield panel, signal, x, value, error, source


def _plain(*names: str) -> Callable[[Rows, Size], Iterator[Row]]:
    def rows(found: Rows, size: Size) -> Iterator[Row]:
        for name in names:
            yield from means(found[name])

    return rows


def recovery(found: Rows, size: Size) -> Iterator[Row]:
    """Spearman and Procrustes against answers an item and against bits, with the limit."""
    rows = list(means(found["fits"]))
    bits = {(signal, x): (value, e) for p, signal, x, value, e, _ in rows if p == "bits"}
    for panel, signal, x, value, error, source in rows:
        if panel in ("spearman", "procrustes"):
            yield f"{panel}, by answers an item", signal, x, value, error, source
            yield f"{panel}, by bits", signal, bits[signal, x][0], value, error, source
        elif panel == "bits":
            yield "bits by answers an item", signal, x, value, error, source
    highest = max(value for value, _ in bits.values())
    power = (size.items - 1) * size.dims
    for b in np.geomspace(min(value for value, _ in bits.values()), highest, 25):
        limit = information.error_limit(float(b), size.items, size.dims)
        yield "procrustes, by bits", LIMIT, float(b), limit / power, 0.0, "bound"
        value, error = code_spearman(float(b), size)
        yield "spearman, by bits", CODE, float(b), value, error, "theory"


def code_spearman(bits: float, size: Size) -> tuple[float, float]:
    """Spearman of distances for the code that reaches the limit: Zhat = (1 - d) Z + sqrt(d (1 - d))
    noise, of mean squared error d = 2^(-2 bits / (N D)) a coordinate. (mean, standard error)."""
    d = 2 ** (-2 * bits / (size.items * size.dims))
    rng = np.random.default_rng(0)
    z, noise = rng.normal(size=(2, CODE_WORLDS, size.items, size.dims))
    estimate = (1 - d) * z + np.sqrt(d * (1 - d)) * noise
    none = np.zeros(CODE_WORLDS)
    scores = METRICS["spearman"](Recovered(z, none, estimate, none, none, none, 0))
    return float(scores.mean()), float(scores.std(ddof=1) / np.sqrt(CODE_WORLDS))


def shots(found: Rows, size: Size) -> Iterator[Row]:
    """Accuracy by shots a class for few and many answers an item, in every place."""
    rows = list(means(found["fits"])) + list(means(found["ceiling"]))
    for per_item in (min(size.answers), max(size.answers)):
        for place in PLACES:
            where = f"{place}, {per_item} answer{'s' * (per_item > 1)} an item"
            for panel, signal, x, value, error, source in rows:
                name, _, count = panel.rpartition(", ")
                if name == place and (x == per_item or source == "bound"):
                    yield where, signal, float(count), value, error, source


def transfer(found: Rows, size: Size) -> Iterator[Row]:
    """Accuracy with the most shots, by answers an item, in every place."""
    rows = list(means(found["fits"])) + list(means(found["ceiling"]))
    for place in PLACES:
        for panel, signal, x, value, error, source in rows:
            if panel == f"{place}, {max(size.shots)}":
                for at in size.answers if source == "bound" else (x,):
                    yield place, signal, float(at), value, error, source


@dataclass(frozen=True)
class Figure:
    """What a figure needs and how its rows come from that."""

    analyses: tuple[str, ...]
    rows: Callable[[Rows, Size], Iterator[Row]]


_CROWD = ("crowd curves", "crowd on reported", "crowd gains", "crowd transfer")
FIGURES = {
    "bits": Figure(("bits",), _plain("bits")),
    "total": Figure(("total", "total axes"), _plain("total", "total axes")),
    "recovery": Figure(("fits",), recovery),
    "triplets": Figure(("triplets",), _plain("triplets")),
    "saturation": Figure(("saturation",), _plain("saturation")),
    "shots": Figure(("fits", "ceiling"), shots),
    "transfer": Figure(("fits", "ceiling"), transfer),
    "dynamics": Figure(("dynamics",), _plain("dynamics")),
    "tradeoff": Figure(("fits",), lambda found, size: tradeoff(found["fits"])),
    "crowd": Figure(
        _CROWD,
        _plain(*_CROWD),
    ),
    "crowd-dynamics": Figure(("crowd encoders",), _plain("crowd encoders")),
}
#: Figures that rest on people's answers, which are no part of labelbits.
OF_PEOPLE = ("crowd", "crowd-dynamics")


def numbers(names: list[str], found: Rows, size: Size) -> pl.DataFrame:
    """The rows of the named figures as one table."""
    rows = [
        (name, panel, signal, x, value, error, source)
        for name in names
        for panel, signal, x, value, error, source in FIGURES[name].rows(found, size)
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")
