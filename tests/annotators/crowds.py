"""Crowds that no channel of the product describes, with the share of their answers at random."""

from __future__ import annotations

import numpy as np

from labelbits.interface import Batch
from labelbits.signals import make

K = 5
KINDS = ("even", "pair", "difficulty", "two kinds")


def crowd(
    kind: str, items: int, people: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, float]:
    """(answers (items, people), true classes (items,), share of answers drawn at random).

    `even`: all mistakes are random answers; `pair`: two classes are mistaken for each other;
    `difficulty`: each item has a wrong class of its own and a chance to be taken for it;
    `two kinds`: two of ten people answer at random.
    """
    truth = rng.integers(0, K, items)
    said = np.repeat(truth[:, None], people, axis=1)
    lapse = np.full(said.shape, 0.3 if kind == "even" else 0.1)
    if kind == "pair":
        said = np.where((said < 2) & (rng.random(said.shape) < 0.3), 1 - said, said)
    elif kind == "difficulty":
        other = ((truth + rng.integers(1, K, items)) % K)[:, None]
        said = np.where(rng.random(said.shape) < rng.beta(0.5, 2, items)[:, None], other, said)
    elif kind == "two kinds":
        who = np.array([rng.permutation(10)[:people] for _ in range(items)])
        lapse = np.where(who < 2, 1.0, 0.05)
    at_random = rng.random(said.shape) < lapse
    return np.where(at_random, rng.integers(0, K, said.shape), said), truth, float(lapse.mean())


def as_batch(said: np.ndarray) -> Batch:
    """Hard labels (items, people) as a batch of the answers table."""
    items, people = said.shape
    item = np.repeat(np.arange(items, dtype=np.int32), people)[:, None]
    who = np.tile(np.arange(people, dtype=np.int32), items)
    answer = said.reshape(-1, 1).astype(np.int32)
    return Batch(make("hard", 4, K), item, answer, who, np.ones(len(item), np.float32))


def right_in(share: float, items: int = 200, people: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """(answers, true classes): exactly `share` right, mistakes evenly over the other classes."""
    rng = np.random.default_rng(0)
    truth = np.arange(items) % K
    wrong = rng.permutation(items * people) >= round(share * items * people)
    step = np.zeros(items * people, int)
    step[wrong] = rng.permutation(1 + np.arange(wrong.sum()) % (K - 1))
    return (truth[:, None] + step.reshape(items, people)) % K, truth
