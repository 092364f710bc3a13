"""Which of two is better, where a row says who won: TRL's chosen and rejected, winner and loser.

Both may be texts, or lists of messages. Where columns name what wrote the two (`chosen_model`), it
is these that are compared, and the prompt is what they are compared on.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats import cells, usual
from labelbits.answers.formats.authors import Authors, authors_of, opened_cell
from labelbits.answers.formats.crowdkit import optional
from labelbits.answers.formats.deciding import decide
from labelbits.answers.formats.named import check_keys
from labelbits.answers.formats.other_answers import say_unread
from labelbits.answers.formats.preferences import GROUP, kept_whole, parsed, prompts_apart
from labelbits.answers.formats.reader import (
    TOLD,
    Kind,
    Options,
    Probe,
    Reader,
    columns_in,
    first_of,
    opened,
    told_column,
)
from labelbits.answers.formats.triplet_choices import HEADS
from labelbits.answers.formats.who import annotators, who_column
from labelbits.answers.table.columns import PREFERENCE, Parsed
from labelbits.errors import InputError

#: Characters of a name; longer texts are named by their beginning and a number.
LONGEST_NAME = 500


#: Pairs of columns that hold who won and who lost.
SIDES = (
    ("chosen", "rejected"), ("winner", "loser"), ("preferred", "dispreferred"),
    ("preferred", "rejected"), ("better", "worse"), ("accepted", "rejected"),
    ("chosen_response", "rejected_response"), ("response_chosen", "response_rejected"),
    ("chosen_model", "rejected_model"), ("model_chosen", "model_rejected"),
    ("gewinner", "verlierer"), ("gagnant", "perdant"), ("ganador", "perdedor"),
    ("vincitore", "perdente"), ("winnaar", "verliezer"), ("vencedor", "perdedor"),
)  # fmt: skip
#: Those of them that hold texts, which answer one prompt each; others may be names.
_TEXTS = frozenset({"chosen", "rejected", "chosenresponse", "rejectedresponse", "responsechosen",
                    "responserejected"})  # fmt: skip
#: Keys of objects that hold a text.
_TEXT = ("content", "text", "response", "output", "completion", "answer", "value")


def sides_in(columns: Sequence[str]) -> tuple[str, str] | None:
    """The columns of who won and who lost, by their usual names."""
    for better, worse in SIDES:
        both = usual.found(columns, (better,)), usual.found(columns, (worse,))
        if both[0] and both[1]:
            return both[0], both[1]
    return None


def read_chosen(path: Path, kind: Kind, options: Options) -> Parsed:
    """`chosen` is better than `rejected` (or winner than loser), for one `prompt` if it is there.

    Both may be lists of messages. The better one stands first in the file: sides are drawn by the
    seed. Texts that answer several prompts are different items; where what wrote them is known,
    it is the item.
    """
    check_keys(options.columns)
    table, rejects, notes = opened(path, kind)
    told = [told_column(path, table, options, key) for key in ("winner", "loser")]
    usually = sides_in(table.columns) or (None, None)
    winner, loser = (one or other for one, other in zip(told, usually, strict=True))
    if winner is None or loser is None:
        raise InputError(
            f"{path}: found columns {columns_in(table)}; expected two columns, one of what was "
            "chosen, one of what was not: --columns winner=COL,loser=COL"
        )
    others = table.drop(winner, loser)
    asked = told_column(path, table, options, "group")
    prompt = asked or first_of(others, "prompt", *GROUP)
    writers = None if any(told) else authors_of(table, winner, loser)
    worker = told_column(path, table, options, "annotator") or who_column(
        others.drop(writers.columns if writers else [])
    )
    prompts = _messages(table, prompt) if prompt else [None] * len(table)
    pairs = [_messages(table, one) for one in (winner, loser)]
    texts: list[list[str | None]] = [[], []]
    groups: list[str | None] = []
    for before, *answers in zip(prompts, *pairs, strict=True):
        asks = (before[1] or before[0]) if before else None
        own = [answer[1] if answer else None for answer in answers]
        groups.append(asks or next((a[0] for a in answers if a and a[0]), None))
        for side, text in zip(texts, own, strict=True):
            side.append(text)
    own = pl.DataFrame(
        {"chosen": texts[0], "rejected": texts[1], "group": groups, "row": table["row"]},
        schema={"chosen": pl.String, "rejected": pl.String, "group": pl.String, "row": pl.Int64},
    ).with_columns(annotator=annotators(path, table, worker, notes),
                   **optional(path, table, options, notes))  # fmt: skip
    if writers is not None:
        own = _by_writer(path, own, writers, rejects, notes)
    elif {usual.plain(winner), usual.plain(loser)} & _TEXTS:
        own = _apart(own)
    used = {winner, loser, prompt, worker, *(writers.columns if writers else ())}
    say_unread(path, table, used, options, notes)
    swap = pl.Series("swap", np.random.default_rng(options.seed).random(len(own)) < 0.5)
    own = own.with_columns(
        a=pl.when(swap).then("rejected").otherwise("chosen"),
        b=pl.when(swap).then("chosen").otherwise("rejected"),
        answer=pl.when(swap).then(pl.lit("1")).otherwise(pl.lit("0")),
    )
    if writers is not None and own["group"].null_count() == len(own):
        own = prompts_apart(path, own, notes)
    notes.append(kept_whole(path, 0, len(own)))
    notes.append(
        f"{path.name}: which side was shown is lost; it was drawn with seed {options.seed}"
    )
    return parsed(own, PREFERENCE, ["a", "b"], rejects, notes)


def _by_writer(
    path: Path, own: pl.DataFrame, writers: Authors, rejects: Rejects, notes: list[str]
) -> pl.DataFrame:
    """`own` with what wrote the two in place of their texts; rows of one alone are left out."""
    made = own.with_columns(writers.winner.alias("chosen"), writers.loser.alias("rejected"))
    good = (made["chosen"] != made["rejected"]).fill_null(False)
    for row, found in made.filter(~good).select("row", "chosen").iter_rows():
        rejects.add(row, "both were written by one, or nothing says by which", found or "")
    made = made.filter(good)
    names = pl.concat([made["chosen"], made["rejected"]]).unique().sort().to_list()
    notes.append(
        f"{path.name}: {writers.said} what wrote the two: these are compared, "
        f"{cells.shown(names)}, not the {2 * len(made):,} texts (--columns winner=COL,loser=COL "
        "names the columns that are compared)"
    )
    return made


def _messages(table: pl.DataFrame, name: str) -> list[tuple[str | None, str | None] | None]:
    """(what came before, the last text) of each cell: plain text, or a list of messages."""
    found: list[tuple[str | None, str | None] | None] = []
    for cell in cells.cells(table[name]).to_list():
        value: Any = opened_cell(cell)
        if isinstance(value, dict):
            inside = next((value[key] for key in _TEXT if isinstance(value.get(key), str)), None)
            value = cell if inside is None else inside
        if isinstance(value, list):
            said = [str(m.get("content", "")) for m in value if isinstance(m, dict)]
            found.append((_named(" / ".join(said[:-1])), _named(said[-1])) if said else None)
        else:
            found.append((None, _named(value)) if isinstance(value, str) else None)
    return found


def _named(text: str) -> str | None:
    """A text as the name of an item: long ones are cut, with a number that tells them apart."""
    plain = cells.tidy(text)
    if len(plain) <= LONGEST_NAME:
        return plain or None
    return f"{plain[:LONGEST_NAME]}... ({zlib.crc32(plain.encode()):08x})"


def _apart(own: pl.DataFrame) -> pl.DataFrame:
    """Texts of several groups as an item each."""
    both = [own.select(pl.col(side).alias("text"), "group") for side in ("chosen", "rejected")]
    long = pl.concat(both).drop_nulls()
    several = long.unique().group_by("text").len().filter(pl.col("len") > 1)["text"].implode()
    return own.with_columns(
        pl.when(pl.col(side).is_in(several))
        .then(pl.col(side) + " [" + pl.col("group").str.slice(0, 80) + "]")
        .otherwise(side).alias(side)
        for side in ("chosen", "rejected")
    )  # fmt: skip


def read_unpaired(path: Path, kind: Kind, options: Options) -> Parsed:
    """TRL's unpaired preferences: is this `completion` good? `label` is true or false."""
    table, rejects, notes = opened(path, kind, "prompt", "completion", "label")
    texts = [pair[1] if pair else None for pair in _messages(table, "completion")]
    groups = [(pair[1] or pair[0]) if pair else None for pair in _messages(table, "prompt")]
    own = pl.DataFrame(
        {"chosen": texts, "rejected": texts, "group": groups},
        schema={"chosen": pl.String, "rejected": pl.String, "group": pl.String},
    )
    worker = who_column(table)
    said = _apart(own).select(
        "group",
        item="chosen",
        annotator=annotators(path, table, worker, notes),
        value=pl.lit(cells.cells(table["label"])),
        row=table["row"],
        **optional(path, table, options, notes),
    )
    notes.append(f"{path.name}: each completion is one item, and its label says whether it is good")
    return Parsed(decide(path, said, options, rejects, notes), rejects, notes=notes)


def is_won(probe: Probe) -> bool:
    """Columns of who won and who lost, and nothing that both are compared with."""
    if probe.kind not in ("csv", "parquet", "json") or probe.has("chosen", "rejected"):
        return False
    return sides_in(probe.columns) is not None and usual.found(probe.columns, HEADS[:-1]) is None


CHOSEN = Reader(
    "chosen-rejected",
    "TRL preferences: chosen, rejected, prompt",
    lambda probe: probe.has("chosen", "rejected"),
    read_chosen,
    tells=TOLD | {"winner", "loser", "group"},
)
#: The same where others name the two columns.
WON = Reader(
    "winner-loser",
    "comparisons: winner, loser (or better, worse), for one prompt or query",
    is_won,
    read_chosen,
    weakness=1,
    tells=TOLD | {"winner", "loser", "group"},
)
UNPAIRED = Reader(
    "prompt-completion",
    "TRL unpaired preferences: prompt, completion, label",
    lambda probe: probe.has("prompt", "completion", "label"),
    read_unpaired,
)
