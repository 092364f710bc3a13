"""Files appear whole or not at all, and files that belong together appear together."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from os import PathLike
from pathlib import Path

#: Ending of temporary names. One that a killed process left behind may be removed.
TEMPORARY = ".tmp"
#: A temporary name: of what, by which process.
_LEFT = re.compile(r"\..+\.(?P<process>\d+)\.[0-9a-f]+" + re.escape(TEMPORARY))
#: Temporary names of this process: an earlier one may have had its number.
_MINE: set[str] = set()
#: `renameat2`: relative to the working folder, exchange the two names.
_HERE, _EXCHANGE = -100, 2


@contextlib.contextmanager
def replacing(path: str | PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path`; what is written there takes its place at the end.

    A reader sees the old file or the new one, never half of it, also after a crash of the machine.
    On any error the temporary file is removed and `path` is left as it was. What a killed process
    left behind of the same file is removed first.
    """
    path = Path(path)
    temporary = _temporary(path)
    _clean(path)
    try:
        yield temporary
        _flush(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(path: str | PathLike[str], content: str | bytes | memoryview) -> None:
    """Write text (as UTF-8) or bytes so that the file appears complete."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_together(
    folder: str | PathLike[str],
    files: Mapping[str, str | bytes],
    ours: Callable[[str], bool] | None = None,
    last: str | None = None,
) -> None:
    """Write `files` (names relative to `folder`, parts joined by /) so that they change at once.

    A folder that is new, or holds nothing but files of an earlier run, is made beside and then
    exchanged: whoever looks sees all old files or all new ones, also where the process is killed.
    `ours` tells from a name whether a file is such a one (default: the names in `files`).
    A folder with other files in it, or that the program runs in, stays; then the file `last` is
    taken away first and written last, so that it is there only where the set is complete.
    Files of an earlier run that the new set lacks are removed. What a killed process left behind is
    removed. Raises `OSError`; the old files are then as they were.
    """
    known = ours or (lambda name: name in files)
    folder = Path(os.path.realpath(folder))
    folder.parent.mkdir(parents=True, exist_ok=True)
    _restore(folder)
    depth = max(name.count("/") for name in files)
    found = _inside(folder, depth) if folder.is_dir() else []
    for left in [name for name in found if _LEFT.fullmatch(name.rpartition("/")[2])]:
        _clean_one(folder / left)
    found = [name for name in found if os.path.lexists(folder / name)]
    made = _temporary(folder)
    try:
        made.mkdir()
        for name, content in files.items():
            target = made / name
            target.parent.mkdir(parents=True, exist_ok=True)
            data = content.encode("utf-8") if isinstance(content, str) else content
            target.write_bytes(data)
            _flush(target)
        if not folder.exists():
            made.rename(folder)
        elif all(known(name) for name in found) and not _in_use(folder):
            shutil.copymode(folder, made)
            _exchange(made, folder)
        else:
            _move_in(made, folder, list(files), [n for n in found if known(n)], last)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _temporary(path: Path) -> Path:
    """A name beside `path` that no other writer uses."""
    made = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}{TEMPORARY}")
    _MINE.add(made.name)
    return made


def _old(path: Path) -> Path:
    """Where a folder waits while a new one takes its place without an exchange."""
    return path.with_name(f".{path.name}.old{TEMPORARY}")


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _inside(folder: Path, depth: int) -> list[str]:
    """Names of what is in `folder`; of folders down to `depth` what is in them instead."""
    names = []
    for one in folder.iterdir():
        below = []
        if depth and one.is_dir() and not one.is_symlink():
            below = [f"{one.name}/{name}" for name in _inside(one, depth - 1)]
        names += below or [one.name]
    return names


def _in_use(folder: Path) -> bool:
    """Would an exchange pull the folder away from under this program, or fail?"""
    return Path.cwd().is_relative_to(folder) or folder.is_mount()


def _exchange(new: Path, folder: Path) -> None:
    """Exchange two folders at once where the system can, else by two renames."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):  # not this system
        failed = True
    else:
        failed = rename(_HERE, os.fsencode(new), _HERE, os.fsencode(folder), _EXCHANGE) != 0
    if failed:
        waiting = _old(folder)
        folder.rename(waiting)
        try:
            new.rename(folder)
        except OSError:
            waiting.rename(folder)
            raise
        waiting.rename(new)


def _restore(folder: Path) -> None:
    """Undo what a killed process began: half-made folders go, one that waits comes back."""
    waiting = _old(folder)
    if waiting.is_dir():
        if folder.exists():
            shutil.rmtree(waiting, ignore_errors=True)
        else:
            waiting.rename(folder)
    _clean(folder)


def _move_in(
    made: Path, folder: Path, new: list[str], earlier: list[str], last: str | None
) -> None:
    """Move files into a folder that stays; `last` is absent while the set is not complete."""
    order = [name for name in new if name != last] + [name for name in new if name == last]
    if last is not None and len(new) > 1:
        (folder / last).unlink(missing_ok=True)
    for name in earlier:
        if name not in new:
            (folder / name).unlink(missing_ok=True)
    for name in order:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).replace(folder / name)


def _clean(path: Path) -> None:
    """Remove temporary files and folders of `path` whose process is gone."""
    with contextlib.suppress(OSError):
        for one in path.parent.glob(f".{_escape(path.name)}.*{TEMPORARY}"):
            _clean_one(one)


def _clean_one(path: Path) -> None:
    named = _LEFT.fullmatch(path.name)
    if named is None or path.name in _MINE or _alive(int(named["process"])):
        return
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _escape(name: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", name)


def _alive(process: int) -> bool:
    """Does another process run under this number?"""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True
