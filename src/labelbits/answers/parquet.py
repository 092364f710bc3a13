"""Parquet in bounded memory: batches of rows, sizes checked first, failures as `InputError`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from labelbits.answers.files import shorten
from labelbits.errors import InputError

#: Rows of one file; a few kilobytes of Parquet can claim billions.
MOST_ROWS = 100_000_000
BATCH = 500_000


def refuse(path: Path, problem: BaseException | str) -> InputError:
    """The one message for a file that Parquet cannot open."""
    return InputError(
        f"{path}: cannot be read as Parquet ({shorten(str(problem))}); the file may be cut off"
    )


def open_parquet(path: Path) -> pq.ParquetFile:
    """The file, opened and its row count checked."""
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError, ValueError) as problem:
        raise refuse(path, problem) from None
    rows = file.metadata.num_rows
    if not 0 <= rows <= MOST_ROWS:
        raise InputError(f"{path}: claims {rows:,} rows; at most {MOST_ROWS:,} are read, split it")
    return file


def batches(path: Path, columns: list[str] | None = None) -> Iterator[pl.DataFrame]:
    """The rows as tables of at most `BATCH` rows."""
    try:
        with open_parquet(path) as file:
            for batch in file.iter_batches(BATCH, columns=columns):
                table = pl.from_arrow(batch)
                assert isinstance(table, pl.DataFrame)
                yield table
    except (pa.ArrowException, OSError, ValueError, TypeError, NotImplementedError) as problem:
        if isinstance(problem, InputError):
            raise
        raise refuse(path, problem) from None


def read_parquet(path: Path) -> pl.DataFrame:
    """The whole table with `row`, counted from 1; columns of a type polars lacks are refused."""
    parts = list(batches(path))
    if not parts:
        raise InputError(f"{path}: holds no rows; expected answers")
    table = pl.concat(parts, how="vertical_relaxed")
    if "row" in table.columns:
        table = table.rename({"row": "row (file)"})
    return table.with_row_index("row", 1).with_columns(pl.col("row").cast(pl.Int64))


def declared(path: Path) -> dict[str, Any]:
    """What `write_answers` stored beside the table: names of items and classes; {} if nothing."""
    try:
        with open_parquet(path) as file:
            stored = (file.metadata.metadata or {}).get(b"labelbits")
        found = json.loads(stored) if stored else {}
    except (InputError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
