"""Recovered spaces of one signal: how good they are, and how a classifier does on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from labelbits import information, signals
from labelbits.simulation.simulate import METRICS, Recovered, recover_batch
from labelbits.sweeps.analyses.piece import Raw, Size
from labelbits.worlds import World

#: Distance by which the items of the shifted prior lie off the others, along one coordinate.
SHIFT = 1.5
#: Share of the items of the second kind of world that are shifted: the last ones.
SHIFTED = 0.25
#: Panels of the classifier.
PLACES = ("in distribution", "shifted prior", "held-out classes")
#: Worlds that the bits of all answers are averaged over.
BITS_WORLDS = 4


@dataclass(frozen=True)
class ShiftedWorld(World):
    """A normal world, the last quarter of whose items is drawn round (SHIFT, 0, ..)."""

    def sample_items(self, key, shape):  # type: ignore[no-untyped-def]
        x = super().sample_items(key, shape)
        return x.at[..., self.plain :, 0].add(SHIFT)

    @property
    def plain(self) -> int:
        """Items that are not shifted: the first ones."""
        return self.items - round(SHIFTED * self.items)


def fits(name: str, size: Size) -> Iterator[Raw]:
    """For every number of answers an item: Spearman, Procrustes and accuracy of every world, and
    the bits of all answers."""
    signal = signals.make(name, size.dims, size.classes)
    world = World(size.items, size.classes, size.dims)
    shifted = ShiftedWorld(size.items, size.classes, size.dims)
    one = information.per_answer(signal, world, seed=0, standard_error=0.01)
    for per_item in size.answers:
        n, most = per_item * size.items, max(size.answers) * size.items

        def recovered(world: World, n: int = n, most: int = most) -> Recovered:
            return recover_batch([signal], world, answers=[n], seeds=size.seeds, largest=[most])

        found = recovered(world)
        for metric in ("spearman", "procrustes"):
            for i, value in enumerate(METRICS[metric](found)):
                yield metric, name, per_item, i, float(value), None, "simulation"
        for place, shots, i, value in accuracies(recovered(shifted), shifted.plain, size.shots):
            yield f"{place}, {shots}", name, per_item, i, value, None, "simulation"
        asked = information.random_questions(signal, world, n, 0)
        together = information.joint(signal, world, asked, how="laplace", worlds=BITS_WORLDS)
        alone = n * one.bits, n * one.standard_error
        both = together.bits, together.standard_error
        yield "bits", name, per_item, None, *min(alone, both), "theory"


def ceiling(name: str, size: Size) -> Iterator[Raw]:
    """Accuracy of the same classifier on the true positions, in other worlds of the same kind."""
    rng = np.random.default_rng(0)
    worlds = 10 * size.seeds
    plain = ShiftedWorld(size.items, size.classes, size.dims).plain
    items = rng.normal(size=(worlds, size.items, size.dims))
    items[:, plain:, 0] += SHIFT
    prototypes = rng.normal(size=(worlds, size.classes, size.dims))
    none = np.zeros(worlds)
    found = Recovered(items, prototypes, items, prototypes, none, none, 0)
    for place, shots, i, value in accuracies(found, plain, size.shots):
        yield f"{place}, {shots}", name, 0.0, i, value, None, "bound"


def accuracies(
    found: Recovered, plain: int, shots: tuple[int, ...]
) -> Iterator[tuple[str, int, int, float]]:
    """(panel, shots a class, world, accuracy) of the nearest-centroid classifier.

    The true class of an item is its nearest prototype. The classifier sees `shots` items of each
    class in the recovered space and is tested on the other plain items ("in distribution"), on
    the shifted ones ("shifted prior"), and on plain items with classes whose prototypes no
    question was about ("held-out classes").
    """
    for place in PLACES:
        for world in range(len(found.items)):
            rng = np.random.default_rng([PLACES.index(place), world])
            items, x = found.items[world], found.estimated_items[world]
            centres = found.prototypes[world]
            if place == "held-out classes":
                centres = rng.normal(size=centres.shape)
            truth = ((items[:, None] - centres) ** 2).sum(-1).argmin(1)
            order = rng.permutation(plain)
            # The largest training set is the same for all, so that every score has one test set.
            rank = np.zeros(len(items), dtype=int)
            for k in range(len(centres)):
                own = order[truth[order] == k]
                rank[own] = np.arange(len(own))
            test = np.arange(plain, len(items))
            if place != "shifted prior":
                test = np.flatnonzero((np.arange(len(items)) < plain) & (rank >= max(shots)))
            for count in shots:
                train = np.flatnonzero((np.arange(len(items)) < plain) & (rank < count))
                seen = np.unique(truth[train])
                middle = np.stack([x[train][truth[train] == k].mean(0) for k in seen])
                far = ((x[test][:, None] - middle) ** 2).sum(-1)
                score = float(np.mean(seen[far.argmin(1)] == truth[test]))
                yield place, count, world, score
