"""Mistakes that are easy to make about information, each shown to be one."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from labelbits import World, signals
from labelbits.information import (
    answer_bound,
    bounds,
    error_limit,
    joint,
    joint_bounds,
    log2_orderings,
    per_answer,
)


def test_orderings_bound_nothing_where_prototypes_move():
    """Q(5, 2) = 46 orders of five fixed points; of moving ones a point sees all 120."""
    world = World(10, 5, 2)
    signal = signals.make("ranking", 2, 5, top=5, precision=math.inf)
    estimate = per_answer(signal, world)
    assert estimate.bits == pytest.approx(math.log2(120), abs=1e-6)
    assert estimate.bits > log2_orderings(5, 2) + 1
    assert answer_bound(signal, world, "geometry")[0] == pytest.approx(math.log2(120))
    assert answer_bound(signal, world, "items")[0] == pytest.approx(log2_orderings(5, 2))


def test_orderings_to_the_power_of_items_bound_nothing():
    """All triplets of each anchor rank the other items. If Q(N-1, D)^N were a bound for N moving
    items, then Q(3, 1) = 4 would be one for the single anchor: it sees all 6 orders."""
    one_anchor = np.array([[0, *pair] for pair in itertools.combinations((1, 2, 3), 2)])
    world, signal = World(4, 2, 1), signals.Triplet(precision=math.inf)
    estimate = joint(signal, world, one_anchor)
    assert estimate.bits == pytest.approx(math.log2(6), abs=1e-10)
    assert estimate.bits > log2_orderings(3, 1) + 0.5
    for items in (4, 6, 60):
        every = joint_bounds(signal, World(items, 2, 1), items * math.comb(items - 1, 2)).every
        power = items * log2_orderings(items - 1, 1)
        assert not any(value == pytest.approx(power) for value in every.values())
        assert not any("Q(" in name for name in every)


@pytest.mark.parametrize("precision", [1e-6, 1e-4, 100.0, 1e4])
def test_no_differential_entropy_is_reported(precision):
    """Similarity is answered with a real number, whose entropy depends on the unit. Its bits are a
    difference of two: at low precision those of a weak signal, never a negative number."""
    dims = 3
    world = World(10, 4, dims)
    bits = per_answer(signals.make("similarity", dims, 4, precision=precision), world).bits
    of_answer_alone = 0.5 * math.log2(2 * math.pi * math.e * (8 * dims + 1 / precision))
    of_noise = 0.5 * math.log2(2 * math.pi * math.e / precision)
    limit = 0.5 * math.log2(1 + precision * 8 * dims)
    assert 0 < bits <= limit
    if precision < 1e-2:
        assert bits == pytest.approx(limit, rel=0.05)
        assert of_answer_alone > 100 * bits
    else:
        assert of_noise < 0  # this one, reported as bits, would be negative
        assert bits > limit - 1


def test_more_lapse_never_adds_bits_but_less_precision_can():
    """A lapse degrades the channel everywhere; precision need not, once prototypes are given."""
    world = World(10, 2, 1, prototypes=np.array([[-1.0], [10.0]]))
    lapses = [per_answer(signals.Hard(precision=0.05, lapse=e), world).bits for e in (0, 0.2, 0.8)]
    assert lapses == sorted(lapses, reverse=True)
    precisions = [per_answer(signals.Hard(precision=b), world).bits for b in (0.05, 0.2, 1.0)]
    assert precisions != sorted(precisions)
    # With exchangeable prototypes the marginal is uniform whatever the precision: then it holds.
    free = World(10, 2, 1)
    safe = [per_answer(signals.Hard(precision=b), free).bits for b in (0.05, 0.2, 1.0)]
    assert safe == sorted(safe)


def test_a_second_vote_is_not_a_new_item():
    world, hard = World(2, 4, 2), signals.Hard()
    once, again, other = (
        joint(hard, world, np.array(rows), about="items", standard_error=0.04)
        for rows in ([[0]], [[0], [0]], [[0], [1]])
    )
    assert abs(other.bits - 2 * once.bits) < 4 * math.hypot(2 * 0.04, 0.04)
    assert again.bits < other.bits - 2 * 0.06


def test_laplace_is_no_bound():
    """Few answers: the approximation exceeds what they can carry, is cut and says so."""
    world = World(20, 4, 2)
    rows = np.repeat(np.arange(20), 2)[:, None]
    estimate = joint(signals.Hard(precision=8.0), world, rows, how="laplace")
    assert estimate.method == "asymptotic"
    assert any("no bound in either direction" in w for w in estimate.warnings)


def test_limit_never_promises_the_impossible():
    """Bits at the bound of every signal leave some error, or take no more than there is."""
    world = World(30, 5, 2)
    for bound in bounds(world):
        error = error_limit(bound.bits, 30, 2)
        assert 0 <= error <= 60
    assert error_limit(0, 30, 2) > error_limit(10, 30, 2) > 0
