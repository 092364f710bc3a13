"""Which answers are held out together: all answers to one question, or all about one item."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from labelbits.errors import InputError
from labelbits.interface import Answers
from labelbits.signals.encoding import encode
from labelbits.signals.questions import keys

#: (rows to fit, rows to test), numbers of rows of the table.
Split = tuple[np.ndarray, np.ndarray]


def take(answers: Answers, rows: np.ndarray) -> Answers:
    """The answers in these rows; items, classes and annotators keep their numbers."""
    return replace(answers, table=answers.table[np.asarray(rows)], rejected=None)


def questions_of(answers: Answers) -> np.ndarray:
    """(n,) the number of each row's question, from 0, in order of first appearance of signals.

    The same items in places that do not matter (the two candidates of a triplet, mirrored) are the
    same question; different signals never share one.
    """
    question = np.full(len(answers), -1, dtype=np.int64)
    names = answers.table["signal"].to_numpy()
    first = 0
    for batch in encode(answers):
        rows = np.flatnonzero(names == batch.signal.name)
        own = keys(batch, answers.table[rows])[0]
        question[rows] = first + own
        first += int(own.max()) + 1
    return question


def splits(
    answers: Answers, folds: int = 5, by: Literal["question", "item"] = "question", seed: int = 0
) -> list[Split]:
    """`folds` splits into (rows to fit, rows to test) of the table.

    By question: every answer is tested once, and no question that is tested is fitted. By item:
    the items are dealt out; what is tested shows an item of the fold, what is fitted shows none
    (an answer about items of two folds is tested in both). Raises `InputError` for fewer questions
    or items than folds.
    """
    generator = np.random.default_rng([seed, 21])
    if by == "question":
        question = questions_of(answers)
        groups = np.unique(question[question >= 0])
        _check(len(groups), folds, "questions")
        fold = np.full(int(groups.max(initial=0)) + 1, -1)
        fold[generator.permutation(groups)] = np.arange(len(groups)) % folds
        own = np.where(question >= 0, fold[question], -1)
        return [(np.flatnonzero((own >= 0) & (own != f)), np.flatnonzero(own == f))
                for f in range(folds)]  # fmt: skip
    if by != "item":
        raise InputError(f"by is {by!r}; expected 'question' or 'item'")
    import polars as pl

    number = {name: i for i, name in enumerate(answers.items)}
    _check(len(number), folds, "items")
    fold = generator.permutation(len(number)) % folds
    shown = answers.table.select(
        pl.col("items").list.eval(pl.element().replace_strict(number, return_dtype=pl.Int64))
    )["items"]
    lengths = shown.list.len().to_numpy()
    flat, row = shown.explode().to_numpy(), np.repeat(np.arange(len(answers)), lengths)
    found = []
    for f in range(folds):
        touched = np.zeros(len(answers), dtype=bool)
        touched[row[fold[flat] == f]] = True
        found.append((np.flatnonzero(~touched), np.flatnonzero(touched)))
    return found


def _check(groups: int, folds: int, what: str) -> None:
    if folds < 2 or groups < folds:
        raise InputError(
            f"{groups} different {what} cannot be dealt into {folds} folds; expected at least two "
            f"folds and as many {what}"
        )
