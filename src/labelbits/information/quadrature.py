"""Bits of one answer by numerical integration, where few dimensions are left to integrate.

Squared distances of normal worlds have known laws, so a comparison needs one or two integrals
whatever the number of dimensions:

- rating, similarity: d2 between two N(0, I) items is 2 chi^2 with D degrees of freedom;
- quadruplet: two independent such distances;
- hard, complementary, verify, contrastive: the law of one class's (candidate's) probability, on a
  lattice (`share`);
- triplet: d2_ac - d2_ab = (b - c) . (2a - b - c), two independent normal vectors of variances
  2 and 6 a coordinate, so given s = |b - c|^2 = 2 chi^2_D it is Normal(0, 6 s).

Integrals over chi^2 use Gauss-Legendre panels in the quantile; error estimates compare two
orders. Everything is in float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy import special

from labelbits.errors import NotFiniteError
from labelbits.information.exchangeable import Result
from labelbits.information.line import line
from labelbits.information.share import class_share
from labelbits.interface import About, Method, Signal, World
from labelbits.laws import (
    chi_square_density,
    chi_square_quantile,
    chi_square_upper,
    normal_density,
)
from labelbits.signals import (
    Complementary,
    Contrastive,
    Hard,
    Quadruplet,
    Rating,
    Similarity,
    Triplet,
    Verify,
    Votes,
)
from labelbits.signals.base import NOISE_FREE


def quadrature(signal: Signal, world: World, about: About) -> tuple[Result, Method] | None:
    """The integral and its method, or None where no low-dimensional form is known."""
    on_line = line(signal, world)
    if on_line is not None:
        return on_line, "quadrature"
    if getattr(world, "prior", None) != "normal":
        return None
    shared = _from_share(signal, world, about)
    if shared is not None:
        return shared
    rule = _RULES.get(type(signal))
    if rule is None:
        return None
    certain = signal.lapse == 0 and math.isinf(float(signal.precision))
    if certain and rule in (_triplet, _quadruplet):  # a certain answer, a fair coin by symmetry
        return Result(math.log(2), 0.0, 0), "exact"
    coarse, fine = rule(signal, world.dims, 24), rule(signal, world.dims, 40)
    return Result(fine, abs(fine - coarse), 0), "quadrature"


def few_votes(signal: Signal, world: World) -> Result | None:
    """Up to three votes about the geometry: which of them agree follows from the power sums of
    pi, and these from the law of one class. None where it does not apply."""
    normal = getattr(world, "prior", None) == "normal" and world.known_prototypes is None
    if not isinstance(signal, Votes) or signal.confusion is not None or not normal:
        return None
    if signal.answers_per_item > 3:
        return None
    values = []
    for coarse in (True, False):
        share = class_share(world.dims, world.classes, float(signal.precision), coarse=coarse)
        if share is None:
            return None
        p = _lapse(signal, np.exp(share.log_p), world.classes)
        values.append(_votes(signal.answers_per_item, world.classes, p, share.weight))
    return Result(values[1], abs(values[1] - values[0]), 0)


def _votes(votes: int, classes: int, p: np.ndarray, weight: np.ndarray) -> float:
    """H(counts) - E H(counts | p) in nats of 1 to 3 votes, classes exchangeable."""
    alike = [classes * float(weight @ p**n) for n in range(1, votes + 1)]
    # Votes that agree -> (probability, number of counts).
    if votes == 1:
        parts = [(1.0, classes)]
    elif votes == 2:
        parts = [(alike[1], classes), (1 - alike[1], math.comb(classes, 2))]
    else:
        two = 3 * (alike[1] - alike[2])
        parts = [(alike[2], classes), (two, classes * (classes - 1))]
        parts.append((1 - alike[2] - two, math.comb(classes, 3)))
    total = sum(float(special.entr(q)) + q * math.log(n) for q, n in parts if n)
    # H(counts | p) = M H(p) - ln M! + sum_k E ln n_k!.
    orders = sum(
        math.comb(votes, n) * math.lgamma(n + 1) * p**n * (1 - p) ** (votes - n)
        for n in range(2, votes + 1)
    )
    each = votes * special.entr(p) + orders
    return total - (classes * float(weight @ each) - math.lgamma(votes + 1))


def _from_share(signal: Signal, world: World, about: About) -> tuple[Result, Method] | None:
    """Answers whose entropy is a sum over classes of a function of pi_k, classes exchangeable."""
    if isinstance(signal, Contrastive):
        choices = len(signal.pairs)
    elif isinstance(signal, (Hard, Complementary, Verify)):
        if about == "items" or world.known_prototypes is not None or signal.confusion is not None:
            return None
        choices = world.classes
    else:
        return None
    outcomes = 2 if isinstance(signal, Verify) else choices
    values = []
    for coarse in (True, False):
        share = class_share(
            world.dims,
            choices,
            float(signal.precision),
            farthest=isinstance(signal, Complementary),
            coarse=coarse,
        )
        if share is None:
            return None
        p = _lapse(signal, np.exp(share.log_p), outcomes)
        if isinstance(signal, Verify):
            q = _lapse(signal, np.exp(share.log_q), outcomes)
            yes = _lapse(signal, np.array(1 / choices), outcomes)
            entropy = _binary_entropy(yes, 1 - yes)
            values.append(float(entropy - share.weight @ _binary_entropy(p, q)))
        else:
            values.append(math.log(choices) - choices * float(share.weight @ special.entr(p)))
    method = "exact" if math.isinf(float(signal.precision)) else "quadrature"
    return Result(values[1], abs(values[1] - values[0]), 0), method


def _chi_square(dims: int, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of chi-square with `dims` degrees of freedom, graded to both tails."""
    # Quantiles at u = sigma(t), t on panels: the tails of u are resolved down to 1e-13.
    edges = np.linspace(-30, 30, 13)
    x, w = np.polynomial.legendre.leggauss(order)
    half = np.diff(edges) / 2
    t = (edges[:-1, None] + half[:, None] * (x + 1)).ravel()
    weight = (half[:, None] * w).ravel() * special.expit(t) * special.expit(-t)
    value = np.where(
        t < 0,
        chi_square_quantile(special.expit(t), dims),
        chi_square_upper(special.expit(-t), dims),
    )
    return value, weight / weight.sum()


def _binary_entropy(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Entropy in nats of (p, q), q = 1 - p given apart so that neither tail loses digits."""
    return special.entr(p) + special.entr(q)


def _lapse(signal: Signal, p: np.ndarray, outcomes: int) -> np.ndarray:
    lapse = float(signal.lapse)
    return (1 - lapse) * p + lapse / outcomes


def _precision(signal: Signal) -> float:
    return min(float(signal.precision), NOISE_FREE)


def _logit_entropy(signal: Signal, spread: np.ndarray, order: int) -> np.ndarray:
    """E h(P(first)) in nats where the log odds are Normal(0, spread^2), for each spread.

    Certain answers leave the entropy of the lapse; what exceeds it is integrated over the odds
    up to 60 (nothing is left beyond in float64) or 12 standard deviations.
    """

    def entropy(odds: np.ndarray) -> np.ndarray:
        return _binary_entropy(
            _lapse(signal, special.expit(odds), 2), _lapse(signal, special.expit(-odds), 2)
        )

    floor = float(entropy(np.array(np.inf)))
    end = np.minimum(60.0, 12 * spread)
    unit, weight = _panels(np.concatenate([[0.0], np.geomspace(1e-3, 1.0, 16)]), order)
    odds = end[:, None] * unit
    density = np.exp(-0.5 * (odds / spread[:, None]) ** 2) * math.sqrt(2 / math.pi)
    return floor + ((entropy(odds) - floor) * density * weight).sum(1) * end / spread


def logistic_normal(spread: float) -> float:
    """I(A; x) in bits for P(A=1) = sigma(x), x ~ N(0, spread^2)."""
    entropy = _logit_entropy(Triplet(), np.array([spread]), 40)
    return 1 - float(entropy[0]) / math.log(2)


def _triplet(signal: Signal, dims: int, order: int) -> float:
    chi, weight = _chi_square(dims, order)
    spread = _precision(signal) * np.sqrt(12 * chi)
    return math.log(2) - float(weight @ _logit_entropy(signal, spread, order))


def _quadruplet(signal: Signal, dims: int, order: int) -> float:
    """d2_ab + d2_cd = 2 chi^2_2D = s and d2_ab / s ~ Beta(D/2, D/2) are independent."""
    total, total_weight = _chi_square(2 * dims, order)
    # With x = sin^2(a) the Beta(D/2, D/2) density becomes sin^(D-1) cos^(D-1), smooth for all D.
    x, w = np.polynomial.legendre.leggauss(order)
    edges = np.concatenate([[0.0], np.geomspace(1e-9, 1.0, 30)])
    half = np.diff(edges) / 2
    unit = (edges[:-1, None] + half[:, None] * (x + 1)).ravel()
    angle = unit * math.pi / 4  # off the middle, where the two distances are equal
    weight = (half[:, None] * w).ravel() * np.cos(2 * angle) ** (dims - 1)
    weight /= weight.sum()
    odds = _precision(signal) * 2 * total[:, None] * np.sin(2 * angle)
    entropy = _binary_entropy(
        _lapse(signal, special.expit(odds), 2), _lapse(signal, special.expit(-odds), 2)
    )
    return math.log(2) - float(total_weight @ entropy @ weight)


def _expect(dims: int, order: int, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nodes of d2 = 2 chi^2_D and weights, panels graded to `points` where the channel steps."""
    last = 2 * chi_square_upper(1e-17, dims)
    cuts = np.unique(np.clip(points, 0.0, last))
    grades = np.concatenate([-np.geomspace(1.0, 1e-12, 24), [0.0], np.geomspace(1e-12, 1.0, 24)])
    edges = np.concatenate([(cuts[:, None] + grades * last).ravel(), [0.0, last]])
    edges = np.unique(edges[(edges >= 0) & (edges <= last)])
    x, w = np.polynomial.legendre.leggauss(order)
    half = np.diff(edges) / 2
    value = (edges[:-1, None] + half[:, None] * (x + 1)).ravel()
    # sqrt removes the singular density of one dimension at 0: integrate over the distance.
    weight = (half[:, None] * w).ravel() * chi_square_density(value / 2, dims) / 2
    return value, weight


def _rating(signal: Signal, dims: int, order: int) -> float:
    assert isinstance(signal, Rating)
    cuts = np.asarray(signal.cuts(), dtype=np.float64)
    d2, weight = _expect(dims, order, np.concatenate([[0.0], cuts]))
    weight = weight / weight.sum()
    odds = _precision(signal) * (cuts - d2[:, None])
    up = np.concatenate([np.ones((len(d2), 1)), special.expit(odds), np.zeros((len(d2), 1))], 1)
    down = np.concatenate([np.zeros((len(d2), 1)), special.expit(-odds), np.ones((len(d2), 1))], 1)
    # P(l) = up_l - up_(l+1): of the two ways to write it, the one that subtracts small numbers.
    p = np.where(up[:, :-1] < 0.5, up[:, :-1] - up[:, 1:], down[:, 1:] - down[:, :-1])
    p = _lapse(signal, np.maximum(p, 0.0), signal.levels)
    return float(special.entr(weight @ p).sum() - weight @ special.entr(p).sum(1))


def _panels(edges: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes and weights on each panel; edges (..., panels + 1), rising."""
    x, w = np.polynomial.legendre.leggauss(order)
    half = np.diff(edges, axis=-1)[..., None] / 2
    nodes = edges[..., :-1, None] + half * (x + 1)
    shape = (*edges.shape[:-1], -1)
    return nodes.reshape(shape), (half * w).reshape(shape)


def _similarity(signal: Signal, dims: int, order: int) -> float:
    """h(answer) - h(answer | d2), with d2 = x^2 and x = |a - b| of density x^(D-1) e^(-x^2/4)."""
    assert isinstance(signal, Similarity)
    precision, lapse, largest = (
        float(leaf) for leaf in (signal.precision, signal.lapse, signal.largest)
    )
    if math.isinf(precision):
        raise NotFiniteError(
            "similarity with precision inf carries infinitely many bits: a noise-free number "
            "tells the distance to every digit; give a finite precision"
        )
    noise = 1 / math.sqrt(precision)
    reach = 9 * noise  # beyond 9 standard deviations nothing is left in float64
    last = float(2 * chi_square_upper(1e-17, dims))
    x, half_steps = np.geomspace(1e-4, 1.0, 40), np.linspace(-1, 1, 5)

    def density(value: np.ndarray) -> np.ndarray:
        """Density of a report without lapse."""
        low = np.sqrt(np.clip(value - reach, 0, None))
        high = np.sqrt(np.clip(value + reach, 0, None))
        edges = low[:, None] + (np.minimum(high, math.sqrt(last)) - low).clip(0)[
            :, None
        ] * np.linspace(0, 1, 4)
        d, w = _panels(edges, order)
        chi = 2 * d * chi_square_density(np.maximum(d**2, 1e-300) / 2, dims) / 2
        return (w * chi * normal_density(value[:, None], d**2, noise)).sum(1)

    # Reports: fine within a few noise widths of 0, where the law of d2 begins, then widening.
    stop = max(last + reach, largest if lapse else 0.0)
    edges = np.concatenate(
        [reach * half_steps, reach + (stop - reach) * x, np.array([largest, -reach, stop])]
    )
    value, weight = _panels(np.unique(edges[edges <= stop]), order)
    uniform = lapse / largest
    report = (1 - lapse) * density(value) + uniform * ((value >= 0) & (value <= largest))
    entropy = float(weight @ special.entr(report))
    if lapse == 0:
        return entropy - 0.5 * math.log(2 * math.pi * math.e) - math.log(noise)
    return entropy - _noise_entropy(dims, last, noise, lapse, largest, order)


def _noise_entropy(
    dims: int, last: float, noise: float, lapse: float, largest: float, order: int
) -> float:
    """E h(answer | d2) in nats where lapses are uniform on [0, largest]."""
    reach, uniform = 9 * noise, lapse / largest
    grade = np.concatenate([[0.0], np.geomspace(1e-6, 1.0, 30)])
    edges = np.concatenate(
        [math.sqrt(last) * grade, np.sqrt(largest) * (1 + grade), np.sqrt(largest) * (1 - grade)]
    )
    d, weight = _panels(np.unique(edges[(edges >= 0) & (edges**2 <= last)]), order)
    weight = weight * 2 * d * chi_square_density(np.maximum(d**2, 1e-300) / 2, dims) / 2
    d2 = d**2
    low, high = d2 - reach, d2 + reach
    cuts = [np.clip(c, low, high) for c in (0.0, largest)]
    value, w = _panels(np.stack([low, cuts[0], d2.clip(*cuts), cuts[1], high], axis=-1), order)
    inside = (value >= 0) & (value <= largest)
    law = (1 - lapse) * normal_density(value, d2[:, None], noise) + uniform * inside
    near = (w * special.entr(law)).sum(1)
    # Elsewhere on the scale the law is the lapse alone.
    far = special.entr(uniform) * (largest - (cuts[1] - cuts[0]))
    return float(weight @ (near + far) / weight.sum())


_RULES: dict[type[Signal], Callable[[Signal, int, int], float]] = {
    Triplet: _triplet,
    Quadruplet: _quadruplet,
    Rating: _rating,
    Similarity: _similarity,
}
