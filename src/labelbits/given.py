"""What `lb.plan` is given in Python: arrays, frames and labels as features, answers and gold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelbits.answers.in_python import refusal_in_python
from labelbits.errors import InputError
from labelbits.interface import Answers
from labelbits.items.gold import gold_in_frame
from labelbits.items.joining import by_number, said_of_numbers, whole_numbers, with_names
from labelbits.standardise import index_of

if TYPE_CHECKING:
    import numpy as np


def _kind(frame: Any) -> str:
    """Which library a frame is of, as far as plans give frames of it back."""
    module = type(frame).__module__.split(".")[0]
    return module if module in ("pandas", "pyarrow") else "polars"


def features_of(given: Any) -> tuple[np.ndarray, str]:
    """(array of numbers, kind of frame) of features."""
    import narwhals as nw
    import numpy as np

    frame = nw.from_native(given, eager_only=True, pass_through=True)
    if not isinstance(frame, nw.DataFrame):
        try:
            return np.asarray(given, dtype=np.float32), "polars"
        except (TypeError, ValueError) as problem:
            raise InputError(f"features: {problem}; expected numbers, items x columns") from None
    words = [name for name, kind in frame.schema.items() if not kind.is_numeric()]
    if words:
        raise InputError(
            f"features: column {words[0]!r} holds no numbers; expected columns of numbers alone "
            "(names of rows go in ids=)"
        )
    return frame.to_numpy().astype(np.float32), _kind(given)


def answers_of(
    given: Any, columns: Mapping[str, str] | None, rows: int, ids: Sequence[Any] | None
) -> tuple[Answers | None, str]:
    """(answers, kind of frame or "") of what a pilot is given as, about `rows` items called `ids`
    (None: their numbers)."""
    if given is None or isinstance(given, Answers):
        if columns is not None:
            raise InputError(
                "columns= says how a table of answers is read; expected answers= as a frame or "
                "files"
            )
        return given, ""
    import narwhals as nw

    from labelbits.answers import read_answers

    frame = nw.from_native(given, eager_only=True, pass_through=True)
    try:
        if isinstance(frame, nw.DataFrame):
            return read_answers(given, columns=columns), _kind(given)
        labels = _labels(given, rows)
        if labels is not None:
            own = index_of(given) or (range(rows) if ids is None else ids)
            return read_answers(_said(labels, own), columns=columns), ""
        return read_answers(given, columns=columns), ""
    except InputError as problem:
        raise InputError(refusal_in_python(str(problem))) from None


def _labels(given: Any, rows: int) -> list[Any] | None:
    """One label a row, where that is what was given; None for files."""
    import numpy as np

    series = hasattr(given, "dtype") and len(getattr(given, "shape", ())) == 1
    if not series and not (isinstance(given, list) and given and not _are_files(given)):
        return None
    labels = given.tolist() if isinstance(given, np.ndarray) else list(given)
    if len(labels) != rows and index_of(given) is None:
        raise InputError(
            f"answers: {len(labels):,} labels and {rows:,} rows of features; expected one label a "
            "row (None where it has none), or a frame with a column that names items"
        )
    return labels


def _are_files(given: list[Any]) -> bool:
    return any(isinstance(one, PathLike) or (isinstance(one, str) and Path(one).is_file())
               for one in given)  # fmt: skip


def _said(labels: list[Any], items: Sequence[Any] | range) -> Any:
    """A table of the labels that are there, by the name of their item."""
    import polars as pl

    there = [
        (str(item), str(one)) for item, one in zip(items, labels, strict=True)
        if one is not None and one == one and str(one).strip()  # NaN is not equal to itself
    ]  # fmt: skip
    if not there:
        raise InputError("answers: no row has a label; expected some")
    return pl.DataFrame(there, schema=["item", "label"], orient="row")


def as_triplets(given: Any) -> Any:
    """An array (n, 3) of whole numbers as a table of triplets; anything else as it is."""
    import numpy as np
    import polars as pl

    if not isinstance(given, (np.ndarray, list)):
        return given
    rows = np.asarray(given)
    if rows.ndim != 2 or rows.shape[1:] != (3,) or rows.dtype.kind not in "iu":
        return given
    names = dict(zip(("head", "winner", "loser"), rows.T.astype(str), strict=True))
    return pl.DataFrame({key: list(column) for key, column in names.items()})


def named_alike(
    read: Answers | None, ids: Sequence[Any] | None, notes: list[str]
) -> Answers | None:
    """The answers with their items as `ids` call them, where both are the same numbers written in
    two ways; `notes` say so."""
    if read is None or ids is None:
        return read
    named = {str(one) for one in ids}
    renamed = by_number([named, set(read.items)], [True, False], ["features", "answers"], "ids=")
    if not renamed:
        return read
    notes.append(said_of_numbers(renamed))
    return with_names(read, renamed)


def gold_of_rows(gold: Any, rows: int, ids: Sequence[Any] | None) -> Any:
    """The class of each of `rows` rows, called `ids` (None: by their numbers), None where unknown.

    By name where `gold` is a mapping, a pandas Series whose index names items or a frame; what has
    a class a row already is returned as it is. Raises `InputError` where no item is a row.
    """
    known = _by_name(gold)
    if known is None:
        return gold
    names = [str(one) for one in (range(rows) if ids is None else ids)]
    if not known.keys() & set(names):
        here, others = whole_numbers(set(known)), whole_numbers(set(names))
        known = {others[one]: known[here[one]] for one in here.keys() & others.keys()} or known
    if not known.keys() & set(names):
        raise InputError(
            f"gold: none of its {len(known):,} items is a row of the features; found "
            f"{', '.join(list(known)[:3])}; expected names such as {', '.join(names[:3])} (ids= "
            "names the rows)"
        )
    numbers = all(isinstance(one, int) and not isinstance(one, bool) for one in known.values())
    return [known.get(name, -1 if numbers else None) for name in names]


def _by_name(gold: Any) -> dict[str, Any] | None:
    """Item -> class of what names items; None of a class a row."""
    if isinstance(gold, Mapping):
        return {str(item): right for item, right in gold.items()}
    if (index := index_of(gold)) is not None and hasattr(gold, "tolist"):
        return dict(zip(index, gold.tolist(), strict=True))
    alone = len(getattr(gold, "shape", ())) == 2 and gold.shape[1] == 1  # a class a row
    if alone or (framed := gold_in_frame(gold)) is None:
        return None
    whole = all(one.isdecimal() for one in framed.known.values())
    return {item: int(right) if whole else right for item, right in framed.known.items()}
