"""Calibration of the Laplace posterior, and perceived distance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import labelbits as lb
from labelbits.recovery import metrics
from labelbits.recovery.fitted import posterior
from tests.recovery.asked import answers, asked

ITEMS, CLASSES, DIMS, ANSWERS = 50, 5, 2, 2000


def answered(points: np.ndarray, n: int, seed: int, ratio: bool = False) -> np.ndarray:
    """Triplets, nearer item second: by squared distances (precision 2, lapse .05) or by ratios."""
    generator = np.random.default_rng(seed)
    t = generator.random((n, len(points))).argsort(1)[:, :3]
    near, far = (np.sum((points[t[:, 0]] - points[t[:, c]]) ** 2, 1) for c in (1, 2))
    x = 2 * np.log((far + 0.01) / (near + 0.01)) if ratio else 2 * (far - near)
    p = 0.95 / (1 + np.exp(-x)) + 0.025
    turned = generator.random(n) > p
    t[turned] = t[turned][:, [0, 2, 1]]
    return t


def squared_z(weight: float, worlds: int, **noise: float) -> np.ndarray:
    """Mean squared error of each world in units of its posterior, 1 where calibrated."""
    found = []
    for seed in range(worlds):
        points = np.random.default_rng([seed, 3]).normal(size=(ITEMS, DIMS))
        model = lb.SignalEmbedding(DIMS, random_state=0, **noise)
        model.fit(answered(points, ANSWERS, seed), sample_weight=np.full(ANSWERS, weight))
        z = model.embedding_
        wrong = z - metrics.align(points, z, scale=not noise)
        inverse = np.linalg.inv(model.posterior_covariance())
        found.append(np.einsum("na,nab,nb->n", wrong, inverse, wrong).mean() / DIMS)
    return np.array(found)


def test_posterior_is_calibrated_and_counts_what_is_told() -> None:
    z2 = squared_z(1.0, 10)
    assert z2.mean() == pytest.approx(1, abs=max(0.25, 4 * z2.std() / np.sqrt(10)))
    # Negative control: answers that claim to be four each are trusted too much.
    assert squared_z(4.0, 4, precision=2.0, lapse=0.05).mean() > 2


def test_posterior_of_a_mixture_is_calibrated() -> None:
    found = {1.0: [], 4.0: []}
    for seed in range(6):
        world = np.random.default_rng([seed, 8]).normal(size=(ITEMS + CLASSES, DIMS))
        world = world.astype(np.float32)
        items, prototypes = world[:ITEMS], world[ITEMS:]
        tables = [
            asked((items, prototypes), name, 8 * ITEMS, 10 * seed + i, precision=2.0, lapse=0.05)
            for i, name in enumerate(("hard", "triplet"))
        ]
        table = answers(ITEMS, CLASSES, *tables)
        for weight, z2 in found.items():
            if weight > 1 and seed >= 2:  # the control is far from its limit
                continue
            known = {} if weight == 1 else {"precision": 2.0, "lapse": 0.05}
            model = lb.SignalEmbedding(DIMS, random_state=0, n_init=1, **known)
            model.fit(table, sample_weight=np.full(len(table), weight))
            z = model.embedding_
            wrong = z - metrics.align(items, z, scale=not known)
            inverse = np.linalg.inv(model.posterior_covariance())
            z2.append(np.einsum("na,nab,nb->n", wrong, inverse, wrong).mean() / DIMS)
    assert 0.5 < np.mean(found[1.0]) < 1.6
    # Negative control: answers that claim to be four each are trusted too much.
    assert np.mean(found[4.0]) > 2


def test_covariance_holds_the_draws() -> None:
    points = np.random.default_rng(9).normal(size=(ITEMS, DIMS))
    model = lb.SignalEmbedding(DIMS, random_state=0).fit(answered(points, 800, 5))
    fitted = model._fitted
    assert fitted.draws
    before = posterior.laplace_covariance(fitted, model._data)
    wide = tuple(
        replace(draw, items=fitted.items + 3 * (metrics.align(draw.items, fitted.items)
                                                - fitted.items))
        for draw in fitted.draws
    )  # fmt: skip
    grown = posterior.laplace_covariance(replace(fitted, draws=wide), model._data)
    assert np.mean(grown / before) > 4
    alone = posterior.laplace_covariance(replace(fitted, draws=()), model._data)
    assert np.mean(alone / before) <= 1


def test_drawn_covariance_agrees_with_the_inverse(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.default_rng(4).normal(size=(ITEMS, DIMS))
    model = lb.SignalEmbedding(DIMS, random_state=0).fit(answered(points, ANSWERS, 5))
    told = model._fitted, model._data
    exact = np.trace(posterior.laplace_covariance(*told), axis1=1, axis2=2)
    monkeypatch.setattr(posterior, "DENSE", 0)
    monkeypatch.setattr(posterior, "DRAWN_COORDINATES", 1000)
    drawn = np.trace(posterior.laplace_covariance(*told), axis1=1, axis2=2)
    # 1000 normal coordinates: a variance within 4.5 %, and the shape of a block is its own.
    np.testing.assert_allclose(drawn, exact, rtol=0.25)
    assert np.mean(drawn / exact) == pytest.approx(1, abs=0.05)


def test_perceived_distance_is_told_by_held_out_bits() -> None:
    line = np.sort(np.random.default_rng(6).normal(size=(60, 1)), axis=0)
    model = lb.SignalEmbedding(1, distance_power="auto", n_init=1, random_state=0)
    model.fit(answered(line, 4000, 7, ratio=True))
    assert model.distance_power_ < 1
    fresh = answered(line, 4000, 8, ratio=True)
    squared = lb.SignalEmbedding(1, random_state=0).fit(answered(line, 4000, 7, ratio=True))
    assert model.score(fresh) > squared.score(fresh)
    model.fit(answered(line, 4000, 9))
    assert model.distance_power_ == 1
    with pytest.raises(lb.InputError, match="distance_power is 2"):
        lb.SignalEmbedding(1, distance_power=2).fit(fresh)
