"""Rows of three item numbers: the odd one last, or the nearer before the farther."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats import cells
from labelbits.answers.formats.arrays import fits, load_numbers
from labelbits.answers.formats.reader import Kind, Options, Reader, load_table
from labelbits.answers.formats.row_names import ROW_NUMBERS
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError
from labelbits.interface import NOBODY


def read_triples(path: Path, kind: Kind, options: Options) -> Parsed:
    """THINGS triples: three item numbers, the odd one last; the order is shuffled by the seed."""
    rejects, notes = Rejects(), []
    if kind in ("csv", "parquet", "json"):
        table = load_table(path, kind, rejects, notes)
        own = table.drop("row", *[n for n in table.columns if n in ROW_NUMBERS])
        triples = np.stack([cells.numbers(own[c]).to_numpy() for c in own.columns] or [[]], axis=1)
    else:
        triples = load_numbers(path, kind, rejects, notes, "triples").values
    if triples.shape[1] != 3:
        raise InputError(
            f"{path}: rows have {triples.shape[1]} numbers; expected 3, the odd one last"
        )
    good = (
        np.isfinite(triples).all(1)
        & (triples == np.round(triples)).all(1)
        & (np.abs(triples) < 1e15).all(1)
    )
    for row in np.flatnonzero(~good):
        rejects.add(int(row) + 1, "expected three whole numbers", triples[row].tolist())
    rows = np.flatnonzero(good)
    # The odd one always comes last in the file: shuffled, its place carries no information.
    order = np.random.default_rng(options.seed).permuted(
        np.tile(np.arange(3), (len(rows), 1)), axis=1
    )
    shown = np.take_along_axis(triples[rows].astype(np.int64), order, axis=1)
    if options.signal == "triplet":
        own = triples[rows].astype(np.int64)
        return _near_first(path, own, rows, options.seed, rejects, notes)
    notes.append(
        f"{path.name}: each row is read as a triple of items, the odd one last (--signal triplet: "
        "the first is nearer to the second than to the third)"
    )
    table = pl.DataFrame(
        {
            "a": shown[:, 0],
            "b": shown[:, 1],
            "c": shown[:, 2],
            "odd": np.argmax(order == 2, axis=1),
            "row": rows + 1,
        }
    ).select(
        pl.lit("odd-one-out").alias("signal"),
        pl.lit(NOBODY).alias("annotator"),
        pl.concat_list(pl.col("a", "b", "c").cast(pl.String)).alias("items"),
        pl.col("odd").cast(pl.String).alias("answer"),
        "row",
    )
    return Parsed(table, rejects, notes=notes)


def _near_first(
    path: Path, triples: np.ndarray, rows: np.ndarray, seed: int, rejects: Rejects, notes: list[str]
) -> Parsed:
    """Rows i, j, k that say that i is nearer to j than to k, which of the two stands first drawn by
    the seed: in the file the nearer one always does."""
    notes.append(
        f"{path.name}: each row is read as a triplet: the first item is nearer to the second than "
        "to the third"
    )
    turned = np.random.default_rng(seed).random(len(rows)) < 0.5
    shown = np.where(turned[:, None], triples[:, [0, 2, 1]], triples)
    table = pl.DataFrame(shown, schema=["a", "b", "c"]).select(
        pl.lit("triplet").alias("signal"),
        pl.lit(NOBODY).alias("annotator"),
        pl.concat_list(pl.col("a", "b", "c").cast(pl.String)).alias("items"),
        pl.Series("answer", turned.astype(np.int64)).cast(pl.String),
        pl.Series("row", rows + 1),
    )
    return Parsed(table, rejects, notes=notes)


READER = Reader(
    "odd-one-out", "integer triples, the odd one last",
    lambda probe: fits("odd-one-out", probe), read_triples, weakness=2,
)  # fmt: skip
