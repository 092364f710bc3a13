"""Rows of one figure, looked up by panel and signal, and differences held to their errors."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import polars as pl

#: Standard errors by which a difference must lie beyond 0 to be told from it.
CLEAR = 2.0

#: (claim, held or not or None, the number that says so), one a claim.
Found = Iterator[tuple[str, bool | None, str]]


class Rows:
    """Rows of one figure, looked up by panel and signal."""

    def __init__(self, table: pl.DataFrame) -> None:
        self.table = table

    def signals(self, panel: str) -> list[str]:
        """What the panel has lines of, bounds left out."""
        part = self.table.filter(pl.col("panel") == panel, pl.col("source") != "bound")
        return part["signal"].unique(maintain_order=True).to_list()

    def course(self, panel: str, signal: str, source: str | None = None) -> np.ndarray:
        """(x, value, standard error) (n, 3) in the order of x; one source, theory first."""
        part = self.table.filter(panel=panel, signal=signal)
        known = part["source"].unique().to_list()
        source = source or next((s for s in ("theory", "simulation") if s in known), None)
        if source is None:
            return np.zeros((0, 3))
        part = part.filter(source=source).sort("x")
        return part.select("x", "value", pl.col("standard_error").fill_null(0.0)).to_numpy()

    def ends(self, panel: str, signal: str) -> tuple[np.ndarray, np.ndarray] | None:
        """The first and the last point of a line; None where it has fewer than two."""
        course = self.course(panel, signal)
        return (course[0], course[-1]) if len(course) > 1 else None


def difference(first: np.ndarray, last: np.ndarray) -> tuple[float, float]:
    """(last - first, its standard error)."""
    return float(last[1] - first[1]), math.hypot(first[2], last[2])


def above(gain: float, error: float) -> bool | None:
    """Is a gain above 0? None where its error does not tell."""
    return None if abs(gain) <= CLEAR * error else bool(gain > 0)


def all_told(each: list[bool | None]) -> bool | None:
    """Do all hold? None where some cannot be told and none fails."""
    if any(one is False for one in each):
        return False
    return None if any(one is None for one in each) else True
