"""Signals at the same annotator: one precision of perception, each channel derived from it.

"Precision" means another noise in each channel. Here an annotator perceives every squared distance
with a Gumbel error of scale 1 / precision (variance pi^2 / (6 precision^2)): choosing the nearest
is then the softmax that hard labels, rankings and comparisons use. Where a channel has another law
of errors it gets the same variance (`Signal.same_perception`).

Two things do not follow from perception. How closely stated probabilities follow what is perceived
is taken from people; how people cut a scale into steps is taken from people and, beside it, as
equally likely steps.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from labelbits.interface import Signal
from labelbits.laws import chi_square_quantile
from labelbits.signals import make, signal_class

#: Concentration at which two people's reports of one image are as far apart as they are:
#: c + 1 = 2 (1 - E p.q) / E |p - q|^2 over 19,030 pairs; 90 %: 1.69 to 1.85.
PEOPLE = 1.76
#: The same for one person's two reports of one image, 529 pairs; 90 %: 1.94 to 2.58.
ONE_PERSON = 2.22
CONCENTRATION_SOURCE = "CIFAR-10S (Collins, Bhatt, Weller 2022, HCOMP)"
#: How often each fifth of a scale from 0 to 10 was used, the least alike first: 30 word pairs, 10
#: raters.
FIFTHS = (0.260, 0.097, 0.117, 0.067, 0.460)
FIFTHS_SOURCE = "word similarity ratings (Snow et al. 2008, EMNLP)"


@dataclass(frozen=True)
class Comparable:
    """A signal at the common annotator, what was assumed, and other settings to set beside it."""

    signal: Signal
    assumed: tuple[str, ...] = ()
    others: tuple[tuple[str, Signal], ...] = ()


def of_default(name: str, given: Collection[str]) -> tuple[str, ...]:
    """What the defaults of one signal assume that people do not do, a clause each."""
    cls = signal_class(name)
    if "concentration" not in cls.options or "concentration" in given:
        return ()
    return (
        f"concentration {cls.option_default('concentration')} is the default, reports closer to "
        f"what is perceived than people's: {PEOPLE} between people, {ONE_PERSON} for one person "
        f"asked again, {CONCENTRATION_SOURCE}",
    )


def people_steps(dims: int) -> np.ndarray:
    """Squared distances, falling, at which two N(0, I) items are rated in fifths as often as
    people used them."""
    alike = np.cumsum(FIFTHS[::-1])[:-1]  # from the most alike: near items
    return 2 * chi_square_quantile(alike, dims)[::-1]


def comparable(
    name: str, dims: int, classes: int, precision: float, lapse: float, **options: Any
) -> Comparable:
    """The signal called `name` for an annotator whose perception has this precision.

    Options given win; the signal's own precision follows from perception.
    """
    cls = signal_class(name)
    own = cls.same_perception(precision)

    def at(**more: Any) -> Signal:
        return make(name, dims, classes, precision=own, lapse=lapse, **{**more, **options})

    assumed: tuple[str, ...] = ()
    if own != precision:
        assumed = (f"precision {own:.4g}, the same variance of a perceived distance",)
    if "concentration" in cls.options and "concentration" not in options:
        default = cls.option_default("concentration")
        return Comparable(
            at(concentration=PEOPLE),
            (*assumed, f"concentration {PEOPLE}: different people on one image, "
             f"{CONCENTRATION_SOURCE}"),
            (
                (f"concentration {ONE_PERSON}, one person asked again",
                 at(concentration=ONE_PERSON)),
                (f"concentration {default}, what `bits` takes for one signal",
                 at(concentration=default)),
            ),
        )  # fmt: skip
    if "thresholds" in cls.options and not {"thresholds", "levels"} & set(options):
        return Comparable(
            at(),
            (*assumed, "steps equally likely"),
            ((f"steps used as often as in {FIFTHS_SOURCE}", at(thresholds=people_steps(dims))),),
        )
    return Comparable(at(), assumed)
