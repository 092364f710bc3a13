from dataclasses import replace

import numpy as np
import pytest

from labelbits import signals
from labelbits.interface import Batch
from labelbits.learning import cross_measure, forecast, forecast_options
from tests.learning.helpers import world


def _draw(proba, votes, noise):
    """So many votes on each item; each is a random class with probability `noise`."""
    classes = proba.shape[1]
    labels = proba.argmax(1)

    def draw(rng, rows):
        right = np.repeat(labels[rows][:, None], votes, 1)
        other = rng.integers(classes, size=right.shape)
        said = np.where(rng.random(right.shape) < noise, other, right)
        counts = (said[..., None] == np.arange(classes)).sum(1)
        n = len(rows)
        signal = signals.Votes(answers_per_item=votes)
        return [Batch(signal, np.asarray(rows)[:, None], counts, np.zeros(n, int), np.ones(n))]

    return draw


@pytest.fixture(scope="module")
def curves():
    features, proba = world(400, columns=12, classes=3, margin=4.0, seed=4)
    rows = np.arange(160)
    reference = np.eye(3)[proba[rows].argmax(1)]
    return [
        cross_measure(
            features, _draw(proba, votes, noise), [15, 30, 60, 100, 144], 20, rows, reference,
            metrics=("accuracy",), seed=1,
        )["accuracy"]
        for votes, noise in ((1, 0.4), (5, 0.4), (1, 0.4))
    ]  # fmt: skip


def test_better_answers_are_better_with_more_certainty_than_apart(curves):
    sizes = np.array([300.0, 600.0])
    one, five, _ = forecast_options(curves, sizes, seed=2, draws=400)
    apart = [forecast(c, sizes, seed=2, draws=400) for c in curves[:2]]
    gain, alone = five.draws - one.draws, apart[1].draws - apart[0].draws
    assert (gain.mean(0) > 0).all()
    assert (gain.std(0) < alone.std(0)).all()
    # The level itself is not known better than before.
    assert (one.high - one.low > 0.5 * (apart[0].high - apart[0].low)).all()


def test_equal_options_have_equal_forecasts(curves):
    sizes = np.array([300.0])
    one, _, again = forecast_options(curves, sizes, seed=2, draws=400)
    assert abs(one.mean[0] - again.mean[0]) < 0.005


def test_the_same_answers_of_unknown_purity_keep_what_was_measured(curves):
    worse = replace(curves[0], values=curves[0].values - 0.1,
                    item_values=curves[0].item_values - 0.1, ridges=None)  # fmt: skip
    known = replace(worse, ridges=curves[0].ridges)
    sizes = np.array([200.0])

    def loss(second):
        first, other = forecast_options([curves[0], second], sizes, seed=2, draws=400)
        return first.mean[0] - other.mean[0]

    assert loss(worse) > 0.03
    # Where the purity says that both are alike, a measured difference counts for less.
    assert loss(known) < 0.7 * loss(worse)


def test_what_cannot_be_compared_is_forecast_alone(curves):
    other = replace(curves[1], theory=None)
    sizes = np.array([300.0])
    together = forecast_options([curves[0], other], sizes, seed=2, draws=200)
    for one, points in zip(together, (curves[0], other), strict=True):
        assert one.mean[0] == forecast(points, sizes, seed=2, draws=200).mean[0]
