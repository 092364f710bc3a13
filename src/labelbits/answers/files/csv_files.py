"""CSV, one block at a time: every cell as text, ragged rows rejected one by one."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from labelbits.answers.files.opening import Rejects, open_text
from labelbits.errors import InputError

#: Characters of one CSV field: a longer one is a lost quotation mark.
LARGEST_FIELD = 1 << 20
#: Rows of one table.
BLOCK_ROWS = 200_000


def read_csv(path: Path, rejects: Rejects, notes: list[str]) -> pl.DataFrame:
    """The whole table, see `csv_blocks`."""
    return pl.concat(csv_blocks(path, rejects, notes))


def csv_blocks(path: Path, rejects: Rejects, notes: list[str]) -> Iterator[pl.DataFrame]:
    """At least one table, of at most `BLOCK_ROWS` rows, one after another.

    Every cell is text (empty cells are null); `row` counts from 1 below the header. The delimiter
    is the comma, semicolon or tab that the header uses most. A row with more or fewer cells than
    the header is rejected. `rejects` and `notes` grow while the tables are taken.
    """
    csv.field_size_limit(LARGEST_FIELD)
    with open_text(path, notes) as stream:
        first = stream.readline(LARGEST_FIELD).lstrip("\ufeff")
        while first and not first.strip():
            first = stream.readline(LARGEST_FIELD)
        delimiter = max(",;\t", key=first.count)
        header_reader = csv.reader(_chain(first, stream), delimiter=delimiter)
        try:
            header = [name.strip() for name in next(header_reader, [])]
        except csv.Error as problem:
            raise InputError(f"{path}: the header cannot be read ({problem})") from None
        if not header or len(set(header)) < len(header):
            twice = [name for name in header if header.count(name) > 1]
            raise InputError(f"{path}: the header names column {twice[:1]} twice; expected once")
        if "row" in header:
            header[header.index("row")] = "row (file)"
        cells: list[list[str]] = []
        numbers: list[int] = []
        number = 0
        while True:
            try:
                record = next(header_reader, None)
            except csv.Error as problem:
                number += 1
                rejects.add(number, f"row cannot be read as CSV ({problem})")
                continue
            if record is not None and record:
                number += 1
                if len(record) == len(header):
                    cells.append(record)
                    numbers.append(number)
                elif any(cell.strip() for cell in record):
                    rejects.add(
                        number,
                        f"row has {len(record)} cells; expected {len(header)} as in the header",
                        delimiter.join(record),
                    )
            if record is None or len(cells) == BLOCK_ROWS:
                yield _block(header, cells, numbers)
                cells, numbers = [], []
            if record is None:
                break


def _chain(first: str, stream: io.TextIOWrapper) -> Iterator[str]:
    yield first
    yield from stream


def _block(header: list[str], cells: list[list[str]], numbers: list[int]) -> pl.DataFrame:
    columns = [list(column) for column in zip(*cells, strict=True)] or [[] for _ in header]
    frame = pl.DataFrame({name: _text(own) for name, own in zip(header, columns, strict=True)})
    trimmed = pl.all().str.strip_chars()
    frame = frame.with_columns(pl.when(trimmed != "").then(trimmed))
    return frame.with_columns(pl.Series("row", numbers, dtype=pl.Int64))


def _text(cells: list[str]) -> pl.Series:
    try:
        return pl.Series(cells, dtype=pl.String)
    except UnicodeEncodeError:  # a lone surrogate from UTF-16 cannot be stored as UTF-8
        whole = [cell.encode("utf-8", "replace").decode() for cell in cells]
        return pl.Series(whole, dtype=pl.String)
