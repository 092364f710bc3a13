"""Tables of items as people have them, whatever they are packed in, and the column of their ids."""

from __future__ import annotations

import difflib
from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from labelbits.answers.formats import languages
from labelbits.errors import InputError
from labelbits.signals.encoding import IDS

if TYPE_CHECKING:
    from labelbits.answers.files.opening import Rejects

#: Names of columns of texts; texts are longer than `LONG` characters on average.
TEXT = ("text", "body", "sentence", "content", "document", "comment", "message", "review", "tweet",
        "post", "title", "abstract", "question", "prompt", *languages.TEXT)  # fmt: skip
LONG = 20
#: Why a column without a usual name is taken for ids.
UNIQUE = "No column is called id, and its values are all different"
#: What Parquet calls the index of a frame of pandas that has no name.
INDEX = "__index_level_0__"
#: Share of broken rows above which a table is refused.
MOST_BROKEN = 0.1
#: How deep objects of JSON are laid out as columns: `data.text`.
DEEP = 3


def read_table(path: Path, notes: list[str]) -> pl.DataFrame:
    """A CSV, TSV, JSON, Parquet or Arrow file, a spreadsheet, or a folder that `datasets` saved.

    Objects in cells become columns of their own, `data.text`. Raises `InputError` for what is no
    table.
    """
    from labelbits.answers.files.csv_files import read_csv
    from labelbits.answers.files.json_files import json_elements
    from labelbits.answers.files.no_data import refuse_folder, refuse_no_data
    from labelbits.answers.files.opening import Rejects, check_file, head, said_of_splits
    from labelbits.answers.files.parquet import is_arrow, read_parquet

    if path.is_dir():
        shards = sorted(path.rglob("*.arrow"))[:1000]
        if not shards:
            raise refuse_folder(path, "a table, or a folder that datasets saved (Arrow files)")
        notes += [said for said in said_of_splits(path) if said not in notes]
        return pl.concat([read_table(one, notes) for one in shards], how="diagonal_relaxed")
    check_file(path, "a table")
    rejects = Rejects()
    start = head(path).lstrip()
    refuse_no_data(path, head(path, 4096))
    if start.startswith(b"PAR1") or is_arrow(start):
        table = read_parquet(path, notes)
    elif start[:1] in (b"{", b"["):
        rows = [row for _, row in json_elements(path, rejects, notes) if isinstance(row, dict)]
        rows = _by_key(rows[0]) if len(rows) == 1 else rows
        if not rows:
            raise InputError(f"{path}: holds no rows; expected a JSON object a row")
        table = _from_rows([_laid_out(row) for row in rows])
    else:
        table = read_csv(path, rejects, notes)
    _left_out(path, rejects, len(table), notes)
    return table.drop("row", strict=False)


def is_table(path: Path) -> bool:
    """Is the file a table, and no NumPy array?"""
    from labelbits.answers.files.no_data import refuse_no_data
    from labelbits.answers.files.opening import check_file, head

    if path.is_dir():
        return True
    check_file(path, "a table or an array")
    start = head(path, 4096)
    refuse_no_data(path, start)
    if path.suffix in (".npy", ".npz") or start.startswith((b"\x93NUMPY", b"\x80")):
        return False  # of a pickle too: whoever loads arrays refuses it
    return not (start.startswith(b"PK") and b".npy" in start[:300])


def _from_rows(rows: list[dict]) -> pl.DataFrame:
    """A table of objects; a column whose values are of several kinds is text."""
    from labelbits.answers.formats.cells import as_text

    columns = {}
    for name in dict.fromkeys(key for row in rows for key in row):
        values = [row.get(name) for row in rows]
        try:
            columns[name] = pl.Series(name, values)
        except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
            columns[name] = pl.Series(name, [as_text(value) for value in values], dtype=pl.String)
    return pl.DataFrame(columns)


def _by_key(row: dict) -> list[dict]:
    """The rows of an object of objects, each named by its key; else the object itself."""
    values = list(row.values())
    if len(values) < 2 or not all(isinstance(one, dict) for one in values):
        return [row]
    return [{"id": key, **{k: v for k, v in one.items() if k != "id"}} for key, one in row.items()]


def _laid_out(row: dict, head: str = "", depth: int = 0) -> dict:
    """Objects inside an object as its own keys; lists of objects as they are not read: as text."""
    import json

    made = {}
    for key, value in row.items():
        name = f"{head}{key}"
        if isinstance(value, dict) and depth < DEEP:
            made |= _laid_out(value, f"{name}.", depth + 1)
        elif isinstance(value, dict) or (
            isinstance(value, list) and (not value or isinstance(value[0], (dict, list)))
        ):
            made[name] = json.dumps(value, ensure_ascii=False)
        else:
            made[name] = value
    return made


def _left_out(path: Path, rejects: Rejects, kept: int, notes: list[str]) -> None:
    """Say which rows are broken, as readers of answers do; refuse the table where many are."""
    lost = rejects.frame()
    if not len(lost):
        return
    first = lost.row(0, named=True)
    more = f" (and {len(lost) - 1:,} more rows)" if len(lost) > 1 else ""
    said = f"row {first['row']}: {first['reason']}{more}"
    if len(lost) > MOST_BROKEN * (kept + len(lost)):
        raise InputError(f"{path}: {said}; expected the same columns in every row")
    note = f"{path.name}: {said}; left out"
    if note not in notes:
        notes.append(note)


def id_column(table: pl.DataFrame) -> str | None:
    """The column that goes by a usual name of ids, or holds the names of rows of a frame of pandas,
    if there is one."""
    from labelbits.answers.formats import usual

    found = usual.found(table.columns, (*IDS, *usual.ID))
    if found is None and table.schema.get(INDEX) == pl.String:
        return INDEX
    return found


def unique_column(table: pl.DataFrame, taken: Container[str | None] = ()) -> str | None:
    """A column, none of `taken`, whose short values are all different: it may be ids."""
    from labelbits.answers.formats import cells, stamps, times

    for name, kind in table.schema.items():
        if kind.is_nested() or kind.is_float() or kind.is_temporal() or len(table) < 2:
            continue
        if name in taken or name.lower() in TEXT or times.may_be_time(name):
            continue
        values = cells.names(table[name])
        if values.null_count() or values.n_unique() < len(values):
            continue
        if not values[0].isdigit() and stamps.point(values[0]) is not None:
            continue  # when a row was written
        if float(values.str.len_chars().mean() or 0) <= LONG and not is_path(values):  # type: ignore[arg-type]
            return name
    return None


def is_path(values: pl.Series) -> bool:
    """Are the texts names of files of images?"""
    known = values.drop_nulls().str.to_lowercase()
    if not len(known):
        return False
    return bool(known.str.contains(r"\.(png|jpe?g|webp|bmp|gif|tiff?)$").mean() > 0.9)  # type: ignore[operator]


def found_column(table: pl.DataFrame, name: str) -> str | None:
    """The column called `name`, the only one that differs from it by capitals alone, or the only
    one inside an object that is called so (`data.text`)."""
    if name in table.columns:
        return name
    alike = [one for one in table.columns if one.casefold() == name.casefold()]
    if len(alike) == 1:
        return alike[0]
    inside = [one for one in table.columns if one.endswith(f".{name}")]
    return inside[0] if len(inside) == 1 else None


def no_column(where: str, said: str, name: str, columns: list[str]) -> InputError:
    """The message for a column that is not there, with the one that may be meant."""
    near = difflib.get_close_matches(name, columns, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return InputError(
        f"{where}: {said} names the column {name!r}; expected one of: {', '.join(columns)}{hint}"
    )
