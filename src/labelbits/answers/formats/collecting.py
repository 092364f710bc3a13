"""Answers of nested formats, collected one by one until the kind of each question is decided."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats import cells
from labelbits.answers.formats.deciding import EMPTY, by_question, pooled
from labelbits.answers.formats.reader import Options, as_number, clean
from labelbits.answers.table.columns import SAID


@dataclass
class Said:
    """What was said, collected one by one: any JSON value an answer, kinds still open.

    `scale` holds the questions whose numbers are known to be steps of a scale.
    """

    columns: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in SAID})
    scale: set[str] = field(default_factory=set)

    def add(
        self, row: int, annotator: Any, item: Any, value: Any, *, question: str = "", **more: Any
    ) -> None:
        """One answer; `more` are columns of `SAID`: seconds, price, group, gold, id."""
        values = {
            "row": row,
            "annotator": cells.tidy(str(annotator)),
            "item": cells.tidy(str(item)),
            "question": question,
            "value": cells.as_text(value),
            **more,
        }
        for name, own in self.columns.items():
            own.append(values.get(name))

    def __len__(self) -> int:
        return len(self.columns["row"])

    def frame(self) -> pl.DataFrame:
        """All that was said, columns `SAID`."""
        return pl.DataFrame(self.columns, schema=SAID)


@dataclass
class Rows:
    """Answers collected one by one, for formats that nest: some of a kind that the format says
    (`add`), others whose kind is decided for the whole question (`ask`)."""

    columns: dict[str, list[Any]] = field(
        default_factory=lambda: {
            name: []
            for name in (
                "signal",
                "annotator",
                "items",
                "classes",
                "answer",
                "seconds",
                "price",
                "gold",
                "group",
                "id",
                "question",
                "at",
                "row",
            )
        }
    )
    said: Said = field(default_factory=lambda: Said())
    #: Questions of the file that are not wanted and were not collected.
    others: set[str] = field(default_factory=set)

    def add(
        self,
        row: int,
        signal: str,
        annotator: str,
        items: Sequence[str],
        answer: Any,
        *,
        classes: Sequence[str] | None = None,
        seconds: float | None = None,
        price: float | None = None,
        gold: bool | None = None,
        group: str | None = None,
        id: str | None = None,  # noqa: A002 - the column's name
        question: str = "",
    ) -> None:
        """One answer; `answer` is a JSON value."""
        values = {
            "signal": signal,
            "annotator": cells.tidy(clean(annotator)),
            "items": [cells.tidy(clean(item)) for item in items],
            "classes": None if classes is None else [clean(name) for name in classes],
            "answer": clean(json.dumps(answer, ensure_ascii=False)),
            "seconds": as_number(seconds),
            "price": as_number(price),
            "gold": gold,
            "group": group,
            "id": id,
            "question": question,
            "at": len(self),
            "row": row,
        }
        for name, value in values.items():
            self.columns[name].append(value)

    def __len__(self) -> int:
        return len(self.columns["row"]) + len(self.said)

    def ask(
        self, row: int, annotator: Any, item: Any, value: Any, *, question: str = "", **more: Any
    ) -> None:
        """One answer whose kind is still open, see `Said.add`."""
        self.said.add(row, annotator, item, value, question=question, at=len(self), **more)

    def table(
        self, path: Path, options: Options, rejects: Rejects, notes: list[str]
    ) -> pl.DataFrame:
        """All answers as canonical rows, once the kind of each question is decided."""
        own = self.frame()
        found = {
            name: table.drop("question") if options.wants(name) else table.clear()
            for name in own["question"].unique(maintain_order=True).to_list()
            for table in [own.filter(pl.col("question") == name)]
        }
        if len(self.said):
            scale = self.said.scale
            decided = by_question(path, self.said.frame(), options, rejects, notes, scale)
            for name, table in decided.items():
                both = [found[name], table] if name in found else [table]
                found[name] = pl.concat(both, how="diagonal_relaxed")
        unread = {name: EMPTY for name in sorted(self.others) if name not in found}
        return pooled(path, found | unread, options)

    def frame(self) -> pl.DataFrame:
        """The collected rows as a table."""
        schema = {
            "signal": pl.String,
            "annotator": pl.String,
            "items": pl.List(pl.String),
            "classes": pl.List(pl.String),
            "answer": pl.String,
            "seconds": pl.Float64,
            "price": pl.Float64,
            "gold": pl.Boolean,
            "group": pl.String,
            "id": pl.String,
            "question": pl.String,
            "at": pl.Int64,
            "row": pl.Int64,
        }
        return pl.DataFrame(self.columns, schema=schema)
