"""Does a row fit its signal? Each distinct answer is checked once, by the signal's own `encode`."""

from __future__ import annotations

import functools
import math
from typing import Any

import polars as pl

from labelbits.answers.files.json_files import loads
from labelbits.answers.files.opening import shorten
from labelbits.answers.table.columns import KEPT, PREFERENCE, REJECTED, in_order
from labelbits.interface import Signal
from labelbits.signals import REGISTRY


def check_columns(table: pl.DataFrame) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Split off rows whose signal, annotator or items are missing or do not fit."""
    # Signals may be registered after the first table was read.
    known = tuple(dict.fromkeys((*REGISTRY, *KEPT)))
    code = table.select(_first_fault(known))["code"]
    rejected = [pl.DataFrame(schema={name: REJECTED[name] for name in ("row", "reason", "found")})]
    if code.null_count() == len(code):
        return table, rejected
    for i, (_, why, column) in enumerate(_column_checks(known)):
        bad = table.filter(code == i)
        if len(bad):
            found = [shorten(value) for value in bad[column].to_list()]
            rejected.append(
                bad.select("row", reason=pl.lit(why), found=pl.Series(found, dtype=pl.String))
            )
    return table.filter(code.is_null()), rejected


#: Why a row is left out that holds no answer: its item may be not labelled yet.
NO_ANSWER = "answer is missing"


@functools.cache
def _column_checks(known: tuple[str, ...]) -> tuple[tuple[pl.Expr, str, str], ...]:
    """(what is wrong, reason, column to show) of every check of a row."""
    items = pl.col("items")
    length = items.list.len()
    nobody = pl.col("annotator").is_null() | (pl.col("annotator") == "")
    arity = pl.col("signal").replace_strict(_arities(known), default=None, return_dtype=pl.UInt32)
    return (
        (pl.col("signal").is_null(), "signal is missing", "signal"),
        (
            ~pl.col("signal").is_in(list(known)),
            f"unknown signal; expected one of: {', '.join(known)}",
            "signal",
        ),
        # First: where nobody answered yet, nobody's name is missing.
        (
            (pl.col("answer").is_null() | (pl.col("answer") == "")) & nobody,
            NO_ANSWER,
            "answer",
        ),
        (
            nobody,
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
        (pl.col("answer").is_null() | (pl.col("answer") == ""), NO_ANSWER, "answer"),
    )


@functools.cache
def _first_fault(known: tuple[str, ...]) -> pl.Expr:
    """Column `code`: the number of the first check that a row fails, null for none."""
    return pl.coalesce(
        pl.when(test).then(pl.lit(i, dtype=pl.UInt8))
        for i, (test, _, _) in enumerate(_column_checks(known))
    ).alias("code")


def _arities(known: tuple[str, ...]) -> dict[str, int | None]:
    """How many items a question of each signal shows; None where any number may be shown."""
    return KEPT | {
        name: None if REGISTRY[name].any_items else REGISTRY[name].for_world(2, 5).arity
        for name in known
        if name in REGISTRY
    }


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


def discover(distinct: pl.DataFrame, values: list[Any]) -> tuple[str, ...]:
    """The class names that the answers mention: whole numbers in order, else alphabetically."""
    using = {name for name, signal in REGISTRY.items() if signal.uses_classes}
    found: dict[str, None] = {}
    for signal, asked, value in zip(distinct["signal"], distinct["classes"], values, strict=True):
        if signal in using and asked is not None:
            found.update(dict.fromkeys(name for name in asked if name is not None))
        if signal in REGISTRY and not isinstance(value, ValueError):
            found.update(dict.fromkeys(REGISTRY[signal].named(value)))
    found.pop("", None)
    return in_order(sorted(found))


def check_answers(
    parts: list[pl.DataFrame], distinct: pl.DataFrame, values: list[Any], classes: tuple[str, ...]
) -> pl.DataFrame:
    """The distinct answers that do not fit their signal, with the reason."""
    numbers = {name: i for i, name in enumerate(classes)}
    channels: dict[str, Signal] = {}
    names = distinct["signal"].to_list()
    for name in dict.fromkeys(name for name in names if name in REGISTRY):
        own = [value for value, other in zip(values, names, strict=True) if other == name]
        lengths = [0]
        if REGISTRY[name].any_items:
            mine = [part.filter(pl.col("signal") == name)["items"].list.len() for part in parts]
            lengths = pl.concat(mine).mode().to_list()
        known = max(2, len(classes))
        options = REGISTRY[name].options_shown(own, min(lengths), known)
        channels[name] = REGISTRY[name].for_world(2, known, **options)
    reasons: list[str | None] = []
    for name, asked, value in zip(names, distinct["classes"], values, strict=True):
        if name in REGISTRY:
            reasons.append(_fault(channels[name], value, numbers, asked))
        else:
            reasons.append(_fault_of_kept(name, value))
    return distinct.with_columns(reason=pl.Series(reasons, dtype=pl.String)).filter(
        pl.col("reason").is_not_null()
    )


def _fault_of_kept(name: str, value: Any) -> str | None:
    """Why `value` is no answer of a kind that is kept without a model, or None."""
    if name == PREFERENCE:
        good = value == "tie" or (value in (0, 1) and not isinstance(value, (bool, float)))
        return None if good else f'answer {shorten(value, 60)}; expected 0, 1 or "tie"'
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return None if number else f"answer {shorten(value, 60)}; expected a number"


def _fault(signal: Signal, value: Any, numbers: dict[str, int], asked: Any) -> str | None:
    """Why `value` is no answer of `signal`, or None."""
    if isinstance(value, ValueError):
        return str(value)
    try:
        signal.encode(value, numbers, tuple(asked) if asked is not None else ())
    except (ValueError, TypeError, OverflowError) as problem:
        return shorten(str(problem), 300)
    return None
