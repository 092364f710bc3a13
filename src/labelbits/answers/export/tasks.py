"""The questions of a purchase as tasks: which items each shows, and what was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from labelbits.answers.table.columns import IDEAL
from labelbits.errors import InputError
from labelbits.interface import Signal


def asks_preferences(signal: Signal, items: Sequence[str]) -> bool:
    """Is the question which of two items is better, the third being the ideal one?"""
    return signal.form == "pairwise" and signal.arity == 3 and IDEAL in items


def tasks_for(
    signal: Signal,
    count: int,
    items: Sequence[str],
    classes: Sequence[str],
    seed: int,
    looks: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """`count` tasks that show `items`.

    Questions about one item take the items in turn; questions that show several draw them at
    random without repetition within a question. The class that `verify` asks about is drawn too.
    Where one of the items is the ideal that preferences are compared with, two others are shown.
    `looks` is what annotators see of an item, where that is not its name. Equal seeds give equal
    tasks. Raises `InputError` for fewer items than a question shows.
    """
    rng = np.random.default_rng(seed)
    preferred = asks_preferences(signal, items)
    items = [name for name in items if name != IDEAL]
    if len(items) < signal.arity - preferred:
        raise InputError(
            f"{signal.name} shows {signal.arity} items in a question; there are {len(items)}"
        )
    tasks = []
    for place in range(count):
        if signal.arity == 1:
            names = [str(items[place % len(items)])]
        else:
            shown = rng.choice(len(items), signal.arity - preferred, replace=False)
            names = [IDEAL] * preferred + [str(items[i]) for i in shown]
        tasks.append({"data": _task(signal, names, classes, rng, looks or {})})
    return tasks


def _task(
    signal: Signal,
    names: list[str],
    classes: Sequence[str],
    rng: np.random.Generator,
    looks: Mapping[str, str],
) -> dict[str, Any]:
    told: dict[str, Any] = {"signal": signal.name, "items": names}
    seen = [looks.get(name, name) for name in names]
    places = enumerate(zip(names, seen, strict=True), 1)
    data: dict[str, Any] = {f"item_{i}": one for i, (name, one) in places if name != IDEAL}
    if signal.uses_classes:
        told["classes"] = list(classes)
    if signal.questions(2) > 1:
        name = classes[int(rng.integers(len(classes)))]
        told["asked"] = [name]
        data["question"] = signal.question_about(name)
    if signal.form == "ranker":
        data["class_list"] = [{"id": f"class-{k}", "title": name} for k, name in enumerate(classes)]
    if signal.form == "pairwise" and signal.arity == 4:
        data["pair_1"] = f"{seen[0]} and {seen[1]}"
        data["pair_2"] = f"{seen[2]} and {seen[3]}"
    return {**data, "labelbits": told}
