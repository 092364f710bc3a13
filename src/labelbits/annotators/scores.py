"""How near an answer is to the other people's answers to the same question.

For choices (classes, comparisons, rankings) the share of the others with the same answer, for
ratings and numbers minus the root mean square difference from the others, for probabilities one
minus the mean total variation 1/2 sum |p - q|.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from labelbits.annotators.reports import named, reports, states_classes
from labelbits.interface import Batch
from labelbits.signals.encoding import PREFERENCE

#: What a score of each kind is.
NAMES = {
    "choice": "share of the others with the same answer",
    "number": "minus the root mean square difference from the others",
    "probabilities": "1 - total variation from the others",
}


class Scores:
    """Scores of a person's answers and of a model's against the same others, row by row."""

    def __init__(
        self,
        batch: Batch,
        rows: pl.DataFrame,
        classes: tuple[str, ...],
        question: np.ndarray,
        answer: np.ndarray,
        truth: np.ndarray,
    ) -> None:
        kind = type(batch.signal)
        self.question, self.answer = question, answer
        self.truth = np.full(len(rows), -1)
        self.report, self.top = np.empty((len(rows), 0)), np.full(len(rows), -1)
        self.kind = "choice"
        if kind.form in ("rating", "number"):
            self.kind = "number"
            self.answer = batch.answer[:, 0].astype(float)
        elif states_classes(kind):
            self.report, self.top = reports(rows["answer"], classes, kind)
            self.truth = truth[batch.items[:, 0]]
            self.kind = "probabilities" if kind.form == "numbers" else "choice"
        self.name = NAMES[self.kind]

    @classmethod
    def of_kept(
        cls, name: str, rows: pl.DataFrame, question: np.ndarray, answer: np.ndarray
    ) -> Scores:
        """Scores of answers that no signal models: preferences (a tie is an answer), numbers."""
        own = cls.__new__(cls)
        own.question, own.answer = question, answer
        own.truth = own.top = np.full(len(rows), -1)
        own.report = np.empty((len(rows), 0))
        own.kind = "choice" if name == PREFERENCE else "number"
        if own.kind == "number":
            own.answer = rows["answer"].cast(pl.Float64).to_numpy()
        own.name = NAMES[own.kind]
        return own

    def against_gold(self, row: np.ndarray, model: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """1 where right, of person rows (n,) and of the model's rows (n,) to the same items; a
        share of it where several classes are named as equally probable."""
        truth = self.truth[row]
        return self._right(row, truth), self._right(model, truth)

    def _right(self, rows: np.ndarray, truth: np.ndarray) -> np.ndarray:
        place, said, part = named(self.report[rows], self.top[rows])
        return np.bincount(place, part * (said == truth[place]), minlength=len(rows))

    def against_others(self, row: np.ndarray, model: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scores of person rows (n,), all answers of people, and of the model's rows (n,)."""
        _, q, size = np.unique(self.question[row], return_inverse=True, return_counts=True)
        others = size[q] - 1
        if self.kind == "number":
            value, guess = self.answer[row], self.answer[model]
            middle = (np.bincount(q, value) / size)[q]  # sums of squares round a mean keep digits
            value, guess = value - middle, guess - middle
            total, square = np.bincount(q, value)[q] - value, np.bincount(q, value**2)[q] - value**2

            def near(x: np.ndarray) -> np.ndarray:
                return -np.sqrt(np.maximum(x**2 - 2 * x * total / others + square / others, 0.0))

            return near(value), near(guess)
        if self.kind == "probabilities":
            return self._probabilities(row, model, q)
        width = int(self.answer.max()) + 1
        said, guess = (q * width + self.answer[r] for r in (row, model))
        cells, counts = np.unique(said, return_counts=True)

        def named(cell: np.ndarray) -> np.ndarray:
            place = np.minimum(np.searchsorted(cells, cell), len(cells) - 1)
            return np.where(cells[place] == cell, counts[place], 0)

        return (named(said) - 1) / others, (named(guess) - (said == guess)) / others

    def _probabilities(
        self, row: np.ndarray, model: np.ndarray, q: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        person, guess = np.empty(len(row)), np.empty(len(row))
        order = np.argsort(q, kind="stable")
        for group in np.split(order, np.flatnonzero(np.diff(q[order])) + 1):
            said = self.report[row[group]]
            apart = 0.5 * np.abs(said[:, None] - said[None]).sum(2)
            beside = 0.5 * np.abs(said - self.report[model[group[0]]]).sum(1)
            others = len(group) - 1
            person[group] = 1 - apart.sum(1) / others
            guess[group] = 1 - (beside.sum() - beside) / others
        return person, guess
