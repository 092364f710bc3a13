"""Surveys with a column a pair of items: `cat - dog`, a row a person, in the cell how alike the two
are, or which of them is the better."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from labelbits.answers.formats import cells
from labelbits.answers.formats.class_columns import head_of
from labelbits.answers.formats.people_rows import ROW, headings, is_header
from labelbits.answers.formats.reader import Kind, Options, Probe, Reader, columns_in, opened
from labelbits.answers.formats.sentences import FARNESS, LIKENESS, as_scored
from labelbits.answers.formats.survey import asked_columns, people_column
from labelbits.answers.formats.two_sides import side_of
from labelbits.answers.table.columns import PREFERENCE, Parsed
from labelbits.errors import InputError

_LONG = ("\u2013", "\u2014")  # dashes
_TIMES = "\u00d7"
#: What parts the two items of a heading, the surest first.
BETWEEN = (
    " <-> ", " <> ", " - ", *(f" {dash} " for dash in _LONG), " vs. ", " vs ", " versus ", " / ",
    " | ", " & ", " x ", f" {_TIMES} ", " : ", " and ", " und ", " et ", " y ", " e ", " en ", ", ",
    "_vs_", "-vs-", ".vs.", "__", "..", *_LONG, "|", "/", _TIMES, "~", ":", "&", "-", "_", ".", " ",
)  # fmt: skip
#: Pairs from which headings are pairs, their share among the columns, and the share of rows whose
#: cells say which of the two.
LEAST, MOST, CHOSEN = 3, 0.5, 0.95


@dataclass(frozen=True)
class Pairs:
    """Heading -> the two items that it names; `said` is what all headings say round them."""

    named: dict[str, tuple[str, str]]
    said: str = ""


def pairs_of(columns: Sequence[str]) -> Pairs | None:
    """The items that headings name two by two: each pair once, the items again and again."""
    inner = {name: found[1] for name in columns
             if (found := re.search(r"\[([^\[\]]+)\]\s*$", name))}  # fmt: skip
    begin = {name: re.split(r"[\W_]+", name.strip(), maxsplit=1)[0].casefold() for name in columns}
    first = Counter(begin.values())
    ways = [{name: name for name in columns}]
    if len(inner) >= LEAST:
        ways.insert(0, inner)
    if first:
        word, count = first.most_common(1)[0]
        alike = [name for name in columns if begin[name] == word]
        if count >= LEAST:
            ways.append(_without_frame(alike))
    for way in ways:
        for mark in BETWEEN:
            found = _parted(way, mark)
            if len(found) >= max(LEAST, MOST * len(columns)) and _recur(list(found.values())):
                name = next(iter(found))
                around = name.replace(way[name], "…", 1) if way[name] != name else ""
                return Pairs(found, " ".join(around.split()))
    return None


def _without_frame(names: Sequence[str]) -> dict[str, str]:
    """Headings without what all of them begin and end with, cut between words."""
    before = _shared(names)
    before = before[: len(before) - len(re.split(r"[\W_]", before)[-1])]
    after = _shared([name[::-1] for name in names])[::-1]
    after = after[len(re.split(r"[\W_]", after)[0]) :]
    return {name: name[len(before) : len(name) - len(after)].strip(" ?\"'") for name in names
            if len(before) + len(after) < len(name)}  # fmt: skip


def _shared(names: Sequence[str]) -> str:
    """The letters that all names begin with."""
    low, high = min(names), max(names)
    place = next((k for k, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), len(low))
    return low[:place]


def _parted(way: dict[str, str], mark: str) -> dict[str, tuple[str, str]]:
    """Those headings that `mark` parts into two different names."""
    found = {}
    for name, text in way.items():
        parts = [cells.tidy(part).strip("\"'“”„ ") for part in text.split(mark)]
        if len(parts) == 2 and all(parts) and parts[0] != parts[1]:
            found[name] = (parts[0], parts[1])
    return found


def _recur(pairs: Sequence[tuple[str, str]]) -> bool:
    """Is each pair there once, and are most names in several, some of them on both sides?"""
    times = Counter(name for pair in pairs for name in pair)
    once = len({frozenset(pair) for pair in pairs}) == len(pairs)
    sides = {a for a, _ in pairs} & {b for _, b in pairs}
    again = sum(count > 1 for count in times.values())
    return once and bool(sides) and len(times) <= len(pairs) and again >= MOST * len(times)


def _in_table(table: pl.DataFrame, options: Options) -> tuple[str | None, Pairs, bool] | None:
    """(who, the pairs, are they rated or is one of each chosen) of a survey by pairs."""
    who = people_column(table, options)
    asked = asked_columns(table, who, options)
    if len(asked) < LEAST:
        return None
    called = headings(table, who, asked)
    pairs = pairs_of(list(called.values()))
    if pairs is not None and (back := {text: name for name, text in called.items()}):
        pairs = Pairs({back[text]: pair for text, pair in pairs.named.items()}, pairs.said)
    if pairs is None or any(table[name].dtype.is_nested() for name in pairs.named):
        return None
    table = table.filter(~is_header(cells.names(table[who]))) if who else table
    there, numbers, chosen = 0, 0, 0
    for name, pair in pairs.named.items():
        own = cells.names(table[name]).drop_nulls()
        own = own.filter(~own.str.to_lowercase().is_in(list(cells.MISSING)))
        there += len(own)
        numbers += len(own) - cells.numbers(own).null_count()
        chosen += sum(_side(one, pair) is not None for one in own)
    if not there or (numbers < there and chosen < CHOSEN * there):
        return None
    return who, pairs, numbers == there


def _side(said: str, pair: tuple[str, str]) -> int | None:
    """Which of the two a cell names."""
    low = [one.casefold() for one in pair]
    return low.index(said.casefold()) if said.casefold() in low else side_of(said)


def read(path: Path, kind: Kind, options: Options) -> Parsed:
    """Each cell is one person's answer about the pair of its heading."""
    table, rejects, notes = opened(path, kind)
    found = _in_table(table.drop("row"), options)
    if found is None:
        raise InputError(
            f"{path}: found columns {columns_in(table)}; expected a column a pair of items, "
            "such as 'cat - dog', and in it numbers, or the name of one of the two"
        )
    who, pairs, rated = found
    if who is None:
        table = table.with_columns(pl.format("person {}", "row").alias(ROW))
    again = is_header(cells.names(table[who or ROW]))
    for row in table.filter(again)["row"]:
        rejects.add(row, "the header again")
    table = table.filter(~again)
    said = pl.concat([
        table.select("row", cells.text(who or ROW, table).alias("annotator"),
                     pl.lit(a).alias("a"), pl.lit(b).alias("b"),
                     cells.text(name, table).alias("value"))
        for name, (a, b) in pairs.named.items()
    ])  # fmt: skip
    empty = said["value"].is_null() | said["value"].str.to_lowercase().is_in(list(cells.MISSING))
    said = said.filter(~empty.fill_null(True))
    rest = [name for name in asked_columns(table, who, options)
            if name not in pairs.named and name != ROW]  # fmt: skip
    items = {name for pair in pairs.named.values() for name in pair}
    named = f"column {who!r}" if who else "no column names them: each row counts as another person"
    notes.append(
        f"{path.name}: {len(table):,} rows are people ({named}), {len(pairs.named):,} columns name "
        f"pairs of {len(items):,} items: {cells.shown(map(repr, pairs.named), 3)}"
    )
    if rest:
        shown = cells.shown(map(repr, rest))
        notes.append(f"{path.name}: {shown} {'is' if len(rest) == 1 else 'are'} not read")
    if rated:
        values = cells.numbers(said["value"])
        name = pairs.said or "the number"
        signal, answers, what = as_scored(values.to_numpy(), name, options)
        known = FARNESS.search(name) or LIKENESS.search(name)
        notes.append(f"{path.name}: {what}{'' if known else ' (assumed: no heading says it)'}")
    else:
        signal = PREFERENCE
        sides = [_side(one, (a, b)) for one, a, b in said.select("value", "a", "b").iter_rows()]
        answers = [None if side is None else str(side) for side in sides]
        for row, value, side in zip(said["row"], said["value"], sides, strict=True):
            if side is None:
                rejects.add(row, "the cell names neither of the two of its heading", value)
        notes.append(f"{path.name}: each cell says which of the two of its heading is preferred")
    made = said.select(
        pl.lit(signal).alias("signal"), "annotator", pl.concat_list("a", "b").alias("items"),
        pl.Series("answer", answers, dtype=pl.String), "row",
    )  # fmt: skip
    return Parsed(made.filter(pl.col("answer").is_not_null()), rejects, notes=notes)


def matches(probe: Probe) -> bool:
    """Headings name pairs of a few items, and cells hold numbers or one of the two."""
    head = head_of(probe) if probe.kind in ("csv", "parquet", "json") else None
    return head is not None and _in_table(head, Options()) is not None


READER = Reader(
    "pair-columns", "a row a person, a column a pair of items (`cat - dog`)", matches, read
)  # fmt: skip
