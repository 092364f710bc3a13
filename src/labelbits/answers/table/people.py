"""How many people answered, said alike everywhere: as many as are named, else it is not known."""

from __future__ import annotations

import polars as pl

from labelbits.interface import NOBODY

#: What is said where no answer names a person: that is neither one person nor many.
NOT_KNOWN = "who answered is not known"
#: Why, where a table lacks the column, and what names it.
NO_COLUMN = "no column names people; --columns annotator=COL does"
#: How several answers to one item are taken then.
COUNTED = "several answers to one item count as those of different people"


def people_in(table: pl.DataFrame) -> int | None:
    """How many people `table` (a row an answer, column `annotator`) names; None where it names
    nobody."""
    if "annotator" not in table.columns:
        return None
    named = table["annotator"].drop_nulls()
    return named.filter(named != NOBODY).n_unique() or None


def said_not_known(where: str, why: str) -> str:
    """The note of a file that names nobody: `why` says what was looked for, or what names them."""
    return f"{where}: {NOT_KNOWN} ({why}); {COUNTED}"


def said_given(answers: str, people: int | None, items: str) -> str:
    """What was given, in words: `answers` and `items` are counted ("3 answers", "2 items")."""
    if people is None:
        return f"{answers} about {items}; {NOT_KNOWN}"
    return f"{answers} of {many(people, 'annotator')} about {items}"


def many(count: int, what: str) -> str:
    """A count and its noun."""
    return f"{count:,} {what}{'s' * (count != 1)}"
