"""What a table of numbers can be: counts, labels, probabilities or triples."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from labelbits.answers.files.csv_files import csv_blocks
from labelbits.answers.files.numpy_files import load_npz
from labelbits.answers.files.opening import Rejects, open_text
from labelbits.answers.files.parquet import batches
from labelbits.answers.formats import cells, usual
from labelbits.answers.formats.column_names import (
    PEOPLE,
    are_opposites,
    are_people,
    are_shares,
    tallied,
)
from labelbits.answers.formats.people_tables import (
    SAID_RIGHT,
    all_numbers,
    are_labels,
    of_people,
)
from labelbits.answers.formats.reader import Probe
from labelbits.answers.formats.row_names import ROW_NUMBERS, id_of_rows, repeated_id
from labelbits.answers.formats.similarity_matrix import named_twice
from labelbits.answers.formats.summary_rows import without_summaries
from labelbits.answers.formats.survey import survey_in
from labelbits.answers.formats.tallies import SAYS_VOTES, SUMMED, counted_shares, without_total
from labelbits.errors import InputError

#: Characters of a text on average, above which it is no name.
LONG = 20
#: What no reader takes by itself: rows of names of items.
BY_NAME = "triplets by name"
#: Names up to this number are those of classes, and so are those of fewer rows than these.
FEW_ITEMS, LEAST_ROWS = 5, 10
#: Rows that are looked at.
LOOKED_AT = 20_000
#: More different numbers than these, or than a quarter of the rows, number no classes.
MOST_CLASSES = 20
#: More rows than these are no people beside more columns.
MOST_PEOPLE = 100
#: Agreement beyond chance (as kappa) from which rows are labels of one item each, and the least
#: that votes, which compete, come near.
AGREE, COMPETE = 0.1, 0.0


def split_ids(
    table: pl.DataFrame, path: Path, notes: list[str]
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """(the columns that are no ids or row numbers, the name of each row)."""
    name = id_of_rows(table)
    again = repeated_id(table) if name is None else None
    if again is not None:
        name = again
        notes.append(f"{path.name}: items stand in several rows: people answered them again")
    table = without_summaries(table, name, path, notes)
    unnamed = [one for one in table.columns if one in ROW_NUMBERS and one != name]
    table = of_people(table, name, path, notes)
    rest = _without_words(table.drop(*unnamed, *([] if name is None else [name])), path, notes)
    own = counted_shares(without_total(rest, path, notes), path, notes)
    if name is None:
        return own, tuple(str(i) for i in range(len(table)))
    notes.append(f"{path.name}: column {name!r} names the items" if name else
                 f"{path.name}: the first column names the items")  # fmt: skip
    return own, tuple(str(one) for one in cells.names(table[name]).fill_null("").to_list())


def _without_words(table: pl.DataFrame, path: Path, notes: list[str]) -> pl.DataFrame:
    """The columns but texts of the items and, beside numbers, what several people's answers came
    to: neither is anybody's answer."""
    if any(kind.is_nested() for kind in table.dtypes):
        return table
    own = {name: cells.names(table[name]).drop_nulls() for name in table.columns}
    words = [name for name, column in own.items() if not all_numbers(column)]
    numbers = table.width - len(words)
    gone = [
        name for name in words
        if _are_texts(name, own[name])
        or (numbers > 1 and usual.plain(name) in SAID_RIGHT)
    ]  # fmt: skip
    if not gone or table.width - len(gone) < 2:
        return table
    shown = cells.shown(map(repr, gone))
    notes.append(f"{path.name}: {shown} {'is' if len(gone) == 1 else 'are'} no answers, not read")
    return table.drop(gone)


def _are_texts(name: str, column: pl.Series) -> bool:
    """Mostly different, and long or called so, as no names of classes are."""
    length = float(column.str.len_chars().mean() or 0)  # type: ignore[arg-type]
    called = usual.plain(name) in usual.TEXTS
    return (called or length > LONG) and column.n_unique() > 0.5 * len(column)


def which_fit(probe: Probe) -> tuple[str, ...]:
    """The formats that the numbers of a file allow: none, one, or several."""
    status = probe.path.stat()
    return _which_fit(probe.path, probe.kind, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=4)
def _which_fit(path: Path, kind: str, size: int, changed: int) -> tuple[str, ...]:
    try:
        if kind == "numpy":
            arrays = load_npz(path)
            if "counts" in arrays and arrays["counts"].ndim == 2:
                return ("counts",)
            flat = [a for a in arrays.values() if a.ndim == 2 and a.dtype.kind in "iufb"]
            return readings(flat[0][:LOOKED_AT], unsigned=flat[0].dtype.kind == "u") if flat else ()
        if kind == "numbers":
            return readings(_lines(path))
        if kind in ("csv", "parquet"):
            return _of_table(path, kind)
    except InputError:
        return ()
    return ()


def _lines(path: Path) -> np.ndarray:
    rows: list[list[float]] = []
    with open_text(path, []) as stream:
        for line in stream:
            cut = line[:100_000].lstrip("\ufeff").replace(",", " ").replace(";", " ").split()
            try:
                row = [float(cell) for cell in cut]
            except ValueError:
                continue
            if row and (not rows or len(row) == len(rows[0])):
                rows.append(row)
            if len(rows) == LOOKED_AT:
                break
    return np.array(rows) if rows else np.zeros((0, 0))


def _of_table(path: Path, kind: str) -> tuple[str, ...]:
    """Readings of a table with a header: numbers, or names of classes."""
    blocks = csv_blocks(path, Rejects(), []) if kind == "csv" else batches(path, [], size=LOOKED_AT)
    first = next(iter(blocks), None)
    if first is None or first.width > 2000:
        return ()
    whole = first.head(LOOKED_AT).drop("row", strict=False)
    if survey_in(whole) is not None or named_twice(whole) is not None:
        return ()  # rows are people, or items as the columns are
    heard: list[str] = []
    table, _ = split_ids(whole, path, heard)
    totalled = any(SUMMED in one and "column" in one for one in heard)
    if any(SAYS_VOTES in one for one in heard):
        return ("counts",)
    if table.width < 2 or not len(table) or any(kind.is_nested() for kind in table.dtypes):
        return ()
    if "odd" in [name.lower() for name in table.columns] and table.width == 3:
        return ("odd-one-out",)
    names = [cells.names(table[name]) for name in table.columns]
    percent = [bool(own.drop_nulls().str.contains(r"^[\d.,]+\s*%$").all()) for own in names]
    if all(percent) and any(own.null_count() < len(own) for own in names):
        shares = np.stack([cells.numbers(own).fill_null(0.0).to_numpy() for own in names], axis=1)
        # Each share is rounded to whole per cents.
        near = np.allclose(shares.sum(1), 100, atol=max(1.5, 0.5 * shares.shape[1]))
        return ("probabilities",) if near else ()
    said = [set(cells.said_in(own)) for own in names]
    every = set().union(*said)
    if every and all(map(cells.is_number, every)):
        comma = cells.decimal_commas(pl.DataFrame([pl.Series(str(k), own)
                                                   for k, own in enumerate(names)]))  # fmt: skip
        numbers = [cells.numbers(own, comma).to_numpy() for own in names]
        # A table of triples has a header that says so: without one, numbers are labels or counts.
        values = np.stack(numbers, axis=1).astype(float)
        found = readings(values)
        parted = are_shares(table.columns)
        if parted and "probabilities" in found:
            return ("probabilities",)
        counted = bool(
            np.isfinite(values).all() and (values >= 0).all() and (values % 1 == 0).all()
        )
        opposed = are_opposites(table.columns)
        if counted and (totalled or opposed) and values.max() > 1 and "probabilities" not in found:
            return ("counts",)
        if counted and tallied(table.columns):
            return ("counts",)
        if are_people(table.columns):
            return tuple(one for one in found if one == "cleanlab") or _whole(values)
        if "counts" not in found and _count_classes(values, table.columns):
            found = ("counts", *found)
        return tuple(name for name in found if name != "odd-one-out")
    if _name_items(names, said):
        return (BY_NAME,)
    return ("cleanlab",) if are_labels(said, table) and not is_turned(table) else ()


def is_turned(table: pl.DataFrame) -> bool:
    """Do the names in a table agree down its columns and not along its rows, as where each row is a
    person and each column an item?"""
    if len(table) > MOST_PEOPLE or len(table) >= table.width:
        return False
    own = [cells.names(table[name]) for name in table.columns]
    known = {one: k for k, one in enumerate(sorted(set().union(*map(cells.said_in, own))))}
    codes = np.stack([[known.get(one, np.nan) for one in column] for column in own], axis=1)
    if min(codes.shape) < 2 or not np.isfinite(codes).all():
        return False
    along, down = agreement_beyond_chance(codes), agreement_beyond_chance(codes.T)
    return along <= AGREE / 2 and down > 3 * AGREE


def _whole(values: np.ndarray) -> tuple[str, ...]:
    """Labels, where all that is there are whole numbers of 0 or more."""
    there = values[np.isfinite(values)]
    return ("cleanlab",) if len(there) and (there >= 0).all() and (there % 1 == 0).all() else ()


def _count_classes(values: np.ndarray, columns: list[str]) -> bool:
    """Are these votes by class whose totals differ from row to row?

    Classes compete: a row that has more of one has less of others, so that no two columns rise
    together, and some count is 0. Counts go above the number of columns, and columns of classes
    are not called as people are.
    """
    stems = [re.sub(r"\d+$", "", usual.plain(name)) for name in columns]
    if any(not stem or stem in PEOPLE or len(stem) == 1 for stem in stems):
        return False
    if not np.isfinite(values).all() or (values < 0).any() or (values != values.round()).any():
        return False
    totals = values.sum(1)
    if len(values) < 3 or values.max() <= values.shape[1] or (values > 0).all():
        return False
    if totals.min() == totals.max() or (values.std(0) == 0).any():
        return False
    together = np.corrcoef(values, rowvar=False)[np.triu_indices(values.shape[1], 1)]
    return bool(together.mean() < 0)


def _compete(values: np.ndarray) -> bool:
    """Does a row that has more of one column have less of others, as votes of one total have?

    The mean correlation of K columns of votes is near -1 / (K - 1), of unrelated numbers 0.
    """
    if len(values) < 3 or (values.std(0) == 0).any():
        return True
    columns = values.shape[1]
    together = np.corrcoef(values, rowvar=False)[np.triu_indices(columns, 1)].mean()
    return bool(together < -0.5 / (columns - 1))


def _name_items(names: list[pl.Series], said: Sequence[set[str]]) -> bool:
    """Do rows of three or four name different items, as triplets do and labels of one item never?

    Of four columns the last names one of the others: the odd one.
    """
    if len(names) not in (3, 4) or len(set().union(*said)) <= FEW_ITEMS:
        return False
    first = said[0]
    if any(2 * len(own & first) < max(len(own), len(first)) for own in said):
        return False
    rows = list(zip(*(own.to_list() for own in names), strict=True))
    apart = [len({*row[:3]} - {None}) == 3 and row[-1] in row[:3] for row in rows]
    return len(rows) >= LEAST_ROWS and sum(apart) > 0.95 * len(rows)


def readings(values: np.ndarray, unsigned: bool = False) -> tuple[str, ...]:
    """Which formats these numbers allow, the likeliest first; NaN is a missing label."""
    values = np.asarray(values, dtype=float)
    if values.ndim != 2 or not len(values) or values.shape[1] < 2:
        return ()
    there = np.isfinite(values)
    if not there.any():
        return ()
    gaps = not there.all()
    whole = bool(np.all(values[there] == np.round(values[there])))
    if not whole:
        sums = values.sum(1)
        one = bool(np.all(values[there] >= 0)) and not gaps and np.allclose(sums, 1, atol=0.02)
        hundred = bool(np.all(values[there] >= 0)) and not gaps and np.allclose(sums, 100, atol=1)
        return ("probabilities",) if one or hundred else ()
    negative = bool(np.any(values[there] < 0))
    if gaps or negative:
        return () if bool(np.any(values[there] < -1)) else ("cleanlab",)
    if unsigned:
        return ("counts",)
    sums = values.sum(1)
    found: list[str] = []
    same = float(np.mean(sums == np.median(sums)))
    one_hot = bool(np.all(sums == 1)) and values.max() == 1
    named = len(np.unique(values)) <= max(MOST_CLASSES, len(values) / 4)
    kappa = agreement_beyond_chance(values)
    repeats = np.sort(values, axis=1)
    distinct = values.shape[1] == 3 and bool(np.all(np.diff(repeats, axis=1) > 0))
    competing = bool(np.any(np.diff(repeats, axis=1) == 0)) and kappa <= COMPETE
    if (same == 1 and len(values) > 1 and sums[0] > 0) or competing:
        found.append("counts")
    if competing and same < 1 and not _compete(values):
        # People who agree hardly ever, or numbers that describe items, look as such votes do.
        found.append("cleanlab")
    elif named and (kappa > AGREE or (not found and not distinct and kappa > COMPETE)):
        found.append("cleanlab")
    if one_hot or bool(np.all(sums == 100)):  # 100 votes, or per cent
        found.append("probabilities")
    if distinct and not (found and values.max() <= 2):
        found.append("odd-one-out")
    return tuple(found)


def agreement_beyond_chance(values: np.ndarray) -> float:
    """Kappa of the columns: agreement of a row's labels against columns paired at random.

    kappa = (Po - Pe) / (1 - Pe), Po the share of equal pairs within rows, Pe the same for two
    columns whose rows are independent. 1 where all are equal; at most 0 for votes, which compete.
    """
    rows, columns = values.shape
    labels = np.unique(values, return_inverse=True)[1].reshape(rows, columns)
    count = int(labels.max()) + 1
    if count == 1:
        return 1.0
    if count > 5000:
        return 0.0
    table = np.stack([np.bincount(labels[:, c], minlength=count) / rows for c in range(columns)])
    total = table.sum(0)
    pairs = columns * (columns - 1)
    expected = float((total**2).sum() - (table**2).sum()) / pairs
    equal = sum(
        float(np.mean(labels[:, a] == labels[:, b])) for a in range(columns) for b in range(a)
    )
    observed = 2 * equal / pairs
    return (observed - expected) / (1 - expected) if expected < 1 else 1.0
