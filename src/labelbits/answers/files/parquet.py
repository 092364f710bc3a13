"""Parquet and Arrow in bounded memory: batches of rows, sizes checked, failures as `InputError`."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from labelbits.answers.files.opening import ERRORS, bytes_replaced, open_bytes, shorten
from labelbits.errors import InputError

#: Rows of one file; a few kilobytes of Parquet can claim billions.
MOST_ROWS = 100_000_000
BATCH = 500_000


def refuse(path: Path, problem: BaseException | str) -> InputError:
    """The one message for a file that Parquet cannot open."""
    return InputError(
        f"{path}: cannot be read as Parquet ({shorten(str(problem))}); the file may be cut off"
    )


class Table:
    """A Parquet or Arrow file: its columns, what is stored beside them, and its rows in batches."""

    def __init__(self, source: Any, path: Path) -> None:
        self._closing = contextlib.ExitStack()
        start = source.read(8)
        source.seek(0)
        self._closing.callback(source.close)
        self._parquet = self._arrow = None
        if start.startswith(b"PAR1"):
            self._parquet = pq.ParquetFile(source)
            rows = self._parquet.metadata.num_rows
            if not 0 <= rows <= MOST_ROWS:
                raise InputError(
                    f"{path}: claims {rows:,} rows; at most {MOST_ROWS:,} are read, split it"
                )
            self.schema: pa.Schema = self._parquet.schema_arrow
            self.stored: dict[bytes, bytes] = self._parquet.metadata.metadata or {}
        else:
            opener = pa.ipc.open_file if start.startswith(b"ARROW1") else pa.ipc.open_stream
            self._arrow = opener(source)
            self.schema = self._arrow.schema
            self.stored = self.schema.metadata or {}

    def iter_batches(self, size: int, columns: list[str] | None) -> Iterator[pa.RecordBatch]:
        """The rows, at most `size` at a time."""
        if self._parquet is not None:
            yield from self._parquet.iter_batches(size, columns=columns)
            return
        reader = self._arrow
        assert reader is not None
        count = getattr(reader, "num_record_batches", None)
        own = (reader.get_batch(i) for i in range(count)) if count is not None else iter(reader)
        for batch in own:
            chosen = batch if columns is None else batch.select(columns)
            for first in range(0, len(chosen), size):
                yield chosen.slice(first, size)

    def __enter__(self) -> Table:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()


def open_parquet(path: Path) -> Table:
    """The file, opened and its row count checked."""
    try:
        source = open_bytes(path)
        try:
            return Table(source, path)
        except BaseException:
            source.close()
            raise
    except InputError:
        raise
    except (pa.ArrowException, OSError, ValueError) as problem:
        raise refuse(path, problem) from None


def is_arrow(start: bytes) -> bool:
    """An Arrow file, or a stream of batches as `datasets` writes them."""
    return start.startswith((b"ARROW1", b"\xff\xff\xff\xff"))


def class_names(path: Path) -> dict[str, tuple[str, ...]]:
    """Column -> names of its class numbers, as `datasets` stores them beside the table."""
    try:
        with open_parquet(path) as file:
            found = json.loads(file.stored.get(b"huggingface", b"{}"))
            features = found["info"]["features"]
            columns = {str(name): _names_in(kind) for name, kind in features.items()}
    except (InputError, ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return {}
    return {name: names for name, names in columns.items() if names}


def _names_in(kind: Any, depth: int = 0) -> tuple[str, ...]:
    """The names of a ClassLabel, also inside a list."""
    if isinstance(kind, list) and kind:
        kind = kind[0]
    if not isinstance(kind, dict) or depth > 3:
        return ()
    names = kind.get("names")
    if kind.get("_type") == "ClassLabel" and isinstance(names, list):
        return tuple(str(name) for name in names)
    return _names_in(kind.get("feature"), depth + 1)


def _named(column: pl.Series, names: tuple[str, ...]) -> pl.Series:
    """Class numbers as names; numbers without a name (-1: no label) are missing."""
    table = dict(enumerate(names))
    if column.dtype.is_integer():
        return column.replace_strict(table, default=None, return_dtype=pl.String)
    if column.dtype == pl.List and getattr(column.dtype, "inner", pl.Null()).is_integer():
        inner = pl.element().replace_strict(table, default=None, return_dtype=pl.String)
        return column.to_frame().select(pl.col(column.name).list.eval(inner))[column.name]
    return column


def column_names(path: Path) -> tuple[str, ...]:
    """The columns of the table, in order."""
    with open_parquet(path) as file:
        try:
            return tuple(file.schema.names)
        except ValueError as problem:  # a name that is not UTF-8
            raise refuse(path, problem) from None


def batches(
    path: Path, notes: list[str], columns: list[str] | None = None, size: int = BATCH
) -> Iterator[pl.DataFrame]:
    """The rows as tables of at most `size` rows; repaired text is counted in `notes`."""
    before = bytes_replaced()
    try:
        with open_parquet(path) as file:
            for batch in file.iter_batches(size, columns):
                yield _polars(path, _sound(batch))
        if count := bytes_replaced() - before:
            notes.append(f"{path.name}: {count} bytes are not UTF-8 and were read as Windows-1252")
    except (pa.ArrowException, OSError, ValueError, TypeError, NotImplementedError) as problem:
        if isinstance(problem, InputError):
            raise
        raise refuse(path, problem) from None


def _polars(path: Path, batch: pa.RecordBatch) -> pl.DataFrame:
    """The batch as a polars table; what polars panics on is refused like other broken files."""
    # Metadata is left behind: polars decodes it, and stops dead where it is not UTF-8.
    bare = pa.RecordBatch.from_arrays(batch.columns, batch.schema.names)
    try:
        table = pl.from_arrow(bare)
    except pl.exceptions.PolarsError as problem:
        raise refuse(path, problem) from None
    except BaseException as problem:
        if type(problem).__name__ != "PanicException":  # has no public name and is no Exception
            raise
        raise refuse(path, problem) from None
    assert isinstance(table, pl.DataFrame)
    return table


def first_rows(path: Path, count: int) -> tuple[tuple[str, ...], list[Any]]:
    """(names of the columns, cells of the first rows); no cells of a very wide table."""
    names = column_names(path)
    for table in batches(path, [], size=count) if len(names) <= 1000 else ():
        return names, [list(row) for row in table.head(count).iter_rows()]
    return names, []


def _sound(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with text that is UTF-8; Arrow takes the file's word for it, polars stops dead."""
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid:
        batch = pa.RecordBatch.from_arrays(
            [_repaired(c) for c in batch.columns], batch.schema.names
        )
        batch.validate(full=True)
    return batch


def _repaired(column: pa.Array) -> pa.Array:
    """Text columns and lists of text, with bytes that are not UTF-8 read as Windows-1252."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        binary = column.cast(pa.large_binary()).to_pylist()
        text = [None if b is None else b.decode("utf-8", ERRORS) for b in binary]
        return pa.array(text, pa.large_string())
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        column.validate()
        make = type(column).from_arrays
        return make(column.offsets, _repaired(column.values), mask=column.is_null())
    return column


def read_parquet(path: Path, notes: list[str]) -> pl.DataFrame:
    """The whole table with `row`, counted from 1; columns of a type polars lacks are refused."""
    parts = list(batches(path, notes))
    if not parts:
        raise InputError(f"{path}: holds no rows; expected answers")
    table = pl.concat(parts, how="vertical_relaxed")
    named = {name: names for name, names in class_names(path).items() if name in table.columns}
    table = table.with_columns(_named(table[name], names) for name, names in named.items())
    if "row" in table.columns:
        table = table.rename({"row": "row (file)"})
    return table.with_row_index("row", 1).with_columns(pl.col("row").cast(pl.Int64))


def declared(path: Path) -> dict[str, Any]:
    """What `write_answers` stored beside the table: names of items and classes; {} if nothing."""
    try:
        with open_parquet(path) as file:
            stored = file.stored.get(b"labelbits")
        found = json.loads(stored) if stored else {}
    except (InputError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
