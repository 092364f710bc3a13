"""Columns beside a named label that usual names find, as readers of tables of answers find them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from labelbits.answers.formats import times, usual
from labelbits.answers.formats.right_classes import gold_in
from labelbits.answers.formats.who import who_column

if TYPE_CHECKING:
    from labelbits.items.tables import Columns


def with_usual_columns(
    table: pl.DataFrame, columns: Columns, where: str, notes: list[str]
) -> Columns:
    """`columns` with the annotator, seconds, price and gold that go by usual names in `table`.

    A column that is named as anything else is left, a time or price of another name than those of
    an answer is taken only where rows say who answered. `notes` say what was taken.
    """
    told = columns.label, columns.text, columns.image, columns.id
    used = {*told, columns.annotator, columns.seconds, columns.gold}
    used |= {*columns.features, *columns.more.values()}
    rest = [name for name in table.columns if name not in used]
    taken: dict[str, str] = {}
    if columns.annotator is None:
        held = [columns.label] if columns.label else []
        who = who_column(table.select(*rest, *held), columns.label)
        if who is not None:
            taken["annotator"] = who
    of_answers = columns.annotator is not None or "annotator" in taken
    rest = [name for name in rest if name not in taken.values()]
    if columns.seconds is None and "milliseconds" not in columns.more:
        time = times.time_column(table.select(rest))
        if time is not None and (of_answers or times.plain_name(time) in times.SURE):
            taken["seconds"] = time
    price, unit = usual.price_column(rest)
    if columns.more.get("price") is None and price is not None and of_answers and unit == 1:
        taken["price"] = price
    if price is not None and of_answers and unit != 1 and "price" not in columns.more:
        notes.append(f"column {price!r} says cents and is not read as a price of the plan's money")
    gold, strange = (
        gold_in(table, rest, str(columns.label)) if columns.gold is None else (None,) * 2
    )
    if gold is not None:
        taken["gold"] = gold
    elif strange is not None:
        notes.append(
            f"column {strange!r} names classes that nobody answered and is not read as gold "
            "(--gold COLUMN reads it so)"
        )
    if taken:
        shown = ", ".join(f"{name!r} as {key}" for key, name in taken.items())
        notes.append(
            f"columns were taken by their names: {shown} (--annotator, --seconds, --gold and "
            "--columns price=COL name others; a column named in --features is a feature)"
        )
    more = dict(columns.more)
    if "price" in taken:
        more["price"] = taken.pop("price")
    if "seconds" in taken and _in_thousandths(table, taken["seconds"], where, notes):
        more["milliseconds"] = taken.pop("seconds")
    return replace(columns, more=more, **taken)


def _in_thousandths(table: pl.DataFrame, name: str, where: str, notes: list[str]) -> bool:
    """Are the times of this column milliseconds, as the readers of answers decide it?"""
    from pathlib import Path

    own = table.select(name)
    read = times.seconds(Path(where), own, notes)
    plain = times.durations(own[name])
    if read is None or times.unit_of(name) > 1:
        return False
    both = pl.DataFrame({"read": read, "plain": plain}).drop_nulls().filter(pl.col("plain") > 0)
    return bool(len(both)) and float(both["read"][0]) < 0.5 * float(both["plain"][0])
