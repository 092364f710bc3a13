"""The canonical table: its columns, its validation, and the `Answers` made of it.

A reader hands over a `Parsed`; `validate` keeps the rows that fit their signal and turns the
others into rejected rows with a reason. Each distinct answer is checked once, by the signal's own
`encode`, so a new signal needs no line here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from labelbits.answers.files import Rejects, loads, shorten
from labelbits.interface import Answers, Signal
from labelbits.signals import REGISTRY

#: The canonical columns and their types; the last ones are optional.
COLUMNS: dict[str, Any] = {
    "signal": pl.String(),
    "annotator": pl.String(),
    "items": pl.List(pl.String()),
    "classes": pl.List(pl.String()),
    "answer": pl.String(),
    "seconds": pl.Float64(),
    "price": pl.Float64(),
    "gold": pl.Boolean(),
    "repeat": pl.Boolean(),
    "annotator_kind": pl.String(),
}
REQUIRED = ("signal", "annotator", "items", "answer")
#: What an answer's validity depends on.
ANSWER = ["signal", "classes", "answer"]
#: Rows that were left out: the file, the row or record in it (from 1), why, and what was found.
REJECTED = pl.Schema(
    {"file": pl.String(), "row": pl.Int64(), "reason": pl.String(), "found": pl.String()}
)
#: A rating scale with more steps is a number typed in the wrong place.
MOST_LEVELS = 101


@dataclass
class Parsed:
    """What a reader found in one file, before validation.

    `table` holds canonical columns (any may be missing but signal, items, answer) and `row`, the
    number of the record in the file; a large file comes as tables one after another, and its
    rejected rows may grow while they are read. `classes` and `items` are names that the file
    declares, in its order.
    """

    table: pl.DataFrame | Iterable[pl.DataFrame]
    rejected: Rejects = field(default_factory=Rejects)
    classes: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)


def names_classes(signal: type[Signal]) -> bool:
    """Do this signal's answers name classes (and not merely say yes or no)?"""
    return signal.uses_classes and signal.for_world(2, 5).outcomes(5) > 2


def in_order(names: Sequence[str]) -> tuple[str, ...]:
    """Whole numbers in numeric order, other names in the order given."""
    if names and all(name.isdecimal() and name.isascii() and len(name) < 19 for name in names):
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    return tuple(names)


def mentioned(answer: Any) -> list[str]:
    """The class names that a parsed answer mentions."""
    if isinstance(answer, dict):
        return [str(key) for key in answer]
    if isinstance(answer, list):
        return [str(name) for name in answer if isinstance(name, (str, int))]
    return [] if answer is None or isinstance(answer, (bool, float)) else [str(answer)]


def validate(
    parsed: Parsed, classes: Sequence[str] = ()
) -> tuple[pl.DataFrame, pl.DataFrame, tuple[str, ...]]:
    """(good rows in canonical columns, rejected rows, classes in order).

    `classes` are the known class names; left empty, the names that the answers mention are taken.
    """
    parts: list[pl.DataFrame] = []
    rejected: list[pl.DataFrame] = []
    distinct = pl.DataFrame(schema={name: COLUMNS[name] for name in ANSWER})
    tables = [parsed.table] if isinstance(parsed.table, pl.DataFrame) else parsed.table
    for table in tables:
        part, bad = _check_columns(_canonical(table))
        parts.append(part)
        rejected.extend(bad)
        own = part.select(ANSWER).unique(maintain_order=True)
        distinct = pl.concat([distinct, own]).unique(maintain_order=True)
    values = _parse(distinct)
    known = tuple(classes) or parsed.classes or _discover(distinct, values)
    faults = _check_answers(parts, distinct, values, known)
    if len(faults):
        parts, bad = _drop(parts, faults)
        rejected.extend(bad)
    good = pl.concat(parts, how="diagonal") if parts else pl.DataFrame(schema=COLUMNS)
    good = _quote_bare_text(good, distinct, values)
    rejected.append(parsed.rejected.frame())
    lost = pl.concat(rejected).sort("row", maintain_order=True)
    shown = pl.Series("found", [shorten(text) for text in lost["found"]], dtype=pl.String)
    return good, lost.with_columns(shown), known


def _drop(
    parts: list[pl.DataFrame], faults: pl.DataFrame
) -> tuple[list[pl.DataFrame], list[pl.DataFrame]]:
    """Split off the rows whose answer has a fault."""
    good, bad = [], []
    for part in parts:
        marked = part.join(faults, on=ANSWER, how="left", nulls_equal=True, maintain_order="left")
        wrong = marked.filter(pl.col("reason").is_not_null())
        bad.append(wrong.select("row", "reason", found=pl.col("answer")))
        good.append(marked.filter(pl.col("reason").is_null()).drop("reason"))
    return good, bad


def _canonical(table: pl.DataFrame) -> pl.DataFrame:
    """The canonical columns that are there, and the required ones, cast to their types.

    What cannot be cast is null.
    """
    columns = []
    for name, kind in COLUMNS.items():
        if name in table.columns:
            same = table.schema[name] == kind
            columns.append(pl.col(name) if same else pl.col(name).cast(kind, strict=False))
        elif name in (*REQUIRED, "classes"):
            columns.append(pl.lit(None, dtype=kind).alias(name))
    row = pl.col("row") if "row" in table.columns else pl.int_range(1, pl.len() + 1).alias("row")
    return table.select(*columns, row.cast(pl.Int64))


def _check_columns(table: pl.DataFrame) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Split off rows whose signal, annotator or items are missing or do not fit."""
    known = ", ".join(REGISTRY)
    items = pl.col("items")
    length = items.list.len()
    arity = pl.col("signal").replace_strict(
        {
            name: None if _free_length(signal) else signal.for_world(2, 5).arity
            for name, signal in REGISTRY.items()
        },
        default=None,
        return_dtype=pl.UInt32,
    )
    checks = [
        (pl.col("signal").is_null(), "signal is missing", "signal"),
        (
            ~pl.col("signal").is_in(list(REGISTRY)),
            f"unknown signal; expected one of: {known}",
            "signal",
        ),
        (
            pl.col("annotator").is_null() | (pl.col("annotator") == ""),
            "annotator is missing",
            "annotator",
        ),
        (items.is_null() | (length == 0), "items are missing; expected a list of names", "items"),
        (
            items.list.contains(None, nulls_equal=True) | items.list.contains(""),
            "an item has no name; expected text",
            "items",
        ),
        (length != arity, "wrong number of items for this signal", "items"),
        (
            (length > 1) & (items.list.n_unique() < length),
            "an item is named twice in one question",
            "items",
        ),
        (pl.col("answer").is_null() | (pl.col("answer") == ""), "answer is missing", "answer"),
    ]
    reason = pl.coalesce(
        pl.when(test).then(pl.lit(i, dtype=pl.UInt8)) for i, (test, _, _) in enumerate(checks)
    )
    code = table.select(reason.alias("code"))["code"]
    rejected = [pl.DataFrame(schema={name: REJECTED[name] for name in ("row", "reason", "found")})]
    if code.null_count() == len(code):
        return table, rejected
    for i, (_, why, column) in enumerate(checks):
        bad = table.filter(code == i)
        if len(bad):
            found = [shorten(value) for value in bad[column].to_list()]
            rejected.append(
                bad.select("row", reason=pl.lit(why), found=pl.Series(found, dtype=pl.String))
            )
    return table.filter(code.is_null()), rejected


def _free_length(signal: type[Signal]) -> bool:
    """May one question of this signal show any number of items?"""
    return signal.name == "contrastive"


def _parse(distinct: pl.DataFrame) -> list[Any]:
    """The JSON of each distinct answer; bare text is taken as a name, broken JSON as the error."""
    return [parse_answer(text) for text in distinct["answer"]]


def parse_answer(text: str) -> Any:
    """JSON, or the bare text where it is plainly a name and not broken JSON; else a ValueError.

    The error is returned, not raised, so that a column can be parsed in one go.
    """
    try:
        value = loads(text)
    except ValueError as problem:
        if text[0] in '[{"' or len(text) > 500:
            return ValueError(f"answer is not JSON ({shorten(str(problem), 60)})")
        return text
    if isinstance(value, float) and not math.isfinite(value):
        return text
    return value


def _quote_bare_text(
    table: pl.DataFrame, distinct: pl.DataFrame, values: list[Any]
) -> pl.DataFrame:
    """Write names that came without quotation marks as JSON text."""
    bare = {
        text: json.dumps(value, ensure_ascii=False)
        for text, value in zip(distinct["answer"], values, strict=True)
        if isinstance(value, str) and text == value
    }
    if not bare:
        return table
    return table.with_columns(pl.col("answer").replace(bare))


def _discover(distinct: pl.DataFrame, values: list[Any]) -> tuple[str, ...]:
    """The class names that the answers mention: whole numbers in order, else alphabetically."""
    naming = {name for name, signal in REGISTRY.items() if names_classes(signal)}
    using = {name for name, signal in REGISTRY.items() if signal.uses_classes}
    found: dict[str, None] = {}
    for signal, asked, value in zip(distinct["signal"], distinct["classes"], values, strict=True):
        if signal in using and asked is not None:
            found.update(dict.fromkeys(name for name in asked if name is not None))
        if signal in naming and not isinstance(value, ValueError):
            found.update(dict.fromkeys(mentioned(value)))
    found.pop("", None)
    return in_order(sorted(found))


def options_of(name: str, length: int, values: Sequence[Any]) -> dict[str, Any]:
    """Static options that the answers themselves show: list lengths, candidates, steps.

    `length` is how many items a question shows.
    """
    if name == "ranking":
        lengths = [len(value) for value in values if isinstance(value, list)]
        return {"top": max(lengths, default=1) or 1}
    if name == "contrastive":
        return {"negatives": max(1, length - 2)}
    if name == "rating":
        steps = [v for v in values if isinstance(v, (int, float)) and 2 <= v <= MOST_LEVELS]
        return {"levels": int(max(steps, default=2))}
    return {}


def _check_answers(
    parts: list[pl.DataFrame], distinct: pl.DataFrame, values: list[Any], classes: tuple[str, ...]
) -> pl.DataFrame:
    """The distinct answers that do not fit their signal, with the reason."""
    numbers = {name: i for i, name in enumerate(classes)}
    channels: dict[str, Signal] = {}
    names = distinct["signal"].to_list()
    for name in dict.fromkeys(names):
        own = [value for value, other in zip(values, names, strict=True) if other == name]
        lengths = [0]
        if _free_length(REGISTRY[name]):
            mine = [part.filter(pl.col("signal") == name)["items"].list.len() for part in parts]
            lengths = pl.concat(mine).mode().to_list()
        options = options_of(name, min(lengths), own)
        channels[name] = REGISTRY[name].for_world(2, max(2, len(classes)), **options)
    reasons: list[str | None] = []
    for name, asked, value in zip(names, distinct["classes"], values, strict=True):
        reasons.append(_fault(channels[name], value, numbers, asked))
    return distinct.with_columns(reason=pl.Series(reasons, dtype=pl.String)).filter(
        pl.col("reason").is_not_null()
    )


def _fault(signal: Signal, value: Any, numbers: dict[str, int], asked: Any) -> str | None:
    """Why `value` is no answer of `signal`, or None."""
    if isinstance(value, ValueError):
        return str(value)
    try:
        signal.encode(value, numbers, tuple(asked) if asked is not None else ())
    except (ValueError, TypeError, OverflowError) as problem:
        return shorten(str(problem), 300)
    return None


def assemble(
    parts: Sequence[pl.DataFrame],
    rejected: Sequence[pl.DataFrame],
    classes: Sequence[str],
    items: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Answers:
    """One `Answers` of validated parts; optional columns that are all empty are left out.

    Items that are whole numbers come in numeric order, others in order of appearance; `items`
    declared by a file come first.
    """
    table = pl.concat(parts, how="diagonal") if parts else pl.DataFrame(schema=COLUMNS)
    table = table.select(
        name
        for name in COLUMNS
        if name in (*REQUIRED, "classes")
        or (name in table.columns and table[name].null_count() < len(table))
    )
    if len(table):
        seen = table["items"].explode(empty_as_null=False).unique(maintain_order=True).to_list()
    else:
        seen = []
    if items:
        named = set(items)
        seen = [*items, *in_order([name for name in seen if name not in named])]
    else:
        seen = list(in_order(seen))
    return Answers(
        table=table,
        items=tuple(seen),
        classes=tuple(classes),
        annotators=tuple(table["annotator"].unique(maintain_order=True)),
        rejected=pl.concat(rejected) if rejected else pl.DataFrame(schema=REJECTED),
        notes=tuple(notes),
    )
