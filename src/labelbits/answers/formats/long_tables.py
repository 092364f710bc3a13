"""What columns of a table with a row an answer hold beside answers: times of sessions, texts of the
items, names of tasks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from labelbits.answers.formats import cells, times, usual
from labelbits.answers.formats.usual import ITEM

#: Rows that tell whether a column describes the items, from how many they do, and what describes:
#: more different texts than these classes and than this share of the items, longer than this.
LOOKED_AT, LEAST_ROWS, MOST_CLASSES, DIFFERENT, LONG = 20_000, 6, 20, 0.5, 20
#: The share of empty cells from which a column may name groups of rows.
EMPTY = 0.3
#: Rows of a person from which a time that always rises is no time of an answer.
MANY_ROWS = 12
#: Names of tasks at most, the share of rows that repeat them, and how many more items there are.
MOST_TASKS, MOSTLY, MORE = 10, 0.9, 3


def times_of_answers(
    path: Path, table: pl.DataFrame, told: Mapping[str, str | None], notes: list[str]
) -> pl.DataFrame:
    """`table` without times and prices that may be the items' own, as no column says who answered;
    `notes` name them."""
    named = [name for name in told.values() if name]
    while True:
        rest = table.drop(named, strict=False)
        time, paid = times.time_column(rest), usual.price_column(rest.columns)[0]
        if time is not None and times.plain_name(time) in times.SURE:
            time = None
        name = time or paid
        if name is None:
            return table
        notes.append(
            f"{path.name}: column {name!r} may say something of the items, as no column names "
            f"people, and is not read; --columns {'seconds' if time else 'price'}={name} reads it"
        )
        table = table.drop(name)


def without_sessions(
    path: Path, table: pl.DataFrame, worker: str, told: Mapping[str, str | None], notes: list[str]
) -> pl.DataFrame:
    """`table` without a time that is the same in all rows of a person, who gave many answers: it
    is that of a session; `notes` name it."""
    name = times.time_column(table)
    if name is None or told["seconds"] or told["milliseconds"] or name == worker:
        return table
    each = table.group_by(worker).agg(pl.len().alias("rows"), pl.col(name).n_unique().alias("n"))
    many = each.filter(pl.col("rows") >= LEAST_ROWS)
    if not len(many) or many["n"].max() > 1 or table[name].n_unique() < 2:  # type: ignore[operator]
        return table
    notes.append(
        f"{path.name}: column {name!r} says the same in all rows of a person: it is the time of a "
        f"session and not read; divide it by the answers, or --columns seconds={name} reads it"
    )
    return table.drop(name)


def without_clocks(
    path: Path, table: pl.DataFrame, worker: str, told: Mapping[str, str | None], notes: list[str]
) -> pl.DataFrame:
    """`table` without a time that rises from row to row of every person, who gave many answers: it
    counts from the beginning of a session; `notes` name it."""
    name = times.time_column(table)
    if name is None or told["seconds"] or told["milliseconds"] or name == worker:
        return table
    own = table.select(pl.lit(cells.names(table[worker])).alias("who"),
                       taken=pl.lit(times.durations(table[name]))).drop_nulls()  # fmt: skip
    rises = own.group_by("who", maintain_order=True).agg(
        pl.len().alias("rows"), (pl.col("taken").diff().drop_nulls() > 0).all().alias("up")
    )
    if not len(rises) or rises["rows"].min() < MANY_ROWS or not rises["up"].all():  # type: ignore[operator]
        return table
    notes.append(
        f"{path.name}: column {name!r} rises from row to row of every person, as a clock that runs "
        "since the beginning, and is not read; expected the time of each answer (--columns "
        f"seconds={name} reads it as that)"
    )
    return table.drop(name)


def item_within(table: pl.DataFrame, item: str, worker: str) -> str | None:
    """The column of items in a table whose column `item` names tasks that everybody did many times.

    Each person answers a row of it once in each task, and it has many more names than `item`.
    """
    own = table.head(LOOKED_AT)
    tasks = own[item].n_unique()
    if tasks > MOST_TASKS or len(own) < LEAST_ROWS or item == worker:
        return None
    if own.select(item, worker).is_duplicated().sum() < MOSTLY * len(own):
        return None
    perhaps = [
        name for name in own.columns
        if name not in (item, worker, "row") and not own[name].dtype.is_nested()
        and not times.may_be_time(name) and own[name].n_unique() >= MORE * tasks
        and 2 * own[name].n_unique() <= len(own)
        and own.select(name, item, worker).is_duplicated().sum() <= (1 - MOSTLY) * len(own)
        and not cells.names(own[name]).str.contains(r"\d[.,]\d").any()
    ]  # fmt: skip
    return usual.found(perhaps, ITEM) or (perhaps[0] if len(perhaps) == 1 else None)


def filled_down(
    path: Path, table: pl.DataFrame, item: str, worker: str | None, notes: list[str]
) -> pl.DataFrame:
    """`table` with a name of an item or a person in all its rows, where it stands in the first of
    them alone, as under cells that span rows: then no person answers an item twice."""
    if worker is None or len(table) < LEAST_ROWS:
        return table
    for name in (item, worker):
        own = cells.names(table[name])
        if own.null_count() < EMPTY * len(own) or own[0] is None:
            continue
        if own.drop_nulls().n_unique() != len(own.drop_nulls()):
            continue  # each name begins one group
        made = table.with_columns(own.forward_fill().alias(name))
        if not made.select(item, worker).is_duplicated().any():
            notes.append(
                f"{path.name}: {own.null_count():,} empty cells of column {name!r} are read as the "
                "name above them, as under cells that span rows"
            )
            return made
    return table


def describes(table: pl.DataFrame, item: str, name: str) -> bool:
    """Is a column of an item's own text: the same in all its rows, and mostly another elsewhere?

    Where no item has several rows, texts that are long and mostly different.
    """
    head = table.head(LOOKED_AT)
    own = head.select(pl.col(item), said=cells.names(head[name])).drop_nulls()
    if item == name or len(own) < LEAST_ROWS:
        return False
    kinds, items = own["said"].n_unique(), own[item].n_unique()
    if items < len(own):
        most = own.group_by(item).agg(pl.col("said").n_unique())["said"].max()
        return most == 1 and kinds > max(MOST_CLASSES, DIFFERENT * items)
    length = float(own["said"].str.len_chars().mean() or 0)  # type: ignore[arg-type]
    return length > LONG and kinds > DIFFERENT * len(own)
