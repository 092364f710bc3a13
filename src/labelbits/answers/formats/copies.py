"""Rows of a plain table that stand in it twice: copies say nothing of how sure a person is."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats.reader import Kind, load_table
from labelbits.interface import NOBODY


def without_copies(
    path: Path, kind: Kind, said: pl.DataFrame, rejects: Rejects, notes: list[str]
) -> pl.DataFrame:
    """`said` (a row an answer: item, annotator, value, row, ...) without copies of earlier rows.

    A row that equals an earlier one in every column of the file is a copy, unless the same person
    also gives different answers to one question here and no column could tell a second showing
    from a copy: then the rows stay, and `notes` say so.
    """
    known = said.drop("row")
    if not known.select("item", "annotator", "value").is_duplicated().any():
        return said
    if said["annotator"].is_null().all() or (said["annotator"] == NOBODY).all():
        return said  # equal answers of people without names are answers of several
    whole = load_table(path, kind, Rejects(), [])
    cells = [name for name in whole.columns if name != "row"]
    keyed = whole.with_columns(
        pl.struct(pl.col(cells).cast(pl.String, strict=False)).hash().alias("\0")
    )
    first = keyed.select("row", pl.col("row").first().over("\0").alias("first"))
    copies = first.filter(pl.col("row") != pl.col("first"))
    copies = copies.filter(pl.col("row").is_in(said["row"].implode()))
    if not len(copies):
        return said
    kept = said.filter(~pl.col("row").is_in(copies["row"].implode()))
    asked = ["item", "annotator", *(["question"] if "question" in said.columns else [])]
    again = int(kept.select(asked).is_duplicated().sum())
    told = len(cells) > len(known.columns)
    if again and not told:
        notes.append(
            f"{path.name}: {len(copies):,} rows equal an earlier one in every column. They may be "
            "copies or second answers of the same person; they are kept, and how often a person "
            "repeats an answer cannot be told from them (a column of times or ids would tell)"
        )
        return said
    for row, earlier in copies.iter_rows():
        rejects.add(int(row), "a copy of an earlier row; the first is kept", f"row {earlier}")
    notes.append(
        f"{path.name}: {len(copies):,} rows equal an earlier one in every column: copies, not "
        "second answers, so the first of each is kept"
    )
    return kept
