"""What a learned space says of answers that it was not fitted to, answer by answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, Protocol

import numpy as np

from labelbits.interface import Answers, Batch
from labelbits.recovery.embedding import SignalEmbedding
from labelbits.recovery.fitted import inference
from labelbits.recovery.held_out.folds import questions_of, splits, take
from labelbits.signals.encoding import encode


class Space(Protocol):
    """What held-out measures ask of a learned space: `embedding_` (items, dims), the names of the
    `signals_` it was learned from, and the probabilities that it gives their answers."""

    embedding_: np.ndarray
    signals_: list[str]

    def predict_proba(self, X: Any) -> Any:
        """`Answers`: {signal: P (n, outcomes)} in the order of `Signal.enumerate`."""
        ...


#: Anything that learns a space from answers.
Learn = Callable[[Answers], Space]


@dataclass(frozen=True)
class Predictions:
    """One row an answer that was predicted.

    `row` of the answers' table and `question` number (`questions_of`); `right`: 1 where the answer
    is the most probable one, shared between ties; `bits`: log2 of the answer's probability;
    `outcomes`: how many answers there were to choose from; `most`: the probability of the most
    probable one, which is how often `right` should be 1. NaN where the space gives no probability.
    """

    row: np.ndarray
    question: np.ndarray
    right: np.ndarray
    bits: np.ndarray
    outcomes: np.ndarray
    most: np.ndarray

    def __len__(self) -> int:
        return len(self.row)


def predict(embedding: Space, answers: Answers, question: np.ndarray | None = None) -> Predictions:
    """`Predictions` of the answers that can be listed; `question` (n,) are their questions.

    A comparison of a kind that was not fitted is predicted from distances alone (the nearest pair
    is chosen); its probability is then unknown.
    """
    question = questions_of(answers) if question is None else question
    names = answers.table["signal"].to_numpy()
    fitted = set(embedding.signals_)
    parts = []
    for batch in encode(answers, dims=embedding.embedding_.shape[1]):
        rows = np.flatnonzero(names == batch.signal.name)
        if batch.signal.name in fitted:
            table = embedding.predict_proba(take(answers, rows)).get(batch.signal.name)
            found = None if table is None else _of_table(table, batch, len(answers.classes))
        else:
            found = _of_distances(np.asarray(embedding.embedding_, dtype=np.float64), batch)
        if found is not None:
            parts.append(Predictions(rows, question[rows], *found))
    return joined(parts)


def predict_held_out(
    answers: Answers, learn: Learn, *, folds: int = 5, by: Literal["question", "item"] = "question",
    seed: int = 0, tell: Callable[[float], None] = lambda done: None,
) -> Predictions:  # fmt: skip
    """Every answer as predicted by a space that was learned without its question (or item).

    `learn` is called `folds` times, on the rest of the answers. By item it has to place items it
    has no answer of, so that features are needed.
    """
    question, found = questions_of(answers), []
    for number, (fit, test) in enumerate(splits(answers, folds, by, seed)):
        learned = predict(learn(take(answers, fit)), take(answers, test), question[test])
        values = {f.name: getattr(learned, f.name) for f in fields(Predictions)}
        found.append(Predictions(**{**values, "row": test[learned.row]}))
        tell((number + 1) / folds)
    return joined(found)


def joined(parts: Sequence[Predictions]) -> Predictions:
    """Several predictions as one."""
    if not parts:
        return Predictions(*(np.zeros(0, int),) * 2, *(np.zeros(0),) * 4)
    columns = [np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Predictions)]
    return Predictions(*columns)


def by_draws(embedding: SignalEmbedding, batch: Batch) -> np.ndarray | None:
    """(n, outcomes) P of every answer to the batch's questions, averaged over the draws of the fit;
    None where it keeps none, so that its mode says the same."""
    fitted = embedding._fitted
    return inference.probabilities_of(fitted, batch) if fitted.draws else None


def _of_table(table: np.ndarray, batch: Batch, classes: int) -> tuple[np.ndarray, ...] | None:
    """(right, bits, outcomes, most) from the probabilities (n, outcomes) of every answer."""
    signal, given = batch.signal, batch.answer
    if given.shape[1] == 1:
        place = given[:, 0].astype(np.int64)
    elif signal.questions(max(classes, 2)) > 1 and given.shape[1] == 2:
        place = given[:, 1].astype(np.int64)  # the first number of the code is what was asked
    else:
        every = signal.enumerate(max(classes, 2))
        number = {tuple(code): i for i, code in enumerate(every.tolist())}
        place = np.array([number[tuple(code)] for code in given.astype(np.int64).tolist()])
    top = table.max(1)
    ties = table >= top[:, None] * (1 - 1e-6)
    own = table[np.arange(len(table)), place]
    right = ties[np.arange(len(table)), place] / ties.sum(1)
    outcomes = np.full(len(table), float(table.shape[1]))
    return right, np.log2(np.maximum(own, 1e-12)), outcomes, top


def _of_distances(points: np.ndarray, batch: Batch) -> tuple[np.ndarray, ...] | None:
    """The same from positions (items, dims) alone, for signals that choose among pairs."""
    pairs = getattr(batch.signal, "pairs", None)
    outcomes = batch.signal.outcomes(2)
    if pairs is None or batch.signal.uses_classes or len(pairs) < 2 or len(pairs) != outcomes:
        return None
    d2 = np.stack(
        [np.sum((points[batch.items[:, a]] - points[batch.items[:, b]]) ** 2, 1) for a, b in pairs],
        axis=1,
    )
    nearest = d2 <= d2.min(1, keepdims=True)
    place = batch.answer[:, 0].astype(np.int64)
    right = nearest[np.arange(len(d2)), place] / nearest.sum(1)
    unknown = np.full(len(d2), math.nan)
    return right, unknown, np.full(len(d2), float(outcomes)), unknown
