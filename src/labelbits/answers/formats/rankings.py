"""Rankings in tables: a column a place, a column a class, or a row a class with its place.

A ranking of classes about an item is kept as it stands. Where no column names an item, the things
that are ranked are the items: each order is read as comparisons of all its pairs (preferences).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats import cells, contrastive, usual
from labelbits.answers.formats.class_columns import head_of, sides_of
from labelbits.answers.formats.crowdkit import optional
from labelbits.answers.formats.orders import are_whole_orders, order_in, pairs_of
from labelbits.answers.formats.reader import (
    TOLD,
    Kind,
    Options,
    Probe,
    Reader,
    columns_in,
    first_of,
    opened,
    told_column,
)
from labelbits.answers.formats.who import annotators
from labelbits.answers.table.columns import PREFERENCE, Parsed
from labelbits.errors import InputError

#: Words for the places of an order.
_ORDINALS = {
    word: place
    for place, words in enumerate(
        (("first", "1st"), ("second", "2nd"), ("third", "3rd"), ("fourth", "4th"),
         ("fifth", "5th"), ("sixth", "6th"), ("seventh", "7th"), ("eighth", "8th"),
         ("ninth", "9th"), ("tenth", "10th")), 1)
    for word in words
} | {"best": 1, "middle": 2, "worst": 3}  # fmt: skip
_ORDINALS |= {
    word: place
    for place, words in enumerate(
        ("erste erster erstes premier premiere première primero primera primo prima eerste "
         "primeiro primeira",
         "zweite zweiter zweites deuxième deuxieme second seconde segundo segunda secondo seconda "
         "tweede",
         "dritte dritter drittes troisième troisieme tercero tercera terzo terza derde terceiro "
         "terceira",
         "vierte vierter quatrième quatrieme cuarto cuarta quarto quarta vierde",
         "fünfte fünfter cinquième cinquieme quinto quinta vijfde"), 1)
    for word in words.split()
}  # fmt: skip
#: What a column of a place may be called beside its number.
_PLACE = (
    r"(?:rank(?:ed|ing)?|place|placed|position|pos|top|choice|preference|pref|nearest|no|"
    r"rang|platz|wahl|choix|puesto|lugar|elección|posto|scelta|plaats|keuze|escolha|posição)"
)
_NUMBERED = re.compile(rf"^{_PLACE}?(\d{{1,2}}){_PLACE}?$")
#: Fewer rows of columns that are not called ranks may hold 1, 2, 3 in some order by chance.
LEAST = 5
_CALLED = r"(^|[\W_])(rank|ranked|ranking|place|rang|platz|puesto|posto|plaats)([\W_]|$)"
#: Names of a column that holds a place, of one that holds what is placed, and of what was asked.
PLACES = ("rank", "ranking", "place", "position_in_ranking", "rank_position", "ranked", "ranks",
          "rang", "platz", "platzierung", "puesto", "posto", "plaats")  # fmt: skip
THINGS = ("class", "label", "option", "candidate", "category", "choice", "answer", "model",
          "system", "alternative", "item_ranked")  # fmt: skip
ASKED = ("query", "query_id", "prompt", "prompt_id", "question", "question_id", "group", "trial",
         "trial_id", "set", "set_id", "list", "list_id")  # fmt: skip


@dataclass(frozen=True)
class _Form:
    """How a table holds rankings: `by` places, classes or rows; the columns that do; the item."""

    by: str
    columns: tuple[str, ...]
    item: str | None
    worker: str | None


def _form(columns: Sequence[str], head: pl.DataFrame, options: Options) -> _Form | None:
    """The form of a table whose first rows are `head`; None where it holds no rankings."""
    table = pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    item, worker = sides_of(table, options)
    rest = [name for name in columns if name not in (item, worker, "row")]
    told = options.columns.get("label")
    if told in rest and _numbers(head, str(told)) is None:
        return _Form("cell", (str(told),), options.columns.get("item"), worker)
    labelled = first_of(table.select(rest), *usual.LABEL, *usual.SCALE)
    places = () if labelled else _place_columns(rest)
    if places and _are_orders(head, places):
        return _Form("places", places, item, worker)
    ranked = first_of(table.select(rest), *usual.RANKED)
    if ranked and item is None and _numbers(head, ranked) is None:
        return _Form("cell", (ranked,), None, worker)
    rank = first_of(table.select(rest), *PLACES)
    if rank and _numbers(head, rank) is not None:
        return _of_rows(head, rest, rank, item, worker)
    classes = () if labelled else _class_columns(head, rest)
    return _Form("classes", classes, item, worker) if classes else None


def _place_columns(names: Sequence[str]) -> tuple[str, ...]:
    """The columns called first, second, ... or rank 1, rank 2, ..., in order, if they are there."""
    found: dict[int, str] = {}
    for name in names:
        plain = usual.plain(name)
        numbered = _NUMBERED.match(plain)
        place = int(numbered[1]) if numbered else _ordinal(plain)
        if place is not None and place in found:
            return ()
        if place is not None:
            found[place] = name
    whole = len(found) > 1 and sorted(found) == list(range(1, len(found) + 1))
    return tuple(found[place] for place in sorted(found)) if whole else ()


def _ordinal(plain: str) -> int | None:
    bare = re.sub(rf"^{_PLACE}|{_PLACE}$", "", plain)
    return _ORDINALS.get(bare)


def _are_orders(head: pl.DataFrame, columns: Sequence[str]) -> bool:
    """Do the rows name different things, no numbers, and some name the same in other places?"""
    rows = [[one for one in row if one] for row in _names(head, columns)]
    rows = [row for row in rows if row]
    own = [set(column) - {None} for column in zip(*_names(head, columns), strict=True)]
    shared = sum(bool(own[0] & other) for other in own[1:])
    words = not all(cells.is_number(one) for row in rows for one in row)
    return bool(rows) and words and shared > 0 and all(len(set(row)) == len(row) for row in rows)


def _names(head: pl.DataFrame, columns: Sequence[str]) -> list[tuple[str | None, ...]]:
    return list(zip(*(cells.names(head[one]).to_list() for one in columns), strict=True))


def _numbers(head: pl.DataFrame, column: str) -> pl.Series | None:
    found = cells.numbers(cells.names(head[column]))
    return None if found.null_count() > head[column].null_count() or not len(found) else found


def _of_rows(
    head: pl.DataFrame, rest: Sequence[str], rank: str, item: str | None, worker: str | None
) -> _Form | None:
    """A row a class with its place; without a column of classes, of items by a person."""
    table = pl.DataFrame(schema=dict.fromkeys([n for n in rest if n != rank], pl.String))
    thing, asked = first_of(table, *THINGS), first_of(table, *ASKED)
    if item is not None and thing is not None:
        by, ranked = [item, *([worker] if worker else [])], thing
    elif item is not None and worker is not None:
        by, ranked = [worker, *([asked] if asked else [])], item
    elif thing is not None and worker is not None:
        by, ranked = [worker, *([asked] if asked else [])], thing
    else:
        return None
    own = head.select(*by, ranked, rank).drop_nulls()
    groups = own.group_by(by).agg(pl.len().alias("n"), pl.col(rank).n_unique().alias("places"))
    ranks = (groups["n"] > 1) & (groups["n"] == groups["places"])
    if not len(groups) or int(ranks.sum()) <= 0.5 * len(groups):
        return None
    about = item if ranked != item else None
    more = [asked] if asked and about is None else []
    return _Form("rows", (ranked, rank, *more), about, worker)


def _class_columns(head: pl.DataFrame, rest: Sequence[str]) -> tuple[str, ...]:
    """The columns whose numbers are 1, 2, ... in some order in every row."""
    own = [name for name in rest if _numbers(head, name) is not None and head[name].count()]
    called = [name for name in own if re.search(_CALLED, name, re.I)]
    own = called if len(called) > 1 else own
    sure = len(called) > 1
    if len(own) < (2 if sure else 3) or len(head) < (1 if sure else LEAST):
        return ()
    values = np.stack([cells.numbers(cells.names(head[name])).to_numpy() for name in own], axis=1)
    wanted = np.arange(1, len(own) + 1)
    whole = bool(np.isfinite(values).all() and (np.sort(values, axis=1) == wanted).all())
    return tuple(own) if whole and (sure or len(np.unique(values, axis=0)) > 1) else ()


def class_of(names: Sequence[str]) -> list[str]:
    """Names of classes from columns such as `rank_cat`, `cat (rank)`, without what is no name."""
    beside = r"^(rank|ranking|place)( of)?[\W_]+|[\W_]+(rank|ranking|place)\W*$"
    made = [re.sub(beside, "", name, flags=re.IGNORECASE) for name in names]
    made = [re.sub(r"'s$", "", one.strip()) for one in made]
    return made if len(set(made)) == len(made) and all(made) else list(names)


def read(path: Path, kind: Kind, options: Options) -> Parsed:
    """Every order that the table holds, about its item, or as comparisons of what is ordered."""
    table, rejects, notes = opened(path, kind)
    form = _form(table.columns, table.head(200), options)
    if form is None:
        raise InputError(
            f"{path}: found columns {columns_in(table)}; expected a ranking: columns first, "
            "second, third; one called ranking with cells such as cat > dog; a column a class with "
            "its place; or rows of item, class and rank"
        )
    told = told_column(path, table, options, "annotator")
    who = annotators(path, table, told or form.worker, notes)
    table = table.with_columns(who.alias("\0who"), **_extra(path, table, options, notes))
    orders = _orders(path, table, form, rejects, notes)
    kept = [name for name in ("seconds", "price") if f"\0{name}" in orders.columns]
    orders = orders.rename({f"\0{name}": name for name in kept})
    if form.item is not None:
        answers = [json.dumps(order, ensure_ascii=False) for order in orders["order"].to_list()]
        notes.append(f"{path.name}: each answer ranks classes, the nearest to the item first")
        made = orders.select(
            pl.lit("ranking").alias("signal"), "annotator", pl.concat_list("item").alias("items"),
            pl.Series("answer", answers, dtype=pl.String), *kept, "row",
        )  # fmt: skip
        return Parsed(made, rejects, notes=notes)
    pairs = pairs_of(orders, options.seed)
    drawn = int(pairs["drawn"].sum())
    notes.append(
        f"{path.name}: no column names an item that is asked about, so what is ranked are the "
        f"items: {len(orders):,} orders are read as {len(pairs):,} comparisons of all their pairs "
        f"({PREFERENCE}). Each order is one answer for time and price; {drawn:,} "
        f"pairs drawn with seed {options.seed}, no item twice in an order, are independent and "
        "tell plans and recover where items lie (--columns item=COL names the item of a ranking "
        "of classes)"
    )
    once = pl.int_range(pl.len()).over("order") == 0
    made = pairs.select(
        pl.lit(PREFERENCE).alias("signal"), "annotator", pl.concat_list("a", "b").alias("items"),
        "answer", *(["group"] if "group" in pairs.columns else []), "order", "drawn",
        *(pl.when(once).then(name).alias(name) for name in kept), "row",
    )  # fmt: skip
    return Parsed(made, rejects, notes=notes)


def _extra(
    path: Path, table: pl.DataFrame, options: Options, notes: list[str]
) -> dict[str, pl.Expr]:
    return {f"\0{key}": one for key, one in optional(path, table, options, notes).items()}


def _orders(
    path: Path, table: pl.DataFrame, form: _Form, rejects: Rejects, notes: list[str]
) -> pl.DataFrame:
    """A row an order: annotator, item, order, row, ..."""
    shared = [name for name in ("\0seconds", "\0price") if name in table.columns]
    if form.by == "rows":
        return _from_rows(table, form, shared, rejects)
    names = class_of(form.columns)
    found: list[list[str] | None] = []
    for row in zip(*(cells.names(table[one]).to_list() for one in form.columns), strict=True):
        if form.by == "cell":
            found.append(order_in(row[0], told=True))
        elif form.by == "places":
            there = [one for one in row if one and not cells.is_missing(one)]
            full = list(row[: len(there)]) == there and len(set(there)) == len(there) > 0
            found.append(there if full else None)
        else:
            found.append(_placed(names, [cells.parsed(one) if one else None for one in row]))
    listed = _things_listed(table, form, found)
    if listed is not None:
        notes.append(
            f"{path.name}: {form.columns[0]!r} holds the place of each of what {listed[0]!r} lists"
        )
        found = listed[1]
    why = "is no order of different names (each place once, no ties)"
    lost = [row for row, order in zip(table["row"], found, strict=True) if order is None]
    shown = table.filter(pl.col("row").is_in(lost)).select("row", form.columns[0])
    for row, cell in shown.iter_rows():
        rejects.add(row, why, cell or "")
    rest = table.drop([name for name in (*form.columns, form.item, form.worker) if name])
    asked = first_of(rest, *ASKED)
    made = table.select(
        pl.col("\0who").alias("annotator"), "row", *shared,
        _text(form.item, table).alias("item"), _text(asked, table).alias("group"),
    ).with_columns(pl.Series("order", found, dtype=pl.List(pl.String)))  # fmt: skip
    return made.filter(pl.col("order").is_not_null())


def _things_listed(
    table: pl.DataFrame, form: _Form, found: Sequence[list[str] | None]
) -> tuple[str, list[list[str] | None]] | None:
    """(a column of lists, what each lists by the places that the cell of a ranking gives): cells
    `[2, 1, 3]` beside three responses. None where no list has as many things as there are places.
    """
    if form.by != "cell" or not any(found):
        return None
    places = [own if own and sorted(own) == [str(k + 1) for k in range(len(own))] else None
              for own in found]  # fmt: skip
    if any(own is not None and place is None for own, place in zip(found, places, strict=True)):
        return None
    for name in table.columns:
        if name in (*form.columns, form.worker, "row"):
            continue
        lists = contrastive.lists_in(table[name])
        both = [(place, own) for place, own in zip(places, lists, strict=True) if place]
        if all(own is not None and len(own) == len(place) for place, own in both):
            made = [
                [own[place.index(str(k + 1))] for k in range(len(own))] if place and own else None
                for place, own in zip(places, lists, strict=True)
            ]
            return name, made
    return None


def _text(column: str | None, table: pl.DataFrame) -> pl.Expr:
    return pl.lit(None, pl.String) if column is None else cells.text(column, table)


def _placed(names: Sequence[str], row: Sequence[object]) -> list[str] | None:
    """The names by their places 1, 2, ...; names without a place come in no order and are left
    out, as of a ranking of the nearest few."""
    numbers = {}
    for name, cell in zip(names, row, strict=True):
        number = cells.numbers(pl.Series([cell], dtype=pl.String))[0] if cell is not None else None
        if number:
            numbers[name] = number
    places = sorted(numbers.values())
    if not places or places != [float(k + 1) for k in range(len(places))]:
        return None
    return sorted(numbers, key=lambda name: numbers[name])


def _from_rows(
    table: pl.DataFrame, form: _Form, shared: Sequence[str], rejects: Rejects
) -> pl.DataFrame:
    """Rows of one person about one item put in order."""
    thing, rank, *asked = form.columns
    own = table.select(
        pl.col("\0who").alias("annotator"), "row", *shared,
        _text(form.item, table).alias("item"),
        _text(asked[0] if asked else None, table).alias("group"),
        cells.text(thing, table).alias("\0thing"),
        pl.lit(cells.numbers(cells.names(table[rank]))).alias("\0rank"),
    )  # fmt: skip
    for row, found in own.filter(own["\0rank"].is_null()).select("row", "\0thing").iter_rows():
        rejects.add(row, f"{rank} is no number", found or "")
    own = own.filter(own["\0rank"].is_not_null() & own["\0thing"].is_not_null())
    groups = own.sort("\0rank", maintain_order=True).group_by(
        "annotator", "item", "group", maintain_order=True
    ).agg(
        pl.col("row").min(), *(pl.col(one).sum() for one in shared),
        pl.col("\0thing").alias("order"), pl.col("\0rank"),
    )  # fmt: skip
    good = (groups["\0rank"].list.n_unique() == groups["\0rank"].list.len()) & (
        groups["order"].list.n_unique() == groups["order"].list.len()
    )
    for row in groups.filter(~good)["row"]:
        rejects.add(row, f"{rank} gives one place twice, or one name two places, from this row on")
    kept = groups.filter(good & (groups["order"].list.len() > (0 if form.item else 1)))
    return kept.drop("\0rank").sort("row")


def matches(probe: Probe) -> bool:
    """Columns of places, of ranks by class, of ranks by row, or a ranking without an item."""
    if probe.kind not in ("csv", "parquet", "json") or not probe.elements:
        return False
    head = head_of(probe)
    if head is None:
        return False
    label = probe.told.columns.get("label")
    if label is not None and not _hold_orders(head, label):
        return False
    own = {key: one for key, one in probe.told.columns.items() if one in probe.columns}
    return _form(probe.columns, head, Options(columns=own)) is not None


def _hold_orders(head: pl.DataFrame, column: str) -> bool:
    """Do the cells of a column that is named as the label hold orders of three names or more?"""
    own = cells.names(head[column]).drop_nulls() if column in head.columns else pl.Series([])
    orders = [order_in(one, told=True) or [] for one in own]
    return bool(orders) and all(len(one) > 2 for one in orders) and are_whole_orders(orders)


READER = Reader(
    "rankings", "rankings: first, second, ...; a rank a class; rows of item, class, rank",
    matches, read, weakness=1, particular=True, tells=TOLD | {"label", "item", "group"},
)  # fmt: skip
