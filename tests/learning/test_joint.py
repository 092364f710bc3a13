from dataclasses import replace

import numpy as np
import pytest
from sklearn.isotonic import isotonic_regression

from labelbits import signals
from labelbits.interface import Batch
from labelbits.learning import cross_measure, forecast, forecast_options
from labelbits.learning.forecasts.held import as_measured, holds_measured
from labelbits.learning.forecasts.one import with_draws
from labelbits.learning.forecasts.order import in_order, spread_out, spread_sizes
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
    # Purity that says that both are alike does not talk a difference away that every item shows.
    assert 0.05 < loss(known) <= loss(worse) + 0.005


def test_what_cannot_be_compared_is_forecast_alone(curves):
    other = replace(curves[1], theory=None)
    sizes = np.array([300.0])
    together = forecast_options([curves[0], other], sizes, seed=2, draws=200)
    for one, points in zip(together, (curves[0], other), strict=True):
        assert one.mean[0] == forecast_options([points], sizes, seed=2, draws=200)[0].mean[0]


def test_where_options_measure_alike_the_theory_of_purity_gives_way(curves):
    """Purity foretells a difference; the same curve measured for both, on many items, denies it."""
    one, five = curves[0], curves[1]
    twin = replace(five, values=one.values, item_values=one.item_values, training=one.training)
    sizes = np.array([144.0, 600.0])

    def gain(other):
        first, second = forecast_options([one, other], sizes, seed=2, draws=400)
        return second.draws.mean(0) - first.draws.mean(0)

    assert (np.abs(gain(twin)) < 0.35 * gain(five)).all()


def test_at_measured_sizes_the_measurement_is_shown_and_held(curves):
    sizes = curves[0].sizes.astype(float)
    for made, points in zip(
        forecast_options(curves, sizes, seed=2, draws=400), curves, strict=True
    ):
        error = points.standard_error()
        assert (np.abs(made.draws.mean(0) - points.mean) < 0.6 * error).all()
        assert made.low[-1] <= points.mean[-1] <= made.high[-1]
        assert holds_measured(made, points)
        half = (made.high - made.low) / 2
        assert half[-1] > 1.2 * error[-1]
    # Negative control: an account that is far from the measurement does not hold it by itself.
    wrong = replace(made, low=made.low + 0.4, high=made.high + 0.4)
    assert not holds_measured(wrong, points)


def test_a_model_that_disagrees_is_shown_beside_the_measurement(curves):
    points = curves[0]
    sizes = np.append(points.sizes, 600.0).astype(float)
    alone = forecast(points, sizes, seed=2, draws=400)
    far = with_draws(alone, alone.draws - 0.5 * alone.draws.mean(0))
    made = as_measured(far, points, seed=2)
    at = len(points.sizes) - 1
    model, measured = made.accounts
    assert measured == pytest.approx(points.mean[-1])
    assert model == pytest.approx(far.draws[:, at].mean())
    assert made.low[at] <= model < measured <= made.high[at]
    assert abs(made.draws[:, at].mean() - measured) < 0.3 * points.standard_error()[-1]
    assert as_measured(alone, points, seed=2).accounts is None


def test_more_answers_on_the_same_items_are_never_worse(curves):
    """Even where the pilot measured them worse."""
    one, five, again = curves
    sizes = np.array([60.0, 144.0, 600.0])
    lucky = [five, one, again]  # the option called fewer answers is the better one
    free = forecast_options(lucky, sizes, seed=2, draws=300)
    assert (free[0].draws.mean(0) > free[1].draws.mean(0)).any()
    held = forecast_options(lucky, sizes, seed=2, draws=300, chains=[[0, 1]])
    assert (held[0].draws <= held[1].draws + 1e-12).all()


def test_order_is_the_nearest_by_least_squares():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(4, 50))
    found = in_order(values, [[0, 2, 3]])
    assert np.array_equal(found[1], values[1])
    for column in range(50):
        wanted = isotonic_regression(values[[0, 2, 3], column])
        np.testing.assert_allclose(found[[0, 2, 3], column], wanted, atol=1e-12)


def test_the_same_answers_on_more_items_are_never_worse(curves):
    """Five answers on an item are worth five items with one each at most, whatever was measured."""
    one, five, _ = curves
    lucky = replace(five, values=five.values + 0.1, item_values=five.item_values + 0.1)
    sizes = np.array([200.0, 280.0, 1000.0, 1400.0])

    def gap(**terms):
        """What five answers on 200 and 280 items have before one on 1,000 and 1,400."""
        few, more = forecast_options([one, lucky], sizes, seed=2, draws=300, **terms)
        return (more.draws[:, :2] - few.draws[:, 2:]).max()

    assert gap(chains=[[0, 1]]) > 0.01
    assert gap(chains=[[0, 1]], answers=[1, 5]) < 1e-9


def test_what_is_spread_out_bounds_only_what_breaks_the_bound():
    rng = np.random.default_rng(1)
    sizes = np.geomspace(100, 1600, 9)
    one = 0.5 + 0.1 * np.log(sizes / 100) + rng.normal(size=(40, 1)) * 0.01
    two = one + rng.uniform(0.0, 0.14, size=(40, 1))  # twice the items are worth .069
    values = np.stack([one, two])
    found = spread_out(values, sizes, [[0, 1]], [1, 2], beyond=150)
    np.testing.assert_array_equal(found[0], values[0])
    np.testing.assert_array_equal(found[1][:, sizes < 150], two[:, sizes < 150])
    over = two - one > 0.1 * np.log(2)
    assert 5 < over[:, 0].sum() < 35
    wanted = np.where(over, one + 0.1 * np.log(2), two)
    np.testing.assert_allclose(found[1][:, sizes > 150], wanted[:, sizes > 150], atol=1e-9)
    np.testing.assert_allclose(
        spread_sizes(np.array([10.0, 20.0]), [[0, 1]], [1, 3]), [10, 20, 30, 60]
    )
