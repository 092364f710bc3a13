"""Forecasts: bounded, monotone, honest about what they do not know."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from labelbits.errors import InputError
from labelbits.learning import CurvePoints, LabelLearner, forecast, measure

from .helpers import hard, world

SIZES = np.array([50, 100, 200, 400, 800])


def points(
    loss, sizes: np.ndarray = SIZES, metric: str = "accuracy", tests: int = 1000, seed: int = 0
) -> CurvePoints:
    """A curve whose test items are right with probability 1 - loss(n), the same luck at all n."""
    rng = np.random.default_rng(seed)
    difficulty = rng.random(tests)
    rates = np.array([loss(n) for n in sizes])
    if metric == "accuracy":
        items = (difficulty[None] > rates[:, None]).astype(float)
    else:
        items = rates[:, None] * rng.gamma(2.0, 0.5, size=tests)[None]
    return CurvePoints(sizes, items.mean(1)[:, None].repeat(3, axis=1), metric, items, pool=800)


def power(n: float) -> float:
    return 0.1 + 0.9 * n**-0.35


def test_follows_a_power_law_it_was_given() -> None:
    true = 1 - np.array([power(n) for n in (1600, 3200, 6400)])
    result = forecast(points(power, tests=50_000), [1600, 3200, 6400], seed=0)
    assert np.abs(result.mean - true).max() < 0.03
    assert (result.low < true).all()
    assert (true < result.high).all()


@pytest.mark.parametrize("metric", ["accuracy", "cross-entropy"])
def test_intervals_cover_and_a_wrong_curve_is_missed(metric: str) -> None:
    inside = wrong = 0
    for seed in range(40):
        result = forecast(
            points(power, metric=metric, tests=300, seed=seed), [1600, 3200], seed=seed, draws=300
        )
        loss = np.array([power(1600), power(3200)])
        true = 1 - loss if metric == "accuracy" else loss
        inside += int(((result.low <= true) & (true <= result.high)).sum())
        # Negative control: a quality this far off must be outside most intervals.
        off = true - 0.25 if metric == "accuracy" else true + 0.5
        wrong += int(((result.low <= off) & (off <= result.high)).sum())
    # 90 % intervals, 80 correlated cases: the standard error is at most .05.
    assert inside / 80 > 0.75
    assert wrong / 80 < 0.2


@pytest.mark.parametrize("metric", ["accuracy", "cross-entropy"])
def test_intervals_are_as_wide_as_curves_err(metric: str) -> None:
    inside, half, unit, worlds = [], [], [], 120
    for seed in range(worlds):
        rng = np.random.default_rng([5, seed])
        start, rate, rest = rng.uniform(0.4, 0.7), rng.uniform(0.2, 0.8), rng.uniform(0, 0.6)

        def loss(n: float, start=start, rate=rate, rest=rest) -> float:
            return start * (rest + (1 - rest) * (n / 50) ** -rate)

        curve = points(loss, metric=metric, tests=300, seed=seed)
        result = forecast(curve, [3200], seed=seed, draws=300)
        true = 1 - loss(3200) if metric == "accuracy" else loss(3200)
        low, high, middle = result.low[0], result.high[0], result.mean[0]
        inside.append(low <= true <= high)
        half.append(abs(true - middle) <= (high - low) / 4)
        unit.append(2 * (true - middle) / (high - low))
    error = np.sqrt(0.9 * 0.1 / worlds)
    assert np.mean(inside) > 0.9 - 3 * error
    # Negative controls: intervals of half the width must fail, and ones of twice the width are
    # wider than errors are.
    assert np.mean(half) < 0.9 - 3 * error
    assert np.median(np.abs(unit)) > 0.2


@settings(max_examples=25)
@given(
    rate=st.floats(0.1, 1.5), rest=st.floats(0, 0.9), start=st.floats(0.05, 0.95),
    count=st.integers(1, 5),
)  # fmt: skip
def test_bounded_monotone_and_wider_with_distance(rate, rest, start, count) -> None:
    sizes = SIZES[:count]

    def loss(n: float) -> float:
        return start * (rest + (1 - rest) * (n / 50) ** -rate)

    targets = np.array([1, 1.5, 2, 4, 8]) * sizes[-1]
    result = forecast(points(loss, sizes, tests=200), targets, seed=1, draws=300)
    for values in (result.mean, result.low, result.high):
        assert ((values >= 0) & (values <= 1)).all()
        assert np.isfinite(values).all()
    assert (np.diff(result.mean) > -0.01).all()
    assert (result.low <= result.mean).all()
    assert (result.mean <= result.high).all()
    # Relative to the loss that is left: a curve that nears the bound has no room above it.
    model = (result.model_high - result.model_low) / (1 - result.mean + 1e-3)
    assert model[-1] > model[0]
    assert (result.draws >= 0).all()
    assert (result.draws <= 1).all()


def test_too_far_is_refused_with_the_pilot_that_would_do() -> None:
    result = forecast(points(power), [4000, 8000, 8001, 80_000], seed=0)
    assert result.refused.tolist() == [False, False, True, True]
    assert np.isnan(result.mean[2:]).all()
    assert np.isfinite(result.high[:2]).all()
    assert result.limit_size == 8000
    assert result.needed[3] == 8000
    closer = forecast(points(power), [4000], seed=0, limit=2)
    assert closer.refused.all()


def test_equal_seeds_share_their_luck() -> None:
    a = forecast(points(power), [3200], seed=3)
    again = forecast(points(power), [3200], seed=3)
    np.testing.assert_array_equal(a.draws, again.draws)
    better = forecast(points(lambda n: power(n) - 0.02), [3200], seed=3)
    together = np.corrcoef(a.draws[:, 0], better.draws[:, 0])[0, 1]
    other = forecast(points(lambda n: power(n) - 0.02), [3200], seed=4)
    apart = np.corrcoef(a.draws[:, 0], other.draws[:, 0])[0, 1]
    assert together > 0.7
    assert abs(apart) < 0.2


def test_more_test_items_narrow_sampling_and_not_model() -> None:
    few, many = (forecast(points(power, tests=t), [1600], seed=0) for t in (100, 10_000))
    width = [float((f.sampling_high - f.sampling_low)[0]) for f in (few, many)]
    assert width[1] < 0.5 * width[0]
    assert many.model_high[0] - many.model_low[0] > width[1]


def test_the_floor_of_a_loss_is_kept() -> None:
    result = forecast(points(power, metric="cross-entropy"), [8000], seed=0, floor=0.1)
    assert (result.draws >= 0.1).all()


@pytest.mark.parametrize("learner", [None, LabelLearner(LogisticRegression(C=0.1), classes=2)])
def test_no_forecast_goes_below_the_entropy_of_the_reference(learner) -> None:
    # One answer in ten is not the most frequent: nothing learns more than the distribution.
    x, proba = world(1000, columns=2, classes=2, margin=30.0)
    reference = 0.8 * np.round(proba) + 0.1
    labels = (np.random.default_rng(0).random(1000) < reference[:, 1]).astype(int)

    def draw(rng: np.random.Generator, rows: np.ndarray):
        return [hard(rows, labels[rows])]

    test, pool = np.arange(500, 1000), np.arange(160)
    curve = measure(
        x, draw, [10, 20, 40, 80, 160], 3, test, reference[test], pool=pool, seed=0,
        learner=learner,
    )  # fmt: skip
    entropy = -(0.9 * np.log(0.9) + 0.1 * np.log(0.1))
    assert curve["accuracy"].floor == 0
    assert curve["cross-entropy"].floor == pytest.approx(entropy)
    kept = forecast(curve["cross-entropy"], [1600], seed=0)
    assert (kept.draws >= entropy).all()
    # Without it some curves promise what cannot be.
    hopeful = [0.7, 0.62, 0.54, 0.46, 0.38]
    falling = replace(curve["cross-entropy"], values=np.tile(hopeful, (3, 1)).T, theory=None)
    assert (forecast(falling, [1600], seed=0, floor=0.0).draws < entropy).any()
    assert (forecast(falling, [1600], seed=0).draws >= entropy).all()


def test_unmeasured_sizes_are_left_out() -> None:
    whole = points(power)
    values = whole.values.copy()
    values[0] = np.nan
    assert whole.item_values is not None
    items = whole.item_values.copy()
    items[0] = np.nan
    result = forecast(replace(whole, values=values, item_values=items), [1600], seed=0)
    assert np.isfinite(result.mean).all()


def test_bad_input() -> None:
    whole = points(power)
    with pytest.raises(InputError, match="no measured size"):
        forecast(replace(whole, values=np.full((5, 2), np.nan)), [1600], seed=0)
    with pytest.raises(InputError, match="sizes is empty"):
        forecast(whole, [], seed=0)
    with pytest.raises(InputError, match="the points measure 'accuracy'"):
        forecast(whole, [1600], metric="cross-entropy", seed=0)
    with pytest.raises(InputError, match="unknown metric"):
        forecast(whole, [1600], metric="speed", seed=0)


def test_the_features_theory_beats_forms_where_a_curve_is_about_to_flatten() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6000, 40)).astype(np.float32)
    gold = (x @ rng.normal(size=40) / np.sqrt(40) + 0.6 * rng.normal(size=6000) > 0).astype(int)

    def draw(rng: np.random.Generator, rows: np.ndarray):
        return [hard(rows, gold[rows])]

    reference = np.eye(2)[gold]
    test, pool = np.arange(4000, 6000), np.arange(4000)
    sizes = [15, 22, 33, 50, 75, 110, 160]
    points = measure(x, draw, sizes, 10, test, reference[test], pool=pool[:160], seed=0)
    actual = measure(x, draw, [1280], 4, test, reference[test], pool=pool, seed=1)
    for metric in ("accuracy", "cross-entropy"):
        curve, true = points[metric], float(actual[metric].mean[0])
        guided = forecast(curve, [1280], seed=0)
        forms = forecast(replace(curve, theory=None), [1280], seed=0)
        assert guided.weights["theory"] > 0
        assert forms.weights["theory"] == 0
        assert guided.low[0] < true < guided.high[0]
        assert abs(guided.mean[0] - true) < abs(forms.mean[0] - true) + 0.01
        np.testing.assert_allclose(
            forecast(curve, [100], seed=0).mean,
            forecast(replace(curve, theory=None), [100], seed=0).mean,
        )


def test_calibration_error_may_rise_or_fall_and_its_interval_holds_both() -> None:
    inside = wrong = rises = 0
    far = np.array([400, 800])
    for seed in range(40):
        z = np.random.default_rng(seed).standard_normal()

        def error(n: float, z: float = z) -> float:
            return 0.08 + 0.05 * z * (100 / n) ** 0.5

        measured = points(error, np.array([25, 50, 100]), "calibration-error", 400, seed)
        result = forecast(measured, far, seed=seed, draws=300)
        true = np.array([error(n) for n in far])
        rises += int(true[-1] > measured.mean[-1])
        inside += int(((result.low <= true) & (true <= result.high)).sum())
        wrong += int(((result.low <= true + 0.2) & (true + 0.2 <= result.high)).sum())
    assert 10 < rises < 30
    assert inside / 80 > 0.85
    assert wrong / 80 < 0.1


def test_calibration_error_stays_as_measured_within_the_measured_sizes() -> None:
    rising = points(lambda n: 0.02 * (n / 50) ** 0.5, SIZES, "calibration-error", 4000)
    result = forecast(rising, [*SIZES, 6400], seed=0, draws=2000)
    deviation = rising.standard_error()
    assert (np.abs(result.mean[:-1] - rising.mean) < 3 * deviation).all()
    assert abs(result.mean[-1] - rising.mean[-1]) < 3 * deviation[-1]
    assert result.high[-1] - result.low[-1] > 1.5 * (result.high[-2] - result.low[-2])
