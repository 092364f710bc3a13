"""Loss of a classifier whose right class leads by u standard deviations.

The model of a linear classifier's scores: the right class leads by u standard deviations and the
K - 1 others are alike (signal detection with K alternatives; Green and Swets 1966). With phi and
Phi the normal density and distribution,

    accuracy(u) = integral phi(t) Phi(t + u)^(K-1) dt,
    cross-entropy(u) = E ln(1 + sum_{j != right} exp(u x_j - u x_right - u^2)), all x normal.

With S the sum, ln(1 + S) = integral (1 - exp(-s S)) exp(-s) / s ds and E exp(-s S) is a power of
the Laplace transform of one log-normal, so K need not be whole: unequal classes count as fewer.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

#: Nodes and weights of a standard normal average.
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(81)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def error_of_lead(u: np.ndarray, classes: float) -> np.ndarray:
    """1 - accuracy at every lead `u` (any length), for so many equal classes."""
    return 1 - (ndtr(NODES + u[:, None]) ** (classes - 1)) @ WEIGHTS


def surprise_of_lead(u: np.ndarray, classes: float) -> np.ndarray:
    """Cross-entropy in nats at every lead `u`, for so many equal classes."""
    # ln s on a grid: the integrand (1 - E exp(-s S)) exp(-s) d ln s is smooth on it.
    log_s = np.linspace(-18.0, 4.0, 133)
    table = np.linspace(-60.0, 45.0, 421)
    outer = np.exp(-np.exp(log_s)) * (log_s[1] - log_s[0])
    result = np.empty(len(u))
    for i, lead in enumerate(u):
        one = np.exp(-np.exp(np.minimum(table[:, None] + lead * NODES, 50.0))) @ WEIGHTS
        at = log_s[:, None] - lead * lead - lead * NODES
        transform = np.interp(at, table, one) ** (classes - 1) @ WEIGHTS
        result[i] = outer @ (1 - transform)
    return result
