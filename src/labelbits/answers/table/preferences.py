"""Preferences as comparisons: which of two items is better is which is nearer to an ideal one."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from labelbits.answers.table.columns import IDEAL
from labelbits.answers.table.table import assemble
from labelbits.interface import Answers
from labelbits.signals.encoding import PREFERENCE


def things_in(items: Iterable[str]) -> int:
    """How many things were asked about: the ideal item, that models preferences, is none."""
    return len(set(items) - {IDEAL})


def as_comparisons(answers: Answers) -> tuple[Answers, str]:
    """(the answers with preferences as triplets round an ideal point, what has to be said of it).

    A preference of a over b is the triplet "the ideal is closer to a than to b" (Coombs 1964,
    unfolding). Ties name neither and are left out. Of an order's pairs those count that were drawn
    (`independent`). Without preferences nothing changes.
    """
    table, dependent = independent(answers.table)
    asked = pl.col("signal") == PREFERENCE
    count = int(table.select(asked.sum()).item())
    if not count:
        return answers, ""
    decided = asked & pl.col("answer").is_in(["0", "1"])
    kept = table.filter(~asked | decided)
    made = kept.with_columns(
        items=pl.when(asked)
        .then(pl.concat_list(pl.lit(IDEAL).implode().list.get(0), pl.col("items")))
        .otherwise(pl.col("items")),
        signal=pl.when(asked).then(pl.lit("triplet")).otherwise(pl.col("signal")),
    )
    ties = len(table) - len(kept)
    said = (
        f"{count - ties:,} preferences are read as comparisons with an ideal item (one scale of "
        "quality or more)"
    )
    if ties:
        said += f"; {ties:,} ties ({100 * ties / count:.0f} %) name neither and were left out"
    if dependent:
        said += f"; {dependent}"
    rejected = [] if answers.rejected is None else [answers.rejected]
    # Items that were tied alone stay: pilot counts them too.
    items = answers.items if len(made) else ()
    return assemble([made], rejected, answers.classes, items, (*answers.notes, said)), said


def independent(table: pl.DataFrame) -> tuple[pl.DataFrame, str]:
    """(rows without those pairs of an order that were not drawn, what has to be said of it).

    What is left of an order shares no item, so that its comparisons are independent. Times and
    prices are those of whole orders and say nothing of one comparison. Without orders nothing
    changes.
    """
    if "order" not in table.columns or not table["order"].is_not_null().any():
        return table, ""
    of_order = pl.col("order").is_not_null()
    kept = table.filter(~of_order | pl.col("drawn").fill_null(True))
    orders = table["order"].drop_nulls().n_unique()
    lost = [name for name in ("seconds", "price") if name in table.columns]
    kept = kept.with_columns(
        pl.when(pl.col("order").is_null()).then(name).alias(name) for name in lost
    )
    said = (
        f"of {orders:,} orders {int(kept['order'].is_not_null().sum()):,} pairs count, no item "
        "twice in an order: other pairs of an order are not independent of them"
    )
    if lost:
        said += "; times and prices are those of whole orders, and price no comparison of two"
    return kept, said


def counted_items(answers: Answers) -> str:
    """How many items there are, in words, the ideal one that preferences add apart."""
    ideal = IDEAL in answers.items
    count = len(answers.items) - ideal
    return f"{count:,} items" + (" and the ideal one that preferences add" if ideal else "")
