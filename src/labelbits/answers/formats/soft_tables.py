"""Soft labels in tables: a column a class beside who answered, or a row a class and its share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats import cells, times, usual
from labelbits.answers.formats.class_columns import class_names, head_of, other_columns, sides_of
from labelbits.answers.formats.crowdkit import optional
from labelbits.answers.formats.number_tables import which_fit
from labelbits.answers.formats.reader import (
    TOLD,
    Kind,
    Options,
    Probe,
    Reader,
    columns_in,
    first_of,
    opened,
)
from labelbits.answers.formats.who import annotators
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError

#: Names of a column that holds the share of a class.
SHARES = ("probability", "prob", "probabilities", "p", "proba", "share", "proportion", "fraction",
          "percent", "percentage", "pct", "certainty", "confidence", "belief", "weight",
          "points", "likelihood", "soft_label", "score", "value")  # fmt: skip
#: Names of a column that holds the class.
CLASSES = ("class", "label", "category", "option", "answer", "choice", "emotion", "class_name",
           "label_name", "tag", "topic", "sentiment")  # fmt: skip
#: How far from 1, or from 100, shares may add up, and the least share of rows that do.
NEAR, MOST = 0.02, 0.9


def whole(values: np.ndarray) -> float | None:
    """1 or 100, which most rows of shares (rows, classes), blanks NaN, add up to; None: neither."""
    there = np.isfinite(values).any(axis=1)
    if not there.any() or (values[np.isfinite(values)] < 0).any():
        return None
    sums = np.nansum(values[there], axis=1)
    return next(
        (total for total in (1.0, 100.0) if np.mean(np.abs(sums / total - 1) <= NEAR) >= MOST), None
    )


def class_columns(head: pl.DataFrame, options: Options) -> tuple[str, ...]:
    """The columns whose shares add up in every row, beside a person, a time or a price."""
    item, worker = sides_of(head, options)
    named = [name for name in head.columns if name not in (item, worker)]
    label = first_of(head.select(named), *usual.LABEL, *usual.SCALE)
    rest = other_columns(named, head)
    own = [name for name in rest if _all_numbers(head[name])]
    beside = worker is not None or len(rest) < len(named)
    if label is not None or item is None or not beside or len(own) < 2:
        return ()
    return tuple(own) if whole(_values(head, own)) is not None else ()


def _all_numbers(column: pl.Series) -> bool:
    found = cells.numbers(cells.names(column))
    return found.null_count() == column.null_count() < len(column)


def _values(table: pl.DataFrame, columns: Sequence[str]) -> np.ndarray:
    comma = cells.decimal_commas(table.select(columns))
    own = [cells.numbers(cells.names(table[name]), comma).to_numpy() for name in columns]
    return np.stack(own, axis=1).astype(float)


def read_columns(path: Path, kind: Kind, options: Options) -> Parsed:
    """A row a person's soft label: columns of shares that add up to 1, or to 100."""
    table, rejects, notes = opened(path, kind)
    columns = class_columns(table.drop("row"), options)
    item, worker = sides_of(table, options)
    if not columns or item is None:
        raise InputError(
            f"{path}: found columns {columns_in(table)}; expected an item, an annotator and a "
            "column a class whose numbers add up to 1 or 100 in each row"
        )
    names = class_names(columns)
    values = _values(table, columns)
    total = whole(values) or 1.0
    answers = _answers(table, values / total, names, rejects)
    notes.append(
        f"{path.name}: each row is one person's soft label: columns "
        f"{cells.shown(map(repr, columns))} are classes, whose shares add up to {total:g}"
    )
    certain = all(len(json.loads(one)) == 1 for one in answers if one)
    if certain:
        notes.append(f"{path.name}: every row is certain of one class: read as hard labels")
        answers = [one and json.dumps(next(iter(json.loads(one))), ensure_ascii=False)
                   for one in answers]  # fmt: skip
    return _parsed(path, table, item, worker, answers, names, options, rejects, notes,
                   "hard" if certain else "soft")  # fmt: skip


def _answers(
    table: pl.DataFrame, shares: np.ndarray, names: Sequence[str], rejects: Rejects
) -> list[str | None]:
    """Each row's class -> probability as JSON, None where they do not add up to 1."""
    made: list[str | None] = []
    for number, row in zip(table["row"].to_list(), shares, strict=True):
        if np.isnan(row).all():
            rejects.add(number, "answer is missing", None)
            made.append(None)
            continue
        told = np.nan_to_num(row)
        if not (told >= 0).all() or abs(told.sum() - 1) > NEAR:
            shown = [None if np.isnan(one) else round(float(one), 4) for one in row]
            rejects.add(number, "the shares of the classes do not add up to 1 (or 100)", shown)
            made.append(None)
            continue
        pairs = {name: round(float(p), 7) for name, p in zip(names, told, strict=True) if p}
        made.append(json.dumps(pairs, ensure_ascii=False))
    return made


def _parsed(
    path: Path, table: pl.DataFrame, item: str, worker: str | None,
    answers: Sequence[str | None], names: Sequence[str], options: Options, rejects: Rejects,
    notes: list[str], signal: str,
) -> Parsed:  # fmt: skip
    extra = optional(path, table, options, notes)
    made = table.select(
        pl.lit(signal).alias("signal"),
        annotators(path, table, worker, notes).alias("annotator"),
        pl.concat_list(cells.text(item, table)).alias("items"),
        pl.Series("answer", answers, dtype=pl.String),
        *(value.alias(key) for key, value in extra.items()),
        "row",
    )
    kept = made.filter(pl.col("answer").is_not_null())
    return Parsed(kept, rejects, options.classes or tuple(names), notes=notes)


def row_columns(head: pl.DataFrame, options: Options) -> tuple[str, str] | None:
    """(the column of classes, that of shares) of a table with a row a class of each answer."""
    item, worker = sides_of(head, options)
    rest = head.select(name for name in head.columns if name not in (item, worker))
    label = first_of(rest, *CLASSES)
    share = first_of(rest.drop([label] if label else []), *SHARES)
    if item is None or label is None or share is None or not _all_numbers(head[share]):
        return None
    by = [item, *([worker] if worker else [])]
    own = head.select(*by, label, _numbers_of(head, share).alias("\0share")).drop_nulls()
    groups = own.group_by(by).agg(
        pl.len().alias("rows"), pl.col(label).n_unique().alias("classes"), pl.col("\0share").sum()
    )
    # The first rows may break off within the last answer.
    if len(groups) > 2:
        last = pl.struct(by) != own.select(pl.struct(by).last()).item()
        groups = groups.filter(last)
    several = (groups["rows"] > 1) & (groups["rows"] == groups["classes"])
    if not len(groups) or not several.any():
        return None
    sums = groups["\0share"].to_numpy()
    adds = any(np.mean(np.abs(sums / total - 1) <= NEAR) >= MOST for total in (1.0, 100.0))
    return (label, share) if adds else None


def _numbers_of(table: pl.DataFrame, column: str) -> pl.Series:
    return cells.numbers(cells.names(table[column]))


def read_rows(path: Path, kind: Kind, options: Options) -> Parsed:
    """The classes of one person's soft label about one item in rows, each with its share."""
    table, rejects, notes = opened(path, kind)
    found = row_columns(table.drop("row"), options)
    item, worker = sides_of(table, options)
    if found is None or item is None:
        raise InputError(
            f"{path}: found columns {columns_in(table)}; expected rows of item, annotator, class "
            "and probability whose shares add up to 1 or 100 for each item and annotator"
        )
    label, share = found
    time = times.time_column(table.drop(label, share))
    own = table.select(
        cells.text(item, table).alias("item"), cells.text(label, table).alias("class"),
        _numbers_of(table, share).alias("share"), "row",
        annotators(path, table, worker, notes).alias("annotator"),
        *([pl.lit(times.durations(table[time])).alias("seconds")] if time else []),
    )  # fmt: skip
    for row in own.filter(pl.col("share").is_null() | pl.col("class").is_null())["row"]:
        rejects.add(row, "a class or its share is missing")
    groups = own.drop_nulls(["share", "class"]).group_by(
        "item", "annotator", maintain_order=True
    ).agg(
        pl.col("class", "share"), pl.col("row").min(),
        *([pl.col("seconds").max()] if time else []),
    )  # fmt: skip
    sums = groups["share"].list.sum().to_numpy()
    hundred = bool(np.mean(np.abs(sums / 100 - 1) <= NEAR) >= MOST)
    answers: list[str | None] = []
    for number, names, shares in groups.select("row", "class", "share").iter_rows():
        told = [value / (100 if hundred else 1) for value in shares]
        good = len(set(names)) == len(names) and min(told) >= 0 and abs(sum(told) - 1) <= NEAR
        pairs = {name: round(value, 7) for name, value in zip(names, told, strict=True) if value}
        answers.append(json.dumps(pairs, ensure_ascii=False) if good else None)
        if not good:
            rejects.add(number, f"the {share} of the classes from this row on does not add up to 1")
    notes.append(
        f"{path.name}: the rows of one person about one item are one soft label: {label!r} is the "
        f"class, {share!r} its share of {100 if hundred else 1}"
    )
    made = groups.select(
        pl.lit("soft").alias("signal"), "annotator", pl.concat_list("item").alias("items"),
        pl.Series("answer", answers, dtype=pl.String), *(["seconds"] if time else []), "row",
    )  # fmt: skip
    kept = made.filter(pl.col("answer").is_not_null()).sort("row")
    known = options.classes or tuple(own["class"].drop_nulls().unique(maintain_order=True))
    return Parsed(kept, rejects, known, notes=notes)


def is_columns(probe: Probe) -> bool:
    """Shares that add up in each row, beside who answered."""
    head = head_of(probe)
    if head is None or not class_columns(head, probe.told):
        return False
    return which_fit(probe) != ("counts",)  # shares of so many votes are counts


def is_rows(probe: Probe) -> bool:
    """Rows of item, class and share that add up for each answer."""
    head = head_of(probe)
    return head is not None and row_columns(head, probe.told) is not None


COLUMNS = Reader(
    "soft-columns", "a column a class beside item and annotator: one person's soft label a row",
    is_columns, read_columns, weakness=1, particular=True, tells=TOLD | {"item"},
)  # fmt: skip
ROWS = Reader(
    "soft-rows", "rows of item, annotator, class and probability",
    is_rows, read_rows, weakness=1, particular=True,
    tells=frozenset({"annotator", "item"}),
)  # fmt: skip
