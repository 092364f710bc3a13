"""What a plan file says of the items: a table of people's own, or a file of features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from labelbits.errors import InputError
from labelbits.interface import Answers
from labelbits.items.arrays import checked_features, load_features
from labelbits.items.gold import Gold
from labelbits.items.tables import Columns, as_read, read_tables
from labelbits.planning.spec.planfile import PlanFile

#: Keys of the plan file that are called otherwise than the columns they name.
CALLED = {"gold": "gold_column"}


@dataclass(frozen=True)
class Described:
    """`features` (items, columns); `ids`, the name of each row, or None where rows have none;
    `shown`, the text or image of each, or None; `answers` and `gold` that the table holds;
    `left_out`, items of the table that nothing describes."""

    features: np.ndarray
    ids: tuple[str, ...] | None = None
    shown: tuple[str, ...] | None = None
    answers: Answers | None = None
    gold: Gold | None = None
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def described(plan: PlanFile, seed: int, tell: Callable[[str, float], None]) -> Described:
    """Read the table or the features that the plan names. Raises `InputError` as readers do."""
    data = plan.dataset
    if not data.tables:
        assert isinstance(data.features, str)
        ids, features = load_features(plan.path(data.features))
        return Described(features, None if ids is None else _different(ids))
    wanted = (data.features,) if isinstance(data.features, str) else data.features or ()
    columns = Columns(
        id=data.id, text=data.text, image=data.image, features=wanted, label=data.label,
        annotator=data.annotator, seconds=data.seconds, gold=data.gold_column,
        question=data.question, format=data.format, more=data.columns,
    )  # fmt: skip
    paths = [plan.path(name) for name in data.tables]
    found = read_tables(
        paths, columns, seed, embedding=data.embedding, locate=plan.path, progress=tell,
        answers_too=data.label is not None or not data.pilot,
        say=lambda name: f"[dataset] {CALLED.get(name, name)} =",
    )  # fmt: skip
    gold = None
    if found.gold is not None:
        known = {i: g for i, g in zip(found.ids, found.gold, strict=True) if g is not None}
        gold = Gold(paths[0], known)
    return Described(
        checked_features(paths[0], found.features),
        _different(found.ids),
        None if found.shown is None else tuple(found.shown),
        found.answers,
        gold,
        tuple(found.left_out),
        (as_read(found.notes),) if found.notes else (),
    )


def _different(ids: Sequence[str]) -> tuple[str, ...]:
    if len(set(ids)) < len(ids):
        seen: set[str] = set()
        twice = next(one for one in ids if one in seen or seen.add(one))
        raise InputError(f"features name item {twice!r} twice; expected a row an item")
    return tuple(ids)
