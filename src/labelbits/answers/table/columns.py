"""The canonical columns, and what a reader hands over before validation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from labelbits.answers.files.opening import Rejects
from labelbits.signals.encoding import KEPT as KEPT
from labelbits.signals.encoding import PREFERENCE as PREFERENCE
from labelbits.signals.encoding import SCORE as SCORE

#: The point that preferences and ratings of single items are compared with: Coombs' ideal point.
IDEAL = "(ideal)"
#: The canonical columns and their types; the last ones are optional.
COLUMNS: dict[str, Any] = {
    "signal": pl.String(),
    "annotator": pl.String(),
    "items": pl.List(pl.String()),
    "classes": pl.List(pl.String()),
    "answer": pl.String(),
    "seconds": pl.Float64(),
    "price": pl.Float64(),
    "gold": pl.Boolean(),
    "repeat": pl.Boolean(),
    "annotator_kind": pl.String(),
    "group": pl.String(),
    "sampling": pl.String(),
    "order": pl.String(),
    "drawn": pl.Boolean(),
}
#: What readers of foreign files collect before the kind of each question is decided: the value as
#: text (lists and objects as JSON), `id`, by which
#: an answer is known again in another file, and `at`, its place among all answers.
SAID: dict[str, Any] = {
    "question": pl.String(),
    "row": pl.Int64(),
    "id": pl.String(),
    "annotator": pl.String(),
    "item": pl.String(),
    "classes": pl.List(pl.String()),
    "value": pl.String(),
    "seconds": pl.Float64(),
    "price": pl.Float64(),
    "gold": pl.Boolean(),
    "group": pl.String(),
    "at": pl.Int64(),
}
REQUIRED = ("signal", "annotator", "items", "answer")
#: What an answer's validity depends on.
ANSWER = ["signal", "classes", "answer"]
#: Rows that were left out: the file, the row or record in it (from 1), why, and what was found.
REJECTED = pl.Schema(
    {"file": pl.String(), "row": pl.Int64(), "reason": pl.String(), "found": pl.String()}
)


@dataclass
class Parsed:
    """What a reader found in one file, before validation.

    `table` holds canonical columns (any may be missing but signal, items, answer) and `row`, the
    number of the record in the file; a large file comes as tables one after another, and its
    rejected rows may grow while they are read. `classes` and `items` are names that the file
    declares, in its order; `gold` the true classes of items that it knows.
    """

    table: pl.DataFrame | Iterable[pl.DataFrame]
    rejected: Rejects = field(default_factory=Rejects)
    classes: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    gold: dict[str, str] = field(default_factory=dict)


def in_order(names: Sequence[str]) -> tuple[str, ...]:
    """Whole numbers in numeric order, other names in the order given."""
    if names and all(name.isdecimal() and name.isascii() and len(name) < 19 for name in names):
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    return tuple(names)
