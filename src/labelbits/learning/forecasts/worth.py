"""What better answers are worth, in items: an option is as good as another one on more items.

The theory of the features says on how many items option p would do as well as option o on n: at
theory leads L_p(n k) = L_o(n), k is what o's purer answers are worth. Two options that are set
apart by ln k read one common curve Y of ln u at two places,

    y_o(n) = Y(n exp(s_o)),   s_o - s_p = ln k,

so that the difference ends where the curve is flat and is large where it rises. On data sets with
annotators of many kinds ln k hardly depends on the metric, on n, or on how far the curve still
rises, while differences of ln u do (docs/validation.md).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np

from labelbits.learning.forecasts.order import Chains

#: No answer is worth more or fewer items than this factor, in logarithms.
MOST_WORTH = 3.0
#: Least slope of ln u in ln(items) that differences are translated by: below it nothing measured
#: tells what answers are worth.
LEAST_SLOPE = 0.02
#: The slope is that of the curve from the largest measured size over this to it times this.
ABOUT = 2.5

#: ln u (O, N) of all options at sizes (N,).
Leads = Callable[[np.ndarray], np.ndarray]


def worth_of(leads: Leads, size: float) -> np.ndarray:
    """ln of what the answers of each option are worth in items at `size` items (O,), their mean 0.

    `leads` the theory's ln u, rising in the size.
    """
    sizes = size * np.exp(np.linspace(-MOST_WORTH, MOST_WORTH, 61))
    table = np.maximum.accumulate(leads(sizes), axis=1)
    here = table[:, len(sizes) // 2]
    # On the curve of the middle option: the ends of others are further off.
    middle = int(np.argsort(here)[len(here) // 2])
    worth = np.interp(here, table[middle], np.log(sizes / size))
    return worth - worth.mean()


def slope_of(log_u: np.ndarray, sizes: np.ndarray, largest: float) -> float:
    """Slope of a curve ln u (N,) in ln(items) about the `largest` measured size."""
    near = (sizes >= largest / ABOUT) & (sizes <= largest * ABOUT)
    x = np.log(sizes[near])
    if len(x) < 2 or np.ptp(x) < 1e-6:
        return LEAST_SLOPE
    return max(float(np.polyfit(x, log_u[near], 1)[0]), LEAST_SLOPE)


def bounded(shift: np.ndarray, chains: Chains, answers: Sequence[int] | None) -> np.ndarray:
    """The worths `shift` (O, B) in ln(items), with more answers on an item worth no less, and no
    more items than there are more answers (`order`)."""
    result = shift.copy()
    for chain in chains:
        for fewer, more in itertools.pairwise(chain):
            most = np.inf if answers is None else np.log(answers[more] / answers[fewer])
            result[more] = result[fewer] + np.clip(result[more] - result[fewer], 0.0, most)
    return result


def read_at(curve: np.ndarray, sizes: np.ndarray, at: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """The draws `curve` (B, N) of ln u at `sizes` (N,) read at `at` (M,) times exp(`shift`) (B,).

    Linear in ln(size) between sizes, and beyond them as between the last two.
    """
    _, first = np.unique(np.round(np.log(sizes), 9), return_index=True)
    x, table = np.log(sizes[first]), curve[:, first]
    place = np.log(at)[None] + shift[:, None]
    if len(x) < 2:
        return np.broadcast_to(table[:, :1], place.shape).copy()
    right = np.clip(np.searchsorted(x, place), 1, len(x) - 1)
    share = (place - x[right - 1]) / (x[right] - x[right - 1])
    rows = np.arange(len(table))[:, None]
    return (1 - share) * table[rows, right - 1] + share * table[rows, right]
