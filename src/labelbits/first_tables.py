"""What a first plan says of items, money and questions, from what was found in people's files.

One room for `labelbits init`, which writes it with comments, and for the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from labelbits.answers.formats.language_models import MODEL, PERSON
from labelbits.assumed import FIRST_BUDGET, USUAL, Asked
from labelbits.errors import InputError
from labelbits.interface import Answers
from labelbits.signals import REGISTRY
from labelbits.signals.encoding import KEPT, is_kept

#: The money of a first plan: a placeholder, and the first thing that its user changes.
BUDGET: Mapping[str, Any] = {"amount": FIRST_BUDGET, "currency": "USD", "wage_per_hour": 12}
#: Keys of a [[signal]] that say what is asked of whom.
ASKED = ("kind", "annotators", "model")


def labels_items(kinds: Iterable[str]) -> bool:
    """Does one of these kinds of answers name classes of single items?"""
    return any(kind in REGISTRY and REGISTRY[kind].labels_items() for kind in kinds)


def with_usual(asked: Asked, answers: Answers | None) -> Asked:
    """`asked` with ways of asking where none is named: those of people's answers (`first_signals`),
    about items that have features."""
    if asked.signals or answers is None:
        return asked
    table = answers.table
    if "annotator_kind" in table.columns:
        table = table.filter(pl.col("annotator_kind").fill_null(PERSON) != MODEL)
    kinds = [one for one in table["signal"].unique(maintain_order=True) if not is_kept(one)]
    return replace(asked, signals=first_signals([{"kind": one} for one in kinds], True))


def first_signals(found: Sequence[Mapping[str, Any]], described: bool) -> list[dict[str, Any]]:
    """The [[signal]] tables: what was answered, once of each annotator; where people named classes,
    hard labels and three votes too.

    `found` has a table of `ASKED` for each kind of answer. `described`: items have features, so
    that labels can be planned where nothing was answered. Raises `InputError` where nothing that
    was answered can be planned.
    """
    asked: list[dict[str, Any]] = []
    for entry in found:
        own = {key: entry[key] for key in ASKED if key in entry}
        if own["kind"] not in KEPT and own not in asked:
            asked.append(own)
    if found and not asked:
        kinds = ", ".join(dict.fromkeys(entry["kind"] for entry in found))
        raise InputError(
            f"the answers are {kinds}, which no plan weighs yet; expected one of: "
            f"{', '.join(REGISTRY)}"
        )
    people = [one["kind"] for one in asked if "annotators" not in one]
    usual = not asked or "hard" in people or (described and labels_items(people))
    known = [{"kind": kind} for kind in people]
    for one in map(dict, USUAL if usual else ()):
        if {"kind": one["kind"]} not in known:
            asked.append(one)
    return asked


def specified(items: int, classes: int) -> dict[str, Any]:
    """[dataset] of items that nothing describes: their number, and that of their classes."""
    return {"items": max(3, items), "classes": max(2, classes), "dims": "auto"}


def first_tables(
    dataset: Mapping[str, Any], signals: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The plan file's tables."""
    return {"dataset": dict(dataset), "budget": dict(BUDGET), "signal": list(map(dict, signals))}
