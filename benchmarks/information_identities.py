"""Identities of every channel and of its bits over a stress grid.

    python benchmarks/information_identities.py --points 20         # of every signal
    python benchmarks/information_identities.py --points 20 --bits  # bits within their bounds too

D 1 to 50, K 2 to 200, precision .01 to 100, lapse 0 to .5, every option at its extremes. Prints a
line for what does not hold, and a count.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.signals.identities import failures, grid

from labelbits import World, signals
from labelbits.errors import ImpossibleError, NotFiniteError
from labelbits.information import per_answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--points", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--bits", action="store_true")
    parser.add_argument("--signals", default=",".join(signals.REGISTRY))
    asked = parser.parse_args()
    tried = failed = 0
    for name, dims, classes, options in grid(asked.points, asked.seed):
        if name not in asked.signals.split(","):
            continue
        found = failures(name, dims, classes, options)
        if asked.bits:
            try:
                signal = signals.make(name, dims, classes, **options)
                world = World(100, classes, dims)
                per_answer(signal, world, standard_error=0.03, max_samples=20_000)
            except (ImpossibleError, NotFiniteError) as problem:
                found.append(str(problem))
        tried, failed = tried + 1, failed + bool(found)
        for line in found:
            print(f"{name}, {dims} dims, {classes} classes, {options}: {line}", flush=True)
    print(f"{failed} of {tried} points fail")


if __name__ == "__main__":
    main()
