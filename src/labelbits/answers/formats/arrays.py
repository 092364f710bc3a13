"""Arrays of whole numbers: counts of votes, items x annotators (cleanlab), odd-one-out triples."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl

from labelbits.answers.files.numpy_files import load_npz
from labelbits.answers.files.opening import Rejects, open_text
from labelbits.answers.formats.reader import (
    Kind,
    Options,
    Probe,
    Reader,
    load_table,
    number,
)
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError
from labelbits.interface import NOBODY

#: What spreadsheets and pandas call a column of row numbers.
ROW_NUMBERS = ("", "index", "Unnamed: 0", "__index_level_0__")


def _numbers(
    path: Path, kind: Kind, rejects: Rejects, notes: list[str], name: str = ""
) -> np.ndarray:
    """The array of a file as float64 (rows, columns); rows of a table with text become NaN."""
    if kind == "numpy":
        arrays = load_npz(path)
        pick = name if name in arrays else next((n for n, a in arrays.items() if a.ndim == 2), None)
        if pick is None:
            raise InputError(f"{path}: holds no array of rows x columns; found {list(arrays)}")
        array = arrays[pick]
        if array.ndim != 2 or array.dtype.kind not in "iufb":
            raise InputError(
                f"{path}: array {pick!r} has shape {array.shape} of {array.dtype}; "
                "expected numbers, rows x columns"
            )
        return array.astype(np.float64)
    if kind == "numbers":
        return _plain_numbers(path, rejects, notes)
    table = load_table(path, kind, rejects, notes).drop("row")
    unnamed = [column for column in table.columns if column in ROW_NUMBERS]
    table = table.drop(unnamed)
    return table.select(number(column, table) for column in table.columns).to_numpy().astype(float)


def _plain_numbers(path: Path, rejects: Rejects, notes: list[str]) -> np.ndarray:
    """Lines of three numbers apart by blanks, commas or tabs, without a header."""
    rows: list[list[float]] = []
    with open_text(path, notes) as stream:
        for line_number, line in enumerate(stream, 1):
            if not line.strip() or line.startswith("#"):
                continue
            cells = line[:1000].lstrip("\ufeff").replace(",", " ").replace(";", " ").split()
            try:
                row = [float(cell) for cell in cells]
            except ValueError:
                row = []
            if len(row) != 3:
                rejects.add(line_number, "expected three whole numbers", line[:1000])
            else:
                rows.append(row)
    return np.asarray(rows, dtype=float).reshape(-1, 3)


def read_counts(path: Path, kind: Kind, options: Options) -> Parsed:
    """items x classes counts: one `votes` answer an item; a row of zeros is not labelled yet."""
    rejects, notes = Rejects(), []
    counts = _numbers(path, kind, rejects, notes, "counts")
    classes = options.classes or _class_names(path, kind, counts.shape[1])
    if len(classes) != counts.shape[1]:
        raise InputError(
            f"{path}: counts have {counts.shape[1]} columns; expected one for each of the "
            f"{len(classes)} classes"
        )
    good = np.isfinite(counts).all(1) & (counts >= 0).all(1) & (counts == np.round(counts)).all(1)
    for row in np.flatnonzero(~good):
        rejects.add(int(row) + 1, "counts are not whole numbers of 0 or more", counts[row].tolist())
    asked = np.flatnonzero(good & (counts.sum(1) > 0))
    names = [json.dumps(name, ensure_ascii=False) for name in classes]
    answers = [
        "{"
        + ", ".join(f"{name}: {int(n)}" for name, n in zip(names, counts[row], strict=True) if n)
        + "}"
        for row in asked
    ]
    table = pl.DataFrame(
        {"items": [[str(row)] for row in asked], "answer": answers, "row": asked + 1},
        schema={"items": pl.List(pl.String), "answer": pl.String, "row": pl.Int64},
    ).with_columns(signal=pl.lit("votes"), annotator=pl.lit("counts"))
    return Parsed(table, rejects, classes, tuple(str(i) for i in range(len(counts))), notes)


def _class_names(path: Path, kind: Kind, count: int) -> tuple[str, ...]:
    """`class_names` of an .npz file or the header of a table; else 0, 1, ..."""
    if kind == "numpy":
        names = load_npz(path).get("class_names")
        if names is not None and names.shape == (count,):
            return tuple(str(name) for name in names)
        return tuple(str(k) for k in range(count))
    table = load_table(path, kind, Rejects(), []).drop("row")
    return tuple(c for c in table.columns if c not in ROW_NUMBERS)


def read_matrix(path: Path, kind: Kind, options: Options) -> Parsed:
    """cleanlab's items x annotators: class numbers, NaN where an annotator was not asked."""
    rejects, notes = Rejects(), []
    matrix = _numbers(path, kind, rejects, notes)
    whole = np.isfinite(matrix) & (matrix == np.round(matrix)) & (matrix >= 0) & (matrix < 1e6)
    for row, column in np.argwhere(~whole & ~np.isnan(matrix)):
        rejects.add(int(row) + 1, "expected a class number of 0 or more", matrix[row, column])
    item, annotator = np.nonzero(whole)
    label = matrix[item, annotator].astype(np.int64)
    count = int(label.max(initial=-1)) + 1
    classes = options.classes
    if classes and count > len(classes):
        for row in np.flatnonzero(label >= len(classes)):
            rejects.add(
                int(item[row]) + 1,
                f"unknown class number; there are {len(classes)} classes",
                int(label[row]),
            )
        keep = label < len(classes)
        item, annotator, label = item[keep], annotator[keep], label[keep]
    names = classes or tuple(str(k) for k in range(count))
    heads = _annotator_names(path, kind, matrix.shape[1])
    table = pl.DataFrame({"item": item, "who": annotator, "label": label, "row": item + 1}).select(
        pl.lit("hard").alias("signal"),
        pl.col("who")
        .replace_strict(dict(enumerate(heads)), return_dtype=pl.String)
        .alias("annotator"),
        pl.concat_list(pl.col("item").cast(pl.String)).alias("items"),
        pl.col("label")
        .replace_strict({k: json.dumps(n) for k, n in enumerate(names)}, return_dtype=pl.String)
        .alias("answer"),
        "row",
    )
    return Parsed(table, rejects, names, tuple(str(i) for i in range(len(matrix))), notes)


def _annotator_names(path: Path, kind: Kind, count: int) -> list[str]:
    if kind in ("numpy", "numbers"):
        return [str(column) for column in range(count)]
    table = load_table(path, kind, Rejects(), []).drop("row")
    return [column for column in table.columns if column not in ROW_NUMBERS]


def read_triples(path: Path, kind: Kind, options: Options) -> Parsed:
    """THINGS triples: three item numbers, the odd one last; the order is shuffled by the seed."""
    rejects, notes = Rejects(), []
    triples = _numbers(path, kind, rejects, notes)
    if triples.shape[1] != 3:
        raise InputError(
            f"{path}: rows have {triples.shape[1]} numbers; expected 3, the odd one last"
        )
    good = (
        np.isfinite(triples).all(1)
        & (triples == np.round(triples)).all(1)
        & (np.abs(triples) < 1e15).all(1)
    )
    for row in np.flatnonzero(~good):
        rejects.add(int(row) + 1, "expected three whole numbers", triples[row].tolist())
    rows = np.flatnonzero(good)
    # The odd one always comes last in the file: shuffled, its place carries no information.
    order = np.random.default_rng(options.seed).permuted(
        np.tile(np.arange(3), (len(rows), 1)), axis=1
    )
    shown = np.take_along_axis(triples[rows].astype(np.int64), order, axis=1)
    table = pl.DataFrame(
        {
            "a": shown[:, 0],
            "b": shown[:, 1],
            "c": shown[:, 2],
            "odd": np.argmax(order == 2, axis=1),
            "row": rows + 1,
        }
    ).select(
        pl.lit("odd-one-out").alias("signal"),
        pl.lit(NOBODY).alias("annotator"),
        pl.concat_list(pl.col("a", "b", "c").cast(pl.String)).alias("items"),
        pl.col("odd").cast(pl.String).alias("answer"),
        "row",
    )
    return Parsed(table, rejects, notes=notes)


def is_counts(probe: Probe) -> bool:
    """An array called counts, or one of unsigned whole numbers that is no list of triples."""
    if probe.kind != "numpy":
        return False
    return "counts" in probe.arrays or any(
        len(shape) == 2 and shape[1] != 3 and kind == "u" for shape, kind in probe.arrays.values()
    )


def is_matrix(probe: Probe) -> bool:
    """An array of floats (cleanlab marks what is missing with NaN), or a table of numbers only."""
    if probe.kind == "numpy":
        return any(len(shape) == 2 and kind == "f" for shape, kind in probe.arrays.values())
    if probe.kind not in ("csv", "parquet") or not probe.elements:
        return False
    cells = [
        cell
        for record in probe.elements
        for name, cell in zip(probe.columns, record, strict=False)
        if name not in ROW_NUMBERS
    ]
    filled = [cell for cell in cells if cell not in (None, "", "nan", "NaN", "<NA>", "NA")]
    return len(probe.columns) > 1 and bool(filled) and all(_whole(cell) for cell in filled)


def _whole(cell: object) -> bool:
    try:
        value = float(str(cell))
    except ValueError:
        return False
    return value != value or (value == round(value) if abs(value) < 1e15 else False)


def is_triples(probe: Probe) -> bool:
    """Lines of three numbers, or a signed integer array with three columns."""
    if probe.kind == "numbers":
        return True
    return probe.kind == "numpy" and any(
        len(shape) == 2 and shape[1] == 3 and kind == "i" for shape, kind in probe.arrays.values()
    )


COUNTS = Reader(
    "counts", "items x classes counts of votes (.npz, .npy, CSV)", is_counts, read_counts
)
MATRIX = Reader("cleanlab", "cleanlab's items x annotators matrix", is_matrix, read_matrix)
TRIPLES = Reader("odd-one-out", "integer triples, the odd one last", is_triples, read_triples)
