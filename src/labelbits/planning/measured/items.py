"""The user's items as a plan sees them: which have answers, and how ambiguous each looks.

Whoever collects the labels needs to know which items to ask about; `labelbits export` reads it.
"""

from __future__ import annotations

import numpy as np

from labelbits.planning.evidence.loading import Evidence
from labelbits.planning.item_list import ItemList


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
