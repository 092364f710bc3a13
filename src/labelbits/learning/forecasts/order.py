"""What cannot be otherwise in expectation: more answers on the same items are never worse.

Draws of options that differ only by how many answers of one kind each item gets are put in order,
draw by draw: where a draw has them the wrong way round, both get the mean of the two (pool adjacent
violators). Every quantity that is computed from such draws is then in order too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: Options from fewer to more answers of one kind on the same items, by their numbers.
Chains = Sequence[Sequence[int]]


def in_order(values: np.ndarray, chains: Chains) -> np.ndarray:
    """`values` (O, ...), larger better, with those of every chain rising along it.

    The nearest such values by least squares.
    """
    result = np.array(values, dtype=np.float64)
    for chain in chains:
        if len(chain) > 1:
            result[list(chain)] = _pooled(result[list(chain)])
    return result


def _pooled(values: np.ndarray) -> np.ndarray:
    """The nearest rising values (C, ...) along the first axis: max over starts of min over ends of
    the mean between (the minimax form, which suits arrays)."""
    count = len(values)
    total = np.concatenate([np.zeros_like(values[:1]), np.cumsum(values, axis=0)])
    result = np.empty_like(values)
    for i in range(count):
        ends = [
            np.min([(total[e] - total[s]) / (e - s) for e in range(i + 1, count + 1)], axis=0)
            for s in range(i + 1)
        ]
        result[i] = np.max(ends, axis=0)
    return result
