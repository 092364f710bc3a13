"""The likeliest classes, each with how sure the person was: first, its share, second, its share."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl

from labelbits.answers.formats import cells, usual
from labelbits.answers.formats.class_columns import head_of, sides_of
from labelbits.answers.formats.crowdkit import optional
from labelbits.answers.formats.other_answers import say_unread
from labelbits.answers.formats.reader import TOLD, Kind, Options, Probe, Reader, columns_in, opened
from labelbits.answers.formats.who import annotators
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError

#: Words for the places.
PLACES = (
    frozenset({"first", "1st", "1", "top", "best", "primary", "erste", "premier", "primero"}),
    frozenset({"second", "2nd", "2", "secondary", "zweite", "segundo"}),
    frozenset({"third", "3rd", "3", "tertiary", "dritte", "troisieme", "tercero"}),
)
#: Words for how sure somebody was.
SURE = frozenset({
    "conf", "confidence", "prob", "probability", "proba", "pct", "percent", "percentage", "p",
    "certainty", "share", "weight", "sureness", "likelihood", "belief", "sicherheit",
})  # fmt: skip
#: Rows that are looked at.
LEAST = 2


def _columns(head: pl.DataFrame, used: set[str | None]) -> list[tuple[str, str]]:
    """(column of the class, of its share) of each place, the first at first; none where one lacks
    its share."""
    found: list[tuple[str, str]] = []
    rest = [n for n in head.columns if n not in used and not head[n].dtype.is_nested()]
    for words in PLACES:
        own = [name for name in rest if {*usual.words_in(name)} & words]
        numbers = [name for name in own if _are_shares(head[name])]
        shares = [name for name in numbers if {*usual.words_in(name)} & SURE]
        classes = [name for name in own if name not in numbers]
        if len(shares) != 1 or len(classes) != 1:
            break
        found.append((classes[0], shares[0]))
    return found if len(found) > 1 else []


def _are_shares(column: pl.Series) -> bool:
    own = [one.removesuffix("%").strip() for one in cells.said_in(column)]
    return bool(own) and all(map(cells.is_number, own))


def read(path: Path, kind: Kind, options: Options) -> Parsed:
    """One `sparse-soft` answer a row; shares in per cent where they go above 1.

    A row without a first class is rejected, and so is one whose shares are no numbers or add up to
    more than 1; a second class that is missing leaves the rest open.
    """
    table, rejects, notes = opened(path, kind)
    item, worker = sides_of(table, options)
    both = _columns(table, {item, worker, "row"})
    if item is None or not both:
        raise InputError(
            f"{path}: found columns {columns_in(table)}; expected an item, and a class with its "
            "share for each place: first, first_confidence, second, second_confidence"
        )
    names = [cells.names(table[one]).to_list() for one, _ in both]
    shares = np.stack([
        cells.numbers(cells.names(table[one]).str.replace(r"\s*%$", "")).to_numpy().astype(float)
        for _, one in both
    ], axis=1)  # fmt: skip
    hundred = bool(np.nanmax(shares, initial=0.0) > 1)
    answers = []
    for place, row in enumerate(table["row"]):
        own = {
            str(said[place]): round(float(share), 7)
            for said, share in zip(names, shares[place] / (100 if hundred else 1), strict=True)
            if said[place] is not None and not cells.is_missing(said[place])
        }
        first = names[0][place]
        good = first is not None and not cells.is_missing(first) and len(own) > 0
        good = good and all(0 <= share <= 1 for share in own.values()) and sum(own.values()) < 1.02
        if not good:
            rejects.add(row, "no first class with a share, or shares above 1 in total", own)
        total = max(1.0, sum(own.values())) if good else 1.0
        answers.append(
            json.dumps({name: share / total for name, share in own.items()}, ensure_ascii=False)
            if good else None
        )  # fmt: skip
    shown = "; ".join(f"{one!r} with {share!r}" for one, share in both)
    notes.append(
        f"{path.name}: each row is one person's likeliest classes: {shown}, in "
        f"{'per cent' if hundred else 'shares of 1'}"
    )
    extra = optional(path, table, options, notes)
    say_unread(path, table, {item, worker, *(n for pair in both for n in pair)}, options, notes)
    made = table.select(
        pl.lit("sparse-soft").alias("signal"),
        annotators(path, table, worker, notes).alias("annotator"),
        pl.concat_list(cells.text(item, table)).alias("items"),
        pl.Series("answer", answers, dtype=pl.String),
        *(value.alias(key) for key, value in extra.items()),
        "row",
    )
    kept = made.filter(pl.col("answer").is_not_null())
    return Parsed(kept, rejects, options.classes, notes=notes)


def matches(probe: Probe) -> bool:
    """An item, and two places or more of a class and its share."""
    head = head_of(probe) if probe.kind in ("csv", "parquet", "json") else None
    if head is None or len(head) < LEAST:
        return False
    item, worker = sides_of(head, probe.told)
    return item is not None and bool(_columns(head, {item, worker}))


READER = Reader(
    "top-choices", "an item, its likeliest classes and the share of each",
    matches, read, tells=TOLD | {"item"},
)  # fmt: skip
