"""From people's own tables to a plan: items joined by id, texts or columns as features, labels.

A table has a row an item or a row an answer; both can be mixed, also over several files. Items
without a label are what can be bought.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from labelbits.answers.formats import cells
from labelbits.errors import InputError
from labelbits.interface import Answers
from labelbits.signals.encoding import IDS

if TYPE_CHECKING:
    from labelbits.answers.files.opening import Rejects

#: Values of a label that mean that there is none.
MISSING = cells.MISSING | {"none", "-"}


@dataclass(frozen=True)
class Columns:
    """Which column is what; None or () where the user did not say."""

    id: str | None = None
    text: str | None = None
    features: tuple[str, ...] = ()
    label: str | None = None
    annotator: str | None = None
    seconds: str | None = None
    gold: str | None = None


@dataclass
class Items:
    """What was found: `ids` and `features` of all items, `answers` and `gold` of some; `notes`."""

    ids: list[str]
    features: np.ndarray
    answers: Answers | None
    gold: list[str | None] | None
    notes: list[str] = field(default_factory=list)


def read_tables(paths: Sequence[Path], columns: Columns, seed: int = 0) -> Items:
    """Read tables of items and answers, and join them by id.

    Raises `InputError` that names the file and the column for what is missing or does not fit.
    """
    notes: list[str] = []
    tables = [read_table(Path(path), notes) for path in paths]
    table = pl.concat(tables, how="diagonal_relaxed") if len(tables) > 1 else tables[0]
    where = ", ".join(str(path) for path in paths)
    for what in ("text", "label", "annotator", "seconds", "gold"):
        _known(table, getattr(columns, what), f"--{what}", where)
    for one in columns.features:
        _known(table, one, "--features", where)
    if not columns.text and not columns.features:
        names = ", ".join(table.columns)
        raise InputError(
            f"{where}: what describes the items is not said; expected --text COLUMN, or --features "
            f"COLUMN for each column of numbers (columns: {names})"
        )
    name = _id_column(table, columns, where, notes, len(tables))
    table = table.with_columns(pl.col(name).cast(pl.String).alias("id of item"))
    empty = table["id of item"].is_null()
    if empty.any():
        raise InputError(
            f"{where}: {int(empty.sum())} rows have no {name} (row {int(empty.arg_max() or 0) + 1} "
            "is one); expected an id in every row"
        )
    ids = table["id of item"].unique(maintain_order=True).to_list()
    features = _features(table, ids, columns, where, seed, notes)
    answers = _answers(table, columns, where) if columns.label else None
    if answers is not None:
        free = len(ids) - len(answers.items)
        notes.append(
            f"{len(answers):,} answers on {len(answers.items):,} of {len(ids):,} items were read; "
            f"{free:,} items have no label and can be bought"
        )
    gold = None
    if columns.gold:
        known = table.select("id of item", pl.col(columns.gold).cast(pl.String).alias("gold"))
        held = {i: g for i, g in known.iter_rows() if g is not None and g.lower() not in MISSING}
        gold = [held.get(one) for one in ids]
    return Items(ids, features, answers, gold, notes)


def read_table(path: Path, notes: list[str]) -> pl.DataFrame:
    """A CSV, TSV, JSON-lines or Parquet file as a table, its rows in order."""
    from labelbits.answers.files.csv_files import read_csv
    from labelbits.answers.files.json_files import json_elements
    from labelbits.answers.files.opening import Rejects, check_file, head
    from labelbits.answers.files.parquet import read_parquet

    check_file(path)
    rejects = Rejects()
    start = head(path).lstrip()
    if start.startswith(b"PAR1"):
        table = read_parquet(path, notes)
    elif start[:1] in (b"{", b"["):
        rows = [row for _, row in json_elements(path, rejects, notes) if isinstance(row, dict)]
        if not rows:
            raise InputError(f"{path}: holds no rows; expected a JSON object a row")
        table = pl.from_dicts(rows, infer_schema_length=None)
    else:
        table = read_csv(path, rejects, notes)
    _refuse(path, rejects)
    return table.drop("row", strict=False)


def _refuse(path: Path, rejects: Rejects) -> None:
    lost = rejects.frame()
    if len(lost):
        first = lost.row(0, named=True)
        raise InputError(
            f"{path}: row {first['row']}: {first['reason']} (and {len(lost) - 1} more rows); "
            "expected the same columns in every row"
        )


def _known(table: pl.DataFrame, name: str | None, flag: str, where: str) -> None:
    if name is not None and name not in table.columns:
        raise InputError(
            f"{where}: {flag} names the column {name!r}; expected one of: "
            f"{', '.join(table.columns)}"
        )


def _id_column(
    table: pl.DataFrame, columns: Columns, where: str, notes: list[str], files: int
) -> str:
    """The column that names items; row numbers where there is none and every row is an item."""
    if columns.id is not None:
        _known(table, columns.id, "--id", where)
        return columns.id
    by_name = {name.lower(): name for name in table.columns}
    found = next((by_name[name] for name in IDS if name in by_name), None)
    if found is None and columns.text and columns.annotator:
        notes.append(f"no column is called {', '.join(IDS[:3])}: equal texts are one item (--id)")
        return columns.text
    if found is not None:
        notes.append(f"items are named by the column {found!r} (--id says otherwise)")
        return found
    if files > 1:
        raise InputError(
            f"{where}: no column that joins them ({', '.join(IDS)}); expected --id COLUMN"
        )
    notes.append("every row is an item of its own: no column of ids was found (--id names one)")
    table.insert_column(0, pl.Series("row number", range(len(table))).cast(pl.String))
    return "row number"


def _features(
    table: pl.DataFrame, ids: list[str], columns: Columns, where: str, seed: int, notes: list[str]
) -> np.ndarray:
    """(items, columns): vectors of the texts, or the columns of numbers."""
    wanted = [columns.text] if columns.text else list(columns.features)
    first = (
        table.group_by("id of item", maintain_order=True)
        .agg(pl.col(one).drop_nulls().first() for one in wanted)
        .select(wanted)
    )
    for one in wanted:
        missing = first[one].is_null()
        if missing.any():
            place = ids[int(missing.arg_max() or 0)]
            raise InputError(
                f"{where}: {int(missing.sum())} items have no {one} (item {place!r} is one); "
                "expected one in some row of every item"
            )
    if columns.text:
        from labelbits.items.texts import embed_texts

        vectors = embed_texts(first[columns.text].cast(pl.String).to_list(), seed=seed)
        notes.append(
            f"texts became {vectors.shape[1]} columns by TF-IDF and truncated SVD, with no download"
        )
        return vectors
    if len(wanted) == 1 and isinstance(first[wanted[0]].dtype, (pl.List, pl.Array)):
        lengths = first[wanted[0]].list.len().unique()
        if len(lengths) > 1:
            raise InputError(
                f"{where}: vectors of {wanted[0]} have {lengths.min()} to {lengths.max()} numbers; "
                "expected equally many"
            )
        return np.array(first[wanted[0]].to_list(), dtype=np.float32)
    numbers = first.select(pl.col(wanted).cast(pl.Float32, strict=False))
    for one in wanted:
        bad = numbers[one].is_null()
        if bad.any():
            found = first[one][int(bad.arg_max() or 0)]
            raise InputError(f"{where}: column {one!r} holds {found!r}; expected numbers")
    return numbers.to_numpy()


def _answers(table: pl.DataFrame, columns: Columns, where: str) -> Answers | None:
    """The labels, read as any table of answers is."""
    from labelbits.answers import read_answers

    label = pl.col(columns.label or "")
    if isinstance(table[columns.label or ""].dtype, pl.List):
        raise InputError(
            f"{where}: column {columns.label!r} holds lists; expected one label a row (several "
            "ticks are answers of the kind `candidates`: use a pilot in a plan file)"
        )
    kept = table.with_columns(label.cast(pl.String).str.strip_chars().alias("answer")).filter(
        pl.col("answer").is_not_null(), ~pl.col("answer").str.to_lowercase().is_in(list(MISSING))
    )
    if not len(kept):
        raise InputError(f"{where}: column {columns.label!r} holds no label; expected some")
    chosen: dict[str, Any] = {
        "item": pl.col("id of item"),
        "annotator": (
            pl.col(columns.annotator).cast(pl.String) if columns.annotator else pl.lit("annotator")
        ),
        "label": pl.col("answer"),
    }
    if columns.seconds:
        chosen["seconds"] = pl.col(columns.seconds)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "answers.csv"
        kept.select(**chosen).write_csv(file)
        return read_answers(file, signal="hard")


@dataclass(frozen=True)
class AskedKind:
    """One option of the command line: KIND[:N][@PRICE]."""

    kind: str
    answers_per_item: int | None = None
    price: float | None = None

    @classmethod
    def parse(cls, text: str) -> AskedKind:
        """Raises `InputError` for what is not KIND[:N][@PRICE]."""
        found = re.fullmatch(r"([a-z-]+)(?::(\d+))?(?:@(\d+(?:\.\d+)?))?", text.strip())
        if not found:
            raise InputError(
                f"--ask {text!r}: expected KIND[:N][@PRICE], such as hard@0.05 or votes:3@0.05"
            )
        kind, count, price = found.groups()
        return cls(kind, int(count) if count else None, float(price) if price else None)

    def table(self) -> dict[str, Any]:
        """The same as a [[signal]] of a plan file."""
        given = {"answers_per_item": self.answers_per_item, "price": self.price}
        return {"kind": self.kind} | {k: v for k, v in given.items() if v is not None}
