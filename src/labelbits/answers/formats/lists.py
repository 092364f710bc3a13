"""Items with all their answers in one row: a list of people beside one of labels, or a list of
objects that name a person and a label each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from labelbits.answers.formats import cells, usual
from labelbits.answers.formats.collecting import Rows
from labelbits.answers.formats.reader import (
    Kind,
    Options,
    Probe,
    Reader,
    as_number,
    first_of,
    opened,
    scalar_name,
    told_column,
)
from labelbits.answers.formats.times import SECONDS
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError

#: Columns that hold a list of objects, each the answer of one person.
OBJECTS = ("annotations", "labels", "label", "responses", "answers", "judgments", "judgements",
           "ratings", "votes", "annotators", "raters", "workers", "classifications")  # fmt: skip


#: Keys of an object that describes one answer.
FIELDS = frozenset({"value", "name", "label", "title", "text", "id", "type", "choice", "answer"})


def _named(names: Any, known: tuple[str, ...], *, plural: bool = False) -> str | None:
    """The first of `names` that is one of `known`, or the plural of one."""
    plain = {usual.plain(one) for one in known}
    wanted = {f"{one}s" for one in plain} | ({"labelers", "labellers"} if plural else set())
    return next((n for n in names if usual.plain(str(n)) in (wanted if plural else plain)), None)


def _pairs(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """(the list of people, the list of their labels) of a row, as long as each other."""
    who = _named(row, usual.WORKER, plural=True)
    what = _named(row, (*usual.LABEL, *usual.SCALE, *usual.PERHAPS_LABEL), plural=True)
    what = what or ("labels" if "labels" in row else None)
    if who is None or what is None:
        return None
    people, said = _list(row[who]), _list(row[what])
    both = people is not None and said is not None and len(people) == len(said) > 0
    plain = both and not any(isinstance(one, (Mapping, list)) for one in people or ())
    return (who, what) if plain else None


def _list(value: Any) -> list[Any] | None:
    found = cells.parsed(value) if isinstance(value, str) else value
    return found if isinstance(found, list) else None


def _person(entry: Any) -> tuple[str, str] | None:
    """(the key of the person, that of the label) of an object inside a list."""
    if not isinstance(entry, Mapping) or "result" in entry or "start_offset" in entry:
        return None
    who = _named(entry, usual.WORKER)
    what = _named(entry, (*usual.LABEL, *usual.SCALE, *usual.PERHAPS_LABEL))
    return None if who is None or what is None else (who, what)


def _objects(row: Mapping[str, Any]) -> str | None:
    """The column that holds a list of objects of a person and a label."""
    for name in OBJECTS:
        found = _list(row.get(name))
        if found and all(_person(one) is not None for one in found):
            return name
    return None


def _by_person(row: Mapping[str, Any]) -> str | None:
    """The column that holds an object of person -> label."""
    for name in OBJECTS:
        value = row.get(name)
        found = cells.parsed(value) if isinstance(value, str) else value
        if not isinstance(found, Mapping) or not found or set(found) & FIELDS:
            continue
        if all(isinstance(one, str) for one in found.values()):
            return name
    return None


def matches(probe: Probe) -> bool:
    """Most of the first rows hold a list of people beside one of labels, or a list of both."""
    rows = list(_rows(probe))[:20]
    fits = [row for row in rows if _pairs(row) or _objects(row) or _by_person(row)]
    own = any(_of_others(row) for row in fits)
    return bool(fits) and len(fits) > 0.5 * len(rows) and not own


def _of_others(row: Mapping[str, Any]) -> bool:
    """Is the row HateXplain's, LeWiDi's or doccano's, which have readers of their own?"""
    if isinstance(row.get("annotations"), Mapping) and "text" in row:
        return True  # LeWiDi's
    people, said = _list(row.get("annotators")) or (), _list(row.get("annotations")) or ()
    return any(isinstance(one, Mapping) for one in people) or any(
        isinstance(one, Mapping) and "user" in one for one in said
    )


def _rows(probe: Probe) -> Iterator[Mapping[str, Any]]:
    for element in probe.elements:
        if isinstance(element, Mapping):
            yield element
        elif isinstance(element, (list, tuple)) and len(element) == len(probe.columns):
            yield dict(zip(probe.columns, element, strict=True))


def read(path: Path, kind: Kind, options: Options) -> Parsed:
    """Each list is taken apart: one answer a person. A time beside the label is its own."""
    table, rejects, notes = opened(path, kind)
    item = told_column(path, table, options, "item") or first_of(table, *usual.ITEM)
    rows = Rows()
    found = 0
    for record in table.iter_rows(named=True):
        number = record.pop("row")
        name = scalar_name(record[item]) if item else str(number)
        row = {key: value for key, value in record.items() if key != item}
        pairs, inside, object_ = _pairs(row), _objects(row), _by_person(row)
        if name is None or (pairs is None and inside is None and object_ is None):
            rejects.add(number, "row holds no list of people and their labels", record)
            continue
        found += 1
        if pairs is not None:
            both = zip(_list(row[pairs[0]]) or (), _list(row[pairs[1]]) or (), strict=True)
            said = [(who, value, None) for who, value in both]
        elif object_ is not None:
            own = row[object_]
            own = cells.parsed(own) if isinstance(own, str) else own
            said = [(who, value, None) for who, value in own.items()]
        else:
            assert inside is not None
            said = [_said(entry) for entry in _list(row[inside]) or ()]
        for who, value, taken in said:
            person = scalar_name(who)
            if person is None:
                rejects.add(number, "an answer names nobody", value)
                continue
            rows.ask(number, person, name, value, seconds=taken)
    if not found:
        raise InputError(
            f"{path}: no row holds a list of people beside a list of labels; found columns "
            f"{', '.join(table.columns[:8])}"
        )
    notes.append(f"{path.name}: each row holds the answers of several people about one item")
    return Parsed(rows.table(path, options, rejects, notes), rejects, notes=notes)


def _said(entry: Mapping[str, Any]) -> tuple[Any, Any, float | None]:
    """(person, label, seconds) of an object."""
    who, what = _person(entry) or ("", "")
    time = _named(entry, SECONDS)
    return entry.get(who), entry.get(what), None if time is None else as_number(entry[time])


READER = Reader(
    "lists", "a row an item: lists of annotators and of their labels", matches, read
)  # fmt: skip
