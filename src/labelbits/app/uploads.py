"""Files that come to the page: uploaded into a folder of its own, or named by a path here.

Only the page itself reaches these (`guard`). What is inside a file is opened where every file of
answers is (`answers.files.opening`), with its limits; here are names, sizes and numbers of files.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path

from labelbits.answers.files.opening import check_file
from labelbits.errors import InputError

#: Bytes of one uploaded file, of all of them, and how many files there may be.
LARGEST_UPLOAD, LARGEST_TOTAL, MOST_FILES = 1 << 28, 1 << 31, 64
#: Characters of a name that is kept.
LONGEST_NAME = 120


def safe_name(name: str) -> str:
    """A plain file name from what a browser says: no folder, no control characters, not hidden."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    last = last.encode("utf-8", "replace").decode()
    kept = re.sub(r"[^\w.,()+@= -]", "_", last).strip(" .")
    stem, dot, ending = kept.rpartition(".")
    room = LONGEST_NAME - len(dot + ending)
    kept = f"{stem[:room]}{dot}{ending}" if stem and room > 0 else kept[:LONGEST_NAME]
    # Names in UTF-8 may take four times as many bytes as characters; file systems count bytes.
    while len(kept.encode()) > 200:
        kept = kept[1:]
    return kept or "file"


def free_path(folder: Path, name: str) -> Path:
    """A path in `folder` for `name` that no file has yet."""
    path, number = folder / safe_name(name), 1
    while path.exists() or path.is_symlink():
        number += 1
        stem, dot, ending = safe_name(name).partition(".")
        path = folder / f"{stem} ({number}){dot}{ending}"
    return path


async def save(stream: AsyncIterator[bytes], path: Path, room: int) -> int:
    """Write what comes to `path`, which is new, and return its bytes; `room` is what is left.

    Raises `InputError` for too many bytes; then, and when the sender goes away, nothing stays.
    """
    most, size = min(LARGEST_UPLOAD, room), 0
    try:
        with path.open("xb") as file:
            async for chunk in stream:
                size += len(chunk)
                if size > most:
                    raise InputError(
                        f"{path.name}: above {most:,} bytes, the most that is uploaded; give its "
                        "path on this machine instead"
                    )
                file.write(chunk)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return size


def file_here(given: str, start: Path) -> Path:
    """The file at a path that was typed: ~ is the home folder, relative ones begin at `start`.

    Raises `InputError` unless it is a plain file.
    """
    text = given.strip().strip("\"'")
    if not text or "\0" in text or len(text) > 4096:
        raise InputError("the path is empty or no path; expected that of a file on this machine")
    try:
        path = start / Path(text).expanduser()
    except RuntimeError:
        raise InputError(f"{text}: whose home folder is not known; expected a whole path") from None
    check_file(path)
    return path
