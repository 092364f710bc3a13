"""A small data set of a user: blobs with votes, written as the files that a plan names."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from labelbits.planning import Plan, plan

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

SPECIFICATION = """
[dataset]
items = 60
classes = 4
dims = 2
[budget]
amount = 60
[[signal]]
kind = "hard"
price = 0.05
[[signal]]
kind = "triplet"
price = 0.02
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


def write_files(folder: Path, text: str = BASE, **changed: np.ndarray) -> Path:
    """Write the blobs, changed by keyword, and a plan file; returns the plan's path."""
    for name, array in {**blobs(), **changed}.items():
        np.savez(folder / f"{name}.npz", **{name: array})
    path = folder / "plan.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def write_plan(tmp_path: Path) -> Callable[..., Path]:
    """`write_files` into a folder of the test's own."""
    return functools.partial(write_files, tmp_path)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The plan of the blobs, made once for all tests that only look at it."""
    return plan(write_files(tmp_path_factory.mktemp("blobs")), seed=0)


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """A plan of alignment, made once for all tests that only look at it."""
    path = tmp_path_factory.mktemp("simulated") / "plan.toml"
    path.write_text(SPECIFICATION, encoding="utf-8")
    return plan(path, seed=0)
