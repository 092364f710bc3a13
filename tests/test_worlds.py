"""Worlds: every prior has the variance it promises, and its shortcuts draw the same law."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from labelbits import World
from labelbits.errors import InputError
from labelbits.interface import squared_distances
from labelbits.worlds import normal_draws, quasi_distances


@pytest.mark.parametrize("prior", ["normal", "hypercube", "sphere"])
def test_unit_variance(prior):
    items = np.asarray(World(10, 2, 3, prior=prior).sample_items(jax.random.key(0), (50_000,)))
    np.testing.assert_allclose(items.mean(0), 0, atol=0.02)
    np.testing.assert_allclose(np.cov(items.T), np.eye(3), atol=0.03)


@pytest.mark.parametrize("dims", [1, 2, 5, 8, 30])
def test_shortcut_to_class_distances_draws_the_same_law(dims):
    """Against distances between drawn points, in each of two classes, and their correlation."""
    world, n = World(10, 2, dims), 20_000
    fast = np.asarray(world.sample_class_distances(jax.random.key(0), (n,)))
    items = world.sample_items(jax.random.key(1), (n,))
    prototypes = world.sample_prototypes(jax.random.key(2), (n,))
    plain = np.asarray(squared_distances(items[:, None], prototypes))
    for column in (0, 1):
        assert stats.ks_2samp(fast[:, column], plain[:, column]).pvalue > 1e-4
    assert abs(np.corrcoef(fast.T)[0, 1] - np.corrcoef(plain.T)[0, 1]) < 0.05
    assert stats.ks_2samp(fast[:, 0] * 1.1, plain[:, 0]).pvalue < 1e-6  # it would be seen


@pytest.mark.parametrize("dims", [1, 2, 5, 40])
def test_evenly_spread_distances_have_the_same_law(dims):
    points = quasi_distances(World(10, 3, dims), 3, [0, 1])
    assert points is not None
    d2 = points.more(2048).reshape(-1, 3)
    # d2 between two normal points is 2 chi-square.
    for column in range(3):
        assert stats.kstest(d2[:, column] / 2, stats.chi2(dims).cdf).pvalue > 1e-3
    np.testing.assert_allclose(points.more(2048).mean(), 2 * dims, rtol=0.02)


def test_seeds():
    world = World(10, 3, 2)
    one, two = (world.sample_items(jax.random.key(7), (5,)) for _ in range(2))
    assert (one == two).all()
    assert (one != world.sample_items(jax.random.key(8), (5,))).any()


def test_items_and_prototypes_gather_round_the_same_centres():
    world = World(10, 400, 2, prior="clusters", clusters=3, spread=0.05)
    items = np.asarray(world.sample_items(jax.random.key(0), (400,)))
    prototypes = np.asarray(world.sample_prototypes(jax.random.key(1), ()))
    nearest = ((prototypes[:, None] - items) ** 2).sum(-1).min(1)
    assert nearest.max() < 0.1
    other = World(10, 400, 2, prior="clusters", clusters=3, spread=0.05, seed=1)
    moved = np.asarray(other.sample_prototypes(jax.random.key(1), ()))
    assert ((moved[:, None] - items) ** 2).sum(-1).min(1).max() > 0.1


def test_known_prototypes_are_returned():
    known = np.array([[0.0, 1.0], [2.0, 3.0]])
    world = World(10, 2, 2, prototypes=known)
    drawn = world.sample_prototypes(jax.random.key(0), (4,))
    assert drawn.shape == (4, 2, 2)
    assert (drawn == jnp.asarray(known)).all()


def test_features_are_whitened():
    features = np.random.default_rng(0).normal(size=(500, 6)) * [5, 4, 3, 2, 1, 0.1]
    world = World.from_features(features, 3, 10)
    assert world.points is not None
    np.testing.assert_allclose(np.cov(world.points.T), np.eye(3), atol=0.01)
    items = np.asarray(world.sample_items(jax.random.key(0), (50,)))
    assert {tuple(row) for row in items.tolist()} <= {tuple(r) for r in world.points.tolist()}


@pytest.mark.parametrize(
    ("features", "dims", "message"),
    [
        (np.full((5, 5), np.nan), 2, "expected finite items x columns"),
        (np.zeros(5), 2, "expected finite items x columns"),
        (np.ones((5, 3)), 4, "have fewer"),
        (np.ones((5, 3)), 2, "vary in fewer dimensions"),
    ],
)
def test_bad_features(features, dims, message):
    with pytest.raises(InputError, match=message):
        World.from_features(features, dims, 3)


@pytest.mark.parametrize("shape", [(3,), (2, 7, 5), (12, 120, 5), (300_000,)])
def test_padded_draws_are_those_of_jax_to_the_bit(shape: tuple[int, ...]) -> None:
    key = jax.random.key(5)
    np.testing.assert_array_equal(normal_draws(key, shape), jax.random.normal(key, shape))
    inside = jax.jit(lambda key: normal_draws(key, shape))(key)
    np.testing.assert_array_equal(inside, jax.random.normal(key, shape))
