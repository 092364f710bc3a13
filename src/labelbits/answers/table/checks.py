"""Does a row fit its signal? Each distinct answer is checked once, by the signal's own `encode`."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import polars as pl

from labelbits.answers.files.json_files import loads
from labelbits.answers.files.opening import shorten
from labelbits.answers.table.columns import KEPT, PREFERENCE, REJECTED, in_order
from labelbits.interface import Signal
from labelbits.signals import REGISTRY

#: A rating scale with more steps is a number typed in the wrong place.
MOST_LEVELS = 101


@functools.cache
def names_classes(signal: type[Signal]) -> bool:
    """Do this signal's answers name classes (and not merely say yes or no)?"""
    return signal.uses_classes and signal.for_world(2, 5).outcomes(5) > 2


def mentioned(answer: Any) -> list[str]:
    """The class names that a parsed answer mentions."""
    if isinstance(answer, dict):
        return [str(key) for key in answer]
    if isinstance(answer, list):
        return [str(name) for name in answer if isinstance(name, (str, int))]
    return [] if answer is None or isinstance(answer, (bool, float)) else [str(answer)]


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


@functools.cache
def _column_checks(known: tuple[str, ...]) -> tuple[tuple[pl.Expr, str, str], ...]:
    """(what is wrong, reason, column to show) of every check of a row."""
    items = pl.col("items")
    length = items.list.len()
    arity = pl.col("signal").replace_strict(_arities(known), default=None, return_dtype=pl.UInt32)
    return (
        (pl.col("signal").is_null(), "signal is missing", "signal"),
        (
            ~pl.col("signal").is_in(list(known)),
            f"unknown signal; expected one of: {', '.join(known)}",
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
        name: None if _free_length(REGISTRY[name]) else REGISTRY[name].for_world(2, 5).arity
        for name in known
        if name in REGISTRY
    }


def _free_length(signal: type[Signal]) -> bool:
    """May one question of this signal show any number of items?"""
    return signal.name == "contrastive"


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
        if _free_length(REGISTRY[name]):
            mine = [part.filter(pl.col("signal") == name)["items"].list.len() for part in parts]
            lengths = pl.concat(mine).mode().to_list()
        options = options_of(name, min(lengths), own)
        channels[name] = REGISTRY[name].for_world(2, max(2, len(classes)), **options)
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
