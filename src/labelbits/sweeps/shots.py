"""A classifier on the recovered space: few shots, a shifted prior, classes never asked about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from labelbits import signals
from labelbits.recovery.batch import recover_batch
from labelbits.worlds import World

ITEMS, SHIFT, SHOTS = 200, 1.5, (1, 5, 10)


@dataclass(frozen=True)
class ShiftedWorld(World):
    """A normal world, the last quarter of whose items is drawn round (SHIFT, 0, ..)."""

    def sample_items(self, key, shape):  # type: ignore[no-untyped-def]
        x = super().sample_items(key, shape)
        return x.at[..., 3 * self.items // 4 :, 0].add(SHIFT)


def classifier(
    name: str, per_item: int, classes: int, dims: int, seeds: int
) -> Iterator[tuple[str, int, float, float]]:
    """(panel, shots a class, mean accuracy, standard error).

    True classes are the nearest prototypes. The classifier (nearest centroid) sees `shots` items
    of each class in the recovered space and is tested on the other items of the prior
    ("in distribution"), on the shifted items, and with classes whose prototypes were never asked
    about ("held-out classes").
    """
    signal = signals.make(name, dims, classes)
    world = ShiftedWorld(ITEMS, classes, dims)
    found = recover_batch([signal], world, answers=[per_item * ITEMS], seeds=seeds)
    rng = np.random.default_rng(0)
    plain = np.arange(ITEMS) < 3 * ITEMS // 4
    for panel in ("in distribution", "shifted prior", "held-out classes"):
        for shots in SHOTS:
            scores = []
            for s in range(seeds):
                centres = found.prototypes[s]
                if panel == "held-out classes":
                    centres = rng.normal(size=centres.shape)
                gaps = ((found.items[s][:, None] - centres) ** 2).sum(-1)
                truth = gaps.argmin(1)
                train = np.concatenate(
                    [rng.permutation(np.flatnonzero(plain & (truth == k)))[:shots]
                     for k in range(classes)]
                )  # fmt: skip
                test = np.setdiff1d(np.flatnonzero(~plain if panel == "shifted prior" else plain),
                                    train)  # fmt: skip
                x = found.estimated_items[s]
                if len(np.unique(truth[train])) > 1 and len(test):
                    seen = np.unique(truth[train])
                    middle = np.stack([x[train][truth[train] == k].mean(0) for k in seen])
                    far = ((x[test][:, None] - middle) ** 2).sum(-1)
                    scores.append(float(np.mean(seen[far.argmin(1)] == truth[test])))
            mean = float(np.mean(scores))
            yield panel, shots, mean, float(np.std(scores, ddof=1) / np.sqrt(len(scores)))
