"""Are standard errors honest? z of every way to a number of bits, over seeds.

    python benchmarks/information_errors.py                   # 200 seeds of every way
    python benchmarks/information_errors.py --seeds 50 --ways 'grouped; laplace' --out z.json

z = (value - truth) / (the error reported). The truth is a run at a sixth of the error, or, where
only averages over worlds are known, the mean over the seeds. Its standard deviation over seeds
should lie between .9 and 1.1 and its mean, in standard errors, within 4.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from labelbits import World, signals
from labelbits.information import joint, marginal, per_answer
from labelbits.interface import Estimate

LINE, PLANE = World(3, 2, 1), World(4, 3, 2)
TWICE = np.repeat(np.arange(3), 2)[:, None]
UNEVEN = np.repeat(np.arange(4), [1, 2, 2, 3])[:, None]
TRIPLETS = np.array(
    [(a, *p) for a in range(4) for p in itertools.combinations({*range(4)} - {a}, 2)]
)
CERTAIN = signals.Triplet(precision=math.inf)
SOFT = signals.Soft(grid=20, concentration=5.0)

#: Name -> (seed, error) -> estimate; the error asked for.
WAYS: dict[str, tuple[Callable[[int, float], Estimate], float]] = {
    "patterns listed": (
        lambda s, e: joint(signals.Hard(), LINE, TWICE, standard_error=e, seed=s),
        0.01,
    ),
    "patterns counted": (
        lambda s, e: joint(CERTAIN, PLANE, TRIPLETS, standard_error=e, seed=s),
        0.04,
    ),
    "importance": (
        lambda s, e: joint(signals.Hard(), PLANE, UNEVEN, about="items", standard_error=e, seed=s),
        0.12,
    ),
    "marginal": (
        lambda s, e: marginal(signals.Hard(), PLANE, 3, about="items", standard_error=e, seed=s),
        0.015,
    ),
    "marginal listed": (
        lambda s, e: marginal(signals.Triplet(), PLANE, 3, standard_error=e, seed=s),
        0.01,
    ),
    "laplace": (
        lambda s, e: joint(signals.Hard(), PLANE, np.tile(UNEVEN, (4, 1)), how="laplace", seed=s),
        0.0,
    ),
    "grouped, prototypes shared": (
        lambda s, e: per_answer(signals.Hard(), PLANE, about="items", standard_error=e, seed=s),
        0.02,
    ),
    "grouped": (
        lambda s, e: per_answer(signals.SameClass(), PLANE, standard_error=e, seed=s),
        0.003,
    ),
    "grouped, verify": (
        lambda s, e: per_answer(signals.Verify(), PLANE, about="items", standard_error=e, seed=s),
        0.01,
    ),
    "orbits": (lambda s, e: per_answer(signals.Soft(), PLANE, standard_error=e, seed=s), 0.004),
    "orbits, lapse": (
        lambda s, e: per_answer(
            signals.make("soft", 2, 3, lapse=0.1), PLANE, standard_error=e, seed=s
        ),
        0.006,
    ),
    "scrambled points": (
        lambda s, e: per_answer(signals.Candidates(lapse=0.1), PLANE, standard_error=e, seed=s),
        0.001,
    ),
    "one orbit": (
        lambda s, e: per_answer(signals.OddOneOut(), PLANE, standard_error=e, seed=s),
        0.0015,
    ),
    "integral a draw": (
        lambda s, e: per_answer(SOFT, World(4, 10, 2), about="items", standard_error=e, seed=s),
        0.1,
    ),
}


def scores(name: str, seeds: int) -> tuple[np.ndarray, float]:
    """(z of each seed, truth) of one way."""
    run, error = WAYS[name]
    found = [run(seed, error) for seed in range(1, seeds + 1)]
    value, claimed = np.array([(e.bits, e.standard_error) for e in found]).T
    if error == 0 or name == "integral a draw":
        truth = float(value.mean())
    else:
        truth = run(10_000, error / 6).bits
    return (value - truth) / claimed, truth


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--ways", default="; ".join(WAYS))
    parser.add_argument("--out", type=Path, help="add every z to this file, {way: [z, ...]}")
    asked = parser.parse_args()
    print(f"{'way':28} {'truth':>8} {'sd of z':>8} {'mean, in errors':>16} {'CPU s':>7}")
    for name in asked.ways.split("; "):
        start = time.process_time()
        z, truth = scores(name, asked.seeds)
        shift = z.mean() * math.sqrt(len(z))
        print(
            f"{name:28} {truth:8.4f} {z.std(ddof=1):8.2f} {shift:16.1f} "
            f"{time.process_time() - start:7.1f}",
            flush=True,
        )
        if asked.out is not None:
            kept = json.loads(asked.out.read_text()) if asked.out.exists() else {}
            asked.out.write_text(json.dumps(kept | {name: [round(float(x), 3) for x in z]}))


if __name__ == "__main__":
    main()
