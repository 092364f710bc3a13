"""Tables with a row an item and a column a person: who they are, their times, what is nobody's."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from labelbits.answers.formats import cells, times, usual
from labelbits.answers.formats.column_names import people_columns
from labelbits.answers.formats.row_names import ROW_NUMBERS

#: Plain names of columns of right classes, and of what people's answers came to.
SAID_RIGHT = usual.TOGETHER | usual.TRUTH | usual.REFERENCE


def of_people(table: pl.DataFrame, name: str | None, path: Path, notes: list[str]) -> pl.DataFrame:
    """The columns called after people alone, where they hold classes of one set; the others are
    told."""
    columns = [one for one in table.columns if one != name]
    own = people_columns(columns) or list(beside_times(columns))
    if len(own) < 2 or any(table[one].dtype.is_nested() for one in own):
        return table
    said = [set(cells.said_in(table[one])) for one in own]
    others = [one for one in table.columns if one not in (*own, name, *ROW_NUMBERS)]
    if not are_labels(said, table) or (
        all(map(cells.is_number, set().union(*said)))
        and any(all_numbers(cells.names(table[one]).drop_nulls()) for one in others)
    ):
        return table  # numbers beside other numbers may be anything
    kept = [*([] if name is None else [name]), *own]
    gone = [one for one in table.columns if one not in kept and one not in ROW_NUMBERS]
    gone = [one for one in gone if usual.plain(one) not in SAID_RIGHT]
    timed = set(times_of_people(table.columns, own).values())
    unread = [one for one in gone if one not in timed]
    if unread:
        notes.append(
            f"{path.name}: {cells.shown(map(repr, own))} are the labels of {len(own)} people; "
            f"{cells.shown(map(repr, unread))} {'is' if len(unread) == 1 else 'are'} not read"
        )
    return table.drop(gone)


def times_of_people(columns: Sequence[str], people: Sequence[str]) -> dict[str, str]:
    """The column of each person's times, called after the person's column: `mia` and `mia_rt`."""
    found: dict[str, str] = {}
    for person in people:
        stem = usual.plain(person)
        for name in columns:
            said = usual.plain(name)
            rest = said.removeprefix(stem) if said.startswith(stem) else said.removesuffix(stem)
            if name not in people and rest not in ("", said) and times.is_time(rest):
                found.setdefault(person, name)
    beside = {} if found else beside_times(columns)
    return {person: beside[person] for person in people} if {*people} == {*beside} else found


def times_said(time: str, person: str) -> str:
    """What the heading of a person's times says without the person: `rt` of `mia_rt`."""
    own = usual.words_in(person)
    rest = " ".join(word for word in usual.words_in(time) if word not in own)
    return rest if times.is_time(rest) else "time"


def beside_times(columns: Sequence[str]) -> dict[str, str]:
    """Columns that have a time each under a heading of the same words: `Diagnosis Dr. Weber` and
    `Time (s) Dr. Weber`, `mia` and `mia_rt`; two at least that are called alike, none of others."""
    timed = [name for name in columns if times.may_be_time(name)]
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for time in timed:
        said = usual.words_in(time)
        for name in columns:
            own = usual.words_in(name)
            rest = [word for word in said if word not in own]
            if name in timed or len(rest) == len(said) or not rest:
                continue
            if times.is_time(" ".join(rest)):
                what = tuple(word for word in own if word not in said)
                found.setdefault(what, {})[name] = time
    each = [own for own in found.values() if len(own) > 1 == len(own) / len({*own.values()})]
    return max(each, key=len, default={})


def without_strangers(table: pl.DataFrame, path: Path, notes: list[str]) -> pl.DataFrame:
    """The columns but those of numbers beside several people's words (an age, a time), of which
    nobody says anything that another says."""
    if any(kind.is_nested() for kind in table.dtypes):
        return table
    said = {name: set(cells.said_in(table[name])) for name in table.columns}
    words = [own for own in said.values() if own and not all(map(cells.is_number, own))]
    if len(words) < 2 or not any(one & two for one, two in itertools.combinations(words, 2)):
        return table
    gone = [
        name for name, own in said.items()
        if own and all(map(cells.is_number, own)) and not own & set().union(*words)
    ]  # fmt: skip
    if gone:
        notes.append(
            f"{path.name}: {cells.shown(map(repr, gone))} {'holds' if len(gone) == 1 else 'hold'} "
            f"numbers beside people's words and {'is' if len(gone) == 1 else 'are'} not read"
        )
    return table.drop(gone)


def all_numbers(column: pl.Series) -> bool:
    there = column.filter(~column.str.to_lowercase().is_in(list(cells.MISSING)))
    return not cells.numbers(there).null_count()


def are_labels(said: list[set[str]], table: pl.DataFrame) -> bool:
    """Do the columns hold names from one small set, as several people's labels do?"""
    full = [own for own in said if own]
    every = set().union(*full) if full else set()
    few = 1 < len(every) <= max(20, len(table) // 3) and all(len(name) <= 60 for name in every)
    shared = len(full) > 1 and _is_one_set(full)
    return few and shared


def _is_one_set(said: Sequence[set[str]]) -> bool:
    """Do the columns hang together by names that they share? Answers to two questions do not."""
    reached, rest = set(said[0]), list(said[1:])
    while joined := [own for own in rest if own & reached]:
        reached.update(*joined)
        rest = [own for own in rest if not own & reached]
    return not rest
