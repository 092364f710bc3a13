"""Rows of spreadsheets that sum up the others: totals under counts, means under ratings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from labelbits.answers.files.opening import shorten
from labelbits.answers.formats import cells

#: Names of such rows, without capitals, blanks and marks.
NAMES = frozenset({
    "total", "totals", "grandtotal", "subtotal", "overall", "sum", "sums", "all", "mean", "means",
    "average", "averages", "avg", "median", "mode", "std", "sd", "stdev", "stddev", "variance",
    "var", "min", "minimum", "max", "maximum", "count", "counts", "n", "range",
    "summe", "gesamt", "mittelwert", "durchschnitt", "somme", "moyenne", "suma", "media",
    "totale", "totaal", "gemiddelde", "%", "percent", "percentage", "share", "agreement", "kappa",
    "accuracy",
})  # fmt: skip
#: Words of a name; longer ones are texts.
SHORT = 3
#: What a row may be of the others, in words.
WORDS = ("the sum", "the mean", "the median", "the lowest", "the highest", "the count",
         "the deviation", "the deviation")  # fmt: skip


def are_summaries(names: pl.Series) -> pl.Series:
    """Which rows of these names are summaries by their name, or have none? What stands in brackets
    and after an equals sign does not count: `Total (n = 40)`, `N = 40`."""
    bare = names.str.to_lowercase().str.replace_all(r"([:=(\[].*|\s+\d+)$", "")
    bare = bare.str.replace_all(r"[\s_.*-]+", "")
    empty = names.str.strip_chars() == ""
    return (bare.is_in(list(NAMES)) | empty).fill_null(True)


def without_summaries(
    table: pl.DataFrame,
    name: str | None,
    path: Path,
    notes: list[str],
    who: str | None = None,
) -> pl.DataFrame:
    """The rows but those that sum up the others, and those without any cell; `notes` name them.

    The column `name` names the rows. One that is called a total, or has no name, is left out where
    its numbers are sums, means, ... of the others in each column, or where it stands last and no
    cell of it could be another row's. A row with somebody in the column `who` is an answer.
    """
    own = [one for one in table.columns if one not in (name, "row")]
    if not own or any(table[one].dtype.is_nested() for one in own):
        return table
    named = [*own, *([] if name is None else [name])]
    there = table.select(pl.any_horizontal(pl.col(named).is_not_null())).to_series()
    if not there.all():
        table = table.filter(there)
    if name is None or len(table) < 3:
        return table
    table = _without_remarks(table, name, own, path, notes)
    called = cells.names(table[name])
    named = are_summaries(called)
    summing = (named if who is None else named & table[who].is_null()).to_numpy()
    if not summing.any() or summing.sum() > 0.5 * len(table):
        return table
    others = table.filter(~pl.Series(summing))
    lost = np.zeros(len(table), dtype=bool)
    beneath = np.flatnonzero(~summing)[-1] < np.arange(len(table))
    numbers = {one: cells.numbers(table[one]).to_numpy().astype(float) for one in own}
    found = {int(row): _what(numbers, summing, int(row)) for row in np.flatnonzero(summing)}
    empty = table.select(pl.all_horizontal(pl.col(own).is_null())).to_series()
    for row, what in found.items():
        beside = any(one for other, one in found.items() if beneath[other])
        named = beneath[row] and called[row] is not None
        strange = bool(empty[row]) or _strange(table, others, own, row)
        if what is None and not (named and (beside or strange)):
            if named:
                notes.append(
                    f"{path.name}: the last row is called {called[row]!r} and is kept as an item, "
                    "since its cells are no sums or means of the others"
                )
            continue
        lost[row] = True
        shown = called[row]
        said = f"the row {shown!r}" if shown else f"row {row + 1}, which has no name,"
        notes.append(
            f"{path.name}: {said} is {what or 'a summary'} of the others and no item: left out"
        )
    return table.filter(~pl.Series(lost))


def _without_remarks(
    table: pl.DataFrame, name: str, own: list[str], path: Path, notes: list[str]
) -> pl.DataFrame:
    """The rows but those below the last answer that have a sentence for a name and no cell."""
    empty = table.select(pl.all_horizontal(pl.col(own).is_null())).to_series().to_list()
    words = cells.names(table[name]).fill_null("").str.split(" ").list.len().to_list()
    last = max((k for k, one in enumerate(empty) if not one), default=-1)
    most = max((count for count, one in zip(words, empty, strict=True) if not one), default=0)
    rest = words[last + 1 :]
    if not rest or last < 0 or most > SHORT or min(rest) < most + 3:
        return table  # items that are named by texts may lack an answer
    first = shorten(str(table[name][last + 1]), 60)
    notes.append(
        f"{path.name}: {len(rest)} remark{'s' if len(rest) > 1 else ''} below the table "
        f"({first!r}) {'are' if len(rest) > 1 else 'is'} no item: left out"
    )
    return table.head(last + 1)


def _what(numbers: dict[str, np.ndarray], summing: np.ndarray, row: int) -> str | None:
    """What the numbers of a row are of the other rows', alike in every column; None: nothing."""
    fits: set[int] | None = None
    columns = 0
    for values in numbers.values():
        rest = values[~summing]
        rest = rest[np.isfinite(rest)]
        if not np.isfinite(values[row]) or len(rest) < 2:
            continue
        columns += 1
        found = np.array([
            rest.sum(), rest.mean(), np.median(rest), rest.min(), rest.max(), float(len(rest)),
            rest.std(), rest.std(ddof=1),
        ])  # fmt: skip
        near = set(np.flatnonzero(np.abs(found - values[row]) <= _rounding(values[row])).tolist())
        fits = near if fits is None else fits & near
    telling = columns > 1 or (fits is not None and bool(fits & {0, 1}))
    return WORDS[min(fits)] if fits and telling else None


def _rounding(value: float) -> float:
    """What a spreadsheet may have rounded off."""
    digits = f"{value:.12g}".partition(".")[2]
    return 0.51 * 10.0 ** -len(digits) if digits else 1e-6 * abs(value) + 0.5 * (value > 100)


def _strange(table: pl.DataFrame, others: pl.DataFrame, own: list[str], row: int) -> bool:
    """Could half of the cells or more be no other row's, as they are of another kind, between
    whole numbers or out of range?"""
    known = [one for one in own if table[one][row] is not None]
    odd = sum(_is_odd(table[one][row], others[one].drop_nulls()) for one in known)
    return bool(known) and 2 * odd >= len(known)


def _is_odd(cell: object, rest: pl.Series) -> bool:
    """Is a cell unlike all of the other rows'?"""
    numbers = cells.numbers(rest).drop_nulls()
    number = cells.numbers(pl.Series([cell]))[0] if isinstance(cell, (str, int, float)) else None
    if not len(rest) or len(numbers) < len(rest) or number is None:
        texts = number is None and rest.n_unique() > 0.5 * len(rest)  # are all different
        return cell not in set(rest.to_list()) and not texts
    between = bool((numbers == numbers.round()).all()) and number != round(number)
    return between or not numbers.min() <= number <= numbers.max()  # type: ignore[operator]
