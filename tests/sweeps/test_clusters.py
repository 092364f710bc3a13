"""The same sweep on real clusters, one worker of which is killed half-way."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from .conftest import command
from .test_sweep import same


def start(arguments: list[str], environment: dict[str, str]) -> subprocess.Popen:
    return subprocess.Popen(
        arguments, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@contextlib.contextmanager
def dask_cluster(
    environment: dict[str, str], folder: Path, workers: int, *more: str
) -> Iterator[tuple[str, list[subprocess.Popen]]]:
    """A scheduler and workers as processes of this machine: its address, and the workers."""
    pytest.importorskip("distributed", reason="distributed is not installed (labelbits[dask])")
    file = folder / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    quiet = ["--no-dashboard", "--scheduler-file", str(file)]
    members = [
        start([*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", *quiet], environment)
    ]
    try:
        deadline = time.time() + 120
        while not file.exists() and time.time() < deadline:
            time.sleep(0.1)
        own = ["--nthreads", "1", "--no-nanny", "--local-directory", str(folder), *more]
        members += [start([*dask, "worker", *quiet, *own], environment) for _ in range(workers)]
        yield json.loads(file.read_text())["address"], members[1:]
    finally:
        for process in members:
            process.kill()
            process.wait()


def test_dask_with_a_killed_worker_gives_the_same_table(
    spec: Path, environment: dict[str, str], tmp_path: Path, uninterrupted: pl.DataFrame
) -> None:
    with dask_cluster(environment, tmp_path, 2) as (address, workers):
        results = tmp_path / "store"
        sweep = start(
            command(spec, results, "--backend", "dask", "--address", address), environment
        )
        deadline = time.time() + 240
        while time.time() < deadline and sweep.poll() is None:
            if list(results.glob("parts/*.parquet")):
                break
            time.sleep(0.005)
        assert sweep.poll() is None, "the sweep ended before a worker could be killed"
        workers[0].send_signal(signal.SIGKILL)
        assert sweep.wait(timeout=180) == 0
        assert same(pl.read_parquet(results / "results.parquet"), uninterrupted)


def test_an_unreachable_dask_scheduler_is_named(spec: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="distributed is not installed (labelbits[dask])")
    done = subprocess.run(
        command(spec, tmp_path, "--backend", "dask", "--address", "tcp://127.0.0.1:9"),
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2
    assert "no scheduler answers at tcp://127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_dask_cluster_with_too_little_memory_is_refused_before_it_starts(
    spec: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    big, store = tmp_path / "big.toml", tmp_path / "store"
    big.write_text(spec.read_text().replace("items = [12]", "items = [2_000_000]"))
    with dask_cluster(environment, tmp_path, 1, "--memory-limit", "1GiB") as (address, _):
        done = subprocess.run(
            command(big, store, "--backend", "dask", "--address", address),
            env=environment, capture_output=True, text=True, timeout=240,
        )  # fmt: skip
    assert done.returncode == 2, done.stderr
    said = " ".join(done.stderr.split())
    assert re.search(r"items 2000000, .* needs about [\d.]+ GiB; 1 GiB are free for each", said)
    assert "Traceback" not in said
    assert not list(store.glob("parts/*.parquet"))


def descendants(pid: int, title: str) -> list[int]:
    """Processes below `pid` whose command line starts with `title` (Linux)."""
    parents, found = {}, []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(folder.name)] = int(
                    (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
                )
    for child in parents:
        above = child
        while above in parents and above != pid:
            above = parents[above]
        with contextlib.suppress(OSError):
            if above == pid and (Path("/proc") / str(child) / "cmdline").read_text().startswith(
                title
            ):
                found.append(child)
    return found


def test_ray_with_a_killed_worker_gives_the_same_table(
    spec: Path, environment: dict[str, str], tmp_path: Path, uninterrupted: pl.DataFrame
) -> None:
    pytest.importorskip("ray", reason="ray is not installed (labelbits[ray])")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    where = environment | {"RAY_USAGE_STATS_ENABLED": "0"}
    head = start(
        [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block", "--port", port,
         "--num-cpus", "2", "--include-dashboard", "false", "--node-ip-address", "127.0.0.1",
         "--disable-usage-stats"],
        where,
    )  # fmt: skip
    try:
        deadline = time.time() + 120
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
        sweep = subprocess.Popen(
            command(spec, results, *more), env=where, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        deadline, killed = time.time() + 240, False
        while time.time() < deadline and sweep.poll() is None and not killed:
            if list(results.glob("parts/*.parquet")):
                # A worker wears the task it runs as its title.
                for worker in descendants(head.pid, "ray::run_task")[:1]:
                    os.kill(worker, signal.SIGKILL)
                    killed = True
            time.sleep(0.005)
        said = sweep.communicate(timeout=300)[1]
        assert sweep.returncode == 0, said[-2000:]
        assert killed, "the sweep ended before a worker could be killed"
        assert same(pl.read_parquet(results / "results.parquet"), uninterrupted)
    finally:
        head.terminate()  # `ray start --block` ends the whole cluster with it
        head.wait(timeout=60)


def test_an_unreachable_ray_cluster_is_named(spec: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="ray is not installed (labelbits[ray])")
    done = subprocess.run(
        command(spec, tmp_path, "--backend", "ray", "--address", "127.0.0.1:9"),
        capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr[-2000:]
    assert "no cluster answers at 127.0.0.1:9" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
