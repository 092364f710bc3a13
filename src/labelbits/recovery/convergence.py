"""Did chains of draws converge: R-hat and effective draws.

Rank-normalised split R-hat and bulk effective sample size (Vehtari, Gelman, Simpson, Carpenter and
Buerkner 2021, Bayesian Analysis 16): every chain is cut in two halves, values are replaced by
normal scores of their ranks, and the variance between the halves is compared with that within.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata


@dataclass(frozen=True)
class Convergence:
    """The largest `r_hat` and the fewest `effective` draws of all quantities looked at."""

    r_hat: float
    effective: float

    def within(self, r_hat: float, effective: float) -> bool:
        """Is the largest R-hat at most, and are the effective draws at least, as given?"""
        return self.r_hat <= r_hat and self.effective >= effective


def convergence(values: np.ndarray) -> Convergence:
    """Of `values` (chains, draws, quantities), four draws at least. Constants have converged."""
    half = values.shape[1] // 2
    halves = np.concatenate([values[:, :half], values[:, values.shape[1] - half :]])
    halves = halves[:, :, np.ptp(halves, axis=(0, 1)) > 0]
    if not halves.size:
        return Convergence(1.0, float(values.shape[0] * values.shape[1]))
    count = halves.shape[0] * half
    ranks = rankdata(halves.reshape(count, -1), axis=0).reshape(halves.shape)
    scores = ndtri((ranks - 0.375) / (count + 0.25))
    within = scores.var(axis=1, ddof=1).mean(0)
    between = scores.mean(1).var(axis=0, ddof=1)
    total = within * (half - 1) / half + between
    with np.errstate(divide="ignore"):
        r_hat = np.sqrt(total / within)
    return Convergence(float(r_hat.max()), float(_effective(scores, total).min()))


def _effective(scores: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Effective draws of each quantity: Geyer's initial monotone sequence over all chains."""
    chains, draws, _ = scores.shape
    middle = scores - scores.mean(1, keepdims=True)
    spectrum = np.fft.rfft(middle, 2 * draws, axis=1)
    covariance = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :draws].mean(0) / draws
    within = covariance[0] * draws / (draws - 1)
    rho = 1 - (within - covariance) / total
    rho[0] = 1.0
    pairs = rho[: draws // 2 * 2].reshape(-1, 2, rho.shape[1]).sum(1)
    pairs = np.where(np.minimum.accumulate(pairs > 0, axis=0), pairs, 0.0)
    pairs = np.minimum.accumulate(pairs, axis=0)
    time = np.maximum(2 * pairs.sum(0) - 1, 1 / np.log10(max(chains * draws, 10)))
    return chains * draws / time
