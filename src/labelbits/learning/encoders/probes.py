"""What a representation is good for: distances, probes, dimensions in use."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from labelbits.errors import InputError

#: Ridge of the linear probe, as a share of the variance of the columns.
PROBE_RIDGE = 1e-3


def distance_alignment(
    estimate: np.ndarray, truth: np.ndarray, classes: np.ndarray | None = None, within: bool = True
) -> float:
    """Spearman correlation of the squared distances of `estimate` (n, D) and `truth` (n, d).

    With `classes` (n,), over pairs of items of one class alone (`within`), or of two. NaN where
    fewer than 3 such pairs exist or distances are all alike.
    """
    a, b = np.triu_indices(len(truth), 1)
    if classes is not None:
        same = classes[a] == classes[b]
        kept = same if within else ~same
        a, b = a[kept], b[kept]
    if len(a) < 3:
        return float("nan")
    found = ((estimate[a] - estimate[b]) ** 2).sum(1)
    true = ((truth[a] - truth[b]) ** 2).sum(1)
    if np.ptp(found) == 0 or np.ptp(true) == 0:
        return float("nan")
    return float(np.corrcoef(rankdata(found), rankdata(true))[0, 1])


def linear_probe(
    train: np.ndarray, labels: np.ndarray, test: np.ndarray, right: np.ndarray
) -> float:
    """Accuracy on `test` (m, D) of a ridge regression of one-hot `labels` (n,) on `train` (n, D).

    Raises `InputError` where fewer than 2 classes are labelled.
    """
    names, code = np.unique(labels, return_inverse=True)
    if len(names) < 2:
        raise InputError(f"labels name {len(names)} class; expected at least 2")
    centre = train.mean(0)
    x = train - centre
    target = np.eye(len(names))[code]
    gram = x.T @ x
    ridge = PROBE_RIDGE * np.trace(gram) / len(gram) + 1e-12
    weights = np.linalg.solve(gram + ridge * np.eye(len(gram)), x.T @ (target - target.mean(0)))
    scores = (test - centre) @ weights + target.mean(0)
    return float(np.mean(names[scores.argmax(1)] == right))


def few_shots(
    pool: np.ndarray, labels: np.ndarray, test: np.ndarray, right: np.ndarray, shots: int,
    seed: int,
) -> float:  # fmt: skip
    """Accuracy on `test` of the nearest centroid of `shots` items a class drawn from `pool`."""
    rng = np.random.default_rng(seed)
    names = np.unique(labels)
    centres = []
    for name in names:
        own = np.flatnonzero(labels == name)
        centres.append(pool[rng.permutation(own)[:shots]].mean(0))
    far = ((test[:, None] - np.stack(centres)) ** 2).sum(2)
    return float(np.mean(names[far.argmin(1)] == right))


def effective_dimension(z: np.ndarray) -> float:
    """Participation ratio of z (n, D): (sum lambda)^2 / sum lambda^2 of the covariance's
    eigenvalues, from 1 to D (0 where nothing varies)."""
    values = np.linalg.eigvalsh(np.cov(z.T).reshape(z.shape[1], z.shape[1]))
    return float(values.sum() ** 2 / np.sum(values**2)) if np.any(values > 0) else 0.0
