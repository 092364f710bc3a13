"""Metrics against closed forms, an independent implementation, and negative controls."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.spatial
import scipy.stats

from labelbits.errors import InputError
from labelbits.recovery import metrics


def moved(points: np.ndarray, seed: int, factor: float = 2.5) -> np.ndarray:
    """The same shape elsewhere: rotated, reflected, scaled and shifted."""
    generator = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(generator.normal(size=(points.shape[1],) * 2))
    turn[:, 0] *= -np.sign(np.linalg.det(turn))
    return factor * points @ turn + generator.normal(size=points.shape[1])


@pytest.fixture
def truth() -> np.ndarray:
    return np.random.default_rng(5).normal(size=(80, 3))


def test_align_undoes_rotation_reflection_shift_and_scale(truth: np.ndarray) -> None:
    np.testing.assert_allclose(metrics.align(moved(truth, 1), truth), truth, atol=1e-10)
    np.testing.assert_allclose(
        metrics.align(moved(truth, 1, factor=1), truth, scale=False), truth, atol=1e-10
    )
    kept = metrics.align(moved(truth, 1), truth, scale=False)
    assert np.abs(kept - truth).max() > 0.5, "without scale, a scaled shape must stay scaled"


def test_every_metric_is_perfect_for_the_moved_truth(truth: np.ndarray) -> None:
    estimate = moved(truth, 2)
    assert metrics.procrustes(estimate, truth) == pytest.approx(0, abs=1e-12)
    assert metrics.mean_squared_error(estimate, truth) == pytest.approx(0, abs=1e-12)
    assert metrics.spearman(estimate, truth) == pytest.approx(1)
    assert metrics.pearson(estimate, truth) == pytest.approx(1)
    assert metrics.neighbour_overlap(estimate, truth) == 1


def test_every_metric_sees_an_unrelated_estimate(truth: np.ndarray) -> None:
    noise = np.random.default_rng(6).normal(size=truth.shape)
    assert metrics.procrustes(noise, truth) > 0.8
    assert abs(metrics.spearman(noise, truth)) < 0.15
    assert abs(metrics.pearson(noise, truth)) < 0.15
    # 10 of 79 neighbours by chance.
    assert metrics.neighbour_overlap(noise, truth) == pytest.approx(10 / 79, abs=0.06)


def test_procrustes_and_correlations_agree_with_scipy(truth: np.ndarray) -> None:
    estimate = truth + 0.4 * np.random.default_rng(7).normal(size=truth.shape)
    assert metrics.procrustes(estimate, truth) == pytest.approx(
        scipy.spatial.procrustes(truth, estimate)[2], rel=1e-10
    )
    x, y = scipy.spatial.distance.pdist(estimate), scipy.spatial.distance.pdist(truth)
    assert metrics.spearman(estimate, truth) == pytest.approx(scipy.stats.spearmanr(x, y)[0])
    assert metrics.pearson(estimate, truth) == pytest.approx(scipy.stats.pearsonr(x, y)[0])
    sampled = metrics.spearman(estimate, truth, max_pairs=1500)
    assert sampled == pytest.approx(scipy.stats.spearmanr(x, y)[0], abs=0.03)


def test_dimensions_may_differ(truth: np.ndarray) -> None:
    # Orthogonal columns: then no rotation can make up for the one left out.
    truth = np.linalg.svd(truth - truth.mean(0), full_matrices=False)[0] * [3.0, 2.0, 1.0]
    flat = truth[:, :2]
    left_out = np.sum((truth[:, 2] - truth[:, 2].mean()) ** 2)
    spread = np.sum((truth - truth.mean(0)) ** 2)
    assert metrics.procrustes(flat, truth, scale=False) == pytest.approx(left_out / spread)
    assert metrics.align(flat, truth).shape == truth.shape
    assert 0 < metrics.procrustes(truth, flat) < 1


def test_triplet_error_counts_contradictions_and_half_ties() -> None:
    line = np.array([[0.0], [1.0], [3.0], [-1.0]])
    triplets = np.array([[0, 1, 2], [0, 2, 1], [0, 1, 3], [1, 0, 2]])
    assert metrics.triplet_error(line, triplets) == pytest.approx((0 + 1 + 0.5 + 0) / 4)


def test_intervals_cover_the_error_of_fresh_items() -> None:
    """A 95 % interval made from 60 items covers the value on many items most of the time."""
    generator = np.random.default_rng(8)

    def world(items: int) -> tuple[np.ndarray, np.ndarray]:
        truth = generator.normal(size=(items, 2))
        return truth + 0.5 * generator.normal(size=(items, 2)), truth

    value = metrics.spearman(*world(3000))
    covered = 0
    for repeat in range(60):
        score = metrics.spearman(*world(60), bootstrap=100, seed=repeat, level=0.95)
        covered += score.low <= value <= score.high
        assert score.low < score < score.high
    # 60 draws at 95 %: mean 57, standard error 1.7; the percentile bootstrap is a little short.
    assert covered >= 50


def test_triplet_interval_is_binomial() -> None:
    line = np.arange(10.0)[:, None]
    generator = np.random.default_rng(9)
    triplets = generator.permuted(np.tile(np.arange(10), (400, 1)), axis=1)[:, :3]
    score = metrics.triplet_error(line, triplets, bootstrap=500, seed=1)
    expected = 2 * 1.96 * np.sqrt(float(score) * (1 - float(score)) / 400)
    assert score.high - score.low == pytest.approx(expected, rel=0.2)
    again = metrics.triplet_error(line, triplets, bootstrap=500, seed=1)
    assert (again.low, again.high) == (score.low, score.high)
    assert np.isnan(metrics.triplet_error(line, triplets).low)


def test_wrong_input_is_named(truth: np.ndarray) -> None:
    with pytest.raises(InputError, match="estimate has 79 items and truth has 80"):
        metrics.spearman(truth[1:], truth)
    with pytest.raises(InputError, match="neighbours is 80"):
        metrics.neighbour_overlap(truth, truth, neighbours=80)
    with pytest.raises(InputError, match="name items 0 to 80"):
        metrics.triplet_error(truth, np.array([[0, 1, 80]]))
    with pytest.raises(InputError, match="finite"):
        metrics.procrustes(np.full_like(truth, np.nan), truth)
