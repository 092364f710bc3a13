"""`write_answers`: the canonical table, written to a temporary name and then renamed."""

from __future__ import annotations

import io
import json
from os import PathLike
from pathlib import Path

import polars as pl

from labelbits.atomic import write_whole
from labelbits.interface import Answers
from labelbits.outputs import check_table, unwritable


def write_answers(answers: Answers, path: str | PathLike[str]) -> Path:
    """Write the canonical table as Parquet (`.parquet`) or CSV (`.csv`); returns the path.

    Parquet also keeps the names of items and classes in their order, so that codes survive the
    round trip; in CSV, lists are JSON text. The file appears only when it is complete.
    """
    path = check_table(path)
    made = io.BytesIO()  # polars raises errors of its own where a disk is full
    if path.suffix.lower() == ".parquet":
        names = json.dumps({"items": answers.items, "classes": answers.classes})
        answers.table.write_parquet(made, compression="zstd", metadata={"labelbits": names})
    else:
        _lists_as_json(answers.table).write_csv(made)
    try:
        write_whole(path, made.getbuffer())
    except OSError as problem:
        raise unwritable(path, problem) from None
    return path


def _lists_as_json(table: pl.DataFrame) -> pl.DataFrame:
    lists = [name for name in ("items", "classes") if name in table.columns]
    return table.with_columns(
        pl.Series(
            name,
            [
                None if row is None else json.dumps(row.to_list(), ensure_ascii=False)
                for row in table[name]
            ],
            dtype=pl.String,
        )
        for name in lists
    )
