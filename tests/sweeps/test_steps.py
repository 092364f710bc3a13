"""Steps of training as an axis of a sweep: encoders, looked at on their way."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import polars as pl
import pytest

from labelbits.errors import InputError
from labelbits.sweeps import parse_sweep, run_sweep, runner
from labelbits.sweeps.runner import run_task
from labelbits.sweeps.spec import ENCODERS, FORMAT, tasks_of
from labelbits.sweeps.store import SCHEMA, STEPS

from .conftest import command

GRID = {
    "items": [60], "classes": [4], "dims": [2], "precision": [4.0], "signals": ["triplet"],
    "answers_per_item": [8], "steps": [20, 200],
}  # fmt: skip
SPEC = {"seeds": 3, "metrics": ["alignment", "held-out bits"], "grid": GRID}


def in_this_process(tasks, run, *_: object):  # type: ignore[no-untyped-def]
    for task in tasks:
        yield task, run(task)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    patch = pytest.MonkeyPatch()
    patch.setattr(runner, "results", in_this_process)
    path = run_sweep(parse_sweep(SPEC), tmp_path_factory.mktemp("sweep"))
    patch.undo()
    return pl.read_parquet(path)


def test_a_row_for_every_world_step_and_metric(whole: pl.DataFrame) -> None:
    assert whole.columns == [*SCHEMA, *STEPS]
    assert len(whole) == 3 * 2 * 2
    assert not whole.drop("value", "seconds").is_duplicated().any()
    means = whole.filter(metric="alignment").group_by("steps").agg(pl.mean("value")).sort("steps")
    assert means["steps"].to_list() == [20, 200]
    assert means["value"][1] > means["value"][0] + 0.05
    assert means["value"][1] > 0.5


def test_a_sweep_that_was_stopped_goes_on_to_the_same_table(
    whole: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labelbits.sweeps.spec.ENCODERS", 1)

    def stopped(tasks, run, *_: object):  # type: ignore[no-untyped-def]
        for done, task in enumerate(tasks):
            if done == 2:
                raise KeyboardInterrupt
            yield task, run(task)

    sweep = parse_sweep(SPEC)
    monkeypatch.setattr(runner, "results", stopped)
    with pytest.raises(KeyboardInterrupt):
        run_sweep(sweep, tmp_path)
    left: list[int] = []

    def resumed(tasks, run, *_: object):  # type: ignore[no-untyped-def]
        left.append(len(tasks))
        return in_this_process(tasks, run)

    monkeypatch.setattr(runner, "results", resumed)
    table = pl.read_parquet(run_sweep(sweep, tmp_path))
    assert left == [1]
    assert table.drop("seconds").equals(whole.drop("seconds"))


def test_a_sweep_of_encoders_that_was_killed_goes_on_to_the_same_table(
    whole: pl.DataFrame, tmp_path: Path, environment: dict[str, str]
) -> None:
    """kill -9 after the first part: what was trained stays, what was not is trained."""
    seeds = 2 * ENCODERS
    folder = tmp_path / "store"
    toml = "".join(
        f"{key} = {json.dumps(value)}\n" for key, value in SPEC.items() if key != "grid"
    ).replace("seeds = 3", f"seeds = {seeds}")
    grid = "".join(f"{key} = {json.dumps(value)}\n" for key, value in GRID.items())
    spec = tmp_path / "sweep.toml"
    spec.write_text(f"{toml}[grid]\n{grid}")
    running = subprocess.Popen(
        command(spec, folder, "--workers", "1"), env=environment, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.time() + 240
    while time.time() < deadline and running.poll() is None:
        if list(folder.glob("parts/*.parquet")):
            break
        time.sleep(0.005)
    os.killpg(running.pid, signal.SIGKILL)
    assert running.wait(timeout=60) == -signal.SIGKILL, "it ended before it could be killed"
    (kept,) = folder.glob("parts/*.parquet")
    written = kept.stat().st_mtime_ns
    subprocess.run(
        command(spec, folder, "--workers", "1"), env=environment, check=True, timeout=300
    )
    table = pl.read_parquet(folder / "results.parquet")
    assert len(table) == seeds * 2 * 2
    assert not kept.exists() or kept.stat().st_mtime_ns == written
    same = table.filter(pl.col("seed") < 3).drop("seconds")
    assert same.drop("value").equals(whole.drop("seconds", "value"))
    # Another process, another compiler run: equal but for the last digits.
    assert (same["value"] - whole["value"]).abs().max() < 1e-4  # type: ignore[operator]


def test_fewer_steps_of_the_same_training_are_the_same_numbers(whole: pl.DataFrame) -> None:
    """A look does not depend on which others there are; another most does change the way there."""
    (task,) = tasks_of(parse_sweep({**SPEC, "grid": {**GRID, "steps": [20, 100, 200]}}))
    table = run_task(task)
    keys = ["seed", "steps", "metric"]
    both = table.join(whole.select(*keys, other="value"), on=keys)
    assert len(both) == len(whole)
    assert (both["value"] - both["other"]).abs().max() < 1e-6  # type: ignore[operator]


def test_sweeps_without_steps_are_named_as_before() -> None:
    grid = {"items": [12], "dims": [2], "signals": ["hard"], "answers_per_item": [1]}
    sweep = parse_sweep({"grid": grid})
    said = sweep.model_dump()
    del said["grid"]["steps"]
    text = json.dumps({"format": FORMAT, **said}, sort_keys=True)
    assert sweep.hash() == hashlib.sha256(text.encode()).hexdigest()
    with_steps = parse_sweep({"metrics": ["alignment"], "grid": {**grid, "steps": [10]}})
    assert with_steps.hash() != sweep.hash()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"metrics": ["spearman"]}, "unknown metric 'spearman' of encoders .grid.steps.; expected"),
        ({"grid": {**GRID, "prior": ["sphere"]}}, "prior 'sphere' with grid.steps"),
        ({"grid": {**GRID, "steps": [10, 10]}}, "holds a value twice"),
        ({"grid": {**GRID, "steps": [0]}}, "grid.steps.0"),
    ],
)
def test_what_encoders_cannot_do_is_said(change: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        parse_sweep({**SPEC, **change})
