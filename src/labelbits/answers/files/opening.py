"""Opening what people send us: size limits, encodings, half files. Nothing here knows a format.

A file is refused as a whole only when nothing in it can be read; what is broken inside it becomes
a rejected row with its reason. Memory stays bounded: `json_files` decodes one element at a time,
`csv_files` one block, `parquet` one batch; `numpy_files` refuses an array before it is inflated.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from labelbits.errors import InputError

#: Characters of text read at once.
BLOCK = 1 << 20


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
    except InputError:  # a ValueError too, and complete as it is
        raise
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


#: Name of the error handler that reads single bytes as Windows-1252.
ERRORS = "labelbits-windows-1252"
codecs.register_error(ERRORS, _windows_1252)


def bytes_replaced() -> int:
    """How many bytes this thread has read as Windows-1252 so far."""
    return _replaced.count


@contextlib.contextmanager
def open_text(path: Path, notes: list[str]) -> Iterator[io.TextIOWrapper]:
    """The file as text with any line ends; bytes read as Windows-1252 are counted in `notes`."""
    before = _replaced.count
    encoding = encoding_of(head(path, 4096))
    with path.open(encoding=encoding, errors=ERRORS, newline="") as stream:
        yield stream
    if count := _replaced.count - before:
        notes.append(f"{path.name}: {count} bytes are not UTF-8 and were read as Windows-1252")
