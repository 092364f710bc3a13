"""Curves on other items, which tell how the pilot's go on, and when they are not believed."""

from dataclasses import replace

import numpy as np
import pytest

from labelbits import signals
from labelbits.errors import InputError
from labelbits.interface import Batch
from labelbits.learning import cross_measure, forecast, forecast_options, measure
from labelbits.learning.forecasts.guide import training_luck, usable
from tests.learning.helpers import world

FEATURES, PROBA = world(6000, columns=40, classes=4, margin=5.0, seed=8)
GOLD = PROBA.argmax(1)
TEST, OTHERS, BOUGHT = np.arange(800), np.arange(800, 1800), np.arange(1800, 6000)
AHEAD = np.array([160.0, 320.0, 640.0])


def draw(rng, rows, wrong=0.1):
    """One label on each row, a random class with probability `wrong`."""
    labels = np.where(rng.random(len(rows)) < wrong, rng.integers(4, size=len(rows)), GOLD[rows])
    n = len(rows)
    return [Batch(signals.Hard(), np.asarray(rows)[:, None], labels[:, None],
                  np.zeros(n, int), np.ones(n))]  # fmt: skip


def curve(rows, sizes, replicates, drawn=draw, seed=0):
    """Accuracy on TEST after training on some of `rows`."""
    return measure(
        FEATURES, drawn, sizes, replicates, TEST, np.eye(4)[GOLD[TEST]], metrics=("accuracy",),
        pool=rows, seed=seed,
    )["accuracy"]  # fmt: skip


def guide_from(drawn, metric="accuracy"):
    """A guide up to 900 items, trained on TEST and OTHERS."""
    return cross_measure(
        FEATURES, drawn, [10, 20, 40, 80, 160, 320, 640, 900], 25, TEST, np.eye(4)[GOLD[TEST]],
        metrics=(metric,), folds=5, seed=3, train_rows=np.concatenate([TEST, OTHERS]),
    )[metric]  # fmt: skip


@pytest.fixture(scope="module")
def guide():
    return guide_from(draw)


@pytest.fixture(scope="module")
def actual():
    return curve(BOUGHT, AHEAD.astype(int).tolist(), 20, seed=9).mean


@pytest.fixture(scope="module")
def pilots():
    rng = np.random.default_rng(2)
    return [curve(rng.choice(BOUGHT, 80, replace=False), [10, 20, 40, 80], 8) for _ in range(6)]


def test_a_guide_makes_forecasts_better_and_surer(pilots, guide, actual):
    covered = []
    for pilot in pilots:
        alone = forecast(pilot, AHEAD, seed=1, draws=400)
        led = forecast_options([pilot], AHEAD, seed=1, draws=400, guides=[guide])[0]
        assert led.alike is not None
        assert led.alike > 0.8
        covered += ((led.low <= actual) & (actual <= led.high)).tolist()
        assert (led.high - led.low < alone.high - alone.low).all()
        # The luck of items, and how far simulated answers teach other things than the pilot's.
        wide, luck, curve_ = (
            high - low
            for low, high in (
                (led.low, led.high),
                (led.sampling_low, led.sampling_high),
                (led.model_low, led.model_high),
            )
        )
        assert (np.maximum(luck, curve_) < wide + 0.01).all()
        np.testing.assert_allclose(np.hypot(luck, curve_), wide, rtol=0.35)
    assert np.mean(covered) > 0.8  # six pilots share one guide
    errors = [
        np.abs(np.stack([f.mean for f in made]) - actual).mean()
        for made in (
            [forecast(p, AHEAD, seed=1, draws=400) for p in pilots],
            [forecast_options([p], AHEAD, seed=1, draws=400, guides=[guide])[0] for p in pilots],
        )
    ]
    assert errors[1] < 0.6 * errors[0]


def test_the_luck_of_one_training_set_is_that_between_pilots(guide):
    """40 sets of 80 items, each its own: their spread on the same test items."""
    each = curve(BOUGHT, [80], 40, seed=4)
    luck = training_luck(guide)[list(guide.sizes).index(80)]
    # Of 40 sets and of 25 in folds: standard errors of 11 % and 14 %.
    assert luck == pytest.approx(np.std(each.values[0], ddof=1), rel=3 * 0.18)
    assert luck > 2 * training_luck(guide)[-1]


def test_a_guide_on_other_kinds_of_items_is_not_believed(pilots):
    """Three answers of four are random: what they teach is not what the pilot's teach."""
    wrong = guide_from(lambda rng, rows: draw(rng, rows, wrong=0.75))
    for pilot in pilots:
        alone = forecast(pilot, AHEAD, seed=1, draws=400)
        led = forecast_options([pilot], AHEAD, seed=1, draws=400, guides=[wrong])[0]
        assert led.alike is not None
        assert led.alike < 0.1
        assert np.abs(led.mean - alone.mean).max() < 0.03
        np.testing.assert_allclose(led.high, alone.high, atol=0.03)


def test_beyond_the_guide_the_interval_widens_by_the_choice_of_curve(pilots, guide):
    cut = replace(
        guide, sizes=guide.sizes[:5], values=guide.values[:5], item_values=guide.item_values[:5],
        item_counts=guide.item_counts[:5], training=guide.training[:5], ridges=guide.ridges[:5],
    )  # fmt: skip
    near, far = (
        forecast_options([pilots[0]], AHEAD, seed=1, draws=400, guides=[g])[0] for g in (guide, cut)
    )
    wide = far.model_high - far.model_low
    assert np.all(np.diff(wide) > 0)
    assert (wide[1:] > 1.3 * (near.model_high - near.model_low)[1:]).all()


def test_options_keep_what_sets_them_apart(guide):
    """Worse answers, with a guide of their own, stay worse by what the guides say."""
    rows = np.random.default_rng(2).choice(BOUGHT, 80, replace=False)

    def noisy(rng, rows):
        return draw(rng, rows, wrong=0.4)

    options = [curve(rows, [10, 20, 40, 80], 8), curve(rows, [10, 20, 40, 80], 8, noisy)]
    guides = [guide, guide_from(noisy)]
    made = forecast_options(options, AHEAD, seed=1, draws=400, guides=guides)
    apart = made[0].mean - made[1].mean
    told = np.interp(AHEAD, guide.sizes, guides[0].mean - guides[1].mean)
    np.testing.assert_allclose(apart, told, atol=0.03)
    assert (told > 0.04).all()
    # Without a guide of its own an option is placed by the purity of its answers.
    partly = forecast_options(options, AHEAD, seed=1, draws=400, guides=[guide, None])
    np.testing.assert_allclose(partly[0].mean, made[0].mean, atol=0.01)
    assert (partly[0].mean - partly[1].mean > 0.4 * told).all()


def test_what_sets_options_apart_on_few_items_is_mostly_luck_and_not_followed():
    """Nearly equal answers, guides of 200 items: the theory of purity steadies the difference."""
    bought = np.random.default_rng(2).choice(BOUGHT, 80, replace=False)
    ways = [lambda rng, rows, wrong=wrong: draw(rng, rows, wrong) for wrong in (0.26, 0.3)]
    told, made = [], []
    for seed in range(2, 7):
        rows = np.random.default_rng(seed).choice(1800, 200, replace=False)
        right, only = np.eye(4)[GOLD[rows]], ("accuracy",)
        guides = [
            cross_measure(
                FEATURES,
                way,
                [20, 80, 160],
                10,
                rows,
                right,
                metrics=only,
                folds=5,
                seed=3,
                train_rows=rows,
            )["accuracy"]
            for way in ways
        ]
        options = [
            measure(FEATURES, way, [20, 40, 80], 4, rows, right, metrics=only, pool=bought, seed=0)[
                "accuracy"
            ]
            for way in ways
        ]
        led = forecast_options(options, np.array([160.0]), seed=1, draws=200, guides=guides)
        told.append(guides[0].mean[-1] - guides[1].mean[-1])
        made.append(float(led[0].mean[0] - led[1].mean[0]))
    assert np.std(told) > 0.01
    assert np.std(made) < 0.4 * np.std(told)
    assert min(made) > 0.005


def test_options_go_by_the_pilot_alone_where_guides_are_not_believed():
    """Guides that say that two options are alike do not make them so."""
    rows = np.random.default_rng(2).choice(BOUGHT, 80, replace=False)
    options = [
        curve(rows, [10, 20, 40, 80], 8, lambda rng, rows, wrong=wrong: draw(rng, rows, wrong))
        for wrong in (0.0, 0.5)
    ]
    useless = guide_from(lambda rng, rows: draw(rng, rows, wrong=1.0))
    alone = forecast_options(options, AHEAD, seed=1, draws=400)
    led = forecast_options(options, AHEAD, seed=1, draws=400, guides=[useless, useless])
    assert led[0].alike is not None
    assert led[0].alike < 0.05
    apart = alone[0].mean - alone[1].mean
    assert (apart > 0.05).all()
    np.testing.assert_allclose(led[0].mean - led[1].mean, apart, atol=0.01)


def test_what_does_not_go_further_or_tests_other_items_is_no_guide(pilots, guide):
    pilot = pilots[0]
    assert usable(pilot, guide)
    assert not usable(pilot, None)
    assert not usable(pilot, pilot)
    assert not usable(pilot, replace(guide, item_values=guide.item_values[:, :-1]))
    alone = forecast(pilot, AHEAD, seed=1, draws=200)
    same = forecast_options([pilot], AHEAD, seed=1, draws=200, guides=[pilot])[0]
    np.testing.assert_array_equal(alone.draws, same.draws)
    with pytest.raises(InputError, match="2 guides for 1 options"):
        forecast_options([pilot], AHEAD, seed=1, guides=[guide, guide])


def test_tested_items_are_not_trained_on():
    """Items whose answers are nonsense, each its own class: whoever trains on them is right."""
    rng = np.random.default_rng(0)
    features = np.eye(60, dtype=np.float32)
    label = rng.integers(2, size=60)

    def said(_, rows):
        n = len(rows)
        return [Batch(signals.Hard(), np.asarray(rows)[:, None], label[rows][:, None],
                      np.zeros(n, int), np.ones(n))]  # fmt: skip

    found = cross_measure(
        features, said, [30], 20, np.arange(30), np.eye(2)[label[:30]], metrics=("accuracy",),
        folds=5, seed=0, train_rows=np.arange(60),
    )["accuracy"]  # fmt: skip
    assert found.mean[0] < 0.75
