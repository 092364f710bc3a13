"""Columns of features that tell nothing, or what another column tells already."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

#: Columns that are named, and rows on which copies are looked for first.
NAMED, ROWS = 5, 2_000
#: Differences of standardised values up to which two columns say the same.
ALIKE = 1e-4


def said_of_columns(features: np.ndarray, constant: bool = True) -> list[str]:
    """What to say of `features` (items, columns): columns that are constant, which every learner
    leaves out, and copies of others, whatever their unit, which count as often as they stand.
    `constant`: say which are constant (`SignalEmbedding` counts them itself)."""
    features = np.asarray(features)
    centre, spread = features.mean(0, dtype=np.float64), features.std(0, dtype=np.float64)
    # Rounding leaves a spread of about 1e-7 of the value in a constant float32 column.
    varies = spread > 1e-6 * (np.abs(centre) + 1e-30)
    said = []
    same = np.flatnonzero(~varies)
    if constant and len(same) and varies.any():
        many = len(same) > 1
        said.append(
            f"features: {_named(same)} of {features.shape[1]:,} "
            f"{'are' if many else 'is'} constant, {'tell' if many else 'tells'} nothing and "
            f"{'are' if many else 'is'} left out"
        )
    pairs = _copies(features, np.flatnonzero(varies), centre, spread)
    if pairs:
        shown = ", ".join(f"column {copy} repeats column {first}" for first, copy in pairs[:NAMED])
        more = f" and {len(pairs) - NAMED:,} more" if len(pairs) > NAMED else ""
        said.append(
            f"features: {shown}{more} (counted from 0): what they say counts twice; drop one of "
            "each, unless that is wanted"
        )
    return said


def _named(columns: Sequence[int] | np.ndarray) -> str:
    shown = ", ".join(str(column) for column in columns[:NAMED])
    more = f" and {len(columns) - NAMED:,} more" if len(columns) > NAMED else ""
    return f"column{'s' if len(columns) > 1 else ''} {shown}{more} (counted from 0)"


def _copies(
    features: np.ndarray, columns: np.ndarray, centre: np.ndarray, spread: np.ndarray
) -> list[tuple[int, int]]:
    """(column, a later one that is the same but for its unit and sign)."""
    if len(columns) < 2 or len(features) < 3:
        return []

    def standard(rows: slice, chosen: np.ndarray) -> np.ndarray:
        return (features[rows][:, chosen] - centre[chosen]) / spread[chosen]

    part = standard(slice(0, ROWS), columns)
    generator = np.random.default_rng(0)
    # Copies have equal projections, up to the sign: neighbours when sorted by their size.
    size = np.abs(generator.normal(size=len(part)) @ part)
    order = np.argsort(size)
    found = []
    for a, b in itertools.pairwise(order):
        if size[b] - size[a] > ALIKE * len(part):
            continue
        first, second = sorted((int(columns[a]), int(columns[b])))
        x, y = standard(slice(None), np.array([first, second])).T
        if np.abs(x - np.sign(x @ y) * y).max() < ALIKE * max(1.0, float(np.abs(x).max())):
            found.append((first, second))
    return sorted(found)
