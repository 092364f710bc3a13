"""Least squares of control variates, some of which say nothing."""

from __future__ import annotations

import numpy as np

from labelbits.information.controls import coefficients


def moments(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centred as sums of single draws are: the square of the mean is subtracted."""
    gram = x.T @ x / len(x) - np.outer(x.mean(0), x.mean(0))
    return gram, x.T @ y / len(x) - x.mean(0) * y.mean()


def test_a_control_that_never_varies_gets_none_and_changes_no_other() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5000, 3))
    y = x @ [1.0, -2.0, 0.5] + 0.1 * rng.normal(size=5000)
    alone = coefficients(*moments(x, y))
    np.testing.assert_allclose(alone, [1.0, -2.0, 0.5], atol=0.01)
    constant = np.full((5000, 1), 0.1 + 1e-9)
    gram, product = moments(np.hstack([x, constant]), y)
    assert gram[3, 3] < 1e-16  # a rounding error
    assert np.abs(gram[3, :3]).max() > 0
    both = coefficients(gram, product)
    np.testing.assert_allclose(both[:3], alone, rtol=1e-9)
    assert both[3] == 0


def test_a_control_given_twice_shares_its_coefficient() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(5000, 1))
    found = coefficients(*moments(np.hstack([x, x]), 3 * x[:, 0]))
    np.testing.assert_allclose(found.sum(), 3.0, rtol=1e-6)
    assert not coefficients(np.zeros((2, 2)), np.zeros(2)).any()
