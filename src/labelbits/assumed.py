"""A plan file made from arrays, frames and tables, with the data files that it names.

Whatever a plan is asked from, a plan file is written and read as any other: one road, and a file
that its user can keep, change and run again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from labelbits.answers import write_answers
from labelbits.errors import InputError
from labelbits.interface import Answers
from labelbits.items.rows import on_rows
from labelbits.planning.spec.planwriter import plan_text
from labelbits.signals.encoding import rows_of_items

#: Ways of asking that are compared where none is named.
USUAL: tuple[Mapping[str, Any], ...] = (
    {"kind": "hard"},
    {"kind": "votes", "answers_per_item": 3},
)
#: Money where nobody said any: enough for a plan to run, and the first thing its user changes.
FIRST_BUDGET = 100
#: Names of the files that an assumed plan is made of.
PLAN, DATA = "plan.toml", "data"
FEATURES, ANSWERS, GOLD, ITEMS = (
    f"{DATA}/features.npz", f"{DATA}/answers.parquet", f"{DATA}/gold.npz", f"{DATA}/items.parquet",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What a plan is asked for beside its data; None and () are the plan file's defaults."""

    budget: float
    currency: str | None = None
    wage_per_hour: float | None = None
    signals: Sequence[str | Mapping[str, Any]] = ()
    metric: str | None = None
    target: float | None = None
    test_fraction: float | None = None

    def tables(self) -> dict[str, Any]:
        """The tables [goal], [budget] and [[signal]] of the plan file."""
        goal = {
            "metric": self.metric, "target": self.target, "test_fraction": self.test_fraction,
        }  # fmt: skip
        budget = {
            "amount": self.budget, "currency": self.currency, "wage_per_hour": self.wage_per_hour,
        }  # fmt: skip
        signals = [
            {"kind": one} if isinstance(one, str) else dict(one) for one in self.signals or USUAL
        ]
        return {"goal": _given(goal), "budget": _given(budget), "signal": signals}


@contextmanager
def assumed_folder(words: Mapping[str, str]) -> Iterator[Path]:
    """A folder for an assumed plan that is gone afterwards, and from every message: its user wrote
    no plan file. `words` says for keys of the plan file what was written instead, such as
    {"[goal] metric": "--metric"}.
    """
    with tempfile.TemporaryDirectory() as made_in:
        folder = Path(made_in)
        try:
            yield folder
        except InputError as problem:
            text = str(problem)
            for place in (folder, folder.resolve()):
                text = text.replace(f"{place / PLAN}: ", "").replace(f"{place}/", "")
            text = text.removeprefix(f"{FEATURES}: ")
            for key, said in words.items():
                text = text.replace(key, said)
            raise InputError(text) from None


def write_assumed(
    folder: Path,
    asked: Asked,
    *,
    features: np.ndarray,
    answers: Answers | None = None,
    gold: np.ndarray | Sequence[Any] | None = None,
    ids: Sequence[Any] | None = None,
    shown: tuple[str, Sequence[str]] | None = None,
    notes: Sequence[str] = (),
) -> Path:
    """Write the plan file and its data into `folder`, which exists, and return its path.

    `features` (items, columns); `answers` name items by row number, or by `ids`, the name of each
    row; `gold` (items,) is a class number (-1: unknown) or a class name (None, NaN or "": unknown)
    of each row; `shown` is ("text" or "image", that of each row), which annotators see. `notes`
    stand in the plan file as comments. Raises `InputError` for lengths that differ and for answers
    about items that have no row.
    """
    features = np.asarray(features)
    if features.ndim != 2:
        raise InputError(f"features have shape {features.shape}; expected items x columns")
    (folder / DATA).mkdir(exist_ok=True)
    arrays: dict[str, Any] = {"features": features}
    if ids is not None:
        arrays["ids"] = np.array([str(one) for one in ids])
    np.savez(folder / FEATURES, **arrays)
    dataset: dict[str, Any] = {"features": FEATURES}
    if shown is not None and ids is not None:
        kind, values = shown
        table = pl.DataFrame({"item": [str(one) for one in ids], kind: list(values)})
        table.write_parquet(folder / ITEMS)
        dataset = {"table": ITEMS, "id": "item", kind: kind, **dataset}
    classes: tuple[str, ...] = ()
    if answers is not None:
        if ids is None:
            answers = on_rows(answers, len(features), None)
        else:
            rows_of_items(answers.items, len(features), ids)  # refuses items that have no row
        write_answers(answers, folder / ANSWERS)
        dataset["pilot"] = [ANSWERS]
        classes = tuple(answers.classes)
    if gold is not None:
        code, classes = _gold(gold, len(features), classes)
        np.savez(folder / GOLD, gold=code)
        dataset["gold"] = GOLD
    if classes:
        dataset |= {"classes": len(classes), "class_names": list(classes)}
    path = folder / PLAN
    path.write_text(plan_text({"dataset": dataset, **asked.tables()}, notes), encoding="utf-8")
    return path


def write_comparisons(folder: Path, asked: Asked, answers: Answers, notes: Sequence[str]) -> Path:
    """Write a plan file of comparisons without features, and its answers; returns its path."""
    (folder / DATA).mkdir(exist_ok=True)
    write_answers(answers, folder / ANSWERS)
    dataset = {
        "items": max(3, len(answers.items)), "classes": max(2, len(answers.classes)),
        "dims": "auto", "pilot": [ANSWERS],
    }  # fmt: skip
    path = folder / PLAN
    path.write_text(plan_text({"dataset": dataset, **asked.tables()}, notes), encoding="utf-8")
    return path


def _gold(
    gold: np.ndarray | Sequence[Any], rows: int, classes: tuple[str, ...]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """(class number of each row, class names) of `gold`, numbers or names."""
    values = np.asarray(gold, dtype=object).reshape(-1)
    if len(values) != rows:
        raise InputError(f"gold has {len(values)} values; expected one for each of {rows} rows")
    if all(isinstance(v, (int, np.integer)) and not isinstance(v, bool) for v in values):
        return values.astype(np.int64), classes
    known = np.array([v is not None and v == v and str(v).strip() != "" for v in values])
    names = classes or tuple(sorted({str(v) for v in values[known]}))
    number = {name: k for k, name in enumerate(names)}
    code = np.full(rows, -1, dtype=np.int64)
    for i in np.flatnonzero(known):
        name = str(values[i])
        if name not in number:
            raise InputError(
                f"gold of row {i} is {name!r}; the answers have the classes {', '.join(names[:8])}"
            )
        code[i] = number[name]
    return code, names


def _given(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if value is not None}
