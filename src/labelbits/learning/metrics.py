"""Quality of predicted class probabilities against a reference, item by item."""

from __future__ import annotations

import numpy as np
from scipy import stats

from labelbits.errors import InputError

#: Metrics of one item each, and metrics of a whole test set.
ITEM_METRICS = ("accuracy", "cross-entropy")
SET_METRICS = ("calibration-error", "alignment")
METRICS = ITEM_METRICS + SET_METRICS
#: No probability below this enters a cross-entropy: one wrong item may not decide a curve.
FLOOR = 1e-6


def check_metrics(metrics: tuple[str, ...]) -> tuple[str, ...]:
    """`metrics`, or an `InputError` that lists the known ones."""
    for metric in metrics:
        if metric not in METRICS:
            raise InputError(f"unknown metric {metric!r}; expected one of: {', '.join(METRICS)}")
    return metrics


def item_quality(log_p: np.ndarray, reference: np.ndarray, metric: str) -> np.ndarray:
    """Quality of every item: `log_p` (..., K, n) and `reference` (n, K) give (..., n).

    accuracy: 1 where the most probable class is the reference's most probable class.
    cross-entropy: -sum_k reference_k ln p_k in nats, p mixed with `FLOOR` of uniform.
    """
    if metric == "accuracy":
        return (log_p.argmax(-2) == reference.argmax(1)).astype(np.float32)
    if metric == "cross-entropy":
        k = reference.shape[1]
        floored = np.logaddexp(log_p, np.float32(np.log(FLOOR / k)))
        return -np.einsum("...kn,nk->...n", floored, reference.astype(np.float32))
    raise InputError(f"{metric} has no value for one item; expected one of {ITEM_METRICS}")


def calibration_error(proba: np.ndarray, reference: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error in [0, 1]: mean |confidence - accuracy| over equal-size bins.

    `proba` and `reference` are (n, K). Equal counts instead of equal widths (Nguyen and O'Connor
    2015), because confident classifiers leave most bins of equal width empty. Accuracy of an item
    is the reference's probability of the predicted class.
    """
    best = proba.argmax(1)
    index = np.arange(len(proba))
    confidence, right = proba[index, best], reference[index, best]
    order = np.argsort(confidence, kind="stable")
    parts = np.array_split(order, min(bins, len(proba)))
    return float(
        sum(len(p) * abs(confidence[p].mean() - right[p].mean()) for p in parts) / len(proba)
    )


def alignment(
    proba: np.ndarray, reference: np.ndarray, pairs: int = 20_000, seed: int = 0
) -> float:
    """Spearman correlation of distances between items, predicted against reference, in [-1, 1].

    Distances are Hellinger distances between the items' class distributions, over `pairs` random
    pairs of items (all pairs where they are fewer).
    """
    n = len(proba)
    if n < 3:
        raise InputError(f"alignment of {n} test items; expected at least 3")
    if n * (n - 1) // 2 <= pairs:
        a, b = np.triu_indices(n, 1)
    else:
        rng = np.random.default_rng(seed)
        a = rng.integers(n, size=pairs)
        b = (a + rng.integers(1, n, size=pairs)) % n
    sides = []
    for table in (proba, reference):
        root = np.sqrt(np.maximum(table, 0))
        sides.append(np.linalg.norm(root[a] - root[b], axis=1))
    if np.ptp(sides[0]) == 0 or np.ptp(sides[1]) == 0:
        return 0.0
    rank = [stats.rankdata(side) for side in sides]
    return float(np.corrcoef(rank[0], rank[1])[0, 1])


def set_quality(proba: np.ndarray, reference: np.ndarray, metric: str) -> float:
    """Quality of a whole test set: `proba` and `reference` are (n, K)."""
    if metric == "calibration-error":
        return calibration_error(proba, reference)
    if metric == "alignment":
        return alignment(proba, reference)
    log_p = np.log(np.maximum(proba, 1e-30)).T
    return float(item_quality(log_p, reference, metric).mean())


def higher_is_better(metric: str) -> bool:
    """Does more data raise this metric?"""
    check_metrics((metric,))
    return metric in ("accuracy", "alignment")
