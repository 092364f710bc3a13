"""THINGS trials: three images a row, and which of them was the odd one out."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from labelbits.answers.formats import cells, usual
from labelbits.answers.formats.crowdkit import optional
from labelbits.answers.formats.opposites import asks_for_the_farther
from labelbits.answers.formats.practice import without_practice
from labelbits.answers.formats.reader import (
    Kind,
    Options,
    Probe,
    Reader,
    columns_in,
    first_of,
    opened,
)
from labelbits.answers.formats.times import may_be_time
from labelbits.answers.formats.who import annotators, who_column
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError

#: Places that three columns may be called after, beside a column that says it holds the odd one.
PLACES = (("a", "b", "c"), ("item_a", "item_b", "item_c"), ("image_a", "image_b", "image_c"),
          ("left", "middle", "right"), ("left", "center", "right"))  # fmt: skip
NUMBERED = ("image", "image_", "img", "stim", "stimulus", "item", "item_", "object", "word")
IMAGES = (*(tuple(f"{name}{i}" for i in (1, 2, 3)) for name in NUMBERED), *PLACES)
ODD = ("odd", "odd_one", "odd_one_out", "oddone", "odd_item", "outlier", "intruder")
CHOICE = ("choice", *ODD, "response", "answer", "chosen")


def _shown(table: pl.DataFrame) -> list[str] | None:
    for names in IMAGES:
        found = [first_of(table, name) for name in names]
        if None not in found:
            return [str(name) for name in found]
    return None


def _choice(table: pl.DataFrame) -> str | None:
    """The column of the odd one; beside places that are called a, b, c it has to say so itself."""
    shown = [usual.plain(name) for name in _shown(table) or ()]
    placed = shown in [[usual.plain(name) for name in names] for names in PLACES]
    found = first_of(table, *(ODD if placed else CHOICE))
    far = [name for name in table.columns if asks_for_the_farther(name) and not may_be_time(name)]
    return found or (far[0] if len(far) == 1 else None)


def read(path: Path, kind: Kind, options: Options) -> Parsed:
    """`choice` names the odd one, or its place 1, 2, 3; where both fit, the file is refused."""
    table, rejects, notes = opened(path, kind)
    shown, choice = _shown(table), _choice(table)
    if shown is None or choice is None:
        raise InputError(
            f"{path}: found columns {columns_in(table)}; expected image1, image2, image3 and choice"
        )
    table = without_practice(path, table, {*shown, choice}, rejects, notes)
    own = table.select(
        *(cells.text(name, table).alias(key) for key, name in zip("abc", shown, strict=True)),
        cells.text(choice, table).alias("choice"),
        "row",
    )
    named = pl.any_horizontal(*(pl.col("choice") == pl.col(key) for key in "abc"))
    by_name = float(own.select(named.fill_null(False).mean()).item() or 0.0)
    by_place = bool(own["choice"].drop_nulls().is_in(["1", "2", "3"]).all())
    called = {usual.plain(name): str(k) for k, name in enumerate(shown, 1)}
    called |= {"a": "1", "b": "2", "c": "3"}
    said = own["choice"].drop_nulls().str.to_lowercase().str.replace_all(r"[\W_]", "")
    if not by_place and by_name < 0.5 and len(said) and said.is_in(list(called)).all():
        own = own.with_columns(
            pl.col("choice").str.to_lowercase().str.replace_all(r"[\W_]", "").replace(called)
        )
        by_place = True
    if by_place and by_name > 0.99:
        raise InputError(
            f"{path}: column {choice!r} may name the odd image or its place 1 to 3, since images "
            "are called 1 to 3 too; give images other names"
        )
    if by_place:
        place = pl.col("choice").cast(pl.Int64, strict=False) - 1
        notes.append(f"{path.name}: column {choice!r} is the place (1 to 3) of the odd one")
    else:
        place = (
            pl.when(pl.col("choice") == pl.col("a")).then(0)
            .when(pl.col("choice") == pl.col("b")).then(1)
            .when(pl.col("choice") == pl.col("c")).then(2)
        )  # fmt: skip
        notes.append(f"{path.name}: column {choice!r} names the odd one out")
    own = own.with_columns(place.alias("odd"))
    for row, found in own.filter(own["odd"].is_null()).select("row", "choice").iter_rows():
        rejects.add(row, "choice is none of the three images", found or "")
    extra = optional(path, table, options, notes)
    worker = who_column(table.drop(*shown, choice))
    said = own.with_columns(annotator=annotators(path, table, worker, notes), **extra).filter(
        pl.col("odd").is_not_null()
    )
    return Parsed(
        said.select(
            pl.lit("odd-one-out").alias("signal"),
            "annotator",
            pl.concat_list("a", "b", "c").alias("items"),
            pl.col("odd").cast(pl.String).alias("answer"),
            *extra,
            "row",
        ),
        rejects,
        notes=notes,
    )


def matches(probe: Probe) -> bool:
    """Three images and a choice."""
    table = pl.DataFrame(schema=dict.fromkeys(probe.columns, pl.String))
    return _shown(table) is not None and _choice(table) is not None


READER = Reader("things", "THINGS trials: image1, image2, image3, choice", matches, read)
