"""Arrays and tables of numbers: which of four readings fits, and each of them.

Counts of votes (items x classes), class numbers or names (items x annotators, as cleanlab has
them), probabilities (items x classes) and odd-one-out triples have one shape. What fits is told
by the numbers: labels of one item agree, votes of one item compete, probabilities sum to 1, and a
triple names three items. Where two readings fit, both are shown to the user.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from labelbits.answers.files.numpy_files import load_npz
from labelbits.answers.files.opening import Rejects, open_text
from labelbits.answers.formats import cells, times, usual
from labelbits.answers.formats.card_sorting import SIGNALS, as_pairs, refuse_piles
from labelbits.answers.formats.class_columns import class_names
from labelbits.answers.formats.column_names import tallied
from labelbits.answers.formats.deciding import decide
from labelbits.answers.formats.number_tables import (
    AGREE,
    agreement_beyond_chance,
    split_ids,
    which_fit,
)
from labelbits.answers.formats.people_tables import (
    SAID_RIGHT,
    times_of_people,
    times_said,
    without_strangers,
)
from labelbits.answers.formats.question_grids import grid_of
from labelbits.answers.formats.reader import Kind, Options, Probe, Reader, load_table
from labelbits.answers.formats.row_names import id_of_rows
from labelbits.answers.formats.summary_rows import without_summaries
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError
from labelbits.interface import NOBODY


@dataclass(frozen=True)
class Numbers:
    """Rows of numbers, NaN where there are none; names of rows and columns, if there are any."""

    values: np.ndarray
    items: tuple[str, ...]
    columns: tuple[str, ...]


def load_numbers(path: Path, kind: Kind, rejects: Rejects, notes: list[str], name: str) -> Numbers:
    """The array of a file (the one called `name`, where there are several) as float64."""
    if kind == "numpy":
        arrays = load_npz(path)
        pick = name if name in arrays else next((n for n, a in arrays.items() if a.ndim == 2), None)
        if pick is None:
            raise InputError(f"{path}: holds no array of rows x columns; found {list(arrays)}")
        array = arrays[pick]
        if array.ndim != 2 or array.dtype.kind not in "iufb":
            raise InputError(
                f"{path}: array {pick!r} has shape {array.shape} of {array.dtype}; "
                "expected numbers, rows x columns"
            )
        names = arrays.get("class_names")
        told = names is not None and names.shape == (array.shape[1],)
        columns = tuple(str(n) for n in names) if names is not None and told else ()
        return Numbers(array.astype(np.float64), _rows(len(array)), columns)
    if kind == "numbers":
        values = _plain_numbers(path, rejects, notes)
        return Numbers(values, _rows(len(values)), ())
    table, items = split_ids(load_table(path, kind, rejects, notes).drop("row"), path, notes)
    if name == "counts" and (share := _percent(table)) is not None:
        raise InputError(
            f"{path}: column {share!r} holds percentages; expected counts of votes: --format "
            "probabilities reads each row as a soft label"
        )
    comma = cells.decimal_commas(table)
    own = [cells.numbers(table[c], comma).to_numpy() for c in table.columns]
    values = np.stack(own or [[]], axis=1)
    return Numbers(values.astype(float), items, tuple(table.columns))


def _percent(table: pl.DataFrame) -> str | None:
    """The first column whose cells bear the sign of per cents."""
    signed = (
        name for name in table.columns
        if table[name].dtype == pl.String and table[name].str.contains(r"\d\s*%\s*$").any()
    )  # fmt: skip
    return next(signed, None)


def _rows(count: int) -> tuple[str, ...]:
    return tuple(str(i) for i in range(count))


def _plain_numbers(path: Path, rejects: Rejects, notes: list[str]) -> np.ndarray:
    """Lines of numbers apart by blanks, commas or tabs, without a header."""
    rows: list[list[float]] = []
    width = 0
    with open_text(path, notes) as stream:
        for line_number, line in enumerate(stream, 1):
            if not line.strip() or line.startswith("#"):
                continue
            text = line[:100_000].lstrip("\ufeff").replace(",", " ").replace(";", " ")
            try:
                row = [float(cell) for cell in text.split()]
            except ValueError:
                row = []
            width = width or len(row)
            if not row or len(row) != width:
                rejects.add(line_number, f"expected {width or 'three'} whole numbers", line[:1000])
            else:
                rows.append(row)
    return np.asarray(rows, dtype=float).reshape(len(rows), width)


def read_counts(path: Path, kind: Kind, options: Options) -> Parsed:
    """items x classes counts: one `votes` answer an item; a row of zeros is not labelled yet."""
    rejects, notes = Rejects(), []
    found = load_numbers(path, kind, rejects, notes, "counts")
    counts, classes = found.values, _classes(path, found, options)
    good = np.isfinite(counts).all(1) & (counts >= 0).all(1) & (counts == np.round(counts)).all(1)
    for row in np.flatnonzero(~good):
        rejects.add(int(row) + 1, "counts are not whole numbers of 0 or more", counts[row].tolist())
    asked = np.flatnonzero(good & (counts.sum(1) > 0))
    names = [json.dumps(name, ensure_ascii=False) for name in classes]
    answers = [
        "{"
        + ", ".join(f"{name}: {int(n)}" for name, n in zip(names, counts[row], strict=True) if n)
        + "}"
        for row in asked
    ]
    notes.append(_oriented(path, counts, "items", "classes, each row the votes on one item"))
    table = _of_rows(found.items, asked, answers, "votes", "counts")
    return Parsed(table, rejects, classes, found.items, notes)


def read_probabilities(path: Path, kind: Kind, options: Options) -> Parsed:
    """items x classes probabilities: one `soft` answer an item."""
    rejects, notes = Rejects(), []
    found = load_numbers(path, kind, rejects, notes, "probabilities")
    values, classes = found.values, _classes(path, found, options, shares=True)
    total = values.sum(1)
    good = np.isfinite(values).all(1) & (values >= 0).all(1) & (total > 0)
    for row in np.flatnonzero(~good):
        rejects.add(int(row) + 1, "row holds no probabilities", values[row].tolist())
    asked = np.flatnonzero(good)
    answers = [
        json.dumps(
            {name: round(float(p), 7) for name, p in zip(classes, values[row], strict=True) if p},
            ensure_ascii=False,
        )
        for row in asked
    ]
    notes.append(_oriented(path, values, "items", "classes, each row one soft label"))
    table = _of_rows(found.items, asked, answers, "soft", NOBODY)
    return Parsed(table, rejects, classes, found.items, notes)


def _classes(path: Path, found: Numbers, options: Options, shares: bool = False) -> tuple[str, ...]:
    """The class of each column: told, named by the file, or its number."""
    width = found.values.shape[1]
    named = class_names(found.columns) if shares else tallied(found.columns) or found.columns
    classes = options.classes or named or tuple(str(k) for k in range(width))
    if len(classes) != width:
        raise InputError(
            f"{path}: counts have {width} columns; expected one for each of the "
            f"{len(classes)} classes"
        )
    return classes


def _of_rows(
    items: tuple[str, ...], asked: np.ndarray, answers: list[str], signal: str, who: str
) -> pl.DataFrame:
    return pl.DataFrame(
        {"items": [[items[row]] for row in asked], "answer": answers, "row": asked + 1},
        schema={"items": pl.List(pl.String), "answer": pl.String, "row": pl.Int64},
    ).with_columns(signal=pl.lit(signal), annotator=pl.lit(who))


def _oriented(path: Path, values: np.ndarray, rows: str, columns: str) -> str:
    return f"{path.name}: {len(values):,} rows are {rows}, {values.shape[1]} columns are {columns}"


def read_matrix(path: Path, kind: Kind, options: Options) -> Parsed:
    """cleanlab's items x annotators: a class number or name, nothing where one was not asked."""
    rejects, notes = Rejects(), []
    if kind in ("numpy", "numbers"):
        found = load_numbers(path, kind, rejects, notes, "labels")
        items, values = found.items, found.values
        whole = table = pl.DataFrame({str(i): values[:, i] for i in range(values.shape[1])})
    else:
        whole = load_table(path, kind, rejects, notes).drop("row")
        whole = without_summaries(whole, id_of_rows(whole), path, notes)
        table, items = split_ids(whole, path, notes)
    table, gold = _without_truth(table, items, path, notes)
    timed = times_of_people(whole.columns, table.columns)
    table = without_strangers(table.drop(timed.values(), strict=False), path, notes)
    if len(items) * table.width > LARGEST_MATRIX:
        raise InputError(f"{path}: {len(items):,} x {table.width:,} labels are too many to read")
    heads = table.columns
    grid = grid_of(heads)
    known = [cells.names(table[name]) for name in heads]
    empty = [name for name, own in zip(heads, known, strict=True) if own.null_count() == len(own)]
    if empty:
        notes.append(f"{path.name}: columns without a label: {cells.shown(empty)}")
    what = "annotators"
    if grid:
        asked, people = ({part[k] for part in grid.values()} for k in (0, 1))
        what = f"{len(asked)} questions to {len(people)} annotators each"
    notes.append(
        f"{path.name}: {len(items):,} rows are items, {len(heads) - len(empty)} columns are {what}"
    )
    row = pl.Series("row", np.arange(1, len(items) + 1))
    parts = [
        pl.DataFrame({"row": row, "item": items, "value": own}).with_columns(
            annotator=pl.lit(grid[name][1] if grid else name),
            question=pl.lit(grid[name][0] if grid else ""),
            place=pl.lit(i),
            **_times(path, whole, timed, name, notes),
        )
        for i, (name, own) in enumerate(zip(heads, known, strict=True))
    ]
    said = pl.concat(parts).sort("row", "place").drop("place") if parts else pl.DataFrame()
    if not len(said) or said["value"].null_count() == len(said):
        return Parsed(pl.DataFrame(schema=EMPTY), rejects, notes=notes)
    said = said.filter(pl.col("value").is_not_null())
    distinct = said["value"].unique().to_list()
    # An array of whole numbers has no other way to say that a label is missing.
    bare = kind in ("numpy", "numbers") and "0" in distinct and "1" in distinct
    signs = not options.classes and not bare and cells.are_signs(distinct)
    filler = signs and {"-1", "0", "1"} == set(distinct) and fills(table, "-1")
    if "-1" in distinct and (filler or not signs) and "-1" not in options.classes:
        why = "people do not agree on it (--classes=-1,0,1 makes it a class)" if filler else ""
        notes.append(
            f"{path.name}: labels -1 count as missing: {int((said['value'] == '-1').sum()):,}"
            + (f", since {why}" if why else "")
        )
        said, signs = said.filter(pl.col("value") != "-1"), False
    if options.signal in SIGNALS:
        return replace(
            as_pairs(path, said, str(options.signal), notes), rejected=rejects, items=items
        )
    if options.signal is None and not grid:
        refuse_piles(path, said, "", "--format cleanlab ")
    names, said = (options.classes, said) if signs else _numbered(said, options, rejects)
    own = Options(names, options.signal or "hard", options.seed, question=options.question)
    decided = decide(path, said, own, rejects, notes)
    return Parsed(decided, rejects, names, items, notes, gold)


def _times(
    path: Path, whole: pl.DataFrame, timed: Mapping[str, str], person: str, notes: list[str]
) -> dict[str, pl.Series]:
    """The seconds of one person's labels, where the table holds anybody's."""
    if not timed:
        return {}
    name = timed.get(person)
    own = None
    if name is not None:
        said = times_said(name, person)  # what its heading says of the unit, without the person
        heard: list[str] = []
        own = times.seconds(path, whole.select(pl.col(name).alias(said)), heard)
        heard = [one.replace(repr(said), repr(name)).split("; --columns")[0] for one in heard]
        notes.extend(one for one in heard if name == next(iter(timed.values())))
    none = pl.repeat(None, len(whole), dtype=pl.Float64, eager=True)
    return {"seconds": none if own is None else own.cast(pl.Float64)}


def _without_truth(
    table: pl.DataFrame, items: tuple[str, ...], path: Path, notes: list[str]
) -> tuple[pl.DataFrame, dict[str, str]]:
    """(the columns of annotators, item -> class of a column called gold); columns of what several
    people said together are left out too."""
    gold: dict[str, str] = {}
    for name in table.columns:
        plain = usual.plain(name)
        if plain not in SAID_RIGHT:
            continue
        if plain not in usual.TOGETHER and not gold:
            known = zip(items, cells.names(table[name]).to_list(), strict=True)
            gold = {item: value for item, value in known if not cells.is_missing(value)}
            notes.append(f"{path.name}: column {name!r} is the right class of each item (gold)")
        else:
            notes.append(f"{path.name}: column {name!r} is nobody's own label and is not read")
        table = table.drop(name)
    return table, {item: value for item, value in gold.items() if value is not None}


def fills(table: pl.DataFrame, mark: str) -> bool:
    """Does a mark in a table of items x annotators fill what was not asked, as it stands in rows no
    more together than chance has it? A class that people see stands together."""
    own = np.stack([(cells.names(table[name]) == mark).fill_null(False).to_numpy()
                    for name in table.columns], axis=1)  # fmt: skip
    return agreement_beyond_chance(own.astype(float)) <= AGREE


#: Cells of a matrix of labels.
LARGEST_MATRIX = 50_000_000
EMPTY = {"signal": pl.String, "annotator": pl.String, "items": pl.List(pl.String),
         "answer": pl.String, "row": pl.Int64}  # fmt: skip


def _numbered(
    said: pl.DataFrame, options: Options, rejects: Rejects
) -> tuple[tuple[str, ...], pl.DataFrame]:
    """(names of the classes, the labels by name): class numbers count from 0, or from the lowest
    where 0 is never said."""
    distinct = said["value"].unique(maintain_order=True).to_list()
    if any(name in options.classes for name in distinct) or not all(map(cells.is_number, distinct)):
        return options.classes, said
    wrong = [name for name in distinct if not name.isdecimal() or len(name) > 6]
    for row, found in said.filter(pl.col("value").is_in(wrong)).select("row", "value").iter_rows():
        rejects.add(row, "expected a class number of 0 or more", found)
    said = said.filter(~pl.col("value").is_in(wrong))
    count = max((int(name) for name in distinct if name not in wrong), default=-1) + 1
    first = min((int(name) for name in distinct if name not in wrong), default=0)
    if not options.classes and first > 0:
        return tuple(str(k) for k in range(first, count)), said
    names = options.classes or tuple(str(k) for k in range(count))
    high = [name for name in distinct if name not in wrong and int(name) >= len(names)]
    for row, found in said.filter(pl.col("value").is_in(high)).select("row", "value").iter_rows():
        rejects.add(row, f"unknown class number; there are {len(names)} classes", found)
    said = said.filter(~pl.col("value").is_in(high))
    table = {str(k): name for k, name in enumerate(names)}
    return names, said.with_columns(pl.col("value").replace(table))


def fits(name: str, probe: Probe) -> bool:
    """Is `name` one of the readings that the numbers of a file allow?"""
    return name in which_fit(probe)


COUNTS = Reader(
    "counts", "items x classes counts of votes (.npz, .npy, CSV)",
    lambda probe: fits("counts", probe), read_counts, weakness=2,
)  # fmt: skip
PROBABILITIES = Reader(
    "probabilities", "items x classes probabilities: one soft label an item",
    lambda probe: fits("probabilities", probe), read_probabilities, weakness=2,
)  # fmt: skip
MATRIX = Reader(
    "cleanlab", "cleanlab's items x annotators matrix of class numbers or names",
    lambda probe: fits("cleanlab", probe), read_matrix, weakness=2,
)  # fmt: skip
