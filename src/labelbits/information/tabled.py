"""Bits of one answer read off a table, at once: for sliders, where an integral would be too slow.

The table holds `per_answer` of every signal for one annotator (`comparable`: one precision of
perception), about the geometry, items and prototypes N(0, I). Between its points bits are
interpolated: shape-preserving cubics (PCHIP) along ln classes, ln dims, ln precision and lapse^.9,
one axis after another. At the defaults of `labelbits bits` (10 classes, 5 dims, precision 1) it
holds what that command prints, to a standard error of .001 bits; elsewhere to .03.
`benchmarks/bits_table.py` makes the table and measures how far the rest is off: before precision 1
was in it, over 4 settings of each signal drawn between the points, in the median at most 0.035 bits
(candidates), at worst 0.16 (soft) and 0.11 (ranking) up to 10 classes; over 3 from 11 to 100
classes by 2.6 % in the median and 7 % at worst (soft, 20). Values at precision 1 that were carried
over from other classes and dims, until they were computed, were off by .013 bits in the median and
.72 at worst (30.8 of candidates; soft .31).
"""

from __future__ import annotations

import functools
import math
from pathlib import Path

import numpy as np

from labelbits.errors import InputError
from labelbits.interface import Signal
from labelbits.signals import signal_class

TABLE = Path(__file__).parent / "tabled.parquet"
#: The grid, in the order in which it is interpolated.
AXES: dict[str, tuple[float, ...]] = {
    "classes": (2, 4, 10, 30, 100),
    "dims": (1, 2, 5, 12),
    "precision": (0.25, 0.7, 1.0, 2.0, 6.0),
    "lapse": (0.0, 0.1, 0.4),
}
#: Bits fall fastest where lapses begin, like e ln e. At a lapse of .05 cubics on this scale are
#: within .15 % for eleven of the fifteen signals and within 1.5 % for all; on the lapse itself they
#: are .1 to 2.9 % too high.
LAPSE_POWER = 0.9


def tabled_bits(name: str, classes: int, dims: int, precision: float, lapse: float) -> float:
    """Bits of one answer of the signal called `name` at these settings.

    Raises `InputError` for an unknown signal and for settings outside the table, with its ends.
    """
    asked = {"classes": classes, "dims": dims, "precision": precision, "lapse": lapse}
    for axis, value in asked.items():
        low, high = AXES[axis][0], AXES[axis][-1]
        if not low <= value <= high:
            raise InputError(
                f"{axis} is {value:g}; the table of bits goes from {low:g} to {high:g}: "
                "`labelbits bits` computes others"
            )
    cls = signal_class(name)
    values, times = _table()[cls.name], 1.0
    from scipy.interpolate import PchipInterpolator

    if cls.uses_classes and _about_each_class(cls):
        values = values / np.reshape(AXES["classes"], (-1, 1, 1, 1))
        times = float(classes)
    for axis, value in asked.items():
        if axis == "classes" and not cls.uses_classes:
            values = values[0]
            continue
        values = PchipInterpolator(_scale(axis, AXES[axis]), values, axis=0)(_scale(axis, value))
    return times * float(values)


def _about_each_class(cls: type[Signal]) -> bool:
    """Does an answer say yes or no to each class, so that its bits grow as their number does?"""
    many = int(AXES["classes"][-1])
    logs = cls.for_world(1, many).log_outcomes(many)
    return math.isfinite(logs) and logs > 0.9 * many * math.log(2)


def _scale(axis: str, values: float | tuple[float, ...]) -> np.ndarray:
    return np.power(values, LAPSE_POWER) if axis == "lapse" else np.log(values)


@functools.cache
def _table() -> dict[str, np.ndarray]:
    """Signal -> bits, an axis a setting; one class number for signals that see none."""
    import polars as pl

    table = pl.read_parquet(TABLE)
    shape = [len(points) for points in AXES.values()]
    found = {}
    for (name,), rows in table.sort("signal", *AXES).group_by("signal", maintain_order=True):
        bits = rows["bits"].to_numpy()
        found[str(name)] = bits.reshape(-1, *shape[1:])
    return found
