"""Labelbox's export: one line a data row, its labels by project, classifications inside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from labelbits.answers.files.json_files import json_elements
from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats.collecting import Rows
from labelbits.answers.formats.reader import Kind, Options, Probe, Reader, as_number, scalar_name
from labelbits.answers.table.columns import Parsed
from labelbits.interface import NOBODY


def read(path: Path, kind: Kind, options: Options) -> Parsed:
    """Radio answers as classes, checklists as ticks; each classification is a question.

    Objects (boxes, spans) and free texts are no answers to a question of labelbits, and are left
    out with a note. A label's seconds are shared by its classifications.
    """
    rejects, notes, rows = Rejects(), [], Rows()
    drawn = 0
    for number, record in json_elements(path, rejects, notes):
        if not isinstance(record, Mapping) or "data_row" not in record:
            rejects.add(number, "no data_row of Labelbox", record)
            continue
        row = record["data_row"] if isinstance(record["data_row"], Mapping) else {}
        item = scalar_name(row.get("external_id")) or scalar_name(row.get("id"))
        if item is None:
            rejects.add(number, "data_row has no external_id and no id", row)
            continue
        for label in _labels(record):
            said = label.get("annotations")
            said = said if isinstance(said, Mapping) else {}
            drawn += len(said.get("objects") or ())
            answers = [one for one in map(_answer, said.get("classifications") or ()) if one]
            details, work = label.get("label_details"), label.get("performance_details")
            who = scalar_name(_of(details, "created_by")) or NOBODY
            taken = as_number(_of(work, "seconds_to_create"))
            for question, value in answers:
                rows.ask(
                    number, who, item, value, question=question,
                    seconds=None if taken is None else taken / len(answers),
                )  # fmt: skip
    if drawn:
        notes.append(f"{path.name}: {drawn:,} drawn objects are no answers to a question, not read")
    return Parsed(rows.table(path, options, rejects, notes), rejects, notes=notes)


def _labels(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    projects = record.get("projects")
    for project in projects.values() if isinstance(projects, Mapping) else ():
        own = project.get("labels") if isinstance(project, Mapping) else None
        yield from (one for one in own or () if isinstance(one, Mapping))


def _of(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, Mapping) else None


def _answer(one: Any) -> tuple[str, Any] | None:
    """(question, class or classes) of one classification, None of a free text."""
    question = scalar_name(_of(one, "name")) or scalar_name(_of(one, "value")) or ""
    if (radio := _of(one, "radio_answer")) is not None:
        name = scalar_name(_of(radio, "name")) or scalar_name(_of(radio, "value"))
        return None if name is None else (question, name)
    ticks = _of(one, "checklist_answers")
    if isinstance(ticks, list):
        names = [scalar_name(_of(tick, "name")) or scalar_name(_of(tick, "value"))
                 for tick in ticks]  # fmt: skip
        return question, [name for name in names if name]
    return None


def matches(probe: Probe) -> bool:
    """Objects with a data row and its projects."""
    return probe.kind == "json" and probe.has("data_row", "projects")


READER = Reader(
    "labelbox", "Labelbox's export, one JSON object a data row", matches, read, platform="Labelbox"
)
