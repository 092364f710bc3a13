"""Files appear whole or not at all: written under a temporary name, flushed, renamed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from os import PathLike
from pathlib import Path

#: Ending of temporary names. One that a killed process left behind may be removed.
TEMPORARY = ".tmp"


@contextlib.contextmanager
def replacing(path: str | PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path`; what is written there takes its place at the end.

    A reader sees the old file or the new one, never half of it, also after a crash of the machine.
    On any error the temporary file is removed and `path` is left as it was.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY}")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(path: str | PathLike[str], content: str | bytes) -> None:
    """Write text (as UTF-8) or bytes so that the file appears complete."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    with replacing(path) as temporary:
        temporary.write_bytes(data)
