"""Orders of names, the first the nearest: in one cell, and as comparisons of neighbours."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import polars as pl

from labelbits.answers.formats import cells

#: What parts the names of an order and nothing else.
ARROWS = (">", "≻", "→", "->", "≫", ">>")
#: What parts names in other cells too.
MARKS = ("|", ";", ",", "\n", "/")


def order_in(value: Any, told: bool = False) -> list[str] | None:
    """The names of an order, the first one nearest; None for anything else.

    `told`: the cell is known to hold an order, so that commas part it too, and an object holds the
    place of each name.
    """
    if isinstance(value, dict):
        return _by_place(value) if told else None
    if isinstance(value, list):
        found = [cells.as_text(one) for one in value]
        return _different(found) if told else None
    if not isinstance(value, str):
        return None
    parsed = cells.parsed(value)
    if not isinstance(parsed, str):
        return order_in(parsed, told)
    if "=" in value or "~" in value:
        return None  # a tie is no order
    for mark in (*ARROWS, *(MARKS if told else ())):
        if mark in value:
            parts = re.split(rf"(?:{re.escape(mark)})+", value)
            return _different([_numberless(part) for part in parts])
    numbered = re.split(r"(?:^|\s+)\d+\s*[.):]\s+", value) if told else []
    if len(numbered) > 2 and not numbered[0]:
        return _different([cells.tidy(part) for part in numbered[1:]])
    return [cells.tidy(value)] if told and value else None


def _numberless(part: str) -> str:
    """A name without the number of its place: `1. cat`."""
    return cells.tidy(re.sub(r"^\s*\d+\s*[.):]\s+", "", part))


def _by_place(value: dict[Any, Any]) -> list[str] | None:
    places = [(place, cells.tidy(str(name))) for name, place in value.items()]
    numbers = {place for place, _ in places if isinstance(place, (int, float))}
    return None if len(numbers) < len(places) else _different([name for _, name in sorted(places)])


def _different(names: Sequence[str | None]) -> list[str] | None:
    own = [name for name in names if name]
    return own if own and len(own) == len(names) == len(set(own)) else None


def are_orders(values: Iterable[Any]) -> bool:
    """Are all of these texts that arrows part into different names?"""
    own = list(values)
    return bool(own) and all(len(order_in(one) or ()) > 1 for one in own)


def are_whole_orders(lists: Sequence[Sequence[Any]]) -> bool:
    """Does each list hold all of the names that any holds, three or more, in several orders? Ticks
    of every class by everybody would tell nothing."""
    names = {str(name) for own in lists for name in own}
    if len(names) < 3 or len({tuple(map(str, own)) for own in lists}) < 2:
        return False
    return all(len(own) == len(names) == len({str(name) for name in own}) for own in lists)


def neighbours(orders: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Each order (column `order`) as comparisons of neighbours: columns a, b and answer (0: a is
    the better one), sides drawn by the seed, beside the other columns."""
    rows, better, worse = [], [], []
    for place, order in enumerate(orders["order"].to_list()):
        for first, second in itertools.pairwise(order):
            rows.append(place)
            better.append(first)
            worse.append(second)
    made = orders.drop("order")[rows].with_columns(
        pl.Series("better", better, dtype=pl.String), pl.Series("worse", worse, dtype=pl.String)
    )
    swap = pl.lit(pl.Series(np.random.default_rng(seed).random(len(made)) < 0.5))
    return made.with_columns(
        a=pl.when(swap).then("worse").otherwise("better"),
        b=pl.when(swap).then("better").otherwise("worse"),
        answer=pl.when(swap).then(pl.lit("1")).otherwise(pl.lit("0")),
    ).drop("better", "worse")
