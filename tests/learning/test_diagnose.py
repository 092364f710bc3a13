"""Pilots that cannot support the question are named, and good ones are let through."""

from __future__ import annotations

import numpy as np

from labelbits.learning import diagnose

from .helpers import world

FEATURES, PROBA = world(200, margin=5.0)
COUNTS = np.random.default_rng(0).multinomial(5, PROBA)


def codes(features: np.ndarray, counts: np.ndarray) -> dict[str, bool]:
    return {c.code: c.fatal for c in diagnose(features, counts).concerns}


def test_a_good_pilot_has_no_concern() -> None:
    found = diagnose(FEATURES, COUNTS)
    assert found.usable
    assert found.concerns == ()
    assert found.gain > 5 * found.gain_error


def test_too_few_items_offers_a_pilot() -> None:
    found = diagnose(FEATURES[:12], COUNTS[:12])
    assert not found.usable
    assert found.concerns[0].code == "too-few-items"
    assert found.concerns[0].items == 100
    # Items without votes do not count.
    empty = COUNTS.copy()
    empty[12:] = 0
    assert "too-few-items" in codes(FEATURES, empty)


def test_one_class() -> None:
    counts = np.zeros_like(COUNTS)
    counts[:, 1] = 5
    assert codes(FEATURES, counts)["one-class"]


def test_annotators_who_always_agree_are_no_reason_to_refuse() -> None:
    counts = np.eye(3, dtype=int)[PROBA.argmax(1)] * 5
    found = diagnose(FEATURES, counts)
    assert [c.code for c in found.concerns] == ["no-disagreement"]
    assert found.usable


def test_features_that_predict_nothing() -> None:
    rng = np.random.default_rng(1)
    found = diagnose(rng.permutation(FEATURES), COUNTS)
    assert not found.usable
    concern = found.concerns[-1]
    assert concern.code == "features-predict-nothing"
    assert concern.items is not None
    assert concern.items >= 800
    assert "same order" in concern.message


def test_rare_classes() -> None:
    counts = np.concatenate([COUNTS, np.zeros((200, 1), int)], axis=1)
    assert codes(FEATURES, counts) == {"rare-classes": False}
    names = [f"kind {k}" for k in range(counts.shape[1])]
    (concern,) = diagnose(FEATURES, counts, names=names).concerns
    assert f"(class {names[-1]!r} has 0)" in concern.message


def test_a_rare_class_hides_no_weak_features() -> None:
    # Most items are of one class, so what a guess loses on single items scatters more than what
    # features gain on them.
    rng = np.random.default_rng(9)
    truth = rng.choice(3, 200, p=[0.85, 0.1, 0.05])
    features = rng.normal(size=(200, 10))
    features[:, :3] += 1.2 * rng.normal(size=(3, 3))[truth]
    counts = np.zeros((200, 3))
    for _ in range(3):
        said = np.where(rng.random(200) < 0.85, truth, rng.integers(0, 3, 200))
        counts[np.arange(200), said] += 1
    assert diagnose(features, counts).usable
    assert not diagnose(rng.permutation(features), counts).usable
