"""Data sets for validating forecasts: real answers, and real features with simulated annotators."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from labelbits import signals
from labelbits.interface import Batch

Draw = Callable[[np.random.Generator, np.ndarray], Sequence[Batch]]


@dataclass(frozen=True)
class Options:
    """Features, the answers that can be bought about them, and what they are tested against.

    `votes` (items, V) holds class numbers in no particular order, -1 where an item has fewer than
    V votes; `human` (items, K) is the distribution of all votes; `gold` (items,).
    """

    name: str
    features: np.ndarray
    votes: np.ndarray
    human: np.ndarray
    gold: np.ndarray

    @property
    def classes(self) -> int:
        """K."""
        return self.human.shape[1]

    def reference(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Cross-entropy is tested against the human distribution, the others against gold."""
        gold = np.eye(self.classes)[self.gold[rows]]
        right = dict.fromkeys(("accuracy", "balanced-accuracy", "macro-f1"), gold)
        return {**right, "cross-entropy": self.human[rows]}

    def draw(self, option: str) -> Draw:
        """ "1", "3", "10" votes of each item, without replacement, or the "full" distribution."""
        if option == "full":
            soft = signals.Soft()
            return lambda rng, rows: [_batch(soft, rows, self.human[rows])]
        m = int(option)
        signal = signals.Votes(answers_per_item=m)

        def draw(rng: np.random.Generator, rows: np.ndarray) -> Sequence[Batch]:
            votes = self.votes[rows]
            # Random order with the missing last; the first m of it for every m: nested votes.
            key = rng.random(votes.shape) + (votes < 0)
            chosen = np.take_along_axis(votes, np.argsort(key, axis=1)[:, :m], axis=1)
            return [_batch(signal, rows, (chosen[..., None] == np.arange(self.classes)).sum(1))]

        return draw


def _batch(signal: signals.Soft | signals.Votes, rows: np.ndarray, answer: np.ndarray) -> Batch:
    n = len(rows)
    return Batch(signal, np.asarray(rows)[:, None], answer, np.zeros(n, int), np.ones(n))


def data_folder() -> Path:
    """Where the real answers lie: $LABELBITS_DATA, or ../shared/data beside the project."""
    for place in (os.environ.get("LABELBITS_DATA"), Path(__file__).parents[2] / "shared" / "data"):
        if place and (Path(place) / "facts.json").is_file():
            return Path(place)
    raise SystemExit("no real answers: set LABELBITS_DATA to the folder that holds facts.json")


def cifar10h() -> Options:
    """CIFAR-10H: 10,000 images, 47 to 63 human votes each, features of a pretrained network."""
    folder = data_folder()
    features = np.load(folder / "cifar10_test_features.npz")["features"].astype(np.float32)
    file = np.load(folder / "cifar10h_counts.npz")
    counts = file["counts"].astype(int)
    votes = np.full((len(counts), counts.sum(1).max()), -1)
    for row, count in enumerate(counts):
        votes[row, : count.sum()] = np.repeat(np.arange(10), count)
    human = counts / counts.sum(1, keepdims=True)
    return Options("cifar10h", features, votes, human, file["true_label"].astype(int))


def simulated(
    name: str, features: np.ndarray, gold: np.ndarray, noise: float, seed: int, votes: int = 50
) -> Options:
    """Real (or synthetic) features and classes with simulated annotators.

    An item's annotators choose its class with probability 1 - e and a confusable class (the same
    for all items of a class, plus some of its own) with e; e has mean `noise` and differs between
    items (Beta), as in human data where most items are easy.
    """
    rng = np.random.default_rng(seed)
    gold = np.unique(gold, return_inverse=True)[1]
    n, k = len(gold), int(gold.max()) + 1
    error = np.minimum(rng.beta(0.5, 0.5 * (1 - noise) / noise, size=n), 0.95)
    confusable = rng.dirichlet(np.full(k, 0.3), size=k) + 1e-3
    np.fill_diagonal(confusable, 0)
    own = confusable[gold] * rng.gamma(0.5, size=(n, k)) + 1e-9
    own[np.arange(n), gold] = 0
    truth = error[:, None] * own / own.sum(1, keepdims=True)
    truth[np.arange(n), gold] = 1 - error
    cumulative = truth.cumsum(1)
    cumulative[:, -1] = 1
    drawn = (rng.random((n, votes, 1)) > cumulative[:, None]).sum(2)
    human = (drawn[..., None] == np.arange(k)).mean(1)
    return Options(name, features.astype(np.float32), drawn, human, gold)
