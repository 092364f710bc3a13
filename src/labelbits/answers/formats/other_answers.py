"""Columns of a plain table that hold answers to other questions than the one that is read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import polars as pl

from labelbits.answers.formats import cells, times, usual
from labelbits.answers.formats.annotator_kinds import NAMES as KINDS
from labelbits.answers.formats.reader import Options, first_of

#: More different values than these are no steps and no classes.
MOST = 20
#: Fewer rows than these tell nothing.
LEAST = 6
#: All that a row says beside its label, as one number: what copies of answers are told by.
BESIDE = "(other columns)"
#: Columns that are named at most.
MOST_NAMED = 8
#: Words of headings of numbers that are no times.
NO_TIMES = frozenset(
    {
        "confidence",
        "agreement",
        "kappa",
        "entropy",
        "conf",
        "certainty",
        "probability",
        "prob",
        "score",
        "age",
        "year",
        "rating",
        "percent",
        "pct",
        "accuracy",
        "weight",
        "size",
        "length",
        "id",
    }
)
#: What columns are called that name the classes which another numbers.
NAMES = frozenset({"labelname", "labeltext", "classname", "categoryname", "labelstr", "classlabel"})


def say_others(
    path: Path,
    table: pl.DataFrame,
    used: Collection[str | None],
    item: str,
    worker: str | None,
    notes: list[str],
) -> None:
    """Name in `notes` the columns beside those `used` that people's answers seem to stand in, and
    the option that reads one."""
    found = other_answers(table, used, item, worker)
    if found:
        shown = cells.shown(map(repr, found))
        notes.append(
            f"{path.name}: {'column' if len(found) == 1 else 'columns'} {shown} may hold answers "
            f"to other questions and {'is' if len(found) == 1 else 'are'} not read: --columns "
            f"label={found[0]} reads {'it' if len(found) == 1 else 'that one'}"
        )


def say_unread(
    path: Path,
    table: pl.DataFrame,
    used: Collection[str | None],
    options: Options,
    notes: list[str],
) -> None:
    """Name in `notes` the columns beside those `used`, told, named already, and those of times and
    prices; one of numbers that may be times is asked about."""
    rest = [
        n
        for n in table.columns
        if n not in {*used, "row", BESIDE, *options.columns.values(), *options.describing}
    ]
    kinds = table.select(rest)
    known = {times.time_column(kinds), usual.price_column(rest)[0], first_of(kinds, *KINDS)}
    known |= set(times.read_spans(kinds)) if times.time_column(kinds) is None else set()
    left = [n for n in rest if n not in known and usual.plain(n) and not _is_told(n, notes)]
    if left:
        notes.append(f"{path.name}: {said_of_unread(table, left, times.time_column(kinds))}")


def said_of_unread(table: pl.DataFrame, left: Sequence[str], time: str | None) -> str:
    """That the columns `left` are not read; where no column of times (`time`) is, which of them may
    be times."""
    many = len(left) > 1
    said = (
        f"{'columns' if many else 'column'} {cells.shown(map(repr, left), MOST_NAMED)} "
        f"{'are' if many else 'is'} not read"
    )
    if time is not None or len(table) < LEAST:
        return said
    perhaps = next(
        (
            one
            for one in left
            if not {*usual.words_in(one)} & NO_TIMES and _may_be_seconds(table[one])
        ),
        None,
    )
    if perhaps is None:
        return said
    return (
        f"{said}: if {perhaps!r} is the time of an answer, --columns seconds={perhaps} reads it, "
        f"--columns milliseconds={perhaps} in thousandths"
    )


def _is_told(name: str, notes: Iterable[str]) -> bool:
    return any(repr(name) in note for note in notes)


def _may_be_seconds(column: pl.Series) -> bool:
    """Are these positive numbers that differ from row to row, of a size that times have?"""
    if column.dtype.is_nested() or column.dtype.is_temporal():
        return False
    if column.dtype == pl.String and column.str.contains("%", literal=True).any():
        return False
    found = cells.numbers(cells.names(column)).drop_nulls()
    if len(found) < 0.5 * len(column) or found.n_unique() < max(LEAST, 0.2 * len(found)):
        return False
    middle, low = float(found.median() or 0), float(found.min() or 0)  # type: ignore[arg-type]
    names = cells.names(column).drop_nulls()
    ids = names.n_unique() == len(names) and all(one.isdecimal() for one in names)
    return low >= 0 and 0.3 <= middle <= times.PLAUSIBLE * 1000 and not ids


def other_answers(
    table: pl.DataFrame, used: Collection[str | None], item: str, worker: str | None
) -> list[str]:
    """Columns called as answers are, and those whose few values go neither with the item nor with
    the person."""
    known = {usual.plain(one) for one in (*usual.LABEL, *usual.SCALE, *usual.PERHAPS_LABEL)}
    price = usual.price_column(table.columns)[0]
    found = []
    for name in table.columns:
        if name in used or name in ("row", price) or usual.is_something_else(name):
            continue
        column = table[name]
        if column.dtype.is_nested() or times.may_be_time(name) or len(table) < LEAST:
            continue
        own = cells.names(column).drop_nulls()
        if len(own) < 0.5 * len(table) or not 1 < own.n_unique() <= min(MOST, len(own) / 3):
            continue
        called = usual.plain(name) in known or usual.plain(name).endswith("label")
        if called or (worker is not None and _goes_with_neither(table, name, item, worker)):
            found.append(name)
    return found


def named_classes(path: Path, table: pl.DataFrame, label: str, notes: list[str]) -> str:
    """The column that names the classes that the numbers of `label` stand for, one by one; `label`
    itself where there is none."""
    own = cells.names(table[label])
    if not all(cells.is_number(one) for one in own.drop_nulls().unique()):
        return label
    for name in table.columns:
        said = usual.plain(name)
        if name == label or said not in NAMES or table[name].dtype.is_nested():
            continue
        both = pl.DataFrame({"a": own, "b": cells.names(table[name])}).drop_nulls().unique()
        if len(both) == both["a"].n_unique() == both["b"].n_unique() > 1:
            notes.append(f"{path.name}: column {name!r} names the classes that {label!r} numbers")
            return name
    return label


def few_values(table: pl.DataFrame, used: Collection[str | None]) -> list[str]:
    """The columns that hold a few values again and again, and are not known to hold else."""
    return [
        name for name in table.columns
        if name not in used and not usual.is_something_else(name) and not times.may_be_time(name)
        and not table[name].dtype.is_nested()
        and 1 < cells.names(table[name]).drop_nulls().n_unique() <= max(2, len(table) // 3)
    ]  # fmt: skip


def _goes_with_neither(table: pl.DataFrame, name: str, item: str, worker: str) -> bool:
    """Do values differ within an item, and within a person?"""
    own = table.select(pl.col(name), pl.col(item).alias("\0i"), pl.col(worker).alias("\0w"))
    for by in ("\0i", "\0w"):
        if not bool((own.group_by(by).agg(pl.col(name).drop_nulls().n_unique())[name] > 1).any()):
            return False
    return True
