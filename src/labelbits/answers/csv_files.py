"""CSV, one block at a time: every cell as text, ragged rows rejected one by one."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from labelbits.answers.files import Rejects, open_text
from labelbits.errors import InputError

#: Characters of one CSV field: a longer one is a lost quotation mark.
LARGEST_FIELD = 1 << 20


def read_csv(path: Path, rejects: Rejects, notes: list[str]) -> pl.DataFrame:
    """Every cell as text (empty cells are null), plus `row`, counted from 1 below the header.

    The delimiter is the comma, semicolon or tab that the header uses most. A row with more or
    fewer cells than the header is rejected.
    """
    csv.field_size_limit(LARGEST_FIELD)
    blocks: list[pl.DataFrame] = []
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
            if cells and (record is None or len(cells) == 200_000):
                blocks.append(_block(header, cells, numbers))
                cells, numbers = [], []
            if record is None:
                break
    empty = dict.fromkeys(header, pl.String) | {"row": pl.Int64}
    return pl.concat(blocks) if blocks else pl.DataFrame(schema=empty)


def _chain(first: str, stream: io.TextIOWrapper) -> Iterator[str]:
    yield first
    yield from stream


def _block(header: list[str], cells: list[list[str]], numbers: list[int]) -> pl.DataFrame:
    clean = [[_clean(cell) for cell in column] for column in zip(*cells, strict=True)]
    frame = pl.DataFrame(
        dict(zip(header, clean, strict=True)), schema=dict.fromkeys(header, pl.String)
    )
    return frame.with_columns(pl.Series("row", numbers, dtype=pl.Int64))


def _clean(cell: str) -> str | None:
    cell = cell.strip()
    if not cell:
        return None
    try:
        cell.encode()
    except UnicodeEncodeError:  # a lone surrogate from UTF-16 cannot be stored as UTF-8
        return cell.encode("utf-8", "replace").decode()
    return cell
