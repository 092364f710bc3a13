"""Accuracy of few test items, measured with less luck: what the probabilities expect.

Whether a prediction is right is a coin toss; how probable the classifier holds it to be says more.
The probabilities are first recalibrated on the tested items, by two parameters of the log-linear
model

    q_k proportional to p_k^a f_k^b,

a (temperature) and b (pull to the frequencies f of the classes) of greatest likelihood. Where that
model holds, mean max_k q_k estimates the accuracy with the least variance that the items allow (it
is its maximum likelihood estimate): 0.75 to 0.85 of the standard error of counting, in simulations
with 2 to 26 classes. Where it does not hold it is biased, so counting keeps the share

    w = tau^2 / (tau^2 + variance of the difference),

tau the bias to be expected, more where the difference itself is larger than its luck explains: many
items are counted, few are assisted.
"""

from __future__ import annotations

import numpy as np

#: Standard deviation of the bias of the recalibrated confidence.
BIAS = 0.02
#: Pull of (a, b) to (1, 0), in items: without it, perfect predictions have no finite optimum.
RIDGE = 0.1


def assisted_accuracy(
    log_p: np.ndarray, right: np.ndarray, item: np.ndarray, items: int, widening: float
) -> np.ndarray:
    """Value (n,) of every prediction; their mean over all predictions is the accuracy.

    `log_p` (n, K) predicted ln probabilities, `right` (n,) the class, `item` (n,) which of the
    `items` test items each is about (an item is predicted several times, by several training
    sets). `widening` is the factor on standard errors for cross-validation. Values hold, beside
    the confidence of each prediction, its influence on the recalibration, so that resampling items
    gives the variance of the whole estimate.
    """
    n, classes = log_p.shape
    rows = np.arange(n)
    correct = (log_p.argmax(1) == right).astype(np.float64)
    share = np.bincount(right, minlength=classes) + 0.5
    frequent = np.broadcast_to(np.log(share / share.sum()), log_p.shape)
    describe = np.stack([log_p.astype(np.float64), frequent])
    theta, information = _recalibrated(describe, right, RIDGE * n / items)
    q = _softmax(theta, describe)
    mean = np.einsum("jnk,nk->jn", describe, q)
    # The predicted class is that of the classifier, whatever the recalibration prefers.
    picked = log_p.argmax(1)
    confidence = q[rows, picked]
    slope = (confidence * (describe[:, rows, picked] - mean)).mean(1)
    score = describe[:, rows, right] - mean
    influence = n * np.linalg.solve(information, score - score.mean(1, keepdims=True))
    expected = confidence + slope @ influence
    times = np.bincount(item, minlength=items)
    tested = times > 0
    difference = np.bincount(item, correct - expected, items)[tested] / times[tested]
    variance = widening**2 * difference.var() / len(difference)
    # What is beyond the difference's own luck is bias (positive part, as in Stein's estimator).
    bias2 = max(BIAS**2, difference.mean() ** 2 - 2 * variance)
    counted = bias2 / (bias2 + variance)
    return counted * correct + (1 - counted) * expected


def _recalibrated(
    describe: np.ndarray, right: np.ndarray, ridge: float
) -> tuple[np.ndarray, np.ndarray]:
    """(a, b) of greatest likelihood by Newton's method, and the information (2, 2) about them."""
    rows, theta = np.arange(len(right)), np.array([1.0, 0.0])
    information = np.eye(2)
    for _ in range(30):
        q = _softmax(theta, describe)
        mean = np.einsum("jnk,nk->jn", describe, q)
        centred = describe - mean[..., None]
        information = np.einsum("ink,jnk,nk->ij", centred, centred, q, optimize=True)
        information += ridge * np.eye(2)
        score = (describe[:, rows, right] - mean).sum(1) - ridge * (theta - [1.0, 0.0])
        step = np.linalg.solve(information, score)
        step *= min(1.0, 0.5 / max(np.abs(step).max(), 1e-12))
        theta = np.maximum(theta + step, [0.02, -5.0])
        if np.abs(step).max() < 1e-5:
            break
    return theta, information


def _softmax(theta: np.ndarray, describe: np.ndarray) -> np.ndarray:
    z = np.einsum("j,jnk->nk", theta, describe)
    z -= z.max(1, keepdims=True)
    p = np.exp(z)
    return p / p.sum(1, keepdims=True)
