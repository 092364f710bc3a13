"""Tables with a column a class: who answered, about what, and which columns are the classes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import polars as pl

from labelbits.answers.formats import cells, times, usual
from labelbits.answers.formats.column_names import TOTALS
from labelbits.answers.formats.reader import Options, Probe, first_of
from labelbits.answers.formats.row_names import ROW_NUMBERS
from labelbits.answers.formats.usual import ITEM
from labelbits.answers.formats.who import who_column

#: What columns of probabilities are called before or after the name of the class.
_BEFORE = re.compile(
    r"^(p|prob|probs|probability|proba|soft|share|pct|percent|label|class)( of)?[\W_]+(?=\S)"
    r"|^%\s*(?=\S)",
    re.I,
)
_AFTER = re.compile(
    r"(?<=\w)[\W_]+(p|prob|probs|probability|proba|share|pct|percent|percentage)?\W*$", re.I
)
#: Rows that are looked at.
LOOKED_AT = 200


def head_of(probe: Probe) -> pl.DataFrame | None:
    """The first rows of a file as text, None where they cannot be a table."""
    rows: list[list[str | None]] = []
    for one in probe.elements[:LOOKED_AT]:
        if isinstance(one, Mapping):
            rows.append([cells.as_text(one.get(name)) for name in probe.columns])
        elif isinstance(one, (list, tuple)) and len(one) == len(probe.columns):
            rows.append([cells.as_text(cell) for cell in one])
        else:
            return None
    if not rows or len(set(probe.columns)) < len(probe.columns):
        return None
    return pl.DataFrame(rows, schema=dict.fromkeys(probe.columns, pl.String), orient="row")


def sides_of(table: pl.DataFrame, options: Options) -> tuple[str | None, str | None]:
    """(the column of items, that of annotators), told or by their usual names."""
    worker = options.columns.get("annotator") or who_column(table)
    left = table.drop([worker] if worker in table.columns else [])
    return options.columns.get("item") or first_of(left, *ITEM), worker


def other_columns(columns: Sequence[str], table: pl.DataFrame) -> list[str]:
    """The columns that are neither row numbers, times, prices, gold, totals nor texts."""
    known = {usual.plain(one) for one in (*usual.TRUTH, *usual.TOGETHER)} | TOTALS
    rest = [n for n in columns if n not in (*ROW_NUMBERS, "row") and usual.plain(n) not in known]
    time, price = times.time_column(table.select(rest)), usual.price_column(rest)[0]
    return [name for name in rest if name not in (time, price)]


def class_names(columns: Sequence[str]) -> tuple[str, ...]:
    """Names of classes from columns such as `p_cat`, `cat (%)`, without what is no name."""
    for pattern in (_BEFORE, _AFTER):
        made = [pattern.sub("", name).strip() for name in columns]
        changed = all(one != name for one, name in zip(made, columns, strict=True))
        if changed and all(made) and len(set(made)) == len(made):
            return tuple(made)
    return tuple(columns)
