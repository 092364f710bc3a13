"""Sets of comparisons that validation_comparisons.py draws pilots from: people's, and worlds.

Data: the folder `LABELBITS_DATA`, or ../shared/data.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import polars as pl

from labelbits.interface import Answers

DATA = Path(os.environ.get("LABELBITS_DATA", Path(__file__).parents[1] / ".." / "shared" / "data"))


def _table(kind: str, rows: np.ndarray, codes: np.ndarray, who: list, items: int) -> Answers:
    names = np.array([str(i) for i in range(items)])
    people = [str(one) for one in who]
    table = pl.DataFrame(
        {
            "signal": [kind] * len(rows),
            "annotator": people,
            "items": names[rows].tolist(),
            "answer": [str(int(code)) for code in codes],
        }
    ).with_columns(classes=pl.lit([], dtype=pl.List(pl.String)))
    return Answers(table, tuple(names.tolist()), (), tuple(dict.fromkeys(people)))


def _swapped(triplets: np.ndarray, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The chosen item in the second or the third place, at random."""
    swap = generator.random(len(triplets)) < 0.5
    return np.where(swap[:, None], triplets[:, [0, 2, 1]], triplets), swap


def simulated(dims: int, items: int, seed: int, each: int = 1) -> Answers:
    """Triplets about normal points; nobody is told their lapse (0 to .2) and precision; `each`
    answers to every question."""
    generator = np.random.default_rng([seed, dims, items])
    points = generator.normal(size=(items, dims))
    rows = generator.random((26_000, items)).argsort(1)[:, :3]
    near, far = (
        np.sum((points[rows[:, 0]] - points[rows[:, k]]) ** 2, axis=1) * 2 / dims for k in (1, 2)
    )
    lapse = generator.uniform(0, 0.2)
    precision = np.exp(generator.uniform(np.log(0.5), np.log(3)))
    first = lapse / 2 + (1 - lapse) / (1 + np.exp(-precision * (far - near)))
    rows, first = np.repeat(rows, each, axis=0), np.repeat(first, each)
    codes = generator.random(len(rows)) > first
    who = generator.integers(0, 30, len(rows)).tolist()
    return _table("triplet", rows, codes, who, items)


def load(name: str, seed: int) -> tuple[Answers, np.ndarray | None]:
    """(answers in random order, features or None) of a set."""
    generator = np.random.default_rng([seed, 1])
    if name.startswith("sim"):
        dims, items = name[3:].split("x")
        return simulated(int(dims), int(items), seed), None
    if name == "shoes":
        table = pl.read_parquet(DATA / "zappos_triplets.parquet")
        rows = table.select(pl.all().cast(pl.Int64)).to_numpy()
        rows = rows[generator.permutation(len(rows))][:60_000]
        rows, codes = _swapped(rows, generator)
        features = np.load(DATA / "zappos_features.npz")["features"].astype(float)
        return _table("triplet", rows, codes, ["unknown"] * len(rows), 85), features
    if name == "eggs":
        table = pl.read_parquet(DATA / "alieneggs_triplets.parquet")
        table = table.filter(pl.col("sampling") != "uncertainty")
        table = table[generator.permutation(len(table))]
        rows = table.select(pl.col("head", "winner", "loser").cast(pl.Int64)).to_numpy()
        rows, codes = _swapped(rows, generator)
        return _table("triplet", rows, codes, table["participant"].to_list(), 300), None
    if name == "shapepairs":
        table = pl.read_parquet(DATA / "shapepairs_answers.parquet")
        table = table[generator.permutation(len(table))]
        rows = table.select(pl.col("left1", "left2", "right1", "right2").cast(pl.Int64)).to_numpy()
        features = np.load(DATA / "shapepairs_objects.npz")["name_embeddings"].astype(float)
        codes = table["answer"].to_numpy()
        return _table("quadruplet", rows, codes, table["subject"].to_list(), 20), features
    if name == "wordpairs":
        table = pl.read_parquet(DATA / "wordsim30_ratings.parquet")
        table = table[generator.permutation(len(table))]
        rows = table.select(pl.col("idx1", "idx2").cast(pl.Int64)).to_numpy()
        codes = np.clip(np.round(table["rating"].to_numpy() / 2.5), 0, 4) + 1
        features = np.load(DATA / "wordsim30_embeddings.npz")["embeddings"].astype(float)
        return _table("rating", rows, codes, table["rater"].to_list(), 39), features
    raise SystemExit(f"unknown set {name!r}; expected shoes, shapepairs, eggs or wordpairs")
