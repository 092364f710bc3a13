"""Data frames (pandas, polars, pyarrow) as the triplets or answers that `SignalEmbedding` fits."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from labelbits.errors import InputError
from labelbits.interface import NOBODY, Answers
from labelbits.signals import REGISTRY
from labelbits.signals.encoding import is_kept

#: Columns of a canonical table of answers that have to be there, and how triplets are called.
NEEDED, TRIPLET = ("signal", "items", "answer"), ("head", "winner", "loser")


def of_frame(given: Any) -> Any:
    """What a frame holds: `Answers` where it has the canonical columns (signal, items, answer, and
    optionally annotator and classes), an array (n, 3) where it has the columns head, winner and
    loser with item numbers, or nothing but columns of numbers. What is no frame is returned as
    it is.

    Raises `InputError` for other columns and for signals that are unknown.
    """
    if isinstance(given, (np.ndarray, Answers)) or not hasattr(given, "columns"):
        return given
    import narwhals as nw

    frame = nw.from_native(given, eager_only=True, pass_through=True)
    if not isinstance(frame, nw.DataFrame):
        return given
    names = list(frame.columns)
    if set(NEEDED) <= set(names):
        return _answers(frame)
    wanted = list(TRIPLET) if set(TRIPLET) <= set(names) else names
    if all(frame.schema[name].is_numeric() for name in wanted):
        # Names may be numbers, which select does not take. Its width is checked as an array's is.
        return (frame if wanted == names else frame.select(wanted)).to_numpy()
    raise InputError(
        f"the frame has columns {', '.join(map(str, names[:10]))}; expected {', '.join(NEEDED)} "
        f"(a row an answer), or item numbers in {', '.join(TRIPLET)}. labelbits.read_answers reads "
        "frames of other columns: fit what it returns"
    )


def holds_answers(given: Any) -> bool:
    """Is this a frame of answers, and not one of features?"""
    columns = getattr(given, "columns", ())
    names = {str(name) for name in columns} if hasattr(columns, "__iter__") else set()
    return set(NEEDED) <= names or set(TRIPLET) <= names


def _answers(frame: Any) -> Answers:
    import polars as pl

    signals = [str(name) for name in frame["signal"].to_list()]
    unknown = sorted({name for name in signals if name not in REGISTRY and not is_kept(name)})
    if unknown:
        raise InputError(
            f"the frame's column signal holds {unknown[0]!r}; expected one of: "
            f"{', '.join(REGISTRY)}"
        )
    items = [_names(value, "items", row) for row, value in enumerate(frame["items"].to_list())]
    said = [_text(value) for value in frame["answer"].to_list()]
    about: list[list[str]] = [[] for _ in signals]
    if "classes" in frame.columns:
        about = [
            [] if value is None else _names(value, "classes", row)
            for row, value in enumerate(frame["classes"].to_list())
        ]
    who = [NOBODY] * len(signals)
    if "annotator" in frame.columns:
        who = [NOBODY if name is None else str(name) for name in frame["annotator"].to_list()]
    named = dict.fromkeys(name for row in about for name in row)
    for signal, answer in zip(signals, said, strict=True):
        if signal in REGISTRY and REGISTRY[signal].uses_classes:
            named.update(dict.fromkeys(_classes(answer)))
    table = pl.DataFrame(
        {"signal": signals, "annotator": who, "items": items, "classes": about, "answer": said},
        schema_overrides={"items": pl.List(pl.String), "classes": pl.List(pl.String)},
    )
    every = dict.fromkeys(name for row in items for name in row)
    return Answers(table, tuple(every), tuple(sorted(named)), tuple(dict.fromkeys(who)))


def _names(value: Any, column: str, row: int) -> list[str]:
    """The names in a cell: a list, or one as JSON text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = [value]
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise InputError(
            f"the frame, row {row}: {column} is {value!r}; expected a list of names, one an item"
        )
    return [str(name) for name in value]


def _text(value: Any) -> str:
    """An answer as JSON text."""
    if isinstance(value, str):
        try:
            json.loads(value)
        except ValueError:
            return json.dumps(value, ensure_ascii=False)
        return value
    if hasattr(value, "tolist"):
        value = value.tolist()
    return json.dumps(value, ensure_ascii=False)


def _classes(answer: str) -> list[str]:
    """Class names that an answer mentions."""
    value = json.loads(answer)
    found = list(value) if isinstance(value, (dict, list)) else [value]
    return [name for name in found if isinstance(name, str)]
