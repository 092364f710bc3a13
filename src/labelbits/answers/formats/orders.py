"""Orders of names, the first the nearest: in one cell, and as comparisons of their pairs."""

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
#: Names of an order of which all pairs are made.
MOST_PAIRED = 40


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
    """Are all of these texts that arrows part into different names, of which some stand in another
    place elsewhere? In paths (`animal > cat`) every name has its level."""
    own = [order_in(one) or [] for one in values]
    levels: dict[str, set[int]] = {}
    for order in own:
        for place, name in enumerate(order):
            levels.setdefault(name, set()).add(place)
    moved = any(len(places) > 1 for places in levels.values()) or len(own) < 2
    return bool(own) and all(len(order) > 1 for order in own) and moved


def are_whole_orders(lists: Sequence[Sequence[Any]]) -> bool:
    """Does each list hold all of the names that any holds, three or more, in several orders? Ticks
    of every class by everybody would tell nothing."""
    names = {str(name) for own in lists for name in own}
    if len(names) < 3 or len({tuple(map(str, own)) for own in lists}) < 2:
        return False
    return all(len(own) == len(names) == len({str(name) for name in own}) for own in lists)


def pairs_of(orders: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Each order (column `order`) as comparisons of all its pairs, beside the other columns.

    Columns a, b and answer (0: a is the better one), sides drawn by the seed, `order` (its number)
    and `drawn`: true for pairs that were drawn before anybody looked, no name twice in an order.
    Where people weigh each name anew (Luce 1959, Individual Choice Behavior; Thurstone's case V)
    pairs without a common name are independent, and others are not: these alone count as answers
    of their own. Neighbours in somebody's order are the pairs that are near to call, by selection.
    Of more than `MOST_PAIRED` names those that were drawn first are paired with all others of them.
    """
    generator = np.random.default_rng(seed)
    rows, better, worse, drawn, number = [], [], [], [], []
    for place, order in enumerate(orders["order"].to_list()):
        shuffled = generator.permutation(len(order))
        apart = {frozenset(two) for two in shuffled[: len(order) // 2 * 2].reshape(-1, 2).tolist()}
        few = sorted(shuffled[:MOST_PAIRED].tolist())
        every = {frozenset(two) for two in itertools.combinations(few, 2)} | apart
        for pair in sorted(map(sorted, every)):
            rows.append(place)
            better.append(order[pair[0]])
            worse.append(order[pair[1]])
            drawn.append(frozenset(pair) in apart)
            number.append(str(place + 1))
    made = orders.drop("order")[rows].with_columns(
        pl.Series("better", better, dtype=pl.String), pl.Series("worse", worse, dtype=pl.String),
        pl.Series("drawn", drawn, dtype=pl.Boolean), pl.Series("order", number, dtype=pl.String),
    )  # fmt: skip
    swap = pl.lit(pl.Series(generator.random(len(made)) < 0.5, dtype=pl.Boolean))
    return made.with_columns(
        a=pl.when(swap).then("worse").otherwise("better"),
        b=pl.when(swap).then("better").otherwise("worse"),
        answer=pl.when(swap).then(pl.lit("1")).otherwise(pl.lit("0")),
    ).drop("better", "worse")
