"""Precision and lapse by draws: unbiased where the most probable points are not, and the chain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax
import numpy as np
import pytest

import labelbits as lb
from labelbits.interface import Batch
from labelbits.recovery import chain
from labelbits.recovery.convergence import convergence
from labelbits.recovery.mixtures.channel import Channel
from labelbits.recovery.mixtures.noise import Target, flat
from labelbits.recovery.mixtures.objective import Points, coded
from labelbits.recovery.mixtures.problem import MixtureProblem
from labelbits.recovery.triplets import fit as triplet_fit
from labelbits.signals import REGISTRY, Triplet, make
from tests.recovery.test_posterior import answered

ITEMS, DIMS, WORLDS = 60, 2, 20
PRECISION, LAPSE = 2.0, 0.05


def fits(answers_each: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """ln of precision over the true one, lapse, and held-out bits of each world."""
    found = []
    for seed in range(WORLDS):
        points = np.random.default_rng([seed, 51]).normal(size=(ITEMS, DIMS))
        model = lb.SignalEmbedding(DIMS, random_state=0, n_init=2)
        model.fit(answered(points, answers_each * points.size, seed))
        bits = model.score(answered(points, 3000, 1000 + seed))
        found.append((np.log(model.precision_ / PRECISION), model.lapse_, bits))
    return tuple(np.array(found).T)


def test_noise_is_told_from_ten_answers_a_coordinate(monkeypatch: pytest.MonkeyPatch) -> None:
    ln_precision, lapse, bits = fits(10)
    error = ln_precision.std(ddof=1) / np.sqrt(WORLDS), lapse.std(ddof=1) / np.sqrt(WORLDS)
    assert abs(ln_precision.mean()) < 4 * error[0]
    assert abs(lapse.mean() - LAPSE) < 4 * error[1]
    # Negative control: read off the most probable points, the lapse is too low in these very
    # worlds, and points that bend to the answers' errors predict worse.
    monkeypatch.setattr(triplet_fit, "SAMPLED", 0.0)
    _, mode, plug_in = fits(10)
    assert mode.mean() < LAPSE - 4 * mode.std(ddof=1) / np.sqrt(WORLDS)
    gain = bits - plug_in
    assert gain.mean() > 4 * gain.std(ddof=1) / np.sqrt(WORLDS)


class Plain:
    """A target of nothing but an energy."""

    def __init__(self, value: chain.Value) -> None:
        self.value = value

    def move(self, x: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        return x

    def travel(self, *args: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return chain.travelled(self.value, *args)


def test_a_chain_draws_from_a_known_law() -> None:
    generator = np.random.default_rng(0)
    spread = np.repeat([0.1, 1.0, 3.0], 20)
    mean = generator.normal(size=60)

    def value(x: np.ndarray) -> tuple[float, np.ndarray]:
        z = (x - mean) / spread
        return 0.5 * float(z @ z), z / spread

    group, prior = np.repeat([0, 1, 2], 20), np.full(60, 1e-3)
    width = chain.widths(value, mean, group, prior, generator)
    np.testing.assert_allclose(width, spread, rtol=1e-3)
    target = Plain(value)
    moving = chain.Chain(target, mean[None], group, prior, generator)
    moving.warm_up(60)
    found = moving.draw(100)
    assert 0.5 < found.accepted < 1
    z = (found.x[0] - mean) / spread
    # 6000 numbers of which one in four counts as independent: 4 standard errors are 0.15.
    assert np.mean(z**2) == pytest.approx(1, abs=0.15)
    assert np.mean(z) == pytest.approx(0, abs=0.1)
    # Negative control: widths that are all one leave the widest coordinates where they began.
    narrow = chain.Chain(target, mean[None], group, prior, generator, np.full(60, 0.1)).draw(100)
    assert np.mean(((narrow.x[0] - mean) / spread)[:, 40:] ** 2) < 0.7


@pytest.fixture
def target() -> Target:
    """Triplets of weight 0: the posterior is the prior."""
    t = np.random.default_rng(1).random((50, 20)).argsort(1)[:, :3].astype(np.int32)
    batch = Batch(Triplet(), t, np.zeros((50, 1), np.int32), np.zeros(50, np.int32), np.zeros(50))
    channel = Channel(Triplet(), 1, None, None, False)
    problem = MixtureProblem((batch,), (channel,), 20, 0, DIMS)
    return Target(problem, (coded(batch),), (channel.start(),), 1.0)


def test_without_answers_the_chain_draws_from_the_prior(target: Target) -> None:
    generator = np.random.default_rng(2)
    n = target.coordinates
    x = np.concatenate([0.3 * generator.normal(size=n), flat(target.like)])
    width = np.concatenate([np.ones(n), [1.0, 2.0]])
    moving = chain.Chain(target, x[None], *target.groups(1.0), generator, width)
    moving.warm_up(60)
    found = moving.draw(100).x[0]
    # The move of the scale alone takes points from a spread of 0.3 to that of the prior.
    assert np.mean(found[:, :n] ** 2) == pytest.approx(1, abs=0.2)
    assert 1 < found[:, -1].std() < 4
    assert target.move(x, generator)[:n].std() > 2 * x[:n].std()


@pytest.mark.parametrize("name", ["triplet", "rating", "hard", "similarity"])
def test_one_chain_travels_in_the_program_of_the_search(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    signal = make(name, DIMS, 4)
    channel = Channel(signal, 1, None, None, False)
    generator = np.random.default_rng(6)
    classes = 4 if signal.uses_classes else 0
    points, prototypes = generator.normal(size=(20, DIMS)), generator.normal(size=(classes, DIMS))
    shown = generator.random((60, 20)).argsort(1)[:, : signal.arity].astype(np.int32)
    d2 = signal.distances(points[shown], prototypes)
    answer = np.asarray(signal.sample(jax.random.key(0), d2, np.zeros(60, np.int32)))
    batch = Batch(signal, shown, answer, np.zeros(60, np.int32), np.ones(60, np.float32))
    problem = MixtureProblem((batch,), (channel,), 20, classes, DIMS)
    told = Target(problem, (coded(batch),), (channel.start(),), 1.0)
    x = told.vector(Points(points, prototypes), told.like)[None]
    if problem.absolute:
        x = np.append(x, [[0.3]], axis=1)
    speed, width = generator.normal(size=x.shape), generator.uniform(0.02, 0.1, x.shape[1])
    width[told.noises.stop :] = 0.0
    asked: list[None] = []
    value = Target.value
    monkeypatch.setattr(Target, "value", lambda *a: (asked.append(None), value(*a))[1])
    alone = chain.travelled(told.value, x, speed, width, 0.5, 7)
    assert len(asked) == 8
    together = told.travel(x, speed, width, 0.5, 7)
    assert len(asked) == 8, "a trajectory is one call and no gradient after the other"
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-3, atol=2e-3)
    # Negative control: another leap is another place.
    assert np.abs(told.travel(x, speed, width, 0.5, 8)[0] - alone[0]).max() > 0.01


def test_the_scale_moves_and_no_probability_with_it(target: Target) -> None:
    generator = np.random.default_rng(3)
    x = np.concatenate([generator.normal(size=target.coordinates), flat(target.like)])
    batch = target.problem.batches[0]
    told = Target(target.problem, (coded(replace(batch, weight=np.ones(50, np.float32))),),
                  target.like, 1.0)  # fmt: skip

    def likelihood(x: np.ndarray) -> float:
        # What weights of 1 add to weights of 0.
        return told.value(x)[0] - target.value(x)[0]

    moved = target.rescaled(x, 4.0)
    np.testing.assert_allclose(moved[: target.coordinates], x[: target.coordinates] / 2)
    assert likelihood(moved) == pytest.approx(likelihood(x), rel=1e-4)
    assert abs(likelihood(2 * x) - likelihood(x)) > 1


@pytest.mark.parametrize("name", ["hard", *(n for n in REGISTRY if REGISTRY[n].in_distances)])
def test_no_probability_moves_with_the_scale_of_signals_that_know_distances(name: str) -> None:
    signal = make(name, DIMS, 4)
    channel = Channel(signal, 1, None, None, False)
    generator = np.random.default_rng(4)
    points = generator.normal(size=(6, signal.arity, DIMS)).astype(np.float32)
    prototypes = generator.normal(size=(4, DIMS)).astype(np.float32)
    theta, one = channel.start(), np.zeros(6, np.int32)
    d2 = signal.distances(points, prototypes)
    answer = signal.sample(jax.random.key(0), d2, np.zeros(6, np.int32))
    shares = channel.with_scale(theta)
    moved = {key: value + np.float32(np.log(4) * shares[key]) for key, value in theta.items()}
    before = channel.log_prob(theta, one, answer, d2)
    after = channel.log_prob(moved, one, answer, d2 / 4)
    np.testing.assert_allclose(after, before, rtol=1e-3, atol=1e-3)
    # Negative control: left where they are, the precision (and thresholds) make another answer of
    # it. Ratings and ticks also change where thresholds alone stay.
    for kept in [key for key, share in shares.items() if np.any(share)]:
        other = channel.log_prob({**moved, kept: theta[kept]}, one, answer, d2 / 4)
        assert np.max(np.abs(other - before)) > 1e-2


def test_r_hat_and_effective_draws_of_known_chains() -> None:
    generator = np.random.default_rng(8)
    noise = generator.normal(size=(4, 1000, 3))
    told = convergence(noise)
    assert told.r_hat < 1.01
    assert 3000 < told.effective < 5000
    # An autoregression with coefficient .9 has (1 - .9) / (1 + .9) as many effective draws.
    slow = noise.copy()
    for i in range(1, 1000):
        slow[:, i] = 0.9 * slow[:, i - 1] + np.sqrt(1 - 0.81) * noise[:, i]
    assert convergence(slow).effective == pytest.approx(4000 / 19, rel=0.4)
    # Negative control: one chain elsewhere, and a chain that drifts.
    apart = noise + 2 * np.array([0, 0, 0, 1])[:, None, None]
    assert convergence(apart).r_hat > 1.1
    assert convergence(noise + 3 * np.linspace(0, 1, 1000)[:, None]).r_hat > 1.1
