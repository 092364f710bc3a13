"""Opening what people send us: size limits, encodings, half files. Nothing here knows a format.

A file is refused as a whole only when nothing in it can be read; what is broken inside it becomes
a rejected row with its reason. Memory stays bounded: `json_files` decodes one element at a time,
`csv_files` one block, `parquet` one batch; `numpy_files` refuses an array before it is inflated.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from labelbits.answers.files.containers import container_of, unpacked
from labelbits.answers.files.encodings import encoding_of
from labelbits.answers.files.no_data import refuse_folder
from labelbits.errors import InputError

#: Characters of text read at once.
BLOCK = 1 << 20
#: Bytes of a file: what a table of this size would need in memory, no machine has.
LARGEST_FILE = 1 << 37


def said_of_splits(folder: Path) -> list[str]:
    """The note of a folder in which `datasets` saved several splits, that all of them are read."""
    if not folder.is_dir():
        return []
    splits = sorted(
        one.name for one in folder.iterdir() if one.is_dir() and any(one.glob("*.arrow"))
    )
    if len(splits) < 2:
        return []
    return [
        f"{folder}: its splits {' and '.join(splits)} are read as one table; name "
        f"{folder / splits[0]} to read that one alone"
    ]


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


def check_file(path: Path, what: str = "a file of answers") -> None:
    """Raise `InputError` unless `path` is a plain file with something in it.

    A FIFO would be waited for and a device read without end, so neither is opened.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            if stat.S_ISDIR(status.st_mode):
                raise refuse_folder(path, what)
            raise InputError(f"{path}: not a file but a pipe or device; expected {what}")
        if status.st_size == 0:
            raise InputError(
                f"{path}: the file is empty; expected {what.removeprefix('a file of ')}"
            )
        if status.st_size > LARGEST_FILE:
            raise InputError(
                f"{path}: holds {status.st_size:,} bytes; at most {LARGEST_FILE:,} are read, "
                "split it"
            )
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected {what}") from None
    except InputError:  # a ValueError too, and complete as it is
        raise
    except (OSError, ValueError) as problem:
        raise InputError(f"{path}: cannot be opened ({problem})") from None


def open_bytes(path: Path, notes: list[str] | None = None) -> BinaryIO:
    """The one way to open a file: checked, and unpacked where it is packed (`containers`)."""
    check_file(path)
    try:
        with path.open("rb") as stream:
            start = stream.read(8)
        kind = container_of(path, start)
        return (
            path.open("rb")
            if kind is None
            else unpacked(path, kind, [] if notes is None else notes)
        )
    except InputError:
        raise
    except OSError as problem:
        raise InputError(f"{path}: cannot be opened ({problem})") from None


def head(path: Path, size: int = 1 << 16) -> bytes:
    """The first `size` bytes."""
    with open_bytes(path) as stream:
        return stream.read(size)


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
    """The file as text with any line ends; bytes read in another code page are told in `notes`."""
    before = _replaced.count
    with open_bytes(path, notes) as raw:
        encoding = encoding_of(raw.read(1 << 18))
        raw.seek(0)
        with io.TextIOWrapper(raw, encoding=encoding, errors=ERRORS, newline="") as stream:
            yield stream
    if name := {"cp1251": "Cyrillic (Windows-1251)", "gb18030": "Chinese (GBK)"}.get(encoding):
        note = f"{path.name}: the text is not UTF-8 and was read as {name}; save it as UTF-8 if "
        notes.append(note + "names look wrong")
    if count := _replaced.count - before:
        notes.append(f"{path.name}: {count} bytes are not UTF-8 and were read as Windows-1252")
