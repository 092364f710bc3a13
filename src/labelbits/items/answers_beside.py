"""A table of answers beside one of items, where no usual name of a column says that it is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from labelbits.answers.formats import cells, times, usual
from labelbits.answers.formats.detect import reader_for
from labelbits.answers.formats.who import who_column
from labelbits.errors import InputError
from labelbits.items.joining import column_of_ids
from labelbits.items.reading import id_column, is_table, read_table
from labelbits.items.tables import Columns


def with_answers_beside(paths: Sequence[Path], told: Columns, notes: list[str]) -> Columns:
    """`told` with the columns of a table of answers that no format fits, found by its items' ids.

    One of its columns holds the ids of another table, another one is the label by its name. `notes`
    say which were taken. Where the user named any, or a format fits, nothing changes.
    """
    paths = list(map(Path, paths))
    if len(paths) < 2 or told.label or told.id or told.format != "auto" or "item" in told.more:
        return told
    tables = {path: table for path in paths if (table := _plain(path)) is not None}
    for path, table in tables.items():
        if id_column(table) is not None:
            continue
        for other, described in tables.items():
            named = id_column(described)
            if other is path or named is None:
                continue
            found = _columns(table, set(cells.names(described[named]).drop_nulls()))
            if not found or set(found.values()) & set(described.columns):
                continue
            shown = ",".join(f"{key}={name}" for key, name in found.items())
            notes.append(
                f"{path}: column {found['item']!r} holds ids of {other} ({named!r}); its answers "
                f"were read as --columns {shown}"
            )
            return replace(told, more={**found, **told.more})
    return told


def _columns(table: pl.DataFrame, ids: set[str]) -> dict[str, str]:
    """Item, label, annotator and seconds by the keys of `--columns`; nothing where one of the first
    two is not there."""
    item = column_of_ids(table, ids)
    if item is None:
        return {}
    rest = [name for name in table.columns if name != item]
    worker = who_column(table.select(rest))
    label = usual.label_column(table.columns, item, worker).name
    if label is None:
        return {}
    others = table.select(name for name in rest if name not in (worker, label))
    found = {"item": item, "annotator": worker, "label": label,
             "seconds": times.time_column(others)}  # fmt: skip
    return {key: name for key, name in found.items() if name}


def _plain(path: Path) -> pl.DataFrame | None:
    """The table of a file that is in no format of answers; None for anything else."""
    try:
        reader_for(path)
    except InputError:
        pass
    else:
        return None
    try:
        return read_table(path, []) if is_table(path) else None
    except InputError:
        return None
