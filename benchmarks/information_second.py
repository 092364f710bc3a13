"""Bits of one answer against a second implementation, at random points.

    python benchmarks/information_second.py --points 120            # about geometry and items

Signal, dimensions, classes, precision, lapse and options are drawn; prints the largest |z| and the
standard deviation of z = difference / both errors, which should lie between .8 and 1.2.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.information.second import CHANNELS, information, random_point

from labelbits import World, signals
from labelbits.information import per_answer


def z_scores(points: int, seed: int, error: float, groups: int, n: int) -> list[tuple[float, str]]:
    """(z, what) at each random point, alternately about geometry and about items."""
    generator = np.random.default_rng(seed)
    found = []
    names = list(CHANNELS)
    for i in range(points):
        name, about = names[i % len(names)], ("geometry", "items")[i // len(names) % 2]
        dims, classes, options = random_point(name, generator)
        signal = signals.make(name, dims, classes, **options)
        world = World(items=100, classes=classes, dims=dims)
        ours = per_answer(signal, world, about=about, standard_error=error, seed=seed + i)  # type: ignore[arg-type]
        bits, spread = information(name, dims, classes, options, about, groups, n, seed + i)
        z = (ours.bits - bits) / math.hypot(ours.standard_error, spread)
        found.append((z, f"{name} about {about}, {dims} dims, {classes} classes, {options}"))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--points", type=int, default=120)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    found = z_scores(asked.points, asked.seed, 0.01, 60, 2000)
    z = np.array([one for one, _ in found])
    for value, what in sorted(found, key=lambda one: -abs(one[0]))[:5]:
        print(f"z {value:+.2f}: {what}")
    print(f"{len(z)} points: mean of z {z.mean():+.2f}, standard deviation {z.std(ddof=1):.2f}")


if __name__ == "__main__":
    main()
