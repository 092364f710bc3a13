"""Does the class that answers call "cat" have the number that other files give to cats?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from labelbits.errors import InputError

#: Answers about items of known class from which an order of classes can be checked.
ENOUGH = 20
#: Another order has to explain this share of the answers more to be taken for the right one.
BETTER = 0.1


def check_class_order(
    both: np.ndarray, names: Sequence[str], where: str, numbering: str, advice: str
) -> bool:
    """Whether the order of `names` could be checked; True also where there is nothing to check.

    `both` (K, K) counts answers of the name in each row on items of the number in each column;
    `where` and `numbering` say which files these are. Raises `InputError` with `advice` where
    another order of the names fits the numbers clearly better.
    """
    total = both.sum()
    if all(name.isdecimal() for name in names) or not total:
        return True
    if total < ENOUGH:
        return False
    order, matched = best_order(both)
    agree, best = np.trace(both) / total, matched / total
    if best < agree + BETTER:
        return True
    raise InputError(
        f"{where}: the answers name classes and {numbering} number them; with the names in the "
        f"order {quoted(names)}, {100 * agree:.1f} % of the answers agree with the numbers, in "
        f"the order {quoted([names[int(k)] for k in order])} it would be "
        f"{100 * best:.1f} %; {advice}"
    )


def best_order(both: np.ndarray) -> tuple[np.ndarray, float]:
    """(the row that fits each column best, no row twice, (K,); the sum of those cells)."""
    column, row = linear_sum_assignment(-both.T)
    return row, float(both[row, column].sum())


def quoted(names: Sequence[str]) -> str:
    """The names as they stand in a plan file."""
    return ", ".join(f'"{name}"' for name in names)
