"""What became of each claim: held or not, and the number that says so, from a figure's own rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from labelbits.sweeps.analyses.verdicts import crowd, dynamics, paper
from labelbits.sweeps.analyses.verdicts.rows import Found, Rows


@dataclass(frozen=True)
class Verdict:
    """A claim of the paper, or one that follows from its argument, and what was found.

    `held` is None where the difference cannot be told from none.
    """

    figure: str
    claim: str
    held: bool | None
    found: str

    @property
    def word(self) -> str:
        """The verdict in words."""
        if self.held is None:
            return "cannot be told"
        return "held" if self.held else "did not hold"

    def line(self) -> str:
        """The verdict in one line."""
        return f"{self.claim} {self.word.capitalize()}: {self.found}."


def verdicts(table: pl.DataFrame, figure: str) -> list[Verdict]:
    """The verdicts of one figure of the table of `reproduce`; none where its rows are missing."""
    rows = Rows(table.filter(figure=figure))
    if not len(rows.table) or figure not in _JUDGES:
        return []
    return [Verdict(figure, *one) for one in _JUDGES[figure](rows)]


_JUDGES: dict[str, Callable[[Rows], Found]] = {
    "bits": paper.bits,
    "total": paper.falls(
        "each answer", "All answers together say less than their sum.", "bits each"
    ),
    "recovery": paper.recovery,
    "triplets": paper.falls(
        " items", "Bits a triplet fall as triplets are added.", "bits a triplet"
    ),
    "saturation": paper.saturation,
    "shots": paper.few_and_many,
    "transfer": paper.few_and_many,
    "dynamics": dynamics.dynamics,
    "crowd": crowd.crowd,
    "crowd-dynamics": crowd.courses,
    "tradeoff": paper.tradeoff,
}
