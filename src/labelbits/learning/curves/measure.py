"""Learning curves measured on real features: quality against the number of labelled items."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labelbits.errors import InputError
from labelbits.learning.curves.engine import Learner, Progress, Reference, measure_splits
from labelbits.learning.curves.points import CurvePoints
from labelbits.learning.curves.splits import balanced_order
from labelbits.learning.curves.training_sets import Draw, Split
from labelbits.threads import one_blas_thread


def measure(
    features: np.ndarray,
    draw: Draw,
    sizes: Sequence[int],
    replicates: int,
    test_rows: np.ndarray,
    reference: Reference,
    *,
    metrics: Sequence[str] = ("accuracy", "cross-entropy"),
    pool: np.ndarray,
    seed: int,
    progress: Progress | None = None,
    budget_seconds: float | None = None,
    learner: Learner | None = None,
    balanced: np.ndarray | None = None,
    power: float | None = None,
) -> dict[str, CurvePoints]:
    """The learning curve of one option, tested on fixed rows.

    `features` (items, columns); `draw(rng, rows)` returns the training answers for those rows, as
    batches whose `items` index `features`; `sizes` are numbers of labelled items; `test_rows` (T,)
    with `reference` (T, K) probabilities (one-hot where gold is known); `pool` the rows that may
    be trained on. Training sets are nested, and the same for every option of equal seed (common
    random numbers): differences between options are known better than either. Sizes above 1,000
    get fewer replicates (`replicates_at`).

    `learner` replaces the linear classifier: any object with `fit(features, batches)` and
    `predict_proba(features)`; it is copied for every fit. `balanced` (items,), the class of every
    item, makes training sets hold equally many of each class (few shots: `few_shot_sizes`).
    `power` is the column scaling (`CurvePoints.power` of another option, so that all are learnt
    from on the same features), left out the one that does best for this option.
    `budget_seconds` stops early, after at least two replicates of every size, and then the result
    depends on the machine's speed.
    """
    pool, test_rows = np.asarray(pool), np.asarray(test_rows)
    overlap = np.intersect1d(pool, test_rows)
    if len(overlap):
        raise InputError(
            f"{len(overlap)} rows are both in the pool and tested (row {overlap[0]} is one); "
            "expected disjoint sets"
        )
    seeds = np.random.SeedSequence(seed).spawn(replicates)
    everything = np.arange(len(test_rows))
    splits = []
    for one in seeds:
        rng = np.random.default_rng(one)
        shuffled = rng.permutation(pool)
        if balanced is not None:
            shuffled = balanced_order(pool, np.asarray(balanced)[pool], rng)
        splits.append(Split(shuffled, everything, one.spawn(1)[0]))
    with one_blas_thread():
        return measure_splits(
            features, draw, sizes, splits, test_rows, reference, metrics, progress,
            budget_seconds, learner, power=power,
        )  # fmt: skip


def cross_measure(
    features: np.ndarray,
    draw: Draw,
    sizes: Sequence[int] | None,
    replicates: int,
    rows: np.ndarray,
    reference: Reference,
    *,
    metrics: Sequence[str] = ("accuracy", "cross-entropy"),
    folds: int = 10,
    seed: int,
    progress: Progress | None = None,
    budget_seconds: float | None = None,
    learner: Learner | None = None,
    train_rows: np.ndarray | None = None,
    power: float | None = None,
) -> dict[str, CurvePoints]:
    """The learning curve of one option from a pilot alone, by repeated cross-validation.

    `rows` (T,) are the pilot's items and `reference` (T, K) what each is tested against. Every
    replicate tests one fold and trains on nested subsets of the rest, so all items are tested
    equally often and the largest size is close to the pilot's. `sizes` None takes `pilot_sizes`.
    `replicates` is rounded up to whole passes over the folds. `train_rows` are the rows to train
    on (left out: `rows`); those of the tested fold are left out of them. Other arguments as in
    `measure`.
    """
    rows = np.asarray(rows)
    folds = min(folds, len(rows))
    if folds < 2:
        raise InputError(f"{len(rows)} pilot items; expected at least 2 to cross-validate")
    train_rows = rows if train_rows is None else np.asarray(train_rows)
    fold = -(-len(rows) // folds)
    largest = len(train_rows) - min(fold, len(np.intersect1d(train_rows, rows)))
    if sizes is None:
        sizes = pilot_sizes(largest)
    passes = -(-replicates // folds)
    splits = []
    for one in np.random.SeedSequence(seed).spawn(passes):
        order = np.random.default_rng(one).permutation(len(rows))
        for test, own in zip(np.array_split(order, folds), one.spawn(folds), strict=True):
            train = train_rows[~np.isin(train_rows, rows[test])]
            shuffled = np.random.default_rng(own).permutation(train)
            splits.append(Split(shuffled, test, own.spawn(1)[0]))
    # All folds of a pass are measured at every size: a size must not miss some test items.
    with one_blas_thread():
        return measure_splits(
            features, draw, sizes, splits, rows, reference, metrics, progress, budget_seconds,
            learner, whole=folds, power=power,
        )  # fmt: skip


def pilot_sizes(largest: int, points: int = 7, span: float = 10.0) -> list[int]:
    """Training sizes from `largest` / `span` (10 at least) to `largest`, evenly in ln(size)."""
    least = min(max(10, round(largest / span)), largest)
    return sorted({round(s) for s in np.geomspace(least, largest, points)})


def cross_replicates(items: int) -> int:
    """Folds of a cross-validation of so many items: five passes of ten for few, which cost little
    and take the luck of the folds and of single answers out, else two."""
    return 50 if items <= 500 else 20
