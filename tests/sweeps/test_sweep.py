"""A sweep: what it covers, that nothing that happens to it changes its table, what it refuses."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from labelbits.errors import InputError
from labelbits.sweeps import parse_sweep, read_sweep, run_sweep, store
from labelbits.sweeps.runner import run_task
from labelbits.sweeps.spec import Sweep, Task, check_memory, tasks_of

from .conftest import command

GRID = {"items": [12], "dims": [2], "signals": ["hard"], "answers_per_item": [1]}


def same(a: pl.DataFrame, b: pl.DataFrame) -> bool:
    return a.drop("seconds").equals(b.drop("seconds"))


def at(table: pl.DataFrame, task: Task) -> pl.DataFrame:
    """The rows of one task of `spec`."""
    return table.filter(precision=task.precision, answers_per_item=task.answers_per_item)


def test_the_table_has_one_row_a_cell_and_metric(uninterrupted: pl.DataFrame) -> None:
    assert uninterrupted.columns == list(store.SCHEMA)
    assert len(uninterrupted) == 6 * 2 * 4 * 2
    keys = uninterrupted.drop("value", "seconds")
    assert not keys.is_duplicated().any()
    order = uninterrupted.sort([*store.COLUMNS, "seed", "metric"])
    assert order.equals(uninterrupted)
    assert uninterrupted["value"].is_finite().all()
    assert (uninterrupted["seconds"] > 0).all()
    # More answers, better recovery: the values are those of the points they stand at.
    means = (
        uninterrupted.filter(metric="spearman").group_by("answers_per_item").agg(pl.mean("value"))
    )
    means = means.sort("answers_per_item")["value"]
    assert means[1] > means[0] + 0.1


def stop_after_a_new_part(
    spec: Path, store: Path, environment: dict[str, str], how: signal.Signals, delay: float
) -> int:
    """Start the sweep, let it finish something new, stop it `delay` seconds later; its status."""
    before = set(store.glob("parts/*.parquet"))
    said = store / "said.txt"
    with said.open("w") as stderr:
        running = subprocess.Popen(
            command(spec, store, "--workers", "2"), env=environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=stderr,
        )  # fmt: skip
    deadline = time.time() + 240
    while time.time() < deadline and running.poll() is None:
        if set(store.glob("parts/*.parquet")) - before:
            break
        time.sleep(0.005)
    time.sleep(delay)
    if how == signal.SIGINT:  # Ctrl-C reaches every process of the terminal
        os.killpg(running.pid, how)
    else:
        running.send_signal(how)
    status = running.wait(timeout=120)
    assert "Traceback" not in said.read_text()
    said.unlink()
    deadline = time.time() + 60
    while time.time() < deadline and alive(running.pid):
        time.sleep(0.1)
    assert not alive(running.pid), "workers outlive the sweep"
    # What was finished is still there, in parts or in the table.
    now = set(store.glob("parts/*.parquet"))
    assert before <= now or (store / "results.parquet").exists()
    return status


def alive(group: int) -> bool:
    """Does any process of the group still run?"""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_sweep_stopped_three_ways_continues_to_the_same_table(
    spec: Path, environment: dict[str, str], tmp_path: Path, uninterrupted: pl.DataFrame
) -> None:
    moments = random.Random(9)
    stops = [
        (how, stop_after_a_new_part(spec, tmp_path, environment, how, moments.uniform(0, 0.05)))
        for how in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
    ]
    assert any(status in (-how, 130) for how, status in stops), "it ended before it could stop"
    subprocess.run(
        command(spec, tmp_path, "--workers", "1"), env=environment, check=True, timeout=300
    )
    assert same(pl.read_parquet(tmp_path / "results.parquet"), uninterrupted)
    assert not list(tmp_path.rglob("*.tmp"))


KILLS = """
import os, shutil, signal, sys
from pathlib import Path
import polars as pl
import pyarrow.parquet
import labelbits.simulation.simulate, labelbits.worlds  # what a child would import each time
from labelbits.sweeps import read_sweep
from labelbits.sweeps.spec import tasks_of
from labelbits.sweeps.store import Store

spec, folder, whole = map(Path, sys.argv[1:])

def work(moment, merge):
    sweep, table = read_sweep(spec), pl.read_parquet(whole)
    tasks = tasks_of(sweep)
    watch(moment)
    with Store(folder, sweep) as store:
        finished = store.done(tasks)
        for task in tasks:
            if task.key not in finished:
                point = dict(precision=task.precision, answers_per_item=task.answers_per_item)
                store.add(task, table.filter(**point))
        if merge:
            assert pl.read_parquet(store.finish(tasks)).equals(table)

def watch(moment):
    calls = 0
    def watched(act):
        def call(*given, **named):
            nonlocal calls
            calls += 1
            if calls == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            return act(*given, **named)
        return call
    for name in ("fsync", "replace", "unlink", "rmdir", "mkdir"):
        setattr(os, name, watched(getattr(os, name)))

def survives(moment, merge=True):
    # Threads do not survive a fork: this process must not start any, so children read the files.
    child = os.fork()
    if not child:
        try:
            work(moment, merge)
        except BaseException as problem:
            print(repr(problem), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL), status
    return status == 0

# Kills that come later and later, each continuing what the one before left.
starts = 1
while not survives(starts):
    starts += 1
# The merge alone: from a store with every part, a kill at each call, then the rest.
merges = 1
while True:
    shutil.rmtree(folder)
    assert survives(0, merge=False)
    if survives(merges):
        break
    assert survives(0)
    merges += 1
print(starts - 1, merges - 1)
"""


def test_kills_at_every_write_from_start_to_merge_leave_the_same_table(
    spec: Path, environment: dict[str, str], tmp_path: Path, uninterrupted: pl.DataFrame
) -> None:
    whole, folder = tmp_path / "whole.parquet", tmp_path / "store"
    uninterrupted.write_parquet(whole)
    done = subprocess.run(
        [sys.executable, "-c", KILLS, str(spec), str(folder), str(whole)],
        env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    starts, merges = map(int, done.stdout.split())
    assert starts > 5
    assert merges > 12  # writing the table, then removing twelve parts
    assert same(pl.read_parquet(folder / "results.parquet"), uninterrupted)
    assert sorted(p.name for p in folder.iterdir()) == [".lock", "results.parquet", "sweep.json"]


def filled(folder: Path, sweep: Sweep, results: pl.DataFrame) -> store.Store:
    """A store that holds every cell of the sweep as a part."""
    kept = store.Store(folder, sweep)
    for task in tasks_of(sweep):
        kept.add(task, at(results, task))
    return kept


def test_a_damaged_part_is_computed_again(
    spec: Path, tmp_path: Path, uninterrupted: pl.DataFrame
) -> None:
    sweep = read_sweep(spec)
    tasks = tasks_of(sweep)
    with filled(tmp_path, sweep, uninterrupted) as kept:
        assert kept.done(tasks) == {task.key for task in tasks}
        part = kept.parts / f"{tasks[3].key}.parquet"
        part.write_bytes(part.read_bytes()[:100])
        assert kept.done(tasks) == {task.key for task in tasks} - {tasks[3].key}


def test_another_specification_is_refused_and_nothing_is_lost(spec: Path, tmp_path: Path) -> None:
    sweep = read_sweep(spec)
    store.Store(tmp_path, sweep).close()
    before = (tmp_path / "sweep.json").read_bytes()
    other = sweep.model_copy(update={"seed": 1})
    with pytest.raises(InputError, match="another specification"):
        run_sweep(other, tmp_path)
    assert (tmp_path / "sweep.json").read_bytes() == before


def test_two_processes_cannot_share_a_store(spec: Path, tmp_path: Path) -> None:
    sweep = read_sweep(spec)
    with store.Store(tmp_path, sweep), pytest.raises(InputError, match="another process"):
        store.Store(tmp_path, sweep)


def test_a_full_disk_is_one_message_and_keeps_what_is_finished(
    spec: Path, environment: dict[str, str], tmp_path: Path, uninterrupted: pl.DataFrame
) -> None:
    sweep = read_sweep(spec)
    tasks = tasks_of(sweep)
    filled(tmp_path, sweep, uninterrupted).close()
    largest = max(part.stat().st_size for part in tmp_path.glob("parts/*"))

    # Set in the new process itself: code between fork and exec is unsafe beside JAX's threads.
    small_disk = (
        "import os, resource, sys; size = int(sys.argv[1]); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)); "
        "os.execv(sys.argv[2], sys.argv[2:])"
    )
    more = {"env": environment, "capture_output": True, "text": True, "timeout": 120}
    limited = [sys.executable, "-c", small_disk, str(largest), *command(spec, tmp_path)]
    done = subprocess.run(limited, **more)
    assert done.returncode == 2, done.stderr
    assert "the disk is full; finished cells are kept" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert len(list(tmp_path.glob("parts/*.parquet"))) == len(tasks)
    assert not list(tmp_path.rglob("*.tmp"))
    assert subprocess.run(command(spec, tmp_path), **more).returncode == 0
    assert same(pl.read_parquet(tmp_path / "results.parquet"), uninterrupted)


def test_the_store_tells_specification_seed_and_versions(
    spec: Path, tmp_path: Path, uninterrupted: pl.DataFrame
) -> None:
    sweep = read_sweep(spec)
    tasks = tasks_of(sweep)
    with filled(tmp_path, sweep, uninterrupted) as kept:
        table = kept.finish(tasks)
    told = {k.decode(): v.decode() for k, v in pq.read_schema(table).metadata.items()}
    assert told["hash"] == sweep.hash()
    assert told["seed"] == "0"
    assert parse_sweep(json.loads(told["sweep"])) == sweep
    assert told["version_jax"] == store.versions()["jax"]
    assert json.loads((tmp_path / "sweep.json").read_text())["hash"] == sweep.hash()


def test_an_unfinished_sweep_of_other_versions_is_refused(
    spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = read_sweep(spec)
    store.Store(tmp_path, sweep).close()
    now = store.versions()
    monkeypatch.setattr(store, "versions", lambda: now | {"jax": "0.0.1"})
    with pytest.raises(InputError, match=r"begun with jax .* \(now 0.0.1\)"):
        store.Store(tmp_path, sweep)


@pytest.mark.any_types
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"items": []}, "empty list"),
        ({"itmes": [3]}, "itmes"),
        ({"items": [0]}, "items"),
        ({"lapse": [1.0]}, "lapse"),
        ({"precision": [0.0]}, "precision"),
        ({"signals": ["hrad"]}, "unknown signal"),
        ({"signals": ["hard", "hard"]}, "twice"),
        ({"prior": ["moon"]}, "prior"),
        ({"metrics": ["beauty"]}, "unknown metric"),
        ({"items": [2], "signals": ["triplet"]}, "shows 3 items"),
        ({"dims": "two"}, "dims"),
        ({"precision": [float("inf")], "metrics": ["bits"]}, "finite precision"),
        ({"items": [9000], "dims": [5], "signals": ["triplet"], "metrics": ["bits"]},
         "45,000 coordinates"),
    ],
)  # fmt: skip
def test_wrong_grids_are_refused(change: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_sweep({"grid": {**GRID, **change}})


def test_a_missing_file_and_a_missing_table_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_sweep(tmp_path / "none.toml")
    os.mkfifo(tmp_path / "pipe.toml")  # would be waited for
    for path in (tmp_path / "pipe.toml", Path("/dev/zero")):
        with pytest.raises(InputError, match="pipe or device; expected a sweep file in TOML"):
            read_sweep(path)
    (tmp_path / "empty.toml").write_text("seeds = 3")
    with pytest.raises(InputError, match="grid"):
        read_sweep(tmp_path / "empty.toml")


def test_a_cell_too_large_for_memory_says_what_it_needs() -> None:
    sweep = parse_sweep({"grid": {**GRID, "items": [10_000_000], "signals": ["triplet"]}})
    with pytest.raises(InputError, match=r"needs about [\d.e+]+ GiB; 4 GiB are free"):
        check_memory(tasks_of(sweep), 2, 2**33)


def test_how_a_sweep_is_cut_depends_on_the_specification_alone() -> None:
    sweep = parse_sweep({"seeds": 70, "grid": {**GRID, "precision": [1.0, 2.0]}})
    tasks = tasks_of(sweep)
    assert [task.seeds for task in tasks] == [32, 32, 6, 32, 32, 6]
    assert len({task.key for task in tasks}) == 6
    assert sweep.hash() == parse_sweep(sweep.model_dump()).hash()
    assert sweep.hash() != sweep.model_copy(update={"seeds": 71}).hash()


def test_metrics_may_stand_below_grid() -> None:
    sweep = parse_sweep({"grid": {**GRID, "metrics": ["procrustes"]}})
    assert sweep.metrics == ["procrustes"]


def test_bits_grow_with_answers_and_stay_below_their_sum() -> None:
    grid = {**GRID, "signals": ["hard+triplet"], "answers_per_item": [1, 8]}
    few, many = tasks_of(parse_sweep({"seeds": 1, "metrics": ["bits"], "grid": grid}))
    a, b = run_task(few)["value"][0], run_task(many)["value"][0]
    assert 0 < a < b < 8 * a


def test_unknown_backends_and_unreachable_clusters_are_named(spec: Path, tmp_path: Path) -> None:
    sweep = read_sweep(spec)
    with pytest.raises(InputError, match="unknown backend"):
        run_sweep(sweep, tmp_path, backend="slurm")
    for backend in ("dask", "ray"):
        with pytest.raises(InputError, match="--address"):
            run_sweep(sweep, tmp_path, backend=backend)
