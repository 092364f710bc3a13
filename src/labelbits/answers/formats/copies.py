"""Several rows of one person about one item of a plain table: copies, second answers, ticks.

One rule for every file, whatever else it holds. A row that equals an earlier one in every column
is a copy. Rows that differ in another column than the answer (a time, an id, a session) are second
answers of the same person. Rows that differ in the answer alone are ticks of one answer, where a
person hardly ever names the same class twice; else it cannot be told when each was given, and the
first counts.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats import cells
from labelbits.answers.formats.reader import Kind, load_table
from labelbits.answers.formats.row_names import ROW_NUMBERS
from labelbits.answers.formats.who import NOBODY
from labelbits.errors import InputError

#: Of the rows of one person about one item, the least share that name another class where they
#: are ticks; the fewest pairs of a person and an item with several rows, as a share and in all.
OTHERS, SEVERAL, LEAST = 0.9, 0.05, 3
#: Pairs of a person and an item with several rows, in all and as a share of all pairs, that are
#: ticks although something else differs too, where no row says what another of them says.
MANY, MOSTLY = 10, 0.5


def without_copies(
    path: Path,
    kind: Kind,
    said: pl.DataFrame,
    label: str,
    rejects: Rejects,
    notes: list[str],
    told: bool = False,
) -> pl.DataFrame:
    """`said` (a row an answer: item, annotator, value, row, ...) by the rule above; the column
    `label` of the file holds the answers, as the user says (`told`) or its name."""
    asked = ["item", "annotator", *(["question"] if "question" in said.columns else [])]
    named = said.filter(pl.col("annotator") != NOBODY)  # those without names are several people
    if not named.select(asked).is_duplicated().any():
        return said
    whole = load_table(path, kind, Rejects(), [])
    beyond = ("row", label, *ROW_NUMBERS)
    others = [name for name in whole.columns if name not in beyond and is_flat(whole[name])]
    beside = pl.struct(pl.col(others).cast(pl.String, strict=False)) if others else pl.lit(0)
    marked = whole.select("row", beside.hash().alias("\0")).unique("row", keep="first")
    own = named.select(*asked, "value", "row").join(marked, on="row", how="left")
    own = own.filter(pl.col("value").is_not_null()).with_columns(
        first=pl.col("row").first().over([*asked, "\0"]),
        same=pl.col("row").first().over([*asked, "\0", "value"]),
    )
    copies = own.filter(pl.col("row") != pl.col("same"))
    again = own.filter((pl.col("row") == pl.col("same")) & (pl.col("row") != pl.col("first")))
    if not len(copies) and not len(again):
        return _as_ticks_beside(path, said, own, asked, notes, told)
    for row, earlier in copies.select("row", "same").iter_rows():
        rejects.add(int(row), "a copy of an earlier row; the first is kept", f"row {earlier}")
    if len(copies):
        notes.append(
            f"{path.name}: {counted(len(copies), 'row equals', 'rows equal')} an earlier one in "
            "every column: copies, not second answers, so the first of each is kept"
        )
    kept = said.filter(~pl.col("row").is_in(copies["row"].implode()))
    if not len(again):
        return kept
    if _are_ticks(own, asked, copies, again):
        return _ticked(path, kept, again, notes)
    for row, earlier in again.select("row", "first").iter_rows():
        said_of_it = "the same person's other answer, with nothing that tells which came later"
        rejects.add(int(row), f"{said_of_it}; the first is kept", f"row {earlier}")
    notes.append(
        f"{path.name}: {counted(len(again), 'row differs', 'rows differ')} from an earlier one of "
        "the same person in the answer alone: the first counts. A column of times or ids makes "
        "them second answers, which tell how steady a person is"
    )
    return kept.filter(~pl.col("row").is_in(again["row"].implode()))


def _as_ticks_beside(
    path: Path,
    said: pl.DataFrame,
    own: pl.DataFrame,
    asked: list[str],
    notes: list[str],
    told: bool,
) -> pl.DataFrame:
    """`said`, where most people name several classes of most items and never one of them twice: not
    second answers, of which most would be the same, but ticks with something beside each (a time, a
    strength)."""
    groups = own.group_by(asked).agg(
        pl.len().alias("n"), pl.col("value").n_unique().alias("names"), pl.col("row").min()
    )
    several = groups.filter(pl.col("n") > 1)
    steps = all(map(cells.is_number, own["value"].unique()))
    if len(several) < max(MANY, MOSTLY * len(groups)) or steps:
        return said
    if (several["names"] < several["n"]).any():
        return said
    if bool((several["names"] == own["value"].n_unique()).all()):
        if told:
            return said
        raise InputError(
            f"{path}: each person has a row for every class of an item, so that the answer is what "
            "stands beside the class; expected its column under a heading that says what it is: "
            "rank (1 is the nearest class), probability (shares of the classes) or votes"
        )
    first = own.select("row", first=pl.col("row").min().over(asked))
    again = first.filter(pl.col("row") != pl.col("first"))
    return _ticked(path, said, again, notes, "and something beside it")


def is_flat(column: pl.Series) -> bool:
    """Can the cells of a column be compared as text?"""
    return not column.dtype.is_nested() and column.dtype not in (pl.Binary, pl.Object)


def counted(count: int, one: str, several: str) -> str:
    """A number of things in words."""
    return f"{count:,} {one if count == 1 else several}"


def _are_ticks(
    own: pl.DataFrame, asked: list[str], copies: pl.DataFrame, again: pl.DataFrame
) -> bool:
    """Do people name several classes of one item, and hardly ever the same one twice?"""
    several = again["first"].n_unique()
    few = several < max(LEAST, SEVERAL * own.select(asked).n_unique())
    numbers = all(map(cells.is_number, own["value"].unique()))  # steps are no ticks
    return not few and not numbers and len(again) >= OTHERS * (len(again) + len(copies))


def _ticked(
    path: Path, kept: pl.DataFrame, again: pl.DataFrame, notes: list[str], beside: str = "alone"
) -> pl.DataFrame:
    """Rows that differ in the answer alone as one answer each, a list of classes."""
    firsts = dict(zip(again["row"].to_list(), again["first"].to_list(), strict=True))
    owner = pl.col("row").replace(firsts).alias("owner")
    lists = (
        kept.with_columns(owner)
        .group_by("owner", maintain_order=True)
        .agg(pl.col("value").drop_nulls())
        .with_columns(
            pl.col("value").map_elements(
                lambda names: cells.as_text(list(names)) if len(names) > 1 else "".join(names),
                return_dtype=pl.String,
            )
        )
    )
    notes.append(
        f"{path.name}: {again['first'].n_unique():,} people and items have several rows that "
        f"differ in the class {beside}: the classes that a person ticked for an item, read as one "
        + (
            "answer (a column of times or ids would make them second answers)"
            if beside == "alone"
            else "answer, as nobody names one of them twice"
        )
    )
    rows = kept.filter(~pl.col("row").is_in(again["row"].implode())).drop("value")
    return rows.join(lists, left_on="row", right_on="owner", how="left", maintain_order="left")
