"""One small sweep, run once without interruption, that other runs are compared with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

SPEC = """
seeds = 4
metrics = ["spearman", "procrustes"]
[grid]
items = [12]
classes = [3]
dims = [2]
precision = [1.0, 1.4, 2.0, 2.8, 4.0, 5.6]
signals = ["triplet"]
answers_per_item = [1, 8]
"""


@pytest.fixture(scope="session")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("spec") / "sweep.toml"
    path.write_text(SPEC)
    return path


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One core a process, and a shared folder of compiled programs so that restarts are fast."""
    return os.environ | {
        "JAX_COMPILATION_CACHE_DIR": str(tmp_path_factory.mktemp("compiled")),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "NPROC": "1",
        "OMP_NUM_THREADS": "1",
    }


def command(spec: Path, store: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "labelbits.cli", "sweep", str(spec), "--store", str(store), *more]


@pytest.fixture(scope="session")
def uninterrupted(
    spec: Path, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> pl.DataFrame:
    store = tmp_path_factory.mktemp("whole")
    subprocess.run(command(spec, store, "--workers", "1"), env=environment, check=True, timeout=300)
    return pl.read_parquet(store / "results.parquet")
