"""The canonical table: its validation, and the `Answers` made of it.

A reader hands over a `Parsed`; `validate` keeps the rows that fit their signal and turns the
others into rejected rows with a reason. Each distinct answer is checked once, by the signal's own
`encode`, so a new signal needs no line here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from labelbits.answers.files.opening import shorten
from labelbits.answers.table.checks import check_answers, check_columns, discover, parse_answer
from labelbits.answers.table.columns import ANSWER, COLUMNS, REJECTED, REQUIRED, Parsed, in_order
from labelbits.interface import Answers


def validate(
    parsed: Parsed, classes: Sequence[str] = ()
) -> tuple[pl.DataFrame, pl.DataFrame, tuple[str, ...]]:
    """(good rows in canonical columns, rejected rows, classes in order).

    `classes` are the known class names; left empty, the names that the answers mention are taken.
    """
    parts: list[pl.DataFrame] = []
    rejected: list[pl.DataFrame] = []
    distinct = pl.DataFrame(schema={name: COLUMNS[name] for name in ANSWER})
    tables = [parsed.table] if isinstance(parsed.table, pl.DataFrame) else parsed.table
    for table in tables:
        part, bad = check_columns(_canonical(table))
        parts.append(part)
        rejected.extend(bad)
        own = part.select(ANSWER).unique(maintain_order=True)
        distinct = pl.concat([distinct, own]).unique(maintain_order=True) if len(distinct) else own
    values = _parse(distinct)
    known = tuple(classes) or parsed.classes or discover(distinct, values)
    faults = check_answers(parts, distinct, values, known)
    if len(faults):
        parts, bad = _drop(parts, faults)
        rejected.extend(bad)
    good = pl.concat(parts, how="diagonal") if parts else pl.DataFrame(schema=COLUMNS)
    good = _quote_bare_text(good, distinct, values)
    rejected.append(parsed.rejected.frame())
    lost = pl.concat(rejected).sort("row", maintain_order=True)
    shown = pl.Series("found", [shorten(text) for text in lost["found"]], dtype=pl.String)
    return good, lost.with_columns(shown), known


def _drop(
    parts: list[pl.DataFrame], faults: pl.DataFrame
) -> tuple[list[pl.DataFrame], list[pl.DataFrame]]:
    """Split off the rows whose answer has a fault."""
    good, bad = [], []
    for part in parts:
        marked = part.join(faults, on=ANSWER, how="left", nulls_equal=True, maintain_order="left")
        wrong = marked.filter(pl.col("reason").is_not_null())
        bad.append(wrong.select("row", "reason", found=pl.col("answer")))
        good.append(marked.filter(pl.col("reason").is_null()).drop("reason"))
    return good, bad


def _canonical(table: pl.DataFrame) -> pl.DataFrame:
    """The canonical columns that are there, and the required ones, cast to their types.

    What cannot be cast is null.
    """
    columns = []
    for name, kind in COLUMNS.items():
        if name in table.columns:
            same = table.schema[name] == kind
            columns.append(pl.col(name) if same else pl.col(name).cast(kind, strict=False))
        elif name in (*REQUIRED, "classes"):
            columns.append(pl.lit(None, dtype=kind).alias(name))
    row = pl.col("row") if "row" in table.columns else pl.int_range(1, pl.len() + 1).alias("row")
    if "id" in table.columns:
        columns.append(pl.col("id"))
    return table.select(*columns, row.cast(pl.Int64))


def _parse(distinct: pl.DataFrame) -> list[Any]:
    """The JSON of each distinct answer; bare text is taken as a name, broken JSON as the error."""
    return [parse_answer(text) for text in distinct["answer"]]


def _quote_bare_text(
    table: pl.DataFrame, distinct: pl.DataFrame, values: list[Any]
) -> pl.DataFrame:
    """Write names that came without quotation marks as JSON text."""
    bare = {
        text: json.dumps(value, ensure_ascii=False)
        for text, value in zip(distinct["answer"], values, strict=True)
        if isinstance(value, str) and text == value
    }
    if not bare:
        return table
    return table.with_columns(pl.col("answer").replace(bare))


def assemble(
    parts: Sequence[pl.DataFrame],
    rejected: Sequence[pl.DataFrame],
    classes: Sequence[str],
    items: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Answers:
    """One `Answers` of validated parts; optional columns that are all empty are left out.

    Items that are whole numbers come in numeric order, others in order of appearance; `items`
    declared by a file come first.
    """
    table = pl.concat(parts, how="diagonal") if parts else pl.DataFrame(schema=COLUMNS)
    table = table.select(
        name
        for name in COLUMNS
        if name in (*REQUIRED, "classes")
        or (name in table.columns and table[name].null_count() < len(table))
    )
    if len(table):
        seen = table["items"].explode(empty_as_null=False).unique(maintain_order=True).to_list()
    else:
        seen = []
    if items:
        named = set(items)
        seen = [*items, *in_order([name for name in seen if name not in named])]
    else:
        seen = list(in_order(seen))
    return Answers(
        table=table,
        items=tuple(seen),
        classes=tuple(classes),
        annotators=tuple(table["annotator"].unique(maintain_order=True)),
        rejected=pl.concat(rejected) if rejected else pl.DataFrame(schema=REJECTED),
        notes=tuple(notes),
    )


def together(first: Answers, second: Answers) -> Answers:
    """The answers of both, as if one file had held them."""
    lost = [one.rejected for one in (first, second) if one.rejected is not None]
    made = assemble(
        [first.table, second.table],
        lost,
        tuple(dict.fromkeys((*first.classes, *second.classes))),
        tuple(dict.fromkeys((*first.items, *second.items))),
        (*first.notes, *second.notes),
    )
    return replace(made, gold={**second.gold, **first.gold})
