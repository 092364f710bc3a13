"""Does a classifier know on which items people disagree? And do a few votes know it?

Disagreement on an item is the entropy H of what people answer. A classifier that foretells it is
unsure where they are: the metric is Pearson's correlation of the entropy of its prediction with H
(Kohli 2026, arXiv 2605.29797). H is that of the shares of the votes on a tested item, and few votes
do not tell it: no prediction is then expected to reach more than the correlation of their entropy
with that of the distribution behind them (`known_by_votes`).
"""

from __future__ import annotations

import numpy as np
from scipy.special import entr

from labelbits.metrics.entropy import shared_prior

#: Items that the correlation of few votes is simulated on.
SIMULATED = 4000
#: Standard error of that correlation from one vote an item, falling as 1 / sqrt(votes): votes on
#: 1,000 and 300 CIFAR-10H images said .85 and .67 of 10 and 3 votes, where all 50 say .81 and .59.
MODEL_ERROR = 0.14
#: A spread of entropies below this is none.
LEAST_SPREAD = 1e-9


def disagreement_values(log_p: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Value (..., n) of every prediction; their mean is the correlation r of the two entropies.

    An item is worth r plus its influence on it, x y - r (x^2 + y^2) / 2 with x and y the entropies
    less their mean, over their standard deviation, so that the spread of values gives the variance.
    Where one of them is the same for all items r is 0. `log_p` (..., K, n) predicted ln
    probabilities, `reference` (n, K) people's shares.
    """
    log_p = np.asarray(log_p, dtype=np.float64)
    x, x_spread = _standard(-(np.exp(log_p) * np.maximum(log_p, -700.0)).sum(-2))
    y, y_spread = _standard(entr(reference).sum(1))
    r = (x * y).mean(-1, keepdims=True)
    found = r + x * y - r / 2 * (x**2 + y**2)
    return np.where((x_spread > LEAST_SPREAD) & (y_spread > LEAST_SPREAD), found, 0.0)


def _standard(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values (..., n) less their mean over their standard deviation, and that (..., 1)."""
    spread = values.std(-1, keepdims=True)
    away = values - values.mean(-1, keepdims=True)
    return away / np.maximum(spread, LEAST_SPREAD), spread


def known_by_votes(counts: np.ndarray, seed: int = 0) -> tuple[float, float] | None:
    """(correlation of the entropy of these votes (items, classes) with the entropy of the
    distributions behind them, its standard error); None where no item has two votes.

    Distributions are drawn from their posterior (`entropy.shared_prior`), votes from these anew, as
    many as each item has.
    """
    counts = np.asarray(counts, dtype=np.float64)
    counts = counts[counts.sum(1) >= 2]
    prior = shared_prior(counts)
    if prior is None:
        return None
    rng = np.random.default_rng(seed)
    rows = counts[rng.integers(len(counts), size=SIMULATED)]
    p = drawn(rows + prior, rng)
    again = rng.multinomial(rows.sum(1).astype(int), p)
    told = disagreement_values(np.log(np.maximum(p, 1e-300)).T, again / again.sum(1, keepdims=True))
    r = float(told.mean())
    luck = (1 - r**2) / np.sqrt(len(counts))
    return r, float(np.hypot(luck, MODEL_ERROR / np.sqrt(counts.sum(1).mean())))


def drawn(alpha: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A distribution from each Dirichlet(alpha (items, classes))."""
    p = np.maximum(rng.standard_gamma(alpha), 1e-300)
    return p / p.sum(1, keepdims=True)
