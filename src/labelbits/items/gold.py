"""Gold, the true class of items, from any table or array that names it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from labelbits.answers.files.numpy_files import load_npz
from labelbits.answers.formats import usual
from labelbits.errors import InputError
from labelbits.items.joining import whole_numbers
from labelbits.items.reading import is_table, read_table

#: Names of the array of gold, and of the columns of a table of it; the first ones found are taken.
ARRAYS = ("gold", "true_label", "labels", "label")
ITEM = ("item", "task", "image_idx", "id", "item_id", "uid", "doc_id", *usual.ITEM)
CLASS = ("class", *usual.GOLD, *usual.LABEL, *sorted(usual.TRUTH))


@dataclass(frozen=True)
class Gold:
    """Classes by item as one file of gold has them, a name or a number as text.

    `rows` is the number of rows of an array, whose row numbers name the items; None for a table.
    `numbers` says that an array holds class numbers and no names.
    """

    path: Path
    known: dict[str, str]
    rows: int | None = None
    numbers: bool = False

    def are_numbers(self, classes: Sequence[str]) -> bool:
        """Are its classes numbers, 0 the first of `classes`, and not their names?"""
        if self.numbers:
            return True
        found = set(self.known.values())
        return not found <= set(classes) and all(_whole(name) for name in found)

    def names(self) -> tuple[str, ...]:
        """The classes that it names, in order of appearance; none where they are numbers."""
        found = tuple(dict.fromkeys(self.known.values()))
        return () if self.numbers or all(_whole(name) for name in found) else found

    def of(
        self, items: Sequence[str], classes: Sequence[str], where: str = "answers"
    ) -> np.ndarray:
        """The number of each item's class among `classes`, -1 unknown, shape (items,).

        `where` says what has these items. Raises `InputError` for a class that is none
        of them, and where no item is known.
        """
        number = {name: k for k, name in enumerate(classes)}
        if self.are_numbers(classes):
            number = {str(k): k for k in range(len(classes))}
        found = np.full(len(items), -1, dtype=np.int64)
        known = self._by_number(items) if not self.known.keys() & set(items) else self.known
        for place, item in enumerate(items):
            name = known.get(item)
            if name is None:
                continue
            if name not in number:
                raise self._unknown(item, name, classes)
            found[place] = number[name]
        if self.known and (found < 0).all():
            raise InputError(
                f"{self.path}: knows the class of {len(self.known):,} items, and none of them is "
                f"in the {where}; found {', '.join(list(self.known)[:3])}; expected items of the "
                f"{where}, such as {', '.join(items[:3])}"
            )
        return found

    def _by_number(self, items: Sequence[str]) -> dict[str, str]:
        """The classes by the items' own names, where both are the same numbers written in two ways:
        spreadsheets drop zeros at the front."""
        if self.rows is not None:
            return self.known
        here, others = whole_numbers(set(self.known)), whole_numbers(set(items))
        return {others[one]: self.known[here[one]] for one in here.keys() & others.keys()}

    def _unknown(self, item: str, name: str, classes: Sequence[str]) -> InputError:
        if self.are_numbers(classes):
            what = "row" if self.rows is not None else "item"
            return InputError(
                f"{self.path}: {what} {item} of gold is {name}; expected a class from 0 to "
                f"{len(classes) - 1}, or -1 where unknown"
            )
        shown = ", ".join(list(classes)[:10])
        return InputError(
            f"{self.path}: item {item!r} is of class {name!r}; expected one of: {shown} (the names "
            "of classes that are numbers elsewhere go in class_names, that of class 0 first)"
        )


def read_gold(path: Path) -> Gold:
    """Read a file of gold, whatever it is called.

    A table (CSV, TSV, JSON, Parquet, a spreadsheet) has a column for the item and one for its
    class, a name or a number; empty cells and -1 are unknown. JSON may be an object item -> class.
    An array (npz or npy) has the class of each item, a number (-1 unknown) or a name, in the order
    of the rows of the features. Raises `InputError`.
    """
    if not is_table(path):
        return _from_array(path)
    return gold_in_table(path, read_table(path, []))


def _from_array(path: Path) -> Gold:
    arrays = load_npz(path)
    name = next((n for n in ARRAYS if n in arrays), None)
    name = name or (next(iter(arrays)) if len(arrays) == 1 else None)
    if name is None:
        raise InputError(
            f"{path}: holds {', '.join(arrays) or 'no arrays'}; expected an array named "
            f"{ARRAYS[0]!r} (the class of each item, -1 unknown)"
        )
    gold = arrays[name]
    if gold.ndim == 2 and gold.shape[1] == 1:
        gold = gold[:, 0]
    if gold.ndim != 1:
        raise InputError(f"{path}: gold has shape {gold.shape}; expected one class an item")
    if gold.dtype.kind in "US":
        found = {str(i): str(name) for i, name in enumerate(gold.astype(str).tolist()) if name}
        return Gold(path, found, len(gold))
    if gold.dtype.kind not in "fiu" or not np.all(gold == np.round(gold)):
        raise InputError(
            f"{path}: gold has type {gold.dtype}; expected whole numbers, -1 where unknown, or "
            "names of classes"
        )
    found = {str(i): str(k) for i, k in enumerate(gold.astype(np.int64).tolist()) if k != -1}
    return Gold(path, found, len(gold), numbers=True)


def _columns(where: Path, columns: Sequence[str]) -> tuple[str, str]:
    """(the column of items, that of their classes) of a table of gold, by their names; of two
    columns one of which names items the other holds the classes. Raises `InputError`."""
    item = usual.found(columns, (*ITEM, *usual.ITEM))
    rest = [name for name in columns if name != item]
    name = usual.found(rest, (*CLASS, *usual.GOLD, *usual.LABEL))
    if name is None and item is not None and len(rest) == 1:
        name = rest[0]
    if item is None or name is None:
        raise InputError(
            f"{where}: found columns {', '.join(columns[:10])}; expected item and class: two "
            "columns, the first called item or id"
        )
    return item, name


def gold_in_frame(given: Any) -> Gold | None:
    """`gold_in_table` of a frame of pandas, polars or pyarrow; None of anything else."""
    import narwhals as nw

    frame = nw.from_native(given, eager_only=True, pass_through=True)
    if not isinstance(frame, nw.DataFrame):
        return None
    table = pl.from_arrow(frame.to_arrow())
    return gold_in_table(Path("gold"), table) if isinstance(table, pl.DataFrame) else None


def gold_in_table(path: Path, table: pl.DataFrame) -> Gold:
    """Gold as a table has it, in columns of usual names. Raises `InputError`, also where it tells
    the class of no item."""
    told = [usual.found(table.columns, names) for names in (ITEM, CLASS)]
    if None in told and len(table) == 1 and table.width > 2:
        # An object of JSON: its keys are the items.
        rows = table.transpose(include_header=True, header_name="item", column_names=["class"])
        item, name, table = "item", "class", rows
    else:
        item, name = _columns(path, [one for one in table.columns if one != "row"])
    known: dict[str, str] = {}
    rows = table.select(_text(table[item]).alias("item"), _text(table[name]).alias("class"))
    for number, (one, its) in enumerate(rows.iter_rows(), start=1):
        if not one or its in (None, "", "-1"):
            continue
        if known.setdefault(one, its) != its:
            raise InputError(
                f"{path}, row {number}: item {one!r} is of class {its!r} here and of "
                f"{known[one]!r} above; expected one class an item"
            )
    if not known:
        raise InputError(
            f"{path}: found {len(table):,} rows and no class in column {name!r}; expected the "
            "right class of some items, or no gold"
        )
    return Gold(path, known)


def _text(column: pl.Series) -> pl.Series:
    """Cells as text; whole numbers without a decimal point."""
    if column.dtype.is_float() and (column.drop_nulls() == column.drop_nulls().round()).all():
        column = column.cast(pl.Int64)
    return column.cast(pl.String).str.strip_chars()


def _whole(text: str) -> bool:
    return text.isascii() and text.isdecimal()
