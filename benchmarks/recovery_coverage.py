"""How often the 90 % ellipse of an item's posterior holds its true place, signal by signal.

    python benchmarks/recovery_coverage.py [--worlds 8] [--cells 0 1 ...]

Precision 2 and lapse 0.05, both estimated; two dims, 8 classes. "z2" is the mean squared error of
an item in units of its posterior covariance, per dim: 1 where calibrated. Errors are taken after
alignment by rotation, reflection, shift and scale.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from scipy.stats import chi2

from labelbits.recovery import metrics
from labelbits.recovery.fitted import fitting
from labelbits.recovery.fitted.inputs import Data
from labelbits.recovery.fitted.posterior import posterior_covariance
from recovery_mixtures import CLASSES, batch

#: signals, items, answers of each signal for each item.
CELLS = (
    (("triplet",), 60, 24),
    (("hard",), 60, 40),
    (("soft",), 60, 10),
    (("ranking",), 60, 20),
    (("rating",), 60, 24),
    (("hard", "triplet"), 60, 10),
    (("hard", "triplet"), 60, 4),
    (("triplet",), 1000, 24),
    (("hard", "triplet"), 1000, 10),
)
DIMS, PRECISION = 2, 2.0


def one_world(names: tuple[str, ...], items: int, each: int, seed: int) -> tuple[float, float]:
    """(z2, share of items whose 90 % ellipse holds them)."""
    generator = np.random.default_rng([seed, 77])
    z = generator.normal(size=(items, DIMS)).astype(np.float32)
    c = generator.normal(size=(CLASSES, DIMS)).astype(np.float32)
    batches = tuple(
        batch(z, c, name, each * items, PRECISION, 100 * (i + 1) + seed)
        for i, name in enumerate(names)
    )
    data = Data(batches, tuple(range(items)), tuple(map(str, range(CLASSES))))
    options = fitting.Options(DIMS, None, None, False, None, 200, 1e-4)
    found = fitting.fit(data, options, 1, None, lambda *_: None)
    inverse = np.linalg.inv(posterior_covariance(found, data))
    wrong = found.items - metrics.align(z, found.items, scale=found.scale_free)
    z2 = np.einsum("na,nab,nb->n", wrong, inverse, wrong)
    return float(z2.mean() / DIMS), float(np.mean(z2 < chi2.ppf(0.9, DIMS)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=8)
    parser.add_argument("--cells", type=int, nargs="*", default=range(len(CELLS)))
    given = parser.parse_args()
    for names, items, each in (CELLS[i] for i in given.cells):
        began = time.process_time()
        found = np.array([one_world(names, items, each, seed) for seed in range(given.worlds)])
        mean, se = found.mean(0), found.std(0, ddof=1) / np.sqrt(given.worlds)
        print(
            f"{'+'.join(names):13} {items:5d} items, {each:3d} answers an item and signal: z2 "
            f"{mean[0]:.2f} ({se[0]:.2f}), median {np.median(found[:, 0]):.2f}, 90 % holds "
            f"{mean[1]:.3f} ({se[1]:.3f}) | {time.process_time() - began:.0f} s CPU",
            flush=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
