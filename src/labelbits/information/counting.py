"""Counts behind the bounds: how many answer patterns points can give, as exact whole numbers."""

from __future__ import annotations

import functools
import itertools
import math


def log2_orderings(points: int, dims: int) -> float:
    """log2 Q(K, D): orders by distance of K fixed points in general position, seen from R^D.

    Q(K, D) = Q(K-1, D) + (K-1) Q(K-1, D-1), Q(1, .) = Q(., 0) = 1 (Good & Tideman 1977). It
    counts what one movable point can see of fixed points; Q^N is no bound for N movable items.
    """
    return log2_whole(orderings(points, dims))


def orderings(points: int, dims: int) -> int:
    """Q(K, D) of Good & Tideman 1977 as an exact whole number."""
    # Only K - 1 dimensions can matter, and there every order is seen.
    row = [1] * (min(dims, points - 1) + 1)
    for k in range(2, points + 1):
        for d in range(len(row) - 1, 0, -1):
            row[d] += (k - 1) * row[d - 1]
    return row[-1]


def log2_whole(whole: int) -> float:
    """log2 of a whole number of any size."""
    shift = max(0, whole.bit_length() - 60)
    return math.log2(whole >> shift) + shift


def log2_triplet_orders(items: int) -> float:
    """log2 of (N-1)!^N: all noise-free triplets on N items tell each item's order of the rest."""
    return items * math.lgamma(items) / math.log(2)


def log2_sign_patterns(polynomials: float, variables: int, degree: int = 2) -> float:
    """Warren's bound, log2 of (4 e d m / n)^n: sign patterns of m polynomials of degree d in n
    variables, m >= n (Warren 1968); below n the trivial 2^m holds."""
    if polynomials < variables:
        return float(polynomials)
    return variables * math.log2(4 * math.e * degree * polynomials / variables)


def cover_dichotomies(points: int, dims: int) -> int:
    """C(N, D) = 2 sum_{k<D} C(N-1, k): ways a plane through the origin splits N points (Cover
    1965). It counts splits by direction, which is not what distances tell (see `orderings`)."""
    return 2 * sum(math.comb(points - 1, k) for k in range(dims))


@functools.cache
def acyclic_patterns(items: int) -> int:
    """Patterns of all noise-free triplets on `items` items that contradict nothing: an upper
    bound on those that points of any dimension give, reached for 3 and 4 items in R^2.

    A pattern orients each pair of distances that share an item, and contradicts nothing when it
    has no cycle: acyclic orientations of the line graph of the complete graph, counted by
    a(S) = sum over independent T in S, not empty, of (-1)^(|T|+1) a(S - T) (Robinson 1977).
    """
    pairs = list(itertools.combinations(range(items), 2))
    near = [sum(1 << j for j, b in enumerate(pairs) if j != i and set(a) & set(b))
            for i, a in enumerate(pairs)]  # fmt: skip
    independent = [
        mask
        for mask in range(1, 1 << len(pairs))
        if all(not near[i] & mask for i in range(len(pairs)) if mask >> i & 1)
    ]
    count = [1] + [0] * ((1 << len(pairs)) - 1)
    for whole in range(1, 1 << len(pairs)):
        for mask in independent:
            if mask & whole == mask:
                sign = 1 if mask.bit_count() % 2 else -1
                count[whole] += sign * count[whole ^ mask]
    return count[-1]
