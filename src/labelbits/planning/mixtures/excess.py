"""Expected excess log loss of a classifier that is shrunk: variance and squared bias.

The classifier P(class | x) = softmax(W x) is fitted with a penalty, rho/2 |W|^2 beside the sum over
answers, each weighing what it is worth in votes. With p the true probabilities of an item,
q = softmax(W_rho x), and sums over the items bought (n of them, worth k each),

    sum n k (q - p) (x) x + rho W_rho = 0          (where the fit ends on average)
    M = sum n k (diag q - q q') (x) x x' + rho,     V the same, averaged over new items, no rho
    J = sum n k (diag p - p p') (x) x x' + n k^2 cov[(q - p) (x) x]
    excess = L(W_rho) - L(W_0) + 1/2 tr(V M^-1 J M^-1) / (1 - d / (n (K - 1))),
    d = tr[(M^-1 (M - rho))^2]

L the log loss on new items and W_0 its minimum: the bias of shrinkage exactly, the variance as in
White (1982, Econometrica 50), about W_rho. Its divisor is that of ridge regression on n random
items, whose d degrees of freedom bend to those that were drawn (Hastie, Montanari, Rosset and
Tibshirani 2022, Annals of Statistics 50). 1/2 tr(V M^-1) is what is left where W was drawn from
N(0, 1/rho): for the W at hand simulated losses are 2 to 9 times as large at a ridge of .01 with
2000 items, 25 to 92 times at .1. With 100 items the criterion is still too small by up to .3, and
by .5 among ten classes, of which some are then hardly seen (benchmarks/label_design.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

#: Newton steps at most, and the nats a vote, foretold of the next, at which they end: its length
#: does not tell, as the intercepts of all classes wander together by rounding alone.
STEPS, SETTLED = 50, 1e-13
#: Share of the mean curvature added to every direction: the same number added to the intercepts of
#: all classes changes nothing and has none of its own.
SMALL = 1e-9
#: Largest share of degrees of freedom in the items: where it is more, no criterion holds.
MOST_BENT = 0.8


@dataclass(frozen=True)
class Population:
    """New items: `features` (items, r), the last column ones, `probabilities` (items, K), stratum
    `of` (items,), and the `sizes` (G,) of strata as shares of all items."""

    features: np.ndarray
    probabilities: np.ndarray
    of: np.ndarray
    sizes: np.ndarray

    def __post_init__(self) -> None:
        # Fits are in float32: what the sums miss of 1 would be a slope that nothing levels out.
        exact = self.probabilities / self.probabilities.sum(1, keepdims=True, dtype=float)
        object.__setattr__(self, "probabilities", exact)

    @property
    def coordinates(self) -> int:
        """Entries of W."""
        return self.probabilities.shape[1] * self.features.shape[1]

    @cached_property
    def parts(self) -> list[np.ndarray]:
        """Rows of each stratum: all rows where a stratum has hardly any."""
        rows = [np.flatnonzero(self.of == g) for g in range(len(self.sizes))]
        return [part if len(part) > 1 else np.arange(len(self.of)) for part in rows]

    @cached_property
    def penalty(self) -> np.ndarray:
        """1 for every entry of W, 0 for intercepts."""
        ones = np.ones((self.probabilities.shape[1], self.features.shape[1]))
        ones[:, -1] = 0
        return ones.ravel()

    def predicted(self, w: np.ndarray) -> np.ndarray:
        """softmax(W x) of every item, (items, K), W flat."""
        z = self.features @ w.reshape(self.probabilities.shape[1], -1).T
        z = np.exp(z - z.max(1, keepdims=True))
        return z / z.sum(1, keepdims=True)

    def loss(self, w: np.ndarray) -> np.ndarray:
        """Log loss of W in nats, averaged over each stratum, (G,)."""
        q = np.maximum(self.predicted(w), 1e-300)
        each = -(self.probabilities * np.log(q)).sum(1)
        return np.array([each[part].mean() for part in self.parts])

    @cached_property
    def noise(self) -> np.ndarray:
        """Covariance of one vote's score in each stratum, (G, K r, K r)."""
        return np.stack(
            [item_information(self.probabilities[i], self.features[i]) for i in self.parts]
        )

    def information(self, w: np.ndarray) -> np.ndarray:
        """Curvature of one vote's log loss at W in each stratum, (G, K r, K r)."""
        q = self.predicted(w)
        return np.stack([item_information(q[i], self.features[i]) for i in self.parts])

    def misfits(self, w: np.ndarray) -> np.ndarray:
        """(q - p) (x) x of every item, (items, K r)."""
        gap = self.predicted(w) - self.probabilities
        return (gap[:, :, None] * self.features[:, None, :]).reshape(len(gap), -1)

    @cached_property
    def best(self) -> np.ndarray:
        """W_0, the weights of least loss, flat."""
        return self.shrunk(self.sizes, 1e-6)

    def shrunk(self, votes: np.ndarray, rho: float, start: np.ndarray | None = None) -> np.ndarray:
        """W_rho for `votes` (G,) on the items of each stratum, flat; Newton's method."""
        w = np.zeros(self.coordinates) if start is None else start

        def value(w: np.ndarray) -> float:
            return float(votes @ self.loss(w)) + 0.5 * rho * float(self.penalty @ w**2)

        now = value(w)
        for _ in range(STEPS):
            each = self.misfits(w)
            slope = sum(n * each[part].mean(0) for n, part in zip(votes, self.parts, strict=True))
            slope = slope + rho * self.penalty * w
            step = np.linalg.solve(self.curvature(self.information(w), votes, rho), slope)
            size = 1.0
            while (new := value(w - size * step)) > now and size > 1e-6:
                size /= 2
            w, now = w - size * step, min(new, now)
            if float(slope @ step) < SETTLED * votes.sum():
                break
        return w

    def curvature(self, information: np.ndarray, votes: np.ndarray, rho: float) -> np.ndarray:
        """M for `votes` (G,), from the information of one vote (G, K r, K r)."""
        m = np.tensordot(votes, information, 1)
        return m + np.diag(rho * self.penalty + SMALL * np.trace(m) / len(m))


def item_information(probabilities: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Average of (diag p - p p') (x) x x' over items: (K r, K r) from (n, K) and (n, r)."""
    n, k = probabilities.shape
    r = features.shape[1]
    h = -probabilities[:, :, None] * probabilities[:, None, :]
    h[:, np.arange(k), np.arange(k)] += probabilities
    pairs = (features[:, :, None] * features[:, None, :]).reshape(n, r * r)
    total = (h.reshape(n, k * k).T @ pairs / n).reshape(k, k, r, r)
    return total.transpose(0, 2, 1, 3).reshape(k * r, k * r)


class Excess:
    """The excess loss as a function of the items bought, its curvatures taken at one W_rho.

    Exact there (`value(items)` of the items it was made for); elsewhere W_rho moves by one step of
    Newton's method.
    """

    def __init__(
        self, population: Population, items: np.ndarray, worth: np.ndarray, rho: float,
        start: np.ndarray | None = None,
    ) -> None:  # fmt: skip
        self.population, self.worth, self.rho = population, worth, rho
        self.w = w = population.shrunk((items * worth).sum(1), rho, start)
        self.information = population.information(w)
        each = population.misfits(w)
        self.misfit = np.stack([each[part].mean(0) for part in population.parts])
        self.spread = np.stack([np.cov(each[p], rowvar=False, bias=True) for p in population.parts])
        sizes = population.sizes
        self.v = np.tensordot(sizes, self.information, 1)
        self.slope = sizes @ self.misfit
        self.bias = float(sizes @ (population.loss(w) - population.loss(population.best)))

    def value_and_slope(self, items: np.ndarray) -> tuple[float, np.ndarray]:
        """Nats at `items` (G, S) of each stratum and kind, and the derivative, (G, S)."""
        votes, twice = (items * self.worth).sum(1), (items * self.worth**2).sum(1)
        population = self.population
        inverse = np.linalg.inv(population.curvature(self.information, votes, self.rho))
        noise = np.tensordot(votes, population.noise, 1) + np.tensordot(twice, self.spread, 1)
        left = inverse @ self.v
        middle = left @ inverse  # M^-1 V M^-1
        pull = votes @ self.misfit + self.rho * population.penalty * self.w
        move = -inverse @ pull
        value = self.bias + self.slope @ move + 0.5 * move @ self.v @ move
        variance = 0.5 * float(np.sum(middle * noise))
        more, uphill_more = self._bent(items, votes, inverse)
        value += more * variance
        uphill = inverse @ (self.slope + self.v @ move)
        across = middle @ noise @ inverse  # tr(F M^-1 J M^-1 V M^-1) is what F takes away
        fall = np.array(
            [
                more * (0.5 * np.sum(middle * own) - np.sum(across * f)) - uphill @ (f @ move + s)
                for own, f, s in zip(population.noise, self.information, self.misfit, strict=True)
            ]
        )
        rise = 0.5 * more * np.array([np.sum(middle * each) for each in self.spread])
        slope = fall[:, None] * self.worth + rise[:, None] * self.worth**2
        return float(value), slope + variance * uphill_more

    def _bent(
        self, items: np.ndarray, votes: np.ndarray, inverse: np.ndarray
    ) -> tuple[float, np.ndarray]:
        """1 / (1 - d / (n (K - 1))), and its derivative, (G, S)."""
        count = float(items.sum()) * (self.population.probabilities.shape[1] - 1)
        told = inverse @ np.tensordot(votes, self.information, 1)
        share = float(np.sum(told * told.T)) / count
        if share > MOST_BENT:
            return 1 / (1 - MOST_BENT), np.zeros_like(self.worth)
        # d tr(T T) = 2 tr[T M^-1 F (1 - T)] for T = M^-1 (M - rho).
        left = ((np.eye(len(told)) - told) @ told @ inverse).T
        each = np.array([2 * np.sum(left * f) for f in self.information]) / count
        growth = each[:, None] * self.worth - share / float(items.sum())
        return 1 / (1 - share), growth / (1 - share) ** 2


def excess_loss(population: Population, items: np.ndarray, worth: np.ndarray, rho: float) -> float:
    """Expected excess log loss in nats after `items` (G, S) of each stratum and kind, each answer
    worth `worth` (G, S) votes, with the penalty `rho`/2 |W|^2 beside the sum over votes."""
    return Excess(population, items, worth, rho).value_and_slope(items)[0]
