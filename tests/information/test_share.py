"""The law of one class's probability: against draws, and against what must be exactly so."""

from __future__ import annotations

import math

import jax
import numpy as np
import pytest
from scipy import stats

from labelbits import World, signals
from labelbits.information import grouped, per_answer
from labelbits.information.share import class_share
from labelbits.signals import Hard

LN2 = math.log(2)


@pytest.mark.parametrize("farthest", [False, True])
@pytest.mark.parametrize(
    ("dims", "classes", "precision"),
    [(1, 2, 0.3), (2, 5, 1.0), (5, 10, 1.0), (3, 7, 8.0), (64, 100, 1.0), (5, 10, 1e-3)],
)
def test_classes_share_everything(dims, classes, precision, farthest):
    """Masses sum to 1, and K E pi_1 = 1: that equation is used nowhere, so it checks the law."""
    share = class_share(dims, classes, precision, farthest=farthest)
    assert share is not None
    assert share.weight.sum() == pytest.approx(1, abs=1e-9)
    assert classes * share.weight @ np.exp(share.log_p) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(np.exp(share.log_p) + np.exp(share.log_q), 1)


@pytest.mark.parametrize(("dims", "classes", "precision"), [(1, 3, 1.0), (5, 10, 0.7), (12, 30, 2)])
def test_law_is_that_of_drawn_worlds(dims, classes, precision):
    share = class_share(dims, classes, precision)
    assert share is not None
    d2 = World(10, classes, dims).sample_class_distances(jax.random.key(0), (20_000,))
    log_pi = np.asarray(Hard(precision=precision).log_pi(d2), dtype=np.float64)[:, 0]
    logit = log_pi - np.log(-np.expm1(np.minimum(log_pi, -1e-7)))
    order = np.argsort(share.logit)
    # The lattice holds the law to within one step.
    middle = share.logit[order] + (share.logit[1] - share.logit[0]) / 2
    law = lambda x: np.interp(x, middle, np.cumsum(share.weight[order]))  # noqa: E731
    assert stats.kstest(logit, law).pvalue > 1e-3
    assert stats.kstest(1.1 * logit, law).pvalue < 1e-6  # a tenth would be seen


def test_two_candidates_are_a_triplet():
    """Two integrals that share no code: one over the odds of a triplet, one on the lattice."""
    for dims, precision, lapse in ((1, 0.5, 0.0), (2, 3.0, 0.1), (5, 1.0, 0.0)):
        world = World(10, 2, dims)
        noise = {"precision": precision, "lapse": lapse}
        one = per_answer(signals.make("contrastive", dims, 2, negatives=1, **noise), world)
        two = per_answer(signals.make("triplet", dims, 2, **noise), world)
        three = per_answer(signals.make("hard", dims, 2, **noise), world)
        assert one.method == three.method == "quadrature"
        assert one.bits == pytest.approx(two.bits, abs=2e-5)
        assert three.bits == pytest.approx(two.bits, abs=2e-5)


@pytest.mark.parametrize("name", ["hard", "complementary", "verify", "contrastive"])
@pytest.mark.parametrize("lapse", [0.0, 0.2])
def test_lattice_agrees_with_draws(name, lapse):
    world = World(20, 6, 3)
    signal = signals.make(name, 3, 6, precision=0.6, lapse=lapse)
    exact = per_answer(signal, world)
    assert exact.method == "quadrature"
    assert exact.standard_error < 1e-4
    drawn = grouped.grouped(signal, world, 0.002, 1, 10**7, given_prototypes=False, n=1024)
    assert abs(drawn.nats - exact.bits * LN2) < 4 * drawn.standard_error
    other = per_answer(signals.make(name, 3, 6, precision=0.45, lapse=lapse), world)
    assert abs(drawn.nats - other.bits * LN2) > 4 * drawn.standard_error  # it would be seen


def test_very_high_precision_is_left_to_draws():
    assert class_share(2, 2, 1e4) is None
    estimate = per_answer(Hard(precision=1e4), World(10, 2, 2))
    assert estimate.method == "monte-carlo"
    assert estimate.bits == pytest.approx(1, abs=0.01)


def test_noise_free_shares_are_certain():
    share = class_share(3, 4, math.inf)
    assert share is not None
    assert share.weight @ np.exp(share.log_p) == 0.25
    verify = per_answer(signals.make("verify", 3, 4, precision=math.inf), World(10, 4, 3))
    assert verify.method == "exact"
    assert verify.bits == pytest.approx(-0.25 * math.log2(0.25) - 0.75 * math.log2(0.75), abs=1e-12)
