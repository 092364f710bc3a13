"""`SignalEmbedding` on triplets: quality, noise, new items, uncertainty, bad input."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import scipy.stats
from sklearn.base import clone

import labelbits as lb
from labelbits.recovery import RecoveryWarning, metrics
from labelbits.recovery.fitted.choice import ladder
from labelbits.recovery.triplets import kernel as triplet_kernel
from labelbits.recovery.triplets.fit import TripletProblem, posterior_precision


def triplets_of(points: np.ndarray, n: int, flips: float, seed: int) -> np.ndarray:
    """Random triplets, nearest in the second place, a share of them turned round."""
    generator = np.random.default_rng(seed)
    t = generator.permuted(np.tile(np.arange(len(points)), (n, 1)), axis=1)[:, :3]
    anchor = points[t[:, 0]]
    near = np.sum((anchor - points[t[:, 1]]) ** 2, 1) < np.sum((anchor - points[t[:, 2]]) ** 2, 1)
    turned = ~near ^ (generator.random(n) < flips)
    t[turned] = t[turned][:, [0, 2, 1]]
    return t


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    return np.random.default_rng(11).normal(size=(60, 2))


@pytest.fixture(scope="module")
def noisy(points: np.ndarray) -> lb.SignalEmbedding:
    return lb.SignalEmbedding(2, random_state=0).fit(triplets_of(points, 6000, 0.1, 1))


def test_few_answers_place_items_where_their_draws_answer() -> None:
    points = np.random.default_rng(21).normal(size=(150, 4))
    t, test = triplets_of(points, 1500, 0.05, 22), triplets_of(points, 20_000, 0.0, 23)
    found = lb.SignalEmbedding(4, random_state=0, n_init=1).fit(t, n_objects=150)
    # The control: the mode at the same noise, which has no draws.
    mode = lb.SignalEmbedding(
        4, precision=found.precision_, lapse=found.lapse_, random_state=0, n_init=1
    ).fit(t, n_objects=150)

    def right(z: np.ndarray) -> float:
        return 1 - float(metrics.triplet_error(z, test))

    assert right(found.embedding_) > right(mode.embedding_) + 0.01
    assert right(found.embedding_) == pytest.approx(np.mean(found.predict(test) == 1), abs=0.02)


def test_more_than_eight_dims_can_be_tried() -> None:
    assert ladder(8) == list(range(1, 9))
    assert ladder(20) == [*range(1, 9), 10, 12, 15, 18, 20]
    assert ladder(3) == [1, 2, 3]


def test_gradient_is_the_slope_of_the_loss(points: np.ndarray) -> None:
    z = points.astype(np.float32)
    t = triplets_of(points, 500, 0.2, 2).astype(np.int32)
    weight = np.random.default_rng(3).uniform(0.5, 2, 500).astype(np.float32)
    answers = triplet_kernel.load(t, weight, 60)
    loss, _, gradient = triplet_kernel.loss_gradient(z, answers, 0.15, 0.3)
    x = np.sum((points[t[:, 0]] - points[t[:, 2]]) ** 2, 1)
    x -= np.sum((points[t[:, 0]] - points[t[:, 1]]) ** 2, 1)
    p = 0.85 / (1 + np.exp(-x)) + 0.075
    assert loss == pytest.approx(-np.sum(weight * np.log(p)) + 0.15 * np.sum(points**2), rel=1e-4)
    step = np.random.default_rng(4).normal(size=z.shape).astype(np.float32) * np.float32(1e-3)
    up = triplet_kernel.loss_gradient(z + step, answers, 0.15, 0.3)[0]
    down = triplet_kernel.loss_gradient(z - step, answers, 0.15, 0.3)[0]
    assert (up - down) / 2 == pytest.approx(float(np.sum(gradient * step)), rel=1e-2)


def test_a_weight_of_two_is_the_answer_twice(points: np.ndarray) -> None:
    z = points.astype(np.float32)
    t = triplets_of(points, 300, 0.1, 5).astype(np.int32)
    twice = np.concatenate([t, t])
    double = triplet_kernel.load(t, np.full(300, 2, np.float32), 60)
    once = triplet_kernel.loss_gradient(z, double, 0.1, 0.0)
    plain = triplet_kernel.load(twice, np.zeros(0, np.float32), 60)
    other = triplet_kernel.loss_gradient(z, plain, 0.1, 0.0)
    assert once[:2] == pytest.approx(other[:2], rel=1e-5)
    np.testing.assert_allclose(once[2], other[2], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dims", [1, 2, 4])
def test_noise_free_triplets_are_recovered(dims: int) -> None:
    points = np.random.default_rng(6).normal(size=(80, dims))
    n = round(3 * dims * 80 * np.log2(80))
    found = lb.SignalEmbedding(dims, random_state=0).fit_transform(triplets_of(points, n, 0.0, 7))
    assert metrics.spearman(found, points) > 0.97
    assert metrics.triplet_error(found, triplets_of(points, 5000, 0.0, 8)) < 0.06


def test_lapse_is_estimated_beside_the_points(
    points: np.ndarray, noisy: lb.SignalEmbedding
) -> None:
    # 10 % of answers turned round are 20 % random ones; 6000 answers leave about 1 % error.
    assert noisy.lapse_ == pytest.approx(0.2, abs=0.05)
    assert metrics.spearman(noisy.embedding_, points) > 0.97
    clean = lb.SignalEmbedding(2, random_state=0).fit(triplets_of(points, 6000, 0.0, 1))
    assert clean.lapse_ < 0.02


def test_unrelated_answers_recover_nothing_and_say_so(points: np.ndarray) -> None:
    with pytest.warns(RecoveryWarning, match="contradict"):
        found = lb.SignalEmbedding(2, random_state=0).fit(triplets_of(points, 20_000, 0.5, 9))
    assert abs(metrics.spearman(found.embedding_, points)) < 0.3


def test_same_seed_same_result(points: np.ndarray) -> None:
    t = triplets_of(points, 2000, 0.1, 10)
    first = lb.SignalEmbedding(2, random_state=3).fit(t)
    again = clone(first).fit(t)
    np.testing.assert_array_equal(first.embedding_, again.embedding_)
    other = lb.SignalEmbedding(2, random_state=4).fit(t)
    assert np.abs(other.embedding_ - first.embedding_).max() > 1e-3


def test_y_turns_triplets_round(points: np.ndarray) -> None:
    t = triplets_of(points, 2000, 0.0, 11)
    y = np.random.default_rng(12).choice([-1, 1], len(t))
    asked = np.where(y[:, None] < 0, t[:, [0, 2, 1]], t)
    np.testing.assert_array_equal(
        lb.SignalEmbedding(2, random_state=0).fit(asked, y).embedding_,
        lb.SignalEmbedding(2, random_state=0).fit(t).embedding_,
    )


def test_probabilities_and_score_agree(points: np.ndarray, noisy: lb.SignalEmbedding) -> None:
    t = triplets_of(points, 3000, 0.1, 13)
    p = noisy.predict_proba(t)
    np.testing.assert_allclose(p.sum(1), 1, atol=1e-6)
    assert noisy.score(t) == pytest.approx(np.log2(p[:, 0]).mean(), rel=1e-6)
    # Calibrated: of answers given 90 to 100 %, that many come true, within 4 standard errors.
    sure = p[:, 0] + p[:, 1] > 0
    expected = np.where(sure, p.max(1), 0).mean()
    right = (p[:, 0] > 0.5).mean()
    assert right == pytest.approx(expected, abs=4 * np.sqrt(0.1 * 0.9 / len(t)))
    assert noisy.score(t) > noisy.score(t[:, [0, 2, 1]])


def test_new_items_are_placed_where_they_are(points: np.ndarray, noisy: lb.SignalEmbedding) -> None:
    new = 0.7 * np.random.default_rng(15).normal(size=(3, 2))
    every = np.concatenate([points, new])
    generator = np.random.default_rng(15)
    asked = []
    for i in range(60, 63):
        for _ in range(80):
            j, k = generator.choice(60, 2, replace=False)
            far = np.sum((every[i] - every[j]) ** 2) > np.sum((every[i] - every[k]) ** 2)
            asked.append((i, k, j) if far else (i, j, k))
    found = noisy.transform(np.array(asked))
    assert found.shape == (63, 2)
    np.testing.assert_array_equal(found[:60], noisy.embedding_)
    assert noisy.new_items_ == [60, 61, 62]
    assert np.abs(metrics.align(found, every)[60:] - new).max() < 0.6
    np.testing.assert_array_equal(noisy.transform(None), noisy.embedding_)


def test_posterior_covariance_shrinks_with_answers(points: np.ndarray) -> None:
    def spread(n: int) -> float:
        found = lb.SignalEmbedding(2, random_state=0).fit(triplets_of(points, n, 0.1, 16))
        covariance = found.posterior_covariance()
        assert covariance.shape == (60, 2, 2)
        assert np.linalg.eigvalsh(covariance).min() > 0
        return float(np.trace(covariance, axis1=1, axis2=2).mean())

    assert spread(8000) < 0.6 * spread(2000)


def test_fisher_blocks_match_the_definition(points: np.ndarray) -> None:
    t = triplets_of(points, 400, 0.1, 17).astype(np.int32)
    problem = TripletProblem(t, np.zeros(0, np.float32), 60, 2)
    found = posterior_precision(points.astype(np.float32), problem, 0.1, 0.5)
    expected = np.tile(0.5 * np.eye(2), (60, 1, 1))
    for i, j, k in t:
        a, b, c = points[i], points[j], points[k]
        sigma = 1 / (1 + np.exp(-(np.sum((a - c) ** 2) - np.sum((a - b) ** 2))))
        p, slope = 0.9 * sigma + 0.05, 0.9 * sigma * (1 - sigma)
        for item, g in ((i, 2 * (b - c)), (j, 2 * (a - b)), (k, 2 * (c - a))):
            expected[item] += slope**2 / (p * (1 - p)) * np.outer(g, g)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_auto_finds_the_dimensions(points: np.ndarray) -> None:
    found = lb.SignalEmbedding("auto", random_state=0, max_components=4)
    found.fit(triplets_of(points, 6000, 0.1, 18))
    assert found.embedding_.shape[1] == 2
    assert found.held_out_bits_[2] > found.held_out_bits_[1]


def test_warm_start_pickle_and_init(points: np.ndarray, noisy: lb.SignalEmbedding) -> None:
    copy = pickle.loads(pickle.dumps(noisy))
    np.testing.assert_array_equal(copy.embedding_, noisy.embedding_)
    t = triplets_of(points, 6000, 0.1, 1)
    warm = clone(noisy).set_params(warm_start=True).fit(t)
    before = warm.embedding_
    assert metrics.procrustes(warm.fit(t).embedding_, before) < 0.01
    begun = clone(noisy).fit(t, init=points)
    assert metrics.spearman(begun.embedding_, points) > 0.97


def test_wrong_input_is_named() -> None:
    good = np.array([[0, 1, 2], [1, 2, 0], [2, 0, 1], [3, 0, 1]])
    model = lb.SignalEmbedding(1, random_state=0)
    for bad, match in (
        (np.array([[0, 1, 2], [3, 4, 4]]), r"row 1: \[3, 4, 4\] names an item twice"),
        (np.array([[0, 1, -2]]), "row 0.*out of range"),
        (np.zeros((0, 3), int), "no answers"),
        (np.zeros((4, 2), int), "expected n x 3"),
        (np.array([[0.5, 1, 2]]), "not whole numbers"),
    ):
        with pytest.raises(lb.InputError, match=match):
            model.fit(bad)
    with pytest.raises(lb.InputError, match="fewer dimensions than points"):
        lb.SignalEmbedding(4).fit(good)
    with pytest.raises(lb.InputError, match="sample_weight"):
        model.fit(good, sample_weight=[1, 2])
    with pytest.raises(lb.InputError, match="lapse is 1"):
        lb.SignalEmbedding(1, lapse=1.0).fit(good)
    with pytest.raises(lb.InputError, match="precision is 0"):
        lb.SignalEmbedding(1, precision=0).fit(good)


def test_items_without_a_link_are_named(points: np.ndarray) -> None:
    t = triplets_of(points[:20], 800, 0.0, 19)
    few = triplets_of(points[:10], 400, 0.0, 20)
    with pytest.warns(RecoveryWarning, match=r"2 groups.*20, 21"):
        lb.SignalEmbedding(2, random_state=0).fit(np.concatenate([t, few + 20]))
    with pytest.warns(RecoveryWarning, match="1 of 21 items have no answer: 20"):
        lb.SignalEmbedding(2, random_state=0).fit(t, n_objects=21)


def test_real_alien_eggs(data: Path) -> None:
    """The order of 300 shapes on one line, from 17,611 human triplets with sides at random."""
    table = pl.read_parquet(data / "alieneggs_triplets.parquet")
    t = table.select("head", "winner", "loser").to_numpy().astype(np.int64)
    turned = np.random.default_rng(0).random(len(t)) < 0.5
    asked = np.where(turned[:, None], t[:, [0, 2, 1]], t)
    found = lb.SignalEmbedding(1, random_state=0).fit(asked, np.where(turned, -1, 1))
    rank = scipy.stats.spearmanr(found.embedding_[:, 0], np.arange(300))[0]
    assert abs(rank) > 0.95
    assert 0.01 < found.lapse_ < 0.25
