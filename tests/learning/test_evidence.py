"""Two accounts of one curve, weighed by how well each foretells it."""

import numpy as np
import pytest
from scipy import stats

from labelbits.learning.forecasts.apart import MISSES, set_apart
from labelbits.learning.forecasts.evidence import log_evidence, share_of


def test_evidence_is_the_likelihood_of_contrasts():
    """With the level integrated out only differences count: the density of contrasts, one shape."""
    rng = np.random.default_rng(0)
    root = rng.normal(size=(4, 4))
    covariance = root @ root.T + 0.1 * np.eye(4)
    residual = rng.normal(size=(1, 4))
    q = np.linalg.qr(np.column_stack([np.ones(4), np.eye(4)[:, 1:]]))[0][:, 1:].T
    wanted = stats.multivariate_normal.logpdf(q @ residual[0], cov=q @ covariance @ q.T)
    found = log_evidence(residual, np.zeros(1), covariance)
    # But for constants that all accounts share.
    assert found == pytest.approx(wanted + 1.5 * np.log(2 * np.pi) - 0.5 * np.log(4), abs=1e-9)
    moved = log_evidence(residual + 3.0, np.zeros(1), covariance)
    assert moved == pytest.approx(found)


def test_the_account_that_foretells_better_gains_weight_within_bounds():
    assert share_of(0.5, -3.0, -3.0) == pytest.approx(0.5)
    assert share_of(0.7, -1.0, -6.0) > 0.7 > share_of(0.7, -6.0, -1.0)
    assert 0.1 < share_of(0.7, -1000.0, 0.0) < 0.2


@pytest.mark.parametrize("true", [0.0, 1.0])
def test_what_was_measured_decides_how_much_of_the_theory_there_is(true):
    foretold = np.array([-0.2, 0.0, 0.2])
    rng = np.random.default_rng(4)
    found = []
    for error in (0.01, 0.3):
        noise = error * rng.normal(size=3)
        measured = true * foretold + noise - noise.mean()
        covariance = error**2 * (np.eye(3) - 1 / 3)
        found.append(set_apart(
            measured, covariance, foretold, np.tile(MISSES[:, None], (1, 3)), seed=1, draws=500,
        ))  # fmt: skip
    sure, unsure = found
    apart = sure.share * (foretold[2] - foretold[0]) + sure.own[2] - sure.own[0]
    assert abs(apart.mean() - 0.4 * true) < 0.06
    assert sure.told > 0.6
    # Negative control: a pilot that measured hardly anything leaves the prior as it is.
    assert unsure.told < 0.3
    assert abs(unsure.share.mean() - 0.8) < 0.35
