"""Distances to prototypes, taken two ways."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from labelbits.interface import squared_distances
from labelbits.signals import Hard


@pytest.mark.parametrize("dims", [16, 17, 60])
def test_products_agree_with_differences(dims: int) -> None:
    """Far from the origin too, where |x|^2 - 2 x.c + |c|^2 taken there would lose every digit."""
    rng = np.random.default_rng(dims)
    x = jnp.asarray(rng.standard_normal((9, 1, dims)) + 3000, jnp.float32)
    c = jnp.asarray(rng.standard_normal((5, dims)) + 3000, jnp.float32)

    def total(distances, x, c):
        return jnp.sum(jnp.sin(distances(x, c)))

    for of in (0, 1):
        slope = jax.grad(total, argnums=of + 1)
        expected = slope(squared_distances, x, c)
        np.testing.assert_allclose(slope(Hard().distances, x, c), expected, atol=2e-2)
    found = np.asarray(Hard().distances(x, c))
    exact = ((np.asarray(x, np.float64) - np.asarray(c, np.float64)) ** 2).sum(-1)
    np.testing.assert_allclose(found, exact, rtol=1e-5)
    naive = jnp.sum(x**2, -1) + jnp.sum(c**2, -1) - 2 * x[:, 0] @ c.T
    assert np.abs(np.asarray(naive) - exact).max() > 1
