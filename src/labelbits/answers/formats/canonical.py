"""The canonical answers table, Parquet or CSV: our own format."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import polars as pl

from labelbits.answers.files.csv_files import csv_blocks
from labelbits.answers.files.json_files import loads
from labelbits.answers.files.opening import Rejects
from labelbits.answers.files.parquet import batches, column_names, declared
from labelbits.answers.formats.reader import (
    Kind,
    Options,
    Probe,
    Reader,
    clean,
    load_table,
    need,
    number,
)
from labelbits.answers.formats.yes_or_no import NO, YES
from labelbits.answers.table.columns import COLUMNS, REQUIRED, Parsed

#: A JSON list of names without anything that JSON escapes: split without a JSON parser.
PLAIN = r'^\["[^"\\\x00-\x1f]+"([ \t]*,[ \t]*"[^"\\\x00-\x1f]+")*\]$'
TRUTH = {**dict.fromkeys(YES, True), **dict.fromkeys(NO, False)}


def matches(probe: Probe) -> bool:
    """Signal, items and answer are there."""
    return probe.has("signal", "items", "answer")


def read(path: Path, kind: Kind, options: Options) -> Parsed:
    """CSV and JSON records at once, Parquet batch by batch."""
    rejects, notes = Rejects(), []
    if kind == "parquet":
        names = column_names(path)
        need(path, pl.DataFrame(schema=dict.fromkeys(names, pl.String)), *REQUIRED)
        stored = declared(path)
        wanted = [name for name in COLUMNS if name in names]
        tables = typed(numbered(batches(path, notes, wanted)), rejects, notes)
        return Parsed(
            tables, rejects, _names(stored.get("classes")), _names(stored.get("items")), notes,
            _gold(stored.get("gold")),
        )  # fmt: skip
    if kind == "json":
        parts = iter([load_table(path, kind, rejects, notes)])
    else:
        parts = csv_blocks(path, rejects, notes)
    first = next(parts)
    need(path, first, *REQUIRED)
    return Parsed(typed(itertools.chain([first], parts), rejects, notes), rejects, notes=notes)


def typed(
    parts: Iterable[pl.DataFrame], rejects: Rejects, notes: list[str]
) -> Iterator[pl.DataFrame]:
    """Each table with canonical types; values that are lost are counted in `notes` at the end."""
    lost: Counter[str] = Counter()
    for part in parts:
        yield to_types(part, rejects, lost)
    for name, count in lost.items():
        kind = "no numbers" if COLUMNS[name] == pl.Float64 else "neither true nor false"
        notes.append(f"{count} values of {name} are {kind} and were left out")


def numbered(parts: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Tables with `row`, counted from 1 through all of them."""
    start = 1
    for part in parts:
        row = pl.int_range(start, start + len(part), dtype=pl.Int64, eager=True).alias("row")
        yield part.with_columns(row)
        start += len(part)


def _gold(value: Any) -> dict[str, str]:
    """Item -> class as `write_answers` stored it."""
    if not isinstance(value, dict):
        return {}
    return {item: name for item, name in value.items() if isinstance(name, str)}


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        return ()
    return tuple(dict.fromkeys(value))


def to_types(table: pl.DataFrame, rejects: Rejects, lost: Counter[str]) -> pl.DataFrame:
    """Text columns as lists, numbers and truth values; what does not fit is rejected or counted."""
    for name in ("items", "classes"):
        if name in table.columns and table.schema[name] == pl.String:
            table = _split_lists(table, name, rejects)
    for name, kind in COLUMNS.items():
        if name not in table.columns or table.schema[name] == kind:
            continue
        if kind == pl.Float64:
            values = number(name, table)
        elif kind == pl.Boolean:
            plain = pl.col(name).cast(pl.String, strict=False).str.normalize("NFKD")
            plain = plain.str.replace_all(r"\p{M}", "").str.to_lowercase()
            values = plain.replace_strict(TRUTH, default=None, return_dtype=pl.Boolean)
        else:
            continue
        before = table[name].null_count()
        table = table.with_columns(values.alias(name))
        if gone := table[name].null_count() - before:
            lost[name] += gone
    return table


def _split_lists(table: pl.DataFrame, name: str, rejects: Rejects) -> pl.DataFrame:
    """A column of JSON lists of names as lists; a bare name is a list of one."""
    plain = table[name].str.contains(PLAIN).fill_null(False)
    names = pl.col(name).str.replace_all(r'"[ \t]*,[ \t]*"', '","')
    names = names.str.strip_chars("[] \t").str.strip_chars('"').str.split('","')
    if plain.all():
        return table.with_columns(names)
    distinct = table[name].filter(~plain).drop_nulls().unique(maintain_order=True)
    parsed = pl.Series([_as_names(text) for text in distinct], dtype=pl.List(pl.String))
    pairs = pl.DataFrame({name: distinct, "list": parsed})
    joined = table.join(pairs, on=name, how="left", maintain_order="left")
    joined = joined.with_columns(pl.when(plain).then(names).otherwise("list").alias("list"))
    wrong = joined[name].is_not_null() & joined["list"].is_null()
    for row, found in joined.filter(wrong).select("row", name).iter_rows():
        rejects.add(row, f"{name} are not a JSON list of names", found)
    return joined.filter(~wrong).drop(name).rename({"list": name})


def _as_names(text: str) -> list[str] | None:
    try:
        value = loads(text)
    except ValueError:
        return None if text.startswith(("[", "{")) else [text]
    if isinstance(value, list):
        good = all(isinstance(name, (str, int)) and not isinstance(name, bool) for name in value)
        return [clean(name) for name in value] if good else None
    return None if isinstance(value, dict) else [clean(value) if isinstance(value, str) else text]


READER = Reader("labelbits", "the canonical answers table, Parquet or CSV", matches, read)
