"""How fast classifiers are fitted and curves measured.

    python benchmarks/learning_speed.py

Prints wall and processor seconds of 500 fits of 1,000 x 256 x 10 (penalty chosen by
cross-validation, tested on 2,000 items), and of each option of the CIFAR-10H plan.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from labelbits.learning import measure
from learning_data import cifar10h


def main() -> None:
    """Run and print."""
    data = cifar10h()
    pool, held = np.arange(8000), np.arange(8000, 10_000)
    plan = [100, 200, 400, 800, 1600, 3200, 8000]
    for name, option, sizes, replicates in (
        ("500 fits of 1,000 x 256 x 10", "1", [1000], 500),
        *((f"plan, {o} votes", o, plan, 10) for o in ("1", "3", "10", "full")),
    ):
        wall, cpu = time.perf_counter(), time.process_time()
        points = measure(
            data.features, data.draw(option), sizes, replicates, held, data.reference(held),
            pool=pool, seed=0,
        )["accuracy"]  # fmt: skip
        print(
            f"{name}: {time.perf_counter() - wall:.1f} s wall, "
            f"{time.process_time() - cpu:.1f} s processor; accuracy {points.mean.round(3)}"
        )


if __name__ == "__main__":
    main()
