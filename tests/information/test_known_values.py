"""The reference values: closed forms to every digit given, draws within four standard errors."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from labelbits import World, signals
from labelbits.information import closed, joint, per_answer
from labelbits.information.counting import (
    acyclic_patterns,
    cover_dichotomies,
    log2_orderings,
    log2_sign_patterns,
    orderings,
)
from labelbits.information.quadrature import logistic_normal


def triplets(items: int) -> np.ndarray:
    return np.array(
        [
            (a, *pair)
            for a in range(items)
            for pair in itertools.combinations([i for i in range(items) if i != a], 2)
        ]
    )


def test_distance_orderings():
    """Good & Tideman 1977."""
    assert [orderings(k, 1) for k in range(2, 7)] == [2, 4, 7, 11, 16]
    assert [orderings(k, 2) for k in range(2, 7)] == [2, 6, 18, 46, 101]
    assert [orderings(k, 3) for k in range(4, 7)] == [24, 96, 326]
    assert log2_orderings(10, 2) == pytest.approx(9.8392, abs=5e-5)
    assert log2_orderings(10, 5) == pytest.approx(18.3877, abs=5e-5)
    assert log2_orderings(100, 10) == pytest.approx(100.0438, abs=5e-5)
    assert log2_orderings(1000, 64) == pytest.approx(911.568, abs=5e-4)


def test_orderings_are_sums_of_stirling_numbers():
    """The formula, sum over k <= D of |s(K, K-k)|, by the other recurrence."""
    for points in range(2, 9):
        row = [1]
        for n in range(points):  # unsigned Stirling numbers of the first kind, s(n, .)
            row = [
                (row[k - 1] if k else 0) + n * (row[k] if k < len(row) else 0)
                for k in range(len(row) + 1)
            ]
        for dims in range(1, points + 2):
            count = sum(row[points - k] for k in range(min(dims, points) + 1))
            assert orderings(points, dims) == count


def test_orderings_seen_in_the_plane():
    """Every order of five fixed points that a moving point sees: 46 of the 120, not Cover's 20."""
    generator = np.random.default_rng(2)
    fixed = generator.normal(size=(5, 2))
    near = generator.normal(size=(400_000, 2)) * 3
    far = generator.normal(size=(200_000, 2)) * 300
    seen = np.argsort(((np.concatenate([near, far])[:, None] - fixed) ** 2).sum(2), axis=1)
    assert len(np.unique(seen, axis=0)) <= orderings(5, 2)
    assert len(np.unique(seen, axis=0)) > 40
    assert cover_dichotomies(5, 2) < 40


def test_cover_dichotomies():
    """Cover 1965: another count than Good & Tideman's."""
    assert cover_dichotomies(4, 3) == 14
    assert cover_dichotomies(10, 3) == 92
    assert cover_dichotomies(20, 10) == 524288
    by_direction = [2 * math.comb(k, 2) for k in range(2, 7)]  # orders of K points by direction
    assert by_direction == [2, 6, 12, 20, 30]
    assert [orderings(k, 2) for k in range(2, 7)] != by_direction


def test_warren():
    assert log2_sign_patterns(360, 20) == pytest.approx(172.3, abs=0.05)
    assert log2_sign_patterns(100 * 99 * 98 / 2, 1000) == pytest.approx(13365, abs=0.5)


def test_all_triplets_on_three_items():
    world = World(3, 2, 2)
    estimate = joint(signals.Triplet(precision=math.inf), world, triplets(3))
    assert estimate.method == "exact"
    assert estimate.bits == pytest.approx(2.584962500721156, abs=1e-10)
    line = joint(signals.Triplet(precision=math.inf), World(3, 2, 1), triplets(3))
    assert line.bits == pytest.approx(math.log2(6), abs=1e-10)


def test_all_triplets_on_four_items():
    """426 patterns contradict nothing, and the plane shows every one of them."""
    assert acyclic_patterns(4) == 426
    assert math.log2(acyclic_patterns(4)) == pytest.approx(8.7347, abs=5e-5)
    world = World(4, 2, 2)
    estimate = joint(signals.Triplet(precision=math.inf), world, triplets(4), standard_error=0.02)
    assert estimate.upper_bound == pytest.approx(8.7347, abs=5e-5)
    assert 7.9 < estimate.bits < estimate.upper_bound
    points = np.random.default_rng(0).normal(size=(100_000, 4, 2))
    d2 = ((points[:, :, None] - points[:, None]) ** 2).sum(-1)
    rows = triplets(4)
    pattern = d2[:, rows[:, 0], rows[:, 1]] < d2[:, rows[:, 0], rows[:, 2]]
    _, counts = np.unique(pattern, axis=0, return_counts=True)
    assert len(counts) == 426
    share = counts / counts.sum()
    plain = -(share * np.log2(share)).sum() + 425 / 2 / len(points) / math.log(2)
    assert estimate.bits == pytest.approx(plain, abs=4 * math.hypot(estimate.standard_error, 0.005))


def test_ranking_of_other_items():
    """log2 (N-1)!: all triplets of one anchor, noise-free, rank the others."""
    anchor = triplets(4)[:3]
    for dims in (1, 3):
        estimate = joint(signals.Triplet(precision=math.inf), World(4, 2, dims), anchor)
        assert estimate.bits == pytest.approx(math.log2(math.factorial(3)), abs=1e-10)


def test_hard_label_on_a_line():
    world = World(10, 3, 1, prototypes=np.array([[-1.0], [0.0], [1.0]]))
    hard = per_answer(signals.Hard(precision=math.inf), world)
    ranking = per_answer(signals.Ranking(precision=math.inf), world)
    assert hard.method == ranking.method == "quadrature"
    assert hard.bits == pytest.approx(1.577157, abs=5e-7)
    assert ranking.bits == pytest.approx(1.960082, abs=5e-7)
    two = World(10, 2, 1, prototypes=np.array([[-1.0], [1.0]]))
    assert per_answer(signals.Hard(precision=0.5), two).bits == pytest.approx(0.33346208, abs=5e-9)


def test_line_quadrature_to_ten_digits():
    """Noise-free, prototypes -1, 0, 1: the cells are cut at -1/2 and 1/2 of a standard normal."""
    from scipy import stats

    side = stats.norm.sf(0.5)
    cells = np.array([side, 1 - 2 * side, side])
    world = World(10, 3, 1, prototypes=np.array([[-1.0], [0.0], [1.0]]))
    exact = -(cells * np.log2(cells)).sum()
    assert per_answer(signals.Hard(precision=math.inf), world).bits == pytest.approx(
        exact, abs=1e-10
    )


def test_dirichlet():
    assert closed.dirichlet_expected_entropy(2) == pytest.approx(0.72135, abs=5e-6)
    assert closed.dirichlet_expected_entropy(10) == pytest.approx(2.78291, abs=5e-6)
    assert closed.dirichlet_expected_entropy(100) == pytest.approx(6.04111, abs=5e-6)
    harmonic = sum(1 / k for k in range(1, 11))
    exact = (harmonic - 1) / math.log(2)
    assert closed.dirichlet_expected_entropy(10) == pytest.approx(exact, abs=1e-10)


def test_votes_about_a_uniform_dirichlet_label():
    known = {
        (10, 1): 0.53902,
        (10, 10): 3.98743,
        (10, 51): 10.69554,
        (10, 1000): 28.48217,
        (2, 100): 2.74161,
    }
    for (classes, votes), bits in known.items():
        assert closed.votes_about_dirichlet(classes, votes) == pytest.approx(bits, abs=5.1e-6)
    # One vote by hand: log2 K - E H.
    exact = math.log2(10) - closed.dirichlet_expected_entropy(10)
    assert closed.votes_about_dirichlet(10, 1) == pytest.approx(exact, abs=1e-10)


def test_channel_capacities():
    flip = np.array([[0.9, 0.1], [0.1, 0.9]])
    assert closed.capacity(flip) == pytest.approx(0.5310044064, abs=1e-10)
    erase = np.array([[0.9, 0.1, 0], [0, 0.1, 0.9]])
    assert closed.capacity(erase) == pytest.approx(0.9, abs=1e-10)
    assert closed.capacity(np.array([[1, 0], [0.5, 0.5]])) == pytest.approx(0.3219281, abs=5e-8)
    ten = np.full((10, 10), 0.1 / 9) + np.eye(10) * (0.9 - 0.1 / 9)
    assert closed.capacity(ten) == pytest.approx(2.53594, abs=5e-6)


def test_logistic_normal():
    assert logistic_normal(1.0) == pytest.approx(0.135193, abs=5e-7)


def test_top_three_of_ten():
    assert closed.log2_top(10, 3) == pytest.approx(9.49185, abs=5e-6)
    assert closed.log2_top(10, 3, ordered=False) == pytest.approx(6.90689, abs=5e-6)
    assert closed.log2_top(10, 3) == pytest.approx(math.log2(720), abs=1e-10)
    ranking = signals.Ranking(top=3)
    assert ranking.log_outcomes(10) / math.log(2) == pytest.approx(math.log2(720), abs=1e-10)


def test_uniform_channel_carries_what_its_capacity_says():
    """A noise-free hard label with lapse is the symmetric channel at uniform input."""
    lapse = 0.1 * 10 / 9  # one error in ten
    world = World(10, 10, 3)
    bits = per_answer(signals.Hard(precision=math.inf, lapse=lapse), world).bits
    assert bits == pytest.approx(2.53594, abs=1e-4)
