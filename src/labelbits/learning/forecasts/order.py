"""What cannot be otherwise in expectation: more answers on the same items are never worse, and the
same answers spread over more items are never worse.

Draws of options that differ only by how many answers of one kind each item gets are put in order,
draw by draw: where a draw has them the wrong way round, both get the mean of the two (pool adjacent
violators). Every quantity that is computed from such draws is then in order too.

With q_m(n) the quality of m answers on each of n items,

    q_m(n) <= q_M(n) <= q_m(n M / m)   for m < M.

The second holds because answers to one item share that item: they tell of its class again, those
to other items tell of the classes as much and of other places as well. It bounds what more answers
on an item are worth by how far the curve still rises, and holds for learners that use answers as
they are (likelihoods, counts), not for those that train on the most frequent one.
"""

from __future__ import annotations

import itertools
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


def spread_sizes(sizes: np.ndarray, chains: Chains, answers: Sequence[int]) -> np.ndarray:
    """The numbers of items on which the same answers are spread that options of a chain give to
    `sizes` (S,) items; `answers` (O,) on an item."""
    found = [np.asarray(sizes, dtype=np.float64)]
    for chain in chains:
        found += [
            found[0] * answers[more] / answers[fewer]
            for fewer, more in itertools.combinations(chain, 2)
        ]
    return np.unique(np.concatenate(found))


def spread_out(
    values: np.ndarray, sizes: np.ndarray, chains: Chains, answers: Sequence[int], beyond: float
) -> np.ndarray:
    """`values` (O, B, S), larger better and in order along every chain, at `sizes` (S,) items, with
    more answers on an item no better than as many on more items, at sizes above `beyond`.

    Nor does more items of the same make a value fall there. Values between sizes are linear in
    ln(size). Where the items to compare with are more than the
    largest size, what the bound takes off at the last size that has one is taken off.
    """
    result = np.array(values, dtype=np.float64)
    order = np.argsort(sizes, kind="stable")
    x = np.log(np.asarray(sizes, dtype=np.float64)[order])
    past = order[x > np.log(beyond) + 1e-9]
    for chain in chains:
        for option in chain:
            result[option][:, past] = np.maximum.accumulate(result[option][:, past], axis=1)
        for fewer, more in itertools.pairwise(chain):
            at = x + np.log(answers[more] / answers[fewer])
            bounded = at <= x[-1] + 1e-9
            if not bounded.any():
                continue
            a, b = result[fewer][:, order], result[more][:, order]
            right = np.clip(np.searchsorted(x, at, side="right"), 1, len(x) - 1)
            share = np.clip((at - x[right - 1]) / np.maximum(x[right] - x[right - 1], 1e-12), 0, 1)
            most = (1 - share) * a[:, right - 1] + share * a[:, right]
            off = np.maximum(b - most, 0.0)
            last = int(np.flatnonzero(bounded)[-1])
            off[:, last + 1 :] = off[:, last : last + 1]
            off[:, x <= np.log(beyond) + 1e-9] = 0.0
            result[more][:, order] = np.maximum(b - off, a)
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
