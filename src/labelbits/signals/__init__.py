"""Every signal of labelbits: what is asked and how it is answered. One registry, by name."""

from __future__ import annotations

from typing import Any

from labelbits.errors import InputError
from labelbits.interface import Option, Signal
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


def one_question(name: str) -> str:
    """What each single answer to the signal called `name` is an answer to: of votes it is `hard`,
    of all others their own name."""
    return (REGISTRY[name].several_of or name) if name in REGISTRY else name


def asking(question: str) -> tuple[str, ...]:
    """The names of all signals that ask `question`, once or several times."""
    return tuple(name for name in REGISTRY if one_question(name) == question)


#: The option that every signal about classes has, but those that say how else they err.
CONFUSION = Option("matrix", "probability of each answer (column) where a class (row) is meant")


def options_of(cls: type[Signal]) -> dict[str, Option]:
    """Every option of a signal beyond precision and lapse, by name."""
    return {**cls.options, **({"confusion": CONFUSION} if cls.uses_classes else {})}


def make(name: str, dims: int, classes: int, **options: Any) -> Signal:
    """The signal called `name` with defaults for a world of this size; `options` win.

    An option that the signal does not have is an `InputError` that lists those it has.
    """
    cls = signal_class(name)
    known = ["precision", "lapse", *options_of(cls)]
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
    "asking",
    "make",
    "one_question",
    "options_of",
    "signal_class",
]
