"""What can be bought about an image: kinds of labels, answered by real people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from labelbits.interface import Batch
from labelbits.learning.curves.training_sets import Draw
from labelbits.signals import Hard, Soft, Votes
from labelbits.sweeps.analyses.crowd.people import HARD_SECONDS, People

#: Money for an hour of an annotator's time: what plans assume too.
WAGE = 12.0
#: Votes of an image that "votes" buys.
FEW_VOTES = 3


@dataclass(frozen=True)
class Purchase:
    """One kind of label: `draw` of an image's answers, how many `labels` people give for an image
    and the mean `seconds` that all of them take."""

    draw: Draw
    labels: float
    seconds: float

    @property
    def price(self) -> float:
        """USD an image."""
        return self.seconds * WAGE / 3600


def purchase(name: str, people: People) -> Purchase:
    """The purchase of that name.

    hard: one random vote of CIFAR-10H; votes: three; soft: all of them as a distribution;
    sparse-soft: the two classes that most of them name, with their shares, and what is left over
    spread evenly; mode: the class that
    most of them name, as a hard label; smoothed mode: the mode with as much mass elsewhere, evenly,
    as people give other classes on average; report: one random report of CIFAR-10S; reports: all
    that the image has.
    """
    every = float((people.votes >= 0).sum(1).mean())
    if name in ("report", "reports"):
        each = len(people.reports) / len(people.reported) if name == "reports" else 1.0
        draw = _reports(people, every=name == "reports")
        return Purchase(draw, each, each * people.report_seconds)
    labels = {"hard": 1.0, "votes": float(FEW_VOTES)}.get(name, every)
    return Purchase(_DRAWS[name](people), labels, labels * HARD_SECONDS)


def _batch(signal: Hard | Soft | Votes, rows: np.ndarray, answer: np.ndarray) -> Batch:
    n = len(rows)
    return Batch(
        signal, np.asarray(rows)[:, None], answer, np.zeros(n, int), np.ones(n, np.float32)
    )  # fmt: skip


def _some_votes(people: People, rng: np.random.Generator, rows: np.ndarray, m: int) -> np.ndarray:
    """m votes (rows, m) of each image without replacement, the missing last."""
    votes = people.votes[rows]
    key = rng.random(votes.shape) + (votes < 0)
    return np.take_along_axis(votes, np.argsort(key, axis=1)[:, :m], axis=1)


def _hard(people: People) -> Draw:
    return lambda rng, rows: [_batch(Hard(), rows, _some_votes(people, rng, rows, 1))]


def _votes(people: People) -> Draw:
    def draw(rng: np.random.Generator, rows: np.ndarray) -> Sequence[Batch]:
        chosen = _some_votes(people, rng, rows, FEW_VOTES)
        counts = (chosen[..., None] == np.arange(people.classes)).sum(1)
        return [_batch(Votes(answers_per_item=FEW_VOTES), rows, counts)]

    return draw


def _soft(people: People) -> Draw:
    return lambda rng, rows: [_batch(Soft(), rows, people.human[rows])]


def _two_classes(people: People) -> Draw:
    """Shares of many votes are known, so what two classes leave over is what the others got; a
    single person's report is completed otherwise (`Signal.states`)."""

    def draw(rng: np.random.Generator, rows: np.ndarray) -> Sequence[Batch]:
        share = people.human[rows]
        second = np.sort(share, axis=1)[:, -2:-1]
        order = np.argsort(-share, axis=1, kind="stable")
        named = np.zeros(share.shape, bool)
        np.put_along_axis(named, order[:, :2], True, axis=1)
        named &= share >= np.maximum(second, 1e-12)
        kept = np.where(named, share, 0)
        rest = 1 - kept.sum(1, keepdims=True)
        return [_batch(Soft(), rows, kept + rest * ~named / (~named).sum(1, keepdims=True))]

    return draw


def _modes(people: People, rng: np.random.Generator, rows: np.ndarray) -> np.ndarray:
    """The class that most people name (n,), ties by lot."""
    share = people.human[rows]
    return (share + 1e-6 * rng.random(share.shape)).argmax(1)


def _mode(people: People) -> Draw:
    return lambda rng, rows: [_batch(Hard(), rows, _modes(people, rng, rows)[:, None])]


def _smoothed(people: People) -> Draw:
    other = float(1 - people.human[people.pool].max(1).mean())

    def draw(rng: np.random.Generator, rows: np.ndarray) -> Sequence[Batch]:
        one = np.eye(people.classes)[_modes(people, rng, rows)]
        return [_batch(Soft(), rows, (1 - other) * one + other * (1 - one) / (people.classes - 1))]

    return draw


def _reports(people: People, every: bool) -> Draw:
    reports = people.reports
    order = np.argsort(np.asarray(reports.items)[:, 0], kind="stable")
    image = np.asarray(reports.items)[order, 0]

    def draw(rng: np.random.Generator, rows: np.ndarray) -> Sequence[Batch]:
        first, last = (np.searchsorted(image, rows, side) for side in ("left", "right"))
        if every:
            return [reports.take(order[np.isin(image, rows)])]
        # One uniform number for each image keeps nested purchases nested.
        one = first + (rng.random(len(rows)) * (last - first)).astype(int)
        return [reports.take(order[one])]

    return draw


_DRAWS: dict[str, Callable[[People], Draw]] = {
    "hard": _hard, "votes": _votes, "soft": _soft, "sparse-soft": _two_classes, "mode": _mode,
    "smoothed mode": _smoothed,
}  # fmt: skip
