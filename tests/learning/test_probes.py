"""Probes of a representation, against what is known or computed another way."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr

from labelbits.errors import InputError
from labelbits.learning.encoders.probes import (
    distance_alignment,
    effective_dimension,
    few_shots,
    linear_probe,
)

RNG = np.random.default_rng(0)
Z = RNG.normal(size=(80, 3))
CLASS = (Z[:, 0] > 0).astype(int)


def test_alignment_is_the_rank_correlation_of_distances() -> None:
    noisy = Z + 0.5 * np.random.default_rng(1).normal(size=Z.shape)
    expected = spearmanr(pdist(noisy), pdist(Z)).statistic
    assert distance_alignment(noisy, Z) == pytest.approx(expected, abs=1e-12)
    assert distance_alignment(3 * Z[:, [2, 0, 1]] + 1, Z) == pytest.approx(1)


def test_structure_between_classes_alone_is_told_from_structure_within() -> None:
    collapsed = np.eye(2)[CLASS] + 1e-6 * np.random.default_rng(2).normal(size=(80, 2))
    assert abs(distance_alignment(collapsed, Z, CLASS, within=True)) < 0.15
    assert distance_alignment(Z, Z, CLASS, within=True) == pytest.approx(1)
    assert np.isnan(distance_alignment(np.zeros((80, 2)), Z))


def test_probes_find_what_is_linear_and_nothing_where_there_is_nothing() -> None:
    assert linear_probe(Z[:60], CLASS[:60], Z[60:], CLASS[60:]) > 0.9
    noise = np.random.default_rng(3).normal(size=(2000, 5))
    right = np.random.default_rng(4).integers(2, size=2000)
    guessed = linear_probe(noise[:1000], right[:1000], noise[1000:], right[1000:])
    assert abs(guessed - 0.5) < 4 * 0.5 / np.sqrt(1000)
    assert few_shots(Z[:60], CLASS[:60], Z[60:], CLASS[60:], 5, seed=0) > 0.7
    with pytest.raises(InputError, match="1 class"):
        linear_probe(Z[:5], np.zeros(5, int), Z, CLASS)


def test_effective_dimension_counts_directions_in_use() -> None:
    z = np.random.default_rng(5).normal(size=(20_000, 4))
    assert effective_dimension(z) == pytest.approx(4, abs=0.05)
    assert effective_dimension(z * [1, 1, 0, 0]) == pytest.approx(2, abs=0.02)
    assert effective_dimension(np.zeros((10, 3))) == 0
