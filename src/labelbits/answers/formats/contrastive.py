"""An item, candidates beside it, and which of them is the nearest: `contrastive` answers.

The candidates stand in one cell (`dog|moon|lamp`, a JSON list) or in columns (`option_1` to
`option_4`). Two candidates are a triplet. Where nothing is compared with them, the best is chosen:
the one nearest to an ideal item.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from labelbits.answers.formats import cells, times, usual
from labelbits.answers.formats.class_columns import head_of
from labelbits.answers.formats.crowdkit import optional
from labelbits.answers.formats.keys import with_time
from labelbits.answers.formats.named import check_keys
from labelbits.answers.formats.opposites import asks_for_the_farther, asks_for_the_worse
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
from labelbits.answers.formats.two_sides import SHARED
from labelbits.answers.formats.who import annotators, who_column
from labelbits.answers.table.columns import IDEAL, Parsed
from labelbits.errors import InputError

#: What the item is called that candidates are compared with.
HEADS = ("target", "anchor", "reference", "standard", "probe", "head", "ref", "query", "center",
         "centre", "base", "sample", "cue", "stimulus", "referenz", "ziel", "vorlage", "cible",
         "référence", "referencia", "riferimento", "objetivo", "given", "prompt_item")  # fmt: skip
#: What a column of all candidates is called, and what the one that was chosen.
LISTS = ("candidates", "candidate_list", "options", "option_list", "choices", "alternatives",
         "shown", "items_shown", "choice_set", "candidate_set", "comparison_set", "pool", "list",
         "set_of_items", "kandidaten", "optionen", "auswahl", "candidats", "propositions",
         "opciones", "candidatos", "opzioni", "candidati", "items", "images", "stimuli",
         "negatives")  # fmt: skip
CHOSEN = ("chosen", "choice", "selected", "selection", "picked", "pick", "winner", "match",
          "matched", "nearest", "closest", "most_similar", "best_match", "response", "answer",
          "gewählt", "gewaehlt", "ausgewählt", "wahl", "antwort", "choisi", "choix", "réponse",
          "elegido", "elegida", "elección", "respuesta", "scelto", "scelta", "risposta",
          "chosen_item", "chosen_candidate", "selected_option", "selected_item", "label",
          "chosen_index", "choice_index", "selected_index", "response_index", "positive",
          "best", "clicked", "click", "clicked_name", "mouse.clicked_name")  # fmt: skip
#: Marks between candidates in one cell, the surest first.
MARKS = ("|", ";", "\n", "\t", " / ", ",")
#: The share of rows whose choice is one of their candidates, and rows that tell it.
SURE, LEAST = 0.9, 5
#: Candidates of which more than two are a question of this kind.
MOST = 40


@dataclass(frozen=True)
class Shown:
    """What rows show: `names` each row's candidates (None: none can be read), from `columns`."""

    columns: tuple[str, ...]
    names: list[list[str] | None]


def lists_in(column: pl.Series) -> list[list[str] | None]:
    """The names that each cell lists: JSON, or apart by the mark that parts most cells."""
    if isinstance(column.dtype, (pl.List, pl.Array)):
        return [_named(value) for value in column.to_list()]
    said = cells.names(column).to_list() if not column.dtype.is_nested() else [None] * len(column)
    values = [cells.parsed(one) if one else None for one in said]
    if sum(isinstance(one, list) for one in values) > 0.5 * len(values):
        return [_named(one) for one in values]
    own = [str(one) for one in said if one]
    mark = next((m for m in MARKS if sum(m in one for one in own) > SURE * len(own)), None)
    if mark is None:
        return [None] * len(said)
    return [_named(one.split(mark)) if one else None for one in said]


def _named(value: object) -> list[str] | None:
    """Different names in order, at least two."""
    if not isinstance(value, (list, tuple)):
        return None
    own = [cells.as_text(one) or "" for one in value]
    own = [one.strip("'\" ") for one in own]
    good = len(own) > 1 and all(own) and len(set(own)) == len(own) and len(own) <= MOST
    return own if good else None


def numbered(columns: Sequence[str], table: pl.DataFrame) -> list[tuple[str, ...]]:
    """Columns of one name that count from 1 or from a, three or more: `option_1`, `option_2`."""
    stems: dict[str, dict[int, str]] = {}
    for name in columns:
        if table[name].dtype.is_nested() or times.may_be_time(name):
            continue
        words = usual.words_in(name)
        last = words[-1] if words else ""
        place = int(last) if last.isdecimal() and len(last) < 3 else (
            ord(last) - 96 if len(last) == 1 and "a" <= last <= "z" else None)  # fmt: skip
        if place is not None:
            stems.setdefault(" ".join(words[:-1]), {}).setdefault(place, name)
    found = []
    for own in stems.values():
        first = min(own)
        whole = sorted(own) == list(range(first, first + len(own))) and first in (0, 1)
        if whole and len(own) > 2:
            found.append(tuple(own[k] for k in sorted(own)))
    return found


def shown_in(table: pl.DataFrame, told: str | None = None) -> list[Shown]:
    """Where candidates may stand: lists of a known name, numbered columns, other lists."""
    own = [name for name in table.columns if name != "row"]
    if told is not None:
        return [Shown((told,), lists_in(table[told]))]
    named = [name for one in LISTS if (name := usual.found(own, (one,)))]
    others = [n for n in own if n not in named and not times.may_be_time(n)]
    found = [Shown((name,), lists_in(table[name])) for name in dict.fromkeys(named)]
    for columns in numbered(own, table):
        rows = zip(*(cells.names(table[name]).to_list() for name in columns), strict=True)
        found.append(Shown(columns, [_named([one for one in row if one]) for row in rows]))
    found += [Shown((name,), lists_in(table[name])) for name in others]
    return [one for one in found if sum(row is not None for row in one.names) > 0.5 * len(table)]


def place_of(said: Sequence[str | None], shown: Shown) -> tuple[list[int | None], str] | None:
    """(the place of each row's choice among its candidates, how it is said), None where the
    column tells no choice: by name, by heading, by letter, or by number from 0 or 1."""
    both = [(s, n) for s, n in zip(said, shown.names, strict=True) if s and n]
    if len(both) < LEAST:
        return None
    if sum(s in n for s, n in both) >= SURE * len(both):
        return [n.index(s) if s and n and s in n else None
                for s, n in zip(said, shown.names, strict=True)], "by name"  # fmt: skip
    heads = {usual.plain(name): k for k, name in enumerate(shown.columns)}
    if len(shown.columns) > 1 and all(usual.plain(str(s)) in heads for s, _ in both):
        return [heads.get(usual.plain(s)) if s else None for s in said], "by heading"
    if all(re.fullmatch(r"[A-Za-z]", s) for s, _ in both):
        return [ord(s.casefold()) - 97 if s else None for s in said], "by letter"
    if not all(s.isdecimal() and len(s) < 3 for s, _ in both):
        return None
    first, last = min(int(s) for s, _ in both), max(int(s) for s, _ in both)
    most = max(len(n) for _, n in both)
    if first == 0 and last < most:
        return [int(s) if s and s.isdecimal() else None for s in said], "by number from 0"
    if first >= 1 and last == most:
        return [int(s) - 1 if s and s.isdecimal() else None for s in said], "by number from 1"
    return None


@dataclass(frozen=True)
class _Form:
    head: str | None
    shown: Shown
    choice: str
    places: list[int | None]
    how: str


def _form(table: pl.DataFrame, options: Options) -> _Form | None:
    """Which columns hold the item, the candidates and the choice."""
    told = options.columns
    choice = told.get("winner") or told.get("label")
    for shown in shown_in(table, told.get("candidates")):
        rest = table.drop(list(shown.columns))
        named = [usual.found(rest.columns, (name,)) for name in ((choice,) if choice else CHOSEN)]
        for name in dict.fromkeys(one for one in named if one is not None):
            if rest[name].dtype.is_nested():
                continue
            said = cells.names(rest[name]).to_list()
            if usual.plain(name) == "positive" and usual.plain(shown.columns[0]) == "negatives":
                shown = Shown(shown.columns, [
                    _named([s, *n]) if s and n else None
                    for s, n in zip(said, shown.names, strict=True)])  # fmt: skip
            found = place_of(said, shown)
            if found is None:
                continue
            head = told.get("head") or told.get("item") or _head(rest.drop(name), shown)
            if head is None and "candidates" not in told and not _recur(rest, shown):
                continue
            return _Form(head, shown, name, *found)
    return None


def _head(rest: pl.DataFrame, shown: Shown) -> str | None:
    """The item that candidates are compared with: by its name, or because it is one of the same
    kind that is never among its own candidates."""
    known = {name for row in shown.names for name in row or ()}
    worker = who_column(rest)
    for name in rest.columns:
        if rest[name].dtype.is_nested() or name in (worker, "row"):
            continue
        own = cells.names(rest[name])
        held = set(own.drop_nulls())
        apart = not any(
            one in row for one, row in zip(own, shown.names, strict=True) if one and row
        )
        called = usual.bare(name) in map(usual.plain, HEADS)
        words = [one for one in usual.words_in(name) if one in HEADS]
        alike = len(held & known) >= SHARED * max(1, len(held))
        if apart and len(held) > 1 and (called or (words and alike) or (alike and len(held) > 2)):
            return name
    return None


def _recur(rest: pl.DataFrame, shown: Shown) -> bool:
    """Are the candidates a few things that come again and again, and is nothing asked of a row?"""
    count = Counter(name for row in shown.names for name in row or ())
    asked = first_of(rest, *usual.TEXTS, *usual.ITEM, *usual.QUESTION)
    few = len(count) <= len(shown.names) and sum(n > 1 for n in count.values()) > SURE * len(count)
    sets = {frozenset(row) for row in shown.names if row}
    # Three columns a, b, c may hold anything: the best, the odd one, the nearest to the first.
    named = len(shown.columns) == 1 or len(usual.words_in(shown.columns[0])) > 1
    return asked is None and few and named and len(sets) > 1


def read(path: Path, kind: Kind, options: Options) -> Parsed:
    """Each row is one choice of a candidate; rows that show another number of them than most are
    left out, as one channel has one number, but for two, which are triplets."""
    check_keys(options.columns)
    table, rejects, notes = opened(path, kind)
    for key in ("head", "candidates", "winner", "item", "label"):
        told_column(path, table, options, key)
    form = _form(table.drop("row"), options)
    if form is None:
        raise InputError(
            f"{path}: found columns {columns_in(table)}; expected an item (reference), its "
            "candidates in one cell (dog|moon|lamp, a JSON list) or in columns, and which of them "
            "was chosen: --columns head=COL,candidates=COL,winner=COL"
        )
    if asks_for_the_farther(form.choice) or asks_for_the_worse(form.choice):
        raise InputError(
            f"{path}: column {form.choice!r} names the one that is least like the item or least "
            "good, and answers of that kind have no signal; expected the nearest or the best one "
            "(of three without an item that they are compared with: --format things reads the odd "
            "one)"
        )
    used = {form.head, form.choice, *form.shown.columns}
    own = pl.Series(form.shown.names, dtype=pl.List(pl.String))
    table = table.with_columns(
        own.alias("\0names"), pl.Series(form.places, dtype=pl.Int64).alias("\0place")
    )
    table = without_practice(path, table, {*used, "\0names", "\0place"}, rejects, notes)
    named = told_column(path, table, options, "annotator")
    worker = named or who_column(table.drop([one for one in used if one]))
    who = annotators(path, table, worker, notes)
    options = with_time(options, table, form.choice)
    extra = optional(path, table, options, notes)
    head = pl.lit(IDEAL) if form.head is None else cells.text(form.head, table)
    made = table.select("row", "\0names", "\0place", head.alias("head"), who.alias("annotator"),
                        cells.text(form.choice, table).alias("choice"), **extra)  # fmt: skip
    size = made["\0names"].list.len()
    most = int(size.drop_nulls().mode().max() or 0)  # type: ignore[arg-type]
    lost = (
        (made["\0names"].is_null(), "lists no candidates with different names"),
        (made["head"].is_null(), f"{form.head} is missing"),
        (made["\0place"].is_null() | (made["\0place"] >= size), f"{form.choice} is no candidate"),
        ((size != most) & (size != 2), f"another number of candidates than {most}, as most show"),
    )
    gone = pl.Series([False] * len(made))
    for where, why in lost:
        bad = where.fill_null(False) & ~gone
        for row, found in made.filter(bad).select("row", "choice").iter_rows():
            rejects.add(row, why, found or "")
        gone |= bad
    made = made.filter(~gone)
    if usual.plain(form.choice) == "positive" and not (made["\0place"] != 0).any():
        made = _shuffled(made, options.seed)
        notes.append(f"{path.name}: places of candidates were drawn with seed {options.seed}")
    about = f"nearest to {form.head!r}" if form.head else f"best, that is nearest to {IDEAL}"
    where = form.shown.columns[0] if len(form.shown.columns) == 1 else "columns"
    notes.append(
        f"{path.name}: {form.choice!r} says ({form.how}) which of {most} candidates "
        f"({where!r}) is {about}"
    )
    say_unread(path, table.drop("\0names", "\0place"), {*used, worker}, options, notes)
    signal = pl.when(pl.col("\0names").list.len() == 2).then(pl.lit("triplet"))
    return Parsed(
        made.select(
            signal.otherwise(pl.lit("contrastive")).alias("signal"), "annotator",
            pl.concat_list(pl.concat_list("head"), "\0names").alias("items"),
            pl.col("\0place").cast(pl.String).alias("answer"), *extra, "row",
        ), rejects, notes=notes,
    )  # fmt: skip


def _shuffled(made: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The same with candidates in an order of the seed: a file that lists the chosen one first
    tells nothing by its place."""
    rng = np.random.default_rng(seed)
    names, places = [], []
    for own, place in made.select("\0names", "\0place").iter_rows():
        order = rng.permutation(len(own))
        names.append([own[k] for k in order])
        places.append(int(np.argmax(order == place)))
    return made.with_columns(
        pl.Series("\0names", names, dtype=pl.List(pl.String)), pl.Series("\0place", places)
    )


def matches(probe: Probe) -> bool:
    """Candidates, one of them chosen, and an item that they are compared with."""
    head = head_of(probe) if probe.kind in ("csv", "parquet", "json") else None
    if head is None or len(head) < LEAST or first_of(head, "loser", "worst", "least"):
        return False
    return _form(head, Options(columns=dict(probe.told.columns))) is not None


def compares(probe: Probe) -> bool:
    """Is there an item that the candidates are compared with?"""
    head = head_of(probe)
    form = None if head is None else _form(head, Options(columns=dict(probe.told.columns)))
    return form is not None and form.head is not None


READER = Reader(
    "contrastive", "an item, its candidates (`dog|moon|lamp`) and the chosen one", matches, read,
    tells=frozenset({*TOLD, "head", "item", "candidates", "winner", "label"}),
)  # fmt: skip
