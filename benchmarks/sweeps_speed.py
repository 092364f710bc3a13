"""Cells per second: the batched solver against a plain loop with scipy's L-BFGS, same cells.

    python benchmarks/sweeps_speed.py            # batch against loop, five signals
    python benchmarks/sweeps_speed.py --workers  # one process against two

A cell is one world of N=100 items, D=5, K=10, with 10 answers an item, recovered by MAP. The loop
minimises the same objective from one random start, with value and gradient as one compiled JAX
function (a plain numpy gradient is slower still); compiling is left out of both times. Quality is
the mean Spearman correlation of distances, and the objective is compared on the same answers.
Wall time is what counts, so nothing else should run on the machine.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import jax
import numpy as np
from scipy.optimize import minimize

SIGNALS = ("hard", "votes", "soft", "ranking", "triplet")
ITEMS, CLASSES, DIMS, PER_ITEM, LANES, LOOPED = 100, 10, 5, 10, 32, 3


def one_by_one(name: str, count: int) -> tuple[float, float]:
    """(seconds a cell, mean Spearman) of the plain loop: every answer kept, as it comes."""
    import jax.numpy as jnp

    from labelbits import signals
    from labelbits.recovery.batch import Recovered, _spearman
    from labelbits.worlds import World

    signal = signals.make(name, DIMS, CLASSES)
    world = World(ITEMS, CLASSES, DIMS)
    rng = np.random.default_rng(1)
    classes = CLASSES if signal.uses_classes else 0

    def ask(key: jax.Array, z: jax.Array, c: jax.Array, asked: np.ndarray) -> jax.Array:
        return signal.sample(key, signal.distances(z[asked], c if classes else None))

    @jax.jit
    def objective(x: jax.Array, asked: jax.Array, answer: jax.Array):
        def f(x: jax.Array) -> jax.Array:
            x = x.reshape(-1, DIMS)
            z, c = x[:ITEMS], x[ITEMS:] if classes else None
            log_p = signal.log_prob(answer, signal.distances(z[asked], c))
            return -jnp.sum(log_p) + 0.5 * jnp.sum(x**2)

        return jax.value_and_grad(f)(x)

    seconds, scores = [], []
    for seed in range(count + 1):
        key = jax.random.key(seed)
        a, b, d = jax.random.split(key, 3)
        z, c = world.sample_items(a, (ITEMS,)), world.sample_prototypes(b, ())
        n = ITEMS * PER_ITEM
        asked = np.stack([rng.permuted(np.arange(ITEMS))[: signal.arity] for _ in range(n)])
        if signal.arity == 1:
            asked = np.tile(np.arange(ITEMS), PER_ITEM)[:, None]
        answer = ask(d, z, c, asked)
        start = rng.normal(size=((ITEMS + classes) * DIMS))
        begun = time.perf_counter()

        def fun(x: np.ndarray, asked=asked, answer=answer):
            value, gradient = objective(jnp.asarray(x, jnp.float32), asked, answer)
            return float(value), np.asarray(gradient, dtype=np.float64)

        end = minimize(fun, start, jac=True, method="L-BFGS-B", options={"maxiter": 1000})
        if seed:  # the first one compiles
            seconds.append(time.perf_counter() - begun)
            found = end.x.reshape(-1, DIMS)[:ITEMS]
            empty = np.zeros(1)
            scores.append(
                _spearman(
                    Recovered(np.asarray(z)[None], empty, found[None], empty, empty, empty, 0)
                )[0]
            )
    return float(np.mean(seconds)), float(np.mean(scores))


def batched(name: str) -> tuple[float, float]:
    """(seconds a cell, mean Spearman) of the batch."""
    from labelbits import signals
    from labelbits.recovery.batch import simulate
    from labelbits.worlds import World

    signal, world = signals.make(name, DIMS, CLASSES), World(ITEMS, CLASSES, DIMS)
    times = []
    for seed in range(3):
        begun = time.perf_counter()
        found = simulate(signal, world, answers=ITEMS * PER_ITEM, seeds=LANES, seed=seed)
        times.append(time.perf_counter() - begun)
    return min(times[1:]) / LANES, found.mean("spearman")


def compare() -> None:
    loop, batch = 0.0, 0.0
    print(
        f"{'signal':10}{'loop ms':>10}{'batch ms':>10}{'ratio':>8}{'rho loop':>10}{'rho batch':>10}"
    )
    for name in SIGNALS:
        slow, rho_slow = one_by_one(name, LOOPED * 2)
        fast, rho_fast = batched(name)
        loop, batch = loop + slow, batch + fast
        row = f"{slow * 1e3:10.1f}{fast * 1e3:10.2f}{slow / fast:8.1f}"
        row += f"{rho_slow:10.3f}{rho_fast:10.3f}"
        print(f"{name:10}{row}", flush=True)
    n = len(SIGNALS)
    print(
        f"cells per second: {n / batch:.0f} batched, {n / loop:.1f} one by one: {loop / batch:.1f}x"
    )


def workers() -> None:
    from labelbits.sweeps import parse_sweep, run_sweep

    grid = {
        "items": [ITEMS], "classes": [CLASSES], "dims": [DIMS], "signals": ["hard"],
        "answers_per_item": [PER_ITEM], "precision": [0.5 + 0.02 * i for i in range(100)],
    }  # fmt: skip
    sweep = parse_sweep({"seeds": 32, "grid": grid})
    wall = {}
    for count in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            marks: list[tuple[float, int]] = []
            run_sweep(
                sweep, Path(folder), workers=count,
                progress=lambda done, total, what: marks.append((time.perf_counter(), done)),  # noqa: B023
            )  # fmt: skip
        # From the tenth finished batch on: starting processes and compiling are over by then.
        (begun, first), (ended, last) = marks[10], marks[-1]
        wall[count] = (ended - begun) / (last - first)
        print(f"{count} processes: {1 / wall[count]:.0f} cells per second", flush=True)
    print(f"two processes: {wall[1] / wall[2]:.2f} times one")


if __name__ == "__main__":
    workers() if "--workers" in sys.argv else compare()
