"""Bits of all answers together, in theory and by simulation, and per triplet as they are added."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from labelbits import information, signals
from labelbits.interface import Signal
from labelbits.sweeps.analyses.annealing import annealed_bits
from labelbits.sweeps.analyses.bits import axes
from labelbits.sweeps.analyses.piece import Raw, Size
from labelbits.worlds import World

#: Answers an item along the axes other than the number of answers.
PER_ITEM = 4
#: Worlds that the theory is averaged over.
THEORY_WORLDS = 8
#: Triplets of the falling curve: dimensions and precision.
TRIPLET_DIMS, TRIPLET_PRECISION = 2, 4.0


def _together(
    signal: Signal, world: World, counts: list[int], size: Size
) -> Iterator[tuple[int, float, float, str]]:
    """(answers, bits, standard error, source) of theory and simulation."""
    questions = information.random_questions(signal, world, max(counts), 0)
    if signal.arity == 1:
        # Every item is asked equally often, as in the recovery. The kind of question follows its
        # number: rounds that begin at another item ask about each item in every way.
        number = np.arange(max(counts))
        late = number // world.items if signal.questions(world.classes) > 1 else 0
        questions = ((number + late) % world.items)[:, None]
    one = information.per_answer(signal, world, seed=0, standard_error=0.01)
    for n in counts:
        found = information.joint(signal, world, questions[:n], how="laplace", worlds=THEORY_WORLDS)
        alone = n * one.bits, n * one.standard_error
        yield n, *min((found.bits, found.standard_error), alone), "theory"
    sampled = annealed_bits(
        signal, world, questions, counts, worlds=size.small_worlds,
        temperatures=size.temperatures, seed=1,
    )  # fmt: skip
    for n, s in zip(counts, sampled, strict=True):
        # The middle of two bounds may be off by half their distance, whichever way.
        yield n, s.bits, math.hypot(s.standard_error, (s.high - s.low) / 2), "simulation"


def total(name: str, size: Size) -> Iterator[Raw]:
    """All answers to one signal in a small world, against the number of answers and the axes."""
    k, d, items = size.classes, size.dims, size.small_items
    counts = [a * items for a in size.small_answers]
    for n, value, error, source in _together(
        signals.make(name, d, k), World(items, k, d), counts, size
    ):
        yield "answers an item", name, n / items, None, value, error, source
        yield "each answer", name, n / items, None, value / n, error / n, source


def total_axes(name: str, size: Size) -> Iterator[Raw]:
    """`PER_ITEM` answers an item in a small world, against classes, dimensions and noise."""
    items = size.small_items
    found: dict[tuple[Any, ...], list[Any]] = {}
    for axis, points in axes(size).items():
        for x, (k, d, precision, lapse) in points:
            where = (k if signals.signal_class(name).uses_classes else 0, d, precision, lapse)
            if where not in found:
                signal = signals.make(name, d, k, precision=precision, lapse=lapse)
                world = World(items, k, d)
                found[where] = list(_together(signal, world, [PER_ITEM * items], size))
            for _, value, error, source in found[where]:
                yield axis, name, float(x), None, value, error, source


def triplets(subject: str, size: Size) -> Iterator[Raw]:
    """Bits per triplet in a world of `subject` items, as more of them are asked.

    Bound: the answers of all triplets name for each item an order of the N - 1 others, so together
    they carry at most N log2 (N - 1)! bits.
    """
    items = int(subject)
    world = World(items, 2, TRIPLET_DIMS)
    signal = signals.make("triplet", TRIPLET_DIMS, 2, precision=TRIPLET_PRECISION)
    where = f"{items} items"
    cap = items * math.lgamma(items) / math.log(2)
    counts = [n for n in size.triplets if n <= 40 * items**2]
    for n, value, error, source in _together(signal, world, counts, size):
        yield where, "triplet", n / items, None, value / n, error / n, source
    one = information.per_answer(signal, world, seed=0, standard_error=0.001)
    for n in counts:
        error = one.standard_error if one.bits * n < cap else 0.0
        row = min(one.bits, cap / n), error
        yield where, "bound: one alone, and N log2 (N-1)!", n / items, None, *row, "bound"
