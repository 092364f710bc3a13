"""Simulate the table that `labelbits.predict_quality` interpolates, and points to check it on.

    python benchmarks/prediction_table.py --work DIR                  # all signals
    python benchmarks/prediction_table.py --work DIR --only triplet   # some of them

Resumable: every finished shape (items, classes, dims) of a signal is one file in DIR; started
again, the same command does what is missing. Seeded: the same command gives the same table on the
same machine. At the end it writes

- `src/labelbits/prediction/table.parquet`, the points that the predictor is built from,
- `src/labelbits/prediction/surface.json`, the length scales fitted to them,
- `benchmarks/prediction_held_out.parquet`, points of other shapes, never used to build it.

Points fill the regime evenly: shapes and the points within a shape follow scrambled Sobol
sequences; held-out shapes and points are independent uniform draws. `votes` has no table of its
own (M votes are M hard labels), only held-out points.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

# Compiling a shape costs more than solving it: a cheap compilation saves a third of all time.
os.environ["XLA_FLAGS"] = (
    "--xla_cpu_multi_thread_eigen=false --xla_backend_optimization_level=1 "
    + os.environ.get("XLA_FLAGS", "")
)
os.environ.setdefault("NPROC", "1")

import numpy as np
import polars as pl
from scipy.stats import qmc

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "src" / "labelbits" / "prediction" / "table.parquet"
FITTED = TABLE.with_name("surface.json")
HELD_OUT = ROOT / "benchmarks" / "prediction_held_out.parquet"

#: The signals in the order in which each round simulates them.
COMPARISONS = ("triplet", "quadruplet", "odd-one-out", "contrastive", "rating", "similarity")
CLASS_SIGNALS = (
    "hard", "soft", "ranking", "candidates", "verify", "complementary", "sparse-soft",
    "same-class", "votes",
)  # fmt: skip
#: Answers of these take many times as long to evaluate: fewer points in a shape.
SLOW = ("soft", "sparse-soft", "same-class")
#: Ranges of the regime: items, classes, dims, precision, answers an item; lapse is 0 to LAPSE.
ITEMS, CLASSES, DIMS = (30, 120), (3, 24), (1, 8)
PRECISION, ANSWERS, LAPSE = (0.25, 4.0), (1, 64), 0.3
VOTES = 3
#: Worlds at each point of the table, and at each held-out point.
WORLDS, CHECK_WORLDS = 8, 16
#: Every fourth round is held out; every third round has lapse 0, which has programs of its own.
ROUNDS = 20


@dataclass(frozen=True)
class Point:
    """One point of the design."""

    prior: str
    precision: float
    lapse: float
    answers_per_item: int
    seed: int


def _seed(*what: object) -> int:
    return zlib.crc32(repr(what).encode())


def _geometric(u: float, ends: tuple[float, float]) -> float:
    return ends[0] * (ends[1] / ends[0]) ** u


def _whole(u: float, ends: tuple[int, int]) -> int:
    """Log-uniform whole number: both ends have their full share."""
    return min(int(_geometric(u, (ends[0], ends[1] + 1))), ends[1])


def held_out(number: int) -> bool:
    """Is this round for checking alone?"""
    return number % 4 == 3


def design(signal: str, number: int) -> tuple[tuple[int, int, int], list[Point]]:
    """((items, classes, dims), points) of one round of a signal."""
    each = 8 if signal in SLOW else 16
    if held_out(number):
        generator = np.random.default_rng(_seed("held out", signal, number))
        shape, rows = generator.random(3), generator.random((each, 4))
    else:
        built = number - (number + 1) // 4  # rounds before this one that are not held out
        shape = qmc.Sobol(3, seed=_seed("shapes", signal)).random_base2(5)[built]
        # Two small rounds, so that every signal has some points early. Then comparisons have twice
        # as many in a shape, because compiling it costs more than solving its points; class
        # signals, which take longer to solve, in the third round alone.
        doubled = max(built - 2, 0) if signal in COMPARISONS else int(built > 2)
        first = each * (built + doubled)
        count = each * (2 if built == 2 or (built > 2 and signal in COMPARISONS) else 1)
        points = qmc.Sobol(4, seed=_seed("points", signal)).random_base2(9)
        rows = points[first : first + count]
    items, dims = _whole(shape[0], ITEMS), _whole(shape[2], DIMS)
    classes = _whole(shape[1], CLASSES) if signal in CLASS_SIGNALS else 10
    most = ANSWERS[1] // VOTES if signal == "votes" else ANSWERS[1]
    found = []
    for i, (a, b, c, d) in enumerate(rows):
        # Half the worlds are normal, a sixth each of the other priors.
        prior = ("normal", "normal", "normal", "hypercube", "sphere", "clusters")[int(6 * d)]
        if prior == "sphere" and dims == 1:
            prior = "normal"  # two points
        found.append(
            Point(
                prior,
                float(f"{_geometric(a, PRECISION):.3g}"),
                0.0 if number % 3 == 1 else round(LAPSE * b**1.5, 4) or 1e-4,
                _whole(c, (ANSWERS[0], most)),
                1000 * (number * 100 + i),
            )
        )
    return (items, classes, dims), found


def simulate_round(signal_name: str, number: int, seeds: int) -> list[dict]:
    """Rows of one shape: one a point, with the value of every world."""
    from labelbits import signals
    from labelbits.simulation.simulate import simulate
    from labelbits.worlds import World

    (items, classes, dims), points = design(signal_name, number)
    rows = []
    for point in points:
        options = {"answers_per_item": VOTES} if signal_name == "votes" else {}
        signal = signals.make(
            signal_name, dims, classes, precision=point.precision, lapse=point.lapse, **options
        )
        world = World(items, classes, dims, prior=point.prior, seed=point.seed)  # type: ignore[arg-type]
        found = simulate(
            signal, world, answers=point.answers_per_item * items, largest=ANSWERS[1] * items,
            seeds=seeds, seed=point.seed, metrics=("spearman", "procrustes"),
        )  # fmt: skip
        rows.append(
            {
                "signal": signal_name, "round": number, "items": items, "classes": classes,
                "dims": dims, "prior": point.prior, "precision": point.precision,
                "lapse": point.lapse, "answers_per_item": point.answers_per_item,
                **{name: [round(float(v), 5) for v in found.values[name]]
                   for name in ("spearman", "procrustes")},
                "converged": found.converged,
            }
        )  # fmt: skip
    return rows


def summary(rows: list[dict], worlds: bool) -> pl.DataFrame:
    """One row a point: mean and deviation over worlds of both metrics, and (`worlds`) the
    Spearman correlation of every world."""
    out = []
    for row in rows:
        flat = {k: v for k, v in row.items() if not isinstance(v, list)}
        for name in ("spearman", "procrustes"):
            values = np.array(row[name])
            flat[name], flat[f"{name}_sd"] = float(values.mean()), float(values.std(ddof=1))
            flat["worlds"] = len(values)
        if worlds:
            flat["each_spearman"] = row["spearman"]
        out.append(flat)
    frame = pl.DataFrame(out).sort("signal", "round", maintain_order=True)
    small = {name: pl.Float32 for name, kind in frame.schema.items() if kind == pl.Float64}
    whole = {name: pl.Int16 for name, kind in frame.schema.items() if kind == pl.Int64}
    if worlds:
        small["each_spearman"] = pl.List(pl.Float32)  # type: ignore[assignment]
    return frame.cast({**small, **whole})  # type: ignore[arg-type]


def versions() -> dict[str, str]:
    """What the table was made with."""
    import jax

    import labelbits

    return {
        "command": "python benchmarks/prediction_table.py --work DIR",
        "labelbits": labelbits.__version__, "jax": jax.__version__, "numpy": np.__version__,
        "python": sys.version.split()[0],
    }  # fmt: skip


def write(frame: pl.DataFrame, path: Path) -> None:
    """Parquet with the versions in its metadata, renamed into place when whole."""
    import pyarrow.parquet as pq

    table = frame.to_arrow().replace_schema_metadata(versions())
    part = path.with_suffix(".part")
    pq.write_table(table, part, compression="zstd", compression_level=19)
    part.replace(path)
    print(f"{path.relative_to(ROOT)}: {len(frame)} points, {path.stat().st_size / 1000:.0f} kB")


def collect(work: Path) -> None:
    """Write both tables from the parts."""
    rows = [row for part in sorted(work.glob("*.json")) for row in json.loads(part.read_text())]
    build = [row for row in rows if not held_out(row["round"])]
    check = [row for row in rows if held_out(row["round"])]
    table = summary(build, worlds=False)
    write(table, TABLE)
    write(summary(check, worlds=True), HELD_OUT)
    from labelbits.prediction.surface import FAMILIES
    from prediction_fit import fit_all

    missing = {name for names in FAMILIES.values() for name in names} - set(table["signal"])
    if missing:
        print(f"no points yet of {', '.join(sorted(missing))}: surfaces not fitted")
        return
    text = json.dumps({"made with": versions(), **fit_all(table)}, indent=1)
    FITTED.write_text(text + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="folder of finished parts")
    parser.add_argument("--only", nargs="+", default=[*COMPARISONS, *CLASS_SIGNALS])
    parser.add_argument("--rounds", type=int, nargs="*", default=list(range(ROUNDS)))
    parser.add_argument("--cpu-minutes", type=float, default=math.inf, help="stop after this")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    for number in arguments.rounds:
        for name in arguments.only:
            part = arguments.work / f"{name}-{number:02d}.json"
            if part.exists() or (name == "votes" and not held_out(number)):
                continue
            if time.process_time() > 60 * arguments.cpu_minutes:
                break
            begun = time.process_time()
            rows = simulate_round(name, number, seeds=CHECK_WORLDS if held_out(number) else WORLDS)
            fresh = part.with_suffix(".part")
            fresh.write_text(json.dumps(rows))
            fresh.replace(part)
            print(f"{part.stem} {design(name, number)[0]}: {time.process_time() - begun:.1f} s of "
                  f"CPU, {time.process_time():.0f} s in all", flush=True)  # fmt: skip
    collect(arguments.work)


if __name__ == "__main__":
    main()
