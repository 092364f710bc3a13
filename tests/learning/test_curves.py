"""Measured learning curves: nested and shared training sets, honest test items, user's learners."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from labelbits import signals
from labelbits.errors import InputError
from labelbits.interface import Batch
from labelbits.learning import (
    LabelLearner,
    SignalClassifier,
    balanced_order,
    cross_measure,
    few_shot_sizes,
    group_split,
    measure,
)

from .helpers import hard, world

FEATURES, PROBA = world(500, columns=8, margin=6.0)
TRUTH = PROBA.argmax(1)
POOL, TEST = np.arange(300), np.arange(300, 500)
GOLD = np.eye(3)[TRUTH]


def draw_hard(rng: np.random.Generator, rows: np.ndarray) -> list[Batch]:
    labels = [rng.choice(3, p=PROBA[r]) for r in rows]
    return [hard(rows, np.array(labels))]


def curve(draw=draw_hard, **options):
    options = {"sizes": [20, 60, 200], "replicates": 6, "seed": 0, "pool": POOL} | options
    sizes, replicates = options.pop("sizes"), options.pop("replicates")
    return measure(FEATURES, draw, sizes, replicates, TEST, GOLD[TEST], **options)


def test_more_items_are_better_and_equal_seeds_are_equal() -> None:
    a, b = curve(), curve()
    for metric in ("accuracy", "cross-entropy"):
        np.testing.assert_array_equal(a[metric].values, b[metric].values)
    accuracy, loss = a["accuracy"], a["cross-entropy"]
    assert accuracy.mean[-1] > accuracy.mean[0] + 2 * accuracy.standard_error()[0] * 0.5
    assert loss.mean[-1] < loss.mean[0]
    np.testing.assert_allclose(accuracy.item_values.mean(1), accuracy.mean, atol=1e-6)
    assert not np.array_equal(curve(seed=1)["accuracy"].values, accuracy.values)


def test_shuffled_features_stay_at_chance() -> None:
    wrong = np.random.default_rng(1).permutation(FEATURES)
    points = measure(wrong, draw_hard, [200], 4, TEST, GOLD[TEST], pool=POOL, seed=0)["accuracy"]
    most = GOLD[TEST].mean(0).max()
    assert points.mean[-1] < most + 4 * np.sqrt(most * (1 - most) / len(TEST))


def test_every_option_trains_on_the_same_nested_rows() -> None:
    seen: dict[str, list[np.ndarray]] = {"a": [], "b": []}

    def recorder(name: str):
        def draw(rng: np.random.Generator, rows: np.ndarray) -> list[Batch]:
            seen[name].append(rows.copy())
            return draw_hard(rng, rows)

        return draw

    curve(recorder("a"))
    curve(recorder("b"), sizes=[20, 100])
    # Replicates are drawn by several threads: their order of arrival says nothing.
    a, b = (sorted(rows.tolist() for rows in seen[name]) for name in "ab")
    assert a == b
    assert len(a) == 6
    assert len({tuple(rows[:20]) for rows in seen["a"]}) == 6


def test_cross_measure_tests_every_item_equally_and_never_on_itself() -> None:
    rows = np.arange(50, 110)
    trained: list[np.ndarray] = []

    def draw(rng: np.random.Generator, asked: np.ndarray) -> list[Batch]:
        trained.append(asked)
        return draw_hard(rng, asked)

    points = cross_measure(FEATURES, draw, [20, 50], 20, rows, GOLD[rows], seed=0)["accuracy"]
    assert points.item_counts is not None
    assert (points.item_counts == 2).all()
    assert all(np.isin(asked, rows).all() and len(asked) == 54 for asked in trained)
    assert points.values.shape == (2, 20)


def test_memorising_learner_scores_chance_in_cross_validation() -> None:
    class Parrot:
        """Knows the training items by heart and nothing else."""

        def fit(self, features: np.ndarray, batches: list[Batch]) -> None:
            items = batches[0].items[:, 0]
            self.known = {features[i].tobytes(): k for i, (k,) in zip(items, batches[0].answer,
                                                                      strict=True)}  # fmt: skip

        def predict_proba(self, features: np.ndarray) -> np.ndarray:
            proba = np.full((len(features), 3), 1 / 3)
            for i, row in enumerate(features):
                if row.tobytes() in self.known:
                    proba[i] = np.eye(3)[self.known[row.tobytes()]]
            return proba

    points = cross_measure(
        FEATURES, draw_hard, [40], 10, np.arange(60), GOLD[:60], seed=0, learner=Parrot()
    )["cross-entropy"]
    np.testing.assert_allclose(points.mean, np.log(3), atol=1e-3)


def test_users_own_learner() -> None:
    own = curve(learner=LabelLearner(LogisticRegression(C=1.0), classes=3), replicates=3)
    ours = curve(replicates=3)
    assert own["accuracy"].mean[-1] == pytest.approx(ours["accuracy"].mean[-1], abs=0.05)

    class Broken(SignalClassifier):
        def predict_proba(self, features: np.ndarray) -> np.ndarray:
            return np.ones((len(features), 2))

    with pytest.raises(InputError, match="predict_proba of Broken"):
        curve(learner=Broken(0.1), replicates=1, sizes=[50])


def test_questions_about_pairs_stay_inside_the_training_set() -> None:
    def draw(rng: np.random.Generator, rows: np.ndarray) -> list[Batch]:
        pairs = rng.choice(rows, size=(60, 2))
        same = (TRUTH[pairs[:, 0]] == TRUTH[pairs[:, 1]]).astype(int)[:, None]
        few = hard(rows[:10], TRUTH[rows[:10]])
        return [few, Batch(signals.SameClass(), pairs, same, np.zeros(60, int), np.ones(60))]

    points = curve(draw, sizes=[40], replicates=2, learner=SignalClassifier(0.05, classes=3))
    assert points["accuracy"].mean[0] > 0.45


def test_few_shots_hold_equally_many_of_each_class() -> None:
    sizes = few_shot_sizes([2, 5], TRUTH[POOL])
    assert sizes == [6, 15]
    order = balanced_order(POOL, TRUTH[POOL], np.random.default_rng(0))
    assert sorted(order) == POOL.tolist()
    for size in sizes:
        assert (np.bincount(TRUTH[order[:size]]) == size // 3).all()
    few = curve(sizes=sizes, balanced=TRUTH)["accuracy"]
    assert few.mean[1] > few.mean[0]
    with pytest.raises(InputError, match="shots a class"):
        few_shot_sizes([1000], TRUTH)


def test_groups_left_out() -> None:
    groups = np.array(["old", "new", "old", "far"])
    pool, test = group_split(groups, ["far"])
    assert pool.tolist() == [0, 1, 2]
    assert test.tolist() == [3]
    with pytest.raises(InputError, match="no item is in group 'moon'"):
        group_split(groups, ["moon"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sizes": [400]}, "only 300 items"),
        ({"sizes": []}, "expected whole numbers"),
        ({"pool": np.arange(301)}, "both in the pool and tested"),
        ({"metrics": ("speed",)}, "unknown metric"),
    ],
)
def test_bad_input(options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        curve(**options)


def test_set_metrics() -> None:
    points = curve(metrics=("calibration-error", "alignment"), replicates=3)
    assert points["alignment"].mean[-1] > points["alignment"].mean[0] > 0
    assert (points["calibration-error"].values >= 0).all()
    for found in points.values():
        assert found.item_values is not None
        np.testing.assert_allclose(np.nanmean(found.item_values, axis=1), found.mean, rtol=1e-5)
        assert (found.standard_error() > 0).all()


def test_penalties_do_not_follow_the_noise_of_the_smallest_sizes():
    """With three votes on an item the least sets want weak penalties; 30 items and more do not."""
    features, proba = world(3000, columns=200, classes=10, margin=8.0, seed=4)
    gold = proba.argmax(1)

    def draw(rng, rows):
        lapses = rng.random((len(rows), 3)) < 0.08
        votes = np.where(lapses, rng.integers(10, size=lapses.shape), gold[rows][:, None])
        counts = (votes[:, :, None] == np.arange(10)).sum(1)
        return [Batch(signals.Votes(answers_per_item=3), rows[:, None], counts,
                      np.zeros(len(rows), int), np.ones(len(rows)))]  # fmt: skip

    points = measure(
        features, draw, [10, 18, 32, 56, 100, 177, 316], 12, np.arange(500),
        np.eye(10)[gold[:500]], pool=np.arange(500, 3000), seed=0,
    )["cross-entropy"]  # fmt: skip
    assert points.ridges[0] < 0.01
    assert (points.ridges[2:] > 0.03).all()
    # A classifier that is sure of its guesses would cost more than knowing nothing.
    assert (points.mean[3:] < np.log(10)).all()
