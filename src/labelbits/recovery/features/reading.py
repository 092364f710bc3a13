"""Features of items as `SignalEmbedding` takes them: an array, a mapping or a frame, joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from labelbits.errors import InputError
from labelbits.signals.encoding import IDS, rows_of_items
from labelbits.standardise import check_features


def read_features(given: Any, ids: Sequence[Any] | None = None) -> tuple[np.ndarray, list | None]:
    """(features (rows, columns) float32, the name of each row or None).

    `given` is an array, rows in the order of the item numbers or of `ids`; a mapping of name to
    vector; or a frame (pandas, polars, pyarrow) whose names stand in a column called id or item (or
    the one column that holds no numbers), beside columns of numbers or one of vectors. Raises
    `InputError` for numbers that are missing and names that stand twice.
    """
    if isinstance(given, Mapping):
        _no_ids(ids)
        lengths = {np.shape(vector) for vector in given.values()}
        if len(lengths) != 1 or len(next(iter(lengths))) != 1:
            raise InputError(
                f"features: vectors have shapes {sorted(map(str, lengths))[:4]}; expected one "
                "vector an item, all of one length"
            )
        return check_features(np.stack([np.asarray(v) for v in given.values()])), list(given)
    import narwhals as nw

    frame = nw.from_native(given, eager_only=True, pass_through=True)
    if not isinstance(frame, nw.DataFrame):
        return check_features(given), None if ids is None else list(ids)
    names = _names(frame)
    if names is not None:
        _no_ids(ids)
        ids = frame[names].to_list()
        frame = frame.drop(names)
    return check_features(_numbers(frame)), None if ids is None else list(ids)


def _no_ids(ids: Sequence[Any] | None) -> None:
    if ids is not None:
        raise InputError("features name their rows and ids does too; leave ids out")


def _names(frame: Any) -> str | None:
    """The column that names items, if there is one."""
    by_name = {str(name).lower(): name for name in frame.columns}
    found = next((by_name[name] for name in IDS if name in by_name), None)
    if found is not None:
        return found
    words = [name for name, kind in frame.schema.items() if _is_word(kind)]
    return words[0] if len(words) == 1 else None


def _is_word(kind: Any) -> bool:
    return not kind.is_numeric() and not kind.is_nested()


def _numbers(frame: Any) -> np.ndarray:
    if not len(frame.columns):
        raise InputError("features: no column beside the names; expected numbers")
    first = frame.columns[0]
    if len(frame.columns) == 1 and frame.schema[first].is_nested():
        vectors = [np.asarray(vector) for vector in frame[first].to_list()]
        if len({vector.shape for vector in vectors}) > 1:
            raise InputError(f"features: vectors of {first!r} differ in length; expected one")
        return np.stack(vectors)
    for name, kind in frame.schema.items():
        if not kind.is_numeric():
            raise InputError(
                f"features: column {name!r} holds no numbers; expected numbers, beside one column "
                f"of names called {' or '.join(IDS[:2])}"
            )
    return frame.to_numpy()


def joined(features: np.ndarray, names: Sequence[Any] | None, items: Sequence[Any]) -> np.ndarray:
    """The row of features of each item, (items, columns). Raises `InputError` for an item without
    one, and where all columns are constant."""
    rows = rows_of_items([str(item) for item in items], len(features), names)
    found = features[rows]
    if not np.any(found.max(0) > found.min(0)):
        raise InputError(
            f"features: all {features.shape[1]} columns are constant; expected columns that differ "
            "between items"
        )
    return found
