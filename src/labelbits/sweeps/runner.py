"""Run a sweep: what is not finished goes to the workers, what comes back goes to the store."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from labelbits.errors import InputError
from labelbits.interrupts import heard
from labelbits.sweeps.backends import results
from labelbits.sweeps.spec import Sweep, Task, check_memory, make_signals, tasks_of
from labelbits.sweeps.store import SCHEMA, Store

#: Worlds that the metric "bits" is averaged over.
BITS_WORLDS = 4

#: (cells done, cells in all, what is being done)
Progress = Callable[[int, int, str], None]


def run_task(task: Task) -> pl.DataFrame:
    """Simulate one batch: a row for each world and metric; `seconds` is a world's share."""
    if task.steps:
        from labelbits.sweeps.encoders import run_encoders

        return run_encoders(task)
    from labelbits.simulation.simulate import METRICS, simulate
    from labelbits.worlds import World

    begun = time.perf_counter()
    signals = make_signals(task.signal, task.dims, task.classes, task.precision, task.lapse)
    world = World(task.items, task.classes, task.dims, prior=task.prior)  # type: ignore[arg-type]
    answers = [task.answers_per_item * task.items] * len(signals)
    # Worlds depend on the seed alone, so that signals and noise are compared on the same ones.
    found = simulate(
        signals, world, answers=answers, seeds=task.seeds,
        metrics=[m for m in task.metrics if m in METRICS],
        seed=task.seed + task.first_seed, largest=[task.largest * task.items] * len(signals),
    )  # fmt: skip
    values: dict[str, Any] = dict(found.values)
    if "bits" in task.metrics:
        bits = total_bits(signals, world, answers, task.seed + task.first_seed)
        values["bits"] = [bits] * task.seeds
    seconds = (time.perf_counter() - begun) / task.seeds
    rows = [
        (
            task.items, task.classes, task.dims, task.prior, task.precision, task.lapse,
            task.signal, task.answers_per_item, task.seed + task.first_seed + i, metric,
            float(values[metric][i]), seconds,
        )
        for i in range(task.seeds)
        for metric in task.metrics
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def total_bits(signals: list[Any], world: Any, answers: list[int], seed: int) -> float:
    """Bits of all answers together about items and prototypes, averaged over a few worlds.

    The smaller of 1/2 log2 det(I + F), in which answers overlap, and the sum of what each carries
    alone, which nothing exceeds.
    """
    from labelbits.information import joint, per_answer, random_questions

    asks = [
        (signal, random_questions(signal, world, count, seed))
        for signal, count in zip(signals, answers, strict=True)
    ]
    together = joint(asks, world, how="laplace", worlds=BITS_WORLDS, seed=seed).bits
    alone = [per_answer(signal, world, seed=0, standard_error=0.01).bits for signal in signals]
    return min(together, sum(n * b for n, b in zip(answers, alone, strict=True)))


def free_memory() -> int:
    """Bytes of memory that are free for us: what the system says, or the container's limit."""
    free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        line = next(line for line in lines if line.startswith("MemAvailable"))
        free = int(line.split()[1]) * 1024
    with contextlib.suppress(OSError, ValueError):
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text())
        used = int(Path("/sys/fs/cgroup/memory.current").read_text())
        free = min(free, max(limit - used, 0))
    return free


def run_sweep(
    sweep: Sweep,
    folder: Path,
    *,
    workers: int | None = None,
    backend: str = "local",
    address: str | None = None,
    progress: Progress | None = None,
) -> Path:
    """Run what is left of a sweep and return the path of its table, `results.parquet`.

    Raises `InputError` for a store of another specification, a cell too large for memory, a full
    disk or an unreachable cluster; what is finished is kept in every case.
    """
    if backend not in ("local", "dask", "ray"):
        raise InputError(f"unknown backend {backend!r}; expected local, dask or ray")
    if workers is not None and workers < 1:
        raise InputError(f"workers are {workers}; expected a whole number of at least 1")
    tasks = tasks_of(sweep)
    with heard(), Store(folder, sweep) as store:
        finished = store.done(tasks)
        total = sum(task.cells for task in tasks)
        done = sum(task.cells for task in tasks if task.key in finished)
        left = [task for task in tasks if task.key not in finished]
        tell = progress or (lambda done, total, what: None)
        tell(done, total, "continuing" if done else "starting")
        if left:
            if backend == "local":
                check_memory(left, min(workers or os.cpu_count() or 1, len(left)), free_memory())
            stream = results(left, run_task, backend, workers, address, partial(check_memory, left))
            with contextlib.closing(stream):  # type: ignore[type-var]
                for task, table in stream:
                    store.add(task, table)
                    done += task.cells
                    tell(done, total, task.where())
        return store.finish(tasks)
