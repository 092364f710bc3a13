"""Zooniverse's classification export: a row a visit, answers and subjects as JSON in cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from labelbits.answers.files.json_files import loads
from labelbits.answers.formats import cells
from labelbits.answers.formats.collecting import Rows
from labelbits.answers.formats.reader import Kind, Options, Probe, Reader, opened, scalar_name
from labelbits.answers.formats.stamps import seconds_between
from labelbits.answers.table.columns import Parsed
from labelbits.interface import NOBODY

COLUMNS = ("classification_id", "annotations", "subject_ids")


def read(path: Path, kind: Kind, options: Options) -> Parsed:
    """One answer a task: a choice, several ticks, or the choices of a survey task.

    Drawings and texts are rejected rows. A visit with several tasks gives each an equal part of its
    time, from `started_at` to `finished_at` of the metadata. People who were not logged in are told
    apart by the names that Zooniverse gives them.
    """
    table, rejects, notes = opened(path, kind, *COLUMNS)
    times = _seconds(table)
    rows = Rows()
    for record, seconds in zip(table.iter_rows(named=True), times, strict=True):
        row, item = record["row"], scalar_name(record["subject_ids"])
        said = _json(record["annotations"])
        if item is None or not isinstance(said, list):
            rejects.add(row, "annotations are no JSON list of a subject's tasks", said)
            continue
        answers = [(one, value) for task in said for one, value in _answers(task)]
        if not answers:
            rejects.add(row, "no task of this visit names a class", record["annotations"])
        who = scalar_name(record.get("user_name")) or NOBODY
        for question, value in answers:
            rows.ask(
                row, who, item, value, question=question,
                seconds=None if seconds is None else seconds / len(answers),
            )  # fmt: skip
    return Parsed(rows.table(path, options, rejects, notes), rejects, notes=notes)


def _json(cell: Any) -> Any:
    try:
        return loads(cell) if isinstance(cell, str) else cell
    except ValueError:
        return None


def _answers(task: Any) -> Iterator[tuple[str, Any]]:
    """(question, classes) of one task; nothing of drawings and free texts."""
    if not isinstance(task, Mapping):
        return
    value = task.get("value")
    question = cells.tidy(str(task.get("task_label") or task.get("task") or ""))
    if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        if all(isinstance(one.get("task"), str) and "value" in one for one in value):
            for one in value:  # a combined task
                yield from _answers(one)
            return
        value = [one["choice"] for one in value if isinstance(one.get("choice"), str)]
        if not value:
            return
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        yield question, value[0] if len(value) == 1 else value
    elif isinstance(value, (str, int, float)):
        yield question, value


def _seconds(table: pl.DataFrame) -> list[float | None]:
    """From the start to the end of each visit."""
    if "metadata" not in table.columns:
        return [None] * len(table)
    told = [_json(cell) for cell in table["metadata"].to_list()]
    own = [one if isinstance(one, Mapping) else {} for one in told]
    spans = pl.DataFrame({
        key: pl.Series([scalar_name(one.get(key)) for one in own], dtype=pl.String)
        for key in ("started_at", "finished_at")
    })  # fmt: skip
    return spans.select(t=seconds_between(spans, *spans.columns))["t"].to_list()


def matches(probe: Probe) -> bool:
    """The columns of the export are there."""
    return probe.kind in ("csv", "parquet") and probe.has(*COLUMNS)


READER = Reader(
    "zooniverse", "Zooniverse's classification export", matches, read, platform="Zooniverse"
)
