"""Label Studio exports: JSON, JSON_MIN, CSV, TSV, and what it writes to cloud storage.

Tasks that `labelbits export` wrote carry the question in `data.labelbits` (signal, items,
classes), and are read back exactly. Others are read by the type of each result
(`label_studio_guess`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from labelbits.answers.export.label_studio_results import NotAnswered, answer_of
from labelbits.answers.files.json_files import json_elements
from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats.cells import parsed
from labelbits.answers.formats.collecting import Rows
from labelbits.answers.formats.label_studio_guess import (
    ITEM_KEYS,
    OPEN,
    Question,
    controls_in,
    guess,
    item_name,
)
from labelbits.answers.formats.reader import (
    Kind,
    Options,
    Probe,
    Reader,
    as_number,
    load_table,
    scalar_name,
)
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError

#: Keys of a flattened task (JSON_MIN) that are no data and no result.
FLAT = {
    "id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "labelbits",
    "completed_by", "inner_id", "project",
}  # fmt: skip


class Export:
    """What is collected from one export: rows, what was left out, and what was assumed."""

    def __init__(self, path: Path, options: Options) -> None:
        self.path, self.options = path, options
        self.rejects, self.rows = Rejects(), Rows()
        self.notes: list[str] = []
        self.assumed: set[str] = set()
        self.seen: set[str] = set()
        self.tasks = self.predicted = 0
        self.nothing: list[tuple[int, dict[str, Any], dict[str, Any]]] = []

    def is_new(self, number: int, name: str | None) -> bool:
        """Is this annotation's id new? A repeated one is rejected."""
        if name is not None and name in self.seen:
            self.rejects.add(number, "annotation id appears twice; the first is kept", name)
            return False
        if name is not None:
            self.seen.add(name)
        return True

    def parsed(self) -> Parsed:
        """All answers, once the kind of each question is decided."""
        self._ticked_nothing()
        if not len(self.rows) and not len(self.rejects):
            raise self._nothing()
        table = self.rows.table(self.path, self.options, self.rejects, self.notes)
        self.notes.extend(f"{self.path.name}: {note}" for note in sorted(self.assumed))
        return Parsed(table, self.rejects, notes=self.notes)

    def _ticked_nothing(self) -> None:
        """A submitted annotation without a result ticks nothing, where several may be ticked."""
        asked = set(self.rows.said.columns["question"])
        several = any((value or "").count('", "') for value in self.rows.said.columns["value"])
        for number, task, annotation in self.nothing:
            if len(asked) != 1 or not several:
                self.rejects.add(number, "annotation holds no result", [])
                continue
            (question,) = asked
            name = scalar_name(annotation.get("id"))
            self.rows.ask(
                number, who(annotation.get("completed_by")),
                item_name(str(scalar_name(task.get("id")) or number), task["data"]), [],
                question=question, seconds=as_number(annotation.get("lead_time")),
                id=None if name is None else f"label-studio {name} {question}",
            )  # fmt: skip

    def _nothing(self) -> InputError:
        what = f"{self.path}: holds {self.tasks} Label Studio tasks but no annotations"
        if self.predicted:
            what += f", only a model's predictions ({self.predicted}), which are nobody's answers"
        return InputError(f"{what}; expected tasks that somebody answered: export them again")


def read_json(path: Path, kind: Kind, options: Options) -> Parsed:
    """The full export: tasks with `annotations`; or what Label Studio stores, an annotation with
    its `task`."""
    export = Export(path, options)
    rejects = export.rejects
    for number, task in json_elements(path, rejects, export.notes):
        if not isinstance(task, dict):
            rejects.add(number, "not a task; expected an object with data and annotations", task)
            continue
        if isinstance(task.get("result"), list) and "data" not in task:
            _stored(number, task, export)
            continue
        if not isinstance(task.get("data"), dict):
            rejects.add(number, "not a task; expected an object with data and annotations", task)
            continue
        export.tasks += 1
        predictions = task.get("predictions")
        export.predicted += len(predictions) if isinstance(predictions, list) else 0
        annotations = task.get("annotations", task.get("completions"))
        if not isinstance(annotations, list):
            rejects.add(number, "annotations are not a list", annotations)
            continue
        for annotation in annotations:
            if not isinstance(annotation, dict):
                rejects.add(number, "annotation is not an object", annotation)
                continue
            if export.is_new(number, scalar_name(annotation.get("id"))):
                _annotation(number, task, annotation, export)
    return export.parsed()


def _stored(number: int, annotation: dict[str, Any], export: Export) -> None:
    """An annotation that stands before its task, as Label Studio writes to cloud storage."""
    task = annotation.get("task")
    if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
        export.rejects.add(number, "annotation without its task; expected task.data", task)
        return
    export.tasks += 1
    if export.is_new(number, scalar_name(annotation.get("id"))):
        _annotation(number, task, annotation, export)


def _annotation(
    number: int, task: dict[str, Any], annotation: dict[str, Any], export: Export
) -> None:
    """The answers of one annotation; its time is shared equally by its controls."""
    rejects = export.rejects
    if annotation.get("was_cancelled") is True:
        rejects.add(number, "annotation was skipped (was_cancelled)", annotation.get("id", ""))
        return
    results = annotation.get("result")
    if results == []:
        export.nothing.append((number, task, annotation))
        return
    if not isinstance(results, list):
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
        name=scalar_name(annotation.get("id")),
        export=export,
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
    name: str | None,
    export: Export,
) -> None:
    told = data.get("labelbits")
    if isinstance(told, dict):
        asked = [("labelbits", *_told(told, found))]
    else:
        asked = list(guess(task, data, found, export.options, export.assumed))
    controls = 1 if isinstance(told, dict) else max(1, controls_in(found))
    if controls > 1 and seconds is not None:
        export.assumed.add(
            f"an annotation's time is shared equally over its controls (up to {controls} in one "
            "annotation, regions and texts included): what one answer took is not in the file"
        )
    share = None if seconds is None else seconds / controls
    for question, signal, items, classes, answer in asked:
        key = None if name is None else f"label-studio {name} {question}"
        if isinstance(answer, NotAnswered):
            if export.options.wants(question):
                export.rejects.add(number, answer.reason, answer.found)
        elif signal == OPEN:
            export.rows.ask(
                number, annotator, items[0], answer, question=question, seconds=share, gold=gold,
                id=key,
            )  # fmt: skip
        else:
            export.rows.add(
                number, signal, annotator, items, answer, classes=classes, seconds=share,
                gold=gold, id=key, question=question,
            )  # fmt: skip


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
    """JSON_MIN, CSV and TSV: one flat object or row an annotation."""
    export = Export(path, options)
    records: list[tuple[int, dict[str, Any]]] = []
    for number, record in _records(path, kind, export):
        if isinstance(record, dict):
            records.append((number, record))
        else:
            export.rejects.add(number, "not an object; expected one annotation", record)
    results = _result_keys([record for _, record in records], options.classes)
    for number, record in records:
        name = scalar_name(record.get("annotation_id"))
        if not export.is_new(number, name):
            continue
        data, found = _unflatten(record, results)
        export.tasks += 1
        if not found:
            export.rejects.add(number, "annotation holds no result", record)
            continue
        _questions(
            number,
            str(scalar_name(record.get("id")) or number),
            data,
            found,
            annotator=who(record.get("annotator", record.get("completed_by"))),
            seconds=as_number(record.get("lead_time")),
            gold=None,
            name=name,
            export=export,
        )
    return export.parsed()


def _records(path: Path, kind: Kind, export: Export) -> Iterator[tuple[int, Any]]:
    """The annotations; in tables, results are JSON text."""
    if kind == "json":
        yield from json_elements(path, export.rejects, export.notes)
        return
    table = load_table(path, kind, export.rejects, export.notes)
    for record in table.iter_rows(named=True):
        number = record.pop("row")
        yield number, {key: parsed(v) if isinstance(v, str) else v for key, v in record.items()}


def _result_keys(records: Sequence[Mapping[str, Any]], classes: Sequence[str]) -> set[str]:
    """The keys that hold results: objects, what is called like a choice, and what differs between
    two annotations of one task."""
    found: set[str] = set()
    first: dict[str, Mapping[str, Any]] = {}
    for record in records:
        task = first.setdefault(str(record.get("id")), record)
        for key, value in record.items():
            if key in FLAT or key in found:
                continue
            entries = value if isinstance(value, list) else [value]
            objects = bool(entries) and all(isinstance(entry, dict) for entry in entries)
            named = isinstance(value, str) and key not in ITEM_KEYS
            named = named and _is_choice(key, str(value), classes)
            differs = task is not record and key not in ITEM_KEYS and task.get(key) != value
            if objects or named or (differs and value is not None and task.get(key) is not None):
                found.add(key)
    return found or _few_names(records)


def _few_names(records: Sequence[Mapping[str, Any]]) -> set[str]:
    """The only key whose values are a few names that several records share, where nothing else
    looks like a result: annotators who always agree."""
    said: dict[str, list[str]] = {}
    for record in records:
        for key, value in record.items():
            if isinstance(value, str) and value and key not in FLAT and key not in ITEM_KEYS:
                said.setdefault(key, []).append(value)
    few = [
        key for key, values in said.items()
        if 1 < len(set(values)) <= min(20, len(values) / 3) and max(map(len, values)) <= 60
    ]  # fmt: skip
    return set(few) if len(few) == 1 else set()


def _unflatten(
    record: Mapping[str, Any], results: set[str]
) -> tuple[dict[str, Any], dict[str, list[tuple[str, Any]]]]:
    """Split a flat record into data and results: results are lists of objects, or plain names."""
    data: dict[str, Any] = {"labelbits": record.get("labelbits")}
    found: dict[str, list[tuple[str, Any]]] = {}
    for key, value in record.items():
        if key in FLAT:
            continue
        if key not in results:
            data[key] = value
            continue
        entries = value if isinstance(value, list) else [value]
        objects = [entry for entry in entries if isinstance(entry, dict)]
        if objects:
            found[key] = [("", entry) for entry in objects]
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            found[key] = [("", {"number": value})]
        elif isinstance(value, list) and all(isinstance(entry, list) for entry in value) and value:
            found[key] = [("", {"taxonomy": value})]
        elif entries != [None]:
            found[key] = [("", {"choices": [entry for entry in entries if entry is not None]})]
    return data, found


def _is_choice(key: str, value: str, classes: Sequence[str]) -> bool:
    named = ("choice", "label", "class", "sentiment", "category", "answer", "taxonomy")
    return value in classes or any(part in key.lower() for part in named)


def is_json(probe: Probe) -> bool:
    """Objects with `data` and `annotations`, or annotations with their task."""
    return probe.kind == "json" and any(
        isinstance(task, dict) and (
            (isinstance(task.get("data"), dict)
             and ("annotations" in task or "completions" in task or "predictions" in task))
            or (isinstance(task.get("result"), list) and isinstance(task.get("task"), dict))
        )
        for task in probe.elements
    )  # fmt: skip


def is_min(probe: Probe) -> bool:
    """Flat objects or rows with `annotation_id` and `annotator`."""
    return probe.kind in ("json", "csv", "parquet") and probe.has("annotation_id", "annotator")


JSON = Reader(
    "label-studio",
    "Label Studio JSON",
    is_json,
    read_json,
    platform="Label Studio",
)
JSON_MIN = Reader(
    "label-studio-min",
    "Label Studio JSON_MIN, CSV and TSV",
    is_min,
    read_min,
    platform="Label Studio",
)
