"""How well an account of a learning curve foretells the curve that a pilot measured.

Every account (the forms, the theory of the features) is a list of shapes with prior weights and an
error of its own, which wanders away from the largest size like a random walk in ln(size). Both are
judged on ln(loss - floor) at the same sizes, the level integrated out (it is the luck of the test
items): the marginal likelihood

    sum_h p_h exp(-chi2_h / 2) sqrt(|P| / 1'P1),   P the inverse of sampling plus error.
"""

from __future__ import annotations

import numpy as np

#: Power on the ratio of two likelihoods: sizes share their training items, and neither account's
#: error is a random walk.
TEMPERED = 0.2
#: Nothing that few sizes say moves the odds by more than this factor, in logarithms.
MOST = 2.5


def log_evidence(residual: np.ndarray, log_prior: np.ndarray, covariance: np.ndarray) -> float:
    """ln marginal likelihood of residuals (H, S) about H shapes; priors need not be normalised."""
    precision = np.linalg.inv(covariance)
    total = precision.sum()
    level = residual @ (precision.sum(1) / total)
    away = residual - level[:, None]
    chi2 = np.einsum("hs,st,ht->h", away, precision, away, optimize=True)
    weight = np.exp(log_prior - log_prior.max())
    weight /= weight.sum()
    least = chi2.min()
    mean = float(np.log(weight @ np.exp(-0.5 * (chi2 - least))))
    return mean - 0.5 * float(least) + 0.5 * float(np.linalg.slogdet(precision)[1] - np.log(total))


def share_of(prior: float, theory: float, forms: float) -> float:
    """Weight of the theory, given its prior weight and both log evidences."""
    odds = np.log(prior / (1 - prior)) + np.clip(TEMPERED * (theory - forms), -MOST, MOST)
    return float(1 / (1 + np.exp(-odds)))
