"""Time and memory of `SignalEncoder`: many small encoders, one large set of comparisons.

    python benchmarks/encoder_speed.py [--encoders 200] [--large]

Small: 64 columns -> 128 -> 8, 1,000 hard labels of 10 classes, 2,000 steps of 64 answers, no looks
at held-out answers but the last. Large: 10^6 triplets on 10^5 items with 768 columns, 1,000 steps.
Wall and CPU seconds; the first encoder, which compiles, apart.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from labelbits import signals
from labelbits.interface import Batch
from labelbits.learning.encoders import SignalEncoder


def _small(encoders: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1000, 64))
    y = (x @ rng.normal(size=(64, 10))).argmax(1)
    for name, count in (("first", 1), ("then", encoders)):
        wall, cpu = time.perf_counter(), time.process_time()
        for seed in range(count):
            SignalEncoder(8, hidden=(128,), steps=2000, evaluate_every=2000, random_state=seed).fit(
                x, y
            )
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(f"{name} {count}: {wall:.2f} s wall, {cpu:.2f} s CPU, {wall / count:.3f} s each")


def _large() -> None:
    rng = np.random.default_rng(0)
    n, items = 1_000_000, 100_000
    x = rng.normal(size=(items, 768)).astype(np.float32)
    z = x[:, :5]
    asked = rng.integers(items, size=(n, 3))
    near, far = (((z[asked[:, 0]] - z[asked[:, j]]) ** 2).sum(1) for j in (1, 2))
    answer = (rng.random(n) < 1 / (1 + np.exp(near - far))).astype(np.int32)[:, None]
    batch = Batch(signals.Triplet(), asked, answer, np.zeros(n, np.int32), np.ones(n, np.float32))
    wall, cpu = time.perf_counter(), time.process_time()
    fitted = SignalEncoder(8, hidden=(128,), steps=1000, batch_size=1024, evaluate_every=500).fit(
        [batch], features=x
    )
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    bits = fitted.history_[-1]["held_out_bits"]
    print(f"10^6 triplets: {wall:.1f} s wall, {cpu:.1f} s CPU, {peak:.2f} GB, {bits:.3f} bits")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoders", type=int, default=200)
    parser.add_argument("--large", action="store_true")
    asked = parser.parse_args()
    _large() if asked.large else _small(asked.encoders)


if __name__ == "__main__":
    main()
