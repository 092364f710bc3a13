"""Closed forms: channels and priors whose information is known to every digit."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from labelbits.errors import InputError, check_at_least
from labelbits.signals.base import log_choose


def dirichlet_expected_entropy(classes: int) -> float:
    """E H(p) in bits for p uniform on the simplex: (H_K - 1) / ln 2, H_K harmonic number."""
    check_at_least("classes", classes, 2)
    return float(special.digamma(classes + 1) + np.euler_gamma - 1) / math.log(2)


def votes_about_dirichlet(classes: int, votes: int) -> float:
    """I(votes; p) in bits for p uniform on the simplex: H(sequence) - M E H(p).

    All counts are equally likely, ln C(M+K-1, K-1), and a count n_1..n_K stands for
    M! / prod n_k! sequences.
    """
    check_at_least("classes", classes, 2)
    check_at_least("votes", votes, 1)
    n = np.arange(votes + 1)
    log_counts = log_choose(votes + classes - 1, classes - 1)
    # P(n_1 = n): the other classes share the rest in C(M-n+K-2, K-2) ways.
    log_p = (
        special.gammaln(votes - n + classes - 1)
        - special.gammaln(votes - n + 1)
        - special.gammaln(classes - 1)
        - log_counts
    )
    orders = math.lgamma(votes + 1) - classes * float(np.exp(log_p) @ special.gammaln(n + 1))
    return (log_counts + orders) / math.log(2) - votes * dirichlet_expected_entropy(classes)


def capacity(channel: np.ndarray, tolerance: float = 1e-12) -> float:
    """Most bits through a channel (inputs x outcomes, rows sum to 1), by Blahut-Arimoto.

    Stops when the upper and lower bounds of Arimoto (1972) are `tolerance` bits apart.
    """
    channel = np.asarray(channel, dtype=np.float64)
    if channel.ndim != 2 or (channel < 0).any() or np.abs(channel.sum(1) - 1).max() > 1e-9:
        raise InputError(
            f"channel of shape {channel.shape} has rows that are no probabilities; expected "
            "inputs x outcomes, each row >= 0 with sum 1"
        )
    weight = np.full(len(channel), 1 / len(channel))
    low = 0.0
    for _ in range(1_000_000):
        gain = special.rel_entr(channel, weight @ channel).sum(1)
        low = float(weight @ gain)
        if float(gain.max()) - low <= tolerance * math.log(2):
            break
        weight = weight * np.exp(gain - gain.max())
        weight /= weight.sum()
    return low / math.log(2)


def log2_top(classes: int, top: int, *, ordered: bool = True) -> float:
    """log2 of the number of ways to name the `top` of `classes`: K!/(K-t)! or C(K, t)."""
    choose = log_choose(classes, top)
    return (choose + (math.lgamma(top + 1) if ordered else 0.0)) / math.log(2)
