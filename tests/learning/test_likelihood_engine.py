"""Curves of kinds without a closed target: the same learner, with shared compiled programs."""

from __future__ import annotations

import numpy as np

from labelbits import signals
from labelbits.interface import Batch
from labelbits.learning import SignalClassifier, measure
from labelbits.learning.fits.likelihood import (
    fit_likelihood,
    likelihood_losses,
    pad_rows,
    prepare,
    start_parameters,
)

from .helpers import answers, world

FEATURES, PROBA = world(400, margin=5.0)
POOL, TEST = np.arange(200), np.arange(200, 400)
GOLD = np.eye(3)[PROBA.argmax(1)]
RANKING = signals.Ranking(top=2)


def draw(rng: np.random.Generator, rows: np.ndarray) -> list[Batch]:
    found = answers(RANKING, np.arange(400)[:, None], PROBA, seed=int(rng.integers(2**31)))
    return [found.take(np.asarray(rows))]


def test_every_set_is_learned_from_as_the_classifier_does() -> None:
    """The engine against the user's own `SignalClassifier`, on the same sets and answers."""
    options = {"metrics": ("cross-entropy",), "pool": POOL, "seed": 0}

    def curve(learner: SignalClassifier | None, **more) -> np.ndarray:
        points = measure(FEATURES, draw, [40, 120], 4, TEST, GOLD[TEST], learner=learner, **more)
        return points["cross-entropy"].values

    engine = curve(None, **options)
    own = curve(SignalClassifier(classes=3), **options)
    # Folds and starts differ, and with them the penalties that cross-validation picks.
    spread = (engine - own).std(axis=1, ddof=1) / 2
    assert np.all(np.abs((engine - own).mean(1)) < 4 * spread + 0.01)
    # Negative control: a penalty that is ten times the largest one tried is seen at once.
    stiff = curve(SignalClassifier(10.0, classes=3), **options)
    assert np.all((stiff - own).mean(1) > 0.1)


def test_room_for_larger_sets_changes_nothing() -> None:
    rows = np.arange(30)
    batch = draw(np.random.default_rng(0), rows)[0]
    weight = np.ones(30)
    start = start_parameters(6, 3, [], np.random.default_rng(1))
    (w, b), *_ = fit_likelihood(FEATURES[:30], [prepare(batch, weight)], start, 0.05)[0]
    wide, *_ = fit_likelihood(pad_rows(FEATURES[:30], 90), [prepare(batch, weight, 200)], start,
                              0.05)[0]  # fmt: skip
    np.testing.assert_allclose(wide[0], w, atol=1e-3)
    np.testing.assert_allclose(wide[1], b, atol=1e-3)
    assert np.abs(w).max() > 0.1
    losses = [
        likelihood_losses(
            FEATURES[:30], [batch], start, [0.01, 0.1], 3, np.random.default_rng(2), room
        )
        for room in ((0, 0), (90, 200))
    ]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)
