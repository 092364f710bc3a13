"""How often the intervals of a pilot's noise hold the truth.

    python benchmarks/answers_noise.py --out noise.jsonl --pilots 24
    python benchmarks/answers_noise.py --only positions:rating --pilots 24
    python benchmarks/answers_noise.py --table

Items of N(0, I_2), precision 2, lapse 0.1; a new world each pilot. `positions` asks every question
once and recovers where items lie; `repeats` asks 5 people each question. Signals that name classes
have 5 prototypes, which all items of a pilot share: `classes` asks 5 people about each item, `gold`
one person about each item whose class is known. Each finished pilot is a line of OUT, and a run
continues where it stopped. `told`: pilots that told precision and lapse apart; their intervals are
meant to hold in 95 of 100 pilots.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np
import polars as pl

from labelbits import Answers
from labelbits.annotators.noise.class_noise import fit_noise
from labelbits.annotators.noise.positions import noise_by_embedding
from labelbits.annotators.noise.repeated_questions import noise_by_questions
from labelbits.signals import make
from labelbits.signals.encoding import encode

PRECISION, LAPSE, DIMS, PEOPLE, CLASSES = 2.0, 0.1, 2, 5, 5
#: (source, signal, items, answers)
ROWS = [
    *(
        ("positions", name, 60, answers)
        for name in (
            "triplet",
            "quadruplet",
            "odd-one-out",
            "contrastive",
            "rating",
            "similarity",
        )
        for answers in (1250, 2500)
    ),
    *(
        ("repeats", name, 900, 1500)
        for name in ("triplet", "quadruplet", "odd-one-out", "contrastive")
    ),
    *(
        (source, name, items, answers)
        for source, items, answers in (("classes", 100, 500), ("gold", 300, 300))
        for name in ("hard", "soft", "sparse-soft", "ranking", "candidates", "complementary")
    ),
]


def pilot(source: str, name: str, items: int, answers: int, seed: int) -> tuple[Answers, Any]:
    """A simulated pilot, and the true class of each item where classes are asked."""
    signal = make(name, DIMS, CLASSES, precision=PRECISION, lapse=LAPSE)
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(items, DIMS)).astype(np.float32)
    people = 1 if source in ("positions", "gold") else PEOPLE
    if signal.uses_classes:
        shown = np.arange(items)[:, None]
    else:
        shown = np.stack([rng.permutation(items)[: signal.arity] for _ in range(answers // people)])
    shown = np.repeat(shown, people, axis=0)
    prototypes = rng.normal(size=(CLASSES, DIMS)).astype(np.float32)
    classes = tuple(f"c{k}" for k in range(CLASSES)) if signal.uses_classes else ()
    d2 = signal.distances(points[shown], prototypes)
    codes = np.asarray(signal.sample(jax.random.key(seed), d2))
    names = tuple(str(i) for i in range(items))
    who = tuple(f"w{k}" for k in range(max(people, 10)))
    table = pl.DataFrame(
        {
            "signal": name,
            "annotator": [who[i % len(who)] for i in range(len(shown))],
            "items": [[names[i] for i in row] for row in shown],
            "answer": [json.dumps(signal.decode(code, classes)[0]) for code in codes],
        }
    )
    # A report of sparse-soft that gives both classes 0 % is no answer: readers refuse it.
    table = table.filter(~pl.col("answer").str.contains(r'^\{("\w+": 0\.0(, )?)*\}$'))
    nearest = ((points[:, None] - prototypes) ** 2).sum(-1).argmin(1)
    return Answers(table, names, classes, who), nearest


def measure(source: str, name: str, items: int, answers: int, seed: int) -> dict[str, Any]:
    """One pilot: what was found, and the CPU seconds of finding it."""
    found, truth = pilot(source, name, items, answers, seed)
    begun = time.process_time()
    if source == "positions":
        noise = noise_by_embedding(found, DIMS, seed)
    else:
        (batch,) = encode(found, dims=DIMS)
        if source == "repeats":
            noise = noise_by_questions(batch, found.table, DIMS, seed)
        else:
            known = truth[batch.items[:, 0]] if source == "gold" else None
            noise = fit_noise(batch, CLASSES, DIMS, known, seed)
    out = {"source": source, "signal": name, "items": items, "answers": answers, "seed": seed}
    out["cpu"] = time.process_time() - begun
    if noise is not None:
        for part in ("precision", "lapse"):
            interval = getattr(noise, part)
            out[part] = [float(x) for x in (interval.value, interval.low, interval.high)]
        out["assumes"] = noise.assumes
    return out


def table(lines: list[dict[str, Any]]) -> None:
    """The rows so far, in Markdown."""
    print(
        "| source | signal | items | answers | pilots | told | precision held | lapse held |",
        end="",
    )
    print(" median precision | median lapse | CPU s a pilot |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for row in ROWS:
        own = [one for one in lines if (one["source"], one["signal"]) == row[:2]]
        own = [one for one in own if (one["items"], one["answers"]) == row[2:]]
        told = [one for one in own if "precision" in one and not one.get("assumes")]
        if not own:
            continue
        held = {
            part: sum(one[part][1] <= true <= one[part][2] for one in told)
            for part, true in (("precision", PRECISION), ("lapse", LAPSE))
        }
        middle = [
            np.median([one[part][0] for one in told]) if told else np.nan
            for part in ("precision", "lapse")
        ]
        print(
            f"| {row[0]} | {row[1]} | {row[2]} | {row[3]:,} | {len(own)} | {len(told)} | "
            f"{held['precision']} | {held['lapse']} | {middle[0]:.2f} | {middle[1]:.3f} | "
            f"{np.mean([one['cpu'] for one in own]):.1f} |"
        )


def main() -> None:
    """Simulate pilots, fit each, print how many intervals hold the truth."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("noise.jsonl"))
    parser.add_argument("--pilots", type=int, default=24)
    parser.add_argument("--only", nargs="*", default=[], help="source, or source:signal")
    parser.add_argument("--table", action="store_true", help="only print what there is")
    given = parser.parse_args()
    lines = []
    if given.out.exists():
        lines = [json.loads(line) for line in given.out.read_text().splitlines()]
    done = {
        tuple(one[k] for k in ("source", "signal", "items", "answers", "seed")) for one in lines
    }
    for seed in range(0 if given.table else given.pilots):
        for row in ROWS:
            chosen = not given.only or row[0] in given.only or f"{row[0]}:{row[1]}" in given.only
            if not chosen or (*row, seed) in done:
                continue
            lines.append(measure(*row, seed))
            with given.out.open("a") as stream:
                stream.write(json.dumps(lines[-1]) + "\n")
    table(lines)


if __name__ == "__main__":
    main()
