"""Loss of a classifier whose right class leads by u standard deviations.

The model of a linear classifier's scores: the right class leads by u standard deviations and the
K - 1 others are alike (signal detection with K alternatives; Green and Swets 1966). With phi and
Phi the normal density and distribution,

    accuracy(u) = integral phi(t) Phi(t + u)^(K-1) dt,
    cross-entropy(u) = E ln(1 + sum_{j != right} exp(u x_j - u x_right - u^2)), all x normal.

With S the sum, ln(1 + S) = integral (1 - exp(-s S)) exp(-s) / s ds and E exp(-s S) is a power of
the Laplace transform of one log-normal, so K need not be whole: unequal classes count as fewer.

Metrics in which a rare class counts as much as a frequent one are not those of fewer equal classes:
a class is named only where its lead makes up for its rarity. With frequencies f the classifier that
knows them names the j of largest u x_j + ln f_j, so

    P(named j | right k) = integral phi(t - u [j = k])
                           prod_{l != j} Phi(t + (ln f_j - ln f_l) / u - u [l = k]) dt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, ndtr

#: Nodes and weights of a standard normal average.
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(81)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
#: Classes whose frequencies are within this factor are taken for equally frequent ones.
ALIKE = 1.2


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


def recall_loss_of_lead(u: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """1 - balanced accuracy at every lead `u` (any length) for classes of `frequencies` (K,)."""
    classes = _Grouped.of(frequencies)
    return 1 - np.array([classes.mean_of(classes.named(lead)[0]) for lead in u])


def f1_loss_of_lead(u: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """1 - macro-F1 at every lead `u` (any length) for classes of `frequencies` (K,)."""
    classes = _Grouped.of(frequencies)
    f1 = []
    for lead in u:
        recall, said = classes.named(lead)
        f1.append(classes.mean_of(2 * classes.share * recall / (classes.share + said)))
    return 1 - np.array(f1)


@dataclass(frozen=True)
class _Grouped:
    """Groups of alike classes: `share` (G,) of each of their classes, of which there are `count`
    (G,)."""

    share: np.ndarray
    count: np.ndarray

    @classmethod
    def of(cls, frequencies: np.ndarray) -> _Grouped:
        """Neighbours in frequency are alike up to `ALIKE`."""
        f = np.sort(frequencies[frequencies > 0])[::-1]
        groups: list[list[float]] = []
        for one in f:
            if groups and one * ALIKE >= groups[-1][0]:
                groups[-1].append(float(one))
            else:
                groups.append([float(one)])
        share, count = np.array([np.mean(g) for g in groups]), np.array([len(g) for g in groups])
        return cls(share / (share @ count), count.astype(float))

    def mean_of(self, values: np.ndarray) -> float:
        """Over classes, of the groups' `values` (G,)."""
        return float(self.count @ values / self.count.sum())

    def named(self, u: float) -> tuple[np.ndarray, np.ndarray]:
        """(recall (G,) of a class of each group, how often it is named (G,)) at the lead `u`."""
        apart = (np.log(self.share)[:, None] - np.log(self.share)) / u  # (named, other)
        at = NODES + apart[:, :, None]  # (named, other, node)
        below = log_ndtr(at)
        # Of every class but the named one itself, which has apart 0.
        all_below = np.einsum("g,hgn->hn", self.count, below) - log_ndtr(NODES)
        moved = log_ndtr(at + u)
        recall = np.exp(np.einsum("g,hgn->hn", self.count, moved) - log_ndtr(NODES + u)) @ WEIGHTS
        wrong = np.exp(all_below[:, None] - below + log_ndtr(at - u)) @ WEIGHTS  # (named, right)
        others = (self.count - np.eye(len(self.count))) * self.share
        return recall, self.share * recall + (others * wrong).sum(1)
