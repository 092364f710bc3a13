"""The user's items as a plan sees them: which have answers, and how ambiguous each looks.

Whoever collects the labels needs to know which items to ask about; `labelbits export` reads it.
"""

from __future__ import annotations

import numpy as np

from labelbits.planning.evidence.answers_held import Pilot
from labelbits.planning.evidence.loading import Evidence
from labelbits.planning.item_list import ItemList


def compared_items(pilot: Pilot, evidence: Evidence | None) -> ItemList | None:
    """The items of a pilot that compares them, by the names that its answers or features use, with
    the answers that are about each; None where there is no pilot."""
    if pilot.everyone is None:
        return None
    asked = pilot.everyone.table["items"].explode().value_counts()
    held = dict(asked.iter_rows())
    if evidence is None:
        names = tuple(pilot.everyone.items)
        return ItemList(np.array([held.get(name, 0) for name in names]), ids=names)
    counts = np.array([held.get(str(row), 0) for row in range(len(evidence.features))])
    return ItemList(counts, None, evidence.ids, evidence.shown, evidence.shown_kind)


def item_list(evidence: Evidence, strata: np.ndarray | None) -> ItemList:
    """Answers about classes that exist, counted by item."""
    held = evidence.stated.sum(1)
    for batch in evidence.batches.values():
        if batch.signal.labels_items() and not batch.signal.counts_votes():
            rows = batch.items[:, 0]
            held = np.maximum(held, np.bincount(rows, minlength=len(held)))
    return ItemList(
        held.round().astype(np.int64), strata, evidence.ids, evidence.shown, evidence.shown_kind
    )
