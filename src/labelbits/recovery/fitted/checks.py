"""Parameters that make no sense, and fits that say no more than chance."""

from __future__ import annotations

import warnings
from numbers import Real
from typing import Any

import numpy as np

from labelbits.errors import InputError, check_at_least, check_probability
from labelbits.recovery.fitted.fitting import Fitted
from labelbits.recovery.fitted.inputs import Data, RecoveryWarning

#: Precision below which the likelihood is flat to the last digit of float32.
LEAST_PRECISION = 1e-3
#: Nats a coordinate below which a fit is reported as no better than one of random answers.
_CHANCE = 0.75


def check_parameters(model: Any) -> None:
    """Raise `InputError` for parameters of a `SignalEmbedding` that make no sense."""
    for name in ("precision", "lapse"):
        given = getattr(model, name)
        for value in given.values() if isinstance(given, dict) else [given]:
            if value is None:
                continue
            if isinstance(value, (bool, str)) or not isinstance(value, Real):
                raise InputError(f"{name} is {value!r}; expected a number, or None")
            if name == "lapse":
                check_probability(name, float(value))
            elif not float(value) >= LEAST_PRECISION:
                raise InputError(
                    f"precision is {value}; expected a number of at least {LEAST_PRECISION:g} "
                    "(below it answers say nothing), or None"
                )
    check_at_least("max_iter", model.max_iter, 1)
    scale = model.residual_scale
    if scale is not None and (isinstance(scale, (bool, str)) or not 0 <= scale <= 1):
        raise InputError(
            f"residual_scale is {scale!r}; expected a number from 0 (features say all) to 1 "
            "(features say nothing), or None"
        )
    if model.metric_power is not None and (
        isinstance(model.metric_power, (bool, str)) or not 0 <= model.metric_power <= 4
    ):
        raise InputError(
            f"metric_power is {model.metric_power!r}; expected a number from 0 to 4, or None"
        )
    power = model.distance_power
    if power != "auto" and (isinstance(power, (bool, str)) or not 0 <= power <= 1):
        raise InputError(f'distance_power is {power!r}; expected a number from 0 to 1, or "auto"')
    if "auto" in (model.n_components, power) and not 0 < model.validation_fraction < 1:
        raise InputError(
            f"validation_fraction is {model.validation_fraction}; expected a number between 0 and 1"
        )
    if model.n_components == "auto":
        check_at_least("max_components", model.max_components, 1)
        return
    count = model.n_components
    if (
        isinstance(count, (bool, str))
        or not isinstance(count, Real)
        or not abs(float(count)) < np.inf
    ):
        raise InputError(f'n_components is {count!r}; expected a whole number or "auto"')
    check_at_least("n_components", model.n_components, 1)


def check_dims(dims: int, data: Data) -> None:
    """Raise `InputError` where there are as many dimensions as points."""
    points = len(data.items) + len(data.classes)
    if dims >= points:
        raise InputError(
            f"n_components is {dims} for {points} items and classes; expected fewer "
            "dimensions than points: any answers fit there, so none are explained"
        )


def warn_of_chance(fitted: Fitted, data: Data, stacklevel: int) -> None:
    """Warn where the answers are explained no better than random answers would be.

    By Wilks, n coordinates gain n / 2 nats on answers that mean nothing.
    """
    outcomes = max(len(data.classes), 2)
    chance = sum(
        float(batch.weight.sum()) * batch.signal.log_outcomes(outcomes)
        for batch in data.batches
        if np.isfinite(batch.signal.outcomes(outcomes))
    )
    coordinates = fitted.inner.size + fitted.prototypes.size
    gain = fitted.log_likelihood + chance
    if chance and gain < _CHANCE * coordinates:
        warnings.warn(
            f"{len(data)} answers are explained no better than random answers would be "
            f"by {coordinates} coordinates (gain {gain:.0f} nats): they contradict each other "
            "or are too few, and the embedding tells little. Ask more, ask for fewer "
            "dimensions, and check how answers were coded",
            RecoveryWarning,
            stacklevel=stacklevel + 1,
        )


def warn_of_constant(features: np.ndarray, stacklevel: int) -> None:
    """Warn of columns (items, columns) that are the same for all items and so say nothing."""
    same = np.flatnonzero(features.max(0) == features.min(0)).tolist()
    if same:
        shown = ", ".join(map(str, same[:5])) + (", ..." if len(same) > 5 else "")
        warnings.warn(
            f"{len(same)} of {features.shape[1]} columns of features are the same for all "
            f"{len(features)} items and say nothing (counted from 0: {shown})",
            RecoveryWarning,
            stacklevel=stacklevel + 1,
        )
