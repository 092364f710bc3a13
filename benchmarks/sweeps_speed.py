"""Cells per second: the batched solver against a plain loop with scipy's L-BFGS, same cells.

    python benchmarks/sweeps_speed.py            # batch against loop, five signals
    python benchmarks/sweeps_speed.py --workers  # two processes, one and the loop by wall time
    python benchmarks/sweeps_speed.py --store    # what the store itself takes for many parts

A cell is one world of N=100 items, D=5, K=10, with 10 answers an item, recovered by MAP. The loop
gets worlds of the batch, so that the qualities are paired, draws as many answers through the same
channel, and minimises the same objective from one random start, with value and gradient as one
compiled JAX function (a plain numpy gradient is slower still). Compiling is left out of both times.
Times are CPU seconds of the process, which other work on the machine changes little, and wall time.
Quality is the Spearman correlation of distances.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
from scipy.optimize import minimize

from labelbits import signals
from labelbits.simulation.simulate import METRICS, Recovered, recover_batch
from labelbits.sweeps import parse_sweep, run_sweep, store
from labelbits.sweeps.spec import tasks_of
from labelbits.worlds import World

SIGNALS = ("hard", "votes", "soft", "ranking", "triplet")
ITEMS, CLASSES, DIMS, PER_ITEM, LANES = 100, 10, 5, 10, 32


def spearman(items: np.ndarray, estimate: np.ndarray) -> float:
    """Of one world."""
    none = np.zeros(1)
    return float(METRICS["spearman"](
        Recovered(items[None], none, estimate[None], none, none, none, 0)
    )[0])  # fmt: skip


def one_by_one(name: str, worlds: Recovered, count: int) -> tuple[float, float, list[float]]:
    """(CPU seconds, wall seconds a cell, Spearman of each) of the plain loop."""
    signal = signals.make(name, DIMS, CLASSES)
    rng = np.random.default_rng(1)
    classes = CLASSES if signal.uses_classes else 0

    @jax.jit
    def objective(x: jax.Array, asked: jax.Array, answer: jax.Array) -> Any:
        def f(x: jax.Array) -> jax.Array:
            x = x.reshape(-1, DIMS)
            z, c = x[:ITEMS], x[ITEMS:] if classes else None
            log_p = signal.log_prob(answer, signal.distances(z[asked], c))
            return -jnp.sum(log_p) + 0.5 * jnp.sum(x**2)

        return jax.value_and_grad(f)(x)

    cpu, wall, scores = 0.0, 0.0, []
    for turn in range(-1, count):  # the first one compiles
        world = max(turn, 0)
        z = jnp.asarray(worlds.items[world])
        c = jnp.asarray(worlds.prototypes[world]) if classes else None
        if signal.arity == 1:
            asked = np.tile(np.arange(ITEMS), PER_ITEM)[:, None]
        else:
            asked = np.argsort(rng.random((ITEMS * PER_ITEM, ITEMS)), axis=1)[:, : signal.arity]
        answer = signal.sample(jax.random.key(turn + 1), signal.distances(z[asked], c))
        start = rng.normal(size=(ITEMS + classes) * DIMS)

        def fun(x: np.ndarray, asked: Any = asked, answer: Any = answer) -> Any:
            value, gradient = objective(jnp.asarray(x, jnp.float32), asked, answer)
            return float(value), np.asarray(gradient, dtype=np.float64)

        if turn < 0:
            fun(start)
            continue
        begun = time.process_time(), time.perf_counter()
        end = minimize(fun, start, jac=True, method="L-BFGS-B", options={"maxiter": 1000})
        cpu += time.process_time() - begun[0]
        wall += time.perf_counter() - begun[1]
        scores.append(spearman(worlds.items[world], end.x.reshape(-1, DIMS)[:ITEMS]))
    return cpu / count, wall / count, scores


def batched(name: str) -> tuple[float, float, Recovered, np.ndarray]:
    """(CPU seconds, wall seconds a cell, worlds, Spearman of each) of the batch."""
    signal, world = signals.make(name, DIMS, CLASSES), World(ITEMS, CLASSES, DIMS)
    best = (np.inf, np.inf)
    for turn in range(3):  # the first one compiles
        begun = time.process_time(), time.perf_counter()
        found = recover_batch([signal], world, answers=[ITEMS * PER_ITEM], seeds=LANES, seed=0)
        scores = METRICS["spearman"](found)
        spent = time.process_time() - begun[0], time.perf_counter() - begun[1]
        if turn:
            best = min(best, spent)
    return best[0] / LANES, best[1] / LANES, found, scores


def compare(count: int) -> None:
    total = np.zeros((2, 2))
    print(f"{'':9}{'CPU ms a cell':>20}{'ratio':>8}{'ratio':>8}{'Spearman, same worlds':>32}")
    print(f"{'signal':9}{'loop':>10}{'batch':>10}{'CPU':>8}{'wall':>8}", end="")
    print(f"{'loop':>9}{'batch':>9}{'batch - loop':>18}")
    for name in SIGNALS:
        fast_cpu, fast_wall, worlds, scores = batched(name)
        slow_cpu, slow_wall, plain = one_by_one(name, worlds, count)
        total += [[slow_cpu, fast_cpu], [slow_wall, fast_wall]]
        gain = scores[:count] - plain
        error = gain.std(ddof=1) / np.sqrt(count)
        print(
            f"{name:9}{slow_cpu * 1e3:10.1f}{fast_cpu * 1e3:10.2f}{slow_cpu / fast_cpu:8.1f}"
            f"{slow_wall / fast_wall:8.1f}{np.mean(plain):9.3f}{scores[:count].mean():9.3f}"
            f"{gain.mean():+10.3f} +- {error:.3f}",
            flush=True,
        )
    (slow, fast), (slow_wall, fast_wall) = total
    n = len(SIGNALS)
    print(
        f"cells per CPU second: {n / fast:.0f} batched, {n / slow:.2f} one by one: "
        f"{slow / fast:.1f}x ({slow_wall / fast_wall:.1f}x by wall time)"
    )


def running(name: str, count: int) -> float:
    """Wall seconds a cell of a sweep over one signal with `count` processes."""
    grid = {
        "items": [ITEMS], "classes": [CLASSES], "dims": [DIMS], "signals": [name],
        "answers_per_item": [PER_ITEM], "precision": [0.8 + 0.02 * i for i in range(20)],
    }  # fmt: skip
    sweep = parse_sweep({"seeds": LANES, "grid": grid})
    marks: list[tuple[float, int]] = []
    with tempfile.TemporaryDirectory() as folder:
        run_sweep(
            sweep, Path(folder), workers=count,
            progress=lambda done, total, what: marks.append((time.perf_counter(), done)),
        )  # fmt: skip
    # From the fifth finished batch on: starting processes and compiling are over by then.
    (begun, first), (ended, last) = marks[5], marks[-1]
    return (ended - begun) / (last - first)


def workers(looped: int) -> None:
    """One process and two, every signal, against the loop in the same run, by wall time."""
    total = np.zeros(3)
    print(f"{'wall ms a cell':14}{'loop':>8}{'one':>8}{'two':>8}{'two/one':>9}{'two/loop':>9}")
    for name in SIGNALS:
        _, _, worlds, _ = batched(name)
        row = np.array([one_by_one(name, worlds, looped)[1], running(name, 1), running(name, 2)])
        total += row
        print(f"{name:14}" + "".join(f"{1e3 * x:8.1f}" for x in row), end="")
        print(f"{row[1] / row[2]:9.2f}{row[0] / row[2]:9.1f}", flush=True)
    loop, one, two = total
    print(
        f"cells per second over all: {len(SIGNALS) / two:.0f} with two processes, "
        f"{len(SIGNALS) / one:.0f} with one, {len(SIGNALS) / loop:.2f} one by one: two are "
        f"{one / two:.2f} times one and {loop / two:.1f} times the loop"
    )


def parts(count: int) -> None:
    """Time to write, list and merge the parts of a sweep of `count` batches of 32 cells."""
    grid = {
        "items": [ITEMS], "classes": [CLASSES], "dims": [DIMS], "signals": ["hard"],
        "answers_per_item": [PER_ITEM], "precision": [0.5 + 1e-4 * i for i in range(count)],
    }  # fmt: skip
    sweep = parse_sweep({"seeds": LANES, "grid": grid})
    tasks = tasks_of(sweep)
    with tempfile.TemporaryDirectory() as folder, store.Store(Path(folder), sweep) as kept:
        steps = {"write": lambda: [kept.add(task, rows(task.precision)) for task in tasks],
                 "list": lambda: kept.done(tasks), "merge": lambda: kept.finish(tasks)}  # fmt: skip
        for name, step in steps.items():
            begun = time.process_time(), time.perf_counter()
            step()
            cpu, wall = time.process_time() - begun[0], time.perf_counter() - begun[1]
            print(f"{name}: {cpu:.1f} s of CPU, {wall:.1f} s for {count} batches", flush=True)


def rows(precision: float) -> pl.DataFrame:
    """A part of made-up values."""
    fixed = ITEMS, CLASSES, DIMS, "normal", precision, 0.0, "hard", PER_ITEM
    values = [(*fixed, i, "spearman", 0.5, 0.01) for i in range(LANES)]
    return pl.DataFrame(values, schema=store.SCHEMA, orient="row")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", action="store_true", help="processes by wall time")
    parser.add_argument("--store", action="store_true", help="what the store takes")
    parser.add_argument("--looped", type=int, default=8, help="worlds that the loop takes")
    parser.add_argument("--batches", type=int, default=3125, help="batches of --store")
    chosen = parser.parse_args()
    if chosen.workers:
        workers(chosen.looped)
    elif chosen.store:
        parts(chosen.batches)
    else:
        compare(chosen.looped)
