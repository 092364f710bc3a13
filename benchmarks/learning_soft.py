"""Real soft labels against hard labels at their real times: forecasts from a pilot, and what came.

    python benchmarks/learning_soft.py --store build/soft

The 1,000 images of CIFAR-10S (Collins et al. 2022), the hard ones of CIFAR-10: one soft label (top
two classes with probabilities, impossible ones ticked; a random one of the image's real reports)
or one hard label (a random vote of CIFAR-10H) on each. Four folds: pilots of 90 images are drawn
from three quarters, and random purchases of 180, 360 and 720 of the same images are tested on the
fourth. Printed: predicted against actual quality, and what one soft label is worth: how many
images with one hard label each give the quality of 180 soft-labelled ones, as a ratio, against the
ratio of the times.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parent))
from labelbits import signals
from labelbits.interface import Batch
from labelbits.learning import CurvePoints, cross_measure, cross_replicates, forecast_options
from labelbits.learning import measure as measure_curve
from labelbits.learning.curves import training_sets as bought
from learning_data import Draw, cifar10h, data_folder
from validation import METRICS, foretold, load, save

PILOT, TARGETS, FOLDS, PILOTS = 90, (180, 360, 720), 4, 3
#: Random purchases whose mean is the actual quality in one fold.
PURCHASES = 12
#: Seconds of one hard label (Lim et al. 2024: 1.83 s right, 3.76 s wrong).
HARD_SECONDS = 1.9
#: Longer than this, the annotator had left the desk (as CIFAR-10S's authors cut).
LONGEST = 300.0


def soft_reports() -> tuple[Draw, np.ndarray, float]:
    """(draw of one real report on each image, images, mean seconds of a first showing)."""
    table = pl.read_parquet(data_folder() / "cifar10s_annotations.parquet")
    table = table.filter(pl.col("top1_prob").is_not_null() & ~pl.col("is_repeat"))
    seconds = float(table.filter(pl.col("rt_s") <= LONGEST)["rt_s"].mean())  # type: ignore[arg-type]
    first = table["top1_prob"].to_numpy().astype(float)
    second = np.nan_to_num(table["top2_prob"].to_numpy().astype(float))
    second = np.where(table["top2"].to_numpy() < 0, 0.0, second)
    rest = np.maximum(100 - first - second, 0)
    ticks = (table["impossible_mask"].to_numpy()[:, None].astype(int) >> np.arange(10)) & 1
    chosen = np.stack([table["top1"].to_numpy(), table["top2"].to_numpy()], 1).astype(float)
    answer = np.concatenate([chosen, np.stack([first, second, rest], 1), ticks], axis=1)
    usable = first + second + rest > 0
    answer, image = answer[usable], table["image_idx"].to_numpy()[usable].astype(int)
    signal = signals.SparseSoft(top=2, impossible=True)
    where = {i: np.flatnonzero(image == i) for i in np.unique(image)}

    def draw(rng: np.random.Generator, rows: np.ndarray) -> Sequence[Batch]:
        # One uniform number for each image, as for votes, keeps nested sets nested.
        u = rng.random(len(rows))
        one = [where[row][int(x * len(where[row]))] for row, x in zip(rows, u, strict=True)]
        n = len(rows)
        return [Batch(signal, np.asarray(rows)[:, None], answer[one], np.zeros(n, int), np.ones(n))]

    return draw, np.array(sorted(where)), seconds


def curves_of(store: Path, data, options: dict[str, Draw], images: np.ndarray, progress) -> None:
    """Measure every pilot and purchase that is not in the store yet."""
    store.mkdir(parents=True, exist_ok=True)
    for fold, pool, test in folds(images):
        for name, draw in options.items():
            path = store / f"actual-{fold}-{name}.npz"
            if not path.exists():
                sizes = [PILOT, *TARGETS]
                reference = data.reference(test)
                save(path, measure_curve(data.features, draw, sizes, PURCHASES, test, reference,
                                         pool=pool, seed=fold))  # fmt: skip
            for pilot in range(PILOTS):
                path = store / f"alone-{fold}-{pilot}-{name}.npz"
                if not path.exists():
                    rows = pilot_rows(pool, fold, pilot)
                    reference = data.reference(rows)
                    save(path, cross_measure(data.features, draw, None, cross_replicates(PILOT),
                                             rows, reference, seed=pilot))  # fmt: skip
                progress(path.stem)


def folds(images: np.ndarray):
    """(fold, images to buy, images tested on)."""
    parts = np.array_split(np.random.default_rng(7).permutation(images), FOLDS)
    for fold, test in enumerate(parts):
        yield fold, np.concatenate([p for i, p in enumerate(parts) if i != fold]), test


def pilot_rows(pool: np.ndarray, fold: int, number: int) -> np.ndarray:
    """Images of one random pilot."""
    return np.random.default_rng((9, fold, number)).permutation(pool)[:PILOT]


def theory_of(data, draw: Draw, rows: np.ndarray, curves: dict[str, CurvePoints]):
    """What `cross_measure` adds itself; a store holds only measured numbers."""
    seeds = np.random.SeedSequence(0).spawn(bought.PURITY_REPLICATES)
    answers = bought.Answers(draw, [bought.Split(rows, rows, s) for s in seeds], data.classes)
    result = {}
    for metric, points in curves.items():
        reference = data.reference(rows)[metric]
        result[metric] = foretold(points, data.features, rows, reference, answers)
    return result


def worth(hard: np.ndarray, soft: float, grid: np.ndarray, up: bool) -> float:
    """Hard labels on `grid` images with quality `hard` that equal `soft`."""
    sign = 1.0 if up else -1.0
    values = np.maximum.accumulate(sign * hard)
    return float(np.exp(np.interp(sign * soft, values, np.log(grid))))


def main() -> None:
    """Measure, forecast and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, default=Path("build/soft"))
    store = parser.parse_args().store
    data = cifar10h()
    soft, images, seconds = soft_reports()
    options = {"hard": data.draw("1"), "soft": soft}
    curves_of(store, data, options, images, lambda name: print(f"\r{name}   ", end="", flush=True,
                                                               file=sys.stderr))  # fmt: skip
    actual = {}
    for name in options:
        every = [load(store / f"actual-{fold}-{name}.npz") for fold in range(FOLDS)]
        for metric in METRICS:
            actual[name, metric] = np.mean([one[metric].mean for one in every], axis=0)
    grid = np.geomspace(PILOT, TARGETS[-1], 25)
    sizes = np.unique(np.concatenate([TARGETS, grid]))
    print(f"\nseconds: soft {seconds:.1f}, hard {HARD_SECONDS}, ratio {seconds / HARD_SECONDS:.1f}")
    print("| metric | label | images | predicted | actual | median abs. error | covered by 90 % |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for metric in METRICS:
        up = metric == "accuracy"
        unit = 100 if up else 1000
        found = {name: [] for name in options}
        ratio = []
        for fold, pool, _ in folds(images):
            for pilot in range(PILOTS):
                rows = pilot_rows(pool, fold, pilot)
                points = []
                for name, draw in options.items():
                    measured = load(store / f"alone-{fold}-{pilot}-{name}.npz")
                    points.append(theory_of(data, draw, rows, measured)[metric])
                ahead = forecast_options(points, sizes, seed=pilot, draws=400)
                for name, one in zip(options, ahead, strict=True):
                    found[name].append((one.mean, one.low, one.high))
                soft_there = ahead[1].mean[np.searchsorted(sizes, TARGETS[0])]
                ratio.append(worth(ahead[0].mean, soft_there, sizes, up) / TARGETS[0])
        for name in options:
            for i, target in enumerate(TARGETS):
                at = int(np.searchsorted(sizes, target))
                mean, low, high = np.array(found[name])[:, :, at].T
                true = actual[name, metric][i + 1]
                error = np.median(np.abs(mean - true)) * unit
                inside = 100 * np.mean((low <= true) & (true <= high))
                print(f"| {metric} | {name} | {target} | {mean.mean():.3f} | {true:.3f} | "
                      f"{error:.1f} | {inside:.0f} % |")  # fmt: skip
        log_sizes = np.log([PILOT, *TARGETS])
        hard = np.interp(np.log(grid), log_sizes, actual["hard", metric])
        true_ratio = worth(hard, actual["soft", metric][1], grid, up) / TARGETS[0]
        spread = np.quantile(ratio, [0.1, 0.9])
        print(f"{metric}: one soft label is worth {true_ratio:.2f} hard labels on new images; "
              f"predicted {np.median(ratio):.2f} ({spread[0]:.2f} to {spread[1]:.2f}, 10 to 90 % "
              f"of {len(ratio)} pilots)")  # fmt: skip


if __name__ == "__main__":
    main()
