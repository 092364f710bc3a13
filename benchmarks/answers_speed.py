"""How fast, and in how much memory, 10 million answers are read from a file and encoded.

python benchmarks/answers_speed.py [ROWS] [--format parquet|csv|labels]

`labels` is a plain CSV of labels (item, annotator, label, seconds and a column of text).
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
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


def labels(rows: int, seed: int = 0) -> pl.DataFrame:
    """One label a row, by 1,000 annotators about a fifth as many items as rows."""
    rng = np.random.default_rng(seed)
    item, who = rng.integers(0, max(1, rows // 5), rows), rng.integers(0, 1000, rows)
    names = np.array(["cat", "dog", "horse", "a longer name"])
    return pl.DataFrame(
        {"i": item, "w": who, "label": names[rng.integers(0, 4, rows)]}
    ).select(
        pl.format("item number {}", "i").alias("item"),
        pl.format("worker{}", "w").alias("annotator"),
        "label",
        pl.Series("seconds", rng.lognormal(1, 0.5, rows)),
        pl.lit("some text, quoted").alias("note"),
    )  # fmt: skip


def write(rows: int, path: Path) -> None:
    """Write the triplets; in CSV, lists are JSON text."""
    if path.suffix == ".labels":
        labels(rows).write_csv(path)
        return
    table = triplets(rows)
    if path.suffix == ".parquet":
        table.write_parquet(path)
        return
    quoted = pl.lit('["') + pl.col("items").list.join('","') + pl.lit('"]')
    table.with_columns(items=quoted).write_csv(path)


def main() -> None:
    """Write, read in a fresh state of memory counters, print one line each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", type=int, nargs="?", default=10_000_000)
    parser.add_argument("--format", choices=["parquet", "csv", "labels"], default="parquet")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"answers.{given.format}"
        writer = multiprocessing.get_context("spawn").Process(target=write, args=(given.rows, path))
        writer.start()  # the writer's memory is not the reader's
        writer.join()
        wall, cpu = time.perf_counter(), time.process_time()
        answers = read_answers(path)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        assert len(answers) == given.rows
        print(
            f"read {given.rows:,} rows of {given.format} ({path.stat().st_size / 1e6:,.0f} MB): "
            f"{wall:.1f} s wall, {cpu:.1f} s CPU, {given.rows / wall:,.0f} rows/s"
        )
        print(f"peak memory {peak:.2f} GB", flush=True)
        wall, cpu = time.perf_counter(), time.process_time()
        encode(answers)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"encode: {wall:.1f} s wall, {cpu:.1f} s CPU; peak memory {peak:.2f} GB")


if __name__ == "__main__":
    main()
