"""Best-worst scaling (MaxDiff): of some items the best and the worst, a set a row or an item a row.

What no channel holds is the choice of the worst: by itself each set is one answer about its best,
the item nearest to an ideal one among those shown (a multinomial logit). `--signal preference`
reads both choices as the pairs that they decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats import cells, usual
from labelbits.answers.formats.class_columns import head_of
from labelbits.answers.formats.contrastive import Shown, place_of, shown_in
from labelbits.answers.formats.crowdkit import optional
from labelbits.answers.formats.named import check_keys
from labelbits.answers.formats.other_answers import say_unread
from labelbits.answers.formats.practice import without_practice
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
from labelbits.answers.formats.survey import WHO
from labelbits.answers.formats.who import annotators, who_column
from labelbits.answers.formats.yes_or_no import ticked
from labelbits.answers.table.columns import IDEAL, PREFERENCE, Parsed
from labelbits.errors import InputError

#: Words of headings and cells that say best and worst.
BEST = frozenset({"best", "most", "beste", "besten", "bestes", "bester", "wichtigste",
                  "wichtigsten", "wichtigster", "meilleur", "meilleure", "plus", "mejor", "mas",
                  "más", "migliore", "più", "piu", "melhor", "mais"})  # fmt: skip
WORST = frozenset({"worst", "least", "schlechteste", "schlechtesten", "schlechtester",
                   "unwichtigste", "unwichtigsten", "pire", "moins", "peor", "menos", "peggiore",
                   "meno", "pior"})  # fmt: skip
#: Words that say that a heading is about something else than the choice.
_OTHER = frozenset({"rt", "time", "ms", "seconds", "sec", "duration", "count", "score", "n"})
#: What tells the sets of one person apart, and names of the items of rows.
SETS = ("set", "set_id", "choice_set", "set_no", "set_number", "block", "task", "question", "trial",
        "screen", "card", "round", "page", "q", "questionid", "aufgabe", "frage", "tâche", "tarea",
        "pregunta")  # fmt: skip
ITEMS = ("item", "alternative", "alt", "option", "attribute", "object", "feature", "concept",
         "item_name", "product", "statement", "merkmal", "attribut", "objekt", "produkt",
         "elemento", "atributo", "item_id", "id")  # fmt: skip
#: Sets from which a table holds some, and the share of them with one best and one worst.
LEAST, MOST = 2, 0.8


@dataclass(frozen=True)
class _Form:
    """`sets` says what a row shows (a row a set), or `item` and `parts` (a row an item)."""

    best: str
    worst: str | None
    shown: Shown | None = None
    how: str = ""
    item: str = ""
    parts: tuple[str, ...] = ()
    used: set[str] = field(default_factory=set)


def _choices(table: pl.DataFrame, options: Options) -> tuple[str | None, str | None]:
    """The columns of the best and the worst, told or by words of their headings."""
    found: list[str | None] = [options.columns.get("best"), options.columns.get("worst")]
    for place, words in enumerate((BEST, WORST)):
        for name in table.columns:
            said = set(usual.words_in(name))
            if found[place] is None and said & words and not said & _OTHER:
                found[place] = name
    return found[0], found[1]


def _form(table: pl.DataFrame, options: Options) -> _Form | None:
    best, worst = _choices(table, options)
    if best is not None and worst is not None and best != worst:
        return _wide(table, best, worst, options) or _long(table, best, worst, options)
    return _long(table, None, None, options)


def _wide(table: pl.DataFrame, best: str, worst: str, options: Options) -> _Form | None:
    """A row a set: its items in columns or in one cell, the best and the worst of them."""
    said = {name: cells.names(table[name]).to_list() for name in (best, worst)}
    for shown in shown_in(table.drop(best, worst), options.columns.get("candidates")):
        both = [place_of(said[name], shown) for name in (best, worst)]
        numbers = all(one is None or one.isdecimal() for name in said for one in said[name])
        if numbers and None in both:  # one of the two may never be the first or the last shown
            both = [_by_number(said[name], shown) for name in (best, worst)]
        if both[0] is not None and both[1] is not None:
            return _Form(best, worst, shown, both[0][1], used={best, worst, *shown.columns})
    return None


def _by_number(said: Sequence[str | None], shown: Shown) -> tuple[list[int | None], str] | None:
    most = max(len(row) for row in shown.names if row)
    numbers = {int(one) for one in said if one}
    good = numbers and numbers <= set(range(1, most + 1))
    return ([int(one) - 1 if one else None for one in said], "by number from 1") if good else None


def _long(
    table: pl.DataFrame, best: str | None, worst: str | None, options: Options
) -> _Form | None:
    """A row an item of a set, marked in one column of both choices or in one of each."""
    who = options.columns.get("annotator") or first_of(table, *WHO) or who_column(table)
    item = options.columns.get("item") or first_of(
        table.drop([one for one in (who, best, worst) if one]), *ITEMS
    )
    parts = [n for n in table.columns if n not in (who, item, best, worst)
             and any(usual.plain(n) in (usual.plain(one), f"{usual.plain(one)}id")
                     for one in SETS)]  # fmt: skip
    if item is None or not parts:
        return None
    parts = [*([who] if who else []), *parts]
    if best is not None and worst is not None:
        marks = {ticked(one) for name in (best, worst) for one in cells.names(table[name]).unique()}
        if None not in marks and True in marks:
            form = _Form(best, worst, item=item, parts=tuple(parts), used={best, worst, item})
            return form if _are_sets(table, form) else None
        return None
    for name in table.columns:
        if name in (item, *parts) or table[name].dtype.is_nested():
            continue
        own = {one.casefold() for one in cells.names(table[name]).fill_null("").unique()}
        numbers = {"1", "-1"} <= own <= {"1", "-1", "0", ""}
        signs = {_mark(one, own) for one in own}
        said = {one for one in own if ticked(one) is not False} - {"-"}
        words = len(own) <= 4 and {1, -1} <= signs and len(said) == 2
        form = _Form(name, None, item=item, parts=tuple(parts), used={name, item})
        if (numbers or words) and _are_sets(table, form):
            return form
    return None


def _mark(cell: str, own: set[str]) -> int | None:
    """1 for the best, -1 for the worst, None for neither."""
    words = set(usual.words_in(cell))
    if words & BEST or (cell == "1" and "-1" in own):
        return 1
    return -1 if words & WORST or cell == "-1" else None


def _sets(
    path: Path, table: pl.DataFrame, form: _Form, rejects: Rejects
) -> list[tuple[list[str], int, int, int]]:
    """(items, place of the best, place of the worst, place of the row in `table`) of each set."""
    found = []
    if form.shown is not None:
        said = [cells.names(table[name]).to_list() for name in (form.best, str(form.worst))]
        places = []
        for own in said:
            both = _by_number(own, form.shown) if form.how == "by number from 1" else None
            places.append((both or place_of(own, form.shown) or ([None] * len(own), ""))[0])
        for k, (row, names) in enumerate(zip(table["row"], form.shown.names, strict=True)):
            best, worst = places[0][k], places[1][k]
            size = len(names or ())
            if names is None or best is None or worst is None or max(best, worst) >= size:
                rejects.add(row, "set without different items, a best and a worst of them",
                            [said[0][k], said[1][k]])  # fmt: skip
            elif best == worst:
                rejects.add(row, "the best and the worst are one item", said[0][k] or "")
            else:
                found.append((names, best, worst, k))
        return found
    for names, best, worst, first in _groups(table, form):
        if best is not None and worst is not None:
            found.append((names, best, worst, first))
        else:
            rejects.add(
                table["row"][first],
                "the set that begins here has not one best and one worst of three different items "
                "or more",
                names,
            )
    return found


def _groups(
    table: pl.DataFrame, form: _Form
) -> list[tuple[list[str], int | None, int | None, int]]:
    """(items, place of the best and of the worst, its first row in `table`) of each set of rows;
    None where it has not one of each."""
    own = {one.casefold() for one in cells.names(table[form.best]).fill_null("").unique()}
    marks = []
    for name, side in ((form.best, 1), (form.worst, -1)):
        said = cells.names(table[name or form.best]).fill_null("").str.to_lowercase()
        marks.append([
            _mark(cell, own) == side if form.worst is None else ticked(cell) is True
            for cell in said
        ])  # fmt: skip
    names = cells.names(table[form.item]).to_list()
    keys = list(zip(*(cells.names(table[one]).to_list() for one in form.parts), strict=True))
    by_key: dict[tuple[object, ...], list[int]] = {}
    runs: list[list[int]] = []
    for k, key in enumerate(keys):
        by_key.setdefault(key, []).append(k)
        if k and key == keys[k - 1]:
            runs[-1].append(k)
        else:
            runs.append([k])
    # Where nobody is known by a column, sets of the same number belong to different people.
    groups = list(by_key.values())
    if any(len({names[k] for k in rows}) < len(rows) for rows in groups):
        groups = runs
    found: list[tuple[list[str], int | None, int | None, int]] = []
    for rows in groups:
        shown = [names[k] or "" for k in rows]
        best, worst = ([p for p, k in enumerate(rows) if side[k]] for side in marks)
        good = all(shown) and len(set(shown)) == len(shown) > 2
        good = good and len(best) == len(worst) == 1 and best != worst
        found.append((shown, best[0], worst[0], rows[0]) if good else (shown, None, None, rows[0]))
    return found


def _are_sets(table: pl.DataFrame, form: _Form) -> bool:
    """Have most sets, but the last, which may be cut off, one best and one worst?"""
    groups = _groups(table, form)
    whole = groups[:-1] if len(groups) > LEAST else groups
    good = sum(best is not None for _, best, _, _ in whole)
    return len(groups) >= LEAST and good >= MOST * len(whole)


def read(path: Path, kind: Kind, options: Options) -> Parsed:
    """One `contrastive` answer a set; with the signal `preference` the pairs that it decides."""
    check_keys(options.columns)
    table, rejects, notes = opened(path, kind)
    for key in ("best", "worst", "candidates", "item"):
        told_column(path, table, options, key)
    form = _form(table.drop("row"), options)
    if form is None:
        raise InputError(
            f"{path}: found columns {columns_in(table)}; expected sets of items (item1, item2, "
            "item3, ... or one cell apart by |) with the best and the worst of each, or rows of "
            "person, set, item and 1 for the best, -1 for the worst: --columns best=COL,worst=COL"
        )
    if form.shown is None:
        table = without_practice(path, table, {*form.used, *form.parts}, rejects, notes)
    worker = told_column(path, table, options, "annotator") or who_column(table)
    worker = worker or first_of(table.drop([n for n in form.used if n in table.columns]), *WHO)
    extra = optional(path, table, options, notes)
    table = table.with_columns(
        annotators(path, table, worker, notes).alias("\0who"),
        **{f"\0{key}": one for key, one in extra.items()},
    )
    sets = _sets(path, table, form, rejects)
    if form.shown is not None:
        kept = without_practice(path, table, {*form.used, "\0who"}, rejects, notes)
        there = set(kept["row"])
        sets = [one for one in sets if table["row"][one[3]] in there]
    sizes = [len(one[0]) for one in sets]
    most = max(set(sizes), key=sizes.count) if sizes else 0
    pairs = options.signal == PREFERENCE
    if not pairs:
        for names, _, _, k in sets:
            if len(names) != most:
                rejects.add(table["row"][k], f"another number of items than {most}", names)
        sets = [one for one in sets if len(one[0]) == most]
    beside = [f"\0{key}" for key in extra]
    notes += _said(path, len(sets), most, pairs)
    parts = first_of(table.drop("row"), *SETS)
    used = {*form.used, *form.parts, worker, parts}
    say_unread(path, table.drop("\0who", *beside), used, options, notes)
    made = _pairs(table, sets, beside, options.seed) if pairs else _best(table, sets, beside)
    made = made.rename({name: name[1:] for name in beside}).rename({"\0who": "annotator"})
    return Parsed(made, rejects, notes=notes)


def _said(path: Path, sets: int, most: int, pairs: bool) -> list[str]:
    if pairs:
        return [
            f"{path.name}: each of {sets:,} sets is read as the pairs that it decides: the best "
            "over each other, each other over the worst. Assumed: pairs of one set are independent "
            "of each other (they are not, so intervals are too narrow); the time and price of a "
            "set are shared out among its pairs"
        ]
    return [
        f"{path.name}: each of {sets:,} sets of {most} items is one answer: its best is the "
        f"nearest to {IDEAL}; the worst is not used, as no channel holds it, and time and price "
        "are those of both choices (--signal preference reads both as the pairs that they decide, "
        "taken as independent)"
    ]


def _best(
    table: pl.DataFrame, sets: list[tuple[list[str], int, int, int]], beside: list[str]
) -> pl.DataFrame:
    return table[[one[3] for one in sets]].select(
        pl.lit("contrastive").alias("signal"), "\0who",
        pl.Series("items", [[IDEAL, *one[0]] for one in sets], dtype=pl.List(pl.String)),
        pl.Series("answer", [str(one[1]) for one in sets], dtype=pl.String), *beside, "row",
    )  # fmt: skip


def _pairs(
    table: pl.DataFrame,
    sets: list[tuple[list[str], int, int, int]],
    beside: list[str],
    seed: int,
) -> pl.DataFrame:
    """2 k - 3 comparisons of a set of k items, sides drawn by the seed."""
    rng = np.random.default_rng(seed)
    rows, items, answers, share = [], [], [], []
    for names, best, worst, k in sets:
        pairs = [(best, other) for other in range(len(names)) if other != best]
        pairs += [(other, worst) for other in range(len(names)) if other not in (best, worst)]
        for better, worse in pairs:
            swap = bool(rng.integers(2))
            both = (names[worse], names[better]) if swap else (names[better], names[worse])
            rows.append(k)
            items.append(list(both))
            answers.append("1" if swap else "0")
            share.append(1 / len(pairs))
    part = pl.Series(share, dtype=pl.Float64)
    return table[rows].select(
        pl.lit(PREFERENCE).alias("signal"), "\0who",
        pl.Series("items", items, dtype=pl.List(pl.String)),
        pl.Series("answer", answers, dtype=pl.String), *(pl.col(name) * part for name in beside),
        "row",
    )  # fmt: skip


def matches(probe: Probe) -> bool:
    """Sets of items with the best and the worst of each."""
    head = head_of(probe) if probe.kind in ("csv", "parquet", "json") else None
    return head is not None and _form(head, Options(columns=_of(probe.told.columns))) is not None


def _of(told: Mapping[str, str]) -> dict[str, str]:
    return {key: name for key, name in told.items() if key in ("best", "worst", "item")}


READER = Reader(
    "best-worst", "best-worst scaling (MaxDiff): the best and the worst of each set", matches, read,
    tells=frozenset({*TOLD, "best", "worst", "candidates", "item"}),
)  # fmt: skip
