"""Worlds seen through features: what x tells of z, and what answers are asked."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsRegressor

from labelbits import signals
from labelbits.errors import InputError
from labelbits.simulation.observed import ObservedWorld


def _told(world: ObservedWorld) -> float:
    """Share of the variance of new items' z that their neighbours in x tell."""
    z, new = world.items(1500, 0), world.items(300, 1)
    model = KNeighborsRegressor(5).fit(world.features(z, 0), z)
    return float(model.score(world.features(new, 1), new))


def test_features_tell_the_position_unless_they_are_noise() -> None:
    assert _told(ObservedWorld(dims=2, seen="nonlinear")) > 0.9
    assert _told(ObservedWorld(dims=2, seen="linear")) > 0.9
    # A mean of five unrelated items misses by 1.2 variances.
    assert _told(ObservedWorld(dims=2, seen="nothing")) < 0


def test_columns_have_variance_one_and_the_map_is_fixed_by_the_seed() -> None:
    world = ObservedWorld(dims=3, columns=20, noise=0.0, seed=4)
    z = world.items(4000, 0)
    x = world.features(z, 0)
    np.testing.assert_allclose(x.std(0), 1, atol=0.12)
    np.testing.assert_array_equal(
        x, ObservedWorld(dims=3, columns=20, noise=0.0, seed=4).features(z, 9)
    )
    assert not np.allclose(x, ObservedWorld(dims=3, columns=20, noise=0.0, seed=5).features(z, 0))


def test_a_nonlinear_map_is_not_linear() -> None:
    for seen, linear in (("linear", True), ("nonlinear", False)):
        world = ObservedWorld(dims=3, noise=0.0, seen=seen)
        z = world.items(2000, 0)
        x = world.features(z, 0)
        design = np.column_stack([z, np.ones(len(z))])
        left = x - design @ np.linalg.lstsq(design, x, rcond=None)[0]
        assert (np.mean(left**2) < 1e-12) == linear


def test_answers_follow_the_channel_and_the_shift_moves_the_prior() -> None:
    world = ObservedWorld(classes=3, dims=2)
    z, prototypes = world.items(50, 0), world.prototypes(0)
    batch = world.answers(signals.Hard(precision=2.0), z, prototypes, 4000, seed=1)
    logits = -2 * ((z[batch.items[:, 0], None] - prototypes) ** 2).sum(2)
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    chosen = p[np.arange(4000), batch.answer[:, 0]]
    # E p(answer) = E sum p^2 where answers are drawn from p; for class 0 always it is not.
    expected, error = np.sum(p**2, 1), (chosen - np.sum(p**2, 1)).std() / np.sqrt(4000)
    assert abs(chosen.mean() - expected.mean()) < 4 * error
    assert abs(p[:, 0].mean() - expected.mean()) > 4 * error
    assert world.items(2000, 3, shift=1.5)[:, 0].mean() == pytest.approx(1.5, abs=0.1)


@pytest.mark.any_types
def test_bad_worlds_are_refused() -> None:
    with pytest.raises(InputError, match="columns"):
        ObservedWorld(dims=5, columns=3)
    with pytest.raises(InputError, match="'nothing'"):
        ObservedWorld(seen="cubic")  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match="noise"):
        ObservedWorld(noise=-1.0)
