"""Triplets alone against cblearn 0.4.0: same triplets, one thread, CPU seconds of the fit.

    python benchmarks/recovery_cblearn.py --peer VENV/bin/python [--cells 2000,5,1,0 ...]
    python benchmarks/recovery_cblearn.py --peer VENV/bin/python --few [--worlds 3]

cblearn pins numpy 1.26, so it runs in a subprocess with the interpreter given by `--peer` (or
CBLEARN_PYTHON). Points are N(0, I); T = c D N log2 N random triplets, a share `flips` of them
turned round; the error is measured on 50,000 fresh noiseless triplets. `--few`: 2,000 and 20,000
triplets of 60 and 200 items in 2, 4 and 8 dims, noise-free or answered at precision 2 / sqrt(dims),
mean agreement over the worlds against SOE, CKL and TSTE. Fits get a seed of their
own that no point was drawn with. Memory is the peak of the whole process, libraries included.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

_THREADS = ("OMP", "OPENBLAS", "MKL", "NUMBA")
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in _THREADS} | {
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
}
#: items, dims, triplets in units of D N log2 N, flips, the peers it is held against.
CELLS = (
    (500, 5, 1, 0.0, ("GNMDS",)),
    (2000, 5, 1, 0.0, ("SOE", "GNMDS")),
    (2000, 5, 2, 0.0, ("SOE", "GNMDS")),
    (2000, 5, 5, 0.0, ("SOE", "GNMDS")),
    (500, 5, 5, 0.1, ("GNMDS",)),
    (2000, 5, 5, 0.1, ("GNMDS",)),
    (10000, 10, 1, 0.0, ("SOE",)),
)
TEST = 50_000
#: `--few`: items, dims, triplets, precision in units of 1 / sqrt(dims), and the peers.
FEW_ITEMS, FEW_DIMS, FEW_ANSWERS, FEW_PRECISIONS = (60, 200), (2, 4, 8), (2_000, 20_000), (0, 2)
FEW_PEERS = ("SOE", "CKL", "TSTE")


def world(items: int, dims: int, c: float, flips: float, seed: int) -> dict[str, np.ndarray]:
    """Points, training triplets and fresh noiseless triplets."""
    generator = np.random.default_rng([seed, 20211])
    points = generator.normal(size=(items, dims))

    def ask(n: int) -> np.ndarray:
        i = generator.integers(0, items, n)
        j = (i + generator.integers(1, items, n)) % items
        k = generator.integers(0, items, n)
        while (same := (k == i) | (k == j)).any():
            k[same] = generator.integers(0, items, same.sum())
        near = np.sum((points[i] - points[j]) ** 2, 1) < np.sum((points[i] - points[k]) ** 2, 1)
        return np.stack([i, np.where(near, j, k), np.where(near, k, j)], axis=1)

    train = ask(round(c * dims * items * np.log2(items)))
    turned = generator.random(len(train)) < flips
    train[turned] = train[turned][:, [0, 2, 1]]
    return {"points": points, "train": train, "test": ask(TEST)}


def few_world(
    items: int, dims: int, answers: int, precision: float, seed: int
) -> dict[str, np.ndarray]:
    """Points, `answers` training triplets and fresh noiseless ones; precision 0 is noise-free."""
    generator = np.random.default_rng([seed, 20213])
    points = generator.normal(size=(items, dims))

    def ask(n: int, precision: float) -> np.ndarray:
        t = generator.permuted(np.tile(np.arange(items), (n, 1)), axis=1)[:, :3]
        near, far = (np.sum((points[t[:, 0]] - points[t[:, s]]) ** 2, 1) for s in (1, 2))
        said = far > near
        if precision:
            chance = 1 / (1 + np.exp(-precision / np.sqrt(dims) * (far - near)))
            said = generator.random(n) < chance
        return np.where(said[:, None], t, t[:, [0, 2, 1]])

    return {"points": points, "train": ask(answers, precision), "test": ask(20_000, 0)}


def error(z: np.ndarray, t: np.ndarray) -> float:
    """Share of triplets that the embedding contradicts."""
    near, far = ((z[t[:, 0]] - z[t[:, side]]) ** 2 for side in (1, 2))
    return float(np.mean(near.sum(1) >= far.sum(1)))


def procrustes(z: np.ndarray, truth: np.ndarray) -> float:
    """Disparity in [0, 1], as scipy has it."""
    from scipy.spatial import procrustes as disparity

    return float(disparity(truth, z)[2])


def run_one(method: str, file: str, dims: int) -> None:
    """In a subprocess: fit, measure, print one JSON line."""
    with np.load(file) as data:
        points, train, test = data["points"], data["train"], data["test"]
    compile_seconds, extra = 0.0, {}
    if method == "labelbits":
        import labelbits as lb

        began = time.process_time()
        small = world(30, 2, 3, 0.1, 99)["train"]
        lb.SignalEmbedding(2, random_state=1, max_iter=3).fit(small)
        compile_seconds = time.process_time() - began
        began = time.process_time()
        model = lb.SignalEmbedding(dims, random_state=1).fit(train, n_objects=len(points))
        seconds = time.process_time() - began
        extra = {"lapse": model.lapse_, "precision": model.precision_}
        extra["predicted"] = float(np.mean(model.predict(test) != 1))
    else:
        import cblearn.embedding

        name, _, starts = method.partition(":")
        options = {"n_init": int(starts or 1)} if name == "SOE" else {}
        model = getattr(cblearn.embedding, name)(dims, random_state=1, **options)
        began = time.process_time()
        model.fit(train)
        seconds = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({
        "method": method, "cpu": seconds, "compile": compile_seconds, "steps": int(model.n_iter_),
        "error": error(model.embedding_, test), "procrustes": procrustes(model.embedding_, points),
        "peak_MiB": peak, **extra,
    }))  # fmt: skip


def measure(python: str, method: str, data: dict[str, np.ndarray], dims: int) -> dict:
    """One fit in its own process with one thread."""
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "world.npz")
        np.savez(file, **data)
        command = [python, __file__, "--one", method, file, str(dims)]
        found = subprocess.run(
            command, env=os.environ | ONE_THREAD, check=True, capture_output=True, text=True
        )
    return json.loads(found.stdout.splitlines()[-1])


def show(row: dict) -> str:
    rest = f"  lapse {row['lapse']:.3f}" if "lapse" in row else ""
    return (
        f"  {row['method']:10} cpu {row['cpu']:8.2f} s  compile {row['compile']:5.2f} s  "
        f"error {row['error']:.4f}  procrustes {row['procrustes']:.4f}  "
        f"steps {row['steps']:5d}  peak {row['peak_MiB']:6.0f} MiB{rest}"
    )


def small_worlds(peer: str) -> None:
    """Worst Procrustes over five worlds of 100 items in two dims."""
    rows: dict[str, list[dict]] = {}
    for seed in range(5):
        data = world(100, 2, 1, 0.0, 1000 + seed)
        for method, python in (("labelbits", sys.executable), ("SOE:10", peer)):
            rows.setdefault(method, []).append(measure(python, method, data, 2))
    for method, found in rows.items():
        worst = max(row["procrustes"] for row in found)
        seconds = np.mean([row["cpu"] for row in found])
        print(f"100,2,1,0 x5 {method:10} worst procrustes {worst:.4f}  mean cpu {seconds:.2f} s")


def few(peer: str, worlds: int) -> None:
    """Agreement with few triplets: `embedding_`, and for labelbits `predict` too."""
    for answers in FEW_ANSWERS:
        for items in FEW_ITEMS:
            for dims in FEW_DIMS:
                for precision in FEW_PRECISIONS:
                    found: dict[str, list[float]] = {}
                    for seed in range(worlds):
                        data = few_world(items, dims, answers, precision, seed)
                        row = measure(sys.executable, "labelbits", data, dims)
                        found.setdefault("labelbits", []).append(1 - row["error"])
                        found.setdefault("predict", []).append(1 - row["predicted"])
                        for method in FEW_PEERS:
                            row = measure(peer, method, data, dims)
                            found.setdefault(method, []).append(1 - row["error"])
                    shown = "  ".join(f"{name} {np.mean(each):.4f}" for name, each in found.items())
                    print(f"{answers},{items},{dims},{precision}: {shown}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", default=os.environ.get("CBLEARN_PYTHON"))
    parser.add_argument("--cells", nargs="*", help="items,dims,c,flips; all when left out")
    parser.add_argument("--small", action="store_true", help="only the five worlds of 100 items")
    parser.add_argument("--few", action="store_true", help="agreement with few triplets")
    parser.add_argument("--worlds", type=int, default=3)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        run_one(given.one[0], given.one[1], int(given.one[2]))
        return
    if given.few:
        few(given.peer, given.worlds)
        return
    if given.small:
        small_worlds(given.peer)
        return
    wanted = None if given.cells is None else {tuple(map(float, c.split(","))) for c in given.cells}
    for items, dims, c, flips, peers in CELLS:
        if wanted is not None and (items, dims, c, flips) not in wanted:
            continue
        data = world(items, dims, c, flips, 7)
        print(f"N={items} D={dims} c={c} flips={flips}: {len(data['train']):,} triplets")
        print(show(measure(sys.executable, "labelbits", data, dims)), flush=True)
        for method in peers if given.peer else ():
            print(show(measure(given.peer, method, data, dims)), flush=True)
    if wanted is None and given.peer:
        small_worlds(given.peer)


if __name__ == "__main__":
    main()
