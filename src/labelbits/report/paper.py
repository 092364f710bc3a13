"""The paper's figures on the page: claims, whether they held, the numbers that say so.

They come from a finished run of `labelbits reproduce`: the quick one that is packaged, or the
user's own.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import plotly.graph_objects as go
import polars as pl

from labelbits.answers.files.opening import check_file
from labelbits.errors import InputError
from labelbits.report.reproduce import NUMBERS
from labelbits.report.reproduce_figures import LOOKS, draw
from labelbits.sweeps.analyses.figures import SCHEMA
from labelbits.sweeps.analyses.verdicts import Verdict, verdicts

#: The numbers of `labelbits reproduce --quick`, as they came out.
PACKAGED = Path(__file__).parent / "paper.parquet"
#: Bytes of a table of numbers: a full run writes less than one of a hundred.
LARGEST = 1 << 26


@dataclass(frozen=True)
class PaperFigure:
    """One figure: its title, what the paper claims, and the verdict on each claim."""

    name: str
    title: str
    caption: str
    verdicts: tuple[Verdict, ...]


def own_run(path: Path) -> pl.DataFrame:
    """The numbers of the user's own run: its folder, or its numbers.csv. Raises `InputError`."""
    path = path / NUMBERS if path.is_dir() else path
    check_file(path, f"{NUMBERS} of labelbits reproduce")
    if path.stat().st_size > LARGEST:
        raise InputError(f"{path}: above {LARGEST:,} bytes; expected {NUMBERS} of reproduce")
    try:
        table = pl.read_csv(path, schema=SCHEMA)
    except (pl.exceptions.PolarsError, OSError) as problem:
        said = str(problem).splitlines()[0][:200]
        raise InputError(f"{path}: no {NUMBERS} of labelbits reproduce ({said})") from None
    known = table.filter(pl.col("figure").is_in(list(LOOKS)))
    if not len(known):
        raise InputError(f"{path}: holds no figure of labelbits reproduce")
    return known


@functools.cache
def packaged_run() -> pl.DataFrame:
    """The numbers of the packaged run."""
    return pl.read_parquet(PACKAGED)


def paper_figures(table: pl.DataFrame) -> list[PaperFigure]:
    """Every figure that the table holds, in the order of the paper's analyses."""
    there = set(table["figure"].unique())
    return [
        PaperFigure(name, look.title, look.caption, tuple(verdicts(table, name)))
        for name, look in LOOKS.items()
        if name in there
    ]


def paper_drawing(table: pl.DataFrame, name: str) -> go.Figure:
    """The drawing of one figure. Raises `InputError` for a figure that the table does not hold."""
    if name not in set(table["figure"].unique()) or name not in LOOKS:
        raise InputError(f"there is no figure {name!r} in this run")
    return draw(table, name)
