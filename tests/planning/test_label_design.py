"""Designs of mixtures of labels whose optimum is known."""

from __future__ import annotations

import numpy as np
import pytest

from labelbits.planning.mixtures.design import best_design, item_information, reduced

RNG = np.random.default_rng(0)
SIZES = np.array([0.7, 0.3])


def strata(features: int = 3, classes: int = 3) -> list[np.ndarray]:
    """Clear items and ambiguous items."""
    result = []
    for sharpness in (3.0, 0.5):
        x = RNG.standard_normal((200, features))
        p = np.exp(sharpness * RNG.standard_normal((200, classes)))
        result.append(item_information(p / p.sum(1, keepdims=True), x))
    return result


def test_information_of_two_classes_is_logistic_regressions() -> None:
    """For K = 2 the curvature along (1, -1)/sqrt 2 is 2 p (1 - p) x x'."""
    p = np.array([[0.8, 0.2], [0.4, 0.6]])
    x = np.array([[1.0, 2.0], [0.5, -1.0]])
    found = item_information(p, x)
    direction = np.kron(np.array([1, -1]) / np.sqrt(2), np.eye(2))
    expected = np.mean([2 * a * b * np.outer(v, v) for (a, b), v in zip(p, x, strict=True)], axis=0)
    np.testing.assert_allclose(direction @ found @ direction.T, expected, atol=1e-12)


def test_the_same_label_at_half_the_price_gets_everything() -> None:
    design = best_design(strata(), SIZES, np.ones((2, 2)), np.array([1.0, 0.5]), 300.0, 0.01)
    np.testing.assert_allclose(design.fractions, [[0, 1], [0, 1]], atol=0.02)
    assert design.loss == pytest.approx(design.single[1], rel=1e-3)


def test_a_rich_label_is_bought_where_it_is_worth_its_price() -> None:
    """Worth one vote on clear items and twenty on ambiguous ones, at three times the price."""
    worth = np.array([[1.0, 1.0], [1.0, 20.0]])
    design = best_design(strata(), SIZES, worth, np.array([1.0, 3.0]), 300.0, 0.01)
    np.testing.assert_allclose(design.fractions, [[1, 0], [0, 1]], atol=0.05)
    assert design.loss < design.single.min()


def test_the_optimum_beats_every_design_on_a_grid() -> None:
    worth = np.array([[1.0, 2.0], [1.0, 5.0]])
    information, cost = strata(), np.array([1.0, 2.5])
    design = best_design(information, SIZES, worth, cost, 300.0, 0.01)
    v = np.tensordot(SIZES, np.stack(information), 1)
    prior = 0.01 * 300.0 / cost.mean() * np.eye(len(v))
    for a in np.linspace(0, 1, 6):
        for b in np.linspace(0, 1, 6):
            f = np.array([[1 - a, a], [1 - b, b]])
            items = 300.0 / float((SIZES[:, None] * f * cost).sum())
            each = items * SIZES * (f * worth).sum(1)
            m = prior + np.tensordot(each, np.stack(information), 1)
            assert design.loss <= 0.5 * np.trace(np.linalg.inv(m) @ v) * (1 + 1e-3)


def test_features_are_reduced_to_what_a_design_can_hold() -> None:
    assert reduced(RNG.standard_normal((50, 400)), 10).shape == (50, 22)
    assert reduced(RNG.standard_normal((50, 4)), 10).shape == (50, 5)
