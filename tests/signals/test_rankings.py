"""Every ranking at once: as likely as one by one, in a fraction of the arithmetic."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from labelbits.interface import Signal
from labelbits.signals.rankings import Ranking


@pytest.mark.parametrize(("classes", "top"), [(2, 1), (4, 4), (5, 3)])
@pytest.mark.parametrize("lapse", [0.0, 0.1])
def test_all_rankings_at_once_are_as_likely_as_each(classes: int, top: int, lapse: float) -> None:
    signal = Ranking(top=top, precision=1.5, lapse=lapse)
    d2 = jnp.asarray(np.random.default_rng(0).gamma(2, 2, (7, classes)))
    every = jnp.asarray(signal.enumerate(classes))
    found = signal.log_prob_all(d2, every)
    np.testing.assert_allclose(found, signal.log_prob(every, d2[:, None]), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(np.exp(found).sum(1), 1, rtol=1e-5)
    # Negative control: in another order they are others.
    assert np.abs(found[:, ::-1] - signal.log_prob(every, d2[:, None])).max() > 0.1


def test_all_rankings_cost_little_more_than_their_number() -> None:
    signal, d2 = Ranking(top=3), jnp.ones((8, 10))
    every = jnp.asarray(signal.enumerate(10))

    def numbers(made: Callable[[jax.Array], jax.Array]) -> int:
        """Numbers in all arrays of the program, one by one and together."""
        return sum(e.outvars[0].aval.size for e in jax.make_jaxpr(made)(d2).eqns)  # type: ignore[attr-defined]

    one_by_one = numbers(lambda d: Signal.log_prob_all(signal, d, every))
    assert numbers(lambda d: signal.log_prob_all(d, every)) < one_by_one / 5
