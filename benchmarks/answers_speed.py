"""How fast, and in how much memory, 10 million answers are read from Parquet and encoded.

python benchmarks/answers_speed.py [ROWS]
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from labelbits.answers import read_answers
from labelbits.signals.encoding import encode


def triplets(rows: int, seed: int = 0) -> pl.DataFrame:
    """Random triplets about 5,000 items by 1,000 annotators."""
    rng = np.random.default_rng(seed)
    a = rng.integers(0, 5000, rows)
    b, c = (a + rng.integers(1, 2500, rows)) % 5000, (a + rng.integers(2500, 5000, rows)) % 5000
    return pl.DataFrame({"a": a, "b": b, "c": c}).select(
        pl.lit("triplet").alias("signal"),
        pl.Series("annotator", rng.integers(0, 1000, rows)).cast(pl.String),
        pl.concat_list(pl.col("a", "b", "c").cast(pl.String)).alias("items"),
        pl.Series("answer", rng.integers(0, 2, rows)).cast(pl.String),
        pl.Series("seconds", rng.lognormal(0.7, 0.7, rows)),
    )


def write(rows: int, path: Path) -> None:
    """Write the triplets."""
    triplets(rows).write_parquet(path)


def main() -> None:
    """Write, read in a fresh state of memory counters, print one line each."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers.parquet"
        writer = multiprocessing.get_context("spawn").Process(target=write, args=(rows, path))
        writer.start()  # the writer's memory is not the reader's
        writer.join()
        wall, cpu = time.perf_counter(), time.process_time()
        answers = read_answers(path)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"read {rows:,} rows: {wall:.1f} s wall, {cpu:.1f} s CPU, {rows / wall:,.0f} rows/s")
        print(f"peak memory {peak:.2f} GB")
        start = time.perf_counter()
        encode(answers)
        print(f"encode: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
