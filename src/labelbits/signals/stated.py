"""What an answer states about the classes: one reading of a report, for all of labelbits.

Probabilities that a report leaves over go equally to the classes it neither names nor ticks as
impossible. Where it leaves nothing over and such classes are open, they share `REDISTRIBUTED` of
the whole, and the named ones keep their proportions: who names the two most probable classes of ten
and gives them 100 % has not said that the other eight are impossible ("T2 clamp, 10 %
redistribution", Collins, Bhatt, Weller 2022, HCOMP).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

#: Mass of the classes neither named nor ticked impossible where the named ones fill 100 %.
REDISTRIBUTED = 0.1
#: Probabilities typed by hand that sum to this or more are full.
FULL = 1 - 1e-4


def completed(
    named: Float[np.ndarray, "n classes"], is_open: Bool[np.ndarray, "n classes"]
) -> Float[np.ndarray, "n classes"]:
    """Reports as distributions: `named` probabilities, 0 for what was not named; `is_open` classes
    are neither named nor ticked impossible. Rows of `named` sum to more than 0."""
    total = named.sum(1, keepdims=True)
    places = is_open.sum(1, keepdims=True)
    left = np.where(total < FULL, 1 - total, REDISTRIBUTED)
    left = np.where(places > 0, left, 0.0)
    # What is left over belongs to the open classes; where there are none, to those named.
    kept = np.where((total < FULL) & (places > 0), named, named / total * (1 - left))
    return kept + left * is_open / np.maximum(places, 1)
