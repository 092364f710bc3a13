"""Control variates of class questions: functions of drawn points whose means are known exactly.

A sum over classes of any function of pi_k has the mean K E f(pi_1), and the law of pi_1 is known
on a lattice (`share`). The functions used are hats over the log odds of pi_k, one a knot: their
combinations are all piecewise linear functions, so whatever part of a value is a sum over classes
is taken out of its variance.
"""

from __future__ import annotations

import math

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from scipy.interpolate import CubicSpline

from labelbits.compilation import exact_product
from labelbits.information.share import Share, class_share
from labelbits.interface import Signal, World
from labelbits.signals import Candidates
from labelbits.signals.base import ClassSignal

#: Log odds of the first and last knot, and the distance between knots.
FIRST, LAST, APART = -12.0, 8.0, 1.0
KNOTS = int((LAST - FIRST) / APART) + 1
#: Points at which the density is read for each point of its lattice.
FINER = 8


def _places(logit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(knot below, share of the knot above) of each log odds; outside, the last knot."""
    place = np.clip((logit - FIRST) / APART, 0.0, KNOTS - 1 - 1e-9)
    knot = place.astype(np.int64)
    return knot, place - knot


class ShareControls(eqx.Module):
    """Hats over the log odds of class probabilities, summed over classes, less their means."""

    mean: Array

    @classmethod
    def known(cls, signal: Signal, world: World) -> ShareControls | None:
        """The controls, or None where the law of pi is not known: only the normal world has it."""
        if not isinstance(signal, ClassSignal) or signal.arity != 1:
            return None
        if isinstance(signal, Candidates) or signal.confusion is not None:
            return None
        normal = getattr(world, "prior", None) == "normal" and world.known_prototypes is None
        precision = float(signal.precision)
        if not normal or math.isinf(precision):
            return None
        share = class_share(world.dims, world.classes, precision)
        return None if share is None else cls(jnp.asarray(world.classes * _hat_means(share)))

    def combined(self, log_pi: Array, slope: Array) -> Array:
        """The combination `slope` of the controls, (n,), as one piecewise linear function."""
        log_pi = jnp.minimum(log_pi, -1e-7)
        place = (log_pi - jnp.log(-jnp.expm1(log_pi)) - FIRST) / APART
        place = jnp.clip(place, 0.0, KNOTS - 1 - 1e-5)
        knot = place.astype(jnp.int32)
        above = place - knot
        value = slope[knot] * (1 - above) + slope[knot + 1] * above
        return value.sum(-1) - exact_product(slope, self.mean)

    def __call__(self, log_pi: np.ndarray) -> np.ndarray:
        """(n, classes) ln pi to (n, KNOTS) controls of mean 0."""
        log_pi = np.minimum(np.asarray(log_pi, dtype=np.float64), -1e-7)
        knot, above = _places(log_pi - np.log(-np.expm1(log_pi)))
        n = len(log_pi)
        spot = knot + np.arange(n)[:, None] * KNOTS
        total = np.bincount(spot.ravel(), (1 - above).ravel(), n * KNOTS)
        total += np.bincount(spot.ravel() + 1, above.ravel(), n * KNOTS)
        return total.reshape(n, KNOTS) - np.asarray(self.mean, dtype=np.float64)


def _hat_means(share: Share) -> np.ndarray:
    """Means of the hats for one class.

    Sums over a lattice are exact for smooth functions alone: at a kink they err by the square of
    the step, .0003 bits of votes. The density is smooth, so it is read between the lattice points.
    """
    order = np.argsort(share.logit)
    logit, weight = share.logit[order], share.weight[order]
    fine = np.linspace(logit[0], logit[-1], FINER * (len(logit) - 1) + 1)
    mass = CubicSpline(logit, weight)(fine)
    mass *= weight.sum() / mass.sum()
    knot, above = _places(fine)
    total = np.bincount(knot, mass * (1 - above), KNOTS)
    return total + np.bincount(knot + 1, mass * above, KNOTS)


def coefficients(gram: np.ndarray, product: np.ndarray, least: float = 0.0) -> np.ndarray:
    """Least-squares coefficients from X'X and X'y; directions without variance get none, nor do
    controls whose standard deviation is below `least`."""
    variance = np.diag(gram)
    # A control that never varies has a variance of rounding errors, of either sign.
    varies = variance > max(1e-13 * variance.max(initial=0.0), least**2)
    found = np.zeros(product.shape)
    if not varies.any():
        return found
    scale = np.sqrt(variance[varies])
    value, vector = np.linalg.eigh(gram[np.ix_(varies, varies)] / scale / scale[:, None])
    inverse = np.where(value > 1e-9 * value.max(), 1 / np.maximum(value, 1e-300), 0.0)
    columns = (-1,) + (1,) * (product.ndim - 1)
    inverse, scale = inverse.reshape(columns), scale.reshape(columns)
    found[varies] = vector @ (inverse * (vector.T @ (product[varies] / scale))) / scale
    return found
