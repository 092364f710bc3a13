"""Soft labels in one column: a list of probabilities or an object class -> probability."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from labelbits.answers.files.json_files import loads_loose
from labelbits.answers.files.parquet import class_names
from labelbits.answers.formats import cells
from labelbits.answers.formats.crowdkit import column_of, optional
from labelbits.answers.formats.other_answers import say_unread
from labelbits.answers.formats.reader import (
    TOLD,
    Kind,
    Options,
    Probe,
    Reader,
    columns_in,
    first_of,
    opened,
    told_column,
)
from labelbits.answers.formats.usual import ITEM
from labelbits.answers.formats.who import annotators, who_column
from labelbits.answers.table.columns import Parsed
from labelbits.answers.table.people import NO_COLUMN, said_not_known
from labelbits.errors import InputError

SOFT = ("soft_label", "soft_labels", "probabilities", "probs", "label_dist", "distribution",
        "label_distribution", "soft")  # fmt: skip


def read(path: Path, kind: Kind, options: Options) -> Parsed:
    """One soft label a row; classes are told, named in the metadata, or numbered."""
    table, rejects, notes = opened(path, kind)
    soft = told_column(path, table, options, "label") or first_of(table, *SOFT)
    if soft is None or soft not in table.columns:
        raise InputError(
            f"{path}: column {SOFT[0]!r} is missing; found {columns_in(table)}; expected one of: "
            f"{', '.join(SOFT)}"
        )
    left = table.drop(soft)
    item = told_column(path, table, options, "item") or column_of(path, left, ITEM, "item")
    worker = told_column(path, table, options, "annotator") or who_column(left)
    if worker is None:
        notes.append(said_not_known(path.name, NO_COLUMN))
    cell = cells.cells(table[soft])
    values = [_parsed(text) for text in cell.to_list()]
    widths = {len(value) for value in values if isinstance(value, list)}
    known = options.classes or _known(path, kind)
    if len(widths) > 1 or (known and widths and widths != {len(known)}):
        raise InputError(
            f"{path}: lists of {soft} hold {sorted(widths)[:4]} numbers; expected one for each "
            f"of {len(known) or 'as many'} classes in every row"
        )
    names = known or tuple(str(k) for k in range(max(widths, default=0)))
    answers: list[str | None] = []
    for row, value, text in zip(table["row"], values, cell.to_list(), strict=True):
        made = _probabilities(value, names)
        if made is None:
            rejects.add(row, f"{soft} holds no probabilities", text or "")
        answers.append(made)
    extra = optional(path, table, options, notes)
    say_unread(path, table, {soft, item, worker}, options, notes)
    own = table.select(
        pl.lit("soft").alias("signal"),
        annotators(path, table, worker, notes).alias("annotator"),
        pl.concat_list(cells.text(item, table)).alias("items"),
        pl.Series("answer", answers, dtype=pl.String),
        *(value.alias(key) for key, value in extra.items()),
        "row",
    )
    return Parsed(own.filter(pl.col("answer").is_not_null()), rejects, names, notes=notes)


def _known(path: Path, kind: Kind) -> tuple[str, ...]:
    """Class names that the file declares for one of its columns, where they agree."""
    found = set(class_names(path).values()) if kind == "parquet" else set()
    return next(iter(found)) if len(found) == 1 else ()


def _parsed(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return loads_loose(text)
    except ValueError:
        pass
    try:  # as numpy prints an array
        return [float(part) for part in text.strip("[]() ").replace(",", " ").split()]
    except ValueError:
        return None


def _probabilities(value: Any, names: tuple[str, ...]) -> str | None:
    """A list or an object as class -> probability; None for anything else."""
    pairs = list(value.items()) if isinstance(value, dict) else None
    if isinstance(value, list) and len(value) == len(names):
        pairs = list(zip(names, value, strict=True))
    if not pairs:
        return None
    pairs = [(name, _share(value)) for name, value in pairs]
    good = all(
        isinstance(p, (int, float)) and not isinstance(p, bool) and 0 <= p < float("inf")
        for _, p in pairs
    )
    if not good or not sum(p for _, p in pairs) > 0:
        return None
    return json.dumps({str(n): round(float(p), 7) for n, p in pairs if p}, ensure_ascii=False)


def _share(value: Any) -> Any:
    """A number that stands as text, also in per cent, as a number; anything else as it is."""
    if not isinstance(value, str):
        return value
    found = cells.numbers(pl.Series([value])).item()
    return value if found is None else found


def matches(probe: Probe) -> bool:
    """A column that goes by a usual name for soft labels, beside one that names the item."""
    table = pl.DataFrame(schema=dict.fromkeys(probe.columns, pl.String))
    return (
        probe.kind in ("csv", "parquet", "json")
        and first_of(table, *SOFT) is not None
        and first_of(table, *ITEM) is not None
        and first_of(table, "label_counter", "annotations") is None
    )


READER = Reader(
    "soft-labels", "a column of probabilities: item, soft_label", matches, read,
    tells=TOLD | {"item", "label"},
)  # fmt: skip
