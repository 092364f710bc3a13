"""How a table in text is laid out: what parts its cells, where its header is, what it lacks."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
from dataclasses import dataclass
from pathlib import Path

from labelbits.errors import InputError

#: What may part cells, the usual one first; blanks are tried last.
DELIMITERS = ",;\t|"
#: Lines looked at for a header: blank ones before it may be many, but not without end.
MOST_LINES = 10_000
#: Records that have to agree on the number of cells.
LOOKED_AT = 20
#: What R writes before a header that has no name for the row names.
ROW_NAMES = "(row names)"


@dataclass(frozen=True)
class Layout:
    """The delimiter, the header's names, and the first lines of the file, header included.

    `nameless` says that every row begins with a cell which the header has no name for; `skipped`
    lines stand before the header.
    """

    delimiter: str
    header: tuple[str, ...]
    lines: tuple[str, ...]
    nameless: bool = False
    skipped: int = 0


def layout_of(path: Path, stream: io.TextIOWrapper, longest: int) -> Layout:
    """Read the first lines of `stream`; Excel's line `sep=;` and blank lines are passed over."""
    lines: list[str] = []
    told = ""
    for line in itertools.islice(iter(lambda: stream.readline(longest), ""), MOST_LINES):
        text = line.lstrip("\ufeff") if not lines else line
        if not lines and not text.strip():
            continue
        if not lines and text[:4].lower() == "sep=" and len(text.strip("\r\n")) == 5:
            told = text[4]
            continue
        lines.append(text)
        if len(lines) > LOOKED_AT:
            break
    delimiter = told or _delimiter(lines)
    before = _before_header(lines, delimiter)
    if before:
        lines = lines[before:]
        lines += itertools.islice(iter(lambda: stream.readline(longest), ""), before)
    try:
        header = next(csv.reader(lines, delimiter=delimiter), [])
    except csv.Error as problem:
        raise InputError(f"{path}: the header cannot be read ({problem})") from None
    names = [name.strip() for name in header]
    if delimiter == " ":
        names = [name for name in names if name]
    wider = bool(lines[1:]) and all(
        count == len(names) + 1 for count in _cells(lines[1:LOOKED_AT], delimiter)
    )
    wider = wider and len(names) > 1
    ends = [line.rstrip("\r\n").endswith(delimiter) for line in lines[1:LOOKED_AT] if line.strip()]
    if wider and delimiter != " " and all(ends):  # every row ends with a delimiter
        return Layout(delimiter, (*names, ""), tuple(lines), skipped=before)
    whole = (ROW_NAMES, *names) if wider else tuple(names)
    return Layout(delimiter, whole, tuple(lines), wider, before)


def _before_header(lines: list[str], delimiter: str) -> int:
    """How many lines stand before the header: comments, and titles of one cell above a table."""
    padded = _padded(lines, delimiter)
    if padded:
        return padded
    counts = [
        len(next(csv.reader([line], delimiter=delimiter), [])) if line.strip() else 0
        for line in lines[:LOOKED_AT]
    ]
    usual = max(set(counts), key=lambda count: (counts.count(count), count), default=0)
    if (
        usual < 2
        or counts.count(usual) < 2
        or any('"' in line for line in lines[: counts.index(usual)])
    ):
        return 0
    before = counts[: counts.index(usual)]
    titles = all(n < 2 or line.startswith("#") for n, line in zip(before, lines, strict=False))
    return len(before) if titles else 0


def _padded(lines: list[str], delimiter: str) -> int:
    """How many lines stand before the header where a spreadsheet filled them up with empty cells.

    A title fills the first cell alone; what follows it fills at most half of the cells, from the
    first on. The header fills every cell, and no cell below it repeats its name.
    """
    if delimiter == " ":
        return 0
    rows: list[list[str]] = []
    for line in lines[:LOOKED_AT]:
        if line.count('"') % 2:  # a cell that goes on in the next line
            break
        with contextlib.suppress(csv.Error):
            rows.append([c.strip() for c in next(csv.reader([line], delimiter=delimiter), [])])
    width = len(rows[0]) if rows else 0
    filled = [sum(map(bool, row)) for row in rows]
    head = next((i for i, row in enumerate(rows) if len(row) == width == filled[i]), 0)
    if width < 3 or not head:
        return 0
    above = [row for row, count in zip(rows[:head], filled, strict=False) if count]
    titles = all(
        len(row) == width and all(row[: sum(map(bool, row))]) and 2 * sum(map(bool, row)) <= width
        for row in above
    ) and all(sum(map(bool, row)) == 1 for row in above[:1])
    names, below = rows[head], [row for row in rows[head + 1 :] if len(row) == width]
    own = len(set(names)) == width and not any(name.isdecimal() for name in names)
    again = any(name == row[i] for row in below for i, name in enumerate(names))
    return head if titles and own and below and not again else 0


def _delimiter(lines: list[str]) -> str:
    """What parts the header and most of the lines after it alike; the usual one where none does."""

    def fit(delimiter: str) -> tuple[int, int]:
        counts = _cells(lines[:LOOKED_AT], delimiter)
        most = max(set(counts), key=lambda count: (counts.count(count), count), default=0)
        if counts and counts[0] < 2 <= most and counts.count(most) > 1:
            return (counts.count(most) - 1, most)  # below a title
        if not counts or counts[0] < 2:
            return (0, 0)
        return (sum(count == counts[0] for count in counts), counts[0])

    best = max(DELIMITERS, key=fit)
    if fit(best)[1]:
        return best
    # A header of words apart by blanks is one only where every line has as many.
    counts = [len(line.split()) for line in lines[:LOOKED_AT] if line.strip()]
    blanks = len(counts) > 1 and counts[0] > 1 and len(set(counts)) == 1
    return " " if blanks and '"' not in lines[0] else ","


def _cells(lines: list[str], delimiter: str) -> list[int]:
    """Cells of each record."""
    if delimiter == " ":
        return [len(line.split()) for line in lines if line.strip()]
    counts: list[int] = []
    with contextlib.suppress(csv.Error):
        counts.extend(len(row) for row in csv.reader(lines, delimiter=delimiter) if row)
    return counts
