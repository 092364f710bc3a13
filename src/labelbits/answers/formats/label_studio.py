"""Label Studio exports, JSON and JSON_MIN.

Tasks that `labelbits export` wrote carry the question in `data.labelbits` (signal, items,
classes), and are read back exactly. Others are read by the type of each result
(`label_studio_guess`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from labelbits.answers.export.label_studio_results import NotAnswered, answer_of
from labelbits.answers.files.json_files import json_elements
from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats.label_studio_guess import ITEM_KEYS, Question, guess
from labelbits.answers.formats.reader import (
    Kind,
    Options,
    Probe,
    Reader,
    Rows,
    as_number,
    scalar_name,
)
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError

#: Keys of a flattened task (JSON_MIN) that are no data and no result.
FLAT = {
    "id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "labelbits",
    "completed_by", "inner_id", "project",
}  # fmt: skip


def read_json(path: Path, kind: Kind, options: Options) -> Parsed:
    """The full export: tasks with `annotations`."""
    rejects, notes, rows = Rejects(), [], Rows()
    assumed: set[str] = set()
    seen: set[str] = set()
    for number, task in json_elements(path, rejects, notes):
        if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
            rejects.add(number, "not a task; expected an object with data and annotations", task)
            continue
        annotations = task.get("annotations", task.get("completions"))
        if not isinstance(annotations, list):
            rejects.add(number, "annotations are not a list", annotations)
            continue
        for annotation in annotations:
            if not isinstance(annotation, dict):
                rejects.add(number, "annotation is not an object", annotation)
                continue
            name = scalar_name(annotation.get("id"))
            if name is not None and name in seen:
                rejects.add(number, "annotation id appears twice; the first is kept", name)
                continue
            if name is not None:
                seen.add(name)
            _annotation(number, task, annotation, options, rows, rejects, assumed)
    return _parsed(path, rows, rejects, notes, assumed)


def _parsed(
    path: Path, rows: Rows, rejects: Rejects, notes: list[str], assumed: set[str]
) -> Parsed:
    notes.extend(f"{path.name}: {note}" for note in sorted(assumed))
    return Parsed(rows.frame(), rejects, notes=notes)


def _annotation(
    number: int,
    task: dict[str, Any],
    annotation: dict[str, Any],
    options: Options,
    rows: Rows,
    rejects: Rejects,
    assumed: set[str],
) -> None:
    """The answers of one annotation; its time is shared equally by its questions."""
    if annotation.get("was_cancelled") is True:
        rejects.add(number, "annotation was skipped (was_cancelled)", annotation.get("id", ""))
        return
    results = annotation.get("result")
    if not isinstance(results, list) or not results:
        rejects.add(number, "annotation holds no result", results)
        return
    found: dict[str, list[tuple[str, Any]]] = {}
    for result in results:
        if not isinstance(result, dict) or not isinstance(result.get("value"), dict):
            rejects.add(number, "result has no value; expected an object", result)
            continue
        name = scalar_name(result.get("from_name")) or ""
        found.setdefault(name, []).append((str(result.get("to_name", "")), result["value"]))
    _questions(
        number,
        str(scalar_name(task.get("id")) or number),
        task["data"],
        found,
        annotator=who(annotation.get("completed_by")),
        seconds=as_number(annotation.get("lead_time")),
        gold=True if annotation.get("ground_truth") is True else None,
        options=options,
        rows=rows,
        rejects=rejects,
        assumed=assumed,
    )


def who(value: Any) -> str:
    """The annotator: a number, or the email, name or id of an object."""
    if isinstance(value, dict):
        for key in ("email", "username", "id"):
            if name := scalar_name(value.get(key)):
                return name
    return scalar_name(value) or "unknown"


def _questions(
    number: int,
    task: str,
    data: Mapping[str, Any],
    found: Mapping[str, list[tuple[str, Any]]],
    *,
    annotator: str,
    seconds: float | None,
    gold: bool | None,
    options: Options,
    rows: Rows,
    rejects: Rejects,
    assumed: set[str],
) -> None:
    told = data.get("labelbits")
    if isinstance(told, dict):
        asked = [_told(told, found)]
    else:
        asked = list(guess(task, data, found, options, assumed))
    for signal, items, classes, answer in asked:
        if isinstance(answer, NotAnswered):
            rejects.add(number, answer.reason, answer.found)
            continue
        share = None if seconds is None else seconds / len(asked)
        rows.add(
            number, signal, annotator, items, answer, classes=classes, seconds=share, gold=gold
        )


def _told(told: Mapping[str, Any], found: Mapping[str, list[tuple[str, Any]]]) -> Question:
    """A question that our own export wrote: the task says what was asked."""
    signal, items, classes = told.get("signal"), told.get("items"), told.get("classes")
    if not isinstance(signal, str) or not isinstance(items, list):
        return "", [], None, NotAnswered("data.labelbits lacks signal or items", told)
    values = {name: value for name, pairs in found.items() for _, value in pairs}
    names = [str(name) for name in classes] if isinstance(classes, list) else []
    answer = answer_of(signal, [str(item) for item in items], names, values)
    asked = told.get("asked")
    named = [str(name) for name in asked] if isinstance(asked, list) else None
    return signal, [str(item) for item in items], named, answer


def read_min(path: Path, kind: Kind, options: Options) -> Parsed:
    """JSON_MIN: one flat object an annotation."""
    rejects, notes, rows = Rejects(), [], Rows()
    assumed: set[str] = set()
    seen: set[str] = set()
    for number, record in json_elements(path, rejects, notes):
        if not isinstance(record, dict):
            rejects.add(number, "not an object; expected one annotation", record)
            continue
        name = scalar_name(record.get("annotation_id"))
        if name is not None and name in seen:
            rejects.add(number, "annotation id appears twice; the first is kept", name)
            continue
        if name is not None:
            seen.add(name)
        data, found = _unflatten(record, options.classes)
        if not found:
            rejects.add(number, "annotation holds no result", record)
            continue
        _questions(
            number,
            str(scalar_name(record.get("id")) or number),
            data,
            found,
            annotator=who(record.get("annotator", record.get("completed_by"))),
            seconds=as_number(record.get("lead_time")),
            gold=None,
            options=options,
            rows=rows,
            rejects=rejects,
            assumed=assumed,
        )
    if not len(rows) and not len(rejects):
        raise InputError(f"{path}: holds no annotations; expected Label Studio JSON_MIN")
    return _parsed(path, rows, rejects, notes, assumed)


def _unflatten(
    record: Mapping[str, Any], classes: Sequence[str]
) -> tuple[dict[str, Any], dict[str, list[tuple[str, Any]]]]:
    """Split a flat record into data and results: results are lists of objects, or the one text

    key that is called like a choice.
    """
    data: dict[str, Any] = {"labelbits": record.get("labelbits")}
    found: dict[str, list[tuple[str, Any]]] = {}
    for key, value in record.items():
        if key in FLAT:
            continue
        entries = value if isinstance(value, list) else [value]
        results = [entry for entry in entries if isinstance(entry, dict)]
        if results:
            found[key] = [("", entry) for entry in results]
        elif isinstance(value, str) and (key not in ITEM_KEYS) and _is_choice(key, value, classes):
            found[key] = [("", {"choices": [value]})]
        else:
            data[key] = value
    return data, found


def _is_choice(key: str, value: str, classes: Sequence[str]) -> bool:
    named = ("choice", "label", "class", "sentiment", "category", "answer", "taxonomy")
    return value in classes or any(part in key.lower() for part in named)


def is_json(probe: Probe) -> bool:
    """Objects with `data` and `annotations`."""
    return probe.kind == "json" and any(
        isinstance(task, dict) and isinstance(task.get("data"), dict)
        and ("annotations" in task or "completions" in task)
        for task in probe.elements
    )  # fmt: skip


def is_min(probe: Probe) -> bool:
    """Flat objects with `annotation_id` and `annotator`."""
    return probe.kind == "json" and probe.has("annotation_id", "annotator")


JSON = Reader("label-studio", "Label Studio JSON", is_json, read_json)
JSON_MIN = Reader("label-studio-min", "Label Studio JSON_MIN", is_min, read_min)
