"""Gold as people hand it over, the class of items by a file, a frame or an array, over the items of
answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from labelbits.errors import InputError
from labelbits.interface import Answers
from labelbits.items.class_order import check_class_order
from labelbits.items.gold import Gold, gold_in_frame, read_gold

#: Hard labels from which the order of classes is checked.
LOOKED_AT = 20_000


def class_numbers(gold: Any, answers: Answers) -> np.ndarray:
    """The class number of each of the answers' items, -1 unknown, from any form of gold but None:
    a mapping of names, a file's path, a frame with a column for the item and one for its class, or
    one class a row of the answers' items, by number or by name. Raises `InputError`."""
    if isinstance(gold, Mapping):
        named = {str(item): str(name) for item, name in gold.items()}
        return _by_name(named, answers)
    if isinstance(gold, (str, PathLike)):
        return gold_of(Path(gold), answers)
    if (framed := gold_in_frame(gold)) is not None:
        return _of(framed, answers)
    array = np.asarray(gold)
    items = len(answers.items)
    if array.shape == (items,) and array.dtype.kind in "OUS":
        known = zip(answers.items, array.tolist(), strict=True)
        return _by_name({i: str(k) for i, k in known if k not in (None, "") and k == k}, answers)
    if array.shape != (items,) or array.dtype.kind not in "iu":
        raise InputError(
            f"gold has shape {array.shape} of {array.dtype}; expected {items} class numbers (-1 "
            "for unknown) or class names, one an item of the answers"
        )
    if array.max(initial=-1) >= len(answers.classes) or array.min(initial=0) < -1:
        raise InputError(
            f"gold holds class numbers from {array.min()} to {array.max()}; "
            f"expected -1 to {len(answers.classes) - 1}"
        )
    return array.astype(np.int64)


def gold_of(path: Path, answers: Answers) -> np.ndarray:
    """The true class of each of the answers' items, -1 unknown, from a file of gold."""
    return _of(read_gold(path), answers)


def _of(gold: Gold, answers: Answers) -> np.ndarray:
    truth = gold.of(answers.items, answers.classes)
    if gold.are_numbers(answers.classes):
        known = {i: int(k) for i, k in zip(answers.items, truth, strict=True) if k >= 0}
        _check_order(gold.path, answers, known)
    return truth


def _by_name(known: Mapping[str, str], answers: Answers) -> np.ndarray:
    numbers = {name: k for k, name in enumerate(answers.classes)}
    places = {name: i for i, name in enumerate(answers.items)}
    truth = np.full(len(answers.items), -1)
    for item, name in known.items():
        if name not in numbers:
            shown = ", ".join(answers.classes[:10])
            raise InputError(
                f"gold: unknown class {name!r} of item {item!r}; expected one of: {shown}"
            )
        if item in places:
            truth[places[item]] = numbers[name]
    return truth


def _check_order(path: Path, answers: Answers, known: dict[str, int]) -> None:
    """Raise `InputError` where the numbers of gold fit the names of the answers in another order.

    Only hard labels are looked at: other answers come with the order of their classes.
    """
    asked = pl.col("items").list.first()
    hard = answers.table.filter((pl.col("signal") == "hard") & asked.is_in(list(known)))
    said = hard.head(LOOKED_AT).select(asked, "answer").rows()
    place = {name: k for k, name in enumerate(answers.classes)}
    both = np.zeros((len(answers.classes),) * 2)
    for item, answer in said:
        if (name := place.get(json.loads(answer))) is not None:
            both[name, known[item]] += 1
    check_class_order(
        both, answers.classes, str(path), "gold", "give gold as CSV with the columns item and class"
    )
