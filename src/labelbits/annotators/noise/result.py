"""What is known of the noise of one kind of question."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from labelbits.quantity import Quantity

#: What a precision is counted in: distances of the world are standard deviations of its items.
PRECISION_UNIT = "per squared distance"


@dataclass(frozen=True)
class Noise:
    """Precision and lapse with 90 % intervals, and the world in which they hold.

    `source` says what told them: gold, repeated answers, or a recovered embedding; `assumes` what
    had to be given, where they could not tell both, and what would tell. `never_random` is the
    precision if no answer was given at random, the same number as `precision` where that is
    assumed: it orders annotators by how often they are right, whatever mistakes they make.
    `random_at_most` is an upper end (97.5 %) of the share of random answers that holds for any
    annotators, whether the channel describes them or not; None where nothing bounds it.
    """

    precision: Quantity
    lapse: Quantity
    concentration: float | None
    dims: int
    classes: int
    items: int
    answers: int
    source: str
    assumes: str = ""
    never_random: Quantity | None = None
    random_at_most: float | None = None

    def bounded(self, most: float | None) -> Noise:
        """The same with `random_at_most`: no lapse above it is believed."""
        if most is None:
            return self
        one = self.lapse
        low, value, high = (min(end, most) for end in (one.low, one.value, one.high))
        lapse = replace(one, value=value, low=low, high=high)
        return replace(self, lapse=lapse, random_at_most=float(most))

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        never = self.never_random
        return {
            "precision": self.precision.to_dict(),
            "lapse": self.lapse.to_dict(),
            "concentration": self.concentration,
            "dims": self.dims,
            "classes": self.classes,
            "items": self.items,
            "answers": self.answers,
            "source": self.source,
            "assumes": self.assumes,
            "precision_if_never_random": None if never is None else never.to_dict(),
            "random_at_most": self.random_at_most,
        }
