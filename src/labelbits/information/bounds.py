"""Upper bounds on information: what no answer, learner or estimator can exceed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import jax
import numpy as np

from labelbits.errors import ImpossibleError
from labelbits.information.counting import (
    acyclic_patterns,
    log2_orderings,
    log2_sign_patterns,
    log2_triplet_orders,
    log2_whole,
)
from labelbits.interface import About, Signal, World
from labelbits.signals import REGISTRY, Ranking, Similarity, Votes, make
from labelbits.signals.base import log_choose


def distance_variance(world: World) -> float:
    """Variance of the squared distance between two independent items of the world."""
    prior = getattr(world, "prior", None)
    if prior == "normal":
        return 8.0 * world.dims
    if prior == "sphere":
        return 4.0 * world.dims
    if prior == "hypercube":
        return 5.6 * world.dims
    key = jax.random.key(0)
    pair = np.asarray(world.sample_items(key, (200_000, 2)), dtype=np.float64)
    d2 = ((pair[:, 0] - pair[:, 1]) ** 2).sum(1)
    # Three standard errors up: a bound from a sample may not fall short of the truth.
    centred = (d2 - d2.mean()) ** 2
    return float(centred.mean() + 3 * centred.std() / math.sqrt(len(d2)))


def answer_bound(signal: Signal, world: World, about: About) -> tuple[float, str]:
    """(bits, name) of the smallest bound on one answer.

    A lapse tells nothing: were it known which answers are lapses, the others would carry at
    most their own bound, so every bound shrinks by 1 - lapse.
    """
    kept = 1 - float(signal.lapse)
    share = "" if kept == 1 else f"{kept:g} x "
    if isinstance(signal, Similarity):
        # Given its variance, a normal input carries most through normal noise.
        signal_to_noise = float(signal.precision) * distance_variance(world)
        return kept * 0.5 * math.log2(1 + signal_to_noise), f"{share}normal channel"
    found = [(signal.log_outcomes(world.classes) / math.log(2), "log2 outcomes")]
    if isinstance(signal, Votes):
        # Each vote lapses on its own, so only the bound of the sequence shrinks.
        sequence = signal.answers_per_item * math.log2(world.classes)
        return min((found[0], (kept * sequence, f"{share}votes x log2 classes")))
    given = about == "items" or world.known_prototypes is not None
    if isinstance(signal, Ranking) and given and signal.confusion is None:
        found.append((log2_orderings(world.classes, world.dims), "log2 Q(K, D) orderings"))
    bits, name = min(found)
    return kept * bits, share + name


#: Standard errors, and parts of the bound lost to rounding, within which a value may lie outside.
ERRORS, ROUNDING = 6.0, 1e-5


def check_possible(
    bits: float, error: float, bound: float, what: str, signal: Signal, world: World
) -> None:
    """Raise `ImpossibleError` for bits below 0 or above their bound by more than their error."""
    slack = ERRORS * error + ROUNDING * (1 + bound if math.isfinite(bound) else 1.0)
    if -slack <= bits <= bound + slack:
        return
    options = ", ".join(
        f"{name}={getattr(signal, name, None)}" for name in ("precision", "lapse", *signal.options)
    )
    raise ImpossibleError(
        f"{what} of {signal.name} came out as {bits:.6g} +- {error:.2g}; possible are 0 to "
        f"{bound:.6g}. This is a defect of labelbits: please report it with this point: "
        f"{world.classes} classes, {world.dims} dims, {world.items} items, {options}"
    )


#: Items up to which patterns of triplets are counted one by one.
FEW_ITEMS = 5


@dataclass(frozen=True)
class Bound:
    """Most bits that `answers` answers to one signal can carry, and which bound says so.

    `every` holds all bounds that apply, by name.
    """

    signal: str
    answers: float
    bits: float
    name: str
    every: dict[str, float]


def joint_bounds(
    signal: Signal, world: World, answers: float, *, about: About = "geometry"
) -> Bound:
    """The bounds on `answers` answers spread evenly over the items, and the smallest.

    Those marked noise-free hold for certain answers only (precision inf, lapse 0); the others
    hold for every annotator. Counting bounds survive noise because a noisy answer is a certain
    answer to a question shifted by noise that does not depend on the points: given the noise,
    the number of answer patterns is bounded as before.
    """
    one, name = answer_bound(signal, world, about)
    every = {f"answers x {name}": answers * one}
    certain = math.isinf(float(signal.precision)) and float(signal.lapse) == 0
    items, dims, classes = world.items, world.dims, world.classes
    if signal.uses_classes:
        each = answers / items
        if signal.name in ("hard", "complementary") and each > 1:
            # The order of the answers on one item tells nothing: their counts are enough.
            counts = log_choose(each + classes - 1, classes - 1) / math.log(2)
            every["items x log2 counts"] = items * counts
        if certain and signal.name in ("hard", "complementary", "votes", "verify", "same-class"):
            # Noise-free, all these answers follow from the nearest (farthest) class of each item.
            every["items x log2 classes, noise-free"] = items * math.log2(classes)
    else:
        # An answer is decided by the signs of differences of squared distances (degree 2).
        signs = signal.sign_tests  # type: ignore[attr-defined]
        if signs:
            every["Warren sign patterns"] = log2_sign_patterns(answers * signs, items * dims)
        if certain and signal.name == "triplet":
            every["items x log2 (items - 1)!, noise-free"] = log2_triplet_orders(items)
            if items <= FEW_ITEMS:
                every["patterns without contradiction, noise-free"] = log2_whole(
                    acyclic_patterns(items)
                )
    best = min(every, key=every.__getitem__)
    return Bound(signal.name, answers, every[best], best, every)


def bounds(world: World, *, precision: float = math.inf) -> tuple[Bound, ...]:
    """For every signal, the most bits of one answer to every question that can be asked.

    Class signals are asked once an item (`same-class`: once a pair, `verify`: once an item and
    class), comparisons once for each question on different items. `similarity` has no bound
    without noise and is given precision 1.
    """
    found = []
    for name in REGISTRY:
        noise = 1.0 if name == "similarity" and math.isinf(precision) else precision
        signal = make(name, world.dims, world.classes, precision=noise)
        if world.items >= signal.arity:
            found.append(
                joint_bounds(signal, world, signal.all_questions(world.items, world.classes))
            )
    return tuple(found)
