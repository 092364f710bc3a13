"""The batched solver against an independent one, and against the conditions of an optimum."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from labelbits.learning.fits.softmax import fit_softmax

from .helpers import world


def one(features: np.ndarray, target: np.ndarray, ridge: float, **options: object):
    n = len(features)
    return fit_softmax(
        features[None], target[None, None].astype(np.float32), np.ones((1, 1, n)),
        np.array([[ridge]]), tolerance=1e-8, **options,
    )  # fmt: skip


@pytest.mark.parametrize("ridge", [1e-3, 0.1])
def test_agrees_with_an_independent_solver(ridge: float) -> None:
    features, proba = world(150)
    labels = proba.argmax(1)
    fit = one(features, np.eye(3)[labels], ridge)
    other = LogisticRegression(C=1 / (ridge * 150), tol=1e-8, max_iter=5000).fit(features, labels)
    ours = np.exp(fit.log_proba(features)[0, 0].T)
    np.testing.assert_allclose(ours, other.predict_proba(features), atol=2e-3)


def loss_of(w: np.ndarray, b: np.ndarray, x: np.ndarray, t: np.ndarray, ridge: float, lapse: float):
    z = x @ w.T + b
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    p = (1 - lapse) * p + lapse / t.shape[1]
    return -(t * np.log(p)).sum() / t.sum() + ridge / 2 * (w**2).sum()


@pytest.mark.parametrize("lapse", [0.0, 0.2])
def test_no_direction_lowers_the_loss(lapse: float) -> None:
    features, proba = world(80, seed=1)
    rng = np.random.default_rng(0)
    counts = rng.multinomial(5, proba)
    fit = one(features, counts, 0.02, lapse=lapse)
    w, b = fit.weights[0, 0].astype(float), fit.bias[0, 0].astype(float)
    x = features.astype(float)
    best = loss_of(w, b, x, counts, 0.02, lapse)
    assert best == pytest.approx(fit.loss[0, 0], abs=1e-5)
    for _ in range(30):
        dw, db = rng.normal(size=w.shape) * 0.05, rng.normal(size=b.shape) * 0.05
        assert loss_of(w + dw, b + db, x, counts, 0.02, lapse) > best - 1e-6
    # Negative control: a point that is not the optimum does have such directions.
    assert loss_of(w * 0.7, b, x, counts, 0.02, lapse) > best + 1e-3


def test_a_batch_is_its_problems_and_weight_zero_is_absence() -> None:
    features, proba = world(60, seed=2)
    target = np.eye(3)[proba.argmax(1)].astype(np.float32)
    weights = np.ones((1, 2, 60))
    weights[0, 1, 40:] = 0
    both = fit_softmax(
        features[None], target[None, None], weights, np.array([[0.3, 0.05]]), tolerance=1e-8
    )
    whole = one(features, target, 0.3)
    part = one(features[:40], target[:40], 0.05)
    np.testing.assert_allclose(both.weights[0, 0], whole.weights[0, 0], atol=3e-3)
    np.testing.assert_allclose(both.weights[0, 1], part.weights[0, 0], atol=3e-3)
