"""The user's items as a plan sees them: which have answers, and how ambiguous each looks.

Whoever collects the labels needs to know which items to ask about; `labelbits export` reads it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from labelbits.planning.evidence.loading import Evidence

#: Beside plan.json.
FILE = "items.csv"


@dataclass(frozen=True)
class ItemList:
    """`answers` (items,) held on each row of the features; `strata` (items,) names, or None; `ids`,
    the name of each row, and `shown`, its text or the path of its image, or None."""

    answers: np.ndarray
    strata: np.ndarray | None = None
    ids: tuple[str, ...] | None = None
    shown: tuple[str, ...] | None = None
    kind: str = "text"

    def csv(self) -> str:
        """Columns item (its name, or a row of the features from 0), answers_held and, where known,
        stratum and text or image."""
        names = np.arange(len(self.answers)) if self.ids is None else list(self.ids)
        table = pl.DataFrame({"item": names, "answers_held": self.answers})
        if self.strata is not None:
            table = table.with_columns(pl.Series("stratum", self.strata))
        if self.shown is not None:
            table = table.with_columns(pl.Series(self.kind, self.shown))
        return table.write_csv()


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
