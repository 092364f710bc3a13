"""Calibration error and alignment on cases whose value is known."""

from __future__ import annotations

import numpy as np
import pytest

from labelbits.learning.metrics import alignment, calibration_error, item_quality


def test_calibration_error_of_known_cases() -> None:
    n = 20_000
    rng = np.random.default_rng(0)
    p = rng.uniform(0.5, 1, size=n)
    proba = np.stack([p, 1 - p], axis=1)
    right = rng.random(n) < p
    honest = np.eye(2)[np.where(right, 0, 1)]
    # 15 bins of 1,333 items: the standard error of a bin is at most .014.
    assert calibration_error(proba, honest) < 0.014
    # Negative control: claims .95 throughout where .75 is true.
    sure = np.tile([0.95, 0.05], (n, 1))
    assert calibration_error(sure, honest) == pytest.approx(0.95 - right.mean(), abs=1e-6)


def test_alignment_of_known_cases() -> None:
    rng = np.random.default_rng(0)
    reference = rng.dirichlet(np.ones(4), size=80)
    assert alignment(reference, reference) == pytest.approx(1)
    assert alignment(reference[:, [1, 0, 3, 2]], reference) == pytest.approx(1)
    assert abs(alignment(rng.permutation(reference), reference)) < 0.15
    assert alignment(np.full((80, 4), 0.25), reference) == 0


def test_item_quality() -> None:
    log_p = np.log(np.array([[0.7, 0.2], [0.3, 0.8]]))  # classes x items
    reference = np.array([[1.0, 0.0], [0.5, 0.5]])
    np.testing.assert_allclose(item_quality(log_p, reference, "accuracy"), [1, 0])
    expected = [-np.log(0.7), -(np.log(0.2) + np.log(0.8)) / 2]
    np.testing.assert_allclose(item_quality(log_p, reference, "cross-entropy"), expected, rtol=1e-5)
