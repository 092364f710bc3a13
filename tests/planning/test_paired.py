"""The gain of one way of spending over another: its interval holds."""

from __future__ import annotations

import numpy as np

from labelbits import signals
from labelbits.interface import Batch
from labelbits.metrics import metric_of
from labelbits.planning.evidence.trial import Draw, Trial
from labelbits.planning.mixtures.paired import Bench, Purchase, paired_gain
from labelbits.quantity import Quantity

CENTRES = 1.2 * np.random.default_rng(0).standard_normal((4, 6))


def noisy(gold: np.ndarray, noise: float) -> Draw:
    """One hard label on each item, a random class with probability `noise`."""

    def draw(rng: np.random.Generator, rows: np.ndarray) -> list[Batch]:
        n = len(rows)
        said = np.where(rng.random(n) < noise, rng.integers(0, 4, n), gold[rows])
        items = np.asarray(rows)[:, None]
        return [Batch(signals.Hard(), items, said[:, None], np.zeros(n, int), np.ones(n))]

    return draw


def gains(
    repeats: int, ridge: float, metric: str = "accuracy"
) -> tuple[np.ndarray, np.ndarray, float]:
    """Intervals (repeats, 3) of the gain of labels with a tenth of noise over labels with a half,
    by cross-validation of 120 items, with and without the luck of the pilot, and the true gain on
    400 new items of every repeat."""
    rng, sign = np.random.default_rng(1), metric_of(metric).sign
    found, blind, true = [], [], []
    for seed in range(repeats):
        gold = rng.integers(0, 4, 520)
        features = (CENTRES[gold] + rng.standard_normal((len(gold), 6))).astype(np.float32)
        pilot, new, right = np.arange(120), np.arange(120, len(gold)), np.eye(4)[gold]
        inside = Bench(features, Trial(pilot, right[pilot], None, [], "gold", ""), metric, 1.0)
        ways = [Purchase(noisy(gold, share), 86, ridge) for share in (0.1, 0.5)]
        both = [inside.measure(way.draw, way.items, ridge, 20, seed) for way in ways]
        luck = inside.luck(*ways, seed)
        found.append(ends(paired_gain(*both, sign, crossed=True, luck=luck)))
        blind.append(ends(paired_gain(*both, sign, crossed=True)))
        outside = Bench(features, Trial(new, right[new], pilot, [], "gold", ""), metric, 1.0)
        truth = [outside.measure(w.draw, w.items, ridge, 2, seed).values.mean() for w in ways]
        true.append(sign * (truth[0] - truth[1]))
    return np.array(found), np.array(blind), float(np.mean(true))


def ends(one: Quantity) -> tuple[float, float, float]:
    return one.value, one.low, one.high


def coverage(found: np.ndarray, true: float) -> float:
    return float(np.mean((found[:, 1] <= true) & (true <= found[:, 2])))


def reach(found: np.ndarray) -> float:
    """Half of the intervals' width, in standard deviations of the gains that were found."""
    return float(np.mean(found[:, 2] - found[:, 0]) / found[:, 0].std(ddof=1))


def test_the_interval_of_a_gain_covers_and_can_tell() -> None:
    found, blind, true = gains(repeats=30, ridge=0.02)
    assert coverage(found, true) >= 0.9 - 3 * np.sqrt(0.9 * 0.1 / 30)
    # Wide intervals cover everything: these also tell that the gain is there, as often as not.
    assert true > 0.05
    assert np.mean(found[:, 1] > 0) > 0.3
    assert reach(found) < 1.4 * reach(blind)


def test_a_gain_in_calibration_error_has_an_interval_too() -> None:
    found, _, true = gains(repeats=12, ridge=0.02, metric="calibration-error")
    assert coverage(found, true) >= 0.9 - 3 * np.sqrt(0.9 * 0.1 / 12)
    # Negative control: wide intervals and gains of nothing cover too.
    assert true > 0.05
    assert np.mean(found[:, 1] > 0) >= 0.25
    assert abs(found[:, 0].mean() - true) < 4 * found[:, 0].std(ddof=1) / np.sqrt(12)


def test_a_learner_pulled_too_hard_has_the_luck_of_its_pilot() -> None:
    """Weights near 0 leave the classes' numbers in the pilot to decide: all its training sets share
    that luck, and the spread of test items does not show it. 1.64 standard deviations reach 90 %,
    and the standard deviation of 40 gains is itself known to 11 %."""
    found, blind, true = gains(repeats=40, ridge=5.0)
    assert coverage(found, true) >= 0.9 - 3 * np.sqrt(0.9 * 0.1 / 40)
    assert reach(found) > 1.64 * (1 - 2 * 0.11)
    # Negative control: without that luck the intervals are too narrow, on the very same gains.
    assert reach(blind) < 1.64 * (1 - 0.11)
    assert reach(found) > 1.2 * reach(blind)


def test_few_items_tell_no_luck() -> None:
    gold = np.arange(40) % 4
    trial = Trial(np.arange(40), np.eye(4)[gold], None, [], "gold", "")
    bench = Bench(CENTRES[gold].astype(np.float32), trial, "accuracy", 1.0)
    way = Purchase(noisy(gold, 0.1), 18, 0.02)
    assert bench.luck(way, way, 0) == 0
