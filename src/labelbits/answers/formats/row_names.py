"""Which column names the rows of a table that has a row an item."""

from __future__ import annotations

import polars as pl

from labelbits.answers.files.csv_layout import ROW_NAMES
from labelbits.answers.formats import cells, usual
from labelbits.answers.formats.summary_rows import are_summaries

#: What spreadsheets and pandas call a column of row numbers.
ROW_NUMBERS = ("", "index", "Unnamed: 0", "__index_level_0__", ROW_NAMES)
#: Names of a column that says which item a row is about, beside those of ids (`usual.ID`).
IDS = ("id", "item", "item_id", "task", "task_id", "image", "image_id", "example", "example_id",
       "uid", "doc_id", "instance_id", "text_id", "question_id", "filename", "name",
       "url")  # fmt: skip
#: Headings of a first column that numbers the rows; elsewhere `no` may be a class.
NUMBERED = frozenset({"no", "nr", "num", "number", "nummer", "lfdnr", "lfd", "numero", "numéro"})
#: Characters of a name on average, above which a cell is a text.
LONG = 20
#: Fewer rows than these tell nothing of what a column without a known name holds.
LEAST = 3


def id_of_rows(table: pl.DataFrame) -> str | None:
    """The column whose cells are all different names of the rows, or None.

    By its name first; else the first column, where it holds short words that are all different and
    no other column does.
    """
    known = {usual.plain(one) for one in (*IDS, *usual.ID)}
    for name in table.columns:
        if usual.plain(name) in known and not table[name].dtype.is_nested():
            return name if _different(table[name]) else None
    named = [name for name in table.columns if name != "row"]
    first = table[named[0]] if named and usual.plain(named[0]) in NUMBERED else None
    numbers = first is not None and len(first) >= LEAST and not first.dtype.is_nested()
    if first is not None and numbers and _different(first):
        return named[0]
    if len(table) < LEAST or len(named) < 3 or not _are_names(table[named[0]]):
        return None
    return None if any(_are_names(table[name]) for name in named[1:]) else named[0]


def repeated_id(table: pl.DataFrame) -> str | None:
    """The column of a known name whose names stand in several rows each, as where people saw the
    items again; None where one names the rows, or names hardly come again."""
    known = {usual.plain(one) for one in (*IDS, *usual.ID)}
    for name in table.columns:
        if usual.plain(name) in known and not table[name].dtype.is_nested():
            own = cells.names(table[name])
            own = own.filter(~are_summaries(own))
            again = 2 <= own.drop_nulls().n_unique() <= len(own) / 2 and own.null_count() == 0
            return name if again else None
    return None


def _different(column: pl.Series) -> bool:
    """Are all names different, those of summaries and empty ones apart?"""
    own = cells.names(column)
    own = own.filter(~are_summaries(own))
    return own.n_unique() == len(own)


def _are_names(column: pl.Series) -> bool:
    """Are the cells short words, and all different?"""
    if column.dtype != pl.String:
        return False
    own = cells.names(column).drop_nulls()
    if len(own) < LEAST or len(own) < len(column) - 1 or not _different(own):
        return False
    length = float(own.str.len_chars().mean() or 0)  # type: ignore[arg-type]
    return length <= LONG and not any(map(cells.is_number, own.unique()))
