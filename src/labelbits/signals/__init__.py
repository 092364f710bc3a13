"""Every signal of labelbits: what is asked and how it is answered. One registry, by name."""

from __future__ import annotations

from typing import Any

from labelbits.errors import InputError
from labelbits.interface import Signal
from labelbits.signals.comparisons import Contrastive, OddOneOut, Quadruplet, Triplet
from labelbits.signals.labels import Complementary, Hard, Votes
from labelbits.signals.rankings import Candidates, Ranking
from labelbits.signals.ratings import Rating, Similarity
from labelbits.signals.soft import Soft
from labelbits.signals.sparse_soft import SparseSoft
from labelbits.signals.yes_no import SameClass, Verify

#: Name -> class. A new signal is its class and its line here.
REGISTRY: dict[str, type[Signal]] = {
    signal.name: signal
    for signal in (
        Hard,
        Votes,
        Soft,
        SparseSoft,
        Ranking,
        Candidates,
        Complementary,
        Verify,
        SameClass,
        Triplet,
        Quadruplet,
        OddOneOut,
        Contrastive,
        Rating,
        Similarity,
    )
}


def signal_class(name: str) -> type[Signal]:
    """The class of the signal called `name`, or an `InputError` that lists the known names."""
    if name not in REGISTRY:
        raise InputError(f"unknown signal {name!r}; expected one of: {', '.join(REGISTRY)}")
    return REGISTRY[name]


def make(name: str, dims: int, classes: int, **options: Any) -> Signal:
    """The signal called `name` with defaults for a world of this size; `options` win.

    An option that the signal does not have is an `InputError` that lists those it has.
    """
    cls = signal_class(name)
    known = ["precision", "lapse", *(["confusion"] if cls.uses_classes else []), *cls.options]
    for option in options:
        if option not in known:
            raise InputError(
                f"signal {name} has no option {option!r}; expected one of: {', '.join(known)}"
            )
    return cls.for_world(dims, classes, **options)


__all__ = [
    "REGISTRY",
    "Candidates",
    "Complementary",
    "Contrastive",
    "Hard",
    "OddOneOut",
    "Quadruplet",
    "Ranking",
    "Rating",
    "SameClass",
    "Similarity",
    "Soft",
    "SparseSoft",
    "Triplet",
    "Verify",
    "Votes",
    "make",
    "signal_class",
]
