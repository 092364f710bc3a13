"""What files come packed in: gzip, bzip2, xz, a ZIP of one file, a spreadsheet. Bombs are refused.

A packed file reads like the file inside it; a spreadsheet reads like the CSV of its first sheet
with cells. What is unpacked is counted while it is read, so what a header claims does not matter.
"""

from __future__ import annotations

import bz2
import contextlib
import csv
import datetime
import functools
import gzip
import io
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any, BinaryIO, Literal

from labelbits.errors import InputError

Container = Literal["gzip", "bzip2", "xz", "zip", "spreadsheet"]
#: Bytes that any file may unpack to, whatever its size.
SMALL = 1 << 28
#: Larger files may unpack to this many times their size (text packs to a tenth) ...
MOST_TIMES = 100
#: ... and to this many bytes.
LARGEST_UNPACKED = 1 << 34
#: Bytes of all parts of a spreadsheet, unpacked: about five million cells.
LARGEST_SPREADSHEET = 1 << 29
#: The sheet that the user asks for in spreadsheets that hold several; "": the first with cells.
SHEET: ContextVar[str] = ContextVar("sheet", default="")
#: What was said of sheets that were not read, while somebody listens (`one_sheet`).
_OTHERS: ContextVar[dict[str, None] | None] = ContextVar("others", default=None)
#: What unpackers raise for broken bytes.
BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, ValueError,
          NotImplementedError, RuntimeError, struct.error, KeyError)  # fmt: skip


@contextlib.contextmanager
def one_sheet(name: str | None) -> Iterator[dict[str, None]]:
    """Spreadsheets of several sheets are read by the sheet `name` inside (None: as outside).

    What was said of sheets that were not read is given as the keys of a dictionary, and stands at
    the end of every `InputError`: what is missing may be on another sheet.
    """
    said: dict[str, None] = {}
    outside = _OTHERS.get()
    chosen = SHEET.set(SHEET.get() if name is None else name)
    heard = _OTHERS.set(said)
    try:
        yield said
    except InputError as problem:
        told = [one for one in said if one not in str(problem)]
        if told:
            problem.args = (f"{problem} ({'; '.join(told)})",)
        raise
    finally:
        _OTHERS.reset(heard)
        SHEET.reset(chosen)
        if outside is not None:
            outside.update(said)


def container_of(path: Path, start: bytes) -> Container | None:
    """What the first bytes of a file say it is packed in; None for a plain file (and npz)."""
    if start.startswith(b"\x1f\x8b"):
        return "gzip"
    if start.startswith(b"BZh"):
        return "bzip2"
    if start.startswith(b"\xfd7zXZ"):
        return "xz"
    if start.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "spreadsheet"
    if start.startswith(b"PK\x03\x04"):
        names = _members(path)
        if any(name.endswith(".npy") for name in names):
            return None
        inside = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")
        return "spreadsheet" if any(name in names for name in inside) else "zip"
    return None


def _members(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except BROKEN as problem:
        raise InputError(
            f"{path}: cannot be read as a ZIP archive ({problem}); the file may be cut off"
        ) from None


def unpacked(path: Path, kind: Container, notes: list[str]) -> BinaryIO:
    """The content as a stream that may be wound back; raises `InputError` above the limits."""
    if kind == "spreadsheet":
        status = path.stat()
        data, said = _sheet(path, status.st_size, status.st_mtime_ns, SHEET.get())
        if said and (others := _OTHERS.get()) is not None:
            others.update(dict.fromkeys(said))
        notes.extend(note for note in said if note not in notes)
        return io.BytesIO(data)
    if kind == "zip":
        return _limited(path, _only_member(path, notes))
    opener: Any = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}[kind]
    return _limited(path, opener(path, "rb"))


def _only_member(path: Path, notes: list[str]) -> BinaryIO:
    """The one file of an archive; folders and what systems add beside files do not count."""
    archive = zipfile.ZipFile(path)
    names = [
        name for name in archive.namelist()
        if not name.endswith(("/", ".DS_Store", "Thumbs.db")) and not name.startswith("__MACOSX/")
    ]  # fmt: skip
    books = [name for name in names if name.replace("\\", "/").lower().endswith("workbook.xml")]
    if books and len(names) > 1:
        archive.close()
        raise InputError(
            f"{path}: a spreadsheet whose workbook is called {books[0]!r}; expected the part "
            "xl/workbook.xml: open it in a spreadsheet program and save it again, or save it as CSV"
        )
    if len(names) != 1:
        archive.close()
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        raise InputError(
            f"{path}: a ZIP archive of {len(names)} files ({shown or 'none'}); expected one file: "
            "unpack it and name the files of answers"
        )
    try:
        stream: Any = archive.open(names[0])
    except BROKEN as problem:
        raise InputError(f"{path}: {names[0]} cannot be unpacked ({problem})") from None
    return stream


class _Limited(io.RawIOBase):
    """A packed stream that counts what it gives and stops a bomb."""

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self._path, self._stream, self._at = path, stream, 0
        self._most = min(LARGEST_UNPACKED, max(SMALL, MOST_TIMES * path.stat().st_size))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = self._stream.seek(offset, whence)
        return self._at

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._stream.read(len(buffer))
        except BROKEN as problem:
            raise InputError(
                f"{self._path}: cannot be unpacked ({problem}); the file may be cut off"
            ) from None
        self._at += len(data)
        if self._at > self._most:
            raise InputError(
                f"{self._path}: unpacks to more than {self._most:,} bytes, at most "
                f"{MOST_TIMES} times its size are read; unpack it yourself if it is meant"
            )
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _limited(path: Path, stream: BinaryIO) -> BinaryIO:
    return io.BufferedReader(_Limited(path, stream), 1 << 18)


@functools.lru_cache(maxsize=2)
def _sheet(path: Path, size: int, changed: int, wanted: str) -> tuple[bytes, tuple[str, ...]]:
    """The sheet `wanted` ("": the first with cells) as CSV, and what to say about other sheets."""
    import python_calamine

    _check_parts(path)
    try:
        book = python_calamine.load_workbook(str(path))
        found = {name: book.get_sheet_by_name(name) for name in book.sheet_names}
        sheets = [(name, one.to_python(skip_empty_area=False)) for name, one in found.items()]
    except BaseException as problem:
        if isinstance(problem, (KeyboardInterrupt, SystemExit, MemoryError)):
            raise
        why = _missing_part(problem)
        raise InputError(
            f"{path}: a spreadsheet that cannot be opened ({why}); save it as CSV"
        ) from None
    full = [(name, cells) for name, cells in sheets if any(any(map(str, row)) for row in cells)]
    if not full:
        raise InputError(f"{path}: a spreadsheet without a cell; save the sheet of answers as CSV")
    if len(full) > 1 and wanted and wanted not in dict(full):
        raise InputError(
            f"{path}: has no sheet {wanted!r} with cells; expected one of: "
            f"{', '.join(repr(one) for one, _ in full)}"
        )
    name, cells = next((one for one in full if one[0] == wanted), full[0])
    notes = []
    if len(full) > 1 and not wanted:
        others = [repr(other) for other, _ in full if other != name]
        shown = ", ".join(others[:4]) + (f" and {len(others) - 4} more" if len(others) > 4 else "")
        notes.append(
            f"{path.name}: sheet {name!r} is read and {shown} {'is' if len(others) == 1 else 'are'}"
            f" not: --sheet {others[0]} reads that one"
        )
    cells = _one_heading(cells, found[name].merged_cell_ranges or [], path, notes)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows([_cell(value) for value in row] for row in cells if any(map(str, row)))
    return stream.getvalue().encode("utf-8", "replace"), tuple(notes)


def _one_heading(
    cells: list[list[Any]],
    merged: list[tuple[tuple[int, int], tuple[int, int]]],
    path: Path,
    notes: list[str],
) -> list[list[Any]]:
    """The rows with two rows of headings as one, where cells of the upper one span columns.

    `merged` are the (row, column) of the first and last cells of merged areas. `Label` below
    `Annotator A` is `Label Annotator A`, where `Label` stands below another heading too.
    """
    spans: dict[int, list[tuple[int, int]]] = {}
    for (top, left), (bottom, right) in merged:
        if top == bottom and right > left:
            spans.setdefault(top, []).append((left, right))
    for row, own in sorted(spans.items()):
        if row + 1 >= len(cells) or sum(bool(str(one).strip()) for one in cells[row]) < 2:
            continue  # a title above the table spans all of it
        upper, lower = [str(one).strip() for one in cells[row]], cells[row + 1]
        if any(str(one).strip() for line in cells[:row] for one in line[1:]):
            return cells  # cells merged among the answers
        for left, right in own:
            upper[left : right + 1] = [upper[left]] * (right + 1 - left)
        under = [left + k for left, right in own for k in range(right + 1 - left)]
        if not all(isinstance(lower[k], str) and lower[k].strip() for k in under):
            return cells
        below = [str(one).strip() for one in lower]
        names = [
            one if one and (below.count(one) == 1 or not over) else f"{one} {over}".strip()
            for one, over in zip(below, upper, strict=True)
        ]
        notes.append(
            f"{path.name}: two rows of headings are read as one: "
            f"{', '.join(repr(one) for one in names[:4])}{', ...' * (len(names) > 4)}"
        )
        return [*cells[:row], names, *cells[row + 2 :]]
    return cells


def _missing_part(problem: BaseException) -> str:
    """What a spreadsheet lacks that every program writes, in words; else what its reader said."""
    said = str(problem)
    if "shared strings" in said:
        return "its cells number texts that the part xl/sharedStrings.xml does not hold"
    found = re.match(r"File not found '(.+)'", said)
    if found:
        return f"its part {found[1]} is missing: a program that opens it can save it whole"
    return said


def _cell(value: Any) -> str:
    """A cell as the text that a CSV would hold."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return str(value.total_seconds())
    return str(value)


def _check_parts(path: Path) -> None:
    """Refuse a spreadsheet whose parts unpack to too much: each is unpacked and counted."""
    with path.open("rb") as stream:
        if stream.read(2) != b"PK":
            return
        total = 0
        try:
            with zipfile.ZipFile(stream) as archive:
                members = archive.infolist()
            for member in members:
                stream.seek(member.header_offset)
                fixed = stream.read(30)
                name, extra = struct.unpack("<26xHH", fixed)
                stream.seek(name + extra, 1)
                total += _size(stream, member, LARGEST_SPREADSHEET - total)
                if total > LARGEST_SPREADSHEET:
                    raise InputError(
                        f"{path}: a spreadsheet that unpacks to more than "
                        f"{LARGEST_SPREADSHEET:,} bytes; save the sheet of answers as CSV"
                    )
        except InputError:
            raise
        except BROKEN as problem:
            raise InputError(
                f"{path}: a spreadsheet that cannot be opened ({problem}); save it as CSV"
            ) from None


def _size(stream: BinaryIO, member: zipfile.ZipInfo, most: int) -> int:
    """Bytes of a member, counted while it is unpacked, at most a little above `most`."""
    if member.compress_type != zipfile.ZIP_DEFLATED:
        return member.compress_size
    unpacker, found, left = zlib.decompressobj(-15), 0, member.compress_size
    while left > 0 and found <= most and not unpacker.eof:
        block = stream.read(min(left, 1 << 16))
        if not block:
            break
        left -= len(block)
        while block and found <= most:
            found += len(unpacker.decompress(block, 1 << 20))
            block = unpacker.unconsumed_tail
    return found
