"""Items that nothing describes: an empty text, a missing image, an empty row of features.

A few of them are left out and counted; where they are half of the items or more, the column is not
the one that was meant.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from labelbits.answers.formats import cells
from labelbits.errors import InputError
from labelbits.interface import Answers

#: Share of items without a description from which on a column is refused.
TOO_MANY = 0.5
#: Items that are named.
NAMED = 3


def described_rows(
    first: pl.DataFrame,
    ids: Sequence[str],
    text: str | None,
    image: str | None,
    numbers: Sequence[str],
    where: str,
    notes: list[str],
) -> np.ndarray:
    """(items,) true where the text, the image and all `numbers` of an item are there.

    `first` has a row an item; paths of images start here or beside the files `where`. `notes` say
    what is left out. Raises `InputError` where half of the items or more have no description.
    """
    kept = np.ones(len(ids), dtype=bool)
    for name in dict.fromkeys([one for one in (text, image, *numbers) if one]):
        there = first[name].is_not_null()
        if first[name].dtype == pl.String:
            own = first[name].str.strip_chars(cells.UNSEEN)
            empty = own.str.to_lowercase().is_in(list(cells.MISSING)) if name != text else own == ""
            there = there & ~empty.fill_null(True)
        kept &= _enough(there.to_numpy(), ids, f"no {name}", where, notes)
    if image is not None:
        paths = first[image].cast(pl.String).to_list()
        found = np.array([not k or image_at(p, where) is not None
                          for k, p in zip(kept, paths, strict=True)])  # fmt: skip
        if not found.all() and found[kept].mean() <= TOO_MANY:
            lost = paths[int(np.argmin(found))]
            raise InputError(
                f"{where}: image {lost!r} is not there; expected the path of a file, from the "
                "folder of the table or from here"
            )
        kept &= _enough(found, ids, f"no file where {image} says", where, notes)
    return kept


def finite_rows(
    values: np.ndarray, ids: Sequence[str], what: str, where: str, notes: list[str]
) -> np.ndarray:
    """(items,) true where all numbers of a row are finite. Raises as `described_rows` does."""
    if values.ndim != 2 or values.dtype.kind != "f":
        return np.ones(len(values), dtype=bool)
    known = np.asarray(np.isfinite(values).all(axis=1))
    return _enough(known, ids, f"an empty or infinite number in {what}", where, notes)


def _enough(
    known: np.ndarray, ids: Sequence[str], lack: str, where: str, notes: list[str]
) -> np.ndarray:
    """`known` again; the items without are told, and refused where they are too many."""
    if known.all():
        return known
    lost = np.flatnonzero(~known)
    if len(lost) >= TOO_MANY * len(known):
        raise InputError(
            f"{where}: {len(lost):,} items have {lack} (item {ids[lost[0]]!r} is one), of "
            f"{len(known):,}; expected most items described, the others are left out"
        )
    named = ", ".join(repr(ids[one]) for one in lost[:NAMED])
    more = ", ..." if len(lost) > NAMED else ""
    have, were = ("item has", "is") if len(lost) == 1 else ("items have", "are")
    notes.append(f"{len(lost):,} {have} {lack} and {were} left out ({named}{more})")
    return known


def image_at(value: str, where: str) -> Path | None:
    """The file that a cell names, from here, from beside the table or in a folder there; None where
    there is none."""
    path = Path(value).expanduser()
    beside = [Path(one).parent for one in where.split(", ") if one]
    for place in (path, *(folder / path for folder in beside)):
        if place.is_file():
            return place
    if path.is_absolute():
        return None
    found = [one / path for folder in beside for one in folders_in(folder)]
    return next((place for place in found if place.is_file()), None)


def folders_in(folder: Path) -> list[Path]:
    """The folders in a folder by name, hidden ones left out."""
    try:
        return sorted(one for one in folder.iterdir() if one.is_dir() and one.name[0] != ".")
    except OSError:
        return []


def without_items(answers: Answers, lost: Collection[str], notes: list[str]) -> Answers:
    """The answers that are not about items in `lost`; `notes` count the others."""
    if not lost or not set(lost) & set(answers.items):
        return answers
    about = pl.col("items").list.eval(pl.element().is_in(list(lost))).list.any()
    table = answers.table.filter(~about)
    gone = len(answers) - len(table)
    if gone:
        notes.append(f"{gone:,} answers to items that were left out are left out too")
    return replace(
        answers, table=table, items=tuple(one for one in answers.items if one not in set(lost))
    )
