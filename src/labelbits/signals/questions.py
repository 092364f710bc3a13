"""Which answers are to the same question, whether they say the same, and which are repeats.

Two triplets are one question when they show the same items in other places, and they agree when
they choose the same item: so questions and answers get keys that do not depend on places. An answer
to a question that the same annotator has answered before is a repeat: it tells how steady they are,
and is never counted as another person's. Where two things are compared for one prompt after another
(column `group`), each prompt is a question of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from labelbits.interface import NOBODY, Answers, Batch
from labelbits.signals import Votes
from labelbits.signals.encoding import PREFERENCE, encode

if TYPE_CHECKING:
    import polars as pl


def keys(batch: Batch, rows: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """(question (n,), answer (n,)) as whole numbers; equal numbers are the same thing.

    `rows` are the table rows of the batch, in its order.
    """
    question, as_one = _questions(batch, rows)
    if as_one is None or as_one.shape[1] < 2 or batch.answer.shape[1] != 1:
        return question, _rows(batch.answer)
    # The answer picks one of the pairs: its place among the sorted pairs is what was chosen.
    place = np.argsort(np.argsort(as_one, axis=1), axis=1)
    return question, np.take_along_axis(place, batch.answer.astype(np.int64), axis=1)[:, 0]


def places(batch: Batch) -> int:
    """How many of the things shown an answer of `keys` may pick; 0 where answers are others."""
    pairs = len(getattr(batch.signal, "pairs", None) or ())
    return pairs if pairs > 1 and batch.answer.shape[1] == 1 else 0


def kept_keys(name: str, rows: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """`keys` of answers that no signal models: preferences and numbers on a scale.

    A preference is one question whichever side an item stood on, and says that the first item by
    name won (0), the other (1), or neither (2, a tie).
    """
    import polars as pl

    items, answer = rows["items"], rows["answer"]
    if name == PREFERENCE:
        turned = (items.list.get(0) > items.list.get(1)).to_numpy()
        won = answer.replace_strict({"0": 0, "1": 1}, default=2, return_dtype=pl.Int64).to_numpy()
        answer = np.where(turned & (won < 2), 1 - won, won)
        items = items.list.sort()
    asked = items.list.join("\x1f")
    if "group" in rows.columns:
        asked = asked + "\x1e" + rows["group"].fill_null("")
    number = answer if isinstance(answer, np.ndarray) else _number(answer.to_numpy())
    return _number(asked.to_numpy()), number


def question_of(batch: Batch) -> np.ndarray:
    """(n,) whole numbers: equal ones are the same question, told by the items alone.

    Questions that name classes (`verify`) count as one where they show the same items.
    """
    return _questions(batch, None)[0]


def _questions(batch: Batch, rows: pl.DataFrame | None) -> tuple[np.ndarray, np.ndarray | None]:
    """(question (n,), number of each pair of items that it compares (n, pairs), if any)."""
    pairs = getattr(batch.signal, "pairs", None)
    if pairs is None:
        question = np.sort(batch.items, axis=1) if batch.signal.arity == 2 else batch.items
        parts, asked = [question], None
        if rows is not None and "classes" in rows.columns:
            asked = rows["classes"].list.join("\x1f")
        if asked is not None and asked.null_count() < len(asked):
            parts.append(_number(asked.fill_null("").to_numpy())[:, None])
        return _rows(np.concatenate(parts, axis=1)), None
    # Pairs of items that the question compares, each pair in the order of the item numbers.
    named = np.stack([np.sort(batch.items[:, list(pair)], axis=1) for pair in pairs], axis=1)
    as_one = _rows(named.reshape(-1, 2)).reshape(len(batch), len(pairs))
    asked = np.sort(as_one, axis=1)
    if rows is not None and "group" in rows.columns:
        prompt = _number(rows["group"].fill_null("").to_numpy())
        asked = np.concatenate([asked, prompt[:, None]], axis=1)
    return _rows(asked), as_one


def _rows(array: np.ndarray) -> np.ndarray:
    """A number for each row, the same for equal rows."""
    if array.dtype.kind in "iu" and array.size and array.min() >= 0:
        sizes = array.max(axis=0).astype(np.int64) + 1
        if np.log2(sizes.astype(float)).sum() < 62:  # one whole number says all of the row
            columns = tuple(array.T.astype(np.int64))
            array = np.asarray(np.ravel_multi_index(columns, tuple(sizes)))
    axis = 0 if array.ndim > 1 else None
    return np.unique(array, axis=axis, return_inverse=True)[1].reshape(-1)


def _number(values: np.ndarray) -> np.ndarray:
    return np.unique(values, return_inverse=True)[1].reshape(-1)


def first_showings(batch: Batch, rows: pl.DataFrame) -> np.ndarray:
    """(n,) true where an annotator answers a question for the first time.

    The column `repeat` decides where it says; elsewhere an answer to a question that the same
    annotator has answered in an earlier row is a repeat. Where nobody says who answered, and in
    counts of votes, only marked rows are. `rows` are the table rows of the batch, in its order.
    """
    question = None if isinstance(batch.signal, Votes) else _questions(batch, rows)[0]
    return first_of(question, batch.annotator, rows)


def first_of(question: np.ndarray | None, annotator: np.ndarray, rows: pl.DataFrame) -> np.ndarray:
    """`first_showings` where the questions (n,) are known; None: only marked rows are repeats."""
    said = np.zeros(len(rows), dtype=bool)
    marked = said
    if "repeat" in rows.columns:
        said = rows["repeat"].is_not_null().to_numpy()
        marked = rows["repeat"].fill_null(False).to_numpy()
    if question is None or said.all():
        return ~marked
    pair = _rows(np.stack([question, annotator], axis=1))
    order = np.flatnonzero(~marked)
    first = np.zeros(len(rows), dtype=bool)
    first[order[np.unique(pair[order], return_index=True)[1]]] = True
    known = said | (rows["annotator"] == NOBODY).to_numpy()
    return np.where(known, ~marked, first)


def without_repeats(answers: Answers) -> Answers:
    """The answers without those to a question that the same annotator had answered already."""
    table = answers.table
    kept = np.ones(len(table), dtype=bool)
    names = table["signal"].to_numpy()
    for batch in encode(answers) if len(table) else ():
        place = np.flatnonzero(names == batch.signal.name)
        kept[place] = first_showings(batch, table[place])
    if kept.all():
        return answers
    return replace(answers, table=table.filter(kept))


def only_asked(answers: Answers) -> Answers:
    """The answers, with the items that they ask about alone, in the same order."""
    named = set(answers.table["items"].explode(empty_as_null=False).to_list())
    if len(named) == len(answers.items):
        return answers
    return replace(answers, items=tuple(item for item in answers.items if item in named))
