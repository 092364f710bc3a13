"""Consensus of hard labels: equal to crowd-kit's, and sound where crowd-kit is not."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np
import polars as pl
import pytest

from labelbits import Answers
from labelbits.annotators import aggregate, label_models
from labelbits.annotators.label_models import Labels, numbered

ITEMS, PEOPLE, CLASSES = 60, 8, ("a", "b", "c")


@pytest.fixture(scope="module")
def rows() -> list[tuple[str, str, str]]:
    """(item, annotator, label), names in alphabetical order: crowd-kit's MACE needs that."""
    rng = np.random.default_rng(5)
    truth = rng.choice(3, ITEMS, p=[0.5, 0.3, 0.2])
    skill = rng.uniform(0.35, 0.95, PEOPLE)
    found = []
    for item in range(ITEMS):
        # The first item has an answer of everybody and each class, so that all come in order.
        asked = range(PEOPLE) if item == 0 else sorted(rng.choice(PEOPLE, 5, replace=False))
        for person in asked:
            right = rng.random() < skill[person]
            label = person % 3 if item == 0 else truth[item] if right else rng.integers(3)
            found.append((f"item {item:02}", f"w{person}", CLASSES[label]))
    return found


@pytest.fixture(scope="module")
def labels(rows: list[tuple[str, str, str]]) -> Labels:
    items, people, said = zip(*rows, strict=True)
    return numbered(items, people, said, CLASSES)


def crowd_kit(rows: list[tuple[str, str, str]], name: str, **options: Any) -> tuple[Any, Any]:
    """(fitted, items x classes) of crowd-kit."""
    kit = pytest.importorskip("crowdkit.aggregation", reason="crowd-kit is not installed")
    import pandas as pd

    fitted = getattr(kit, name)(**options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # crowd-kit calls what newer pandas will drop
        frame = pd.DataFrame(rows, columns=["task", "worker", "label"])
        table = fitted.fit_predict_proba(frame)
    order = list(dict.fromkeys(row[0] for row in rows))
    return fitted, table.loc[order, list(CLASSES)].to_numpy(dtype=float)


def test_majority_is_crowd_kits(rows: list[tuple[str, str, str]], labels: Labels) -> None:
    _, expected = crowd_kit(rows, "MajorityVote")
    np.testing.assert_allclose(label_models.majority(labels).probability, expected, atol=1e-12)


@pytest.mark.parametrize("steps", [1, 7, 60])
def test_dawid_skene_is_crowd_kits(
    rows: list[tuple[str, str, str]], labels: Labels, steps: int
) -> None:
    fitted, expected = crowd_kit(rows, "DawidSkene", n_iter=steps, tol=-np.inf)
    found = label_models.dawid_skene(labels, steps, -np.inf)
    np.testing.assert_allclose(found.probability, expected, atol=1e-8)
    assert found.confusion is not None
    for name, square in zip(labels.annotators, found.confusion, strict=True):
        theirs = fitted.errors_.loc[name].reindex(list(CLASSES)).fillna(1e-10)
        np.testing.assert_allclose(square.T, theirs[list(CLASSES)].to_numpy(), atol=1e-8)


def test_dawid_skene_ends_where_crowd_kits_ends(
    rows: list[tuple[str, str, str]], labels: Labels
) -> None:
    _, expected = crowd_kit(rows, "DawidSkene", n_iter=100)
    found = label_models.dawid_skene(labels).probability
    # Both stop at a gain of 1e-5 nats an answer, of the likelihood here and of a bound there.
    assert (found.argmax(1) == expected.argmax(1)).all()
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_glad_is_crowd_kits(rows: list[tuple[str, str, str]], labels: Labels) -> None:
    fitted, expected = crowd_kit(rows, "GLAD", n_iter=50, silent=True)
    found = label_models.glad(labels)
    np.testing.assert_allclose(found.probability, expected, atol=1e-5)
    theirs = 1 / (1 + np.exp(-fitted.alphas_.loc[list(labels.annotators)].to_numpy()))
    np.testing.assert_allclose(found.skill, theirs, atol=1e-4)


def test_mace_is_crowd_kits(rows: list[tuple[str, str, str]], labels: Labels) -> None:
    # Its restarts all start at the same point: one is as good as ten.
    fitted, expected = crowd_kit(rows, "MACE", n_restarts=1, n_iter=50, random_state=3)
    start = {"size": (PEOPLE, 2)}, {"size": (PEOPLE, 3)}
    state = [np.random.RandomState(3).uniform(1, 2.5, **size) for size in start]
    spamming, strategy = (draw / draw.sum(1, keepdims=True) for draw in state)
    _, found, knowing = label_models.mace_from(labels, spamming, strategy, 50)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    theirs = fitted.spamming_ / fitted.spamming_.sum(1, keepdims=True)
    np.testing.assert_allclose(knowing, theirs[:, 1], atol=1e-6)
    kept = label_models.mace(labels).probability
    assert (kept.argmax(1) == expected.argmax(1)).mean() > 0.95


@pytest.mark.parametrize("method", ["majority", "dawid-skene", "glad", "mace"])
def test_order_of_answers_changes_nothing(method: Any, rows: list[tuple[str, str, str]]) -> None:
    shuffled = [rows[i] for i in np.random.default_rng(2).permutation(len(rows))]
    found = [aggregate(answers_of(order), method) for order in (rows, shuffled)]
    assert found[0].label == found[1].label
    place = [found[1].items.index(item) for item in found[0].items]
    # MACE starts at random, annotator by annotator: its two ends are near, not equal.
    tolerance = 0.05 if method == "mace" else 1e-4
    np.testing.assert_allclose(found[0].probability, found[1].probability[place], atol=tolerance)


@pytest.mark.parametrize("method", ["majority", "dawid-skene", "glad", "mace"])
def test_a_thousand_answers_to_an_item_do_not_underflow(method: Any) -> None:
    many = [("x", f"w{i}", "a" if i % 10 else "b") for i in range(1000)]
    many += [("y", f"w{i}", "b" if i % 10 else "a") for i in range(1000)]
    found = aggregate(answers_of(many), method)
    assert found.label == {"x": "a", "y": "b"}
    assert np.isfinite(found.probability).all()
    np.testing.assert_allclose(found.probability.sum(1), 1, atol=1e-9)
    assert found.probability[:, 2].max() == 0  # nobody said c


@pytest.mark.parametrize("method", ["majority", "dawid-skene", "glad", "mace"])
def test_one_class_is_certain(method: Any) -> None:
    found = aggregate(answers_of([("x", "w1", "b"), ("x", "w2", "b"), ("y", "w1", "b")]), method)
    assert found.label == {"x": "b", "y": "b"}
    np.testing.assert_allclose(found.probability, [[0, 1, 0]] * 2, atol=1e-9)


def answers_of(rows: list[tuple[str, str, str]]) -> Answers:
    table = pl.DataFrame(
        {
            "annotator": [who for _, who, _ in rows],
            "signal": "hard",
            "items": [[item] for item, _, _ in rows],
            "answer": [json.dumps(label) for _, _, label in rows],
        }
    )
    items, people = ({row[place] for row in rows} for place in (0, 1))
    return Answers(table, tuple(sorted(items)), CLASSES, tuple(sorted(people)))
