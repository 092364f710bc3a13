"""Where the results of long work live: one part file a finished task, then one table.

Every file is written under a temporary name, flushed to disk and renamed, so that a process
killed at any moment leaves whole files or none. The folder of a sweep holds `sweep.json`
(specification, hash, versions), `parts/` while the sweep runs, and `results.parquet` at the end.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import importlib.metadata
import json
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol, Self

import polars as pl
import pyarrow.parquet as pq

from labelbits.atomic import TEMPORARY, write_whole
from labelbits.errors import InputError
from labelbits.sweeps.spec import COLUMNS, Sweep, Task

SCHEMA = {
    "items": pl.Int64, "classes": pl.Int64, "dims": pl.Int64, "prior": pl.String,
    "precision": pl.Float64, "lapse": pl.Float64, "signal": pl.String,
    "answers_per_item": pl.Int64, "seed": pl.Int64, "metric": pl.String,
    "value": pl.Float64, "seconds": pl.Float64,
}  # fmt: skip

#: With `steps` as an axis of the grid: the column that tells them.
STEPS = {"steps": pl.Int64}


def versions() -> dict[str, str]:
    """Versions of what computes the numbers."""
    names = ("labelbits", "jax", "jaxlib", "numpy")
    return {"python": platform.python_version()} | {
        name: importlib.metadata.version(name) for name in names
    }


@contextlib.contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """A full or unwritable disk as one clear message; finished cells stay."""
    try:
        yield
    except OSError as problem:
        if problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise InputError(
                f"{folder}: the disk is full; finished cells are kept: free some space and run "
                "the same command again"
            ) from None
        if problem.errno in (errno.EACCES, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            raise InputError(
                f"{folder}: cannot be written ({problem.strerror}); expected a folder"
            ) from None
        raise


class Kept(Protocol):
    """A task whose rows can be kept."""

    @property
    def key(self) -> str:
        """Name of its part file: the same for the same numbers, another for others."""
        ...

    @property
    def rows(self) -> int | None:
        """Rows of its table, or None where only the computation can tell."""
        ...


class Parts:
    """A folder of part files, locked while it is open.

    Raises `InputError` if another process works in it or if it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.parts = self.folder / "parts"
        with disk_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = (self.folder / ".lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise InputError(
                f"{folder}: another process works in this store; wait for it or stop it"
            ) from None
        try:
            with disk_errors(self.folder):
                self._claim()
                self.parts.mkdir(exist_ok=True)
                for place in (self.folder, self.parts):
                    for left_over in place.glob(f".*{TEMPORARY}"):
                        left_over.unlink(missing_ok=True)
        except BaseException:
            self.close()
            raise

    def _claim(self) -> None:
        """Refuse a folder that holds something else."""

    def close(self) -> None:
        """Let other processes in."""
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def path(self, task: Kept) -> Path:
        """The task's part file."""
        return self.parts / f"{task.key}.parquet"

    def done(self, tasks: Sequence[Kept]) -> set[str]:
        """Keys of the finished tasks. A part that cannot be read counts as not finished."""
        found = set()
        for task in tasks:
            path = self.path(task)
            if path.exists():
                try:
                    rows = pq.read_metadata(path).num_rows
                except Exception:
                    rows = -1
                if rows == task.rows or (task.rows is None and rows >= 0):
                    found.add(task.key)
                else:
                    path.unlink()
        return found

    def add(self, task: Kept, table: pl.DataFrame) -> None:
        """Keep the rows of a finished task."""
        with disk_errors(self.folder):
            write_whole(self.path(task), _parquet(table))

    def read(self, task: Kept) -> pl.DataFrame:
        """The rows of a finished task."""
        return pl.read_parquet(self.path(task))


class Store(Parts):
    """The folder of one sweep.

    Raises `InputError` also if it holds another specification, or an unfinished sweep that
    other versions of the software began.
    """

    def __init__(self, folder: Path, sweep: Sweep) -> None:
        self.sweep = sweep
        self.results = Path(folder) / "results.parquet"
        super().__init__(folder)

    def _claim(self) -> None:
        path = self.folder / "sweep.json"
        if path.exists():
            try:
                record = json.loads(path.read_text())
                found, begun = record["hash"], dict(record["versions"])
            except (ValueError, KeyError, TypeError):
                raise InputError(
                    f"{path}: cannot be read; expected the record of a sweep"
                ) from None
            if found != self.sweep.hash():
                raise InputError(
                    f"{self.folder}: was written by another specification (hash {found[:12]}, this "
                    f"one has {self.sweep.hash()[:12]}); give another --store"
                )
            changed = [
                f"{name} {begun.get(name)} (now {version})"
                for name, version in versions().items()
                if begun.get(name) != version
            ]
            if changed and not self.results.exists():
                raise InputError(
                    f"{self.folder}: this sweep was begun with {', '.join(changed)}, and its table "
                    "would mix their numbers; install those versions or give another --store"
                )
        elif self.results.exists() or self.parts.exists():
            raise InputError(
                f"{self.folder}: holds results but no sweep.json; give another --store"
            )
        else:
            record = {
                "hash": self.sweep.hash(), "versions": versions(),
                "sweep": self.sweep.model_dump(mode="json"),
            }  # fmt: skip
            write_whole(path, json.dumps(record, indent=2).encode())

    def done(self, tasks: Sequence[Kept]) -> set[str]:
        """Keys of the finished tasks: all of them once the table is there."""
        if self.results.exists():
            return {task.key for task in tasks}
        return super().done(tasks)

    def finish(self, tasks: Sequence[Task]) -> Path:
        """All parts as one table, sorted by the grid; the parts are removed after that."""
        if not self.results.exists():
            table = pl.concat([self.read(task) for task in tasks])
            steps = [name for name in STEPS if name in table.columns]
            table = table.sort([*COLUMNS, *steps, "seed", "metric"])
            record = {
                "hash": self.sweep.hash(), "seed": str(self.sweep.seed),
                "sweep": self.sweep.model_dump_json(),
                **{f"version_{k}": v for k, v in versions().items()},
            }  # fmt: skip
            with disk_errors(self.folder):
                write_whole(self.results, _parquet(table, record))
        for path in self.parts.glob("*.parquet"):
            path.unlink()
        with contextlib.suppress(OSError):
            self.parts.rmdir()
        return self.results


def _parquet(table: pl.DataFrame, metadata: dict[str, str] | None = None) -> bytes:
    import pyarrow as pa

    arrow = table.to_arrow(compat_level=pl.CompatLevel.oldest())
    sink = pa.BufferOutputStream()
    pq.write_table(arrow.replace_schema_metadata(metadata or {}), sink, compression="zstd")
    return sink.getvalue().to_pybytes()
