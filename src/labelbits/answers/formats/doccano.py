"""doccano's exports (JSON lines): one file a user, or a list of annotations with users."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labelbits.answers.files.json_files import json_elements
from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats.collecting import Rows
from labelbits.answers.formats.reader import Kind, Options, Probe, Reader, scalar_name
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError

LABELS = ("label", "labels", "cats", "category")


def read(path: Path, kind: Kind, options: Options) -> Parsed:
    """Classes of documents; the file is called after the user, and holds no other mark of her."""
    rejects, notes, rows = Rejects(), [], Rows()
    alone = spans = 0
    empty: list[tuple[int, str, str]] = []
    several = False
    for number, record in json_elements(path, rejects, notes):
        if not isinstance(record, Mapping):
            rejects.add(number, "not an object; expected one document", record)
            continue
        item = scalar_name(record.get("id")) or scalar_name(record.get("text"))
        item = item or scalar_name(record.get("data"))
        if item is None:
            rejects.add(number, "document has neither id nor text", record)
            continue
        for who, value in _said(record, path.stem):
            if _is_spans(value):
                spans += 1
                rejects.add(number, "labels are spans of the text, which no signal models", value)
                continue
            alone += who == path.stem
            if value == []:
                empty.append((number, who, item))
                continue
            several = several or (isinstance(value, list) and len(value) > 1)
            rows.ask(number, who, item, value)
    for number, who, item in empty:
        if several:
            rows.ask(number, who, item, [])
        else:  # where one class is given, a document without one is not labelled yet
            rejects.add(number, "document has no label yet", [])
    if spans and not len(rows):
        raise InputError(
            f"{path}: the labels are spans of texts (doccano's sequence labeling); expected "
            "classes of whole documents"
        )
    if alone:
        notes.append(
            f"{path.name}: the file names no annotator; all answers count as those of "
            f"{path.stem!r}, as doccano names files after users"
        )
    return Parsed(rows.table(path, options, rejects, notes), rejects, notes=notes)


#: Keys of lists of people, which doccano does not write.
PEOPLE = ("annotators", "workers", "raters", "users", "annotator_ids", "worker_ids")


def _said(record: Mapping[str, Any], name: str) -> list[tuple[str, Any]]:
    """(annotator, labels) of a document."""
    annotations = record.get("annotations")
    if isinstance(annotations, list):
        by_user: dict[str, list[Any]] = {}
        for entry in annotations:
            if isinstance(entry, Mapping) and "start_offset" in entry:
                by_user.setdefault(str(entry.get("user", name)), []).append([0, 0, "span"])
            elif isinstance(entry, Mapping):
                user = scalar_name(entry.get("user")) or name
                by_user.setdefault(user, []).append(entry.get("label"))
        return list(by_user.items())
    key = next((key for key in LABELS if key in record), None)
    return [] if key is None else [(name, record[key])]


def _is_spans(value: Any) -> bool:
    """[start, end, name] once or more, or objects with offsets."""
    return isinstance(value, list) and any(
        (isinstance(entry, list) and len(entry) == 3 and isinstance(entry[0], int))
        or (isinstance(entry, Mapping) and "start_offset" in entry)
        for entry in value
    )


def matches(probe: Probe) -> bool:
    """Documents with an id and a list of labels, or annotations that name a label and a user."""
    if probe.kind != "json":
        return False
    named = ("annotator", "worker", "user", "rater", "annotator_id", "user_id", "worker_id")
    for value in probe.elements:
        if not isinstance(value, Mapping) or any(name in value for name in named):
            continue
        about = "text" in value or "data" in value
        listed = any(
            isinstance(value.get(key), list)
            and not any(isinstance(e, Mapping) and "start_offset" not in e for e in value[key])
            for key in LABELS
        )
        if any(isinstance(value.get(key), list) for key in PEOPLE):
            continue  # lists of people beside lists of labels
        own = value.get("annotations")
        users = isinstance(own, list) and any(
            isinstance(e, Mapping) and "label" in e and ("user" in e or "start_offset" in e)
            for e in own
        )
        if about and ((listed and "id" in value) or users):
            return True
    return False


READER = Reader(
    "doccano",
    "doccano documents: text, label (one file a user)",
    matches,
    read,
    platform="doccano",
)
