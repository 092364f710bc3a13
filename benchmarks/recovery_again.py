"""What the first fit of a process pays for compiling, and what fits of other sizes pay after it.

    python benchmarks/recovery_again.py

CPU seconds of each fit in one process. Set `JAX_ENABLE_COMPILATION_CACHE=false` to keep no compiled
program from earlier runs. One start, so that compiling shows.
"""

from __future__ import annotations

import time

import numpy as np

from labelbits.recovery.fitted import fitting
from labelbits.recovery.fitted.inputs import Data
from recovery_mixtures import CLASSES, batch

#: items, dims, answers of each signal.
SIZES = ((100, 2, 500), (120, 2, 700), (90, 1, 300), (400, 2, 3000), (1500, 5, 12_000))


def fit_one(names: tuple[str, ...], items: int, dims: int, n: int) -> float:
    """CPU seconds of a fit."""
    generator = np.random.default_rng([items, n])
    z = generator.normal(size=(items, dims)).astype(np.float32)
    c = generator.normal(size=(CLASSES, dims)).astype(np.float32)
    batches = tuple(batch(z, c, name, n, 2.0, 3 + i) for i, name in enumerate(names))
    data = Data(batches, tuple(range(items)), tuple(map(str, range(CLASSES))))
    options = fitting.Options(dims, None, None, False, 1, 100, 3e-3)
    began = time.process_time()
    fitting.fit(data, options, 1, None, lambda *_: None)
    return time.process_time() - began


def main() -> None:
    for names in (("triplet",), ("hard", "triplet")):
        for items, dims, n in SIZES:
            for run in ("first", "again"):
                seconds = fit_one(names, items, dims, n)
                print(
                    f"{'+'.join(names):13} {items:5d} items, {dims} dims, {n:6d} answers a signal, "
                    f"{run}: {seconds:6.2f} s",
                    flush=True,
                )


if __name__ == "__main__":
    main()
