"""Dimensions and perceived distance by held-out bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from labelbits.errors import InputError
from labelbits.recovery.fitted import fitting, inference
from labelbits.recovery.fitted.inputs import Data

#: Up to so many dims every number is tried; beyond, steps grow by a quarter.
EVERY = 8

_Key = TypeVar("_Key", int, float)

#: Distance powers tried: squared distances, distances, ratios of distances.
POWERS = (1.0, 0.5, 0.0)


def ladder(most: int) -> list[int]:
    """Numbers of dims that are tried, at most `most`: 1 to 8, 10, 12, 15, 18, 22, 27, 33, ..."""
    tried = list(range(1, min(EVERY, most) + 1))
    while tried[-1] < most:
        tried.append(min(most, tried[-1] + max(2, tried[-1] // 4)))
    return tried


def choose(
    data: Data, options: Callable[[int, float], fitting.Options], dims: int | None,
    power: float | None, fraction: float, most: int, seed: int,
    report: Callable[[str, float], None],
) -> tuple[int, float, dict[int, float], dict[float, float]]:  # fmt: skip
    """(dims, power, held-out bits by dims, and by power); None is chosen, a number is kept.

    The fewest dims, and the largest power, within one standard error of the best.
    """
    train, held = data.split(fraction, np.random.default_rng([seed, 9]))
    if not len(held) or not len(train):
        raise InputError(
            f"{len(data)} answers are too few to choose by held-out bits; give n_components "
            "and distance_power"
        )

    def bits(dims: int, power: float) -> np.ndarray:
        report(f"{dims} dimensions, power {power:g}", 0.5)
        fitted = fitting.fit(train, options(dims, power), seed, None, lambda *_: None)
        return inference.bits(fitted, held)

    by_dims: dict[int, np.ndarray] = {}
    if dims is None:
        for tried in ladder(min(most, len(data.items) - 1)):
            by_dims[tried] = bits(tried, 1.0 if power is None else power)
            better = max(by_dims, key=lambda d: by_dims[d].mean())
            if len(by_dims) > 2 and better not in list(by_dims)[-2:]:
                break
        dims = simplest(by_dims)
    by_power: dict[float, np.ndarray] = {}
    if power is None:
        by_power = {tried: bits(dims, tried) for tried in POWERS}
        power = simplest(by_power)
    return (
        dims, power, {d: float(b.mean()) for d, b in by_dims.items()},
        {p: float(b.mean()) for p, b in by_power.items()},
    )  # fmt: skip


def simplest(bits: dict[_Key, np.ndarray]) -> _Key:
    """The first key whose mean is within one standard error of the best one's."""
    best = max(bits, key=lambda key: bits[key].mean())
    for key, each in bits.items():
        lost = bits[best] - each
        if lost.mean() <= lost.std() / np.sqrt(len(lost)):
            return key
    return best
