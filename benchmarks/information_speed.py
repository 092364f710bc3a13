"""CPU and wall seconds of bits, every signal; of large worlds; of many answers; of the command.

    python benchmarks/information_speed.py                  # D=5, K=10, to +-0.001 bit
    python benchmarks/information_speed.py --about items    # the same, prototypes given
    python benchmarks/information_speed.py --large          # D=64, K=1000, class signals
    python benchmarks/information_speed.py --joint          # 2,000 items x 5 dims
    python benchmarks/information_speed.py --command        # labelbits bits, one process a signal

"first" is the first call of a signal in the process, with what has to be compiled; "warm" is the
next one, with another seed. Peak memory is of the whole process, so it never falls.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from labelbits import World, signals
from labelbits.information import joint, per_answer, random_questions


def timed(call: Callable[[], Any]) -> tuple[Any, float, float]:
    """(result, wall seconds, CPU seconds of all threads)."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = call()
    return found, time.perf_counter() - wall, time.process_time() - cpu


def peak() -> str:
    """Peak memory of this process so far."""
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB"


def answers(names: list[str], about: str) -> None:
    """Every signal at D=5, K=10."""
    world = World(100, 10, 5)
    print(f"{'signal':14} {'bits':>8} {'error':>8} {'method':12} first wall, CPU   warm wall, CPU")
    for name in names:
        signal = signals.make(name, 5, 10)
        _, *first = timed(lambda s=signal: per_answer(s, world, about=about, seed=1))  # type: ignore[arg-type]
        found, *warm = timed(lambda s=signal: per_answer(s, world, about=about, seed=2))  # type: ignore[arg-type]
        print(
            f"{name:14} {found.bits:8.4f} {found.standard_error:8.1g} {found.method:12} "
            f"{first[0]:8.2f} {first[1]:8.2f} {warm[0]:8.2f} {warm[1]:8.2f}",
            flush=True,
        )
    print(f"peak memory {peak()}")


def large(names: list[str]) -> None:
    """Every class signal once at D=64, K=1000: does it work, and in how much memory?"""
    world = World(100, 1000, 64)
    print(f"{'signal':14} {'bits':>8} {'error':>8} {'method':12} {'wall s':>7} {'CPU s':>7} peak")
    for name in names:
        signal = signals.make(name, 64, 1000)
        if not signal.uses_classes:
            continue
        found, wall, cpu = timed(
            lambda s=signal: per_answer(s, world, standard_error=0.02, max_samples=20_000)
        )
        print(
            f"{name:14} {found.bits:8.4f} {found.standard_error:8.1g} {found.method:12} "
            f"{wall:7.2f} {cpu:7.2f} {peak()}",
            flush=True,
        )


def many() -> None:
    """Joint bits of 2,000 items in 5 dimensions, two worlds averaged."""
    world = World(2000, 10, 5)
    hard, triplet = signals.make("hard", 5, 10), signals.make("triplet", 5, 10)
    cases = {
        "20,000 hard": [(hard, random_questions(hard, world, 20_000, 0))],
        "110,000 triplets": [(triplet, random_questions(triplet, world, 110_000, 0))],
        "both": [
            (hard, random_questions(hard, world, 20_000, 0)),
            (triplet, random_questions(triplet, world, 110_000, 0)),
        ],
    }
    for name, asks in cases.items():
        found, wall, cpu = timed(lambda a=asks: joint(a, world, worlds=2))
        print(f"{name:18} {found} wall {wall:.1f} s, CPU {cpu:.1f} s, peak {peak()}", flush=True)


def command(names: list[str]) -> None:
    """`labelbits bits --signal NAME --json`, a process each, compiled programs kept."""
    for name in names:
        words = [sys.executable, "-m", "labelbits.cli", "bits", "--signal", name, "--json"]
        for run in ("first", "next"):
            before, wall = os.times(), time.perf_counter()
            subprocess.run(words, check=True, capture_output=True)
            after = os.times()
            cpu = after.children_user + after.children_system
            cpu -= before.children_user + before.children_system
            wall = time.perf_counter() - wall
            print(f"{name:14} {run:6} wall {wall:6.2f} s, CPU {cpu:6.2f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--about", default="geometry")
    parser.add_argument("--signals", default=",".join(signals.REGISTRY))
    for what in ("large", "joint", "command"):
        parser.add_argument(f"--{what}", action="store_true")
    asked = parser.parse_args()
    names = asked.signals.split(",")
    if asked.large:
        large(names)
    elif asked.joint:
        many()
    elif asked.command:
        command(names)
    else:
        answers(names, asked.about)


if __name__ == "__main__":
    main()
