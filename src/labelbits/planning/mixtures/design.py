"""Which kind of label for which items: the design of least expected excess log loss.

The user's classifier is P(class | x) = softmax(W x), fitted with a penalty. Items fall into strata
by how ambiguous they look; of the money, items n_gs of stratum g are labelled with kind s, at the
cost c_s of one item labelled that way and worth k_gs single votes each. The criterion is what the
classifier then loses on new items (`excess`): variance and the squared bias of the penalty, which
is most of it wherever the penalty counts. Its minimum over the polytope of purchases is found by
sequential quadratic programming, with the criterion's curvatures taken anew at each round
(V-optimal design: Chaloner and Verdinelli 1995, Statistical Science 10; Pukelsheim 2006, Optimal
Design of Experiments). Every stratum keeps its share of the items: which items are labelled stays
random, which kind of label each gets is designed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from labelbits.planning.mixtures.excess import Excess, Population, excess_loss

#: Entries of W that a design is worked out on, at most: its cost grows with their cube.
LARGEST = 220
#: A share of a stratum's items below this is not worth a second interface for the annotators.
LEAST_SHARE = 0.05
#: Rounds of curvatures and shares in turn, and the change of a share that counts as settled.
ROUNDS, SETTLED = 4, 0.01


@dataclass(frozen=True)
class LabelDesign:
    """`fractions` (strata, kinds) of each stratum's items, rows summing to 1; `loss` the expected
    excess log loss in nats and `single` (kinds,) that of each kind alone, for the same money."""

    fractions: np.ndarray
    loss: float
    single: np.ndarray


def reduced(features: np.ndarray, classes: int) -> np.ndarray:
    """The first principal components and a column of ones, as many as a design can hold.

    Turned and cut but not scaled, so that a penalty means what it did.
    """
    room = max(2, LARGEST // classes - 1)
    centred = features - features.mean(0)
    if centred.shape[1] > room:
        axes = np.linalg.svd(centred[: 4 * LARGEST], full_matrices=False)[2][:room]
        centred = centred @ axes.T
    return np.column_stack([centred, np.ones(len(centred))]).astype(np.float64)


def best_design(
    population: Population, worth: np.ndarray, cost: np.ndarray, money: float, ridge: float
) -> LabelDesign:
    """The fractions of least expected excess log loss.

    `worth` (G, S) is k_gs, `cost` (S,) the money for one item, `ridge` the penalty for each item:
    times the items that the money buys at the mean cost it is the penalty beside the sum over
    votes.
    """
    strata, kinds = worth.shape
    sizes = population.sizes
    rho = ridge * money / float(cost.mean())

    def bought(fractions: np.ndarray) -> np.ndarray:
        """Items of each stratum and kind for all the money, (G, S)."""
        shares = sizes[:, None] * fractions
        return money / float((shares * cost).sum()) * shares

    def loss(fractions: np.ndarray) -> float:
        return excess_loss(population, bought(fractions), worth, rho)

    alone = [np.tile(row, (strata, 1)) for row in np.eye(kinds)]
    single = np.array([loss(fractions) for fractions in alone])
    fractions, w = np.full((strata, kinds), 1 / kinds), None
    for _ in range(ROUNDS):
        around = Excess(population, bought(fractions), worth, rho, w)
        w = around.w
        before, fractions = fractions, _shares(around, bought(fractions), cost, money)
        if np.abs(fractions - before).max() < SETTLED:
            break
    fractions = np.where(fractions < LEAST_SHARE, 0, fractions)
    fractions /= fractions.sum(1, keepdims=True)
    found = loss(fractions)
    if found > single.min():
        # Not convex with the bias in it: what is known to be better is kept.
        best = int(single.argmin())
        return LabelDesign(alone[best], float(single[best]), single)
    return LabelDesign(fractions, found, single)


def _shares(around: Excess, start: np.ndarray, cost: np.ndarray, money: float) -> np.ndarray:
    """The fractions of least loss, from `start` (G, S) items, curvatures as they are `around`."""
    strata, kinds = start.shape
    sizes = around.population.sizes
    scale = money / float(cost.mean())
    # Equal shares of every stratum: n_g / size_g is the same for all g.
    equal = np.zeros((strata - 1, strata * kinds))
    for g in range(strata - 1):
        equal[g, g * kinds : (g + 1) * kinds] = 1 / sizes[g]
        equal[g, (g + 1) * kinds : (g + 2) * kinds] = -1 / sizes[g + 1]
    spend = np.tile(cost, strata) * scale / money
    top = around.value_and_slope(start)[0]

    def objective(n: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = around.value_and_slope(n.reshape(strata, kinds) * scale)
        return value / top, slope.ravel() * scale / top

    found = minimize(
        objective,
        start.ravel() / scale,
        jac=True,
        method="SLSQP",
        bounds=[(0, None)] * start.size,
        constraints=[
            {"type": "eq", "fun": lambda n: equal @ n, "jac": lambda n: equal},
            {"type": "eq", "fun": lambda n: spend @ n - 1, "jac": lambda n: spend},
        ],
        options={"maxiter": 80, "ftol": 1e-7},
    )
    n = np.clip(found.x.reshape(strata, kinds), 0, None)
    return n / np.maximum(n.sum(1, keepdims=True), 1e-12)
