"""Integrals for many classes: sets of ticks and a few votes, against plain draws."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.special import entr, expit, gammaln

from labelbits import World
from labelbits.information import per_answer
from labelbits.information.quadrature import few_votes
from labelbits.information.ticks import ticks
from labelbits.signals import Candidates, Hard, Votes

LN2 = math.log(2)


def drawn(classes: int, dims: int, precision: float, threshold: float) -> tuple[float, float]:
    """(nats, standard error) of a set of ticks, each drawn: ln C(K, n) - ln P(n) - H(set | points)
    with n the ticks of a set that is not empty."""
    generator = np.random.default_rng(0)
    n = 6000
    z, c = generator.normal(size=(n, 1, dims)), generator.normal(size=(n, classes, dims))
    q = expit(precision * (threshold - ((z - c) ** 2).sum(-1)))
    none = np.log1p(-q)
    some = -np.expm1(none.sum(1))
    entropy = ((entr(q) + entr(1 - q)).sum(1) - entr(1 - some) - entr(some)) / some
    # The first tick given that there is one; those after it are independent.
    first = np.cumsum(np.exp(np.cumsum(none, 1) - none) * q / some[:, None], 1)
    first = (generator.random((n, 1)) >= first).sum(1, keepdims=True)
    later = (generator.random((n, classes)) < q) & (np.arange(classes) > first)
    size = 1 + later.sum(1)
    frequency = np.bincount(size, minlength=classes + 1) / n
    ways = gammaln(classes + 1) - gammaln(size + 1) - gammaln(classes - size + 1)
    value = ways - np.log(frequency[size]) - entropy
    short = (np.count_nonzero(frequency) - 1) / (2 * n)
    return float(value.mean() + short), float(value.std() / math.sqrt(n))


@pytest.mark.parametrize(
    ("classes", "dims", "precision", "threshold"), [(120, 4, 0.6, 3.0), (40, 2, 3.0, 0.2)]
)
def test_ticks_of_many_classes_agree_with_draws(classes, dims, precision, threshold):
    world, signal = World(10, classes, dims), Candidates(precision, threshold=threshold)
    found = ticks(signal, world, 1e-4)
    assert found is not None
    nats, error = drawn(classes, dims, precision, threshold)
    assert abs(found.nats - nats) < 4 * error
    other = ticks(Candidates(0.4 * precision, threshold=threshold), world, 1e-4)
    assert other is not None
    assert abs(other.nats - nats) > 4 * error  # the comparison has power


def test_ticks_with_a_lapse_lie_between_bounds_that_meet():
    """Where classes are many a lapse shows, and it costs what it hides."""
    world = World(10, 300, 2)
    whole = ticks(Candidates(threshold=2.0), world, 1e-3)
    lapsed = ticks(Candidates(threshold=2.0, lapse=0.2), world, 1e-2)
    assert whole is not None
    assert lapsed is not None
    assert lapsed.standard_error < 1e-2
    assert 0.75 * whole.nats < lapsed.nats < 0.8 * whole.nats
    # Among few classes the bounds lie far apart, and the value is drawn.
    few = Candidates(threshold=2.0, lapse=0.2)
    assert ticks(few, World(10, 5, 2), 1e-2) is None


def test_every_set_of_two_classes_by_hand():
    """Two classes, three sets: H(set) - E H(set | points) from the sets' own chances."""
    world, signal = World(10, 2, 1), Candidates(2.0, threshold=0.3)
    found = per_answer(signal, world)
    generator = np.random.default_rng(1)
    z, c = generator.normal(size=(300_000, 1, 1)), generator.normal(size=(300_000, 2, 1))
    q = expit(2 * (0.3 - ((z - c) ** 2).sum(-1)))
    sets = [s for s in itertools.product((0, 1), repeat=2) if any(s)]
    p = np.stack([np.where(s, q, 1 - q).prod(1) for s in sets], 1)
    p /= p.sum(1, keepdims=True)
    own = entr(p).sum(1)
    truth = (entr(p.mean(0)).sum() - own.mean()) / LN2
    assert found.method == "quadrature"
    assert abs(found.bits - truth) < 4 * own.std() / math.sqrt(len(own)) / LN2


def test_few_votes():
    world = World(10, 6, 3)
    one = few_votes(Votes(answers_per_item=1, lapse=0.1), world)
    assert one is not None
    assert one.nats / LN2 == pytest.approx(per_answer(Hard(lapse=0.1), world).bits, abs=1e-9)
    generator = np.random.default_rng(2)
    z, c = generator.normal(size=(40_000, 1, 3)), generator.normal(size=(40_000, 6, 3))
    pi = np.exp(-((z - c) ** 2).sum(-1))
    pi = 0.9 * pi / pi.sum(1, keepdims=True) + 0.1 / 6
    for votes in (2, 3):
        counts = np.array(
            [k for k in itertools.product(range(votes + 1), repeat=6) if sum(k) == votes]
        )
        ways = np.exp(gammaln(votes + 1) - gammaln(counts + 1).sum(1))
        p = ways * np.exp(np.log(pi) @ counts.T)
        kinds = np.sort(counts, axis=1) @ (4 ** np.arange(6))
        even = np.zeros(len(counts))
        for kind in np.unique(kinds):  # counts that renaming the classes turns into each other
            even[kinds == kind] = p[:, kinds == kind].mean()
        own = entr(p).sum(1)
        found = few_votes(Votes(answers_per_item=votes, lapse=0.1), world)
        assert found is not None
        assert abs(found.nats - (entr(even).sum() - own.mean())) < 4 * own.std() / 200
        wrong = few_votes(Votes(answers_per_item=votes), world)
        assert wrong is not None
        assert abs(wrong.nats - found.nats) > 8 * own.std() / 200
