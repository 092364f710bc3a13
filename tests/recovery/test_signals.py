"""Every signal alone, and signals of every kind together: fit, score, predict, transform."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import labelbits as lb
from labelbits.recovery import metrics
from labelbits.signals import REGISTRY
from tests.recovery.asked import answers, asked

#: The last items have no answer at the fit: `transform` places them.
ITEMS, NEW, CLASSES, DIMS, ANSWERS = 40, 3, 8, 2, 400
#: One signal of each form of code and distance, so that one program holds them all.
MIXED = ("soft", "ranking", "same-class", "triplet", "rating", "similarity")
KNOWN = [f"item {i}" for i in range(ITEMS - NEW)]


@pytest.fixture(scope="module")
def world() -> tuple[np.ndarray, np.ndarray]:
    points = np.random.default_rng(31).normal(size=(ITEMS + CLASSES, DIMS)).astype(np.float32)
    return points[:ITEMS], points[ITEMS:]


def split(table: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows about known items alone, and the rest."""
    known = table["items"].list.eval(pl.element().is_in(KNOWN)).list.all()
    return table.filter(known), table.filter(~known)


def check(found: lb.SignalEmbedding, old: lb.Answers, every: lb.Answers) -> np.ndarray:
    """Score, probabilities and new places are sound; returns the places of all items."""
    score = found.score(old)
    assert np.isfinite(score)
    shuffled = old.table.with_columns(
        items=pl.col("items").shuffle(seed=1).over("signal"),
    )
    # The negative control: the same answers about other items must be less probable.
    assert score > found.score(lb.Answers(shuffled, old.items, old.classes))
    for name, table in found.predict_proba(old).items():
        assert len(table) == (old.table["signal"] == name).sum()
        np.testing.assert_allclose(table.sum(1), 1, atol=2e-3, err_msg=name)
    placed = found.transform(every)
    assert placed.shape == (ITEMS, DIMS)
    assert found.new_items_ == [f"item {i}" for i in range(ITEMS - NEW, ITEMS)]
    np.testing.assert_array_equal(placed[: ITEMS - NEW], found.embedding_)
    return placed


@pytest.mark.parametrize("name", list(REGISTRY))
def test_a_signal_alone(world: tuple[np.ndarray, np.ndarray], name: str) -> None:
    # Whether two items are of one class says little of where they lie.
    n = 4 * ANSWERS if name == "same-class" else ANSWERS
    every = asked(world, name, n, 5, precision=2.0, lapse=0.02)
    old, _ = split(every)
    fitted = answers(ITEMS - NEW, CLASSES, old)
    found = lb.SignalEmbedding(DIMS, random_state=0, n_init=1).fit(fitted)
    assert metrics.spearman(found.embedding_, world[0][: ITEMS - NEW]) > 0.15
    check(found, fitted, answers(ITEMS, CLASSES, every))
    features = dict(zip(KNOWN, world[0] @ np.array([[1.0, 1, 0], [1, -1, 2]]), strict=False))
    featured = lb.SignalEmbedding(
        DIMS, random_state=0, n_init=1, max_iter=30, residual_scale=0.3, metric_power=1.0
    ).fit(fitted, features=features)
    assert metrics.spearman(featured.embedding_, world[0][: ITEMS - NEW]) > max(
        0.5, metrics.spearman(found.embedding_, world[0][: ITEMS - NEW]) - 0.05
    )
    np.testing.assert_array_equal(featured.transform(features).shape, found.embedding_.shape)


def test_signals_of_every_kind_together(world: tuple[np.ndarray, np.ndarray]) -> None:
    tables = [
        asked(world, name, 120, 7 + i, precision=2.0, lapse=0.02) for i, name in enumerate(MIXED)
    ]
    fitted = answers(ITEMS - NEW, CLASSES, *(split(table)[0] for table in tables))
    found = lb.SignalEmbedding(DIMS, random_state=0, n_init=1).fit(fitted)
    assert set(found.precision_) == set(found.lapse_) == set(MIXED)
    placed = check(found, fitted, answers(ITEMS, CLASSES, *tables))
    assert metrics.spearman(placed, world[0]) > 0.7
