"""Bits of one soft label about many classes, whose channel is a sum over the classes.

I(A; Z) = H(orbit) + E ln(size of the orbit) - E H(A | points), as in `orbits`. Given the points
ln P(A) is a sum of one term a class, so that E H(A | points) = const - K E f(pi_1), with f the mean
of that term over the beta-binomial law of the class's parts: one sum over the law of pi_1
(`share`), and nothing to draw. How many classes get n parts has a known mean for the same reason,
and takes most of the spread of the rest away. What is left to draw is the report: its m parts one
at a time, each new from pi or the class of an earlier one (Blackwell and MacQueen 1973, Annals of
Statistics 1), in a time that hardly depends on K. `orbits`, which works through the law of every
class for each draw, takes K m as long and needs fewer draws: it is left to few classes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from scipy.special import gammaln

from labelbits.compilation import compiled_briefly
from labelbits.information.exchangeable import Result
from labelbits.information.orbits import Drawn, collected, one_key
from labelbits.information.sampling import chunk_size, draw_distances, keys
from labelbits.information.share import Share, class_share
from labelbits.interface import Signal, World
from labelbits.signals import Soft
from labelbits.signals.base import traced
from labelbits.signals.dirichlet import SMALLEST, TOLD_APART, uniform_part_law

#: Classes up to which `orbits` is as fast.
FEW = 64


@dataclass(frozen=True)
class Law:
    """What is known of all reports of one world: `entropy`, E H(report | points) in nats, and
    `classes`, the mean number of classes that get 1, 2, .. parts (from `TOLD_APART` on as one)."""

    entropy: float
    classes: np.ndarray

    @classmethod
    def of(cls, share: Share, classes: int, concentration: float, m: int) -> Law:
        """Of a Dirichlet-multinomial of `m` parts about `concentration` pi."""
        weight = share.weight / share.weight.sum()
        alpha = np.maximum(concentration * np.exp(share.log_p), SMALLEST)
        # Classes that are all but impossible are lifted to SMALLEST: the sum varies by millionths.
        total = classes * float(weight @ alpha)
        other = np.maximum(total - alpha, SMALLEST)
        n = np.arange(m + 1)
        rising, orders = _rising(alpha, m), gammaln(n + 1)
        log_p = rising + _rising(other, m)[:, ::-1] + orders[m] - orders - orders[::-1]
        p = np.exp(log_p - _rising(np.array([total]), m)[0, m])
        p /= p.sum(1, keepdims=True)
        each = (p * (rising - orders)).sum(1)
        entropy = _rising(np.array([total]), m)[0, m] - orders[m] - classes * float(weight @ each)
        return cls(float(entropy), _told_apart(classes * (weight @ p)[1:]))


def _rising(a: np.ndarray, m: int) -> np.ndarray:
    """ln Gamma(a + n) / Gamma(a) for n = 0..m, (len(a), m + 1)."""
    steps = np.log(a[:, None] + np.arange(m))
    return np.concatenate([np.zeros((len(a), 1)), np.cumsum(steps, axis=1)], axis=1)


def _told_apart(numbers: np.ndarray) -> np.ndarray:
    """Numbers (..., m) for 1..m parts, with those of `TOLD_APART` and more added up."""
    if numbers.shape[-1] <= TOLD_APART:
        return numbers
    tail = numbers[..., TOLD_APART - 1 :].sum(-1, keepdims=True)
    return np.concatenate([numbers[..., : TOLD_APART - 1], tail], axis=-1)


@compiled_briefly
def _draw(signal: Soft, key: Array, d2: Array) -> tuple[Array, Array, Array, Array]:
    """(classes of the parts (n, m), their alpha (n, m), sum of alpha (n,), who lapsed (n,))."""
    alpha = signal.alpha(d2)
    n, classes = alpha.shape
    lapse, fresh, place, earlier = jax.random.split(key, 4)
    sums = jnp.cumsum(alpha, axis=-1)
    lapsed = jax.random.uniform(lapse, (n,)) < signal.lapse
    total = jnp.where(lapsed, float(classes), sums[:, -1])[:, None]
    j = jnp.arange(signal.grid)
    shape = n, signal.grid
    is_new = jax.random.uniform(fresh, shape) * (total + j) < total
    spot = jax.random.uniform(place, shape)
    found = jax.vmap(lambda s, u: jnp.searchsorted(s, u, side="right"))(sums, spot * sums[:, -1:])
    anywhere = (spot * classes).astype(jnp.int32)
    new = jnp.minimum(jnp.where(lapsed[:, None], anywhere, found), classes - 1)
    before = (jax.random.uniform(earlier, shape) * jnp.maximum(j, 1)).astype(jnp.int32)

    def add(drawn: Array, i: Array) -> tuple[Array, None]:
        copied = jnp.take_along_axis(drawn, before[:, i][:, None], axis=1)[:, 0]
        return drawn.at[:, i].set(jnp.where(is_new[:, i], new[:, i], copied)), None

    drawn = jax.lax.scan(add, jnp.zeros(shape, new.dtype), j)[0]
    drawn = jnp.sort(drawn, axis=1)
    return drawn, jnp.take_along_axis(alpha, drawn, axis=1), sums[:, -1], lapsed


def _parts(drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(parts of each class drawn, largest first, (n, m); parts of the same class before each)."""
    n, m = drawn.shape
    first = np.concatenate([np.ones((n, 1), bool), drawn[:, 1:] != drawn[:, :-1]], axis=1)
    run = np.cumsum(first, axis=1) - 1
    spot = np.arange(n)[:, None] * m + run
    parts = np.bincount(spot.ravel(), minlength=n * m).reshape(n, m)
    before = np.arange(m) - np.maximum.accumulate(np.where(first, np.arange(m), 0), axis=1)
    return -np.sort(-parts, axis=1), before


def reported(
    signal: Signal, world: World, standard_error: float, seed: int, max_samples: int
) -> Result | None:
    """I in nats from drawn reports, or None where the method does not apply."""
    law = _law(signal, world)
    if law is None or not isinstance(signal, Soft):
        return None
    channel, classes, m = traced(signal), world.classes, signal.grid
    assert isinstance(channel, Soft)
    lapse = float(signal.lapse)
    mean = (1 - lapse) * law.classes + lapse * classes * _told_apart(uniform_part_law(m, classes))
    log_all = signal.log_outcomes(classes)
    n, stream = chunk_size(signal, world), keys(seed)

    def draw(slope: np.ndarray | None) -> Drawn:
        points, key = next(stream), next(stream)
        found = _draw(channel, key, draw_distances(signal, world, points, n))
        drawn, alpha, total, lapsed = (np.asarray(x) for x in found)
        parts, before = _parts(drawn)
        exact = _exact_counts(parts, m)
        # K! / (product of how many classes have each number of parts, none included).
        absent = classes - (parts > 0).sum(1)
        log_size = math.lgamma(classes + 1) - gammaln(exact + 1).sum(1) - gammaln(absent + 1)
        base = log_size - (1 - lapse) * law.entropy
        if lapse > 0:
            log_p = math.lgamma(m + 1) - gammaln(parts + 1).sum(1)
            log_p += np.log(alpha.astype(np.float64) + before).sum(1)
            log_p -= np.log(total.astype(np.float64)[:, None] + np.arange(m)).sum(1)
            kept = ~lapsed
            surprise = -np.logaddexp(math.log(1 - lapse) + log_p, math.log(lapse) - log_all)
            base -= surprise + np.where(kept, log_p, 0.0)
        controls = np.concatenate([_told_apart(exact) - mean, (lapsed - lapse)[:, None]], axis=1)
        combined = controls if slope is None else (controls @ slope)[:, None]
        return Drawn(one_key(parts), base, combined)

    return collected(draw, n, 2 * n, standard_error, max_samples)


def _exact_counts(parts: np.ndarray, m: int) -> np.ndarray:
    """How many classes have v parts, v = 1..m, (n, m)."""
    n = len(parts)
    spot = np.arange(n)[:, None] * (m + 1) + parts
    return np.bincount(spot.ravel(), minlength=n * (m + 1)).reshape(n, m + 1)[:, 1:]


def _law(signal: Signal, world: World) -> Law | None:
    """The law of reports, None where it is not known or where there are few classes."""
    if type(signal) is not Soft or world.classes <= FEW or signal.confusion is not None:
        return None
    precision = float(signal.precision)
    normal = getattr(world, "prior", None) == "normal" and world.known_prototypes is None
    if not normal or math.isinf(precision):
        return None
    share = class_share(world.dims, world.classes, precision)
    if share is None:
        return None
    return Law.of(share, world.classes, float(signal.concentration), signal.grid)
