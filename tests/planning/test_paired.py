"""The gain of one way of spending over another: its interval holds."""

from __future__ import annotations

import numpy as np

from labelbits import signals
from labelbits.interface import Batch
from labelbits.planning.paired import Bench, paired_gain
from labelbits.planning.trial import Draw, Trial

CENTRES = 1.2 * np.random.default_rng(0).standard_normal((4, 6))


def noisy(gold: np.ndarray, noise: float) -> Draw:
    """One hard label on each item, a random class with probability `noise`."""

    def draw(rng: np.random.Generator, rows: np.ndarray) -> list[Batch]:
        n = len(rows)
        said = np.where(rng.random(n) < noise, rng.integers(0, 4, n), gold[rows])
        items = np.asarray(rows)[:, None]
        return [Batch(signals.Hard(), items, said[:, None], np.zeros(n, int), np.ones(n))]

    return draw


def gains(repeats: int, noise: float, fresh: int) -> tuple[np.ndarray, float]:
    """Intervals (repeats, 3) of the gain of labels with a tenth of noise over labels with `noise`,
    by cross-validation of 120 items, and the true gain on `fresh` new items of every repeat."""
    rng = np.random.default_rng(1)
    found, true = [], []
    for seed in range(repeats):
        gold = rng.integers(0, 4, 120 + fresh)
        features = (CENTRES[gold] + rng.standard_normal((len(gold), 6))).astype(np.float32)
        pilot, new, right = np.arange(120), np.arange(120, len(gold)), np.eye(4)[gold]
        inside = Bench(features, Trial(pilot, right[pilot], None, [], "gold", ""), "accuracy", 1.0)
        both = [inside.measure(noisy(gold, share), 86, 0.02, 20, seed) for share in (0.1, noise)]
        found.append(paired_gain(both[0], both[1], 1, crossed=True))
        outside = Bench(features, Trial(new, right[new], pilot, [], "gold", ""), "accuracy", 1.0)
        truth = [
            outside.measure(noisy(gold, share), 86, 0.02, 2, seed).values.mean()
            for share in (0.1, noise)
        ]
        true.append(truth[0] - truth[1])
    return np.array(found), float(np.mean(true))


def test_the_interval_of_a_gain_covers_and_can_tell() -> None:
    found, true = gains(repeats=40, noise=0.5, fresh=600)
    covered = np.mean((found[:, 1] <= true) & (true <= found[:, 2]))
    assert covered >= 0.9 - 3 * np.sqrt(0.9 * 0.1 / 40)
    # Wide intervals cover everything: these also tell that the gain is there, as often as not.
    assert true > 0.05
    assert np.mean(found[:, 1] > 0) > 0.3
