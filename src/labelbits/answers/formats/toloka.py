"""Toloka's assignments: TSV with INPUT:, OUTPUT:, GOLDEN: and ASSIGNMENT: columns."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from labelbits.answers.formats import cells
from labelbits.answers.formats.deciding import decide
from labelbits.answers.formats.reader import (
    Kind,
    Options,
    Reader,
    columns_in,
    number,
    opened,
)
from labelbits.answers.formats.stamps import seconds_between
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError

#: What a status says about work that was not taken.
REFUSED = ("REJECTED", "SKIPPED", "EXPIRED", "ACTIVE")


def read(path: Path, kind: Kind, options: Options) -> Parsed:
    """One task of one assignment a row; OUTPUT: columns are questions.

    The time of a suite of tasks is from started to submitted, shared by its tasks and questions,
    and so is the reward. Rejected assignments are rejected rows. GOLDEN: columns are gold.
    """
    table, rejects, notes = opened(path, kind)
    who = _named(path, table, "worker_id")
    inputs = [name for name in table.columns if name.startswith("INPUT:")]
    outputs = [name for name in table.columns if name.startswith("OUTPUT:")]
    if not outputs or not (inputs or "ASSIGNMENT:task_id" in table.columns):
        raise InputError(
            f"{path}: found columns {columns_in(table)}; expected INPUT: and OUTPUT: columns"
        )
    status = "ASSIGNMENT:status"
    if status in table.columns:
        out = table[status].str.to_uppercase().is_in(REFUSED).fill_null(False)
        for row, found in table.filter(out).select("row", status).iter_rows():
            rejects.add(row, "assignment was not approved", found)
        table = table.filter(~out)
    nobody = table[who].is_null()
    for row in table.filter(nobody)["row"]:
        # Rows without a worker are the pool's own tasks: their GOLDEN: columns count.
        rejects.add(row, "row names no worker (a control task)")
    gold = _gold(table, inputs, outputs, options)
    table = table.filter(~nobody)
    suite = _first(table, "ASSIGNMENT:assignment_id", "ASSIGNMENT:task_suite_id")
    tasks = pl.lit(1) if suite is None else pl.len().over(suite)
    share = tasks * len(outputs)
    item = _item(table, inputs)
    taken = seconds_between(table, "ASSIGNMENT:started", "ASSIGNMENT:submitted")
    paid = "ASSIGNMENT:reward"
    parts = [
        table.select(
            pl.lit(name.removeprefix("OUTPUT:")).alias("question"),
            item.alias("item"),
            cells.text(who, table).alias("annotator"),
            pl.lit(cells.cells(table[name])).alias("value"),
            (taken / share).alias("seconds"),
            (number(paid, table) / share if paid in table.columns else pl.lit(None)).alias("price"),
            (
                pl.lit(None, pl.String)
                if suite is None
                else pl.concat_str([pl.lit("toloka"), suite, item, pl.lit(name)], separator=" ")
            ).alias("id"),
            "row",
        )
        for name in outputs
    ]
    said = pl.concat(parts, how="diagonal_relaxed")
    whole = table.select(taken.alias("t"))["t"].median()
    if isinstance(whole, float):
        notes.append(
            f"{path.name}: the time and reward of a suite (median {whole:g} s) are shared by its "
            "tasks: what one took is not in the file"
        )
    return Parsed(decide(path, said, options, rejects, notes), rejects, notes=notes, gold=gold)


def _first(table: pl.DataFrame, *names: str) -> str | None:
    return next((name for name in names if name in table.columns), None)


def _named(path: Path, table: pl.DataFrame, name: str) -> str:
    full = f"ASSIGNMENT:{name}"
    if full not in table.columns:
        raise InputError(
            f"{path}: column {full!r} is missing; found {columns_in(table)}; --columns "
            "item=COL,annotator=COL,label=COL reads any table"
        )
    return full


def _item(table: pl.DataFrame, inputs: list[str]) -> pl.Expr:
    """The only input, or else the number of the task."""
    if len(inputs) == 1:
        return cells.text(inputs[0], table)
    if "ASSIGNMENT:task_id" in table.columns:
        return cells.text("ASSIGNMENT:task_id", table)
    return cells.text(inputs[0], table)


def _gold(
    table: pl.DataFrame, inputs: list[str], outputs: list[str], options: Options
) -> dict[str, str]:
    """Item -> class of the question that is read."""
    wanted = [name for name in outputs if options.wants(name.removeprefix("OUTPUT:"))]
    golden = [n for o in wanted if (n := o.replace("OUTPUT:", "GOLDEN:", 1)) in table.columns]
    if len(golden) != 1:
        return {}
    pairs = table.select(
        _item(table, inputs).alias("item"), cells.text(golden[0], table).alias("gold")
    )
    return dict(pairs.drop_nulls().unique("item", maintain_order=True).iter_rows())


READER = Reader(
    "toloka",
    "Toloka assignments: INPUT:, OUTPUT:, GOLDEN:, ASSIGNMENT: columns",
    lambda probe: (
        any(name.startswith("OUTPUT:") for name in probe.columns)
        and any(name.startswith(("ASSIGNMENT:", "INPUT:")) for name in probe.columns)
    ),
    read,
    platform="Toloka",
)
