"""Simulation-based calibration of the posterior of positions and noise (Talts et al. 2018,
arXiv 1804.06788).

    python benchmarks/calibration.py FOLDER [--worlds 200] [--signal hard ...] [--table]

A world and its noise are drawn from the prior of the fit, answers are simulated, `SignalEmbedding`
is fitted and its `posterior()` drawn. The rank of every true value among 39 of the draws is then
uniform on 0 to 39. Rows are appended to FOLDER/SIGNAL.jsonl, one a world: a second run goes on
where the first stopped. The table prints ranks in fifths, p values of uniform ranks (chi-square
over ten bins) as they are and after Holm's correction over all rows, and how often the central 90 %
interval held the true value. Worlds whose chains did not converge are refused, which depends on the
answers alone: the ranks of the others stay uniform.
"""

from __future__ import annotations

import argparse
import json
import math
import time
import warnings
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from scipy.spatial.distance import pdist
from scipy.stats import chisquare

import labelbits as lb
from labelbits.interface import Batch
from labelbits.recovery.fitted import fitting
from labelbits.recovery.fitted.draws import NotConvergedError, Posterior, sample
from labelbits.recovery.fitted.inputs import Data
from labelbits.recovery.mixtures.channel import Channel
from labelbits.signals import make

ITEMS, CLASSES, DIMS = 8, 3, 2
#: Answers of each signal of a world.
ANSWERS = {
    "hard": {"hard": 128},
    "triplet": {"triplet": 128},
    "rating": {"rating": 128},
    "soft": {"soft": 64},
    "odd-one-out": {"odd-one-out": 128},
    "mixture": {"hard": 64, "triplet": 64},
}
RANKS, BINS = 39, 10


def world(name: str, seed: int) -> tuple[Data, dict[str, float], np.ndarray, np.ndarray]:
    """(answers, true noise, items, prototypes), everything drawn from the prior of the fit."""
    generator = np.random.default_rng([seed, sorted(ANSWERS).index(name)])
    items = generator.normal(size=(ITEMS, DIMS)).astype(np.float32)
    prototypes = generator.normal(size=(CLASSES, DIMS)).astype(np.float32)
    batches, truth = [], {}
    for kind, n in ANSWERS[name].items():
        signal = make(kind, DIMS, CLASSES)
        channel = Channel(signal, 1, None, None, False)
        theta = {}
        for key, value in channel.start().items():
            if key == "lapse":
                lapse = generator.beta(1.1, 2.9)
                theta[key] = jnp.asarray(math.log(lapse / (1 - lapse)), jnp.float32)
            else:
                off = generator.normal(size=np.shape(value)) / math.sqrt(
                    channel.prior_precision(key)
                )
                theta[key] = jnp.asarray(value + off, jnp.float32)
            for i, number in enumerate(np.ravel(theta[key])):
                truth[f"{kind} {key} {i}" if np.ndim(value) else f"{kind} {key}"] = float(number)
        answering = channel.answering(theta, jnp.zeros(n, int))
        shown = generator.random((n, ITEMS)).argsort(1)[:, : signal.arity].astype(np.int32)
        d2 = signal.distances(jnp.asarray(items[shown]), jnp.asarray(prototypes))
        key = jax.random.key(int(generator.integers(2**31)))
        answer = np.asarray(_sample(answering, key, d2))
        batches.append(Batch(signal, shown, answer, np.zeros(n, np.int32), np.ones(n, np.float32)))
    classes = tuple(map(str, range(CLASSES)))
    return Data(tuple(batches), tuple(range(ITEMS)), classes), truth, items, prototypes


@eqx.filter_jit
def _sample(signal: lb.Signal, key: jax.Array, d2: jax.Array) -> jax.Array:
    return signal.sample(key, d2, jnp.zeros(len(d2), jnp.int32))


def quantities(items: np.ndarray) -> dict[str, np.ndarray]:
    """What comparisons tell of items (draws, items, dims): their spread and three distances."""
    each = np.array([pdist(one) for one in items])
    found = {"spread": np.log(np.mean(each**2, axis=1))}
    return found | {f"distance {i}": each[:, i] for i in (0, 7, 20)}


def one_world(name: str, seed: int) -> dict:
    """Ranks of the true values of one world among its draws, or the refusal."""
    data, truth, items, _ = world(name, seed)
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = fitting.fit(
            data, fitting.Options(DIMS, None, None, False, 1, 100, 3e-3), seed, None,
            lambda *_: None,
        )  # fmt: skip
    row: dict = {"seed": seed, "fit": round(time.process_time() - began, 2)}
    try:
        found: Posterior = sample(fitted, data, seed)
    except NotConvergedError:
        return row | {"refused": True, "seconds": round(time.process_time() - began, 2)}
    draws = quantities(found.unaligned)
    true = {key: float(value[0]) for key, value in quantities(items[None]).items()}
    for kind in ANSWERS[name]:
        draws[f"{kind} precision"] = np.log(found.precision[kind])
        draws[f"{kind} lapse"] = np.log(found.lapse[kind]) - np.log1p(-found.lapse[kind])
        for key, value in found.parameters[kind].items():
            if key in ("precision", "lapse"):
                continue
            for i in range(value[0].size):
                label = f"{kind} {key} {i}" if value.ndim > 1 else f"{kind} {key}"
                draws[label] = value.reshape(len(value), -1)[:, i]
    rows = np.linspace(0, len(found.items) - 1, RANKS).round().astype(int)
    ranks = {k: int((v[rows] < (true | truth)[k]).sum()) for k, v in draws.items()}
    inside = {
        k: bool(np.quantile(v, 0.05) < (true | truth)[k] < np.quantile(v, 0.95))
        for k, v in draws.items()
    }
    return row | {
        "ranks": ranks, "inside": inside, "r_hat": round(found.convergence.r_hat, 3),
        "effective": round(found.convergence.effective),
        "seconds": round(time.process_time() - began, 2),
    }  # fmt: skip


def table(folder: Path) -> None:
    """Print ranks and p values of every quantity."""
    rows = []
    for name in ANSWERS:
        path = folder / f"{name}.jsonl"
        if not path.exists():
            continue
        worlds = [json.loads(line) for line in path.read_text().splitlines()]
        kept = [one for one in worlds if "ranks" in one]
        print(
            f"{name}: {len(worlds)} worlds, {len(worlds) - len(kept)} refused, "
            f"{np.mean([one['seconds'] for one in worlds]):.1f} s of CPU each"
        )
        for key in kept[0]["ranks"] if kept else []:
            ranks = np.array([one["ranks"][key] for one in kept])
            p = chisquare(np.bincount(ranks * BINS // (RANKS + 1), minlength=BINS)).pvalue
            fifths = np.bincount(ranks * 5 // (RANKS + 1), minlength=5)
            rows.append((name, key, fifths, p, np.mean([one["inside"][key] for one in kept])))
    order = np.argsort([row[3] for row in rows])
    corrected = np.empty(len(rows))
    least = 0.0
    for place, i in enumerate(order):
        least = max(least, min(1.0, (len(rows) - place) * rows[i][3]))
        corrected[i] = least
    print("signal        quantity                 ranks in fifths        p     Holm   90 % holds")
    for (name, key, fifths, p, inside), holm in zip(rows, corrected, strict=True):
        print(f"{name:13} {key:24} {' '.join(f'{n:3d}' for n in fifths)} {p:8.4f} {holm:6.3f}"
              f" {inside:8.3f}")  # fmt: skip


def main() -> None:
    """Add worlds to the files of FOLDER, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--signal", nargs="*", default=list(ANSWERS), choices=list(ANSWERS))
    parser.add_argument("--table", action="store_true", help="only print the table")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    for name in [] if given.table else given.signal:
        path = given.folder / f"{name}.jsonl"
        done = len(path.read_text().splitlines()) if path.exists() else 0
        with path.open("a") as file:
            for seed in range(done, given.worlds):
                file.write(json.dumps(one_world(name, seed)) + "\n")
                file.flush()
    table(given.folder)


if __name__ == "__main__":
    main()
