"""From how well classes are told apart to accuracy and cross-entropy, and back.

The model of a linear classifier's scores: the right class leads by u standard deviations and the
K - 1 others are alike (signal detection with K alternatives; Green and Swets 1966). With phi and
Phi the normal density and distribution,

    accuracy(u) = integral phi(t) Phi(t + u)^(K-1) dt,
    cross-entropy(u) = E ln(1 + sum_{j != right} exp(u x_j - u x_right - u^2)), all x normal.

With S the sum, ln(1 + S) = integral (1 - exp(-s S)) exp(-s) / s ds and E exp(-s S) is a power of
the Laplace transform of one log-normal, so K need not be whole: unequal classes count as fewer.

Items differ: some are easy and others lie between classes. Each item's lead is then u exp(h z),
z standard normal, and the curves are averaged over z; `spread` h = 0 is the model above.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

#: ln u on which both curves are tabulated.
_LOG_U = np.linspace(-5.0, 3.5, 426)
#: Least share of the entropy of the frequencies that there is to be told.
LEAST_TOLD = 0.02
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(81)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


def _accuracy(u: np.ndarray, classes: float) -> np.ndarray:
    return (ndtr(_NODES + u[:, None]) ** (classes - 1)) @ _WEIGHTS


def _cross_entropy(u: np.ndarray, classes: float) -> np.ndarray:
    # ln s on a grid: the integrand (1 - E exp(-s S)) exp(-s) d ln s is smooth on it.
    log_s = np.linspace(-18.0, 4.0, 133)
    table = np.linspace(-60.0, 45.0, 421)
    outer = np.exp(-np.exp(log_s)) * (log_s[1] - log_s[0])
    result = np.empty(len(u))
    for i, lead in enumerate(u):
        one = np.exp(-np.exp(np.minimum(table[:, None] + lead * _NODES, 50.0))) @ _WEIGHTS
        at = log_s[:, None] - lead * lead - lead * _NODES
        transform = np.interp(at, table, one) ** (classes - 1) @ _WEIGHTS
        result[i] = outer @ (1 - transform)
    return result


@functools.lru_cache(maxsize=32)
def _table(metric: str, classes: float, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """(ln u, loss falling strictly in it)."""
    if spread:
        log_u, even = _table(metric, classes, 0.0)
        loss = np.interp(log_u[:, None] + spread * _NODES, log_u, even) @ _WEIGHTS
    elif metric == "accuracy":
        log_u, loss = _LOG_U, 1 - _accuracy(np.exp(_LOG_U), classes)
    else:
        log_u = _LOG_U[::5]
        loss = _cross_entropy(np.exp(log_u), classes)
    return log_u, np.minimum.accumulate(loss) - 1e-12 * np.arange(len(loss))


@dataclass(frozen=True)
class Link:
    """A loss as a falling function of ln u, on a table; u is what features tell.

    At u = 0 the loss is the constant answer's: always the most frequent class, or the class
    frequencies. `floor` is the least possible loss (for cross-entropy the mean entropy of the
    reference, nats). Cross-entropy: loss = floor + (H - floor) / H x table, H the entropy of the
    frequencies, because people who disagree leave less to be told. Accuracy: what the frequencies
    tell (`known` = u of the constant answer) and what the features do add up as squares.
    """

    log_u: np.ndarray
    loss: np.ndarray
    floor: float
    scale: float = 1.0
    known: float = 0.0

    @classmethod
    def of(
        cls, metric: str, frequencies: np.ndarray, floor: float = 0.0, spread: float = 0.0
    ) -> Link:
        """The link of `metric` for classes of these `frequencies` (K,), summing to 1.

        As many equal classes as give the same chance level: accuracy 1 / sum_k f_k^2,
        cross-entropy exp(entropy of f).
        """
        f = np.asarray(frequencies, dtype=np.float64)
        f = f[f > 0]
        entropy = -float(np.sum(f * np.log(f)))
        even = 1 / np.sum(f * f) if metric == "accuracy" else np.exp(entropy)
        table = _table(metric, max(round(float(even), 3), 1.05), spread)
        if metric != "accuracy":
            share = (entropy - floor) / entropy if entropy > 0 else 1.0
            return cls(*table, floor, max(share, LEAST_TOLD))
        chance = float(table[1][0])
        constant = 1 - float(f.max())
        known = 0.0
        if constant < chance - 1e-3:
            known = float(np.exp(np.interp(-constant, -table[1], table[0])))
        return cls(*table, floor, 1.0, known)

    def to_loss(self, log_u: np.ndarray) -> np.ndarray:
        """Loss at ln u, any shape."""
        if self.known:
            log_u = 0.5 * np.logaddexp(2 * np.asarray(log_u), 2 * np.log(self.known))
        told = np.maximum(np.interp(log_u, self.log_u, self.loss), 0.0)
        return self.floor + self.scale * told

    def to_log_u(self, loss: np.ndarray) -> np.ndarray:
        """ln u at which the loss is reached; the table's ends where it is not."""
        left = (np.asarray(loss) - self.floor) / self.scale
        log_u = np.interp(-left, -self.loss, self.log_u)
        if not self.known:
            return log_u
        square = np.exp(2 * log_u) - self.known**2
        return np.maximum(0.5 * np.log(np.maximum(square, 1e-12)), self.log_u[0])
