"""Do forecasts from a pilot hold? Predicted against actual quality at 2x, 4x and 8x the pilot.

    python benchmarks/validation.py --store build/validation            # everything, resumable
    python benchmarks/validation.py --store build/validation --report docs/validation.md

Pilots of 100, 300 and 1,000 CIFAR-10H images, 20 random ones each; curves for 1, 3 and 10 votes
on each image and the full distribution; 2,000 images are held out and never enter a pilot. Two
questions are asked: what the pilot alone foretells (repeated cross-validation inside the pilot),
and what it foretells when the held-out images are a labelled test set. Every finished pilot is a
file in the store; a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from labelbits.learning import CurvePoints, cross_measure, measure
from learning_data import Options, cifar10h

PILOTS = (100, 300, 1000)
MULTIPLES = (2, 4, 8)
OPTIONS = ("1", "3", "10", "full")
METRICS = ("accuracy", "cross-entropy")
REPEATS = 20
#: Replicates of one cross-validated curve: two passes over ten folds.
REPLICATES = 20
#: Random purchases whose mean is the actual quality.
PURCHASES = 8
FIELDS = ("sizes", "values", "item_values", "item_counts", "training", "ridges")


@dataclass(frozen=True)
class Split:
    """Rows of the pool, rows held out, and the pilots' rows."""

    pool: np.ndarray
    held: np.ndarray

    def pilot(self, size: int, number: int) -> np.ndarray:
        """Rows of one random pilot."""
        return np.random.default_rng((7, size, number)).permutation(self.pool)[:size]


def split(data: Options, held: int) -> Split:
    """A fixed random split."""
    order = np.random.default_rng(20260101).permutation(len(data.features))
    return Split(order[held:], order[:held])


def save(path: Path, points: dict[str, CurvePoints]) -> None:
    """Curves as one npz, whole or not at all."""
    arrays = {}
    for metric, curve in points.items():
        for name in FIELDS:
            arrays[f"{metric}/{name}"] = getattr(curve, name)
        arrays[f"{metric}/pool"] = np.array(curve.pool)
    temporary = path.with_suffix(".part.npz")
    np.savez_compressed(temporary, **arrays)
    temporary.rename(path)


def load(path: Path) -> dict[str, CurvePoints]:
    """What `save` wrote."""
    result = {}
    with np.load(path, allow_pickle=False) as file:
        for metric in METRICS:
            fields = {name: file[f"{metric}/{name}"] for name in FIELDS}
            result[metric] = CurvePoints(metric=metric, pool=int(file[f"{metric}/pool"]), **fields)
    return result


def measure_pilot(
    data: Options, parts: Split, kind: str, rows: np.ndarray, option: str, seed: int
) -> dict[str, CurvePoints]:
    """The curve of one option from the pilot alone, or tested on the held-out images."""
    draw = data.draw(option)
    if kind == "alone":
        return cross_measure(
            data.features, draw, None, REPLICATES, rows, data.reference(rows), seed=seed
        )
    sizes = np.unique(np.geomspace(len(rows) / 10, len(rows), 7).round().astype(int)).tolist()
    reference = data.reference(parts.held)
    return measure(
        data.features, draw, sizes, REPLICATES, parts.held, reference, pool=rows, seed=seed
    )


def run(data: Options, store: Path, held: int, pilots: tuple[int, ...], repeats: int) -> None:
    """Measure every pilot and the actual curves that are not in the store yet."""
    store.mkdir(parents=True, exist_ok=True)
    parts = split(data, held)
    targets = sorted({m * n for n in pilots for m in MULTIPLES if m * n <= len(parts.pool)})
    began = time.monotonic()
    for option in OPTIONS:
        path = store / f"actual-{option}.npz"
        if not path.exists():
            points = measure(
                data.features, data.draw(option), targets, PURCHASES, parts.held,
                data.reference(parts.held), pool=parts.pool, seed=1,
            )  # fmt: skip
            save(path, points)
    kinds = ("alone", "tested")
    jobs = [(k, n, p, o) for k in kinds for p in range(repeats) for n in pilots for o in OPTIONS]
    for done, (kind, size, number, option) in enumerate(jobs):
        rows = parts.pilot(size, number)
        path = store / f"{kind}-{size}-{number}-{option}.npz"
        if not path.exists():
            save(path, measure_pilot(data, parts, kind, rows, option, number))
        print(f"\r{done + 1}/{len(jobs)} curves, {time.monotonic() - began:.0f} s",
              end="", file=sys.stderr, flush=True)  # fmt: skip
    print(file=sys.stderr)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, default=Path("build/validation"))
    parser.add_argument("--repeats", type=int, default=REPEATS, help="pilots of each size")
    arguments = parser.parse_args()
    run(cifar10h(), arguments.store, 2000, PILOTS, arguments.repeats)


if __name__ == "__main__":
    main()
