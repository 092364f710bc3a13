"""Features as people have them: columns of numbers, vectors, arrays, tables with ids."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from labelbits.answers.files.numpy_files import load_npz
from labelbits.answers.formats import cells
from labelbits.errors import InputError
from labelbits.items.reading import id_column, is_table, read_table

#: Arrays of an npz file that name its rows, and those that hold features, the first one found.
NAMES = ("ids", "items", "names")
FEATURES = ("features", "embeddings", "embedding", "vectors", "X", "x")


def vectors_of(table: pl.DataFrame, wanted: Sequence[str], where: str) -> np.ndarray:
    """(rows, columns) float32 of the columns `wanted`: numbers, or a single one of vectors.

    Raises `InputError` for vectors of different lengths and for what is no number.
    """
    if len(wanted) == 1 and isinstance(table[wanted[0]].dtype, (pl.List, pl.Array)):
        column = table[wanted[0]].cast(pl.List(pl.Float32), strict=False)
        lengths = column.list.len().unique()
        if len(lengths) > 1:
            raise InputError(
                f"{where}: vectors of {wanted[0]} have {lengths.min()} to {lengths.max()} numbers; "
                "expected equally many"
            )
        return np.array(column.to_list(), dtype=np.float32)
    comma = cells.decimal_commas(table.select(wanted))
    numbers = pl.DataFrame({one: _cast(table[one], comma) for one in wanted})
    for one in wanted:
        bad = numbers[one].is_null()
        if bad.any():
            found = table[one][int(bad.arg_max() or 0)]
            raise InputError(f"{where}: column {one!r} holds {found!r}; expected numbers")
    return numbers.to_numpy()


def read_vectors(path: Path) -> tuple[list[str] | None, np.ndarray]:
    """(the name of each row or None, features (rows, columns)) of a file.

    An npy file, or an npz file with an array `features` or a single array of two dimensions
    (`ids`, `items` or `names` beside it name the rows); or a table (CSV, TSV, JSON lines, Parquet,
    xlsx, a folder of `datasets`) with a column of ids (or a single one of different texts) and one
    column of vectors, or columns of numbers. Raises `InputError` for anything else.
    """
    if not is_table(path):
        return _from_arrays(path)
    table = read_table(path, [])
    name = id_column(table) or _names(table)
    rest = table.drop([name] if name else [])
    lists = [n for n, kind in rest.schema.items() if isinstance(kind, (pl.List, pl.Array))]
    if lists:
        wanted = lists[:1]
    else:
        comma = cells.decimal_commas(rest)
        made = {n: _numbers(rest[n], comma) for n in rest.columns}
        wanted = [n for n, own in made.items() if own is not None]
        rest = rest.with_columns(made[n].alias(n) for n in wanted)  # type: ignore[union-attr]
    if not wanted:
        first = next((f" ({n} holds {rest[n].drop_nulls().head(1).to_list()[0]!r})"
                      for n in rest.columns if rest[n].null_count() < len(rest)), "")  # fmt: skip
        raise InputError(
            f"{path}: found columns {', '.join(table.columns[:10])}{first}; expected a column of "
            "vectors, or columns of numbers, beside one of ids"
        )
    ids = cells.names(table[name]).to_list() if name else None
    return ids, vectors_of(rest, wanted, str(path))


def _cast(column: pl.Series, comma: bool | None) -> pl.Series:
    """The column as float32, null where a cell is no number; `comma`: decimal commas or not."""
    if column.dtype == pl.String:
        plain = column.cast(pl.Float32, strict=False)
        return cells.numbers(column, comma).cast(pl.Float32) if plain.null_count() else plain
    return column.cast(pl.Float32, strict=False)


def _numbers(column: pl.Series, comma: bool | None) -> pl.Series | None:
    """The column as numbers, NaN where a cell is empty; None where it holds anything else."""
    made = _cast(column, comma)
    lost = column.filter(made.is_null()).drop_nulls()
    if made.null_count() == len(made):
        return None
    if len(lost) and not cells.names(lost).str.to_lowercase().is_in(list(cells.MISSING)).all():
        return None
    return made.fill_null(float("nan"))


def _names(table: pl.DataFrame) -> str | None:
    """The only column of text, where its values are all different: it names the rows."""
    texts = [name for name, kind in table.schema.items() if kind == pl.String]
    texts = [one for one in texts if cells.numbers(table[one]).null_count()]
    if len(texts) != 1 or table[texts[0]].null_count():
        return None
    return texts[0] if table[texts[0]].n_unique() == len(table) else None


def _from_arrays(path: Path) -> tuple[list[str] | None, np.ndarray]:
    arrays = load_npz(path, what="an npz file with features, items x columns")
    flat = {n: a for n, a in arrays.items() if a.ndim == 2 and a.dtype.kind in "fiub"}
    name = next((n for n in FEATURES if n in arrays), None)
    name = name or (next(iter(flat)) if len(flat) == 1 else None)
    if name is None:
        found = ", ".join(f"{n} {a.shape}" for n, a in arrays.items()) or "no arrays"
        raise InputError(
            f"{path}: holds {found}; expected an array named 'features', or a single one of items "
            "x columns"
        )
    names = next((arrays[n] for n in NAMES if n in arrays and n != name), None)
    if names is None or names.ndim != 1 or len(names) != len(arrays[name]):
        return None, arrays[name]
    return [str(one) for one in names.tolist()], arrays[name]
