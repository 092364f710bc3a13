"""A metric learned from comparisons finds the columns that annotators look at."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from scipy import stats

from labelbits import signals
from labelbits.errors import InputError
from labelbits.interface import Batch, Signal
from labelbits.learning import SignalMetric
from tests.drawn import answered

from .helpers import hard

RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(80, 8)).astype(np.float32)
#: Annotators see two of the eight columns.
TRUTH = FEATURES[:, :2] * 1.5


def ask(signal: Signal, count: int, seed: int = 0) -> Batch:
    rng = np.random.default_rng(seed)
    items = np.stack([rng.choice(80, size=signal.arity, replace=False) for _ in range(count)])
    answer = answered(signal, jax.random.key(seed), TRUTH[items])
    return Batch(signal, items, answer, np.zeros(count, int), np.ones(count))


def agreement(points: np.ndarray) -> float:
    a, b = np.triu_indices(80, 1)
    ours = np.sum((points[a] - points[b]) ** 2, axis=1)
    true = np.sum((TRUTH[a] - TRUTH[b]) ** 2, axis=1)
    return float(stats.spearmanr(ours, true)[0])


@pytest.mark.parametrize(
    ("signal", "count"),
    [(signals.Triplet(), 1500), (signals.OddOneOut(), 1200), (signals.Rating(), 800)],
    ids=["triplet", "odd-one-out", "rating"],
)
def test_learns_the_metric(signal: Signal, count: int) -> None:
    model = SignalMetric(regularisation=0.01).fit(FEATURES, ask(signal, count))
    before = agreement(FEATURES)
    after = agreement(model.transform(FEATURES))
    assert after > before + 0.2
    assert after > 0.85
    held = ask(signal, 300, seed=9)
    plain = SignalMetric(regularisation=1e4).fit(FEATURES, ask(signal, count))
    assert model.score(FEATURES, held) > plain.score(FEATURES, held)


def test_random_answers_leave_the_features_own_metric() -> None:
    batch = ask(signals.Triplet(), 200)
    noise = Batch(
        batch.signal, batch.items, np.random.default_rng(3).integers(2, size=(200, 1)),
        batch.annotator, batch.weight,
    )  # fmt: skip
    model = SignalMetric().fit(FEATURES, noise)
    informed = SignalMetric().fit(FEATURES, batch)
    assert model.ridge_ > informed.ridge_
    assert agreement(model.transform(FEATURES)) < agreement(informed.transform(FEATURES))


def test_class_answers_are_sent_elsewhere() -> None:
    with pytest.raises(InputError, match="SignalClassifier"):
        SignalMetric(regularisation=1.0).fit(FEATURES, hard(np.arange(3), np.arange(3)))
