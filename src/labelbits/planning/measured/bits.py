"""Bits per answer over the user's own items."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import gammaln

from labelbits.information.empirical import per_answer_empirical
from labelbits.interface import Estimate
from labelbits.signals import one_question

#: Items that bits per answer are averaged over, at most, and answers that are drawn.
ITEMS, ANSWERS = 1000, 1000


def bits_of(signal: Any, probabilities: np.ndarray, m: int, seed: int) -> Estimate:
    """Bits that one answer of a family tells about which item it is.

    `probabilities` (items, classes) is what one annotator answers on each item. One answer of
    `votes` is one vote: the information of all `m` on an item is shared between them.
    """
    if len(probabilities) > ITEMS:
        rows = np.random.default_rng(seed).choice(len(probabilities), ITEMS, replace=False)
        probabilities = probabilities[rows]
    if one_question(signal.name) != "hard" or np.ndim(signal.lapse) or float(signal.lapse):
        bits = per_answer_empirical(signal, probabilities, samples=ANSWERS, seed=seed)
        if not signal.several_of:
            return bits
        return Estimate(bits.bits / m, bits.standard_error / m, bits.method, bits.about)
    if m == 1:
        return _one_vote(probabilities)
    return _votes(probabilities, m, seed)


def _one_vote(p: np.ndarray) -> Estimate:
    """I(A; item) = mean_i KL(p_i || mean_j p_j), exactly."""
    ratio = np.log2(np.maximum(p, 1e-300) / np.maximum(p.mean(0), 1e-300))
    divergence = (p * ratio).sum(1)
    error = divergence.std() / np.sqrt(len(p))
    return Estimate(float(divergence.mean()), float(error), "exact", "items", outcomes=p.shape[1])


def _votes(p: np.ndarray, m: int, seed: int) -> Estimate:
    """The same for m votes, by drawing them: the marginal is the average over all items."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, len(p), ANSWERS)
    drawn = rng.multinomial(m, p[rows] / p[rows].sum(1, keepdims=True)).astype(np.float64)
    coefficient = gammaln(m + 1) - gammaln(drawn + 1).sum(1)
    log_p = drawn @ np.log(np.maximum(p, 1e-300)).T + coefficient[:, None]
    own = log_p[np.arange(ANSWERS), rows]
    gain = own - np.logaddexp.reduce(log_p, axis=1) + np.log(len(p))
    gain /= m * np.log(2)
    error = gain.std(ddof=1) / np.sqrt(ANSWERS)
    return Estimate(float(gain.mean()), float(error), "monte-carlo", "items", samples=ANSWERS)
