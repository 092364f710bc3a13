"""Identities of every channel over a seeded part of a stress grid, and that they can fail."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from scipy.special import gammaln

from labelbits.signals import REGISTRY, dirichlet
from labelbits.signals.dirichlet import part_laws
from tests.signals.identities import failures, grid

POINTS = grid(1, 7)


@pytest.mark.parametrize(("name", "dims", "classes", "options"), POINTS, ids=[p[0] for p in POINTS])
def test_identities_hold(name, dims, classes, options):
    assert failures(name, dims, classes, options, n=4096) == []


def test_what_is_sure_but_for_rounding_has_no_entropy_below_nothing():
    """ln of a probability that rounding takes above 1: an entropy of -3e-8 in its place."""
    assert failures("same-class", 50, 10, {"precision": 1.0, "lapse": 0.0}) == []


def test_the_grid_holds_every_signal():
    assert [point[0] for point in POINTS] == list(REGISTRY)


#: Where one class holds nearly all the mass.
SURE = ("soft", 10, 10, {"precision": 10.0})


def cancelling(alpha, m: int, growth: float = 1.0, pooled: bool = False):
    """The form that loses everything: float32 differences of numbers that are nearly equal."""
    total = alpha.sum(-1, keepdims=True)
    rest = jnp.maximum(total - alpha, 1e-6)
    rising = lambda a: sum(jnp.log(a + j) for j in range(m))  # noqa: E731

    def step(state, n):
        log_mass, term, mean = state
        log_mass += jnp.log((m - n + 1) * (alpha + n - 1) / (n * (rest + m - n)))
        term += jnp.log((alpha + n - 1) / n)
        return (log_mass, term, mean + jnp.exp(log_mass) * term), jnp.exp(log_mass)

    zero = jnp.zeros_like(alpha)
    start = (rising(rest) - rising(total), zero, zero)
    (_, _, mean), masses = jax.lax.scan(step, start, jnp.arange(1, m + 1))
    entropy = -(math.lgamma(m + 1) - rising(total)[..., 0]) - mean.sum(-1)
    return entropy, masses.sum(-1) if pooled else masses


def test_identities_fail_for_a_form_that_cancels(monkeypatch):
    assert failures(*SURE) == []
    monkeypatch.setattr("labelbits.signals.soft.part_laws", cancelling)
    monkeypatch.setattr(dirichlet, "part_laws", cancelling)
    found = " ".join(failures(*SURE))
    assert "an entropy of -" in found
    assert "differ by" in found


@pytest.mark.parametrize("m", [1, 20, 150])
@pytest.mark.parametrize("growth", [0.0, 1.0])
def test_laws_of_parts_to_float64(m, growth):
    """Entropy and masses against the sums in float64, from certain reports to even ones."""
    rng = np.random.default_rng(m)
    logit = rng.normal(size=(40, 5)) ** 2 * np.repeat([0.1, 1, 10, 50], 10)[:, None]
    p = np.exp(-logit) / np.exp(-logit).sum(1, keepdims=True)
    size = np.resize([0.01, 1, 10, 1000], 40)[:, None] if growth else 1.0
    alpha = np.maximum(size * p, 1e-6).astype(np.float32)
    if not growth:
        alpha = (alpha / alpha.sum(1, keepdims=True)).astype(np.float32)
    entropy, masses = jax.jit(part_laws, static_argnums=(1, 2))(jnp.asarray(alpha), m, growth)
    wide, j, n = alpha.astype(np.float64), np.arange(m), np.arange(1, m + 1)
    total = wide.sum(1)
    rest = np.stack([np.delete(wide, k, 1).sum(1) for k in range(5)], 1)

    def rising(a):
        steps = np.log((a[..., None] + growth * j) / (1 + j))
        return np.concatenate([np.zeros((*a.shape, 1)), steps.cumsum(-1)], -1)

    all_parts = rising(total)[:, -1]
    mine = rising(wide)
    exact = np.exp(mine + rising(rest)[..., ::-1] - all_parts[:, None, None])
    truth = all_parts - (exact * mine).sum((1, 2))
    np.testing.assert_allclose(entropy, truth, atol=3e-5 * max(1, m / 20))
    np.testing.assert_allclose(np.moveaxis(np.asarray(masses), 0, -1), exact[..., n], atol=2e-5)
    assert np.min(entropy) >= 0
    pooled = part_laws(jnp.asarray(alpha), m, growth, pooled=True)[1]
    np.testing.assert_allclose(pooled, np.asarray(masses).sum(-1), atol=1e-5)


def test_likelihood_of_reports_to_float64():
    """Large and small parameters alike: differences of ln Gamma lose digits where a is large."""
    rng = np.random.default_rng(0)
    for size in (1e-3, 1.0, 1e4):
        alpha = np.maximum(size * rng.dirichlet(np.full(4, 0.3), 200), 1e-6).astype(np.float32)
        parts = rng.multinomial(20, np.full(4, 0.25), 200)
        a, m = alpha.astype(np.float64), parts.sum(1)
        truth = gammaln(m + 1) + gammaln(a.sum(1)) - gammaln(m + a.sum(1))
        truth += (gammaln(parts + a) - gammaln(a) - gammaln(parts + 1)).sum(1)
        found = dirichlet.log_dirichlet_multinomial(jnp.asarray(parts), jnp.asarray(alpha))
        np.testing.assert_allclose(found, truth, atol=2e-4, rtol=1e-6)


def test_votes_are_binomial():
    entropy, _ = part_laws(jnp.asarray([[0.3, 0.7], [1e-4, 1 - 1e-4]]), 50, growth=0.0)
    truth = [stats.binom(50, 0.3).entropy(), stats.binom(50, 1e-4).entropy()]
    np.testing.assert_allclose(entropy, truth, atol=3e-5)


def test_how_many_reports_there_are_to_float64():
    """A lapse spreads evenly over so many: differences of ln Gamma in float32 lose four digits."""
    pairs = [(1, 3), (1, 200), (1, 1000), (20, 10), (20, 200)]
    truth = np.array([gammaln(m + k) - gammaln(m + 1) - gammaln(k) for m, k in pairs])
    found = [float(dirichlet.log_reports(jnp.asarray(m), k)) for m, k in pairs]
    np.testing.assert_allclose(found, truth, atol=1e-5)
    cancels = [float(jax.scipy.special.gammaln(jnp.float32(m + k)) - math.lgamma(m + 1))
               - math.lgamma(k) for m, k in pairs]  # fmt: skip
    assert np.abs(cancels - truth).max() > 2e-5
