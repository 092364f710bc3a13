"""Columns beside those of classes: a total of them, and how many votes their shares are of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from labelbits.answers.formats import cells, usual
from labelbits.answers.formats.class_columns import class_names
from labelbits.answers.formats.column_names import TOTALS, is_total

#: What is said of a column that tells that the others count votes.
SUMMED, SAYS_VOTES = "is the sum of the others", "says how many votes there were"


def without_total(table: pl.DataFrame, path: Path, notes: list[str]) -> pl.DataFrame:
    """The columns but one that is called a total and is the sum of the others in every row."""
    name = next((one for one in table.columns if is_total(one)), None)
    if name is None or table.width < 3 or table[name].dtype.is_nested():
        return table
    others = table.drop(name)
    if any(kind.is_nested() for kind in others.dtypes):
        return table
    numbers = pl.DataFrame({one: cells.numbers(others[one]) for one in others.columns})
    total, whole = numbers.sum_horizontal(), cells.numbers(table[name])
    if whole.null_count() or not ((total - whole).abs() <= 1e-3 * whole.abs() + 1e-9).all():
        return table
    notes.append(f"{path.name}: column {name!r} {SUMMED} and no class")
    words = [one for one in others.columns if numbers[one].null_count() == len(numbers)]
    if words and others.width - len(words) > 1:
        notes.append(
            f"{path.name}: {cells.shown(map(repr, words))} {'is' if len(words) == 1 else 'are'} "
            "not read: no numbers that count answers"
        )
        return others.drop(words)
    return others


def counted_shares(table: pl.DataFrame, path: Path, notes: list[str]) -> pl.DataFrame:
    """Counts of votes where a column says how many there were beside the shares of each class;
    any other table as it is."""
    name = usual.found(table.columns, (*usual.COUNT, *TOTALS))
    if name is None or table.width < 3 or any(kind.is_nested() for kind in table.dtypes):
        return table
    shares = table.drop(name)
    values = np.stack([cells.numbers(cells.names(shares[one]).str.replace(r"\s*%$", ""))
                       .to_numpy().astype(float) for one in shares.columns], axis=1)  # fmt: skip
    votes = cells.numbers(table[name]).to_numpy().astype(float)
    if not len(votes) or not (np.isfinite(values).all() and np.isfinite(votes).all()):
        return table
    whole = next((one for one in (1.0, 100.0) if np.allclose(values.sum(1), one,
                  atol=0.006 * one * shares.width)), None)  # fmt: skip
    if whole is None or (values < 0).any() or (votes != votes.round()).any() or votes.min() < 1:
        return table
    counts = values / whole * votes[:, None]
    # Shares are rounded to two or three digits.
    if (np.abs(counts - counts.round()) > 0.006 * votes[:, None] + 1e-6).any():
        return table
    notes.append(f"{path.name}: column {name!r} {SAYS_VOTES}: shares of them are read as counts")
    made = counts.round().astype(np.int64)
    return pl.DataFrame(made, schema=list(class_names(shares.columns)))
