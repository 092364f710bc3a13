"""Tables about the same items whose ids are written in two ways, or stand under another heading."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from labelbits.answers.formats import cells
from labelbits.errors import InputError
from labelbits.interface import Answers

#: Share of a column's values that ids of another table are, from which it names the same items.
SAME = 0.5


def column_of_ids(table: pl.DataFrame, ids: set[str]) -> str | None:
    """The one column of a table whose values are ids of another one, if there is one; paths of
    files are their names."""
    found, files = [], []
    names = set(_file_names(ids))
    for name, kind in table.schema.items():
        if kind.is_nested() or kind.is_float():
            continue
        own = set(cells.names(table[name]).drop_nulls())
        if len(own) > 1 and len(own & ids) > SAME * len(own):
            found.append(name)
        elif len(own) > 1 and len(names) > 1:
            both = names & set(_file_names(own))  # one table may hold more items than the other
            if len(both) > SAME * min(len(own), len(names)):
                files.append(name)
    found = found or files
    return found[0] if len(found) == 1 else None


def by_number(
    tables: Sequence[set[str]], described: Sequence[bool], wheres: Sequence[str], say: str
) -> dict[str, str]:
    """How ids of tables are written in those that describe items, by their numbers (`7` is `00007`)
    or by the names of files (`a.jpg` is `images/a.jpg`).

    Spreadsheets drop zeros at the front. Tables that are `described` may hold other items each, and
    nothing is renamed where a table shares an id with them as it is written. Raises `InputError`
    where a table that describes nothing shares none, nor a number.
    """
    renamed: dict[str, str] = {}
    known = {one for own, there in zip(tables, described, strict=True) if there for one in own}
    first = next((w for w, there in zip(wheres, described, strict=True) if there), "")
    for own, there, where in zip(tables, described, wheres, strict=True):
        if there or not own or not known or own & known:
            continue
        pairs = _paired(whole_numbers(own), whole_numbers(known))
        pairs = pairs or _paired(_file_names(own), _file_names(known))
        if not pairs:
            raise InputError(
                f"{where}: none of its {len(own):,} ids is one of {first}: found "
                f"{cells.shown(map(repr, sorted(own)), 2)} here and "
                f"{cells.shown(map(repr, sorted(known)), 2)} there; expected the same ids in both "
                f"({say} COLUMN names the column that holds them)"
            )
        renamed |= pairs
    return renamed


def _paired(here: Mapping[Any, str], others: Mapping[Any, str]) -> dict[str, str]:
    """Id -> the other id of the same key."""
    return {here[one]: others[one] for one in here.keys() & others.keys()}


def whole_numbers(ids: set[str]) -> dict[int, str]:
    """Whole number -> the id that is written so; nothing where two ids are one number."""
    whole = {one: int(float(one)) for one in ids if re.fullmatch(r"\d{1,15}(\.0+)?", one)}
    made = {number: one for one, number in whole.items()}
    return made if len(made) == len(whole) == len(ids) else {}


def _file_names(ids: set[str]) -> dict[str, str]:
    """Name of a file -> the id that is its path, where any id is one; nothing where two paths end
    in one name."""
    made = {re.split(r"[/\\]", one)[-1]: one for one in ids}
    return made if len(made) == len(ids) else {}


def said_of_numbers(renamed: dict[str, str]) -> str:
    """What has to be said of ids that were joined by their numbers, or by the names of files."""
    one, other = next(iter(sorted(renamed.items())))
    how = "their numbers" if whole_numbers({one}) else "the names of files"
    return (
        f"{len(renamed):,} ids are written in two ways, {one!r} and {other!r}, and were joined by "
        f"{how}"
    )


def with_names(answers: Answers, renamed: dict[str, str]) -> Answers:
    """The answers with their items as the tables call them."""
    items = pl.col("items").list.eval(pl.element().replace(renamed))
    return replace(
        answers,
        table=answers.table.with_columns(items),
        items=tuple(renamed.get(one, one) for one in answers.items),
        gold={renamed.get(one, one): right for one, right in answers.gold.items()},
    )
