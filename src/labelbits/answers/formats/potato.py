"""Potato: the tables that are made of it (instance_id, user_id, a column a question) and its own
records (`label_annotations`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from labelbits.answers.files.json_files import json_elements
from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats import cells
from labelbits.answers.formats.collecting import Rows
from labelbits.answers.formats.crowdkit import optional
from labelbits.answers.formats.deciding import decide
from labelbits.answers.formats.reader import (
    Kind,
    Options,
    Probe,
    Reader,
    columns_in,
    first_of,
    opened,
    scalar_name,
    told_column,
)
from labelbits.answers.formats.times import durations, time_column
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError

#: Columns that are never a question.
NOT_ASKED = ("text", "displayed_text", "document", "context", "url", "id", "time", "timestamp")
USERS = ("user_id", "user")


def read(path: Path, kind: Kind, options: Options) -> Parsed:
    """Questions are the columns that neither the item nor the annotator alone decides.

    Numbers are steps of a scale: Potato writes names for classes. Columns `question:::label` are
    ticks.
    """
    if kind == "json":
        return _read_records(path, kind, options)
    table, rejects, notes = opened(path, kind, "instance_id")
    user = first_of(table, *USERS)
    if user is None:
        raise InputError(
            f"{path}: column 'user_id' is missing; found {columns_in(table)}; --columns "
            "annotator=COL says which column it is"
        )
    parts = dict.fromkeys(n.split(":::")[0] for n in table.columns if ":::" in n)
    questions = list(parts) or _questions(path, table, user, options)
    if not questions:
        raise InputError(
            f"{path}: no column differs within an annotator and within an item; found "
            f"{columns_in(table)}; --columns item=instance_id,annotator={user},label=COL says "
            "which is the answer"
        )
    extra = optional(path, table, options, notes)
    said = pl.concat(
        [
            table.select(
                pl.lit(name).alias("question"),
                cells.text("instance_id", table).alias("item"),
                cells.text(user, table).alias("annotator"),
                pl.lit(_ticks(table, name) if parts else cells.cells(table[name])).alias("value"),
                *(value.alias(key) for key, value in extra.items()),
                "row",
            )
            for name in questions
        ],
        how="diagonal_relaxed",
    )
    if not parts:
        others = [n for n in table.columns if n not in (*questions, "row", "instance_id", user)]
        if others:
            shown = cells.shown(others, 6)
            notes.append(f"{path.name}: no questions, since a person or a text decides: {shown}")
    if len(questions) > 1 and "seconds" in said.columns:
        said = said.with_columns(pl.col("seconds") / len(questions))
    return Parsed(decide(path, said, options, rejects, notes, questions), rejects, notes=notes)


def _questions(path: Path, table: pl.DataFrame, user: str, options: Options) -> list[str]:
    """Columns that differ within an annotator and within an item."""
    told = told_column(path, table, options, "label")
    if told is not None:
        return [told]
    names = [
        name for name in table.columns
        if name not in ("row", "instance_id", user) and name.lower() not in NOT_ASKED
    ]  # fmt: skip

    def differs(within: str) -> set[str]:
        counts = table.group_by(within).agg(pl.col(name).n_unique() for name in names)
        return {name for name in names if (counts[name] > 1).any()}

    both = differs(user) & differs("instance_id")
    return [name for name in names if name in both and not _is_time(table, name)]


def _is_time(table: pl.DataFrame, name: str) -> bool:
    return time_column(table.select(name)) is not None


def _ticks(table: pl.DataFrame, question: str) -> pl.Series:
    """Columns `question:::label` with something in them, as a list of labels."""
    own = [name for name in table.columns if name.startswith(f"{question}:::")]
    made = [
        cells.as_text([n.split(":::", 1)[1] for n, v in zip(own, row, strict=True) if _on(v)])
        for row in table.select(own).iter_rows()
    ]
    return pl.Series("value", made, dtype=pl.String)


def _on(value: Any) -> bool:
    return value is not None and str(value).lower() not in ("0", "0.0", "false", "")


def _read_records(path: Path, kind: Kind, options: Options) -> Parsed:
    """annotated_instances.jsonl: user, instance_id, label_annotations (question, label)."""
    rejects, notes, rows, folder = Rejects(), [], Rows(), False
    for number, record in json_elements(path, rejects, notes):
        said = record.get("label_annotations") if isinstance(record, Mapping) else None
        if not isinstance(record, Mapping) or not isinstance(said, Mapping):
            rejects.add(number, "no record of Potato; expected label_annotations", record)
            continue
        item = scalar_name(record.get("instance_id")) or scalar_name(record.get("id"))
        user = scalar_name(record.get("user")) or scalar_name(record.get("user_id"))
        if user is None and path.stem.startswith("annotated_instances"):
            user = path.absolute().parent.name  # Potato keeps a folder for each user
            folder = True
        if item is None or user is None:
            rejects.add(number, "record names no instance_id or no user", record)
            continue
        behavior = record.get("behavioral_data")
        told = behavior.get("time_string") if isinstance(behavior, Mapping) else None
        taken = durations(pl.Series([str(told)]))[0] if told else None
        for question, value in said.items():
            names = list(value) if isinstance(value, Mapping) else value
            rows.said.scale.add(str(question))
            rows.ask(
                number, user, item, names, question=str(question),
                seconds=None if taken is None else taken / len(said),
            )  # fmt: skip
    if folder:
        who = path.absolute().parent.name
        notes.append(f"{path.name}: its answers are those of {who!r}, as its folder is called")
    return Parsed(rows.table(path, options, rejects, notes), rejects, notes=notes)


def matches(probe: Probe) -> bool:
    """instance_id and a user; records with label_annotations."""
    if probe.has("label_annotations"):
        return True
    return (
        probe.kind in ("csv", "parquet")
        and probe.has("instance_id")
        and any(name in probe.columns for name in USERS)
        and not any(name in probe.columns for name in ("label", "answer"))
    )


READER = Reader(
    "potato",
    "Potato: instance_id, user_id, a column a question",
    matches,
    read,
    platform="Potato",
)
