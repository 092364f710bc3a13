"""Card sorting: each person puts items into piles of their own, whose names are no classes."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from labelbits.answers.formats import cells, usual
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError
from labelbits.interface import NOBODY

#: Words of headings that call labels piles.
_PILES = frozenset({"pile", "piles", "stack", "cluster", "clusters", "grouping", "heap", "bin",
                    "stapel", "haufen", "gruppierung"})  # fmt: skip
#: Items of a person from which piles are told, how many items a pile has on average at least, and
#: the share of names that several people use at most.
LEAST, IN_PILE, SHARED = 4, 1.5, 0.1
#: Signals as which piles are read.
SIGNALS = ("similarity", "same-class")
#: Pairs that are made at most.
LARGEST = 5_000_000


def why_piles(said: pl.DataFrame, heading: str) -> str | None:
    """Why the answers in `said` (item, annotator, value) are piles of people's own; None where they
    may be classes: names that several people use."""
    own = said.select("item", "annotator", "value").drop_nulls()
    people = own.group_by("annotator").agg(
        pl.len().alias("n"), pl.col("value").n_unique().alias("names")
    )
    if len(people) < 2 or (people["n"] < LEAST).any() or (people["names"] < 2).any():
        return None
    if int(people["n"].sum()) < IN_PILE * int(people["names"].sum()):
        return None
    used = own.group_by("value").agg(pl.col("annotator").n_unique().alias("people"))
    shared = int((used["people"] > 1).sum())
    if shared <= SHARED * len(used):
        where = f" in column {heading!r}" if heading else ""
        return f"hardly a name{where} is used by two people"
    numbered = all(map(cells.is_number, used["value"]))
    if numbered and set(usual.words_in(heading)) & _PILES:
        return f"column {heading!r} numbers the piles of each person"
    return None


def refuse_piles(path: Path, said: pl.DataFrame, heading: str, by: str = "") -> None:
    """Raise `InputError` where labels are piles of people's own: `by` are further options that read
    the file so."""
    why = why_piles(said, heading)
    if why is not None:
        raise InputError(
            f"{path}: people sorted the items into piles of their own ({why}), whose names are no "
            f"classes; expected one of: labelbits pilot FILE {by}--signal similarity --out "
            "answers.parquet reads how many people put two items into one pile, an answer a pair, "
            f"and writes it for other commands; {by}--signal same-class reads whether each person "
            f"did; {by}--signal hard reads the names as classes"
        )


def as_pairs(path: Path, said: pl.DataFrame, signal: str, notes: list[str]) -> Parsed:
    """Answers about each two items that people sorted: of `same-class` one of each person, of
    `similarity` one for all of them, the share of people who put the two into different piles."""
    own = said.select("item", "annotator", "value", "row").drop_nulls()
    own = own.unique(["item", "annotator"], keep="first", maintain_order=True).with_row_index("at")
    sizes = own.group_by("annotator").len()["len"]
    if int((sizes * (sizes - 1) // 2).sum()) > LARGEST:
        raise InputError(f"{path}: more than {LARGEST:,} pairs of items are too many to read")
    names = own["item"].unique(maintain_order=True)
    place = own.with_columns(
        place=pl.col("item").replace_strict(names, pl.int_range(len(names), eager=True))
    )
    both = place.join(place, on="annotator", suffix=" 2")
    both = both.filter(pl.col("place") < pl.col("place 2")).sort("place", "place 2", "at")
    both = both.with_columns(same=pl.col("value") == pl.col("value 2"))
    together = int(both["same"].sum())
    said_of = f"{path.name}: what {len(sizes):,} people sorted is read as"
    if signal == "similarity":
        pair = both.group_by("item", "item 2", maintain_order=True).agg(
            pl.col("row").min(), apart=(~pl.col("same")).mean()
        )
        notes.append(
            f"{said_of} {len(pair):,} distances of items: the share of people who put the two into "
            "different piles; no time or price is that of a pair"
        )
        answer, who = pl.col("apart").round(9).cast(pl.String), pl.lit(NOBODY)
    else:
        pair = both
        notes.append(
            f"{said_of} {len(both):,} pairs of items, {together:,} of them in one pile; the pairs "
            "of one person are not independent of each other, and no time or price is that of a "
            "pair"
        )
        answer = pl.when("same").then(pl.lit("true")).otherwise(pl.lit("false"))
        who = pl.col("annotator")
    table = pair.select(
        pl.lit(signal).alias("signal"),
        who.alias("annotator"),
        pl.concat_list("item", "item 2").alias("items"),
        answer.alias("answer"),
        pl.col("row").cast(pl.Int64),
    )
    return Parsed(table, notes=notes)
