"""The rate-distortion limit: tight where it should be, never above a correct learner."""

from __future__ import annotations

import math

import numpy as np
import pytest

from labelbits.errors import InputError
from labelbits.information import answers_needed, bits_for_error, error_limit
from labelbits.information.limit import free_coordinates


def aligned_error(truth: np.ndarray, estimate: np.ndarray) -> float:
    """Total squared error after the best rotation, reflection, shift and scale (Procrustes)."""
    a, b = truth - truth.mean(0), estimate - estimate.mean(0)
    reach = np.linalg.svd(b.T @ a)[1].sum()
    return float((a**2).sum() - reach**2 / (b**2).sum())


def test_without_alignment_it_is_shannons():
    assert error_limit(0, 30, 2, alignment="none") == 60
    assert error_limit(60, 30, 2, alignment="none") == pytest.approx(60 / 4)
    assert error_limit(58, 30, 2, alignment="shift") == pytest.approx(58 / 4)


@pytest.mark.parametrize("alignment", ["none", "shift", "similarity"])
def test_bits_and_error_are_inverse(alignment):
    for bits in (0.5, 20.0, 300.0, 5000.0):
        error = error_limit(bits, 40, 3, alignment=alignment)
        assert bits_for_error(error, 40, 3, alignment=alignment) == pytest.approx(bits, rel=1e-6)
    errors = [error_limit(b, 40, 3, alignment=alignment) for b in (0, 10, 100, 1000)]
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize(("items", "dims"), [(6, 1), (10, 2), (20, 3), (60, 2)])
@pytest.mark.parametrize("noise", [0.1, 0.5, 2.0, 10.0])
def test_never_above_the_best_learner(items, dims, noise):
    """The learner that reaches Shannon's limit: posterior means after normal noise, whose bits
    are known exactly, then aligned with a knowledge of the truth that no learner has."""
    generator = np.random.default_rng(0)
    bits = items * dims / 2 * math.log2(1 + 1 / noise**2)
    raw, aligned = [], []
    for _ in range(400):
        truth = generator.normal(size=(items, dims))
        seen = truth + noise * generator.normal(size=truth.shape)
        estimate = seen / (1 + noise**2)
        raw.append(((truth - estimate) ** 2).sum())
        aligned.append(aligned_error(truth, estimate))
    spread = np.std(aligned) / math.sqrt(len(aligned))
    assert error_limit(bits, items, dims) <= np.mean(aligned) + 4 * spread
    # Unaligned, this learner is exactly at the limit, so the limit is tight and the test can fail.
    unaligned = error_limit(bits, items, dims, alignment="none")
    assert abs(np.mean(raw) - unaligned) < 4 * np.std(raw) / math.sqrt(len(raw))


@pytest.mark.parametrize("dims", [2, 3])
def test_counting_parameters_alone_would_be_wrong(dims):
    """Pure noise, aligned: less error than (N-1) D less the parameters of a similarity."""
    generator = np.random.default_rng(1)
    items = 30
    errors = [
        aligned_error(generator.normal(size=(items, dims)), generator.normal(size=(items, dims)))
        for _ in range(2000)
    ]
    spread = np.std(errors) / math.sqrt(len(errors))
    parameters = dims * (dims - 1) // 2 + 1
    assert np.mean(errors) < (items - 1) * dims - parameters - 4 * spread
    assert np.mean(errors) > error_limit(0, items, dims)


def test_answers_needed():
    free = free_coordinates(30, 2)
    assert answers_needed(free, 1.0, 30, 2) == 0
    need = answers_needed(5.0, 0.5, 30, 2)
    assert error_limit(0.5 * need, 30, 2) <= 5.0 < error_limit(0.5 * (need - 1), 30, 2)


def test_alignment_can_take_everything():
    assert error_limit(10, 3, 2) == 0


@pytest.mark.any_types
def test_bad_arguments():
    with pytest.raises(InputError, match="bits are -1"):
        error_limit(-1, 10, 2)
    with pytest.raises(InputError, match="alignment is 'affine'"):
        error_limit(1, 10, 2, alignment="affine")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="error is 0"):
        bits_for_error(0, 10, 2)
    with pytest.raises(InputError, match="bits_per_answer is 0"):
        answers_needed(1.0, 0, 10, 2)
