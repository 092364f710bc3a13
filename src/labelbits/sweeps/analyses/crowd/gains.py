"""What soft labels gain beyond correcting the mode, on the same purchases and tested images."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from labelbits.learning import CurvePoints, measure
from labelbits.sweeps.analyses.crowd.curves import MEASURED
from labelbits.sweeps.analyses.crowd.people import Source, people
from labelbits.sweeps.analyses.crowd.purchases import purchase
from labelbits.sweeps.analyses.crowd.size import CrowdSize
from labelbits.sweeps.analyses.piece import Raw

#: (better, than): each difference is a line.
PAIRS = (
    ("mode", "hard"), ("soft", "mode"), ("soft", "smoothed mode"), ("smoothed mode", "mode"),
    ("sparse-soft", "soft"), ("soft", "hard"), ("sparse-soft", "hard"), ("votes", "hard"),
)  # fmt: skip


def gain_panel(metric: str) -> str:
    """The panel that shows how much better one kind of label is than another."""
    return f"{'gain in accuracy' if metric == 'accuracy' else 'nats saved'}, by images"


def gains(name: str, size: CrowdSize, source: Source) -> Iterator[Raw]:
    """Differences of two kinds of labels at equal images, positive where the first is better."""
    found = people(source)
    names = list(dict.fromkeys(one for pair in PAIRS for one in pair))
    curves: dict[str, dict[str, CurvePoints]] = {
        one: measure(
            found.features, purchase(one, found).draw, size.images, size.replicates, found.test,
            found.reference(), metrics=MEASURED, pool=found.pool, seed=0,
        )
        for one in names
    }  # fmt: skip
    for metric in MEASURED:
        sign = 1 if metric == "accuracy" else -1
        for better, than in PAIRS:
            a, b = curves[better][metric], curves[than][metric]
            for i, images in enumerate(a.sizes):
                value, error = paired(a, b, i)
                line = f"{better} over {than}"
                yield gain_panel(metric), line, float(images), None, sign * value, error, \
                    "simulation"  # fmt: skip


def paired(a: CurvePoints, b: CurvePoints, i: int) -> tuple[float, float]:
    """(mean difference a - b at size i, its standard error): over purchases, which are of the same
    images, and over the tested images, each with its own difference."""
    difference = (a.values - b.values)[i]
    difference = difference[np.isfinite(difference)]
    assert a.item_values is not None
    assert b.item_values is not None
    items = (a.item_values - b.item_values)[i]
    error = difference.var(ddof=1) / len(difference) + items.var(ddof=1) / len(items)
    return float(difference.mean()), float(np.sqrt(error))
