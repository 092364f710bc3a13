"""Opening what people send us: size limits, encodings, half files. Nothing here knows a format.

A file is refused as a whole only when nothing in it can be read; what is broken inside it becomes
a rejected row with its reason. Memory stays bounded: JSON is decoded one element at a time, CSV
one block at a time, and an array is refused before it is inflated past `LARGEST_ARRAY` bytes.
"""

from __future__ import annotations

import ast
import codecs
import contextlib
import csv
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from labelbits.errors import InputError

#: Bytes of an array after inflation; 50 million items x 10 classes of int8 fit twice.
LARGEST_ARRAY = 1 << 30
#: Characters of one JSON element (a task with its annotations).
LARGEST_ELEMENT = 1 << 26
#: Characters of one CSV field: a longer one is a lost quotation mark.
LARGEST_FIELD = 1 << 20
_BLOCK = 1 << 20


@dataclass
class Rejects:
    """Rows that could not be read: row number (from 1), reason, and what was found there."""

    row: list[int] = field(default_factory=list)
    reason: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)

    def add(self, row: int, reason: str, found: Any = "") -> None:
        """Note that `row` is left out; `found` is cut to 120 characters."""
        self.row.append(row)
        self.reason.append(reason)
        self.found.append(shorten(found))

    def __len__(self) -> int:
        return len(self.row)

    def frame(self) -> pl.DataFrame:
        """Columns row, reason, found."""
        return pl.DataFrame(
            {"row": self.row, "reason": self.reason, "found": self.found},
            schema={"row": pl.Int64, "reason": pl.String, "found": pl.String},
        )


def shorten(value: Any, limit: int = 120) -> str:
    """`value` as text without line breaks, cut to `limit` characters."""
    text = value if isinstance(value, str) else repr(value)
    text = text[: limit + 1].encode("utf-8", "replace").decode()
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def check_file(path: Path) -> None:
    """Raise `InputError` unless `path` is a file with something in it."""
    try:
        if not path.exists():
            raise InputError(f"{path}: no such file; expected a file of answers")
        if not path.is_file():
            raise InputError(f"{path}: not a file; expected a file of answers")
        if path.stat().st_size == 0:
            raise InputError(f"{path}: the file is empty; expected answers")
    except (OSError, ValueError) as problem:
        raise InputError(f"{path}: cannot be opened ({problem})") from None


def head(path: Path, size: int = 1 << 16) -> bytes:
    """The first `size` bytes."""
    with path.open("rb") as stream:
        return stream.read(size)


def encoding_of(start: bytes) -> str:
    """The encoding that a byte order mark or the zeros of UTF-16 announce, else UTF-8."""
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if len(start) >= 4 and start[1::2].count(0) > 0.4 * len(start[1::2]):
        return "utf-16-le"
    if len(start) >= 4 and start[0::2].count(0) > 0.4 * len(start[0::2]):
        return "utf-16-be"
    return "utf-8"


class _Replaced(threading.local):
    """How many bytes this thread has read as Windows-1252 because they are not UTF-8."""

    count = 0


_replaced = _Replaced()


def _windows_1252(problem: UnicodeError) -> tuple[str, int]:
    """Codec error handler: bytes that are not UTF-8 are what old spreadsheets write."""
    if not isinstance(problem, UnicodeDecodeError):
        raise problem
    bad = problem.object[problem.start : problem.end]
    _replaced.count += len(bad)
    return bad.decode("cp1252", "replace"), problem.end


codecs.register_error("labelbits-windows-1252", _windows_1252)


@contextlib.contextmanager
def open_text(path: Path, notes: list[str]) -> Iterator[io.TextIOWrapper]:
    """The file as text with any line ends; bytes read as Windows-1252 are counted in `notes`."""
    before = _replaced.count
    encoding = encoding_of(head(path, 4096))
    with path.open(encoding=encoding, errors="labelbits-windows-1252", newline="") as stream:
        yield stream
    if count := _replaced.count - before:
        notes.append(f"{path.name}: {count} bytes are not UTF-8 and were read as Windows-1252")


# -- JSON ---------------------------------------------------------------------------------------
def loads(text: str) -> Any:
    """`json.loads` whose every failure is a `ValueError`: nesting and huge numbers included."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def loads_loose(text: str) -> Any:
    """JSON, else a Python literal as pandas prints it, else `ValueError`."""
    try:
        return loads(text)
    except ValueError:
        if len(text) > 10_000 or not text.lstrip().startswith(("[", "{", "(", "'", '"')):
            raise
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        raise ValueError(f"{shorten(text, 60)} is not JSON") from None


def json_elements(path: Path, rejects: Rejects, notes: list[str]) -> Iterator[tuple[int, Any]]:
    """(number from 1, value) of each element of a JSON array, or of objects one after another.

    What follows broken text is looked for at the next line that starts an object; half a file
    yields the elements before the break. Memory: one element and one block.
    """
    decoder = json.JSONDecoder()
    number, buffer, in_array, done = 0, "", False, False
    with open_text(path, notes) as stream:
        buffer = stream.read(_BLOCK).lstrip("\ufeff \t\r\n")
        if buffer.startswith("["):
            in_array, buffer = True, buffer[1:]
        while True:
            buffer = buffer.lstrip(" \t\r\n,")
            if not buffer:
                buffer = stream.read(_BLOCK)
                if not buffer:
                    break
                continue
            if in_array and buffer.startswith("]"):
                done = True
                break
            try:
                value, end = decoder.raw_decode(buffer)
                if end == len(buffer) and (more := stream.read(_BLOCK)):
                    buffer += more  # a number may go on in the next block
                    continue
            except (ValueError, RecursionError) as problem:
                deep = isinstance(problem, RecursionError)
                more = "" if deep else stream.read(max(_BLOCK, len(buffer)))
                if more and len(buffer) <= LARGEST_ELEMENT:
                    buffer += more
                    continue
                number += 1
                what = "nested too deeply" if deep else f"not JSON ({problem})"
                rejects.add(number, f"element {number} is {what}; the file may be cut off", buffer)
                buffer = _after_line(buffer + more, stream)
                continue
            number += 1
            yield number, value
            buffer = buffer[end:]
    if in_array and not done and number and not len(rejects):
        notes.append(f"{path.name}: the file ends before its closing bracket; it may be cut off")


def _after_line(buffer: str, stream: io.TextIOWrapper) -> str:
    """What follows the next line break before an object; nothing if there is none."""
    for _ in range(64):
        for mark in ("\n{", "\r{", "\n  {", "\n    {"):
            at = buffer.find(mark, 1)
            if at >= 0:
                return buffer[at:]
        buffer = buffer[-8:] + stream.read(_BLOCK)
        if len(buffer) <= 8:
            return ""
    return ""


# -- CSV ----------------------------------------------------------------------------------------
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


# -- Arrays and Parquet ---------------------------------------------------------------------------
def load_npz(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz or .npy file, without pickle, refused above `LARGEST_ARRAY` bytes."""
    try:
        if head(path, 6).startswith(b"\x93NUMPY"):
            with path.open("rb") as stream:
                return {"array": _load_array(stream, path.stat().st_size)}
        with zipfile.ZipFile(path) as archive:
            arrays = {}
            for member in archive.infolist()[:64]:
                if not member.filename.endswith(".npy"):
                    continue
                with archive.open(member) as stream:
                    name = member.filename.removesuffix(".npy")
                    arrays[name] = _load_array(stream, member.file_size)
            return arrays
    except InputError as problem:
        raise InputError(f"{path}: {problem}") from None
    except Exception as problem:  # zipfile and numpy raise nearly everything on broken bytes
        raise InputError(
            f"{path}: cannot be read as a NumPy file ({shorten(str(problem))}); "
            "expected .npz or .npy written without pickle"
        ) from None


def _load_array(stream: Any, size: int) -> np.ndarray:
    """One array from a .npy stream, its header checked before anything is allocated."""
    version = np.lib.format.read_magic(stream)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read_header is None:
        raise InputError(f"NumPy format version {version}; expected 1.0 or 2.0")
    shape, fortran, dtype = read_header(stream)
    if dtype.hasobject:
        raise InputError("the array holds Python objects (pickle), which are never loaded")
    count = 1
    for length in shape:
        count *= int(length)
    needed = count * dtype.itemsize
    if needed > LARGEST_ARRAY:
        raise InputError(
            f"an array of shape {shape} needs {needed:,} bytes; at most {LARGEST_ARRAY:,} are read"
        )
    if needed > size:
        raise InputError(f"an array of shape {shape} is cut off: {size:,} of {needed:,} bytes")
    data = stream.read(needed)
    if len(data) < needed:
        raise InputError(f"an array of shape {shape} is cut off: {len(data):,} of {needed:,} bytes")
    array = np.frombuffer(data, dtype=dtype, count=count)
    return array.reshape(shape, order="F" if fortran else "C")
