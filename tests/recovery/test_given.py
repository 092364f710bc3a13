"""What `SignalEmbedding.fit` is given: y as cblearn has it, ids, and values that make no sense."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import pdist

import labelbits as lb
from labelbits.recovery import RecoveryWarning

rng = np.random.default_rng(0)
POINTS = rng.normal(size=(12, 2))
TRIPLETS = np.array([rng.choice(12, 3, replace=False) for _ in range(400)])
GAPS = ((POINTS[TRIPLETS[:, :1]] - POINTS[TRIPLETS[:, 1:]]) ** 2).sum(-1)
FIRST = GAPS[:, 0] < GAPS[:, 1]
ORDERED = np.where(FIRST[:, None], TRIPLETS, TRIPLETS[:, [0, 2, 1]])


def fitted(X: Any, y: Any = None, **given: Any) -> lb.SignalEmbedding:
    return lb.SignalEmbedding(2, random_state=0, **given).fit(X, y)


@pytest.mark.parametrize(
    "y", [FIRST, FIRST.astype(int), FIRST.astype(float), np.where(FIRST, 1, -1)],
    ids=["booleans", "0 and 1", "0.0 and 1.0", "-1 and 1"],
)  # fmt: skip
def test_y_says_which_is_nearer(y: np.ndarray) -> None:
    embedding = fitted(TRIPLETS, y).embedding_
    np.testing.assert_array_equal(embedding, fitted(ORDERED).embedding_)
    assert np.corrcoef(pdist(embedding), pdist(POINTS))[0, 1] > 0.95
    turned = fitted(TRIPLETS, ~FIRST).embedding_  # the control: all answers the other way
    assert np.corrcoef(pdist(turned), pdist(POINTS))[0, 1] < 0.5


@pytest.mark.parametrize(
    "y",
    [
        np.where(np.arange(400) % 9 == 0, 0, np.where(FIRST, 1, -1)),
        np.where(FIRST, 1.0, np.nan),
        np.where(FIRST, "near", "far"),
        FIRST.astype(int) + 1,
        FIRST[:-1],
    ],
    ids=["ties", "NaN", "text", "1 and 2", "too few"],
)
def test_y_that_says_nothing_is_refused(y: np.ndarray) -> None:
    with pytest.raises(lb.InputError, match=r"^y.*expected"):
        fitted(TRIPLETS, y)


def test_ids_are_renumbered() -> None:
    ids = 3 * 10**9 + 10**8 * np.arange(12)
    with pytest.warns(RecoveryWarning, match=r"taken for ids.*items_"):
        embedding = fitted(ids[ORDERED])
    plain = fitted(ORDERED)
    assert embedding.items_ == ids.tolist()
    np.testing.assert_array_equal(embedding.embedding_, plain.embedding_)
    assert embedding.score(ids[ORDERED]) == plain.score(ORDERED)
    with pytest.raises(lb.InputError, match="name item 7, which was not fitted"):
        embedding.score(np.array([[ids[0], ids[1], 7]]))
    placed = embedding.transform(np.array([[7, ids[0], ids[1]], [ids[2], 7, ids[3]]]))
    assert placed.shape == (13, 2)
    assert embedding.new_items_ == [7]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"precision": 1e-6}, "precision is 1e-06"),
        ({"precision": "high"}, "precision is 'high'"),
        ({"lapse": "none"}, "lapse is 'none'"),
        ({"precision": float("nan")}, "precision is nan"),
    ],
)
def test_noise_that_makes_no_sense(given: dict[str, Any], message: str) -> None:
    with pytest.raises(lb.InputError, match=message):
        fitted(ORDERED, **given)


@pytest.mark.parametrize("count", [float("nan"), float("inf"), None, 2.5, True])
def test_dimensions_that_make_no_sense(count: Any) -> None:
    with pytest.raises(lb.InputError, match="n_components is"):
        lb.SignalEmbedding(count).fit(ORDERED)


@pytest.mark.parametrize("weight", [1e9, 1e-9, np.nan, "much"])
def test_weights_that_make_no_sense(weight: Any) -> None:
    with pytest.raises(lb.InputError, match="sample_weight"):
        lb.SignalEmbedding(2).fit(ORDERED, sample_weight=np.full(400, weight))
