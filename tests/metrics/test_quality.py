"""Calibration error and alignment on cases whose value is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from labelbits.metrics.quality import (
    alignment,
    alignment_values,
    calibration_values,
    right_values,
    surprise_values,
)


def with_chance(proba: np.ndarray, reference: np.ndarray, bins: int) -> float:
    """The plain calibration error of items in the order of their confidence."""
    best = proba.argmax(1)
    gap = proba.max(1) - reference[np.arange(len(best)), best]
    parts = np.array_split(gap[np.argsort(proba.max(1))], bins)
    return float(np.mean([abs(part.mean()) for part in parts]))


def test_calibration_error_of_known_cases() -> None:
    n = 20_000
    rng = np.random.default_rng(0)
    p = rng.uniform(0.5, 1, size=n)
    proba = np.stack([p, 1 - p], axis=1)
    right = rng.random(n) < p
    honest = np.eye(2)[np.where(right, 0, 1)]
    # 15 bins of 1,333 items: the standard error of a bin is at most .014.
    assert calibration_values(proba, honest, np.arange(n)).mean() < 0.014
    # Negative control: claims .95 throughout where .75 is true.
    sure = np.tile([0.95, 0.05], (n, 1))
    found = calibration_values(sure, honest, np.arange(n)).mean()
    # Chance puts var / 1,333 into the square of each bin's gap, and all of it is taken out.
    bins = np.array_split(0.95 - right, 15)
    share = sum(part.var(ddof=1) for part in bins) / sum(len(p) * p.mean() ** 2 for p in bins)
    assert found == pytest.approx((0.95 - right.mean()) * np.sqrt(1 - share), abs=1e-6)


def test_alignment_of_known_cases() -> None:
    rng = np.random.default_rng(0)
    reference = rng.dirichlet(np.ones(4), size=80)
    assert alignment(reference, reference) == pytest.approx(1)
    assert alignment(reference[:, [1, 0, 3, 2]], reference) == pytest.approx(1)
    assert abs(alignment(rng.permutation(reference), reference)) < 0.15
    assert alignment(np.full((80, 4), 0.25), reference) == 0


@pytest.mark.parametrize("gold", [False, True])
def test_alignment_values_average_to_the_rank_correlation_and_vary_as_it_does(gold: bool) -> None:
    """Against one-hot references most distances tie."""
    rng = np.random.default_rng(3)
    found, claimed = [], []
    for turn in range(300):
        reference = rng.dirichlet(np.full(4, 0.7), size=60)
        proba = 0.6 * reference + 0.4 * rng.dirichlet(np.ones(4), size=60)
        if gold:
            reference = np.eye(4)[reference.argmax(1)]
        values = alignment_values(proba, reference)
        if turn == 0:
            a, b = np.triu_indices(60, 1)
            distance = [np.linalg.norm(np.sqrt(p[a]) - np.sqrt(p[b]), axis=1)
                        for p in (proba, reference)]  # fmt: skip
            expected = stats.spearmanr(*distance).statistic
            assert values.mean() == pytest.approx(expected, abs=1e-9)
        found.append(values.mean())
        claimed.append(values.std(ddof=1) / np.sqrt(60))
    # The standard deviation of 300 values is known to 4 %.
    assert np.mean(claimed) == pytest.approx(np.std(found, ddof=1), rel=0.16)
    # Negative control: pairs are no independent observations, by far.
    assert (1 - np.mean(found) ** 2) / np.sqrt(60 * 59 / 2) < 0.6 * np.std(found, ddof=1)


def test_values_of_items() -> None:
    log_p = np.log(np.array([[0.7, 0.2], [0.3, 0.8]]))  # classes x items
    reference = np.array([[1.0, 0.0], [0.5, 0.5]])
    np.testing.assert_allclose(right_values(log_p, reference), [1, 0])
    expected = [-np.log(0.7), -(np.log(0.2) + np.log(0.8)) / 2]
    np.testing.assert_allclose(surprise_values(log_p, reference), expected, rtol=1e-5)


def test_calibration_values_take_chance_out_of_few_items() -> None:
    """Honest probabilities of 100 items look 8 points off by chance; overconfident ones stay."""
    raw, honest, sure = [], [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        p = rng.uniform(0.5, 1, size=100)
        proba = np.stack([p, 1 - p], axis=1)
        right = np.eye(2)[np.where(rng.random(100) < p, 0, 1)]
        item = np.arange(100)
        raw.append(with_chance(proba, right, 5))
        honest.append(calibration_values(proba, right, item).mean())
        wrong = np.eye(2)[np.where(rng.random(100) < p - 0.2, 0, 1)]
        sure.append(calibration_values(proba, wrong, item).mean())
    assert np.mean(raw) > 0.07
    assert np.mean(honest) < 0.6 * np.mean(raw)
    # Every probability is .2 too high.
    assert np.mean(sure) == pytest.approx(0.2, abs=4 * np.std(sure) / np.sqrt(60))


def test_the_spread_of_calibration_values_is_that_of_the_error() -> None:
    rng = np.random.default_rng(1)
    found, claimed = [], []
    for _ in range(300):
        p = rng.uniform(0.5, 1, size=200)
        proba = np.stack([p, 1 - p], axis=1)
        right = np.eye(2)[np.where(rng.random(200) < p - 0.2, 0, 1)]
        values = calibration_values(proba, right, np.arange(200))
        found.append(values.mean())
        claimed.append(values.std() / np.sqrt(200))
    # The standard deviation of 300 values is known to 4 %.
    assert np.mean(claimed) == pytest.approx(np.std(found), rel=0.16)


def test_an_item_that_is_predicted_again_is_no_new_item() -> None:
    rng = np.random.default_rng(2)
    p = rng.uniform(0.5, 1, size=80)
    proba = np.stack([p, 1 - p], axis=1)
    right = np.eye(2)[np.where(rng.random(80) < p - 0.1, 0, 1)]
    once = calibration_values(proba, right, np.arange(80))
    again = calibration_values(
        np.tile(proba, (3, 1)), np.tile(right, (3, 1)), np.tile(np.arange(80), 3)
    )
    assert again.mean() == pytest.approx(once.mean(), abs=0.01)


def test_items_vary_as_much_however_often_they_are_predicted() -> None:
    """Passes of a cross-validation differ, and with them the signs of the bins' gaps."""
    shares = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        p = rng.uniform(0.5, 1, size=100)
        right = np.eye(2)[np.where(rng.random(100) < p, 0, 1)]
        item = np.tile(np.arange(100), 5)
        moved = np.clip(p[item] + rng.normal(0, 0.2, size=500), 0.5, 1)
        value = calibration_values(np.stack([moved, 1 - moved], axis=1), right[item], item)
        # One gap of an honest probability p has the variance p (1 - p).
        shares.append(np.std(np.bincount(item, value) / 5) / np.sqrt(np.mean(p * (1 - p))))
    assert np.mean(shares) == pytest.approx(1, abs=0.1)
