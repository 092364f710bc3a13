"""The likelihood of answers that name one class each, over all orders of the prototypes at once.

Prototypes are exchangeable, so what counts about an item is how often its classes were named, not
which: counts c_1 >= ... >= c_d beside the count c_0 of the true class, where that is known. In a
world where class k is named with probability p_k the likelihood is, up to a factor that no
parameter moves, p_true^c_0 times the sum over all different classes k_1 ... k_d of
p_k_1^c_1 ... p_k_d^c_d. Power sums P_r = sum_k p_k^r give that sum exactly:

    m(c_1, ..., c_d) = P_c_d m(c_1, ..., c_(d-1)) - sum_j m(c_1, ..., c_j + c_d, ..., c_(d-1)).

A lapse replaces p_k by (1 - lapse) p_k + lapse / K, whose power sums follow by the binomial
theorem: no class is looked at again.
"""

from __future__ import annotations

import math

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from labelbits.annotators.noise.likelihood import Score, channel_at
from labelbits.interface import Signal

#: Below this a sum of products is lost in rounding.
LEAST = 1e-16
#: Count of the true class, -1 where it is not known, and the other classes' counts, largest first.
Pattern = tuple[int, tuple[int, ...]]


def symmetric_likelihood(
    signal: Signal, d2: np.ndarray, answer: np.ndarray, item: np.ndarray, gold: np.ndarray
) -> Score:
    """The `Score` of answers (n,) that name a class of items (n,) with `gold` (items,), -1 unknown.

    `d2` (worlds, K) are squared distances of an item from the prototypes in sampled worlds.
    """
    k = d2.shape[1]
    counts = np.zeros((len(gold), k), dtype=int)
    np.add.at(counts, (item, answer), 1)
    patterns: dict[Pattern, int] = {}
    of_item = np.empty(len(gold), dtype=int)
    for row, true in enumerate(gold):
        named = counts[row]
        right = -1 if true < 0 else int(named[true])
        rest = named[(named > 0) & (np.arange(k) != true)]
        key = right, tuple(sorted(map(int, rest), reverse=True))
        of_item[row] = patterns.setdefault(key, len(patterns))
    most = int(counts.sum(1).max())
    nearest = d2.argmin(1)
    worlds = jnp.asarray(d2, jnp.float32)

    def score(params: np.ndarray, lapses: np.ndarray) -> np.ndarray:
        p = np.exp(np.asarray(_table(signal, jnp.asarray(params, jnp.float32), worlds), float))
        p /= p.sum(1, keepdims=True)
        true = p[np.arange(len(p)), nearest]
        others = p.copy()
        others[np.arange(len(p)), nearest] = 0.0
        sums = [np.array([(x**r).sum(1) for r in range(most + 1)]) for x in (p, others)]
        sums[0][0], sums[1][0] = k, k - 1
        out = np.empty((len(lapses), len(patterns)))
        for row, lapse in enumerate(lapses):
            all_of, rest_of = (_Product(_with_lapse(part, lapse, k)) for part in sums)
            said_true = (1 - lapse) * true + lapse / k
            for (right, rest), place in patterns.items():
                value = all_of(rest) if right < 0 else said_true**right * rest_of(rest)
                out[row, place] = math.log(max(float(np.mean(value)), LEAST))
        return out[:, of_item]

    return score


@eqx.filter_jit
def _table(signal: Signal, params: Array, d2: Array) -> Array:
    """ln probability of each class (worlds, K), without lapse."""
    return channel_at(signal, params, 0.0).log_table(d2)  # type: ignore[attr-defined]


def _with_lapse(sums: np.ndarray, lapse: float, k: int) -> np.ndarray:
    """Power sums (powers, worlds) of (1 - lapse) p + lapse / K."""
    kept, guess = 1 - lapse, lapse / k
    return np.array(
        [
            sum(math.comb(r, s) * kept**s * guess ** (r - s) * sums[s] for s in range(r + 1))
            for r in range(len(sums))
        ]
    )


class _Product:
    """counts -> sum over different classes of the products of powers, (worlds,).

    No function that calls itself: such a one holds itself and its arrays, hundreds of megabytes a
    fit, until garbage is looked for.
    """

    def __init__(self, sums: np.ndarray) -> None:
        self.sums = sums
        self.known: dict[tuple[int, ...], np.ndarray] = {(): np.ones(sums.shape[1])}

    def __call__(self, counts: tuple[int, ...]) -> np.ndarray:
        if counts not in self.known:
            *first, last = counts
            value = self.sums[last] * self(tuple(first))
            for j in range(len(first)):
                merged = sorted([*first[:j], first[j] + last, *first[j + 1 :]], reverse=True)
                value = value - self(tuple(merged))
            self.known[counts] = np.maximum(value, 0.0)
        return self.known[counts]
