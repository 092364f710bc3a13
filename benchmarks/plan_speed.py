"""How long a plan takes and how much memory it needs, as a user meets it: one cold command.

    python benchmarks/plan_speed.py [--runs 3]

Measures `labelbits --help`, the plan of the bundled example and, where LABELBITS_DATA is set, the
CIFAR-10H plan: wall seconds, CPU seconds and largest memory of the child process.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def measure(arguments: list[str], environment: dict[str, str]) -> tuple[float, float, float]:
    """(wall seconds, CPU seconds, peak memory in MB) of one run of the command line."""
    command = [sys.executable, "-m", "labelbits.cli", *arguments]
    start = time.perf_counter()
    child = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    if status:
        raise SystemExit(f"{' '.join(arguments)} failed with status {status}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    """Run every job `--runs` times, cold (no compilation cache) and warm, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    jobs = {"--help": ["--help"], "digits plan": ["plan", str(ROOT / "examples" / "digits.toml")]}
    if os.environ.get("LABELBITS_DATA"):
        jobs["CIFAR-10H plan"] = ["plan", str(ROOT / "benchmarks" / "cifar10h.toml")]
    print(f"{'job':<16}{'run':>6}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}")
    for name, arguments in jobs.items():
        cache = tempfile.mkdtemp()
        for run in range(runs):
            with tempfile.TemporaryDirectory() as out:
                more = ["--out", out] if arguments[0] == "plan" else []
                environment = {**os.environ, "JAX_COMPILATION_CACHE_DIR": cache}
                wall, cpu, memory = measure([*arguments, *more], environment)
            kind = "warm" if run else "cold"
            print(f"{name:<16}{kind:>6}{wall:>9.2f}{cpu:>9.2f}{memory:>9.0f}", flush=True)
        shutil.rmtree(cache)


if __name__ == "__main__":
    main()
