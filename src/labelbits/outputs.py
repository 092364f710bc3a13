"""Where results go is checked before the work, not after it."""

from __future__ import annotations

import os
from os import PathLike
from pathlib import Path

from labelbits.errors import InputError

#: Kinds of table that can be written, by their ending.
TABLES = (".parquet", ".csv")


def check_folder(folder: str | PathLike[str]) -> None:
    """Raise `InputError` if results can clearly not be written into `folder`. Nothing is made."""
    folder = Path(folder)
    there = _nearest(folder)
    if not there.is_dir():
        raise InputError(f"--out {folder}: {there} is no folder; give another folder with --out")
    if not os.access(there, os.W_OK | os.X_OK):
        raise InputError(
            f"--out {folder}: {there} cannot be written to; give another folder with --out"
        )


def check_table(path: str | PathLike[str]) -> Path:
    """The path, or `InputError` if a table can clearly not be written there. Nothing is made."""
    path = Path(path)
    if path.suffix.lower() not in TABLES:
        found = path.suffix or "no suffix"
        raise InputError(f"{path}: cannot write {found}; expected .parquet or .csv")
    if not path.parent.exists():
        raise InputError(f"{path}: folder {path.parent} does not exist; create it first")
    if not path.parent.is_dir():
        raise InputError(f"{path}: {path.parent} is no folder; give another file with --out")
    if path.exists() and not path.is_file():
        what = "a folder" if path.is_dir() else "no ordinary file"
        raise InputError(f"{path}: is {what}; give another file with --out")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise InputError(
            f"{path}: {path.parent} cannot be written to; give another file with --out"
        )
    return path


def unwritable(place: str | PathLike[str], problem: OSError) -> InputError:
    """The one line for a disk that is full, a folder that was taken away, a file that is locked."""
    why = problem.strerror or str(problem) or type(problem).__name__
    return InputError(f"{place}: cannot be written ({why}); give another place with --out")


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    there = folder.absolute()
    while not os.path.lexists(there) and there != there.parent:
        there = there.parent
    return there
