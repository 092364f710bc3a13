"""How closely do people's reports of probabilities follow one another? The concentration of soft.

    LABELBITS_DATA=... python benchmarks/report_concentration.py

For reports p, q ~ Dirichlet(c pi) of one image, E |p - q|^2 = 2 E sum pi (1 - pi) c' with
c' = 1 / (c + 1), and E p.q = sum pi^2, so c + 1 = 2 (1 - E p.q) / E |p - q|^2. CIFAR-10S
(Collins, Bhatt, Weller 2022, HCOMP), "T2 clamp, 10 % redistribution": pairs of one person's two
reports of one image, and pairs of different people's. Intervals: 90 %, bootstrap over images.
"""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import numpy as np
import polars as pl


def concentration(pairs: np.ndarray) -> float:
    """From the means over pairs of (|p - q|^2, p.q)."""
    square, product = pairs.mean(0)
    return 2 * (1 - product) / square - 1


def main() -> None:
    table = pl.read_parquet(Path(os.environ["LABELBITS_DATA"]) / "cifar10s_annotations.parquet")
    p = table.select(f"p{k}" for k in range(10)).to_numpy().astype(float)
    image, person = table["image_idx"].to_numpy(), table["annotator"].to_numpy()
    found: dict[str, dict[int, list[tuple[float, float]]]] = {"one person again": {}, "people": {}}
    for i in np.unique(image):
        rows = np.flatnonzero(image == i)
        for a, b in itertools.combinations(rows, 2):
            kind = "one person again" if person[a] == person[b] else "people"
            found[kind].setdefault(int(i), []).append((((p[a] - p[b]) ** 2).sum(), p[a] @ p[b]))
    rng = np.random.default_rng(0)
    for kind, images in found.items():
        sums = np.array([np.sum(v, 0) for v in images.values()])
        counts = np.array([len(v) for v in images.values()])
        draws = []
        for _ in range(1000):
            pick = rng.integers(0, len(sums), len(sums))
            draws.append(concentration(sums[pick].sum(0)[None] / counts[pick].sum()))
        low, high = np.quantile(draws, [0.05, 0.95])
        value = concentration(sums.sum(0)[None] / counts.sum())
        print(f"{kind}: {value:.2f} ({low:.2f} to {high:.2f}), {counts.sum():,} pairs")


if __name__ == "__main__":
    main()
