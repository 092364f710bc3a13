"""The same sweep on real clusters, one worker of which is killed half-way."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from .conftest import command
from .test_sweep import same


def start(arguments: list[str], environment: dict[str, str]) -> subprocess.Popen:
    return subprocess.Popen(
        arguments, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def test_dask_with_a_killed_worker_gives_the_same_table(
    spec: Path, environment: dict[str, str], tmp_path: Path, uninterrupted: pl.DataFrame
) -> None:
    pytest.importorskip("distributed", reason="distributed is not installed (labelbits[dask])")
    file = tmp_path / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    quiet = ["--no-dashboard", "--scheduler-file", str(file)]
    cluster = [
        start([*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", *quiet], environment)
    ]
    try:
        deadline = time.time() + 60
        while not file.exists() and time.time() < deadline:
            time.sleep(0.1)
        more = ["--nthreads", "1", "--no-nanny", "--local-directory", str(tmp_path)]
        cluster += [start([*dask, "worker", *quiet, *more], environment) for _ in range(2)]
        address = json.loads(file.read_text())["address"]
        results = tmp_path / "store"
        sweep = start(
            command(spec, results, "--backend", "dask", "--address", address), environment
        )
        deadline = time.time() + 120
        while time.time() < deadline and sweep.poll() is None:
            if list(results.glob("parts/*.parquet")):
                break
            time.sleep(0.005)
        assert sweep.poll() is None, "the sweep ended before a worker could be killed"
        cluster[1].send_signal(signal.SIGKILL)
        assert sweep.wait(timeout=180) == 0
        assert same(pl.read_parquet(results / "results.parquet"), uninterrupted)
    finally:
        for process in cluster:
            process.kill()
            process.wait()


def test_an_unreachable_dask_scheduler_is_named(spec: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="distributed is not installed (labelbits[dask])")
    done = subprocess.run(
        command(spec, tmp_path, "--backend", "dask", "--address", "tcp://127.0.0.1:9"),
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2
    assert "no scheduler answers at tcp://127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr


def test_ray_gives_the_same_table(
    spec: Path, environment: dict[str, str], tmp_path: Path, uninterrupted: pl.DataFrame
) -> None:
    pytest.importorskip("ray", reason="ray is not installed (labelbits[ray])")
    ray = str(Path(sys.executable).with_name("ray"))
    port, where = "6399", environment | {"RAY_USAGE_STATS_ENABLED": "0"}
    head = start(
        [ray, "start", "--head", "--block", "--port", port, "--num-cpus", "2",
         "--include-dashboard", "false", "--node-ip-address", "127.0.0.1",
         "--disable-usage-stats"],
        where,
    )  # fmt: skip
    try:
        deadline = time.time() + 60
        while time.time() < deadline and head.poll() is None:
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", int(port)), 1),
            ):
                break
            time.sleep(0.5)
        if head.poll() is not None:
            pytest.skip(f"ray does not start on this machine (status {head.returncode})")
        results = tmp_path / "store"
        more = ["--backend", "ray", "--address", f"127.0.0.1:{port}"]
        done = subprocess.run(
            command(spec, results, *more), env=where, capture_output=True, text=True, timeout=240
        )
        assert done.returncode == 0, done.stderr[-2000:]
        assert same(pl.read_parquet(results / "results.parquet"), uninterrupted)
    finally:
        head.terminate()  # `ray start --block` ends the whole cluster with it
        head.wait(timeout=60)
