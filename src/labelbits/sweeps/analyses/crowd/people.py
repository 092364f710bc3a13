"""Real people's answers about the images of CIFAR-10's test batch, from a folder of the user's."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from labelbits.errors import InputError
from labelbits.interface import Batch

#: Where the folder is named when no option does.
VARIABLE = "LABELBITS_DATA"
FEATURES, COUNTS, REPORTS = (
    "cifar10_test_features.npz", "cifar10h_counts.npz", "cifar10s_annotations.parquet",
)  # fmt: skip
#: What each file holds and where its contents come from.
NEEDED = {
    COUNTS: "counts (images, 10) of CIFAR-10H's votes and true_label (images,), "
    "cifar10h-counts.npy of jcpeterson/cifar-10h on GitHub (Peterson et al. 2019) with CIFAR-10's "
    "own test labels",
    FEATURES: "features (images, columns): any pretrained network's, a row an image of CIFAR-10's "
    "test batch in its order",
    REPORTS: "a row a report with annotator, image_idx, top1, top1_prob, top2, top2_prob, "
    "impossible_mask, rt_s, is_repeat: raw_human_data.csv of cambridge-mlg/cifar-10s on GitHub "
    "(Collins et al. 2022)",
}
#: Mean seconds of one hard label of CIFAR-10H: Lim et al. 2024, arXiv 2412.00260.
HARD_SECONDS = 1.9
#: Share of the images without reports that everything is tested on.
TESTED = 1 / 3


@dataclass(frozen=True)
class Source:
    """A folder of answers and what its files hold: `digest` changes whenever they do."""

    folder: str
    digest: str


@dataclass(frozen=True)
class People:
    """`features` (n, columns); `votes` (n, V) class numbers in no order, -1 where an image has
    fewer; `human` (n, K) shares of all votes; `gold` (n,); `reports`, first showings alone, whose
    items are rows; `report_seconds`, the mean of one; `pool` and `test`, disjoint rows."""

    features: np.ndarray
    votes: np.ndarray
    human: np.ndarray
    gold: np.ndarray
    reports: Batch
    report_seconds: float
    pool: np.ndarray
    test: np.ndarray

    @property
    def classes(self) -> int:
        """K."""
        return self.human.shape[1]

    @property
    def reported(self) -> np.ndarray:
        """Rows of the images that have a report, rising."""
        return np.unique(np.asarray(self.reports.items)[:, 0])

    def reference(self) -> dict[str, np.ndarray]:
        """What the tested images are judged by: accuracy by the true class, cross-entropy by the
        distribution of all votes."""
        return {
            "accuracy": np.eye(self.classes)[self.gold[self.test]],
            "cross-entropy": self.human[self.test],
        }


def find(folder: Path | None = None) -> Source:
    """The folder of answers: the one given, or `LABELBITS_DATA`.

    Raises `InputError` that says which file is missing, what it holds and where to get it.
    """
    given = folder or os.environ.get(VARIABLE)
    if not given:
        raise InputError(
            f"reproduce crowd rests on people's answers, which are not part of labelbits: give "
            f"--data FOLDER or set {VARIABLE}; expected in it {_wanted(list(NEEDED))}"
        )
    place = Path(given).expanduser()
    missing = [name for name in NEEDED if not (place / name).is_file()]
    if missing:
        found = "no such folder" if not place.is_dir() else f"no {' and no '.join(missing)}"
        raise InputError(f"{place}: {found}; expected {_wanted(missing)}")
    digest = hashlib.blake2b(digest_size=12)
    for path in sorted(place.glob("*")):
        if path.suffix in (".npz", ".parquet"):
            digest.update(path.name.encode() + path.read_bytes())
    return Source(str(place.resolve()), digest.hexdigest())


def _wanted(names: Sequence[str]) -> str:
    return "; ".join(f"{name}: {NEEDED[name]}" for name in names)


def arrays(path: Path, *names: str) -> list[np.ndarray]:
    """Arrays of an npz file. Raises `InputError` for one that is missing; nothing is unpickled."""
    try:
        with np.load(path, allow_pickle=False) as file:
            found = {name: file[name] for name in names if name in file}
    except (OSError, ValueError) as problem:
        raise InputError(f"{path}: cannot be read ({problem}); expected an npz file") from None
    for name in names:
        if name not in found:
            raise InputError(f"{path}: holds no array {name!r}; expected {', '.join(names)}")
    return [found[name] for name in names]


@functools.lru_cache(maxsize=1)
def people(source: Source) -> People:
    """The answers in the folder. Raises `InputError` for files that do not fit together."""
    folder = Path(source.folder)
    (features,) = arrays(folder / FEATURES, "features")
    counts, gold = arrays(folder / COUNTS, "counts", "true_label")
    counts, gold = counts.astype(int), gold.astype(int)
    if counts.ndim != 2 or len({len(features), len(counts), len(gold)}) > 1:
        raise InputError(
            f"{folder}: features have {len(features)} rows, counts shape {counts.shape}, "
            f"true_label {len(gold)} rows; expected one row an image in each"
        )
    bare = np.flatnonzero(counts.sum(1) < 1)
    if len(bare):
        raise InputError(f"{folder / COUNTS}: row {bare[0]} has no vote; expected at least 1")
    votes = np.full((len(counts), counts.sum(1).max()), -1)
    for row, count in enumerate(counts):
        votes[row, : count.sum()] = np.repeat(np.arange(len(count)), count)
    reports, seconds = _reports(folder / REPORTS, len(counts))
    pool, test = _split(len(counts), np.unique(np.asarray(reports.items)))
    human = counts / counts.sum(1, keepdims=True)
    return People(
        features.astype(np.float32), votes, human, gold, reports, seconds, pool, test
    )  # fmt: skip


def _reports(path: Path, images: int) -> tuple[Batch, float]:
    """(first showings as answers about rows, mean seconds of one)."""
    from labelbits.annotators.times import fit_times
    from labelbits.answers import read_answers
    from labelbits.signals.encoding import encode, rows_of_items

    answers = read_answers(path)
    (batch,) = encode(answers)
    first = np.flatnonzero(~answers.table["repeat"].fill_null(False).to_numpy())
    row = np.array(rows_of_items(answers.items, images, None))
    batch = batch.take(first)
    seconds = answers.table["seconds"].to_numpy()[first].astype(float)
    times = fit_times(seconds, np.asarray(batch.annotator))
    if times is None:
        raise InputError(f"{path}: no times; expected rt_s, seconds of each report")
    on_rows = row[np.asarray(batch.items)]
    return Batch(
        batch.signal, on_rows, batch.answer, batch.annotator, batch.weight
    ), times.mean  # fmt: skip


def _split(images: int, reported: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(pool, tested): a third of the images without reports is tested on, always the same."""
    others = np.setdiff1d(np.arange(images), reported)
    others = np.random.default_rng(0).permutation(others)
    test = np.sort(others[: round(TESTED * len(others))])
    return np.setdiff1d(np.arange(images), test), test
