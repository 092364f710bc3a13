"""Appen's (Figure Eight's, CrowdFlower's) full report: one judgement a row."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from labelbits.answers.formats import cells
from labelbits.answers.formats.deciding import decide
from labelbits.answers.formats.reader import (
    Kind,
    Options,
    Probe,
    Reader,
    columns_in,
    opened,
    told_column,
)
from labelbits.answers.formats.stamps import seconds_between
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError


def read(path: Path, kind: Kind, options: Options) -> Parsed:
    """Seconds are from `_started_at` to `_created_at`; columns with a `_gold` are questions.

    Tainted judgements are rejected rows. Units with `_golden` give the truth.
    """
    table, rejects, notes = opened(path, kind, "_unit_id", "_worker_id")
    if "_tainted" in table.columns:
        out = (table["_tainted"].cast(pl.String).str.to_lowercase() == "true").fill_null(False)
        for row in table.filter(out)["row"]:
            rejects.add(row, "judgement is tainted: Appen does not trust its annotator", "true")
        table = table.filter(~out)
    questions = _questions(path, table, options)
    if not questions:
        raise InputError(
            f"{path}: no column is a question (one with a column of its name and _gold, or "
            f":confidence); found {columns_in(table)}; --columns "
            "item=_unit_id,annotator=_worker_id,label=COL says which is the answer"
        )
    taken = seconds_between(table, "_started_at", "_created_at") / len(questions)
    parts = [
        table.select(
            pl.lit(name).alias("question"),
            cells.text("_unit_id", table).alias("item"),
            cells.text("_worker_id", table).alias("annotator"),
            pl.lit(_ticks(cells.cells(table[name]))).alias("value"),
            taken.alias("seconds"),
            (
                pl.lit("appen ") + cells.text("_id", table) + " " + name
                if "_id" in table.columns
                else pl.lit(None, pl.String)
            ).alias("id"),
            "row",
        )
        for name in questions
    ]
    said = pl.concat(parts, how="diagonal_relaxed")
    if len(questions) > 1:
        notes.append(f"{path.name}: a judgement's time is shared by {len(questions)} questions")
    gold = _gold(table, [name for name in questions if options.wants(name)])
    return Parsed(decide(path, said, options, rejects, notes), rejects, notes=notes, gold=gold)


def _ticks(own: pl.Series) -> pl.Series:
    """Checkboxes as lists: Appen writes what was ticked in lines of one cell."""
    several = [one for one in own.unique() if one is not None and "\n" in one]
    lists = {one: cells.as_text([part for part in one.split("\n") if part]) for one in several}
    return own.replace(lists) if lists else own


def _questions(path: Path, table: pl.DataFrame, options: Options) -> list[str]:
    told = told_column(path, table, options, "label")
    if told is not None:
        return [told]
    names = [n for n in table.columns if not n.startswith("_") and n != "row"]
    found = [n for n in names if f"{n}_gold" in names or f"{n}:confidence" in names]
    return found or [n for n in names if not n.endswith("_gold") and _differs(table, n)]


def _differs(table: pl.DataFrame, name: str) -> bool:
    """Does a column differ between the judgements of one unit, as answers do and inputs do not?"""
    counts = table.group_by("_unit_id").agg(pl.col(name).n_unique().alias("n"))
    return bool((counts["n"] > 1).any())


def _gold(table: pl.DataFrame, questions: list[str]) -> dict[str, str]:
    """Unit -> class, where one question is read and its gold is one class."""
    if len(questions) != 1 or f"{questions[0]}_gold" not in table.columns:
        return {}
    pairs = table.select(
        cells.text("_unit_id", table).alias("item"),
        cells.text(f"{questions[0]}_gold", table).alias("gold"),
    ).drop_nulls()
    own = dict(pairs.unique("item", maintain_order=True).iter_rows())
    return {item: name for item, name in own.items() if "\n" not in name}


READER = Reader(
    "appen",
    "Appen (Figure Eight) full report: _unit_id, _worker_id, _trust",
    lambda probe: probe.has("_unit_id", "_worker_id"),
    read,
    platform="Appen",
)


def is_aggregated(probe: Probe) -> bool:
    """The aggregated report, which holds no single judgement."""
    return probe.has("_unit_id", "_trusted_judgments") and not probe.has("_worker_id")


def read_aggregated(path: Path, kind: Kind, options: Options) -> Parsed:
    """Refused: who said what is not in it."""
    raise InputError(
        f"{path}: Appen's aggregated report holds no single judgement; expected the full report"
    )


AGGREGATED = Reader(
    "appen-aggregated", "Appen's aggregated report: refused", is_aggregated, read_aggregated
)
