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
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from labelbits.answers.files.csv_layout import Layout, layout_of
from labelbits.answers.files.decimal_marks import decimal_columns, with_points
from labelbits.answers.files.opening import Rejects, open_text
from labelbits.errors import InputError

#: How columns without a name are called, and how the name of one ends that stands there again.
NAMELESS, TWICE = "(column", ". time)"
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
        header = _header(path, layout, notes)
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
                    yield _trimmed(cells, header, rejects)
                    given = True
                text = text[cut:]
                if not more:
                    if not given:
                        yield _block(header, [], [], rejects)
                    return
            rest = list(text.splitlines(keepends=True))
        lines = _joined(rest, stream)
        yield from _slow(lines, layout.delimiter, header, number, rejects)


def _joined(lines: list[str], stream: io.TextIOWrapper) -> Iterable[str]:
    """Lines already taken, the last of which may go on in the stream."""
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += stream.readline()
    return itertools.chain(lines, stream)


@dataclass
class _Header:
    """Different names of all columns, and those that have neither a name nor a cell (None: not
    known yet)."""

    names: list[str]
    empty: list[str] | None = None
    delimiter: str = ","
    file: str = ""
    notes: list[str] = field(default_factory=list)
    #: Columns with three digits after a decimal comma.
    decimal: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.names)


def _header(path: Path, layout: Layout, notes: list[str]) -> _Header:
    """Different names of all columns: one that comes again gets a number."""
    if not any(layout.header):
        raise InputError(f"{path}: the first line names no columns; expected a header")
    if layout.skipped:
        notes.append(f"{path.name}: {layout.skipped} lines stand above the header and are not read")
    header: list[str] = []
    for place, name in enumerate(layout.header, 1):
        own = name or ("" if "" not in header else f"{NAMELESS} {place})")
        if own in header:
            notes.append(f"{path.name}: the header names column {own!r} twice; expected once")
            own = next(
                one for k in itertools.count(2) if (one := f"{own} ({k}{TWICE}") not in header
            )
        header.append(own)
    if "row" in header:
        header[header.index("row")] = "row (file)"
    return _Header(header, delimiter=layout.delimiter, file=path.name, notes=notes)


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
    lines: Iterable[str], delimiter: str, header: _Header, number: int, rejects: Rejects
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
            yield _block(header, cells, numbers, rejects)
            cells, numbers = [], []
        if record is None:
            break


def _block(
    header: _Header, cells: list[list[str]], numbers: list[int], rejects: Rejects
) -> pl.DataFrame:
    columns = [list(column) for column in zip(*cells, strict=True)] or [[] for _ in header.names]
    frame = pl.DataFrame({str(i): _text(own) for i, own in enumerate(columns)})
    made = frame.with_columns(pl.Series("row", numbers, dtype=pl.Int64))
    return _trimmed(made, header, rejects)


def _trimmed(cells: pl.DataFrame, header: _Header, rejects: Rejects) -> pl.DataFrame:
    """Cells without blanks round them, empty ones null, under the header's names; columns that have
    neither a name nor a cell are left out, and so are rows that repeat the header."""
    number = cells["row"]
    frame = cells.drop("row")
    frame.columns = header.names
    trimmed = pl.all().str.strip_chars()
    frame = frame.with_columns(pl.when(trimmed != "").then(trimmed))
    if header.empty is None:  # what the first block says of a column holds for all
        header.empty = [
            name for name in header.names
            if (not name or name.startswith(NAMELESS)) and frame[name].null_count() == len(frame)
        ]  # fmt: skip
        header.decimal = decimal_columns(frame, header.delimiter)
        if header.decimal:
            apart = "semicolons" if header.delimiter == ";" else "tabs"
            header.notes.append(
                f"{header.file}: numbers such as 1,125 are read with a decimal comma (1.125), as "
                f"the cells are apart by {apart}: columns {', '.join(map(repr, header.decimal))}"
            )
    if header.decimal:
        frame = with_points(frame, header.decimal)
    frame = frame.drop(header.empty).with_columns(number)
    named = [name for name in frame.columns[:-1] if not name.endswith(TWICE)]
    again = pl.repeat(len(named) > 1, len(frame), dtype=pl.Boolean, eager=True)
    for name in named:
        again &= (frame[name] == name).fill_null(not name)
        if not again.any():
            return frame
    for row in frame.filter(again)["row"]:
        rejects.add(row, "the header again")
    return frame.filter(~again)


def _text(cells: list[str]) -> pl.Series:
    try:
        return pl.Series(cells, dtype=pl.String)
    except UnicodeEncodeError:  # a lone surrogate from UTF-16 cannot be stored as UTF-8
        whole = [cell.encode("utf-8", "replace").decode() for cell in cells]
        return pl.Series(whole, dtype=pl.String)
