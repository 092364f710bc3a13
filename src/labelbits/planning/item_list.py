"""The items of a plan, for whoever collects the labels (`labelbits export` reads them)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

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
