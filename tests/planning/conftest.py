"""A small data set of a user: blobs with votes, written as the files that a plan names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

BASE = """
[dataset]
features = "features.npz"
counts = "counts.npz"
gold = "gold.npz"

[budget]
amount = 20

[[signal]]
kind = "hard"
seconds = 4

[[signal]]
kind = "votes"
answers_per_item = 3
seconds = 4
"""


def blobs(
    items: int = 400, classes: int = 4, dims: int = 6, seed: int = 0
) -> dict[str, np.ndarray]:
    """Gaussian classes that overlap, with ten noisy votes on every item."""
    rng = np.random.default_rng(seed)
    centres = 1.6 * rng.standard_normal((classes, dims))
    gold = rng.integers(0, classes, items)
    features = centres[gold] + rng.standard_normal((items, dims))
    pi = 0.85 * np.eye(classes)[gold] + 0.15 / classes
    return {"features": features, "counts": rng.multinomial(10, pi), "gold": gold}


@pytest.fixture
def write_plan(tmp_path: Path) -> Callable[..., Path]:
    """Write the blobs, changed by keyword, and a plan file; returns the plan's path."""

    def write(text: str = BASE, **changed: np.ndarray) -> Path:
        for name, array in {**blobs(), **changed}.items():
            np.savez(tmp_path / f"{name}.npz", **{name: array})
        path = tmp_path / "plan.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write
