"""Quality of predicted class probabilities against a reference, item by item.

The mean of the values is the quality; their spread over items is its variance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labelbits.errors import InputError

#: No probability below this enters a cross-entropy: one wrong item may not decide a curve.
FLOOR = 1e-6
#: Fewer test items than this in a bin, and its gap is mostly chance.
LEAST_IN_BIN = 20


def right_values(log_p: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """1 (..., n) where the most probable class is the reference's, else 0; their mean is accuracy.

    `log_p` (..., K, n) predicted ln probabilities, `reference` (n, K) probabilities.
    """
    return (log_p.argmax(-2) == reference.argmax(1)).astype(np.float32)


def surprise_values(log_p: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """-sum_k reference_k ln p_k in nats (..., n), p mixed with `FLOOR` of uniform.

    Their mean is the cross-entropy. Shapes as in `right_values`.
    """
    k = reference.shape[1]
    floored = np.logaddexp(log_p, np.float32(np.log(FLOOR / k)))
    return -np.einsum("...kn,nk->...n", floored, reference.astype(np.float32))


def recall_values(log_p: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Value (n,) of every prediction; their mean is the balanced accuracy.

    Balanced accuracy is the mean over the classes that occur of the share of their items that are
    predicted right (Brodersen, Ong, Stephan and Buhmann 2010): with n_k items of class k among n
    and C classes that occur, an item of class k counts n / (C n_k) where it is right. `log_p`
    (K, n), `reference` (n, K); an item's class is the reference's most probable one.
    """
    right = reference.argmax(1)
    share = np.bincount(right, minlength=reference.shape[1])
    correct = log_p.argmax(-2) == right
    return correct * len(right) / (np.count_nonzero(share) * share[right])


def f1_values(log_p: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Value (n,) of every prediction; their mean is the macro-F1.

    F1 of class k is F_k = 2 b_k / (a_k + c_k): a_k predictions of k, c_k items of k, b_k both; the
    macro-F1 is their mean over the C classes that occur in either. An item is worth that mean plus
    its influence on it,

        n / C sum_k (2 [both k] - F_k ([predicted k] + [is k])) / (a_k + c_k),

    so that the spread of values gives the variance (influences sum to 0). Shapes as in
    `recall_values`.
    """
    right, said = reference.argmax(1), log_p.argmax(-2)
    k = reference.shape[1]
    agreed = right == said
    either = np.bincount(right, minlength=k) + np.bincount(said, minlength=k)
    both = np.bincount(right[agreed], minlength=k)
    present = np.maximum(either, 1)
    f1 = 2 * both / present
    classes = np.count_nonzero(either)
    influence = 2 * agreed / present[right] - (f1 / present)[right] - (f1 / present)[said]
    return f1.sum() / classes + len(right) / classes * influence


def calibration_values(
    proba: np.ndarray, reference: np.ndarray, item: np.ndarray, bins: int = 15
) -> np.ndarray:
    """Value (n,) of every prediction; their mean is the expected calibration error, less its bias.

    That error in [0, 1] is the mean |confidence - accuracy| over bins of equal counts (Nguyen and
    O'Connor 2015; confident classifiers leave most bins of equal width empty). `proba` and
    `reference` are (n, K); the accuracy of an item is the reference's probability of the predicted
    class. `item` (n,) says which test item each prediction is about; an item may be predicted
    several times. With d_b the mean gap confidence - accuracy of bin b, the error sum_b w_b |d_b|
    is the mean of |d_b| + gap_i - d_b over predictions, so that resampling items gives its variance
    (with the sign of d_b before the last two, items that change sign from pass to pass of a
    cross-validation would seem not to vary). The error is too large by what chance puts into each
    |d_b|. With v_b the variance of d_b, from the spread of whole items, sum_b w_b (d_b^2 - v_b) has
    no such bias (Kumar, Liang and Ma 2019, Verified uncertainty calibration), so the error is
    multiplied by

        sqrt(1 - sum_b w_b v_b / sum_b w_b d_b^2),

    0 where chance explains it all, and every value is lowered by what that takes off: the spread of
    values stays, because how little is left is no better known. A bin holds `LEAST_IN_BIN` items or
    more.
    """
    gap = _gaps(proba, reference)
    tested = len(np.unique(item))
    count = min(bins, max(1, tested // LEAST_IN_BIN))
    values = np.empty(len(proba))
    squares = chance = 0.0
    for part in np.array_split(gap.order, count):
        mean = gap.value[part].mean()
        values[part] = gap.value[part] - mean + abs(mean)
        _, own = np.unique(item[part], return_inverse=True)
        sums = np.bincount(own, gap.value[part] - mean)
        items = len(sums)
        squares += len(part) * mean**2
        chance += len(part) * (sums @ sums) / len(part) ** 2 * items / max(items - 1, 1)
    left = np.sqrt(max(0.0, 1 - chance / squares)) if squares > 0 else 0.0
    return values - (1 - left) * values.mean()


@dataclass(frozen=True)
class _Gaps:
    """Confidence less accuracy of every prediction, and the order of rising confidence."""

    value: np.ndarray
    order: np.ndarray


def _gaps(proba: np.ndarray, reference: np.ndarray) -> _Gaps:
    best = proba.argmax(1)
    index = np.arange(len(proba))
    confidence = proba[index, best]
    return _Gaps(confidence - reference[index, best], np.argsort(confidence, kind="stable"))


def alignment(
    proba: np.ndarray, reference: np.ndarray, pairs: int = 20_000, seed: int = 0
) -> float:
    """Spearman correlation of distances between items, predicted against reference, in [-1, 1].

    Distances are Hellinger distances between the items' class distributions, over `pairs` random
    pairs of items (all pairs where they are fewer).
    """
    return float(alignment_values(proba, reference, pairs, seed).mean())


def alignment_values(
    proba: np.ndarray, reference: np.ndarray, pairs: int = 20_000, seed: int = 0
) -> np.ndarray:
    """Value (n,) of every item; their mean is the alignment, their variance over n its own.

    The value of item i is r + 2 mean psi over the pairs that it is in, with psi the influence of a
    pair on the correlation r = c / sqrt(v_F v_G) of the mid-ranks F and G of the two distances
    (infinitesimal jackknife of a mean over pairs): with k(x, X) = 1 for X > x and 1/2 for X = x,

        psi = psi_c / sqrt(v_F v_G) - r / 2 (phi_F / v_F + phi_G / v_G),
        psi_c = F G + E[k(x, X) G] + E[F k(y, Y)] - 3 E[F G],
        phi_F = F^2 + 2 E[F k(x, X)] - 3 E[F^2].

    Where pairs are drawn, chance among them counts about twice: the variance errs on the wide side.
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
    first, second = (_MidRanks(_hellinger(table, a, b)) for table in (proba, reference))
    f, g = first.share, second.share
    v_f, v_g = f.var(), g.var()
    if not (v_f > 0 and v_g > 0):
        return np.zeros(n)
    both = f * g
    r = (both.mean() - 0.25) / np.sqrt(v_f * v_g)
    psi_c = both + first.above(g) + second.above(f) - 3 * both.mean()
    phi = [
        (rank.share**2 + 2 * rank.above(rank.share) - 3 * np.mean(rank.share**2)) / v
        for rank, v in ((first, v_f), (second, v_g))
    ]
    psi = psi_c / np.sqrt(v_f * v_g) - r / 2 * (phi[0] + phi[1])
    total = np.bincount(a, psi, n) + np.bincount(b, psi, n)
    return r + total * n / len(a)


def _hellinger(table: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Hellinger distances, but for a factor, of rows `a` from rows `b`."""
    root = np.sqrt(np.maximum(table, 0))
    return np.linalg.norm(root[a] - root[b], axis=1)


class _MidRanks:
    """Mid-ranks of `x` (P,) as shares of P (their mean is 1/2)."""

    def __init__(self, x: np.ndarray) -> None:
        _, self.place, self.count = np.unique(x, return_inverse=True, return_counts=True)
        below = np.cumsum(self.count) - self.count
        self.share = ((below + self.count / 2) / len(x))[self.place]

    def above(self, weight: np.ndarray) -> np.ndarray:
        """E[k(x, X) weight] (P,): weights of larger values, and half of those of equal ones."""
        sums = np.bincount(self.place, weight, len(self.count))
        return ((sums.sum() - np.cumsum(sums) + sums / 2) / len(weight))[self.place]
