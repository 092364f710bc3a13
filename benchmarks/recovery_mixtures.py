"""Hard labels and triplets of equal cost: each alone, both, and splits of one budget; Spearman.

    python benchmarks/recovery_mixtures.py [--worlds 3] [--dims 2 5] [--answers 1 5 20]

`both` has all answers of the two single fits; `half` costs as much as one of them, half of it for
each. Noise (lapse 0.05) is estimated. Differences are paired by world, with their standard error.
`half` may lose to the better single signal for want of information: its triplets are half as
many. `truth` is `both` begun at the true places: what a better search could gain.
"""

from __future__ import annotations

import argparse
import time

import jax
import numpy as np

import labelbits as lb
from labelbits.interface import Batch
from labelbits.recovery import metrics
from labelbits.recovery.fitted import fitting
from labelbits.recovery.fitted.inputs import Data
from labelbits.signals import make

ITEMS, CLASSES, LAPSE = 100, 8, 0.05


def batch(z: np.ndarray, c: np.ndarray, name: str, n: int, beta: float, seed: int) -> Batch:
    """`n` answers: hard labels go round the items, triplets are random."""
    signal = make(name, z.shape[1], len(c), precision=beta, lapse=LAPSE)
    if signal.arity == 1:
        which = (np.arange(n) % len(z))[:, None]
    else:
        which = np.random.default_rng(seed).random((n, len(z))).argsort(1)[:, : signal.arity]
    code = np.asarray(signal.sample(jax.random.key(seed), signal.distances(z[which], c)))
    plain = make(name, z.shape[1], len(c))
    zero, one = np.zeros(n, np.int32), np.ones(n, np.float32)
    return Batch(plain, which.astype(np.int32), code, zero, one)


def quality(batches: tuple[Batch, ...], z: np.ndarray, start: np.ndarray | None = None) -> float:
    """Spearman of the distances of the fit, noise unknown."""
    names = tuple(f"class {k}" for k in range(CLASSES))
    data = Data(batches, tuple(range(ITEMS)), names)
    options = fitting.Options(z.shape[1], None, None, False, None, 100, 3e-3)
    fitted = fitting.fit(data, options, 1, start, lambda *_: None)
    return float(metrics.spearman(fitted.items, z))


def show(name: str, difference: np.ndarray) -> str:
    """Mean and standard error."""
    error = difference.std(ddof=1) / np.sqrt(len(difference)) if len(difference) > 1 else np.nan
    return f"{name} {difference.mean():+.3f} ({error:.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=3)
    parser.add_argument("--dims", type=int, nargs="*", default=[2, 5])
    parser.add_argument("--answers", type=int, nargs="*", default=[1, 5, 20])
    given = parser.parse_args()
    print(f"labelbits {lb.__version__}; mean Spearman of {given.worlds} worlds, {ITEMS} items, "
          f"{CLASSES} classes")  # fmt: skip
    for dims in given.dims:
        for beta in (1.0, 3.0):
            for per_item in given.answers:
                began, found = time.process_time(), {}
                for seed in range(given.worlds):
                    generator = np.random.default_rng([seed, 41])
                    z = generator.normal(size=(ITEMS, dims)).astype(np.float32)
                    c = generator.normal(size=(CLASSES, dims)).astype(np.float32)
                    n = per_item * ITEMS
                    hard = batch(z, c, "hard", n, beta, 100 + seed)
                    triplet = batch(z, c, "triplet", n, beta, 200 + seed)
                    half = np.arange(n // 2)
                    for name, batches, start in (
                        ("hard", (hard,), None), ("triplet", (triplet,), None),
                        ("both", (hard, triplet), None), ("truth", (hard, triplet), z),
                        ("half", (hard.take(half), triplet.take(half)), None),
                    ):  # fmt: skip
                        found.setdefault(name, []).append(quality(batches, z, start))
                value = {name: np.array(each) for name, each in found.items()}
                better = value[max(("hard", "triplet"), key=lambda name: value[name].mean())]
                print(
                    f"D={dims} beta={beta:g} answers/item={per_item:<3d} "
                    + " ".join(f"{name} {each.mean():.3f}" for name, each in value.items())
                    + " | " + show("both - better", value["both"] - better)
                    + " " + show("half - better", value["half"] - better)
                    + f" | {time.process_time() - began:.0f} s CPU",
                    flush=True,
                )  # fmt: skip


if __name__ == "__main__":
    main()
