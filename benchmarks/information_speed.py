"""CPU and wall seconds of a per-answer value to +-0.001 bit, every signal at D=5, K=10.

    python benchmarks/information_speed.py [--large]

`--large` instead runs every class signal once at D=64, K=1000 and prints the peak memory.
"""

from __future__ import annotations

import resource
import sys
import time

from labelbits import World, signals
from labelbits.information import per_answer


def main(large: bool) -> None:
    dims, classes, error = (64, 1000, 0.02) if large else (5, 10, 1e-3)
    world = World(100, classes, dims)
    print(f"{'signal':14} {'bits':>8} {'error':>8} {'method':12} {'wall s':>7} {'CPU s':>7}")
    for name in signals.REGISTRY:
        signal = signals.make(name, dims, classes)
        if large and not signal.uses_classes:
            continue
        limit = 20_000 if large else 20_000_000
        if not large:  # compile
            per_answer(signal, world, standard_error=error, seed=1)
        wall, cpu = time.perf_counter(), time.process_time()
        found = per_answer(signal, world, standard_error=error, seed=2, max_samples=limit)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(
            f"{name:14} {found.bits:8.4f} {found.standard_error:8.1g} {found.method:12} "
            f"{wall:7.2f} {cpu:7.2f}",
            flush=True,
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory {peak:.2f} GiB")


if __name__ == "__main__":
    main("--large" in sys.argv)
