"""Bits of one answer against a second implementation that shares no code, at random points.

The whole comparison, with its distribution of z, is `benchmarks/information_second.py`.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from labelbits import World, signals
from labelbits.information import per_answer
from tests.information.second import CHANNELS, information, random_point


def z_of(name: str, about: str, seed: int, slip: float = 1.0) -> float:
    dims, classes, options = random_point(name, np.random.default_rng(seed))
    signal = signals.make(name, dims, classes, **options)
    ours = per_answer(signal, World(100, classes, dims), about=about, standard_error=0.02)  # type: ignore[arg-type]
    other = options | {"precision": options["precision"] * slip}
    bits, error = information(name, dims, classes, other, about, 24, 1500, seed)
    return (ours.bits - bits) / math.hypot(ours.standard_error, error)


@pytest.mark.parametrize("name", CHANNELS)
def test_bits_agree(name):
    seed = list(CHANNELS).index(name)
    assert abs(z_of(name, "items" if seed % 3 == 1 else "geometry", seed)) < 4


def test_the_comparison_has_power():
    assert abs(z_of("triplet", "geometry", 2, slip=1.5)) > 4
