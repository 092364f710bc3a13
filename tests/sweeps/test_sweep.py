"""A sweep: what it covers, that nothing that happens to it changes its table, what it refuses."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import polars as pl
import pytest

from labelbits.errors import InputError
from labelbits.sweeps import parse_sweep, read_sweep, run_sweep, store
from labelbits.sweeps.runner import run_task
from labelbits.sweeps.spec import check_memory, tasks_of

from .conftest import command

GRID = {"items": [12], "dims": [2], "signals": ["hard"], "answers_per_item": [1]}


def same(a: pl.DataFrame, b: pl.DataFrame) -> bool:
    return a.drop("seconds").equals(b.drop("seconds"))


def test_the_table_has_one_row_a_cell_and_metric(uninterrupted: pl.DataFrame) -> None:
    assert uninterrupted.columns == list(store.SCHEMA)
    assert len(uninterrupted) == 3 * 4 * 4 * 2
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
    assert means[3] > means[0] + 0.1


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_stopped_sweep_continues_to_the_same_table(
    how: signal.Signals, spec: Path, environment: dict[str, str], tmp_path: Path,
    uninterrupted: pl.DataFrame,
) -> None:  # fmt: skip
    moments = random.Random(int(how))
    finished, stops = set(), 0
    for _ in range(2):
        running = subprocess.Popen(
            command(spec, tmp_path, "--workers", "2"), env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        # Stop at a random moment after something new is finished.
        deadline = time.time() + 120
        while time.time() < deadline and running.poll() is None:
            if set(tmp_path.glob("parts/*.parquet")) - finished:
                break
            time.sleep(0.005)
        time.sleep(moments.uniform(0, 0.1))
        running.send_signal(how)
        stops += running.wait(timeout=60) in (-how, 130)
        now = set(tmp_path.glob("parts/*.parquet"))
        assert finished <= now or (tmp_path / "results.parquet").exists()
        finished = now
    assert stops, "the sweep ended before it could be stopped"
    subprocess.run(
        command(spec, tmp_path, "--workers", "1"), env=environment, check=True, timeout=300
    )
    assert same(pl.read_parquet(tmp_path / "results.parquet"), uninterrupted)
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_damaged_part_is_computed_again(
    spec: Path, tmp_path: Path, uninterrupted: pl.DataFrame
) -> None:
    sweep = read_sweep(spec)
    tasks = tasks_of(sweep)
    with store.Store(tmp_path, sweep) as kept:
        for task in tasks:
            rows = uninterrupted.filter(
                precision=task.precision, answers_per_item=task.answers_per_item
            )
            kept.add(task, rows)
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
    spec: Path, tmp_path: Path, uninterrupted: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = read_sweep(spec)
    tasks = tasks_of(sweep)
    first = uninterrupted.filter(precision=1.0, answers_per_item=1)
    with store.Store(tmp_path, sweep) as kept:
        kept.add(tasks[0], first)

        def full(_: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(InputError, match="disk is full"):
            kept.add(tasks[1], first)
        assert kept.done(tasks) == {tasks[0].key}
        assert not list(tmp_path.rglob("*.tmp"))


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
    ],
)
def test_wrong_grids_are_refused(change: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_sweep({"grid": {**GRID, **change}})


def test_a_missing_file_and_a_missing_table_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_sweep(tmp_path / "none.toml")
    (tmp_path / "empty.toml").write_text("seeds = 3")
    with pytest.raises(InputError, match="grid"):
        read_sweep(tmp_path / "empty.toml")


def test_a_cell_too_large_for_memory_says_what_it_needs() -> None:
    sweep = parse_sweep({"grid": {**GRID, "items": [10_000_000], "signals": ["triplet"]}})
    with pytest.raises(InputError, match=r"needs about \d+\.\d GiB"):
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
