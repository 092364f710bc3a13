"""How strongly to pull a classifier towards ignorance: ridge penalty and column scaling by CV."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from labelbits.errors import InputError
from labelbits.learning.fits.softmax import fit_softmax
from labelbits.standardise import Standardiser
from labelbits.threads import one_blas_thread

#: Ridge penalties tried, per unit of mean cross-entropy (features have mean square 1).
RIDGES = tuple(float(r) for r in np.geomspace(1e-4, 10, 9))
#: Column scalings tried: every column alike, and the columns' own spread.
POWERS = (0.0, 1.0)


@dataclass(frozen=True)
class Regularisation:
    """The chosen `ridge` and column scaling `power`, with the cross-validated cross-entropy.

    `ridges` (L,) and `losses` (L,) in nats for each vote trace the choice at the chosen power.
    """

    ridge: float
    power: float
    loss: float
    ridges: np.ndarray
    losses: np.ndarray


def fold_weights(n: int, folds: int, rng: np.random.Generator) -> np.ndarray:
    """(folds, n) of 1 (fit) and 0 (held out); every item is held out in one fold."""
    fold = rng.permutation(np.arange(n) % folds)
    return (fold != np.arange(folds)[:, None]).astype(np.float32)


def cross_validate(
    features: np.ndarray,
    targets: np.ndarray,
    ridges: Sequence[float] | np.ndarray,
    *,
    folds: int,
    rng: np.random.Generator | Sequence[np.random.Generator],
    lapse: float = 0.0,
    tolerance: float = 3e-4,
) -> np.ndarray:
    """Held-out cross-entropy, nats for each unit of target mass: (G, L).

    `features` (G, n, d) standardised, `targets` (G, n, K). All groups, folds and penalties are
    fitted together; `rng` draws the folds, one generator for all groups in turn or one each.
    """
    losses = held_out_losses(
        features, targets, ridges, folds=folds, rng=rng, lapse=lapse, tolerance=tolerance
    )
    mass = np.maximum(targets.sum((1, 2)), 1e-12)
    return losses.sum(2) / mass[:, None]


def held_out_losses(
    features: np.ndarray,
    targets: np.ndarray,
    ridges: Sequence[float] | np.ndarray,
    *,
    folds: int,
    rng: np.random.Generator | Sequence[np.random.Generator],
    lapse: float = 0.0,
    tolerance: float = 3e-4,
) -> np.ndarray:
    """Each item's cross-entropy in the fold that does not train on it, nats: (G, L, n).

    Arguments are those of `cross_validate`.
    """
    g, n, d = features.shape
    if n < d:
        features = np.stack([_compressed(one) for one in features])
    ridges = np.asarray(ridges, dtype=np.float32)
    folds = min(folds, n)
    each = [rng] * g if isinstance(rng, np.random.Generator) else rng
    keep = np.stack([fold_weights(n, folds, one) for one in each])  # (G, F, n)
    weights = np.repeat(keep, len(ridges), axis=1)
    ridge = np.broadcast_to(np.tile(ridges, folds), (g, folds * len(ridges)))
    fit = fit_softmax(features, targets[:, None], weights, ridge, lapse=lapse, tolerance=tolerance)
    log_p = fit.log_proba(features)  # (G, F*L, K, n)
    if lapse:
        log_p = np.log((1 - lapse) * np.exp(log_p) + lapse / targets.shape[-1])
    held = np.einsum("gpkn,gnk,gpn->gpn", log_p, targets, 1 - weights, optimize=True)
    return -held.reshape(g, folds, len(ridges), n).sum(1)


def _compressed(features: np.ndarray) -> np.ndarray:
    """n < d rows in the n dimensions they span: a ridge fit depends on inner products alone."""
    left, scale, _ = np.linalg.svd(features, full_matrices=False)
    return left * scale


def best_ridge(ridges: np.ndarray, losses: np.ndarray) -> float:
    """The penalty of least loss, by a parabola through the best three in ln(ridge)."""
    best = int(np.argmin(losses))
    if not 0 < best < len(ridges) - 1:
        return float(ridges[best])
    x, y = np.log(ridges[best - 1 : best + 2]), losses[best - 1 : best + 2]
    curve, slope, _ = np.polyfit(x - x[1], y - y[1], 2)
    if curve <= 0:
        return float(ridges[best])
    return float(np.exp(x[1] + np.clip(-slope / (2 * curve), x[0] - x[1], x[2] - x[1])))


def search_ridges(
    losses_of: Callable[[np.ndarray], np.ndarray], ridges: Sequence[float] = RIDGES, first: int = 6
) -> tuple[np.ndarray, np.ndarray]:
    """(ridges tried, rising; their losses): from strong penalties down to where the loss rises.

    Weak penalties take many iterations and seldom win, so they wait until the `first` strongest
    have been seen to improve to the end.
    """
    falling = np.sort(np.asarray(ridges, dtype=np.float64))[::-1]
    head, tail = falling[:first], falling[first:]
    tried, losses = head, losses_of(head)
    if len(tail) and np.argmin(losses) == len(head) - 1:
        tried, losses = falling, np.concatenate([losses, losses_of(tail)])
    return tried[::-1], losses[::-1]


def select_regularisation(
    features: np.ndarray,
    targets: np.ndarray,
    *,
    folds: int = 5,
    ridges: Sequence[float] = RIDGES,
    powers: Sequence[float] = POWERS,
    lapse: float = 0.0,
    seed: int = 0,
) -> Regularisation:
    """Choose ridge and column scaling by cross-validated cross-entropy over items.

    `features` (n, d) raw, `targets` (n, K) votes or probabilities. Every fold holds out whole
    items, never some of an item's votes. Raises `InputError` with fewer than two items.
    """
    if len(features) < 2:
        raise InputError(f"{len(features)} labelled items; expected at least 2 to choose a penalty")
    best: Regularisation | None = None
    for power in powers:
        x = Standardiser.fit(features, power).transform(features)

        def losses_of(some: np.ndarray, x: np.ndarray = x) -> np.ndarray:
            # The same folds for every power and penalty: compared on equal terms.
            rng = np.random.default_rng(seed)
            return cross_validate(x[None], targets[None], some, folds=folds, rng=rng, lapse=lapse)[
                0
            ]

        with one_blas_thread():
            tried, losses = search_ridges(losses_of, ridges)
        if best is None or losses.min() < best.loss:
            best = Regularisation(
                best_ridge(tried, losses), power, float(losses.min()), tried, losses
            )
    assert best is not None
    return best
