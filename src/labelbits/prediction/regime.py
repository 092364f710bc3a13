"""Where the predictor was checked, and the refusal everywhere else."""

from __future__ import annotations

import math
from dataclasses import dataclass

import equinox as eqx

from labelbits.errors import InputError, check_at_least, check_positive
from labelbits.interface import Signal
from labelbits.signals import Votes, make
from labelbits.worlds import World

#: Signals that have simulated points; votes are hard labels.
COMPARISONS = ("triplet", "quadruplet", "odd-one-out", "contrastive", "rating", "similarity")
CLASS_SIGNALS = (
    "hard", "soft", "sparse-soft", "ranking", "candidates", "complementary", "verify",
    "same-class",
)  # fmt: skip
#: Ends of the regime, both included.
ITEMS, CLASSES, DIMS = (30, 120), (3, 24), (1, 8)
PRECISION, LAPSE, ANSWERS = (0.25, 4.0), (0.0, 0.3), (1.0, 64.0)
PRIORS = ("normal", "hypercube", "sphere", "clusters")
#: Where single worlds fell outside their interval too often (docs/prediction.md): clusters in up to
#: so many dims, comparisons in fewer than so many.
CLUSTERS_DIMS, COMPARISON_DIMS = 3, 2
#: What to do instead of predicting.
SIMULATE = "simulate it: labelbits sweep, or labelbits.simulation.simulate.simulate"


class NotCheckedError(InputError):
    """The question lies outside the regime in which predictions were checked: simulate instead."""


@dataclass(frozen=True)
class Case:
    """One question to the predictor. `signal` names the table; `answers_per_item` counts its
    answers, so that one answer of three votes is three of `hard`."""

    signal: str
    uses_classes: bool
    items: int
    classes: int
    dims: int
    prior: str
    precision: float
    lapse: float
    answers_per_item: float


def _refuse(name: str, value: float, ends: tuple[float, float], unit: str = "") -> None:
    if not ends[0] <= value <= ends[1]:
        raise NotCheckedError(
            f"{name} is {value:g}; predictions were checked from {ends[0]:g} to {ends[1]:g}{unit} "
            f"only: {SIMULATE}"
        )


def _check_world(signal: Signal, world: World) -> None:
    if world.prior not in PRIORS:
        raise NotCheckedError(
            f"prior is {world.prior!r}; predictions were checked for {', '.join(PRIORS)} only: "
            f"{SIMULATE}"
        )
    if world.prior == "sphere" and world.dims == 1:
        raise NotCheckedError(
            "prior 'sphere' in one dimension is two points; predictions need at least 2 dims "
            f"there: {SIMULATE}"
        )
    default = World(prior="clusters")
    if world.prior == "clusters" and (world.clusters, world.spread) != (
        default.clusters, default.spread,
    ):  # fmt: skip
        raise NotCheckedError(
            f"the world has {world.clusters} clusters of spread {world.spread}; predictions were "
            f"checked with {default.clusters} of spread {default.spread} only: {SIMULATE}"
        )
    if world.prior == "clusters" and world.dims <= CLUSTERS_DIMS:
        raise NotCheckedError(
            f"the world has clusters in {world.dims} dims; predictions of clusters cannot be "
            f"trusted in up to {CLUSTERS_DIMS} dims, where worlds differ by where their clusters "
            f"lie: {SIMULATE}"
        )
    if not signal.uses_classes and world.dims < COMPARISON_DIMS:
        raise NotCheckedError(
            f"the world has {world.dims} dimension; predictions of {signal.name} cannot be trusted "
            f"in fewer than {COMPARISON_DIMS}, where a search may end in a wrong order of the "
            f"items: {SIMULATE}"
        )
    if signal.uses_classes and world.known_prototypes is not None:
        raise NotCheckedError(
            f"the world knows its prototypes; predictions of {signal.name} were checked with "
            f"unknown prototypes only: {SIMULATE}"
        )
    _refuse("items", world.items, ITEMS)
    _refuse("dims", world.dims, DIMS)
    if signal.uses_classes:
        _refuse("classes", world.classes, CLASSES)


def _check_options(signal: Signal, world: World) -> None:
    options = {"precision": signal.precision, "lapse": signal.lapse}
    if isinstance(signal, Votes):
        options["answers_per_item"] = signal.answers_per_item
    if not eqx.tree_equal(signal, make(signal.name, world.dims, world.classes, **options)):
        raise NotCheckedError(
            f"{signal.name} has options of its own; predictions were checked with the default "
            f"options of signals.make({signal.name!r}, dims, classes) only: {SIMULATE}"
        )


def case_of(signal: Signal | str, world: World, answers_per_item: float) -> Case:
    """The question as the table knows it.

    Raises `InputError` for what makes no sense and `NotCheckedError` for what was not checked.
    """
    if not isinstance(world, World):
        raise InputError(f"world is {world!r}; expected a labelbits.World")
    if isinstance(signal, str):
        signal = make(signal, world.dims, world.classes)
    if not isinstance(signal, Signal):
        raise InputError(f"signal is {signal!r}; expected one signal or its name")
    check_positive("answers_per_item", answers_per_item)
    if signal.name not in (*CLASS_SIGNALS, *COMPARISONS, "votes"):
        known = ", ".join((*CLASS_SIGNALS, "votes", *COMPARISONS))
        raise NotCheckedError(
            f"predictions of {signal.name} were never checked; expected one of: {known}. Or "
            f"{SIMULATE}"
        )
    if signal.arity > world.items:
        raise InputError(
            f"{signal.name} shows {signal.arity} items and the world has {world.items}; "
            "expected at least as many items"
        )
    check_at_least("items", world.items, 2)
    if math.isinf(float(signal.precision)):
        raise NotCheckedError(
            f"precision of {signal.name} is inf; predictions were checked from {PRECISION[0]:g} to "
            f"{PRECISION[1]:g} only: {SIMULATE}"
        )
    _check_world(signal, world)
    _check_options(signal, world)
    _refuse(f"precision of {signal.name}", float(signal.precision), PRECISION)
    _refuse(f"lapse of {signal.name}", float(signal.lapse), LAPSE)
    name, answers = signal.name, float(answers_per_item)
    if isinstance(signal, Votes):
        name, answers = "hard", answers * signal.answers_per_item
    unit = " hard labels" if isinstance(signal, Votes) else ""
    _refuse("answers_per_item", answers, ANSWERS, unit)
    return Case(
        name, signal.uses_classes, world.items, world.classes, world.dims, world.prior,
        float(signal.precision), float(signal.lapse), answers,
    )  # fmt: skip
