"""Human triplets on alien eggs (one dimension) beside cblearn 0.4.0: order, error, lapse.

    python benchmarks/recovery_eggs.py DATA [--peer VENV/bin/python]

"labelbits auto" chooses the power of distance that annotators compare by held-out bits.
DATA is the folder with alieneggs_triplets.parquet; the item number is the true place. Sides are
swapped at random. Random and adaptive answers of upstream's train split are fitted; its test
split is held out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr


def fit_one(method: str, file: str) -> None:
    """In a subprocess: fit, print one JSON line."""
    with np.load(file) as data:
        train, test = data["train"], data["test"]
    if method.startswith("labelbits"):
        import labelbits as lb

        power = 1.0 if method == "labelbits" else "auto"
        model = lb.SignalEmbedding(1, distance_power=power, random_state=0)
    else:
        import cblearn.embedding

        options = {"n_init": 10} if method == "SOE" else {}
        model = getattr(cblearn.embedding, method)(1, random_state=0, **options)
    began = time.process_time()
    model.fit(train)
    seconds = time.process_time() - began
    z = model.embedding_[:, 0]
    wrong = np.abs(z[test[:, 0]] - z[test[:, 1]]) >= np.abs(z[test[:, 0]] - z[test[:, 2]])
    bits = float(model.score(test)) if method.startswith("labelbits") else None
    print(json.dumps({
        "method": method, "cpu": seconds, "held_out_bits": bits,
        "spearman": abs(spearmanr(z, np.arange(len(z)))[0]),
        "held_out_error": float(wrong.mean()), "lapse": getattr(model, "lapse_", None),
    }))  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?")
    parser.add_argument("--peer", default=os.environ.get("CBLEARN_PYTHON"))
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        fit_one(*given.one)
        return
    import polars as pl

    table = pl.read_parquet(Path(given.data) / "alieneggs_triplets.parquet")
    split = {
        name: table.filter(pl.col("split") == name)
        .select("head", "winner", "loser").to_numpy().astype(np.int64)
        for name in ("train", "test")
    }  # fmt: skip
    test = split["test"]
    true = np.abs(test[:, 0] - test[:, 1]) > np.abs(test[:, 0] - test[:, 2])
    print(f"{len(split['train'])} fitted, {len(test)} held out; "
          f"truth contradicts {true.mean():.4f} of them")  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "eggs.npz")
        np.savez(file, **split)
        methods = [("labelbits", sys.executable), ("labelbits auto", sys.executable)]
        methods += [(m, given.peer) for m in ("SOE", "GNMDS", "CKL", "STE")] if given.peer else []
        for method, python in methods:
            found = subprocess.run(
                [python, __file__, "--one", method, file], check=True, capture_output=True,
                text=True, env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            )  # fmt: skip
            print(found.stdout.splitlines()[-1], flush=True)


if __name__ == "__main__":
    main()
