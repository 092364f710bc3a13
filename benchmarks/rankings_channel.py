"""How far bits and recovery from rankings depend on the channel: Plackett-Luce or Mallows.

    LABELBITS_DATA=FOLDER python benchmarks/rankings_channel.py [--worlds 6]

People: complete rankings of four sets of dots, the right order known (`dots_rankings.parquet`: Mao,
Procaccia, Chen 2013). Each channel's most likely parameters are found on every second ranking of
each kind and its bits are told on the others, as a difference to a ranking at random:
Plackett-Luce with a number for each set, and with even steps; Mallows with one parameter
(Kendall's distance to the right order); the Bradley-Terry form of Mallows with even steps
(P ~ exp(-b sum of place x rank)), in which larger differences are mistaken less often.

Worlds: bits about the geometry of a complete ranking, and how well `SignalEmbedding`, which takes
rankings for Plackett-Luce, recovers items from each channel's answers, where all put as many pairs
of classes in the wrong order.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import warnings
from pathlib import Path

import jax
import numpy as np
import polars as pl
from scipy.optimize import brentq, minimize

import labelbits as lb
from labelbits.recovery import metrics
from labelbits.signals import make


def orders(k: int) -> np.ndarray:
    """All orders of k things, (k!, k)."""
    return np.array(list(itertools.permutations(range(k))))


def inversions(order: np.ndarray) -> np.ndarray:
    """Kendall's distance of orders (n, k) to 0, 1, .., k - 1."""
    return sum(
        (order[:, i] > order[:, j]).astype(int)
        for i, j in itertools.combinations(range(order.shape[1]), 2)
    )


def plackett_luce(order: np.ndarray, value: np.ndarray) -> np.ndarray:
    """ln P of orders, best first, of things with log odds `value`."""
    left = np.exp(value)[order][:, ::-1].cumsum(1)[:, ::-1]
    return (value[order] - np.log(left)).sum(1)


def normalised(energy: np.ndarray) -> np.ndarray:
    return -energy - np.log(np.exp(-energy).sum())


def people(folder: Path) -> None:
    """Bits that each channel explains of people's rankings, on the half not fitted to."""
    table = pl.read_parquet(folder / "dots_rankings.parquet")
    every, steps = orders(4), np.arange(4)
    far, rank = inversions(every), (every * steps).sum(1)
    channels = {
        "Plackett-Luce, three numbers": (3, lambda t: plackett_luce(every, np.append(t, 0.0))),
        "Plackett-Luce, even steps": (1, lambda t: plackett_luce(every, -t[0] * steps)),
        "Mallows": (1, lambda t: normalised(t[0] * far)),
        "Bradley-Terry-Mallows, even steps": (1, lambda t: normalised(-t[0] * rank)),
    }
    print("bits explained of a ranking of four, held out (log2 24 = 4.585 to explain)")
    gaps = table["gap"].unique().sort().to_list()
    print(f"{'gap':34}", *(f"{gap:8}" for gap in gaps))
    data = []
    for gap in gaps:
        rows = table.filter(pl.col("gap") == gap)
        count = np.zeros(len(every))
        for row in rows.iter_rows(named=True):
            order = [row[name] for name in ("first", "second", "third", "fourth")]
            count[np.all(every == order, axis=1)] += int(row["count"])
        data.append((np.ceil(count / 2), np.floor(count / 2)))
    for name, (free, law) in channels.items():
        found = []
        for fit, held in data:
            gains = []
            for one, other in ((fit, held), (held, fit)):
                best = minimize(lambda t, n=one, law=law: -(n @ law(t)), np.full(free, 0.1))
                gains.append((other @ law(best.x)) / other.sum())
            found.append((np.mean(gains) + math.log(24)) / math.log(2))
        print(f"{name:34}", *(f"{gain:8.3f}" for gain in found), flush=True)


def distances(k: int, dims: int, draws: int = 20_000) -> np.ndarray:
    """Squared distances of items from k prototypes, the least first, (draws, k)."""
    rng = np.random.default_rng(0)
    item, prototypes = rng.normal(size=(draws, 1, dims)), rng.normal(size=(draws, k, dims))
    return np.sort(((item - prototypes) ** 2).sum(-1), axis=1)


def wrong_pairs(k: int, dims: int, precision: float) -> float:
    """Share of pairs of classes that Plackett-Luce puts in the wrong order."""
    d2 = distances(k, dims)
    noise = np.random.default_rng(1).gumbel(size=d2.shape)
    order = np.argsort(precision * d2 - noise, axis=1)
    return float(inversions(order).mean() / math.comb(k, 2))


def bradley_terry(d2: np.ndarray, beta: float) -> np.ndarray:
    """P of every order (n, k!) at distances (n, k): exp(beta sum of place x distance)."""
    every = orders(d2.shape[1])
    energy = beta * d2[:, every] @ np.arange(d2.shape[1])
    p = np.exp(energy - energy.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


def beta_of(k: int, dims: int, wrong: float) -> float:
    """The same of the Bradley-Terry form."""
    d2, far = distances(k, dims, 4000), inversions(orders(k))

    def off(ln_beta: float) -> float:
        share = bradley_terry(d2, math.exp(ln_beta)) @ far
        return float(share.mean()) / math.comb(k, 2) - wrong

    return math.exp(brentq(off, -8.0, 4.0, xtol=1e-3))


def phi_of(k: int, wrong: float) -> float:
    """Mallows' parameter at which that share of pairs is in the wrong order."""
    far = inversions(orders(k))

    def off(phi: float) -> float:
        return float(np.exp(normalised(phi * far)) @ far) / math.comb(k, 2) - wrong

    return brentq(off, 1e-6, 40.0)


def bits(k: int, dims: int) -> None:
    print(f"bits about the geometry, {k} classes, {dims} dims, as many pairs wrong")
    print("precision  pairs wrong  hard  Plackett-Luce  Bradley-Terry form  Mallows")
    far = inversions(orders(k))
    for precision in (0.1, 0.3, 1.0, 3.0):
        wrong = wrong_pairs(k, dims, precision)
        law = normalised(phi_of(k, wrong) * far)
        mallows = (math.lgamma(k + 1) + np.exp(law) @ law) / math.log(2)
        p = bradley_terry(distances(k, dims), beta_of(k, dims, wrong))
        kept = np.sum(p * np.log(np.maximum(p, 1e-300)), axis=1).mean()
        ours = (math.lgamma(k + 1) + kept) / math.log(2)
        told = [
            lb.information.per_answer(
                make(name, dims, k, precision=precision, **options), lb.World(100, k, dims)
            ).bits
            for name, options in (("hard", {}), ("ranking", {"top": k}))
        ]
        print(
            f"{precision:9} {wrong:12.3f} {told[0]:5.2f} {told[1]:14.2f} {ours:19.2f} "
            f"{mallows:8.2f}",
            flush=True,
        )


def recovered(k: int, dims: int, precision: float, each: int, worlds: int, items: int = 60) -> None:
    """Spearman correlation of recovered distances, each channel's rankings."""
    every, wrong = orders(k), wrong_pairs(k, dims, precision)
    law = np.exp(normalised(phi_of(k, wrong) * inversions(every)))
    beta = beta_of(k, dims, wrong)
    found = []
    for seed in range(worlds):
        rng = np.random.default_rng(seed)
        z, c = rng.normal(size=(items, dims)), rng.normal(size=(k, dims))
        which = np.repeat(np.arange(items), each)
        d2 = ((z[which, None] - c) ** 2).sum(-1)
        signal = make("ranking", dims, k, precision=precision, top=k)
        said = {
            "Plackett-Luce": np.asarray(signal.sample(jax.random.key(seed), d2.astype(np.float32))),
            "Bradley-Terry form": every[
                (bradley_terry(d2, beta).cumsum(1) > rng.random((len(d2), 1))).argmax(1)
            ],
            "Mallows": np.take_along_axis(
                np.argsort(d2, axis=1), every[rng.choice(len(every), len(which), p=law)], axis=1
            ),
        }
        row = []
        for answer in said.values():
            table = pl.DataFrame(
                {
                    "signal": ["ranking"] * len(which),
                    "annotator": ["a"] * len(which),
                    "items": [[f"item {i}"] for i in which],
                    "answer": [json.dumps([f"class {n}" for n in one]) for one in answer],
                }
            )
            names = tuple(f"item {i}" for i in range(items))
            held = lb.Answers(table, names, tuple(f"class {n}" for n in range(k)))
            model = lb.SignalEmbedding(dims, random_state=0, n_init=1).fit(held)
            row.append(metrics.spearman(model.embedding_, z))
        found.append(row)
    mean, off = np.mean(found, axis=0), np.array(found) - np.array(found)[:, :1]
    error = off.std(axis=0, ddof=1) / math.sqrt(worlds)
    print(
        f"{k} classes, precision {precision}, {each} rankings an item, {worlds} worlds: "
        f"Plackett-Luce {mean[0]:.3f}, Bradley-Terry form {mean[1]:.3f} "
        f"(difference {off[:, 1].mean():+.3f} +- {error[1]:.3f}), "
        f"Mallows {mean[2]:.3f} ({off[:, 2].mean():+.3f} +- {error[2]:.3f})",
        flush=True,
    )


def main() -> None:
    """Print the three comparisons."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--worlds", type=int, default=6)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    people(Path(os.environ["LABELBITS_DATA"]))
    bits(4, 2)
    for precision in (0.3, 1.0):
        for each in (2, 8):
            recovered(5, 2, precision, each, given.worlds)


if __name__ == "__main__":
    main()
