"""Accuracy and cross-entropy against images, labels and money, and by shots a class."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from labelbits.learning import CurvePoints, few_shot_sizes, measure
from labelbits.sweeps.analyses.crowd.people import People, Source, people
from labelbits.sweeps.analyses.crowd.purchases import Purchase, purchase
from labelbits.sweeps.analyses.crowd.size import CrowdSize
from labelbits.sweeps.analyses.piece import Raw

#: How each is measured; both of images that no one could buy.
MEASURED = ("accuracy", "cross-entropy")
#: The kinds of labels whose curves are drawn, on any image and on those with reports alone.
ANYWHERE = ("hard", "votes", "sparse-soft", "soft", "mode")
REPORTED = ("hard", "votes", "soft", "report", "reports")
#: What the panels of the second call the images.
ON_REPORTED = "on CIFAR-10S images"


def curves(name: str, size: CrowdSize, source: Source) -> Iterator[Raw]:
    """Curves of one kind of label on images of the whole pool: by images, labels, money, shots."""
    found, bought = people(source), purchase(name, people(source))
    points = _measured(found, bought, size.images, found.pool, size)
    yield from _by_axes(name, bought, points, "", ("images", "labels", "USD"))
    gold = found.gold
    shots = _measured(
        found, bought, few_shot_sizes(size.shots, gold[found.pool]), found.pool, size, gold
    )
    for metric, curve in shots.items():
        for i, shot in enumerate(size.shots):
            panel = f"few shots: {metric}, by shots a class"
            yield panel, name, shot, None, *_at(curve, i), "simulation"


def on_reported(name: str, size: CrowdSize, source: Source) -> Iterator[Raw]:
    """Curves of one kind of label on the images that have CIFAR-10S reports: by images, money."""
    found, bought = people(source), purchase(name, people(source))
    rows = found.reported
    sizes = [n for n in size.images if n < len(rows)] + [len(rows)]
    points = _measured(found, bought, sizes, rows, size)
    yield from _by_axes(name, bought, points, f" {ON_REPORTED}", ("images", "USD"))


def _measured(
    found: People,
    bought: Purchase,
    sizes: list[int] | tuple[int, ...],
    pool: np.ndarray,
    size: CrowdSize,
    balanced: np.ndarray | None = None,
) -> dict[str, CurvePoints]:
    return measure(
        found.features, bought.draw, sizes, size.replicates, found.test, found.reference(),
        metrics=MEASURED, pool=pool, seed=0, balanced=balanced,
    )  # fmt: skip


def _at(curve: CurvePoints, i: int) -> tuple[float, float]:
    """(mean, standard error) at size i: the luck of purchases and of tested images together."""
    return float(curve.mean[i]), float(curve.standard_error()[i])


def _by_axes(
    name: str, bought: Purchase, points: dict[str, CurvePoints], where: str, axes: tuple[str, ...]
) -> Iterator[Raw]:
    each = {"images": 1.0, "labels": bought.labels, "USD": bought.price}
    for metric, curve in points.items():
        for i, images in enumerate(curve.sizes):
            for axis in axes:
                panel = f"{metric}{where}, by {axis}"
                yield panel, name, images * each[axis], None, *_at(curve, i), "simulation"
