"""CSV, one block at a time: every cell as text, ragged rows rejected one by one.

Blocks whose quotation marks are as the standard has them are parsed by polars; from the first
block on that is different, the slower parser of the standard library reads what is left.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from labelbits.answers.files.csv_layout import Layout, layout_of
from labelbits.answers.files.opening import Rejects, open_text
from labelbits.errors import InputError

#: Characters of one CSV field: a longer one is a lost quotation mark.
LARGEST_FIELD = 1 << 20
#: Rows of one table of the slower parser.
BLOCK_ROWS = 200_000
#: Characters that are parsed at once.
BLOCK_TEXT = 1 << 24


def read_csv(path: Path, rejects: Rejects, notes: list[str]) -> pl.DataFrame:
    """The whole table, see `csv_blocks`."""
    return pl.concat(csv_blocks(path, rejects, notes))


def csv_blocks(path: Path, rejects: Rejects, notes: list[str]) -> Iterator[pl.DataFrame]:
    """At least one table, one after another.

    Every cell is text (empty cells are null); `row` counts from 1 below the header. The delimiter
    is the comma, semicolon, tab, pipe or blank that the first lines agree on. A row with more or
    fewer cells than the header is rejected. `rejects` and `notes` grow while tables are taken.
    """
    csv.field_size_limit(LARGEST_FIELD)
    with open_text(path, notes) as stream:
        layout = layout_of(path, stream, LARGEST_FIELD)
        header = _header(path, layout)
        # The lines that were looked at, without the header (which may span several).
        looked = iter(layout.lines)
        next(csv.reader(looked, delimiter=layout.delimiter), None)
        rest = list(looked)
        number, given = 0, False
        if layout.delimiter != " ":
            text = "".join(rest)
            while True:
                more = stream.read(BLOCK_TEXT)
                text += more
                cut = len(text) if not more else text.rfind("\n") + 1
                block = _fast(text[:cut], layout.delimiter, len(header), number, rejects)
                if block is None:
                    break
                cells, number = block
                if len(cells):
                    yield _trimmed(cells, header)
                    given = True
                text = text[cut:]
                if not more:
                    if not given:
                        yield _block(header, [], [])
                    return
            rest = list(text.splitlines(keepends=True))
        lines = _joined(rest, stream)
        yield from _slow(lines, layout.delimiter, header, number, rejects)


def _joined(lines: list[str], stream: io.TextIOWrapper) -> Iterable[str]:
    """Lines already taken, the last of which may go on in the stream."""
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += stream.readline()
    return itertools.chain(lines, stream)


def _header(path: Path, layout: Layout) -> list[str]:
    header = list(layout.header)
    if not header or len(set(header)) < len(header):
        twice = [name for name in header if header.count(name) > 1]
        raise InputError(f"{path}: the header names column {twice[:1]} twice; expected once")
    if "row" in header:
        header[header.index("row")] = "row (file)"
    return header


def _fast(
    text: str, delimiter: str, width: int, number: int, rejects: Rejects
) -> tuple[pl.DataFrame, int] | None:
    """(cells as text, records so far) of whole lines; None where quotes are not as usual."""
    if "\r" in text:
        text = text.replace("\r\n", "\n")
        if "\r" in text:
            return None
    if text and not text.endswith("\n"):
        text += "\n"
    if "\n" not in text:
        return pl.DataFrame(), number
    lines = pl.Series("line", text.split("\n")[:-1], dtype=pl.String) if _plain(text) else None
    if lines is None or int(lines.str.len_chars().max() or 0) > LARGEST_FIELD:  # type: ignore[arg-type]
        return None
    parted = lines
    if '"' in text:
        mark = re.escape(delimiter)
        # A quoted field becomes a mark; two quotation marks inside one are part of it.
        parted = lines.str.replace_all(rf'(^|{mark})"(?:[^"]|"")*"', "${1}\x02")
        odd = parted.str.contains(rf'"|\x02[^{mark}]')
        if odd.any():
            return None
    there = parted != ""
    if not there.all():
        lines, parted = lines.filter(there), parted.filter(there)
    counts = parted.str.count_matches(delimiter, literal=True) + 1
    numbers = pl.int_range(number + 1, number + 1 + len(lines), dtype=pl.Int64, eager=True)
    number += len(lines)
    right = counts == width
    if not right.all():
        bad = pl.DataFrame({"row": numbers, "line": lines, "count": counts}).filter(~right)
        for row, line, count in bad.iter_rows():
            if line.strip(delimiter + " "):
                said = f"row has {count} cells; expected {width} as in the header"
                rejects.add(row, said, line)
        lines, numbers = lines.filter(right), numbers.filter(right)
        text = "\n".join(lines) + "\n"
    if not len(lines):
        return pl.DataFrame(), number
    try:
        cells = pl.read_csv(
            text.encode("utf-8", "replace"), has_header=False, separator=delimiter,
            infer_schema=False, truncate_ragged_lines=False,
        )  # fmt: skip
    except pl.exceptions.PolarsError:
        return None
    if cells.shape != (len(lines), width):
        return None
    return cells.with_columns(numbers.alias("row")), number


def _plain(text: str) -> bool:
    """Without the marks that lines are told apart by, and without the null character."""
    return "\x02" not in text and "\0" not in text


def _slow(
    lines: Iterable[str], delimiter: str, header: list[str], number: int, rejects: Rejects
) -> Iterator[pl.DataFrame]:
    """The same by the standard library: fields may span lines, and quotes may be lost."""
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter == " ")
    cells: list[list[str]] = []
    numbers: list[int] = []
    while True:
        try:
            record = next(reader, None)
        except csv.Error as problem:
            number += 1
            rejects.add(number, f"row cannot be read as CSV ({problem})")
            continue
        if record and delimiter == " " and not record[-1]:
            record.pop()
        if record:
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


def _block(header: list[str], cells: list[list[str]], numbers: list[int]) -> pl.DataFrame:
    columns = [list(column) for column in zip(*cells, strict=True)] or [[] for _ in header]
    frame = pl.DataFrame({str(i): _text(own) for i, own in enumerate(columns)})
    return _trimmed(frame.with_columns(pl.Series("row", numbers, dtype=pl.Int64)), header)


def _trimmed(cells: pl.DataFrame, header: list[str]) -> pl.DataFrame:
    """Cells without blanks round them, empty ones null, under the header's names."""
    number = cells["row"]
    frame = cells.drop("row")
    frame.columns = header
    trimmed = pl.all().str.strip_chars()
    frame = frame.with_columns(pl.when(trimmed != "").then(trimmed))
    return frame.with_columns(number)


def _text(cells: list[str]) -> pl.Series:
    try:
        return pl.Series(cells, dtype=pl.String)
    except UnicodeEncodeError:  # a lone surrogate from UTF-16 cannot be stored as UTF-8
        whole = [cell.encode("utf-8", "replace").decode() for cell in cells]
        return pl.Series(whole, dtype=pl.String)
