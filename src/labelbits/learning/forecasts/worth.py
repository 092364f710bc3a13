"""What better answers are worth, in items: an option is as good as another one on more items.

The theory of the features says on how many items option p would do as well as option o on n: at
theory leads L_p(n k) = L_o(n), k is what o's purer answers are worth. Two options that are set
apart by ln k read one common curve Y of ln u at two places,

    y_o(n) = Y(n exp(s_o)),   s_o - s_p = ln k,

so that the difference ends where the curve is flat and is large where it rises. What the pilot's
own curves say of s is in `aligned`. On data sets with
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
#: Step in ln(items) of the table on which the theory's worth is read.
STEP = 0.12
#: What answers are worth at any size is between this and that much of what they are at the largest.
SHARES_KEPT = (0.1, 1.5)
#: Least slope of ln u in ln(items) that differences are translated by: below it nothing measured
#: tells what answers are worth.
LEAST_SLOPE = 0.02
#: The slope is that of the curve from the largest measured size over this to it times this.
ABOUT = 2.5

#: ln u (O, N) of all options at sizes (N,).
Leads = Callable[[np.ndarray], np.ndarray]


def worth_of(leads: Leads, sizes: np.ndarray) -> np.ndarray:
    """ln of what the answers of each option are worth in items at `sizes` (N,) items (O, N), at
    every size with mean 0.

    `leads` the theory's ln u, rising in the size.
    """
    asked = np.log(np.asarray(sizes, dtype=np.float64))
    low, high = asked.min() - MOST_WORTH, asked.max() + MOST_WORTH
    x = np.linspace(low, high, int(np.ceil((high - low) / STEP)) + 1)
    table = np.maximum.accumulate(leads(np.exp(x)), axis=1)
    here = np.stack([np.interp(asked, x, one) for one in table])
    # On the curve of the middle option: the ends of others are further off.
    order = np.argsort(here, axis=0)[len(here) // 2]
    worth = np.stack(
        [np.interp(here[:, i], table[middle], x) - asked[i] for i, middle in enumerate(order)], 1
    )
    return worth - worth.mean(0)


def share_of_last(worth: np.ndarray) -> np.ndarray:
    """How much of what answers are worth at the last size there is at each (N,), by `worth`
    (O, N)."""
    last = worth[:, -1]
    square = float(last @ last)
    if square < 1e-12:
        return np.ones(worth.shape[1])
    return np.clip(worth.T @ last / square, *SHARES_KEPT)


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
    """The draws `curve` (B, N) of ln u at `sizes` (N,) read at `at` (M,) times exp(`shift`) (B, M).

    Linear in ln(size) between sizes, and beyond them as between the last two.
    """
    _, first = np.unique(np.round(np.log(sizes), 9), return_index=True)
    x, table = np.log(sizes[first]), curve[:, first]
    place = np.log(at)[None] + shift
    if len(x) < 2:
        return np.broadcast_to(table[:, :1], place.shape).copy()
    right = np.clip(np.searchsorted(x, place), 1, len(x) - 1)
    share = (place - x[right - 1]) / (x[right] - x[right - 1])
    rows = np.arange(len(table))[:, None]
    return (1 - share) * table[rows, right - 1] + share * table[rows, right]
