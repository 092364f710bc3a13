"""Numbers such as 3,556 in tables whose cells are apart by semicolons or tabs.

Three digits after a comma can be decimals or thousands. A program that parts cells by commas has no
decimal comma; one that parts them by semicolons or tabs mostly does, so that the comma is decimal
there unless the table shows a mark of thousands, or a decimal point, for certain.
"""

from __future__ import annotations

import polars as pl

#: Delimiters beside which a comma within a number is decimal.
BESIDE = ";\t"
#: Either reading fits; commas that can only mark thousands; decimal commas and points for certain.
EITHER = r"^[+-]?\d+,\d{3}$"
THOUSANDS = r"^[+-]?\d{1,3}((,\d{3}){2,}|(,\d{3})+\.\d+)$"
COMMA = r"^[+-]?\d+,(\d{1,2}|\d{4,})$"
POINT = r"^[+-]?(\d*\.(\d{1,2}|\d{4,})|0?\.\d+)$"
WHOLE = r"^[+-]?\d+$"


def decimal_columns(table: pl.DataFrame, delimiter: str) -> list[str]:
    """The columns of text whose numbers have three digits after a comma that are decimals."""
    texts = [name for name, kind in table.schema.items() if kind == pl.String]
    if delimiter not in BESIDE:
        return []
    found = [name for name in texts if _either(table[name])]
    if not found or _any(table, texts, THOUSANDS):
        return []
    return found if _any(table, texts, COMMA) or not _any(table, texts, POINT) else []


def with_points(table: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """The table with a decimal point in the numbers of `columns`."""
    own = (pl.col(name) for name in columns)
    return table.with_columns(
        pl.when(one.str.contains(EITHER)).then(one.str.replace(",", ".", literal=True))
        .otherwise(one).name.keep() for one in own
    )  # fmt: skip


def _either(column: pl.Series) -> bool:
    there = column.drop_nulls()
    if not there.str.contains(",", literal=True).any():
        return False
    either = there.str.contains(EITHER)
    words = there.str.to_lowercase().is_in(["na", "n/a", "nan", "null"])
    return bool(either.any()) and bool((either | there.str.contains(WHOLE) | words).all())


def _any(table: pl.DataFrame, columns: list[str], pattern: str) -> bool:
    return any(bool(table[name].str.contains(pattern).any()) for name in columns)
