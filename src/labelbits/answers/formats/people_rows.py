"""Surveys with a row a person and a column an item, as Google Forms and Qualtrics export them.

Never taken by itself: columns of a survey may as well be different questions. The option
`--format people-rows` says that they are items that everybody was asked the same about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from labelbits.answers.files.csv_files import TWICE
from labelbits.answers.formats import cells
from labelbits.answers.formats.deciding import decide
from labelbits.answers.formats.reader import Kind, Options, Reader, columns_in, opened
from labelbits.answers.formats.survey import asked_columns, people_column
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError

#: The column that names people where none does.
ROW = "(person of the row)"
#: More rows than steps that a question has.
MOST_STEPS = 20
#: Characters of a text on average, above which it is nobody's choice.
LONG = 20


def columns_of_people(
    table: pl.DataFrame, options: Options, notes: list[str]
) -> tuple[str | None, list[str]] | None:
    """(the column of people or None, those of items) of a table with a row a person, or None.

    Columns of free text, and numbers beside more columns of words (an age), are other questions,
    and so are words beside more numbers: they are told in `notes` and left out.
    """
    who = people_column(table, options)
    asked = asked_columns(table, who, options)
    if (
        who is None
        and len(numbering := [name for name in asked if _numbers_rows(table[name])]) == 1
    ):
        who = numbering[0]
        asked = [name for name in asked if name != who]
    texts = [name for name in asked if _is_text(table[name])]
    held = {name: cells.said_in(table[name]) for name in asked if name not in texts}
    numbers = [name for name, own in held.items() if all(map(cells.is_number, own))]
    words = [name for name in held if name not in numbers]
    others = [*texts, *(numbers if len(numbers) < len(words) else words)]
    kept = [name for name in asked if name not in others]
    if len(kept) < 2:
        return None
    if others:
        notes.append(
            f"{cells.shown(map(repr, others))} {'is' if len(others) == 1 else 'are'} answered "
            f"otherwise than the other columns and not read"
        )
    return who, kept


def _numbers_rows(column: pl.Series) -> bool:
    """Are these whole numbers, another in each row, as people are numbered and no steps are?"""
    own = cells.said_in(column)
    whole = len(own) == len(column) and all(one.isdecimal() for one in own)
    return whole and len(own) > MOST_STEPS


def _is_text(column: pl.Series) -> bool:
    """Long cells that are mostly different."""
    if column.dtype.is_nested():
        return True
    own = cells.names(column).drop_nulls()
    length = float(own.str.len_chars().mean() or 0)  # type: ignore[arg-type]
    return length > LONG and own.n_unique() > 0.5 * len(own)


def is_header(people: pl.Series) -> pl.Series:
    """Which rows repeat the header, as Qualtrics does in words and as JSON."""
    return people.str.contains(
        r"^\{|(?i)^(response|prolific|participant)[ _-]?(id|pid)$"
    ).fill_null(False)


def headings(table: pl.DataFrame, who: str | None, columns: Sequence[str]) -> dict[str, str]:
    """What each column asks: its name, or where a row repeats the header in words (Qualtrics) what
    stands there, if that tells the columns apart."""
    own = {name: re.sub(rf" \(\d+{re.escape(TWICE)}$", "", name) for name in columns}
    if who is None:
        return own
    words = table.filter(is_header(cells.names(table[who])))
    if not len(words):
        return own
    said = {name: cells.names(words[name])[0] for name in columns}
    told = {name: " ".join(text.split()) for name, text in said.items() if text}
    return told if len(set(told.values())) == len(columns) else own


def read(path: Path, kind: Kind, options: Options) -> Parsed:
    """Each column is an item, each row what one person said of all of them."""
    table, rejects, notes = opened(path, kind)
    said_others: list[str] = []
    found = columns_of_people(table, options, said_others)
    if found is None:
        raise InputError(
            f"{path}: found columns {columns_in(table)}; expected a column that says who answered "
            "(--columns annotator=COL) and a column an item"
        )
    who, items = found
    if who is None:
        table = table.with_columns(pl.format("person {}", "row").alias(ROW))
    names = cells.names(table[who or ROW])
    again = is_header(names)
    called = headings(table, who, items)
    for row in table.filter(again)["row"]:
        rejects.add(row, "the header again")
    table = table.filter(~again)
    said = pl.concat([
        table.select(
            "row",
            cells.text(who or ROW, table).alias("annotator"),
            pl.lit(called[name]).alias("item"),
            cells.text(name, table).alias("value"),
        )
        for name in items
    ])  # fmt: skip
    named = f"column {who!r}" if who else "no column names them: each row counts as another person"
    notes.append(
        f"{path.name}: {len(table):,} rows are people ({named}), {len(items):,} columns are "
        f"items: {cells.shown(map(repr, items))}"
    )
    notes += [f"{path.name}: {one}" for one in said_others]
    said = said.filter(pl.col("value").is_not_null())
    return Parsed(decide(path, said, options, rejects, notes), rejects, notes=notes)


READER = Reader(
    "people-rows", "a row a person, a column an item (surveys; only where it is named)",
    lambda probe: False, read,
)  # fmt: skip
