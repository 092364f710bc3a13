"""The channel parameters that recovery estimates, as one flat vector for each signal.

Precision and the lapse may differ between annotators; other parameters (a Dirichlet
concentration, thresholds of a rating) belong to the signal. Every parameter has an unbounded
form: logarithm of a positive number, logit of a lapse, logarithms of the gaps of falling
thresholds.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from labelbits.interface import AnyArray, Signal
from labelbits.signals.base import NOISE_FREE, replace_noise

#: Parameters that are not estimated beside precision and lapse: a confusion matrix comes from
#: calibration, the end of a scale from its question.
_GIVEN = ("precision", "lapse", "confusion", "largest")
#: Standard deviations of the priors: of ln precision and of other parameters' unbounded forms
#: about their defaults, of an annotator about the signal.
_SPREAD, _ANNOTATOR_SPREAD, _ANNOTATOR_LAPSE_SPREAD = 2.0, 0.5, 1.0
#: Beta prior of a lapse, as in triplets alone.
_LAPSES, _NOT_LAPSES = 1.1, 2.9
FIRST_LAPSE = 0.05
#: A lapse of exactly 0 would make impossible answers infinitely surprising.
TINY_LAPSE = 1e-7
#: The lapse at a start: none to speak of, so that every answer pulls, however badly it fits yet.
NO_LAPSE = 1e-30
#: Added to squared distances where `power` is not 1: what is the same place to an annotator.
BLUR = 0.01
#: Powers below it are its own.
SMALLEST_POWER = 1e-4

Parameters = dict[str, Array | np.ndarray]


def reports_distances(signal: Signal) -> bool:
    """Is an answer a distance itself, in units of its own?"""
    return signal.form == "number" and math.isinf(signal.outcomes(2))


class Channel(eqx.Module):
    """How one signal's noise is parametrised. `precision` and `lapse` are known where not None.

    `power` is how annotators perceive distance: they compare ((d2 + b)^power - b^power) / power,
    ln(1 + d2 / b) at power 0, with b = BLUR: squared distances at 1 (None is 1), distances at 1/2,
    ratios of distances at 0.
    """

    signal: Signal
    annotators: int = eqx.field(static=True)
    precision: Any
    lapse: Any
    per_annotator: bool = eqx.field(static=True)
    power: Any = None

    def extras(self) -> list[str]:
        """Names of the signal's other estimated parameters."""
        names = []
        for field in dataclasses.fields(self.signal):
            value = getattr(self.signal, field.name)
            if field.name in _GIVEN or field.metadata.get("static", False) or value is None:
                continue
            if jnp.issubdtype(jnp.result_type(value), jnp.floating):
                names.append(field.name)
        return names

    def start(self) -> Parameters:
        """Unbounded parameters to begin with: the signal's defaults, a small lapse."""
        theta: Parameters = {}
        people = self.annotators if self.per_annotator else 0
        if self.precision is None:
            theta["precision"] = _number(math.log(_plain(self.signal.precision, 1.0)))
            if people:
                theta["precision_of"] = jnp.zeros(people)
        if self.lapse is None:
            theta["lapse"] = _number(math.log(FIRST_LAPSE / (1 - FIRST_LAPSE)))
            if people:
                theta["lapse_of"] = jnp.zeros(people)
        for name in self.extras():
            theta["signal." + name] = _free(jnp.asarray(getattr(self.signal, name), jnp.float32))
        return theta

    def precisions(self, theta: Parameters, annotator: Int[AnyArray, "n"]) -> Float[Array, "n"]:
        """The precision of each answer."""
        if self.precision is not None:
            return jnp.full(annotator.shape, jnp.minimum(self.precision, NOISE_FREE))
        shift = theta["precision_of"][annotator] if "precision_of" in theta else 0.0
        return jnp.exp(jnp.broadcast_to(theta["precision"] + shift, annotator.shape))

    def lapses(self, theta: Parameters, annotator: Int[AnyArray, "n"]) -> Float[Array, "n"]:
        """The lapse of each answer."""
        if self.lapse is not None:
            return jnp.full(annotator.shape, jnp.maximum(self.lapse, NO_LAPSE))
        shift = theta["lapse_of"][annotator] if "lapse_of" in theta else 0.0
        lapse = jax.nn.sigmoid(jnp.broadcast_to(theta["lapse"] + shift, annotator.shape))
        return jnp.clip(lapse, 1e-30, 1 - 1e-4)

    def answering(self, theta: Parameters, annotator: Int[AnyArray, "n"]) -> Signal:
        """The signal with the noise of each answer's annotator."""
        signal = self.signal
        for name in self.extras():
            value = _bound(theta["signal." + name])
            signal = eqx.tree_at(lambda s, name=name: getattr(s, name), signal, value)
        return replace_noise(
            signal, self.precisions(theta, annotator), self.lapses(theta, annotator)
        )

    def perceived(self, d2: Float[Array, "..."]) -> Float[Array, "..."]:
        """What annotators compare in place of squared distances."""
        if self.power is None or reports_distances(self.signal):
            return d2
        # Through expm1 the formula stays exact near power 0.
        power = jnp.maximum(self.power, SMALLEST_POWER)
        far, near = jnp.log(d2 + BLUR), math.log(BLUR)
        return (jnp.expm1(power * far) - jnp.expm1(power * near)) / power

    def log_prob(
        self, theta: Parameters, annotator: Int[AnyArray, "n"], answer: Array, d2: Array
    ) -> Float[Array, "n"]:
        """ln P of each answer, natural logarithm."""
        return self.answering(theta, annotator).log_prob(answer, self.perceived(d2))

    def log_prior(self, theta: Parameters) -> Array:
        """ln prior of the unbounded parameters, up to a constant."""
        total = jnp.zeros(())
        first = self.start()
        for name, value in theta.items():
            if name == "lapse":
                total += _LAPSES * jax.nn.log_sigmoid(value)
                total += _NOT_LAPSES * jax.nn.log_sigmoid(-value)
                continue
            total -= 0.5 * self.prior_precision(name) * jnp.sum((value - first[name]) ** 2)
        return total

    def prior_precision(self, name: str) -> float:
        """1 / variance of the prior of an unbounded parameter (a lapse's: about its mode)."""
        spread = {"precision_of": _ANNOTATOR_SPREAD, "lapse_of": _ANNOTATOR_LAPSE_SPREAD}
        return spread.get(name, _SPREAD) ** -2

    def without_lapse(self, theta: Parameters) -> tuple[Channel, Parameters]:
        """Channel and parameters with no lapse to speak of, for a start."""
        if "lapse" in theta:
            return self, {**theta, "lapse": _number(math.log(NO_LAPSE))}
        return eqx.tree_at(lambda c: c.lapse, self, _number(NO_LAPSE)), theta

    def _scale_power(self) -> float:
        return 1.0 if self.power is None or reports_distances(self.signal) else float(self.power)

    @property
    def scale_known(self) -> bool:
        """Does the channel fix the points' scale, by a precision or a distance that is given?"""
        free = set(self.extras())
        return self.precision is not None or not free.issuperset(self.signal.in_distances)

    def with_scale(self, theta: Parameters) -> dict[str, np.ndarray]:
        """What each parameter gains when every squared distance is divided by e, so that no
        answer's probability changes: a precision rises, distances among the parameters fall."""
        power = self._scale_power()
        shares = dict.fromkeys(("signal." + name for name in self.signal.in_distances), -power)
        shares["precision"] = power
        return {name: np.full(np.shape(v), shares.get(name, 0.0)) for name, v in theta.items()}

    def prior_precisions(self, theta: Parameters) -> dict[str, np.ndarray]:
        """`prior_precision` of each parameter, in the form of `theta`."""
        return {n: np.full(np.shape(v), self.prior_precision(n)) for n, v in theta.items()}


def _number(value: float) -> Array:
    # A weakly typed number would compile programs of its own.
    return jnp.asarray(value, jnp.float32)


def _plain(value: Any, default: float) -> float:
    number = float(np.mean(np.asarray(value))) if value is not None else default
    return min(max(number, 1e-3), 1e3)


def _free(value: Array) -> Array:
    """Positive number -> ln; falling positive thresholds -> ln of their gaps, the last to 0."""
    if value.ndim == 0:
        return jnp.log(value)
    gaps = value - jnp.concatenate([value[1:], jnp.zeros(1)])
    return jnp.log(jnp.maximum(gaps, 1e-3))


def _bound(value: Array | np.ndarray) -> Array:
    if value.ndim == 0:
        return jnp.exp(value)
    return jnp.cumsum(jnp.exp(value)[::-1])[::-1]
