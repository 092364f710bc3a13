"""Argilla 1 and 2: columns `<question>.responses`, `.responses.users`, `.responses.status`.

Both ways of writing them are read: the table (Parquet or JSON lines from a `datasets` export) and
`records.to_json`, where each record has `fields` and `responses`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from labelbits.answers.export.argilla import ASKED, as_values
from labelbits.answers.export.label_studio_results import NotAnswered, answer_of
from labelbits.answers.files.json_files import json_elements, loads, loads_loose
from labelbits.answers.files.opening import Rejects
from labelbits.answers.files.parquet import read_parquet
from labelbits.answers.formats.collecting import Rows
from labelbits.answers.formats.label_studio_guess import item_name
from labelbits.answers.formats.reader import (
    Kind,
    Options,
    Probe,
    Reader,
    load_table,
    scalar_name,
)
from labelbits.answers.table.columns import IDEAL, Parsed
from labelbits.signals import REGISTRY

ENDING = ".responses"
META = ("id", "status", "_server_id", "inserted_at", "updated_at", "external_id")


def read(path: Path, kind: Kind, options: Options) -> Parsed:
    """Submitted responses; drafts and discarded ones are rejected rows."""
    rejects, notes, rows = Rejects(), [], Rows()
    assumed: set[str] = set()
    for number, record in _records(path, kind, rejects, notes):
        if not isinstance(record, Mapping):
            rejects.add(number, "not an object; expected one record", record)
            continue
        fields = record.get("fields")
        if not isinstance(fields, Mapping):
            fields = {
                key: value
                for key, value in record.items()
                if "." not in key and key not in META and scalar_name(value) is not None
            }
        if (told := _told(record)) is not None:
            _asked_by_us(rows, rejects, number, record, told)
            continue
        item = scalar_name(record.get("id")) or item_name(str(number), fields)
        for question, value, user, status in _responses(record):
            if not options.wants(question):
                rows.others.add(question)
                continue
            if status is None:
                assumed.add("responses without a status count as submitted: the file has none")
            elif status != "submitted":
                rejects.add(number, f"response to {question} is not submitted", status)
                continue
            if not isinstance(value, bool) and isinstance(value, (int, float)):
                assumed.add(f"ratings of one item are read as nearness to {IDEAL!r}")
                _number(rows, number, question, user, item, value, options)
            elif not _answer(rows, number, question, user, item, value):
                rejects.add(number, f"response to {question} is of an unknown kind", value)
    table = rows.table(path, options, rejects, notes)
    notes.extend(f"{path.name}: {note}" for note in sorted(assumed))
    return Parsed(table, rejects, notes=notes)


def _told(record: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What `labelbits export --to argilla` asked, which stands in the record's metadata."""
    metadata = record.get("metadata")
    text = metadata.get(ASKED) if isinstance(metadata, Mapping) else record.get(ASKED)
    try:
        told = loads(text) if isinstance(text, str) else text
    except ValueError:
        return None
    if not isinstance(told, Mapping) or told.get("signal") not in REGISTRY:
        return None
    return told if isinstance(told.get("items"), list) else None


def _asked_by_us(
    rows: Rows, rejects: Rejects, number: int, record: Mapping[str, Any], told: Mapping[str, Any]
) -> None:
    """The responses of each user to a question of ours, read back exactly."""
    users: dict[str, dict[str, Any]] = {}
    for question, value, user, status in _responses(record):
        if status in (None, "submitted"):
            users.setdefault(user, {})[question] = value
        else:
            rejects.add(number, f"response to {question} is not submitted", status)
    signal, items = str(told["signal"]), [str(name) for name in told["items"]]
    classes = [str(name) for name in told.get("classes") or ()]
    asked = [str(name) for name in told.get("asked") or ()]
    for user, responses in users.items():
        answer = answer_of(signal, items, classes, as_values(REGISTRY[signal].form, responses))
        if isinstance(answer, NotAnswered):
            rejects.add(number, answer.reason, answer.found)
        else:
            rows.add(number, signal, user, items, answer, classes=asked or None)


def _number(
    rows: Rows, number: int, question: str, user: str, item: str, value: float, options: Options
) -> None:
    """Stars: nearness to an ideal point, unless the user says that they are something else."""
    if options.signal is None:
        rows.add(number, "rating", user, [item, IDEAL], value, question=question)
    else:
        rows.ask(number, user, item, scalar_name(value), question=question)


def _records(
    path: Path, kind: Kind, rejects: Rejects, notes: list[str]
) -> Iterator[tuple[int, Any]]:
    if kind == "json":
        yield from json_elements(path, rejects, notes)
        return
    table = (
        read_parquet(path, notes) if kind == "parquet" else load_table(path, kind, rejects, notes)
    )
    for record in table.iter_rows(named=True):
        number = record.pop("row")
        yield number, {key: _cell(key, value) for key, value in record.items()}


def _cell(key: str, value: Any) -> Any:
    """In a CSV, lists are text: JSON or as Python prints them."""
    if isinstance(value, str) and ENDING in key:
        try:
            return loads_loose(_with_commas(value))
        except ValueError:
            return value
    return value


def _with_commas(text: str) -> str:
    """A list as NumPy prints it (`['a' 'b']`, `[1 2]`) as Python writes it; others as they are."""
    if len(text) > 10_000:
        return text
    plain = re.sub(r"array\((\[[^][]*\])(?:, dtype=\w+)?\)", r"\1", text)
    return re.sub(r"(?<=['\"\d\]])\s+(?=['\"\d\[-])", ", ", plain)


def _responses(record: Mapping[str, Any]) -> Iterator[tuple[str, Any, str, Any]]:
    """(question, value, user, status) of every response in a record."""
    nested = record.get("responses")
    if isinstance(nested, list):  # Argilla 1: a list of users, each with all the questions
        for entry in nested:
            values = entry.get("values") if isinstance(entry, Mapping) else None
            for question, found in values.items() if isinstance(values, Mapping) else ():
                value = found.get("value") if isinstance(found, Mapping) else found
                user = scalar_name(entry.get("user_id")) or "unknown"
                yield str(question), value, user, entry.get("status")
    if isinstance(nested, Mapping):
        for question, found in nested.items():
            for entry in found if isinstance(found, list) else []:
                if isinstance(entry, Mapping):
                    user = scalar_name(entry.get("user_id")) or "unknown"
                    yield str(question), entry.get("value"), user, entry.get("status")
    for key, values in record.items():
        if not (isinstance(key, str) and key.endswith(ENDING)) or not isinstance(values, list):
            continue
        users, status = record.get(f"{key}.users"), record.get(f"{key}.status")
        for place, value in enumerate(values):
            user = _at(users, place)
            yield (
                key.removesuffix(ENDING),
                value,
                scalar_name(user) or "unknown",
                _at(status, place),
            )


def _at(values: Any, place: int) -> Any:
    return values[place] if isinstance(values, list) and place < len(values) else None


def _answer(rows: Rows, number: int, question: str, user: str, item: str, value: Any) -> bool:
    """Collect one response by its type; False for one of an unknown kind."""
    if isinstance(value, str) and value.strip():
        rows.ask(number, user, item, value, question=question)
        return True
    if not isinstance(value, list):
        return False
    if all(isinstance(entry, str) for entry in value):
        rows.ask(number, user, item, value, question=question)
        return True
    ranked = [entry for entry in value if isinstance(entry, Mapping)]
    names = [scalar_name(entry.get("value")) for entry in ranked]
    if len(ranked) < len(value) or None in names:
        return False
    order = sorted(range(len(names)), key=lambda i: _rank(ranked[i], i))
    rows.add(number, "ranking", user, [item], [names[i] for i in order], question=question)
    return True


def _rank(entry: Mapping[str, Any], place: int) -> float:
    rank = entry.get("rank")
    return float(rank) if isinstance(rank, (int, float)) and rank == rank else float(place)


def read_records(path: Path, kind: Kind, options: Options) -> Parsed:
    """Argilla 1's text classification: `annotation` and who made it, one a record."""
    rejects, notes, rows = Rejects(), [], Rows()
    for number, record in _records(path, kind, rejects, notes):
        if not isinstance(record, Mapping):
            rejects.add(number, "not an object; expected one record", record)
            continue
        said = record.get("annotation")
        if said is None or record.get("status") not in (None, "Validated", "Edited"):
            rejects.add(number, "record is not validated", record.get("status") or "")
            continue
        item = scalar_name(record.get("id")) or item_name(str(number), record)
        several = record.get("multi_label") is True
        value = [said] if several and isinstance(said, str) else said
        rows.ask(number, scalar_name(record.get("annotation_agent")) or "unknown", item, value)
    return Parsed(rows.table(path, options, rejects, notes), rejects, notes=notes)


def matches(probe: Probe) -> bool:
    """A column that ends in `.responses`, or records with fields and responses."""
    return any(name.endswith(ENDING) for name in probe.columns) or (
        probe.kind == "json" and probe.has("fields", "responses")
    )


READER = Reader(
    "argilla",
    "Argilla 2 records, Argilla 1 feedback records",
    matches,
    read,
    platform="Argilla",
)
RECORDS = Reader(
    "argilla-records",
    "Argilla 1 text classification: annotation, annotation_agent, status",
    lambda probe: probe.has("annotation", "annotation_agent", "status"),
    read_records,
    platform="Argilla",
)
