"""Hard labels and triplets of equal cost: each alone, both, and half of each; Spearman.

    python benchmarks/recovery_mixtures.py [--worlds 3]

`both` has all answers of the two single fits; `half` costs as much as one of them.
"""

from __future__ import annotations

import argparse

import jax
import numpy as np

import labelbits as lb
from labelbits.interface import Batch
from labelbits.recovery import fitting, metrics
from labelbits.recovery.inputs import Data
from labelbits.signals import make

ITEMS = 100


def batch(z: np.ndarray, c: np.ndarray, name: str, n: int, beta: float, seed: int) -> Batch:
    """`n` answers to random questions."""
    signal = make(name, z.shape[1], len(c), precision=beta, lapse=0.05)
    which = np.random.default_rng(seed).random((n, len(z))).argsort(1)[:, : signal.arity]
    code = np.asarray(signal.sample(jax.random.key(seed), signal.distances(z[which], c)))
    plain = make(name, z.shape[1], len(c))
    zero, one = np.zeros(n, np.int32), np.ones(n, np.float32)
    return Batch(plain, which.astype(np.int32), code, zero, one)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=3)
    worlds = parser.parse_args().worlds
    print(f"labelbits {lb.__version__}; mean Spearman of {worlds} worlds of {ITEMS} items")
    print("dims classes beta answers/item   hard  triplet   both   half  both >= better")
    for dims, classes in ((2, 8), (3, 8)):
        for beta in (1.0, 3.0):
            for per_item in (5, 20):
                found: dict[str, list[float]] = {}
                for seed in range(worlds):
                    generator = np.random.default_rng([seed, 41])
                    z = generator.normal(size=(ITEMS, dims)).astype(np.float32)
                    c = generator.normal(size=(classes, dims)).astype(np.float32)
                    n = per_item * ITEMS
                    hard = batch(z, c, "hard", n, beta, 100 + seed)
                    triplet = batch(z, c, "triplet", n, beta, 200 + seed)
                    half = np.arange(n // 2)
                    for name, batches in (
                        ("hard", (hard,)), ("triplet", (triplet,)), ("both", (hard, triplet)),
                        ("half", (hard.take(half), triplet.take(half))),
                    ):  # fmt: skip
                        names = tuple(f"class {k}" for k in range(classes))
                        data = Data(batches, tuple(range(ITEMS)), names)
                        options = fitting.Options(dims, None, None, False, None, 100, 3e-3)
                        fitted = fitting.fit(data, options, 1, None, lambda *_: None)
                        found.setdefault(name, []).append(metrics.spearman(fitted.items, z))
                mean = {name: np.mean(values) for name, values in found.items()}
                better = max(mean["hard"], mean["triplet"])
                print(
                    f"{dims:4d} {classes:7d} {beta:4.1f} {per_item:8d}      "
                    + "  ".join(f"{mean[name]:.3f}" for name in mean)
                    + f"   {'yes' if mean['both'] >= better else 'NO'}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
