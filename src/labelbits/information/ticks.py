"""Bits of a set of ticks about the geometry: one-dimensional integrals, however many classes.

Given the item's radius the squared distances to the prototypes of a normal world are independent
with one law, so before the annotator looks again each class is ticked on its own, with
q = sigma(x), x = precision (threshold - d2). What couples the ticks is that a set is not empty,
the factor 1 / (1 - e), e = prod_k (1 - q_k). With 1 / (1 - e) = sum_j e^j every mean over the
prototypes is a sum over j = 0, 1, ... of powers of means over one distance,

    M_j = E (1-q)^j,   a_j = E q (1-q)^j = M_j - M_{j+1},
    P(n ticks)        = sum_j C(K, n) a_j^n M_{j+1}^(K-n),
    E H(set | points) = K E h(q) - sum_{j>=1} [M_j^K / j + K M_j^(K-1) E q x (1-q)^j],

h the binary entropy, from H = (sum_k h(q_k) - h(e)) / (1 - e). Sets of one size are equally likely.
Terms are smooth in ln j, so that the sum is taken one by one up to `ONE_BY_ONE` and by an integral
over ln j beyond, however close to 1 the chance of an empty set is.

A lapse is a set drawn from all 2^K - 1: with I_0 the bits without it and L whether it lapsed,
I = (1 - lapse) I_0 - H(L | set) + H(L | set, points). The first two terms are known. The last is
below 2 ln 2 sqrt(lapse (1 - lapse)) E sum_S sqrt(P(S) U(S)) nats: nothing where classes are many.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy import special

from labelbits.information.exchangeable import Result
from labelbits.interface import Signal, World
from labelbits.signals import Candidates

#: Terms of the sum over j that are taken one by one.
ONE_BY_ONE = 64
#: Distances from the middle of its law, in standard deviations, that are integrated.
REACH = 8.5
#: Most numbers held at once; largest ln j that is followed; odds beyond which a tick is certain.
MOST, LARGEST, CERTAIN = 2**23, 600.0, 40.0
#: Share of the answers whose part of the sum is left out.
NOTHING = 1e-9


def ticks(signal: Signal, world: World, target: float) -> Result | None:
    """I in nats about the geometry, or None where this form does not apply or would be slow."""
    normal = getattr(world, "prior", None) == "normal" and world.known_prototypes is None
    if not isinstance(signal, Candidates) or not normal:
        return None
    if math.isinf(float(signal.precision)):
        return None
    coarse, found = _integrate(signal, world, 0.5), _integrate(signal, world, 1.0)
    if coarse is None or found is None:
        return None
    value, slack = found
    error = abs(value - coarse[0]) + slack / 2
    # Where lapses hardly differ from answers the two bounds lie apart, and draws do better.
    return Result(value + slack / 2, error, 0) if error <= target else None


def _panels(low: float, high: float, count: int, order: int = 8) -> tuple[np.ndarray, np.ndarray]:
    x, w = np.polynomial.legendre.leggauss(order)
    edge = np.linspace(low, high, count + 1)
    half = (high - low) / (2 * count)
    return (edge[:-1, None] + half * (x + 1)).ravel(), np.tile(w * half, count)


def _log_radius(dims: int, r: np.ndarray) -> np.ndarray:
    """ln density of |z|."""
    return (dims - 1) * np.log(r) - r**2 / 2 - (dims / 2 - 1) * math.log(2) - math.lgamma(dims / 2)


class _OneClass:
    """Means over the distance to one prototype, for each item radius (radii,)."""

    def __init__(self, signal: Candidates, dims: int, radius: np.ndarray, fine: float) -> None:
        precision, threshold = float(signal.precision), float(signal.threshold)
        far = math.sqrt(radius[-1] ** 2 + dims) + REACH
        # Odds fall with the squared distance; where they change fast panels are short.
        odds = np.arange(CERTAIN, -LARGEST - CERTAIN, -4 / fine)
        steps = np.sqrt(np.maximum(threshold - odds / precision, 0.0))
        even = np.linspace(0.0, far, int(2 * fine * far) + 2)
        edges = np.unique(np.concatenate([even, steps[steps < far]]))
        unit, weight = np.polynomial.legendre.leggauss(8)
        half = np.diff(edges)[:, None] / 2
        x, weight = (edges[:-1, None] + half * (unit + 1)).ravel(), (half * weight).ravel()
        r, v = radius[:, None], dims / 2 - 1
        with np.errstate(divide="ignore"):  # no mass where the Bessel function vanishes
            log_density = np.log(special.ive(v, r * x))
        log_density += (1 + v) * np.log(x) - v * np.log(r) - (x - r) ** 2 / 2
        self.mass = np.exp(log_density) * weight
        whole = self.mass.sum(1, keepdims=True)
        self.off = float(np.abs(whole - 1).max())
        self.mass /= whole
        self.odds = precision * (threshold - x**2)
        # (1-q)^j = e^(-j softplus(x)).
        soft = np.logaddexp(0.0, np.maximum(self.odds, -30.0))
        self.log_soft = np.where(self.odds > -30, np.log(soft), self.odds)
        self.q = special.expit(self.odds)

    def entropy(self) -> np.ndarray:
        """E h(q)."""
        return self.mass @ (np.exp(self.log_soft) - self.q * self.odds)

    def overlap(self) -> np.ndarray:
        """E (sqrt q + sqrt(1-q)) / sqrt 2."""
        return self.mass @ (np.sqrt(self.q) + np.sqrt(special.expit(-self.odds))) / math.sqrt(2)

    def means(self, log_j: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(ln M_j, ln a_j, E q x (1-q)^j)."""
        power = np.exp(log_j + self.log_soft)
        left = np.exp(-power)
        values = np.stack([-np.expm1(-power), left * self.q, left * self.q * self.odds], 1)
        filled, ticked, product = (self.mass @ values).T
        log_left = np.log1p(-np.minimum(filled, 1 - 1e-16))
        return log_left, np.log(np.maximum(ticked, 1e-300)), product


def _sum(fine: float) -> Iterator[tuple[float, float]]:
    """(ln j, weight) such that sum_j f(j) is the sum of weight x f(j), in the order of j."""
    first = int(ONE_BY_ONE * fine)
    for j in range(first):
        yield (math.log(j) if j else -math.inf), 1.0
    # The midpoint rule between whole numbers turned round, its error below f / (24 j^2).
    node, weight = _panels(0.0, 1.0, 1)
    start, length = math.log(first - 0.5), 2 / fine
    while start < LARGEST:
        for u, w in zip(node, weight, strict=True):
            s = start + length * u
            yield s, length * w * math.exp(s)
        start += length


def _integrate(signal: Candidates, world: World, fine: float) -> tuple[float, float] | None:
    """(nats without what the last term can add, the most that it can add)."""
    dims, classes = world.dims, world.classes
    last = math.sqrt(dims) + REACH
    # The number of ticks given the radius is narrow: radii so close that its law stays smooth.
    radius, weight = _panels(0.0, last, max(8, int(fine * last * math.sqrt(classes) / 5)))
    weight = weight * np.exp(_log_radius(dims, radius))
    kept = weight > 1e-15
    radius, weight = radius[kept], weight[kept] / weight[kept].sum()
    if len(radius) * max(classes, 2000) > MOST:
        return None
    one = _OneClass(signal, dims, radius, fine)
    if not one.off < 1e-6:
        return None
    sizes = np.arange(1, classes + 1)
    log_ways = special.gammaln(classes + 1) - special.gammaln(sizes + 1)
    log_ways = log_ways - special.gammaln(classes - sizes + 1)
    entropy = classes * float(weight @ one.entropy())
    law = np.zeros(classes)
    rest = 1.0
    for log_j, width in _sum(fine):
        log_left, log_ticked, product = one.means(log_j)
        empty = np.exp(classes * log_left)
        if log_j > -math.inf:
            entropy -= width * math.exp(-log_j) * float(weight @ empty)
            inner = np.exp((classes - 1) * log_left) * product
            entropy -= width * classes * float(weight @ inner)
        # The chances of the sizes from here on add up to this.
        rest = float(weight @ empty)
        if rest < NOTHING:
            break
        here = weight * empty > 1e-3 * NOTHING
        log_left, log_ticked = log_left[here], np.minimum(log_ticked, log_left - 1e-12)[here]
        log_next = log_left + np.log1p(-np.exp(log_ticked - log_left))
        # Binomial: sizes far above its mean, at every radius, are left out.
        mean = classes * float(np.exp(log_ticked - log_left).max())
        most = min(classes, int(mean + 10 * math.sqrt(mean) + 30))
        some = sizes[:most]
        log_p = log_ways[:most] + np.outer(log_ticked, some) + np.outer(log_next, classes - some)
        law[:most] += width * (weight[here] @ np.exp(log_p))
    if rest >= NOTHING or not abs(law.sum() - 1) < 1e-3:
        return None
    law /= law.sum()
    value = float(special.entr(law).sum() + law @ log_ways) - entropy
    lapse = float(signal.lapse)
    if lapse == 0:
        return value, 0.0
    even = lapse * np.exp(log_ways - classes * math.log(2) - math.log1p(-(2.0**-classes)))
    law = (1 - lapse) * law
    told = float((special.entr(even) + special.entr(law) - special.entr(even + law)).sum())
    # Sets that are empty with probability below 1/2, and the others.
    overlap = math.sqrt(2) * float(weight @ one.overlap() ** classes)
    overlap += 2 * float(weight @ np.exp(classes * one.means(0.0)[0]))
    overlap = min(1.0, overlap / math.sqrt(1 - 2.0**-classes))
    return (1 - lapse) * value - told, 2 * math.log(2) * math.sqrt(lapse * (1 - lapse)) * overlap
