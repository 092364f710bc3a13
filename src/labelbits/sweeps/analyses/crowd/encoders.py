"""How encoders learn from real people's answers, look by look: images, shoes, shapes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from labelbits.interface import Batch
from labelbits.learning.encoders import Progress, SignalEncoder
from labelbits.learning.encoders.probes import (
    distance_alignment,
    effective_dimension,
    few_shots,
    linear_probe,
)
from labelbits.signals import Hard, Quadruplet, Soft, Triplet, Votes
from labelbits.sweeps.analyses.crowd.people import People, Source, arrays, people
from labelbits.sweeps.analyses.crowd.purchases import purchase
from labelbits.sweeps.analyses.crowd.size import CrowdSize
from labelbits.sweeps.analyses.piece import Raw

#: Kinds of answers about the images with reports. Comparisons: data set and features.
ABOUT_IMAGES = ("hard", "votes", "soft", "report")
COMPARISONS = ("shoes: linear map", "shoes: network", "shapes: their names", "shapes: free")
#: Files of the comparisons; where they are missing those lines are left out.
SHOES, SHAPES = (
    ("zappos_triplets.parquet", "zappos_features.npz"),
    ("shapepairs_answers.parquet", "shapepairs_objects.npz"),
)
#: Dimensions of the encoders, width of their hidden layer, answers a step.
COMPONENTS, HIDDEN, BATCH = 8, 64, 64
#: Images that probes are trained and tested on, shots a class, parts of a soft label.
PROBED, SHOTS, PARTS = 1000, 4, 50
#: What training too long is judged by.
NEW_SHOES, NEW_QUESTIONS = "answers foretold: new shoes", "answers foretold: new questions"
LOST = ("probe", "few shots", "alignment with people", NEW_SHOES, NEW_QUESTIONS)
#: Share of the shoes, or of the shapes' questions, that no training answer is about.
NEW = 0.2

Measure = Callable[[Progress], dict[str, float]]


@dataclass(frozen=True)
class Lesson:
    """What one encoder is trained on and how it is judged."""

    batch: Batch
    features: np.ndarray
    hidden: tuple[int, ...]
    classes: int | None
    measure: Measure


def available(source: Source) -> tuple[str, ...]:
    """The lines that the folder has the files for."""
    folder = Path(source.folder)
    there = {
        name: all((folder / file).is_file() for file in files)
        for name, files in (("shoes", SHOES), ("shapes", SHAPES))
    }
    return ABOUT_IMAGES + tuple(n for n in COMPARISONS if there[n.split(":")[0]])


def courses(name: str, size: CrowdSize, source: Source) -> Iterator[Raw]:
    """Everything that is measured of the encoders of line `name`, by steps, and what training to
    the end lost of the best look."""
    for seed in range(size.encoders):
        lesson = _lesson(name, size, source, seed)
        looks = list(_train(lesson, size, seed))
        for step, measured in looks:
            for what, value in measured.items():
                yield f"{what}, by steps", name, step, seed, value, None, "simulation"
        for what in (w for w in looks[-1][1] if w in LOST):
            course = np.array([measured[what] for _, measured in looks])
            lost = float(np.nanmax(course) - course[-1])
            yield f"lost at the end: {what}", name, 0.0, seed, lost, None, "simulation"


def _train(
    lesson: Lesson, size: CrowdSize, seed: int, looks: int = 10
) -> Iterator[tuple[int, dict[str, float]]]:
    count = -(-size.steps // size.look)
    wanted = {round(n) for n in np.geomspace(1, count, looks)}
    found: list[tuple[int, dict[str, float]]] = []

    def look(progress: Progress) -> None:
        if -(-progress.step // size.look) in wanted:
            found.append((progress.step, lesson.measure(progress)))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        SignalEncoder(
            COMPONENTS, hidden=lesson.hidden, steps=size.steps, batch_size=BATCH,
            evaluate_every=size.look, patience=None, random_state=seed, classes=lesson.classes,
        ).fit([lesson.batch], features=lesson.features, callback=look)  # fmt: skip
    yield from found


def _lesson(name: str, size: CrowdSize, source: Source, seed: int) -> Lesson:
    if name in ABOUT_IMAGES:
        return _images(name, people(source), seed)
    kind, features = name.split(": ")
    if kind == "shoes":
        return _shoes(features, Path(source.folder), size, seed)
    return _shapes(features, Path(source.folder), seed)


def _images(name: str, found: People, seed: int) -> Lesson:
    """Answers about the images with reports: as many votes as reports, all votes, or one soft
    label each."""
    rows, rng = found.reported, np.random.default_rng(seed)
    n = len(rows)
    if name == "report":
        (batch,) = purchase("reports", found).draw(rng, rows)
    elif name == "hard":
        each = round(len(found.reports) / n)
        votes = np.argsort(rng.random((n, found.votes.shape[1])) + (found.votes[rows] < 0), axis=1)
        chosen = np.take_along_axis(found.votes[rows], votes[:, :each], axis=1)
        batch = _batch(Hard(), np.repeat(rows, each), chosen.reshape(-1, 1))
    else:
        counts = (found.votes[rows][..., None] == np.arange(found.classes)).sum(1)
        most = int(counts.sum(1).max())
        batch = _batch(Votes(answers_per_item=most), rows, counts)
        if name == "soft":
            batch = _batch(Soft(grid=PARTS), rows, _parts(found.human[rows], PARTS))
    others = np.setdiff1d(found.pool, rows)[:PROBED]
    test = found.test[:PROBED]
    people_say = found.human[test]

    def measure(progress: Progress) -> dict[str, float]:
        z = progress.transform(found.features[np.r_[others, test]])
        train, tested = z[: len(others)], z[len(others) :]
        gold, right = found.gold[others], found.gold[test]
        return {
            "probe": linear_probe(train, gold, tested, right),
            "few shots": few_shots(train, gold, tested, right, SHOTS, seed=0),
            "alignment with people": distance_alignment(tested, people_say),
            "effective dimension": effective_dimension(tested),
        }

    return Lesson(batch, found.features, (HIDDEN,), found.classes, measure)


def _parts(shares: np.ndarray, parts: int) -> np.ndarray:
    """Shares (n, K) as whole parts that sum to `parts`: the largest remainders are rounded up."""
    exact = shares * parts
    whole = np.floor(exact).astype(int)
    left = parts - whole.sum(1)
    order = np.argsort(whole - exact, axis=1, kind="stable")
    rank = np.argsort(order, axis=1, kind="stable")
    return whole + (rank < left[:, None])


def _shoes(features: str, folder: Path, size: CrowdSize, seed: int) -> Lesson:
    """Triplets about shoes: a fifth of the shoes is new when the encoder is judged."""
    table = pl.read_parquet(folder / SHOES[0])
    (x,) = arrays(folder / SHOES[1], "features")
    items = table.select("head", "winner", "loser").to_numpy().astype(np.int32)
    rng = np.random.default_rng(seed)
    new = rng.permutation(len(x)) < round(NEW * len(x))
    known = np.flatnonzero(~new[items].any(1))
    asked = items[rng.permutation(known)[: size.encoder_answers]]
    # The chosen one always comes first in the file: sides are drawn anew.
    side = rng.integers(2, size=len(asked))
    shown = np.where(side[:, None] == 0, asked, asked[:, [0, 2, 1]])
    tested = items[np.flatnonzero(new[items[:, 0]])]
    hidden = (HIDDEN,) if features == "network" else ()
    return Lesson(
        _batch(Triplet(), shown, side[:, None]), x.astype(np.float32), hidden, None,
        _judge(x, tested, ((0, 1), (0, 2)), NEW_SHOES),
    )  # fmt: skip


def _shapes(features: str, folder: Path, seed: int) -> Lesson:
    """Which of two pairs of shapes is more alike: features that are the names' embeddings, or one
    column a shape, which lets every position be learned freely."""
    table = pl.read_parquet(folder / SHAPES[0])
    names, embedded = arrays(folder / SHAPES[1], "names", "name_embeddings")
    x = np.eye(len(names)) if features == "free" else embedded.astype(float)
    items = table.select("left1", "left2", "right1", "right2").to_numpy().astype(np.int32)
    answer = table["answer"].to_numpy().astype(int)
    question = table["question"].to_numpy().astype(int)
    numbers = np.random.default_rng(seed).permutation(question.max() + 1)
    new = numbers[question] < round(NEW * (question.max() + 1))
    chosen = np.where(answer[:, None] == 0, items, items[:, [2, 3, 0, 1]])
    return Lesson(
        _batch(Quadruplet(), items[~new], answer[~new, None]), x, (), None,
        _judge(x, chosen[new], ((0, 1), (2, 3)), NEW_QUESTIONS),
    )  # fmt: skip


def _judge(
    x: np.ndarray, tested: np.ndarray, pairs: tuple[tuple[int, int], tuple[int, int]], what: str
) -> Measure:
    """Share of answers that distances foretell; `tested` (n, arity) with the chosen pair first."""
    (a, b), (c, d) = pairs

    def measure(progress: Progress) -> dict[str, float]:
        z = progress.transform(x)
        near, far = (((z[tested[:, i]] - z[tested[:, j]]) ** 2).sum(1) for i, j in ((a, b), (c, d)))
        return {
            what: float(np.mean((near < far) + 0.5 * (near == far))),
            "held-out bits of comparisons": progress.held_out_bits,
        }

    return measure


def _batch(
    signal: Hard | Quadruplet | Soft | Triplet | Votes, items: np.ndarray, answer: np.ndarray
) -> Batch:
    items = np.asarray(items).reshape(len(answer), -1)
    n = len(items)
    return Batch(signal, items, answer, np.zeros(n, np.int32), np.ones(n, np.float32))
