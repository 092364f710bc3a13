"""The known likelihood against nearest-neighbour estimators, hard label at D=10, K=10.

    pip install npeet-plus
    python benchmarks/information_neighbours.py

All answer one question: I(A; z | c), prototypes known, from the same world. The estimators get
10^4 pairs (item, label), as they would have to; labelbits integrates the likelihood. The
reference is a long run of the likelihood average with another seed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import jax
import numpy as np
from sklearn.feature_selection import mutual_info_classif

from labelbits import World, signals
from labelbits.information import per_answer

SAMPLES = 10_000


def neighbours(x: np.ndarray, label: np.ndarray) -> float:
    """Ross 2014 for a discrete label and a continuous vector, the estimator of NPEET."""
    from npeet_plus import estimators

    return float(estimators.micd(x, label[:, None], warning=False))


def columns(x: np.ndarray, label: np.ndarray) -> float:
    """scikit-learn estimates one column at a time; for independent columns the sum is at most I."""
    return float(mutual_info_classif(x, label, random_state=0).sum() / math.log(2))


def timed(call: Callable[[], float]) -> tuple[float, float]:
    """The value and the least CPU seconds of three runs, all cores counted."""
    seconds = []
    for _ in range(3):
        start = time.process_time()
        value = call()
        seconds.append(time.process_time() - start)
    return value, min(seconds)


def main() -> None:
    generator = np.random.default_rng(0)
    prototypes = generator.normal(size=(10, 10))
    world = World(SAMPLES, 10, 10, prototypes=prototypes)
    signal = signals.Hard()
    truth = per_answer(signal, world, standard_error=5e-4, seed=99).bits
    items = world.sample_items(jax.random.key(3), (SAMPLES,))
    d2 = signal.distances(items[:, None], prototypes[None])
    label = np.asarray(signal.sample(jax.random.key(4), d2))[:, 0]
    x = np.asarray(items, dtype=np.float64)

    per_answer(signal, world, standard_error=0.006)  # compile
    rows = [
        ("labelbits", *timed(lambda: per_answer(signal, world, standard_error=0.006).bits)),
        ("scikit-learn, summed columns", *timed(lambda: columns(x, label))),
    ]
    try:
        rows.append(("NPEET micd", *timed(lambda: neighbours(x, label))))
    except ImportError:
        print("npeet-plus is not installed; skipped")
    print(f"reference {truth:.4f} bits")
    print(f"{'method':30} {'bits':>8} {'error':>8} {'CPU s':>8}")
    for name, bits, seconds in rows:
        print(f"{name:30} {bits:8.4f} {bits - truth:+8.4f} {seconds:8.3f}")


if __name__ == "__main__":
    main()
