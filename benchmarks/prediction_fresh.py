"""Coverage of predictions at fresh random points, which no table holds and no width was set by.

    python benchmarks/prediction_fresh.py OUT.jsonl --points 8 [--only hard triplet]
    python benchmarks/prediction_fresh.py OUT.jsonl --table

Every point has items, classes, dims, precision, lapse, prior and answers of its own, drawn over the
regime; of the signals in turn. Where `predict_quality` answers, `--worlds` worlds are simulated;
where it refuses, that is counted. A run goes on where OUT stops. The table: points answered (also
by the package as it is now, where it has come to refuse more since), the error of the mean, and the
share of single worlds inside the 90 % interval with its standard error over points. `--first` and
`--after` print the table of the first so many points and of those after them.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

os.environ["XLA_FLAGS"] = (
    "--xla_cpu_multi_thread_eigen=false --xla_backend_optimization_level=1 "
    + os.environ.get("XLA_FLAGS", "")
)

import numpy as np

from labelbits import signals
from labelbits.prediction import NotCheckedError, predict_quality
from labelbits.prediction.regime import (
    ANSWERS,
    CLASS_SIGNALS,
    CLASSES,
    COMPARISONS,
    DIMS,
    ITEMS,
    LAPSE,
    PRECISION,
    PRIORS,
)  # fmt: skip
from labelbits.simulation.simulate import simulate
from labelbits.worlds import World

VOTES = 3


def drawn(name: str, number: int) -> tuple[signals.Hard, World, int]:
    """The question of one fresh point."""
    rng = np.random.default_rng([number, sum(map(ord, name)), 2026])

    def between(ends: tuple[float, float]) -> float:
        return float(np.exp(rng.uniform(np.log(ends[0]), np.log(ends[1]))))

    items, classes = int(rng.integers(ITEMS[0], ITEMS[1] + 1)), round(between(CLASSES))
    dims, prior = round(between(DIMS)), str(rng.choice(PRIORS))
    prior = "normal" if prior == "sphere" and dims == 1 else prior
    most = ANSWERS[1] / VOTES if name == "votes" else ANSWERS[1]
    precision, lapse = round(between(PRECISION), 3), round(float(rng.uniform(*LAPSE)), 3)
    answers = max(1, int(between((ANSWERS[0], most))))
    options = {"answers_per_item": VOTES} if name == "votes" else {}
    signal = signals.make(name, dims, classes, precision=precision, lapse=lapse, **options)
    return signal, World(items, classes, dims, prior=prior, seed=number), answers  # type: ignore


def point(name: str, number: int, worlds: int) -> dict:
    """What was predicted and what was simulated."""
    signal, world, answers = drawn(name, number)
    row = {
        "signal": name, "number": number, "items": world.items, "classes": world.classes,
        "dims": world.dims, "prior": world.prior, "precision": float(signal.precision),
        "lapse": float(signal.lapse), "answers_per_item": answers,
    }  # fmt: skip
    try:
        found = predict_quality(signal, world, answers)
    except NotCheckedError:
        return row | {"refused": True}
    begun = time.process_time()
    simulated = simulate(
        signal, world, answers=answers * world.items, largest=answers * world.items, seeds=worlds,
        seed=number, metrics=("spearman",),
    )  # fmt: skip
    each = [round(float(v), 4) for v in simulated.values["spearman"]]
    said = {name: round(getattr(found, name), 4) for name in ("spearman", "low", "high")}
    return row | {"said": said, "each": each, "cpu": round(time.process_time() - begun, 1)}


def answered(row: dict) -> bool:
    """Does the package answer this point, now as then?"""
    try:
        predict_quality(*drawn(row["signal"], row["number"]))
    except NotCheckedError:
        return False
    return "said" in row


def table(rows: list[dict]) -> None:
    """Print the table in Markdown, each signal and all together."""
    print("| signal | points | answered | median error | largest | worlds inside 90 % | +- |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name in (*dict.fromkeys(row["signal"] for row in rows), "all"):
        own = [row for row in rows if name in (row["signal"], "all")]
        kept = [row for row in own if answered(row)]
        if not kept:
            print(f"| {name} | {len(own)} | 0 | | | | |")
            continue
        error = [abs(row["said"]["spearman"] - np.mean(row["each"])) for row in kept]
        inside = [
            np.mean([row["said"]["low"] <= v <= row["said"]["high"] for v in row["each"]])
            for row in kept
        ]
        spread = np.std(inside, ddof=1) / np.sqrt(len(kept)) if len(kept) > 1 else np.nan
        print(
            f"| {name} | {len(own)} | {len(kept)} | {np.median(error):.3f} | {max(error):.3f} | "
            f"{np.mean(inside):.2f} | {spread:.2f} |"
        )


def main() -> None:
    """Add points to OUT, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--points", type=int, default=8, help="answered points of each signal")
    parser.add_argument("--worlds", type=int, default=8)
    parser.add_argument("--only", nargs="*", default=[*COMPARISONS, *CLASS_SIGNALS, "votes"])
    parser.add_argument("--cpu-minutes", type=float, default=np.inf)
    parser.add_argument("--table", action="store_true", help="only print what there is")
    parser.add_argument("--first", type=int, default=None)
    parser.add_argument("--after", type=int, default=0)
    given = parser.parse_args()
    rows = (
        [json.loads(line) for line in given.out.read_text().splitlines()]
        if given.out.exists()
        else []
    )
    for goal in range(0 if given.table else given.points):
        for name in given.only:
            own = [row for row in rows if row["signal"] == name]
            number, done = len(own), sum("said" in row for row in own)
            # Signals that are always refused end: 40 refusals an answered point are enough.
            while done <= goal and number < 40 * (goal + 1):
                if time.process_time() > 60 * given.cpu_minutes:
                    break
                row = point(name, number, given.worlds)
                rows.append(row)
                with given.out.open("a") as file:
                    file.write(json.dumps(row) + "\n")
                number, done = number + 1, done + ("said" in row)
    table(rows[given.after : given.first])


if __name__ == "__main__":
    main()
