"""The law of one class's probability pi_1 in the normal world, by integration on a lattice.

Turn the item onto one axis at r = |z|. Given r the squared distances to the prototypes are
independent with one noncentral chi-square law, so pi_1 = e^l_1 / (e^l_1 + e^L) where
l_k = -precision d2_k are independent and L = ln(e^l_2 + .. + e^l_K). The law of L follows from
that of l by adding terms two at a time: ln(e^a + e^b) = max(a, b) + ln(1 + e^-|a - b|) moves mass
on a lattice by an amount that depends on |a - b| alone, and repeated doubling needs about
2 log2 K additions whatever K is. Mass between lattice points is shared by the four next to it so
that its first three moments stay right: the error falls with the fourth power of the step. What
is left is r^2, a chi-square, by Gauss-Laguerre quadrature.

Everything that is a sum over classes of a function of pi_k, as the entropy of a hard label, is
then one sum: E sum_k f(pi_k) = K E f(pi_1).
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from scipy import linalg, special

#: Nodes in r^2; the channel is smooth in it.
RADII = 20
#: Lattice step in nats, at most and at least; lattice points over the spread of one exponent.
STEP, FINEST, POINTS = 0.15, 0.004, 500
#: Differences beyond which ln(1 + e^-x) is nothing: e^-20 = 2e-9.
BAND = 20.0
#: Standard deviations of a distance on either side of its centre that are integrated.
REACH = 7.0
#: Most multiplications of one law, about a second of one core.
MOST_WORK = 2e9


@dataclass(frozen=True)
class Share:
    """Law of the logit of pi_1: masses `weight` (n,) at `logit` (n,), which sum to 1."""

    logit: np.ndarray
    weight: np.ndarray

    @property
    def log_p(self) -> np.ndarray:
        """ln pi_1 (n,)."""
        return -np.logaddexp(0.0, -self.logit)

    @property
    def log_q(self) -> np.ndarray:
        """ln(1 - pi_1) (n,)."""
        return -np.logaddexp(0.0, self.logit)


@functools.lru_cache(maxsize=16)
def class_share(
    dims: int, classes: int, precision: float, *, farthest: bool = False, coarse: bool = False
) -> Share | None:
    """Law of pi_1 = softmax_1(-precision d2), item and prototypes N(0, I_dims), independent.

    `farthest` takes +precision d2 instead. `coarse` doubles the step, to see the error. None
    where the lattice would be too long: high precision, where exponents spread far.
    """
    if math.isinf(precision):
        return Share(np.array([-np.inf, np.inf]), np.array([1 - 1 / classes, 1 / classes]))
    radius, weight = _radii(dims)
    centre = np.sqrt(radius**2 + dims - 1)
    low, high = np.maximum(centre - REACH, 0.0), centre + REACH
    spread = precision * float((high**2 - low**2).max())
    step = min(STEP, max(FINEST, spread / POINTS)) * (2 if coarse else 1)
    additions = 2 * math.log2(classes)
    if len(radius) * spread * min(spread, BAND) / step**2 * 8 * additions > MOST_WORK:
        return None
    one = _exponents(dims, radius, low, high, precision if farthest else -precision, step)
    if one is None:
        return None
    others = _total(one, classes - 1, step)
    size = 2 ** math.ceil(math.log2(one.shape[1] + others.shape[1]))
    # The law of l_1 - L is a correlation of the two laws.
    law = np.fft.irfft(np.fft.rfft(one, size) * np.conj(np.fft.rfft(others, size)), size)
    place = np.arange(size)
    place = np.where(place < one.shape[1], place, place - size)
    return Share(place * step, weight @ law)


def _radii(dims: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss nodes r and weights where r^2 is chi-square, from the Jacobi matrix of Laguerre
    polynomials (Golub and Welsch 1969): stable in any number of dimensions."""
    k = np.arange(RADII)
    alpha = dims / 2 - 1
    node, vector = linalg.eigh_tridiagonal(2 * k + alpha + 1, np.sqrt(k[1:] * (k[1:] + alpha)))
    weight = vector[0] ** 2
    kept = weight > 1e-13
    return np.sqrt(2 * node[kept]), weight[kept] / weight[kept].sum()


def _exponents(
    dims: int,
    radius: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    slope: float,
    step: float,
) -> np.ndarray | None:
    """Masses (radii, points) of slope * d2 on a lattice, each row from its own origin; None where
    the density underflows, in many thousands of dimensions.

    The density of x = sqrt(d2), d2 noncentral chi-square, is
    x (x/r)^v e^(-(x-r)^2/2) [e^(-rx) I_v(rx)], v = dims/2 - 1.
    """
    v = dims / 2 - 1
    points = int(abs(slope) * (high**2 - low**2).max() / step) + 6
    panels = max(8, points // 4)
    u, w = np.polynomial.legendre.leggauss(8)
    edge = np.linspace(0, 1, panels + 1)[:-1]
    u, w = (edge[:, None] + (u + 1) / (2 * panels)).ravel(), np.tile(w / (2 * panels), panels)
    r = radius[:, None]
    x = low[:, None] + (high - low)[:, None] * u
    log_density = (1 + v) * np.log(x) - v * np.log(r) - (x - r) ** 2 / 2
    with np.errstate(divide="ignore"):  # no mass where the Bessel function vanishes
        log_density += np.log(special.ive(v, r * x))
    mass = np.exp(log_density) * w * (high - low)[:, None]
    whole = mass.sum(1, keepdims=True)
    if not np.abs(whole - 1).max() < 1e-6:
        return None
    mass /= whole
    origin = (low if slope > 0 else high)[:, None] ** 2
    return _deposit(slope * (x**2 - origin) / step + 2, mass, points)


def _shares(offset: np.ndarray | float) -> tuple[np.ndarray | float, ...]:
    """Weights of lattice points -1, 0, 1, 2 for mass at 0 <= offset < 1: cubic Lagrange."""
    f = offset
    return (
        -f * (f - 1) * (f - 2) / 6,
        (f + 1) * (f - 1) * (f - 2) / 2,
        -(f + 1) * f * (f - 2) / 2,
        (f + 1) * f * (f - 1) / 6,
    )


def _deposit(place: np.ndarray, mass: np.ndarray, points: int) -> np.ndarray:
    """Masses at real places >= 1 onto a lattice, row by row."""
    whole = np.floor(place).astype(int)
    row = np.arange(len(place))[:, None] * points
    total = np.zeros(len(place) * points)
    for move, share in zip((-1, 0, 1, 2), _shares(place - whole), strict=True):
        total += np.bincount(
            (row + whole + move).ravel(), (share * mass).ravel(), minlength=len(total)
        )
    return total.reshape(len(place), points)


def _total(one: np.ndarray, count: int, step: float) -> np.ndarray:
    """Law of ln(e^l_1 + .. + e^l_count), by doubling."""
    total, power = None, one
    while count:
        if count % 2:
            total = power if total is None else _add(total, power, step)
        count //= 2
        if count:
            power = _add(power, power, step)
    assert total is not None
    return total


def _add(a: np.ndarray, b: np.ndarray, step: float) -> np.ndarray:
    """Law of ln(e^x + e^y), x and y independent with these laws from one origin."""
    same = a is b
    points = max(a.shape[1], b.shape[1])
    a, b = (np.pad(m, ((0, 0), (0, points - m.shape[1]))) for m in (a, b))
    total = np.zeros((len(a), points + int(math.log(2) / step) + 4))
    near = min(int(BAND / step), points - 1)
    for apart in range(near + 1):
        if apart == 0:
            mass = a * b
        elif same:
            mass = 2 * a[:, apart:] * a[:, :-apart]
        else:
            mass = a[:, apart:] * b[:, :-apart] + b[:, apart:] * a[:, :-apart]
        rise = math.log1p(math.exp(-apart * step)) / step
        start = apart + int(rise)
        for move, share in zip((-1, 0, 1, 2), _shares(rise - int(rise)), strict=True):
            total[:, start + move : start + move + mass.shape[1]] += share * mass
    far = near + 1
    if far < points:  # the larger alone
        below_a, below_b = np.cumsum(a, 1)[:, :-far], np.cumsum(b, 1)[:, :-far]
        total[:, far:points] += a[:, far:] * below_b + b[:, far:] * below_a
    return total
