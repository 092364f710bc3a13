"""Which kind of label for which items: V-optimal design on the Fisher information of a classifier.

The user's classifier is P(class | x) = softmax(W x). To first order its excess log loss on new
items is 1/2 tr(V M^-1), with M the information that the answers carry about W and V the average
Fisher information of one item, the weight that log loss gives to errors of W. Items fall into
strata by how ambiguous they look; w_gs is the share of the money spent on kind s in stratum g:

    M(w) = ridge + sum_gs w_gs (money / c_s) k_gs A_g,   A_g = E_g[(diag p - p p') (x) x x'],

c_s the cost of one item labelled that way and k_gs the worth of the answers on it in single votes.
tr(V M^-1) is convex in w (it is convex in M and M is linear in w), so that the minimum over the
polytope of shares is global; it is found by sequential quadratic programming (Chaloner and
Verdinelli 1995, Statistical Science 10; Pukelsheim 2006, Optimal Design of Experiments). Every
stratum keeps its share of the items: which items are labelled stays random, which kind of label
each gets is designed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

#: Entries of W that a design is worked out on, at most: its cost grows with their cube.
LARGEST = 220
#: A share of a stratum's items below this is not worth a second interface for the annotators.
LEAST_SHARE = 0.05


@dataclass(frozen=True)
class LabelDesign:
    """`fractions` (strata, kinds) of each stratum's items, rows summing to 1; `loss` the expected
    excess log loss in nats and `single` (kinds,) that of each kind alone, for the same money."""

    fractions: np.ndarray
    loss: float
    single: np.ndarray


def item_information(probabilities: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Average of (diag p - p p') (x) x x' over items: (K r, K r) from (n, K) and (n, r)."""
    n, k = probabilities.shape
    r = features.shape[1]
    h = -probabilities[:, :, None] * probabilities[:, None, :]
    h[:, np.arange(k), np.arange(k)] += probabilities
    pairs = (features[:, :, None] * features[:, None, :]).reshape(n, r * r)
    total = (h.reshape(n, k * k).T @ pairs / n).reshape(k, k, r, r)
    return total.transpose(0, 2, 1, 3).reshape(k * r, k * r)


def reduced(features: np.ndarray, classes: int) -> np.ndarray:
    """The first principal components and a column of ones, as many as a design can hold."""
    room = max(2, LARGEST // classes - 1)
    centred = features - features.mean(0)
    if centred.shape[1] > room:
        axes = np.linalg.svd(centred[: 4 * LARGEST], full_matrices=False)[2][:room]
        centred = centred @ axes.T
    centred = centred / max(float(np.sqrt((centred**2).mean())), 1e-12)
    return np.column_stack([centred, np.ones(len(centred))])


def best_design(
    information: list[np.ndarray],
    sizes: np.ndarray,
    worth: np.ndarray,
    cost: np.ndarray,
    money: float,
    ridge: float,
) -> LabelDesign:
    """The V-optimal fractions.

    `information` holds A_g of each stratum, `sizes` (G,) their shares of the items, `worth`
    (G, S) k_gs, `cost` (S,) of one item, `ridge` the penalty for each item (times the items that
    the money buys it is the prior precision of W).
    """
    strata, kinds = worth.shape
    v = np.tensordot(sizes, np.stack(information), 1)
    prior = ridge * money / cost.mean() * np.eye(len(v))

    def value_and_slope(n: np.ndarray) -> tuple[float, np.ndarray]:
        """Loss at n (G x S,) items of each stratum and kind, and its derivative."""
        each = (n.reshape(strata, kinds) * worth).sum(1)
        inverse = np.linalg.inv(prior + np.tensordot(each, np.stack(information), 1))
        middle = inverse @ v @ inverse
        fall = np.array([np.sum(middle * a) for a in information])
        return 0.5 * float(np.sum(inverse * v)), -0.5 * (fall[:, None] * worth).ravel()

    def bought(fractions: np.ndarray) -> np.ndarray:
        """Items of each stratum and kind for all the money."""
        shares = sizes[:, None] * fractions
        return (money / float((shares * cost).sum()) * shares).ravel()

    single = np.array(
        [value_and_slope(bought(np.tile(row, (strata, 1))))[0] for row in np.eye(kinds)]
    )
    scale = money / cost.mean()
    start = bought(np.full((strata, kinds), 1 / kinds)) / scale
    # Equal shares of every stratum: n_g / size_g is the same for all g.
    equal = np.zeros((strata - 1, strata * kinds))
    for g in range(strata - 1):
        equal[g, g * kinds : (g + 1) * kinds] = 1 / sizes[g]
        equal[g, (g + 1) * kinds : (g + 2) * kinds] = -1 / sizes[g + 1]
    spend = np.tile(cost, strata) * scale / money
    top = float(single.min())

    def objective(n: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = value_and_slope(n * scale)
        return value / top, slope * scale / top

    found = minimize(
        objective,
        start,
        jac=True,
        method="SLSQP",
        bounds=[(0, None)] * len(start),
        constraints=[
            {"type": "eq", "fun": lambda n: equal @ n, "jac": lambda n: equal},
            {"type": "eq", "fun": lambda n: spend @ n - 1, "jac": lambda n: spend},
        ],
        options={"maxiter": 80, "ftol": 1e-7},
    )
    n = np.clip(found.x.reshape(strata, kinds), 0, None)
    fractions = n / np.maximum(n.sum(1, keepdims=True), 1e-12)
    fractions = np.where(fractions < LEAST_SHARE, 0, fractions)
    fractions /= fractions.sum(1, keepdims=True)
    return LabelDesign(fractions, value_and_slope(bought(fractions))[0], single)
