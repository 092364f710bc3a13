"""Time and memory of large fits: odd-one-outs in 49 dimensions, ten million triplets.

    python benchmarks/recovery_scale.py odd-one-out | triplets [--items N --dims D --answers n]

Each runs in this process alone; memory is its peak, libraries and the answers included. Items are
N(0, I), answers drawn from the channel; agreement is the share of 50,000 fresh noiseless questions.
"""

from __future__ import annotations

import argparse
import json
import resource
import time

import numpy as np
import polars as pl

#: What is asked for: items, dims, answers, precision of the annotators.
SIZES = {
    "odd-one-out": (1_854, 49, 1_000_000, 0.1),
    "triplets": (100_000, 10, 10_000_000, 0.5),
}
CHUNK = 500_000


def questions(items: int, n: int, generator: np.random.Generator) -> np.ndarray:
    """Random questions about three different items, (n, 3) int32."""
    t = generator.integers(0, items, (n, 3), dtype=np.int32)
    while len(bad := np.flatnonzero((t == np.roll(t, 1, axis=1)).any(1))):
        t[bad] = generator.integers(0, items, (len(bad), 3), dtype=np.int32)
    return t


def distances(z: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Squared distances of the pairs 12, 02 and 01 of each question, (n, 3)."""
    a, b, c = (z[t[:, side]] for side in range(3))
    return np.stack([((b - c) ** 2).sum(1), ((a - c) ** 2).sum(1), ((a - b) ** 2).sum(1)], axis=1)


def answered(
    z: np.ndarray, n: int, precision: float, kind: str, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """(questions, answer): the place of the odd one, or for triplets 0 or 1, the nearer one."""
    t, said = questions(len(z), n, generator), np.empty(n, np.int32)
    for first in range(0, n, CHUNK):
        d2 = distances(z, t[first : first + CHUNK])
        if kind == "triplets":
            d2 = d2[:, [2, 1]]
        chance = -precision * d2 + generator.gumbel(size=d2.shape)
        said[first : first + CHUNK] = (chance if precision < np.inf else -d2).argmax(1)
    return t, said


def table(t: np.ndarray, said: np.ndarray) -> pl.DataFrame:
    """The answers as the canonical table."""
    names = pl.Series(t.ravel()).cast(pl.String).reshape(t.shape).arr.to_list()
    return pl.DataFrame({
        "signal": pl.repeat("odd-one-out", len(t), eager=True),
        "annotator": pl.repeat("a", len(t), eager=True),
        "items": names, "answer": pl.Series(said).cast(pl.String),
    })  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=sorted(SIZES))
    parser.add_argument("--items", type=int)
    parser.add_argument("--dims", type=int)
    parser.add_argument("--answers", type=int)
    given = parser.parse_args()
    items, dims, n, precision = SIZES[given.kind]
    items, dims, n = given.items or items, given.dims or dims, given.answers or n
    generator = np.random.default_rng(0)
    z = generator.normal(size=(items, dims)).astype(np.float32)
    t, said = answered(z, n, precision, given.kind, generator)
    test, right = answered(z, 50_000, np.inf, given.kind, generator)
    from labelbits import Answers, SignalEmbedding

    if given.kind == "triplets":
        data, extra = np.where(said[:, None] == 0, t, t[:, [0, 2, 1]]), {"n_objects": items}
    else:
        data, extra = Answers(table(t, said), tuple(map(str, range(items))), ()), {}
    began, cpu = time.perf_counter(), time.process_time()
    model = SignalEmbedding(dims, random_state=0).fit(data, **extra)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    d2 = distances(model.embedding_, test)
    fresh, answer = answered(z, 50_000, precision, given.kind, generator)
    if given.kind == "triplets":
        held = model.score(np.where(answer[:, None] == 0, fresh, fresh[:, [0, 2, 1]]))
    else:
        held = model.score(Answers(table(fresh, answer), tuple(map(str, range(items))), ()))
    said = (d2[:, 1] < d2[:, 2]).astype(int) if given.kind == "triplets" else d2.argmin(1)
    print(json.dumps({
        "kind": given.kind, "items": items, "dims": dims, "answers": n, "seconds": round(seconds),
        "cpu": round(cpu), "agreement": round(float(np.mean(said == right)), 4),
        "held_out_bits": round(held, 4),
        "precision": model.precision_, "lapse": model.lapse_, "steps": model.n_iter_,
        "peak_MiB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
