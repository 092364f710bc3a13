"""Gains that passed a test are corrected for having passed it."""

import numpy as np
import pytest
from scipy.stats import norm

from labelbits.learning.diagnose import CLEARLY, Diagnosis
from labelbits.planning.measured.selection import corrected, kept_of_gain, said_of_selection
from tests.planning.curves import curve


def test_the_lucky_half_of_weak_features_is_told_from_the_rest():
    """Of pilots with equally likely true gains, those that passed are corrected without bias."""
    rng = np.random.default_rng(0)
    true = rng.uniform(0, 6, size=60_000)
    seen = true + rng.standard_normal(len(true))
    for low, high in ((1.55, 1.9), (2.4, 2.8)):
        # Every true gain gets as many that passed: what a planner sees is only those.
        some = (seen > low) & (seen < high)
        weight = 1 / norm.sf(CLEARLY - true[some])
        kept = np.mean([kept_of_gain(Diagnosis((), z, 1.0)) for z in np.linspace(low, high, 5)])
        told = kept * seen[some].mean()
        assert told == pytest.approx(np.average(true[some], weights=weight), abs=0.08)
        # Negative control: what was seen is too much.
        assert seen[some].mean() > np.average(true[some], weights=weight) + 0.2
    assert kept_of_gain(Diagnosis((), 9.0, 1.0)) > 0.99
    assert said_of_selection(Diagnosis((), 9.0, 1.0), 0.999) is None


def test_only_gains_over_the_constant_shrink():
    from dataclasses import replace

    one = curve("one", 1, 0.2, noise=0.02)
    level = float(np.median(one.draws.mean(0)))
    one = replace(one, constant=np.full(len(one.draws), level))
    made = corrected([one], 0.5, sign=1)[0]
    gain, after = one.draws.mean(0) - level, made.draws.mean(0) - level
    np.testing.assert_allclose(after, np.where(gain > 0, gain / 2, gain), atol=1e-12)
    np.testing.assert_allclose(made.draws.std(0), one.draws.std(0), atol=1e-12)
    assert corrected([one], 1.0, sign=1)[0] is one
