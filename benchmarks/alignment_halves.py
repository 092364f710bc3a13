"""Alignment by one halving of the answers and by four, against the truth, over simulated worlds.

    python benchmarks/alignment_halves.py [--worlds 16]

40 items in 2 dimensions, 600, 900 or 1,500 triplets by turns, drawn with numpy alone (precision 3,
10 % lapses). The truth is the mean over four random halves of their fits' correlation with the true
distances. Prints a line a world, then how many 90 % intervals hold the truth and the root mean
square error of each. 20 CPU s a world.
"""

from __future__ import annotations

import argparse
import warnings

import numpy as np
import polars as pl
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr

from labelbits.interface import Answers
from labelbits.recovery import SignalEmbedding, alignment_by_halves
from labelbits.recovery.held_out.folds import take

ITEMS, DIMS, PRECISION, LAPSE = 40, 2, 3.0, 0.1
SIZES, HALVINGS = (600, 900, 1500), (1, 4)


def learn(answers: Answers) -> SignalEmbedding:
    return SignalEmbedding(DIMS, random_state=0).fit(answers)


def asked(places: np.ndarray, count: int, rng: np.random.Generator) -> Answers:
    shown = np.array([rng.choice(ITEMS, 3, replace=False) for _ in range(count)])
    d2 = ((places[shown[:, :1]] - places[shown[:, 1:]]) ** 2).sum(-1)
    second = rng.random(count) < 1 / (1 + np.exp(PRECISION * (d2[:, 1] - d2[:, 0])))
    second = np.where(rng.random(count) < LAPSE, rng.random(count) < 0.5, second)
    names = tuple(f"item {k:02}" for k in range(ITEMS))
    table = pl.DataFrame(
        {
            "signal": ["triplet"] * count,
            "annotator": ["a"] * count,
            "items": [[names[i] for i in row] for row in shown],
            "classes": [[] for _ in shown],
            "answer": [str(int(one)) for one in second],
        },
        schema_overrides={"classes": pl.List(pl.String)},
    )
    return Answers(table, names, ())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--worlds", type=int, default=16)
    held = dict.fromkeys(HALVINGS, 0)
    errors: dict[int, list[float]] = {halvings: [] for halvings in HALVINGS}
    worlds = parser.parse_args().worlds
    warnings.simplefilter("ignore")
    for world in range(worlds):
        rng = np.random.default_rng(1000 + world)
        places, count = rng.standard_normal((ITEMS, DIMS)), SIZES[world % len(SIZES)]
        answers, true = asked(places, count, rng), pdist(places)
        halves = (rng.permutation(count)[: count // 2] for _ in range(4))
        fits = [pdist(learn(take(answers, half)).embedding_) for half in halves]
        truth = float(np.mean([spearmanr(true, fit).statistic for fit in fits]))
        for halvings in HALVINGS:
            found = alignment_by_halves(answers, learn, splits=halvings).alignment
            held[halvings] += found.low <= truth <= found.high
            errors[halvings].append(float(found) - truth)
            told = f"{float(found):.3f} ({found.low:.3f} to {found.high:.3f})"
            print(f"{world} {count} answers, {halvings} halvings: {told}, true {truth:.3f}")
    for halvings in HALVINGS:
        rms = float(np.sqrt(np.mean(np.square(errors[halvings]))))
        print(f"{halvings} halvings: {held[halvings]} of {worlds} hold; off by {rms:.3f}")


if __name__ == "__main__":
    main()
