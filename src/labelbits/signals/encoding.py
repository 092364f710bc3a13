"""From the answers table to arrays: one batch of codes a signal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from labelbits.errors import InputError, near_name
from labelbits.interface import Answers, Batch, Signal
from labelbits.signals import REGISTRY, signal_class

if TYPE_CHECKING:
    import polars as pl

#: Columns of the table that codes are made from.
COLUMNS = ("signal", "items", "answer", "classes", "annotator")
#: Kinds of answers that a table keeps whole although no signal models them yet, with the number of
#: items they show: which of two is better (0, 1 or "tie"), and a number on a scale about one item.
PREFERENCE, SCORE = "preference", "score"
KEPT: dict[str, int] = {PREFERENCE: 2, SCORE: 1}


def is_kept(name: str) -> bool:
    """Is this a kind of answer that no registered signal models?"""
    return name in KEPT and name not in REGISTRY


#: Names under which ids of items are found in a table, in this order.
IDS = ("id", "item", "uid", "item_id", "doc_id", "text_id", "image_id", "task", "task_id", "hitid")
#: Rows whose items are numbered at a time.
BLOCK = 1_000_000


def encode(
    answers: Answers, signals: dict[str, Signal] | None = None, dims: int = 2
) -> list[Batch]:
    """The answers as arrays, one `Batch` a signal, in order of first appearance.

    `signals` gives the channel to attach to each name; a name left out gets the defaults of a
    world of `dims` dimensions. Raises `InputError` that names the row for an answer that does
    not fit its signal.
    """
    # Here: triplets as arrays need no tables, which take 0.2 CPU s to import.
    import polars as pl

    item_number = {name: i for i, name in enumerate(answers.items)}
    class_number = {name: i for i, name in enumerate(answers.classes)}
    annotators = answers.annotators or tuple(answers.table["annotator"].unique(maintain_order=True))
    annotator_number = {name: i for i, name in enumerate(annotators)}
    needed = [name for name in COLUMNS if name in answers.table.columns]
    table = answers.table.select(needed).with_row_index("row")
    batches = []
    names = table["signal"].unique(maintain_order=True)
    for name in names:
        if is_kept(name):
            continue  # kept whole in the table, no channel yet
        # A filter copies: ten million rows of one signal need not be held twice.
        rows = table.filter(pl.col("signal") == name) if len(names) > 1 else table
        given = (signals or {}).get(name)
        signal = given or _as_answered(signal_class(name), rows, dims, len(class_number) or 2)
        batches.append(_batch(signal, rows, item_number, class_number, annotator_number))
    return batches


def _as_answered(kind: type[Signal], rows: pl.DataFrame, dims: int, classes: int) -> Signal:
    """The signal with the options that its answers show."""
    shown = kind.options_shown(_distinct(rows["answer"]), len(rows["items"][0]), classes)
    return kind.for_world(dims, classes, **shown)


def _distinct(column: pl.Series) -> Iterator[Any]:
    """The distinct answers, parsed, for signals that look at them."""
    for text in column.unique(maintain_order=True):
        yield json.loads(text)


def _codes(signal: Signal, rows: pl.DataFrame, class_number: dict[str, int]) -> np.ndarray:
    """The answer codes (n, width): each distinct answer is parsed once."""
    question = ["answer", "classes"] if "classes" in rows.columns else ["answer"]
    distinct = rows.select(*question, "row").unique(subset=question, maintain_order=True)
    codes: list[Any] = []
    for row in distinct.iter_rows(named=True):
        try:
            answer = json.loads(row["answer"])
            codes.append(signal.encode(answer, class_number, tuple(row.get("classes") or ())))
        except ValueError as problem:
            raise InputError(f"answers, row {row['row']}, {signal.name}: {problem}") from None
    real_valued = (
        signal.outcomes(max(len(class_number), 2)) == float("inf") and signal.form == "number"
    )
    table = np.asarray(codes, dtype=np.float32 if real_valued else np.int32)
    if len(distinct) == len(rows):
        return table
    numbered = distinct.select(question).with_row_index("code")
    found = rows.select(question).join(
        numbered, on=question, how="left", nulls_equal=True, maintain_order="left"
    )
    return table[found["code"].to_numpy()]


def _batch(
    signal: Signal,
    rows: pl.DataFrame,
    item_number: dict[str, int],
    class_number: dict[str, int],
    annotator_number: dict[str, int],
) -> Batch:
    import polars as pl

    codes = _codes(signal, rows, class_number)
    lists = rows["items"]
    lengths = lists.list.len()
    wrong = (lengths != signal.arity).arg_max() if len(rows) else None
    if wrong is not None and lengths[wrong] != signal.arity:
        raise InputError(
            f"answers, row {rows['row'][wrong]}, {signal.name}: names {lengths[wrong]} items; "
            f"expected {signal.arity}"
        )
    items = np.empty((len(rows), signal.arity), np.int32)
    for first in range(0, len(rows), BLOCK):
        flat = lists[first : first + BLOCK].explode()
        numbers = flat.replace_strict(item_number, return_dtype=pl.Int32).to_numpy()
        items[first : first + BLOCK] = numbers.reshape(-1, signal.arity)
    return Batch(
        signal,
        items,
        codes,
        rows["annotator"].replace_strict(annotator_number, return_dtype=pl.Int32).to_numpy(),
        np.ones(len(rows), dtype=np.float32),
    )


def rows_of_items(items: Sequence[str], rows: int, ids: Sequence[Any] | None) -> list[int]:
    """The row of features of each item that answers name: by `ids`, the name of each row, or where
    items are named by row numbers. Raises `InputError` for an item that has no row."""
    if ids is None:
        place = {str(i): i for i in range(rows)}
    else:
        if len(ids) != rows:
            raise InputError(f"ids has {len(ids)} names; expected one for each of {rows} rows")
        place = {str(name): i for i, name in enumerate(ids)}
        if len(place) < rows:
            raise InputError("ids names a row twice; expected a different name for every row")
    missing = [name for name in items if name not in place]
    if missing:
        how = f"row numbers 0 to {rows - 1}; give ids=, their names"
        if ids is not None:
            named = ", ".join(repr(str(one)) for one in ids[:3])
            how = (
                f"the names of the rows, which are {named}{', ...' if rows > 3 else ''}: name the "
                "items alike in both, or give the features of these items"
            )
        raise InputError(
            f"{len(missing)} of {len(items)} items of the answers have no row of features "
            f"({missing[0]!r} is one{near_name(missing[0], map(str, ids or ()))}); expected {how}"
        )
    return [place[name] for name in items]


def rows_by_name_or_number(items: Sequence[str], rows: int, ids: Sequence[Any] | None) -> list[int]:
    """The row of features of each of `items`: by `ids`, the name of each row, or by row number
    where there are no ids or no item is one of them. Raises `InputError` for items without a row.
    """
    known = set() if ids is None else {str(one) for one in ids}
    numbered = all(name.isdecimal() for name in items) and not any(n in known for n in items)
    return rows_of_items(items, rows, None if numbered else ids)
