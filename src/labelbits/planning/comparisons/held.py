"""What a pilot of comparisons holds: its answers as arrays, who gave them, what is tested on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from labelbits.interface import Answers, Batch
from labelbits.recovery.held_out import questions_of
from labelbits.recovery.held_out.folds import take
from labelbits.signals import signal_class
from labelbits.signals.encoding import encode

#: A source of answers: (kind of question, language model or "" for people).
Source = tuple[str, str]


@dataclass(frozen=True)
class Held:
    """Answers of a pilot that a space can be learned from.

    `answers` (n rows), `question` (n,) their questions, `kind` (n,) signals and `model` (n,) the
    language model that answered ("" a person); `features` (items, columns) in the order of
    `answers.items`, or None; `classes` (items,) class numbers, -1 unknown.
    """

    answers: Answers
    question: np.ndarray
    kind: np.ndarray
    model: np.ndarray
    features: np.ndarray | None
    classes: np.ndarray

    def __len__(self) -> int:
        return len(self.question)

    @property
    def items(self) -> int:
        return len(self.answers.items)

    def sources(self) -> list[Source]:
        """Who was asked what, in order of appearance."""
        return list(dict.fromkeys(zip(self.kind.tolist(), self.model.tolist(), strict=True)))

    def rows(self, source: Source) -> np.ndarray:
        """Rows of a source."""
        return np.flatnonzero((self.kind == source[0]) & (self.model == source[1]))

    @property
    def tested(self) -> np.ndarray:
        """Rows that spaces are tested on: people's comparisons that choose among pairs of items,
        or other comparisons where there are none of those."""
        people = self.model == ""
        compares = np.array([not signal_class(k).uses_classes for k in self.kind], dtype=bool)
        chooses = compares & np.array([chooses_pairs(k) for k in self.kind], dtype=bool)
        rows = np.flatnonzero(people & chooses)
        return rows if len(rows) else np.flatnonzero(people & compares)

    def part(self, rows: np.ndarray) -> Answers:
        """The answers in these rows."""
        return take(self.answers, rows)

    def batches(self, rows: np.ndarray) -> list[Batch]:
        """The answers in these rows as arrays."""
        return encode(self.part(rows)) if len(rows) else []


def chooses_pairs(kind: str) -> bool:
    """Does an answer of this kind say which of a few pairs of items is the nearest?"""
    signal = signal_class(kind).for_world(2, 2)
    pairs = getattr(signal, "pairs", ())
    return not signal.uses_classes and len(pairs) > 1 and len(pairs) == signal.outcomes(2)


def held_answers(
    people: Answers, models: dict[str, Answers], features: np.ndarray | None, classes: np.ndarray
) -> Held:
    """The answers of people and language models, one table; items keep their numbers."""
    tables = [people.table, *(own.table for own in models.values())]
    model = np.concatenate(
        [np.full(len(table), name) for table, name in zip(tables, ["", *models], strict=True)]
    )
    columns = [c for c in tables[0].columns if all(c in table.columns for table in tables)]
    table = pl.concat([one.select(columns) for one in tables])
    answers = replace(people, table=table, rejected=None)
    kind = table["signal"].to_numpy().astype(str)
    return Held(answers, questions_of(answers), kind, model.astype(str), features, classes)
