"""The table behind the theory explorer: bits of one answer of every signal over a grid of settings.

    python benchmarks/bits_table.py --out DIR [--classes K] [--collect FILE] [--fill FILE]
                                   [--check N]

Each class number is a run of its own (minutes), kept in DIR and continued if it was stopped;
`--collect` joins the runs into the table that `labelbits.information.tabled` reads; where a run
lacks a value at precision 1 it is carried over (`carried`) and marked so. `--fill` computes the
marked values of such a table one by one (kept in DIR, continued if stopped), puts them in and
prints how far the carried ones were off. `--check N`
draws N settings between the points of the grid, computes them anew and prints how far the
interpolated bits are off.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
import warnings
from pathlib import Path

import numpy as np
import polars as pl
from scipy.interpolate import PchipInterpolator

from labelbits import World, information
from labelbits.information.comparable import comparable
from labelbits.information.tabled import AXES, tabled_bits
from labelbits.signals import REGISTRY

#: Standard error of every value of the table, in bits, and at the defaults of `labelbits bits`.
ERROR, FINE = 3e-2, 1e-3
DEFAULT = {"classes": 10, "dims": 5, "precision": 1.0}


def bits_of(name: str, classes: int, dims: int, precision: float, lapse: float) -> float:
    top = {"top": classes} if "top" in REGISTRY[name].options and classes < 3 else {}
    signal = comparable(name, dims, classes, precision, lapse, **top).signal
    world = World(items=100, classes=classes, dims=dims)
    seen = classes if REGISTRY[name].uses_classes else DEFAULT["classes"]
    at_default = {"classes": seen, "dims": dims, "precision": precision} == DEFAULT
    error = FINE if at_default else ERROR
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return information.per_answer(signal, world, standard_error=error).bits


def run(folder: Path, classes: int) -> None:
    began = time.perf_counter()
    for name, cls in REGISTRY.items():
        file = folder / f"{classes}-{name}.parquet"
        if file.exists() or (not cls.uses_classes and classes != AXES["classes"][0]):
            continue  # comparisons do not see the classes
        rows = []
        for dims, precision, lapse in itertools.product(*list(AXES.values())[1:]):
            bits = bits_of(name, classes, dims, precision, lapse)
            rows.append((name, classes, dims, precision, lapse, bits))
        made = pl.DataFrame(rows, schema=["signal", *AXES, "bits"], orient="row")
        made.write_parquet(file)
        print(classes, name, f"{time.perf_counter() - began:.0f} s", flush=True)


def carried(computed: pl.DataFrame) -> pl.DataFrame:
    """The whole grid: values at the default precision that no run computed are what the other
    precisions interpolate, times the share by which that is off at the nearest place computed: the
    same classes at the default dims, else the default classes."""
    place = ["signal", "classes", "dims", "lapse"]
    one = DEFAULT["precision"]
    others = computed.filter(pl.col("precision") != one).sort("precision")
    known = {
        row[:4]: row[4] for row in computed.filter(precision=one).select(*place, "bits").rows()
    }
    between = {
        key: float(PchipInterpolator(np.log(rows["precision"]), rows["bits"])(np.log(one)))
        for key, rows in others.group_by(place)
    }
    rows = []
    for (name, classes, dims, lapse), bits in between.items():
        if (name, classes, dims, lapse) in known:
            continue
        near = [(name, k, DEFAULT["dims"], lapse) for k in (classes, DEFAULT["classes"])]
        off = next(known[key] / between[key] for key in near if key in known)
        rows.append((name, classes, dims, one, lapse, bits * off, True))
    marked = computed.with_columns(carried=pl.lit(value=False))
    return pl.concat([marked, pl.DataFrame(rows, schema=marked.schema, orient="row")])


def fill(folder: Path, table: Path) -> None:
    whole, file = pl.read_parquet(table), folder / "filled.jsonl"
    place = ["signal", *AXES]
    lines = file.read_text().splitlines() if file.exists() else []
    known = {tuple(row[:-1]): row[-1] for row in map(json.loads, lines)}
    off, rows = [], []
    for *at, bits, is_carried in whole.select(*place, "bits", "carried").rows():
        if is_carried and tuple(at) not in known:
            known[tuple(at)] = bits_of(*at)
            with file.open("a") as kept:
                kept.write(json.dumps([*at, known[tuple(at)]]) + "\n")
        off += [abs(known[tuple(at)] - bits)] if is_carried else []
        rows.append((*at, known[tuple(at)] if is_carried else bits, False))
    filled = pl.DataFrame(rows, schema=whole.select(*place, "bits", "carried").schema, orient="row")
    filled.sort(place).write_parquet(table, compression="zstd")
    print(f"{len(off)} filled; median {np.median(off):.4f} largest {max(off):.4f} bits off")


def check(count: int) -> None:
    rng, apart = np.random.default_rng(1), {}
    for name in REGISTRY:
        for _ in range(count):
            classes = int(rng.integers(AXES["classes"][0], AXES["classes"][-1] + 1))
            dims = int(rng.integers(AXES["dims"][0], AXES["dims"][-1] + 1))
            precision = float(np.exp(rng.uniform(*np.log(AXES["precision"])[[0, -1]])))
            lapse = float(rng.uniform(AXES["lapse"][0], AXES["lapse"][-1]))
            found = tabled_bits(name, classes, dims, precision, lapse)
            apart.setdefault(name, []).append(
                found - bits_of(name, classes, dims, precision, lapse)
            )
    for name, those in apart.items():
        off = np.abs(those)
        print(f"{name:14} median {np.median(off):.4f} largest {off.max():.4f} bits")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--classes", type=int)
    parser.add_argument("--collect", type=Path)
    parser.add_argument("--fill", type=Path)
    parser.add_argument("--check", type=int)
    asked = parser.parse_args()
    if asked.classes:
        asked.out.mkdir(parents=True, exist_ok=True)
        run(asked.out, asked.classes)
    if asked.collect:
        parts = [pl.read_parquet(file) for file in sorted(asked.out.glob("*.parquet"))]
        whole = pl.concat(parts).with_columns(pl.col("classes", "dims").cast(pl.Int64))
        whole = carried(whole)
        whole.sort("signal", *AXES).write_parquet(asked.collect, compression="zstd")
    if asked.fill:
        fill(asked.out, asked.fill)
    if asked.check:
        check(asked.check)
