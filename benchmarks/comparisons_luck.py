"""How far is what a pilot measures from what its fits do on 4,000 other answers?

Agreement of five folds of a pilot, as a count of the answers that were foretold, smoothed over the
tested questions, and smoothed over 2,000 others (`planning/comparisons/smoothed.py`), against the
mean agreement of the same five fits on 4,000 answers that no fit saw. What is left is the least
that a forecast which begins there can err by, whatever it knows of what more answers add. Data: the
folder `LABELBITS_DATA`, or ../shared/data. A line a pilot is kept in FILE:

    ... comparisons_luck.py run FILE [SET:SIZE:DIMS:FIRST:LAST]...
    ... comparisons_luck.py table FILE
"""

from __future__ import annotations

import json
import math
import sys
import warnings
from pathlib import Path

import numpy as np

from comparison_sets import load
from labelbits.planning.comparisons.held import held_answers
from labelbits.planning.comparisons.others import other_questions
from labelbits.planning.comparisons.smoothed import smoothed
from labelbits.planning.comparisons.twins import table_of
from labelbits.recovery import Fitter
from labelbits.recovery.held_out import predict, questions_of, splits
from labelbits.recovery.held_out.folds import take
from labelbits.recovery.held_out.predictions import joined

DEFAULT = (
    "shoes:500:1:620:624", "shoes:1000:2:620:624", "shoes:2000:2:620:623", "eggs:500:1:620:624",
    "eggs:1000:1:620:624", "shapepairs:500:2:620:624", "shapepairs:1000:3:620:624",
    "sim3x40:600:3:620:624", "sim2x60:1000:2:620:623", "sim5x30:800:4:620:623",
)  # fmt: skip


def one(name: str, size: int, dims: int, seed: int) -> dict:
    answers, _ = load(name, seed)
    question = questions_of(answers)
    groups = np.random.default_rng([seed, 3]).permutation(np.unique(question))
    tested = np.isin(question, groups[: len(groups) // 4])
    pilot = take(answers, np.flatnonzero(~tested)[:size])
    test = take(answers, np.flatnonzero(tested)[:4000])
    held = held_answers(pilot, {}, None, np.full(len(pilot.items), -1))
    others = other_questions(held, held.tested, seed)
    table = table_of(held, others) if others else None
    told, more, true = [], [], []
    for fit, asked in splits(pilot, 5, "question", seed):
        space = Fitter(dims, None, seed)(take(pilot, fit))
        told.append(predict(space, take(pilot, asked), held.question[asked]))
        if table is not None:
            more.append(predict(space, table))
        true.append(predict(space, test).right.mean())
    smooth = smoothed(joined(told))
    over = smoothed(joined(told), joined(more)) if more else smooth
    assert smooth is not None
    assert over is not None
    return {
        "set": name, "size": size, "seed": seed, "true": float(np.mean(true)),
        "count": float(joined(told).right.mean()), "smoothed": smooth.value,
        "error": smooth.error, "others": over.value, "others_error": over.error,
        "alike": over.others,
    }  # fmt: skip


def table(path: Path) -> None:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    print("| pilots | | count | smoothed | over other questions |\n|---|---:|---:|---:|---:|")
    keys = list(dict.fromkeys((r["set"], r["size"]) for r in rows))
    for key in [None, *keys]:
        own = [r for r in rows if key is None or (r["set"], r["size"]) == key]
        cells = []
        for what in ("count", "smoothed", "others"):
            e = 100 * np.array([r[what] - r["true"] for r in own])
            rms = math.sqrt(np.mean(e**2))
            cells.append(f"{rms:.2f}, {e.mean():+.2f}, {np.median(abs(e)):.2f}")
        name = "all" if key is None else f"{key[0]}, {key[1]:,}"
        print(f"| {name} | {len(own)} | {' | '.join(cells)} |")
    print("\nPoints: root mean square, mean and median error.")


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in ("run", "table"):
        raise SystemExit(__doc__)
    file = Path(sys.argv[2])
    if sys.argv[1] == "table":
        table(file)
    else:
        warnings.simplefilter("ignore")
        for job in sys.argv[3:] or DEFAULT:
            name, size, dims, first, last = job.split(":")
            for seed in range(int(first), int(last)):
                with file.open("a") as out:
                    out.write(json.dumps(one(name, int(size), int(dims), seed)) + "\n")
                print(name, size, seed, flush=True)
        table(file)
