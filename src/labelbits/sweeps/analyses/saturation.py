"""Soft labels as classes pass the number of dimensions: bits and quality of one label an item."""

from __future__ import annotations

from collections.abc import Iterator

import jax
import numpy as np

from labelbits import information, signals
from labelbits.simulation.simulate import simulate
from labelbits.sweeps.analyses.piece import Raw, Size
from labelbits.worlds import World

#: Reports in parts of 40. The careful annotator reports near the truth, and the precision is one
#: at which distant classes still have a probability that can be reported.
REPORTS = {
    "careful": {"grid": 40, "concentration": 1000.0, "precision": 0.2},
    "usual": {"grid": 40, "concentration": 10.0, "precision": 1.0},
}


def saturation(subject: str, size: Size) -> Iterator[Raw]:
    """One soft label an item, prototypes known or not, reported carefully or as usual.

    With known prototypes K probabilities are K - 1 linear equations for the item (the log odds of
    two classes are linear in z), so an exact report fixes it as soon as K - 1 >= D.
    """
    kind, dims = subject.split()
    d, label = int(dims), f"{kind} report, dims {dims}"
    for k in size.saturation_classes:
        soft = signals.make("soft", d, k, **REPORTS[kind])
        world = World(size.items, k, d)
        one = information.per_answer(
            soft, world, about="items", seed=0, standard_error=0.05, max_samples=100_000
        )
        yield "bits of a label", label, k, None, one.bits, one.standard_error, "theory"
        values: list[float] = []
        for i in range(size.prototype_sets):
            known = np.asarray(world.sample_prototypes(jax.random.key(1000 + i), ()))
            given = World(size.items, k, d, prototypes=known)
            seeds = max(2, size.seeds // size.prototype_sets)
            values.append(simulate(soft, given, answers=size.items, seeds=seeds).mean("spearman"))
        error = float(np.std(values, ddof=1) / np.sqrt(len(values)))
        yield "prototypes known", label, k, None, float(np.mean(values)), error, "simulation"
        found = simulate(soft, world, answers=size.items, seeds=size.seeds)
        row = found.mean("spearman"), found.standard_error("spearman")
        yield "prototypes unknown", label, k, None, *row, "simulation"
