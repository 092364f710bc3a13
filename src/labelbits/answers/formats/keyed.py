"""Data sets in JSON keyed by item or annotator: LeWiDi, HateXplain, ChaosNLI, AltTest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from labelbits.answers.files.json_files import json_elements
from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats import cells
from labelbits.answers.formats.collecting import Rows
from labelbits.answers.formats.column_names import are_people
from labelbits.answers.formats.number_tables import MOST_CLASSES, readings
from labelbits.answers.formats.reader import (
    Kind,
    Options,
    Probe,
    Reader,
    UndecidedError,
    as_number,
    scalar_name,
)
from labelbits.answers.table.columns import Parsed
from labelbits.answers.table.people import said_not_known
from labelbits.interface import NOBODY

#: Keys under which counts of votes stand.
COUNTERS = ("label_counter", "label_counts", "counts", "votes")
#: Keys that name an annotator.
NAMES = ("annotator_id", "id", "worker_id", "annotator")
#: The question of HateXplain that is read unless another is named.
LABEL = "label"


def entries(
    path: Path, rejects: Rejects, notes: list[str]
) -> Iterator[tuple[int, str | None, Mapping[str, Any]]]:
    """(number, key, entry) of an object keyed by item, or of entries one after another."""
    number = 0
    for count, value in json_elements(path, rejects, notes):
        if not isinstance(value, Mapping):
            rejects.add(count, "not an object; expected items", value)
        elif value and all(isinstance(inside, Mapping) for inside in value.values()):
            for key, inside in value.items():
                number += 1
                yield number, str(key), inside
        else:
            number += 1
            yield number, None, value


def read_lewidi(path: Path, kind: Kind, options: Options) -> Parsed:
    """`annotations`: annotator -> answer, or answers apart by commas beside `annotators`."""
    rejects, notes, rows = Rejects(), [], Rows()
    for number, key, entry in entries(path, rejects, notes):
        item = key or scalar_name(entry.get("id")) or str(number)
        said = entry.get("annotations")
        if isinstance(said, str):
            answers = [part.strip() for part in said.split(",")]
            who = entry.get("annotators")
            names = [part.strip() for part in who.split(",")] if isinstance(who, str) else []
            if len(names) != len(answers):
                rejects.add(number, "annotations and annotators are not alike in number", said)
                continue
            pairs = list(zip(names, answers, strict=True))
        elif isinstance(said, Mapping):
            pairs = [(str(name), answer) for name, answer in said.items()]
        else:
            rejects.add(number, "item has no annotations; expected annotator -> answer", said)
            continue
        for name, answer in pairs:
            rows.ask(number, name, item, answer)
    return Parsed(rows.table(path, options, rejects, notes), rejects, notes=notes)


def read_hatexplain(path: Path, kind: Kind, options: Options) -> Parsed:
    """`annotators`: a list of objects with `annotator_id` and an answer to each question.

    Unless a question is named, the one called label is read.
    """
    rejects, notes, rows = Rejects(), [], Rows()
    others: set[str] = set()
    for number, key, entry in entries(path, rejects, notes):
        item = scalar_name(entry.get("post_id")) or key or str(number)
        people = entry.get("annotators")
        for place, person in enumerate(people if isinstance(people, list) else []):
            if not isinstance(person, Mapping):
                rejects.add(number, "annotator is not an object", person)
                continue
            named = (scalar_name(person.get(key)) for key in NAMES)
            who = next((name for name in named if name), f"annotator {place + 1}")
            for question, value in person.items():
                if question in NAMES:
                    continue
                if options.question is None and question != LABEL and LABEL in person:
                    others.add(str(question))
                    continue
                rows.ask(number, who, item, value, question=str(question))
    if others:
        shown = ", ".join(sorted(others))
        notes.append(f"{path.name}: question {LABEL!r} is read; --question reads another: {shown}")
    return Parsed(rows.table(path, options, rejects, notes), rejects, notes=notes)


def read_counters(path: Path, kind: Kind, options: Options) -> Parsed:
    """Counts of votes by class, one object an item: ChaosNLI's `label_counter`."""
    rejects, notes, rows = Rejects(), [], Rows()
    for number, key, entry in entries(path, rejects, notes):
        item = key or next(
            (n for k in ("uid", "id", "item", "item_id") if (n := scalar_name(entry.get(k)))), None
        )
        counts = next((entry[k] for k in COUNTERS if isinstance(entry.get(k), Mapping)), None)
        if counts is None and key is not None and _are_whole(entry):
            counts = entry  # an object of item -> class -> votes
        if counts is None:
            rejects.add(number, "item has no counts; expected class -> votes", entry)
            continue
        numbers = {str(name): as_number(count) for name, count in counts.items()}
        if None in numbers.values():
            rejects.add(number, "counts are no numbers", counts)
            continue
        whole = {name: int(count or 0) for name, count in numbers.items() if count}
        rows.add(number, "votes", "counts", [item or str(number)], whole)
    return Parsed(rows.table(path, options, rejects, notes), rejects, notes=notes)


def read_by_annotator(path: Path, kind: Kind, options: Options) -> Parsed:
    """AltTest: annotator -> item -> answer."""
    return _nested(path, options, "annotators", "items", False)


def read_by_item(path: Path, kind: Kind, options: Options) -> Parsed:
    """item -> annotator -> answer. Raises `UndecidedError` for whole numbers that may count the
    votes for the inner names, where nobody said which."""
    if options.signal is None and not options.classes:
        _refuse_votes(path)
    return _nested(path, options, "items", "annotators", True)


def _are_whole(entry: Mapping[str, Any]) -> bool:
    return bool(entry) and all(type(v) is int and v >= 0 for v in entry.values())


def _refuse_votes(path: Path) -> None:
    """See `read_by_item`: the numbers look as votes do (`number_tables.readings`)."""
    inside = [entry for _, key, entry in entries(path, Rejects(), []) if key is not None]
    names = list(dict.fromkeys(name for entry in inside for name in entry))
    if are_people(names) or len(names) > MOST_CLASSES or not all(map(_are_whole, inside)):
        return
    values = np.array([[entry.get(name, 0) for name in names] for entry in inside], dtype=float)
    if "counts" in readings(values):
        raise UndecidedError(
            f"{path}: each item has whole numbers under {cells.shown(map(repr, names))}: votes for "
            "these classes, or the class numbers that these annotators gave; expected one of: "
            "--format label-counter reads votes, --format by-item --signal hard class numbers"
        )


def _nested(path: Path, options: Options, outer: str, inner: str, by_item: bool) -> Parsed:
    rejects, notes, rows = Rejects(), [], Rows()
    count = 0
    seen: set[str] = set()
    for number, key, entry in entries(path, rejects, notes):
        if key is None:
            rejects.add(number, f"no object of {outer} -> {inner} -> answer", entry)
            continue
        count += 1
        for name, value in entry.items():
            seen.add(str(name))
            item, who = (key, str(name)) if by_item else (str(name), key)
            rows.ask(number, who or NOBODY, item, value)
    notes.append(
        f"{path.name}: the outer {count:,} names are {outer}, the inner {len(seen):,} are {inner}"
    )
    return Parsed(rows.table(path, options, rejects, notes), rejects, notes=notes)


def _inner(probe: Probe) -> list[Mapping[str, Any]]:
    """The entries of a file that is one object of objects, else the elements."""
    if probe.kind != "json" or not probe.elements:
        return []
    first = probe.elements[0]
    if not isinstance(first, Mapping):
        return []
    if first and all(isinstance(value, Mapping) for value in first.values()):
        return list(first.values())
    return [value for value in probe.elements if isinstance(value, Mapping)]


def _by_name(entry: Mapping[str, Any]) -> bool:
    """Are its annotations annotator -> answer, beside a text?"""
    said = entry["annotations"]
    plain = isinstance(said, Mapping) and all(
        isinstance(v, (str, int, float)) for v in said.values()
    )
    return plain and "text" in entry


def is_lewidi(probe: Probe) -> bool:
    """Entries with annotations and annotators."""
    return any(
        "annotations" in entry
        and ("annotators" in entry or "number of annotations" in entry or _by_name(entry))
        and isinstance(entry["annotations"], (str, Mapping))
        for entry in _inner(probe)[:50]
    )


def is_hatexplain(probe: Probe) -> bool:
    """Entries with a list of annotators that hold labels."""
    return any(
        isinstance(people := entry.get("annotators"), list)
        and any(isinstance(person, Mapping) and len(person) > 1 for person in people)
        for entry in _inner(probe)[:50]
    )


def is_counters(probe: Probe) -> bool:
    """Entries with an object of counts."""
    return any(
        any(isinstance(entry.get(key), Mapping) and entry[key] for key in COUNTERS)
        for entry in _inner(probe)[:50]
    )


def _shape(probe: Probe) -> tuple[int, int] | None:
    """(outer, inner) numbers of names of one object of objects of names or numbers."""
    if probe.kind != "json" or len(probe.elements) != 1:
        return None
    inside = _inner(probe)
    if len(inside) < 2 or inside[0] is probe.elements[0]:
        return None
    names: dict[str, int] = {}
    for entry in inside:
        if not entry or not all(
            value is None or isinstance(value, (str, int, float)) for value in entry.values()
        ):
            return None
        for name in entry:
            names[name] = names.get(name, 0) + 1
    # Answers of several people share their items; fields of records would too, but are named.
    shared = sum(count > 1 for count in names.values())
    if shared < 0.5 * len(names) or any(name.lower() in FIELDS for name in names):
        return None
    return len(inside), len(names)


def is_lists(probe: Probe) -> bool:
    """One object of item -> its answers: more items than answers, none called as a field is."""
    if probe.kind != "json" or len(probe.elements) != 1:
        return False
    record = probe.elements[0]
    if not isinstance(record, Mapping) or len(record) < LEAST_ITEMS:
        return False
    longest = 0
    for name, said in record.items():
        scalars = isinstance(said, list) and all(isinstance(v, (str, int, float)) for v in said)
        if not scalars or name.lower() in FIELDS | {"signal"}:
            return False
        longest = max(longest, len(said))
    return 0 < longest < len(record)


def read_lists(path: Path, kind: Kind, options: Options) -> Parsed:
    """Each list holds the answers of different people, whom nothing names, about one item."""
    rejects, notes, rows = Rejects(), [], Rows()
    for number, record in json_elements(path, rejects, notes):
        for item, said in record.items() if isinstance(record, Mapping) else ():
            for answer in said if isinstance(said, list) else ():
                rows.ask(number, NOBODY, item, answer)
    notes.append(said_not_known(path.name, "each item has a list of answers"))
    return Parsed(rows.table(path, options, rejects, notes), rejects, notes=notes)


#: Items from which an object of lists is no table of columns.
LEAST_ITEMS = 5
#: Names of fields, which no annotator and no item has.
FIELDS = frozenset({"text", "label", "id", "item", "answer", "annotator", "signal", "data", "url"})


def is_by_annotator(probe: Probe) -> bool:
    """More inner names than outer ones, as people label many items; alike both ways fits too."""
    shape = _shape(probe)
    return shape is not None and shape[0] <= shape[1]


def is_by_item(probe: Probe) -> bool:
    """More outer names than inner ones."""
    shape = _shape(probe)
    return shape is not None and shape[0] >= shape[1]


LEWIDI = Reader("lewidi", "LeWiDi: items with annotations by annotator", is_lewidi, read_lewidi)
HATEXPLAIN = Reader(
    "hatexplain", "HateXplain: items with a list of annotators", is_hatexplain, read_hatexplain
)
COUNTERS_READER = Reader(
    "label-counter", "ChaosNLI: items with counts by class", is_counters, read_counters
)
BY_ANNOTATOR = Reader(
    "alttest", "AltTest: annotator -> item -> answer", is_by_annotator, read_by_annotator,
    weakness=2,
)  # fmt: skip
BY_LISTS = Reader(
    "item-lists", "JSON of item -> list of its answers", is_lists, read_lists, weakness=2
)
BY_ITEM = Reader(
    "by-item", "JSON of item -> annotator -> answer", is_by_item, read_by_item, weakness=2
)
