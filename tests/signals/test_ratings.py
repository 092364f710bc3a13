"""Ratings on long scales: an answer's likelihood is that of the table, without the table."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from labelbits.signals.base import Categorical, replace_noise
from labelbits.signals.ratings import Rating

ANSWERS = 40


def rated(levels: int, seed: int = 0) -> tuple[Rating, jax.Array, jax.Array]:
    """A scale with the noise of each answer, answers on every step of it, their distances."""
    generator = np.random.default_rng(seed)
    signal: Any = replace_noise(
        Rating.for_world(2, 2, levels=levels),
        jnp.asarray(generator.uniform(0.5, 3, ANSWERS)),
        jnp.asarray(generator.uniform(0, 0.2, ANSWERS)),
    )
    answer = jnp.asarray(np.linspace(0, levels - 1, ANSWERS).round().astype(np.int32)[:, None])
    return signal, answer, jnp.asarray(generator.gamma(1, 4, (ANSWERS, 1)))


def summed(signal: Rating, answer: jax.Array, d2: jax.Array, by: Any) -> jax.Array:
    return jnp.sum(by(signal, answer, d2))


@pytest.mark.parametrize("levels", [2, 5, 101])
def test_an_answer_is_as_likely_as_in_the_table_and_pulls_as_much(levels: int) -> None:
    signal, answer, d2 = rated(levels)
    np.testing.assert_allclose(
        signal.log_prob(answer, d2), Categorical.log_prob(signal, answer, d2), rtol=1e-5, atol=1e-5
    )
    own, table = (
        jax.grad(summed, argnums=(0, 2), allow_int=True)(signal, answer, d2, by)
        for by in (Rating.log_prob, Categorical.log_prob)
    )
    for one, other in zip(jax.tree.leaves(own), jax.tree.leaves(table), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)
    # Negative control: another answer has another likelihood.
    shifted = jnp.where(answer > 0, answer - 1, answer + 1)
    assert np.abs(signal.log_prob(shifted, d2) - signal.log_prob(answer, d2)).max() > 0.01


def test_an_answer_on_a_long_scale_asks_for_no_table_of_it() -> None:
    signal, answer, d2 = rated(101)

    def largest(by: Any) -> int:
        """Numbers of the largest array on the way to the slope in the distances."""
        program = jax.make_jaxpr(jax.grad(lambda d: summed(signal, answer, d, by)))(d2)
        sizes = [
            equation.outvars[0].aval.size
            for equation in program.eqns
            if hasattr(equation.outvars[0].aval, "size")
        ]
        return max(sizes)

    assert largest(Rating.log_prob) <= 101 + ANSWERS
    assert largest(Categorical.log_prob) >= 101 * ANSWERS
