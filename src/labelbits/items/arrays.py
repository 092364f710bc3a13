"""The npz files that a plan names: features, votes, groups, each checked with one message."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from labelbits.answers.files.numpy_files import load_npz
from labelbits.answers.formats import cells
from labelbits.errors import InputError
from labelbits.items.reading import id_column, is_table, read_table
from labelbits.items.vectors import read_vectors

#: Fewest items that any plan from features can be made from.
FEWEST_ITEMS = 10
#: Features above this lose digits in float32; all are scaled down together.
LARGEST = 1e12

#: More votes of people on one item than any table has; beyond it are numbers of something else.
MOST_VOTES = 1_000_000


def load_array(path: Path, names: tuple[str, ...], what: str) -> np.ndarray:
    """The first of the arrays `names` in an npz file, or the one of an npy file.

    Never unpickles, waits for a pipe or inflates a bomb (`answers.files.numpy_files`). Raises
    `InputError` for a missing or broken file and for a missing array.
    """
    arrays = load_npz(path, what=f"an npz file with {what}")
    if set(arrays) == {"array"} and "array" not in names:
        return arrays["array"]
    for name in names:
        if name in arrays:
            return arrays[name]
    found = ", ".join(arrays) or "no arrays"
    raise InputError(f"{path}: holds {found}; expected an array named {names[0]!r} ({what})")


def load_features(path: Path) -> tuple[list[str] | None, np.ndarray]:
    """(the name of each row or None, features (items, columns), finite, float32) of a file.

    Raises `InputError` for anything else.
    """
    ids, features = read_vectors(path)
    return ids, checked_features(path, features)


def checked_features(path: Path, features: np.ndarray) -> np.ndarray:
    """Features (items, columns), finite, float32. Raises `InputError` for anything else."""
    if features.ndim != 2 or features.dtype.kind not in "fiub" or not features.shape[1]:
        raise InputError(
            f"{path}: features have shape {features.shape} and type {features.dtype}; "
            "expected numbers, items x columns"
        )
    bad = np.argwhere(~np.isfinite(features))
    if len(bad):
        row, col = bad[0]
        raise InputError(
            f"{path}: row {row}, column {col} of features is {features[row, col]} "
            f"({len(bad)} such values); expected finite numbers: drop or fill these rows"
        )
    if len(features) < FEWEST_ITEMS:
        raise InputError(
            f"{path}: features have {len(features)} rows; expected at least {FEWEST_ITEMS} items"
        )
    largest = float(np.abs(features.astype(np.float64)).max()) if features.itemsize > 2 else 0.0
    if largest > LARGEST:
        features = features / largest * LARGEST
    return features.astype(np.float32)


def load_counts(
    path: Path, items: int, classes: int | None, ids: Sequence[str] | None = None
) -> np.ndarray:
    """Votes (items, classes). Raises `InputError` for what cannot be numbers of votes.

    A table has a column of the names in `ids` and one a class; items that it leaves out have none.
    """
    if is_table(path):
        counts = _counted(path, items, ids)
    else:
        counts = load_array(path, ("counts",), "votes, items x classes")
    if counts.ndim != 2 or counts.dtype.kind not in "fiub":
        raise InputError(
            f"{path}: counts have shape {counts.shape} and type {counts.dtype}; "
            "expected whole numbers, items x classes"
        )
    if len(counts) != items:
        raise InputError(
            f"{path}: counts have {len(counts)} rows and features {items}; expected one row an "
            "item, in the same order (a row of zeros is an item without a label)"
        )
    if classes is not None and counts.shape[1] != classes:
        raise InputError(
            f"{path}: counts have {counts.shape[1]} columns and classes is {classes}; "
            "expected one column a class"
        )
    if counts.shape[1] < 2:
        raise InputError(
            f"{path}: counts have {counts.shape[1]} column; expected 2 classes or more"
        )
    counts = counts.astype(np.float64)
    whole = np.isfinite(counts) & (counts >= 0) & (counts == np.round(counts))
    wrong = np.argwhere(~(whole & (counts <= MOST_VOTES)))
    if len(wrong):
        row, col = wrong[0]
        raise InputError(
            f"{path}: row {row}, column {col} of counts is {counts[row, col]}; "
            f"expected whole numbers of votes, from 0 to {MOST_VOTES:,}"
        )
    return counts


def load_class_names(path: Path | None, classes: int | None) -> tuple[str, ...] | None:
    """Names that the file of votes gives to its columns, if it does."""
    if path is None or classes is None:
        return None
    if is_table(path):
        return _classes_of(path)
    try:
        names = load_array(path, ("class_names",), "class names")
    except InputError:
        return None
    return tuple(str(name) for name in names) if len(names) == classes else None


def _classes_of(path: Path) -> tuple[str, ...]:
    table = read_table(path, [])
    return tuple(name for name in table.columns if name != id_column(table))


def _counted(path: Path, items: int, ids: Sequence[str] | None) -> np.ndarray:
    """The votes of a table, a row for each of `ids`."""
    table = read_table(path, [])
    name = id_column(table)
    votes = table.drop([name] if name else [])
    comma = cells.decimal_commas(votes)
    numbers = pl.DataFrame({one: cells.numbers(votes[one], comma) for one in votes.columns})
    for column in votes.columns:
        bad = numbers[column].is_null()
        if bad.any():
            row = int(bad.arg_max() or 0)
            raise InputError(
                f"{path}: row {row + 1} of {column} is {votes[column][row]!r}; expected numbers of "
                "votes, a column a class"
            )
    if name is None:
        return numbers.to_numpy()
    place = {one: row for row, one in enumerate(ids or [str(i) for i in range(items)])}
    counts = np.zeros((items, len(votes.columns)))
    for row, one in enumerate(cells.names(table[name]).to_list()):
        if one not in place:
            raise InputError(
                f"{path}: row {row + 1} is about item {one!r}, which has no features; expected "
                f"names such as {', '.join(list(place)[:3])}"
            )
        counts[place[one]] += numbers.row(row)
    return counts


def load_groups(path: Path, items: int) -> np.ndarray:
    """Where each item comes from (items,), as text. Raises `InputError` for anything else."""
    groups = load_array(path, ("groups",), "the group of each item")
    if groups.shape != (items,):
        raise InputError(
            f"{path}: groups have shape {groups.shape} and there are {items} items; "
            "expected one group an item"
        )
    return groups.astype(str)
