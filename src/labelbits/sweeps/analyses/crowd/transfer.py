"""Classes and groups of classes that no one labelled: what the learned representation tells apart.

A classifier learns from labels about images of the other classes. Its logits are the representation
of an image; the nearest centroid of a few shots of the held-out classes is tested on it, and on the
features alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from labelbits.interface import Batch
from labelbits.learning.encoders.probes import few_shots
from labelbits.learning.fits.regularisation import Regularisation, select_regularisation
from labelbits.learning.fits.softmax import fit_softmax
from labelbits.learning.fits.targets import fast_targets
from labelbits.standardise import standardised
from labelbits.sweeps.analyses.crowd.people import Source, people
from labelbits.sweeps.analyses.crowd.purchases import purchase
from labelbits.sweeps.analyses.crowd.size import CrowdSize
from labelbits.sweeps.analyses.piece import Raw
from labelbits.threads import one_blas_thread

#: Kinds of labels that are compared, and the line of the features alone.
TRANSFERRED = ("hard", "votes", "sparse-soft", "soft", "mode")
BARE = "features alone"
#: Shots of each held-out class.
SHOTS = 4
#: CIFAR-10: vehicles are airplane, automobile, ship and truck, animals the others.
HELD_OUT = {
    "two classes held out": tuple((k, (k + 5) % 10) for k in range(5)),
    "a group held out": ((0, 1, 8, 9), (2, 3, 4, 5, 6, 7)),
}


def transfer(panel: str, size: CrowdSize, source: Source) -> Iterator[Raw]:
    """Accuracy on the held-out classes of one panel after each kind of label about the others, and
    what it gains over one vote about the same images. `world` numbers (held-out classes, purchase).
    """
    with one_blas_thread():
        yield from _transfer(panel, size, source)


def _transfer(panel: str, size: CrowdSize, source: Source) -> Iterator[Raw]:
    found = people(source)
    bought = {name: purchase(name, found).draw for name in TRANSFERRED}
    middle = size.held_out_images[len(size.held_out_images) // 2]
    penalties: dict[str, Regularisation] = {}
    for fold, classes in enumerate(HELD_OUT[panel]):
        out = np.isin(found.gold, classes)
        pool, test = found.pool[out[found.pool]], found.test[out[found.test]]

        def score(z: np.ndarray, pool: np.ndarray = pool, test: np.ndarray = test) -> float:
            return float(
                np.mean([
                    few_shots(z[pool], found.gold[pool], z[test], found.gold[test], SHOTS, d)
                    for d in range(size.draws)
                ])
            )  # fmt: skip

        alone = score(found.features)
        for r in range(size.held_out_replicates):
            world = fold * size.held_out_replicates + r
            order = np.random.default_rng([fold, r]).permutation(found.pool[~out[found.pool]])
            scores: dict[tuple[str, int], float] = {}
            for name, draw in bought.items():
                answers = draw(np.random.default_rng([1, fold, r]), order)
                if name not in penalties:
                    rows, target = _targets(answers, order[:middle], found.classes)
                    penalties[name] = select_regularisation(found.features[rows], target, seed=0)
                for n in size.held_out_images:
                    rows, target = _targets(answers, order[:n], found.classes)
                    # The best penalty falls about as 1 / sqrt(n).
                    ridge = penalties[name].ridge * np.sqrt(middle / n)
                    z = _logits(found.features, rows, target, ridge, penalties[name].power)
                    scores[name, n] = score(z)
            for n in size.held_out_images:
                where = f"{panel}: accuracy, by images"
                yield where, BARE, n, world, alone, None, "simulation"
                for name in TRANSFERRED:
                    yield where, name, n, world, scores[name, n], None, "simulation"
                    if name != "hard":
                        gain = scores[name, n] - scores["hard", n]
                        line = f"{name} over hard"
                        yield f"{panel}: gain, by images", line, n, world, gain, None, "simulation"


def _targets(
    answers: Sequence[Batch], rows: np.ndarray, classes: int
) -> tuple[np.ndarray, np.ndarray]:
    """(rows answered (n,), their targets (n, K)) of the answers about `rows`."""
    inside = [b.take(np.flatnonzero(np.isin(np.asarray(b.items)[:, 0], rows))) for b in answers]
    targets = fast_targets(inside, classes)
    assert targets is not None
    return targets.items, targets.target


def _logits(
    features: np.ndarray, rows: np.ndarray, target: np.ndarray, ridge: float, power: float
) -> np.ndarray:
    """Logits (images, K) of a softmax classifier trained on `rows`."""
    x = standardised(features, power)
    one = np.ones((1, 1, len(rows)))
    fit = fit_softmax(x[rows][None], target[None, None], one, np.full((1, 1), ridge))
    return x @ fit.weights[0, 0].T + fit.bias[0, 0]
