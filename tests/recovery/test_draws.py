"""Converged draws: intervals of few answers, and refusals."""

from __future__ import annotations

import numpy as np
import pytest

import labelbits as lb
from labelbits.recovery import NotConvergedError, RecoveryWarning, chain, metrics
from labelbits.recovery.fitted import draws
from labelbits.recovery.triplets import kernel, noise
from tests.recovery.test_posterior import answered

WORLDS = 16
#: Worlds from the prior hold random answers and tiny precisions too: the fit says so, and is right.
pytestmark = pytest.mark.filterwarnings("ignore:.*explained no better than random")


def ranks(drawn: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Share of draws (draws, items, dims) below the true distance of each of three pairs."""
    far, true = (np.linalg.norm(z[..., ::2, :] - z[..., 1::2, :], axis=-1) for z in (drawn, points))
    return np.mean(far < true, axis=0)


def test_intervals_of_few_answers_hold_nine_places_in_ten() -> None:
    """Six items on a line, four triplets a coordinate, precision 2 and lapse .05 known. Worlds are
    drawn from the prior, so that the true distances' ranks among draws are uniform."""
    inside: dict[float, list[float]] = {1.0: [], 4.0: []}
    ranked: dict[float, list[np.ndarray]] = {1.0: [], 4.0: []}
    laplace = []
    for seed in range(WORLDS):
        points = np.random.default_rng([seed, 3]).normal(size=(6, 1))
        for weight, found in inside.items():
            model = lb.SignalEmbedding(1, random_state=0, n_init=2, precision=2.0, lapse=0.05)
            model.fit(answered(points, 24, seed), sample_weight=np.full(24, weight))
            posterior = model.posterior()
            low, high = posterior.interval(0.9)
            ranked[weight].append(ranks(posterior.unaligned, points))
            true = metrics.align(points, model.embedding_, scale=False)
            found.append(float(np.mean((low < true) & (true < high))))
            if weight == 1:
                covariance = model.posterior_covariance()[:, 0, 0]
                off = np.abs(true - model.embedding_)[:, 0]
                laplace.append(float(np.mean(off < 1.645 * np.sqrt(covariance))))
    error = np.std(inside[1.0]) / np.sqrt(WORLDS)
    assert np.mean(inside[1.0]) == pytest.approx(0.9, abs=4 * error)
    assert np.mean(laplace) == pytest.approx(0.9, abs=4 * error)
    # A uniform rank has mean 1/2 and variance 1/12.
    middle, apart = (np.mean(x, axis=1) for x in (ranked[1.0], (np.array(ranked[1.0]) - 0.5) ** 2))
    assert np.mean(middle) == pytest.approx(0.5, abs=4 * np.std(middle) / np.sqrt(WORLDS))
    assert np.mean(apart) == pytest.approx(1 / 12, abs=4 * np.std(apart) / np.sqrt(WORLDS))
    # Negative control: answers that claim to be four each.
    assert np.mean(inside[4.0]) < 0.9 - 4 * np.std(inside[4.0]) / np.sqrt(WORLDS)
    sure = np.mean((np.array(ranked[4.0]) - 0.5) ** 2, axis=1)
    assert np.mean(sure) > 1 / 12 + 3 * np.std(sure) / np.sqrt(WORLDS)


def test_chains_that_disagree_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.default_rng(2).normal(size=(6, 1))
    model = lb.SignalEmbedding(1, random_state=0, n_init=1).fit(answered(points, 24, 2))
    monkeypatch.setattr(draws, "ROUNDS", 1)
    monkeypatch.setattr(draws, "R_HAT", 0.9)
    with pytest.raises(NotConvergedError, match="did not converge: the largest R-hat"):
        model.posterior()
    with pytest.warns(RecoveryWarning, match="Laplace's approximation"):
        model.posterior_covariance()


def test_few_triplets_have_the_loss_and_slopes_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.default_rng(5).normal(size=(7, 2))
    t = answered(points, 40, 5).astype(np.int32)
    made = []
    for few in (100, 0):
        monkeypatch.setattr(noise, "FEW", few)
        loaded = kernel.load(t, np.zeros(0, np.float32), 7)
        target = noise.TripletTarget(loaded, 40.0, (7, 2), None, None)
        made.append(target.value(target.vector(points, 1.5, 0.1)))
    assert made[0][0] == pytest.approx(made[1][0], rel=1e-5)
    np.testing.assert_allclose(made[0][1], made[1][1], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("known", [(None, None), (2.0, None), (None, 0.1)])
def test_chains_travel_together_as_each_would_alone(known: tuple) -> None:
    points = np.random.default_rng(5).normal(size=(7, 2))
    loaded = kernel.load(answered(points, 40, 5).astype(np.int32), np.zeros(0, np.float32), 7)
    target = noise.TripletTarget(loaded, 40.0, (7, 2), *known)
    generator = np.random.default_rng(6)
    start = target.vector(points, 1.5, 0.1)
    x, speed = start + 0.1 * generator.normal(size=(2, 3, len(start)))
    speed = 10 * (speed - start)
    width = generator.uniform(0.1, 0.5, len(start))
    together = target.travel(x, speed, width, 0.2, 5)
    alone = chain.travelled(target.value, x, speed, width, 0.2, 5)
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)
    # Negative control: another leap is another place.
    assert np.abs(target.travel(x, speed, width, 0.2, 6)[0] - alone[0]).max() > 0.01
