"""What sets options apart: what theory foretells and what was measured, weighed by each other.

With D_o what the theory of the features foretells that the answers of option o are worth in
ln(items), from their purity (`worth`), beyond the mean of all, they are worth

    d_o = c D_o + e_o,   e_o ~ Normal(0, tau_o^2),

c >= 0 how much of the theory's difference there is and tau what it misses of single options. What
was measured (`aligned`), m ~ Normal(d, V), resampled in pairs (V with `LUCK`), decides both: c and
tau lie on a grid, and each point weighs its prior times the likelihood of m. Where better answers
teach hardly more than others, c is near 0, and a pilot whose options measure alike says so.

The prior is that of the data sets of `benchmarks/learning_hard_sets.py` (docs/validation.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: How much of the theory's difference there may be, and its prior: lognormal about `USUAL` where
#: the theory holds, else anything up to the grid's end, with probability `OTHER`.
SHARES = np.array([0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3,
                   1.5, 1.75, 2.0])  # fmt: skip
USUAL, USUAL_SPREAD, OTHER = 1.3, 0.35, 0.15
#: What the theory misses of single options: standard deviations of ln u, and their prior. Over the
#: slope of the curve they are of ln(items).
MISSES, MISS_PRIOR = np.array([0.005, 0.015, 0.04, 0.12]), np.array([0.35, 0.35, 0.2, 0.1])
#: The same of what answers are worth, in ln(items), where options are more and more answers of one
#: kind.
MISSES_WORTH = np.array([0.02, 0.08, 0.16, 0.3])
#: The same where the purity of an option's answers is not known.
UNKNOWN = 0.3
#: Factor on the standard error of measured differences that the test items explain: which items
#: profit from better answers is the luck of the pilot too.
LUCK = 1.7


@dataclass(frozen=True)
class Apart:
    """Differences of options from their mean: draws of c, `share` (B,), and of e, `own` (O, B).

    `believed` the probability that the theory holds (c from its
    lognormal prior); `told` how much the measurement says of c, 1 - its standard deviation over
    that of the prior.
    """

    share: np.ndarray
    own: np.ndarray
    believed: float
    told: float


def set_apart(
    measured: np.ndarray,
    covariance: np.ndarray,
    foretold: np.ndarray,
    misses: np.ndarray,
    *,
    seed: int,
    draws: int,
    same: Sequence[int] | None = None,
) -> Apart:
    """Draws of what sets O options apart.

    `measured` (O,) differences from the options' mean, in ln(items), with their `covariance`
    (O, O); `foretold` (O,) the theory's; `misses` (4, O) the tau of each option under
    each of the hypotheses of `MISS_PRIOR`. `same` (O,) numbers options whose answers are one and
    the same alike.
    """
    count = len(measured)
    contrasts = _contrasts(count)
    z, d = contrasts @ (measured - measured.mean()), contrasts @ (foretold - foretold.mean())
    error = contrasts @ covariance @ contrasts.T
    usual, other = _prior()
    logs, means, roots = [], [], []
    for miss, chance in zip(misses, MISS_PRIOR, strict=True):
        prior = contrasts @ np.diag(miss**2) @ contrasts.T
        total = prior + error
        gain = np.linalg.solve(total, prior).T
        residual = z - SHARES[:, None] * d
        chi2 = np.einsum("cs,st,ct->c", residual, np.linalg.inv(total), residual)
        logs.append(np.log(chance) - 0.5 * chi2 - 0.5 * np.linalg.slogdet(total)[1])
        means.append(residual @ gain.T)
        left = prior - gain @ prior
        roots.append(np.linalg.cholesky((left + left.T) / 2 + 1e-12 * np.eye(count - 1)))
    table = np.stack(logs)  # (misses, shares)
    likelihood = np.exp(table - table.max())
    weight = likelihood * (usual + other)
    believed = float((likelihood * usual).sum() / weight.sum())
    # From small shares to large: a random number means the same whatever the number of draws.
    flat = (weight / weight.sum()).T.ravel()
    rng = np.random.default_rng([seed, 91])
    place = (rng.permutation(draws) + 0.5) / draws
    picked = np.minimum(np.searchsorted(np.cumsum(flat), place), flat.size - 1)
    share, miss = picked // len(misses), picked % len(misses)
    noise = rng.standard_normal((draws, count - 1))
    extra = np.stack(means)[miss, share] + np.einsum("bst,bt->bs", np.stack(roots)[miss], noise)
    own = contrasts.T @ extra.T  # (O, B)
    if same is not None:
        groups = np.asarray(same)
        for g in np.unique(groups):
            own[groups == g] = own[groups == g].mean(0)
    told = 1 - _spread(weight.sum(0)) / _spread(usual + other)
    return Apart(SHARES[share], own, believed, max(told, 0.0))


def _spread(weight: np.ndarray) -> float:
    """Standard deviation of the shares under a weight (C,)."""
    weight = weight / weight.sum()
    mean = weight @ SHARES
    return float(np.sqrt(weight @ (SHARES - mean) ** 2))


def _prior() -> tuple[np.ndarray, np.ndarray]:
    """Prior of the shares (C,) where the theory holds, and where it does not; together they sum to
    1."""
    width = np.gradient(SHARES)
    positive = np.maximum(SHARES, 1e-3)
    usual = width / positive * np.exp(-0.5 * (np.log(positive / USUAL) / USUAL_SPREAD) ** 2)
    return (1 - OTHER) * usual / usual.sum(), OTHER * width / width.sum()


def _contrasts(count: int) -> np.ndarray:
    """Orthonormal rows (O - 1, O) that sum to nothing."""
    q, _ = np.linalg.qr(np.column_stack([np.ones(count), np.eye(count)[:, 1:]]))
    return q[:, 1:].T
