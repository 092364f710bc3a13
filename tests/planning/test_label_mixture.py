"""A mixture that is better is found, measured and recommended."""

from __future__ import annotations

import numpy as np
import pytest

from labelbits.planning import plan
from labelbits.report.run import document
from tests.planning.conftest import write_files
from tests.planning.schema import faults

PLAN = """
[dataset]
features = "features.npz"
counts = "counts.npz"
[goal]
metric = "cross-entropy"
[budget]
amount = 20
[[signal]]
kind = "hard"
price = 0.1
[[signal]]
kind = "soft"
concentration = 60
price = 0.3
"""


def two_sorts(items: int = 700) -> dict[str, np.ndarray]:
    """Four fifths of the items are clear: a vote and a soft label say the same. On the others the
    crowd is torn, and one soft label at three times the price shows how."""
    rng = np.random.default_rng(0)
    size = np.where(rng.random(items) < 0.2, 0.35, 4.0)
    features = rng.standard_normal((items, 8))
    features *= (size / np.linalg.norm(features, axis=1))[:, None]
    logits = features @ rng.standard_normal((8, 3)) * 2.5
    pi = np.exp(logits - logits.max(1, keepdims=True))
    counts = rng.multinomial(40, pi / pi.sum(1, keepdims=True))
    return {"features": features, "counts": counts}


def test_soft_labels_are_bought_where_the_crowd_is_torn(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    made = plan(write_files(tmp_path_factory.mktemp("mixture"), PLAN, **two_sorts()), seed=0)
    mixture = made.extras["mixture"]
    low, high = mixture["interval"]
    assert 0 < low <= mixture["gain"] <= high
    assert mixture["recommended"]
    assert len(made.recommendation["purchases"]) == 2
    assert faults(document(made)) == []
    assert made.recommendation["cost"] <= 20 * 1.01
    assert made.recommendation["quality"] < made.recommendation["single"]["quality"]
    soft = next(p for p in mixture["purchases"] if p["signal"] == "soft")
    share = list(soft["strata"].values())
    assert share[-1] > share[0]
