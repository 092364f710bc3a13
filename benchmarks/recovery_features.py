"""What features are worth to `SignalEmbedding`: held-out agreement with, without, and shuffled.

    LABELBITS_DATA=FOLDER python benchmarks/recovery_features.py shoes|shapes
        [--answers 500 2000 8000] [--dims 4] [--seeds 2]

shoes: human triplets on 85 shoes, tested on 20,000 other questions; features are the 84 principal
components of a network's activations. shapes: human answers about pairs of 20 shapes, tested on
questions that no training answer is to; features are text embeddings of the shapes' names, which
foretell nothing, or the five groups the authors put the shapes into. CPU seconds of the fit.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import labelbits as lb


def shoes(folder: Path, seed: int) -> tuple[Any, Any, dict[str, Any]]:
    """(training triplets in random order, test triplets, {name: features})."""
    t = pl.read_parquet(folder / "zappos_triplets.parquet").to_numpy().astype(int)
    x = np.load(folder / "zappos_features.npz")["features"].astype(float)
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(t))
    kinds = {"none": None, "features": x, "shuffled": x[generator.permutation(len(x))]}
    return t[order[:-20_000]], t[order[-20_000:]], kinds


def shapes(folder: Path, seed: int) -> tuple[Any, Any, dict[str, Any]]:
    """As `shoes`, with answers to a fifth of the questions for the test."""
    table = pl.read_parquet(folder / "shapepairs_answers.parquet")
    with np.load(folder / "shapepairs_objects.npz") as data:
        groups, names = data["shape_category"], data["name_embeddings"].astype(float)
    generator = np.random.default_rng(seed)
    table = table.select(
        "question",
        signal=pl.lit("quadruplet"),
        annotator=pl.col("subject").cast(pl.String),
        items=pl.concat_list(pl.col("left1", "left2", "right1", "right2").cast(pl.String)),
        answer=pl.col("answer").cast(pl.String),
    ).filter(pl.col("items").list.n_unique() == 4)
    asked = table["question"].unique().to_numpy()
    out = generator.choice(asked, len(asked) // 5, replace=False)
    table = table.sample(fraction=1.0, shuffle=True, seed=seed)
    rest, held = (table.filter(pl.col("question").is_in(out) == side) for side in (False, True))
    by_group = np.eye(groups.max() + 1)[groups]
    kinds = {
        "none": None, "names": names, "groups": by_group,
        "shuffled groups": by_group[generator.permutation(len(by_group))],
    }  # fmt: skip
    return rest, held, kinds


def answers(table: pl.DataFrame) -> lb.Answers:
    return lb.Answers(table.drop("question"), tuple(str(i) for i in range(20)), ())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", choices=("shoes", "shapes"))
    parser.add_argument("--answers", type=int, nargs="+", default=[500, 2000, 8000])
    parser.add_argument("--dims", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=2)
    given = parser.parse_args()
    folder = Path(os.environ["LABELBITS_DATA"])
    warnings.simplefilter("ignore")
    for seed in range(given.seeds):
        rest, held, kinds = {"shoes": shoes, "shapes": shapes}[given.data](folder, seed)
        for n in given.answers:
            for name, features in kinds.items():
                model = lb.SignalEmbedding(given.dims, random_state=seed)
                began = time.process_time()
                if given.data == "shoes":
                    extra = {"n_objects": 85} if features is None else {"features": features}
                    model.fit(rest[:n], **extra)
                    seconds = time.process_time() - began
                    right, bits = np.mean(model.predict(held) == 1), model.score(held)
                else:
                    model.fit(answers(rest[:n]), features=features)
                    seconds = time.process_time() - began
                    p = model.predict_proba(answers(held))["quadruplet"]
                    said = held["answer"].cast(pl.Int64).to_numpy()
                    right, bits = np.mean(p.argmax(1) == said), model.score(answers(held))
                print(
                    f"seed {seed}  {n:6,} answers  {name:15} agreement {right:.4f}  "
                    f"bits {bits + 1:.4f}  tau {getattr(model, 'residual_scale_', 1):.2f}  "
                    f"power {getattr(model, 'metric_power_', 1):g}  cpu {seconds:.1f} s",
                    flush=True,
                )


if __name__ == "__main__":
    main()
