"""Which items are trained on and which are tested: few shots a class, groups left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labelbits.errors import InputError


def balanced_order(rows: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """`rows` in a random order whose first s x K rows hold s items of each of the K classes.

    `labels` (len(rows),) is the class of each row. A class that runs out is skipped from then on,
    so every row is in the order once.
    """
    rows, labels = np.asarray(rows), np.asarray(labels)
    if rows.shape != labels.shape:
        raise InputError(f"{len(rows)} rows but {len(labels)} labels; expected one label a row")
    turn = np.empty(len(rows))
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        turn[members] = rng.permutation(len(members))
    # Within one turn the classes come in random order.
    return rows[np.lexsort((rng.random(len(rows)), turn))]


def few_shot_sizes(shots: Sequence[int], labels: np.ndarray) -> list[int]:
    """Training sizes for so many items a class. Raises `InputError` if a class has fewer."""
    values, counts = np.unique(labels, return_counts=True)
    if max(shots) > counts.min():
        raise InputError(
            f"{max(shots)} shots a class are asked but class {values[counts.argmin()]} has "
            f"{counts.min()} items; expected at most that"
        )
    return [int(s) * len(values) for s in shots]


def group_split(groups: np.ndarray, test_groups: Sequence[object]) -> tuple[np.ndarray, np.ndarray]:
    """(pool, test rows): items of `test_groups` are tested on and never trained on.

    `groups` (items,) says where each item comes from: a camera, a site, a year. The learning
    curve then tells the quality on a source that was not labelled.
    """
    groups = np.asarray(groups)
    wanted = np.isin(groups, np.asarray(test_groups))
    for group in test_groups:
        if not (groups == group).any():
            known = ", ".join(str(g) for g in np.unique(groups)[:10])
            raise InputError(f"no item is in group {group!r}; expected some of: {known}")
    if wanted.all():
        raise InputError("every item is in a tested group; expected some groups to train on")
    return np.flatnonzero(~wanted), np.flatnonzero(wanted)
