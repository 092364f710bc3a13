"""How often the intervals of a pilot's noise hold the truth, for questions that compare items.

    python benchmarks/answers_noise.py positions triplet --items 60 --answers 2000 --pilots 6
    python benchmarks/answers_noise.py repeats triplet --items 900 --answers 1500 --pilots 6

Items of N(0, I_2), precision 2, lapse 0.1; a new world each pilot. `positions` asks every question
once and recovers where items lie; `repeats` asks 5 people each question.
"""

from __future__ import annotations

import argparse
import json
import time

import jax
import numpy as np
import polars as pl

from labelbits import Answers
from labelbits.answers.noise_embedding import noise_by_embedding
from labelbits.answers.noise_questions import noise_by_questions
from labelbits.signals import make
from labelbits.signals.encoding import encode

PRECISION, LAPSE, DIMS, PEOPLE = 2.0, 0.1, 2, 5


def pilot(name: str, items: int, answers: int, people: int, seed: int) -> Answers:
    """A simulated pilot in which `people` answer each question."""
    signal = make(name, DIMS, 2, precision=PRECISION, lapse=LAPSE)
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(items, DIMS)).astype(np.float32)
    shown = [rng.permutation(items)[: signal.arity] for _ in range(answers // people)]
    shown = np.repeat(np.stack(shown), people, axis=0)
    codes = np.asarray(signal.sample(jax.random.key(seed), signal.distances(points[shown])))
    names = tuple(str(i) for i in range(items))
    who = tuple(f"w{k}" for k in range(max(people, 10)))
    table = pl.DataFrame(
        {
            "signal": name,
            "annotator": [who[i % len(who)] for i in range(len(shown))],
            "items": [[names[i] for i in row] for row in shown],
            "answer": [json.dumps(signal.decode(code, ())[0]) for code in codes],
        }
    )
    return Answers(table, names, (), who)


def main() -> None:
    """Simulate pilots, fit each, print how many intervals hold the truth."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", choices=["positions", "repeats"])
    parser.add_argument("signals", nargs="+")
    parser.add_argument("--items", type=int, default=60)
    parser.add_argument("--answers", type=int, default=2000)
    parser.add_argument("--pilots", type=int, default=20)
    given = parser.parse_args()
    for name in given.signals:
        held, values, begun = [], [], time.process_time()
        for seed in range(given.pilots):
            people = PEOPLE if given.source == "repeats" else 1
            answers = pilot(name, given.items, given.answers, people, seed)
            if given.source == "positions":
                found = noise_by_embedding(answers, DIMS, seed)
            else:
                (batch,) = encode(answers, dims=DIMS)
                found = noise_by_questions(batch, answers.table, DIMS, seed)
            if found is None:
                raise SystemExit(f"{name}: these answers cannot tell")
            precision, lapse = found.precision, found.lapse
            held.append(
                (precision.low <= PRECISION <= precision.high, lapse.low <= LAPSE <= lapse.high)
            )
            values.append((precision.value, lapse.value))
        hits, middle = np.sum(held, axis=0), np.median(values, axis=0)
        print(
            f"{name:12} {given.source}: precision held {hits[0]}, lapse {hits[1]} of "
            f"{given.pilots}; medians {middle[0]:.3f}, {middle[1]:.3f}; "
            f"{(time.process_time() - begun) / given.pilots:.1f} CPU s a pilot",
            flush=True,
        )


if __name__ == "__main__":
    main()
