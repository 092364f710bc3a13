"""The column of a table of answers that holds the right class of each item (gold), by its name."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from labelbits.answers.formats import cells, usual


def gold_in(table: pl.DataFrame, names: Iterable[str], label: str) -> tuple[str | None, str | None]:
    """(the column among `names` that goes by a usual name of gold and names classes of `label`
    alone, one that goes by such a name and does not)."""
    answered = set(cells.names(table[label]).unique().to_list())
    rest, strange = list(names), None
    while (name := usual.found(rest, usual.GOLD)) is not None:
        rest.remove(name)
        if table[name].dtype.is_nested():
            continue
        right = set(cells.said_in(table[name]))
        if right and right <= answered:
            return name, None
        strange = strange or name
    return None, strange
