"""The learning curve that a ridge learner must have on these features.

Features in their principal axes have variances lambda_j, known from every item, labelled or not.
Let a share R2 of the classes' variance be linear in the features, spread over the axes as
s_j proportional to lambda_j^beta. Ridge regression on n items then behaves, for n and the number
of axes large, as a shrinkage by lambda_j / (lambda_j + kappa) with independent noise on top:

    E = [sum_j s_j (kappa / (lambda_j + kappa))^2 + 1 - R2] / (1 - df2 / n),
    df2 = sum_j (lambda_j / (lambda_j + kappa))^2,
    r2(n) = c^2 / (q + E df2 / n),  c = sum_j s_j lambda_j / (lambda_j + kappa),
                                    q = sum_j s_j (lambda_j / (lambda_j + kappa))^2,

E the test error in units of the classes' variance and r2 the squared correlation of prediction
and class, at the kappa (penalty) of least E. Hastie, Montanari, Rosset and Tibshirani (2022,
Annals of Statistics 50); Wei, Hu and Steinhardt (2022, ICML); Simon et al. (2021, arXiv
2110.03922). For K alike classes the right one then leads by u = sqrt(K r2 / (1 - r2)) standard
deviations (Fisher's discriminant), which `links` turns into quality.

beta and R2 are inferred from the labelled items by restricted maximum likelihood of a Gaussian
model. It tells what the features can explain long before a classifier can (Dicker 2014,
Biometrika 101; Kong and Valiant 2018, NeurIPS: of the order of sqrt(axes) items are enough).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace

import numpy as np

from labelbits.standardise import WIDEST_ROTATION, Recent, standardised
from labelbits.threads import one_blas_thread

#: How the classes' signal may be spread over the axes: s_j proportional to lambda_j^beta.
BETAS = np.array([0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0])
#: Shares of the classes' variance that may be linear in the features.
SHARES = 1 - np.geomspace(0.98, 0.012, 36)
#: Column scalings, as in `regularisation`.
POWERS = (0.0, 1.0)
#: Items whose labels are used, axes kept, and hypotheses kept (by log weight below the best).
MOST_ITEMS, MOST_AXES, KEPT = 2000, 512, 12.0
#: Power on the labels' likelihood. Class indicators are neither Gaussian nor independent, and the
#: curve has been measured on the same labels.
TEMPER = 0.5
#: How far differences between options are from what the purity of their answers foretells: standard
#: deviation of ln u.
MISSED = 0.01
#: Penalties tried, as multiples of the largest variance.
KAPPAS = np.geomspace(30.0, 1e-6, 80)


@dataclass(frozen=True)
class RidgeTheory:
    """Hypotheses about the signal with their log weights (H,): likelihood times prior.

    `axes`: for each column scaling its variances (p,); `scaling` (H,) index into `axes`; `beta`
    (H,), `share` (H,) as in the module's text. `frequencies` (K,) of the classes in the reference.
    `purity` in (0, 1]: squared correlation of the answers that are bought with the reference;
    noisy answers slow learning by that factor on R2.
    """

    axes: tuple[np.ndarray, ...] = field(repr=False)
    scaling: np.ndarray
    beta: np.ndarray
    share: np.ndarray
    log_weight: np.ndarray
    frequencies: np.ndarray
    purity: float

    def log_lead(self, sizes: np.ndarray) -> np.ndarray:
        """ln u (H, S) of every hypothesis at training `sizes` (S,)."""
        r2 = np.empty((len(self.beta), len(sizes)))
        for i, variances in enumerate(self.axes):
            chosen = self.scaling == i
            if chosen.any():
                r2[chosen] = ridge_correlation(
                    variances, self.beta[chosen], self.share[chosen] * self.purity, sizes
                )
        # Correlation with the reference, not with the noisy answers.
        r2 = np.clip(r2 / self.purity, 1e-9, 1 - 1e-6)
        classes = 1 / np.sum(self.frequencies**2)
        return 0.5 * np.log(classes * r2 / (1 - r2))


def posterior_lead(theory: RidgeTheory, sizes: np.ndarray) -> np.ndarray:
    """Mean ln u (S,) over the hypotheses, each with its weight."""
    weight = np.exp(TEMPER * (theory.log_weight - theory.log_weight.max()))
    return weight @ theory.log_lead(sizes) / weight.sum()


def ridge_correlation(
    variances: np.ndarray, beta: np.ndarray, share: np.ndarray, sizes: np.ndarray
) -> np.ndarray:
    """r2 (H, S): squared correlation with the labels of ridge regression at its best penalty."""
    kappa = KAPPAS * variances.max()
    kept = variances / (variances + kappa[:, None])  # (Q, p)
    df1, df2 = kept.sum(1), (kept**2).sum(1)
    signal = variances ** beta[:, None]
    signal = share[:, None] * signal / signal.sum(1, keepdims=True)
    bias = signal @ ((1 - kept) ** 2).T
    c, q = signal @ kept.T, signal @ (kept**2).T
    result = np.empty((len(beta), len(sizes)))
    for i, n in enumerate(np.maximum(np.asarray(sizes, dtype=np.float64) - 1, 1)):
        error = (bias + 1 - share[:, None]) / np.maximum(1 - df2 / n, 1e-3)
        error[:, df1 >= n] = np.inf
        best = error.argmin(1)[:, None]
        r2 = c**2 / (q + error * df2 / n)
        result[:, i] = np.take_along_axis(r2, best, 1)[:, 0]
    return result


def infer_theory(
    features: np.ndarray, rows: np.ndarray, reference: np.ndarray, *, purity: float = 1.0
) -> RidgeTheory | None:
    """Hypotheses from the labels `reference` (T, K) of `rows` (T,); `features` are of all items.

    None where the reference has a single class.
    """
    key = Recent(features, np.asarray(rows), np.asarray(reference, dtype=np.float64))
    with one_blas_thread():
        found = _inferred(key)
    return None if found is None else replace(found, purity=float(np.clip(purity, 0.05, 1.0)))


@functools.lru_cache(maxsize=2)
def _inferred(key: Recent) -> RidgeTheory | None:
    """Remembered: the options of a plan share features and reference."""
    features, rows, target = key.arrays
    frequencies = target.mean(0)
    if len(rows) > MOST_ITEMS:
        some = np.linspace(0, len(rows) - 1, MOST_ITEMS).astype(int)
        rows, target = rows[some], target[some]
    varies = target.std(0) > 1e-9
    if len(rows) < 4 or varies.sum() < 2:
        return None
    y = target[:, varies] - target[:, varies].mean(0)
    y /= y.std(0)
    axes, tables = [], []
    for power in POWERS:
        scores, variances = _principal(standardised(features, power), rows)
        axes.append(variances)
        tables.append(_log_likelihood(scores, variances, y))
    # Shares are alike beforehand; the grid is even in ln(1 - share).
    table = np.stack(tables) + np.log1p(-SHARES)
    table -= table.max()
    scaling, beta, share = np.nonzero(table > -KEPT)
    return RidgeTheory(
        tuple(axes), scaling, BETAS[beta], SHARES[share], table[scaling, beta, share],
        frequencies, 1.0,
    )  # fmt: skip


def _principal(x: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(scores of `rows` with variance 1 on every axis (T, p), variances of the axes (p,))."""
    if x.shape[1] > WIDEST_ROTATION:
        # Such features arrive unrotated; the axes that a sample spans carry nearly everything.
        sample = x[np.linspace(0, len(x) - 1, min(len(x), MOST_AXES)).astype(int)]
        _, _, axes = np.linalg.svd(sample - sample.mean(0), full_matrices=False)
        x = x @ axes.T
    x = x[:, :MOST_AXES]
    variances = x.var(0, dtype=np.float64)
    kept = variances > 1e-7 * variances.max()
    return x[rows][:, kept] / np.sqrt(variances[kept]), variances[kept]


def _log_likelihood(scores: np.ndarray, variances: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Restricted log likelihood (betas, shares) of y (T, K), every column with its own variance."""
    n, k = y.shape
    z = scores.astype(np.float64) - scores.mean(0)
    table = np.empty((len(BETAS), len(SHARES)))
    total = (y * y).sum(0)
    many = n > z.shape[1]
    gram, projected = (z.T @ z, z.T @ y) if many else (z, y)
    for i, beta in enumerate(BETAS):
        root = np.sqrt(variances**beta / np.sum(variances**beta))
        if many:
            value, vector = np.linalg.eigh(root[:, None] * gram * root)
            value = np.maximum(value, 1e-9)
            energy = (vector.T @ (root[:, None] * projected)) ** 2 / value[:, None]
        else:
            a = gram * root
            value, vector = np.linalg.eigh(a @ a.T)
            # The first is the direction of the mean, which restricted likelihood leaves out.
            value, energy = value[1:], ((vector.T @ projected) ** 2)[1:]
        free = n - 1 - len(value)
        rest = np.maximum(total - energy.sum(0), 0) if free > 0 else np.zeros(k)
        for j, share in enumerate(SHARES):
            spread = share * np.maximum(value, 0) + 1 - share
            quadratic = (energy / spread[:, None]).sum(0) + rest / (1 - share)
            determinant = np.log(spread).sum() + max(free, 0) * np.log(1 - share)
            table[i, j] = (n - 1) * np.log(quadratic / (n - 1)).sum() + k * determinant
    # The classes' columns sum to nothing: one of them is no evidence.
    return -0.5 * table * (k - 1) / k
