"""What the report shows of a plan about comparisons: what is held and what was measured."""

from __future__ import annotations

import numpy as np

from labelbits.errors import InputError
from labelbits.interface import Z
from labelbits.metrics import metric_of
from labelbits.planning.comparisons.doubts import classes_for_shots
from labelbits.planning.comparisons.forecast import FAR, TWINS
from labelbits.planning.comparisons.making import Making
from labelbits.planning.comparisons.measured import Measured, unlabelled
from labelbits.planning.comparisons.ways import name_of
from labelbits.planning.purchases import interval
from labelbits.planning.records import MeasuredCurve, Shots
from labelbits.planning.result import Assumption, Curve
from labelbits.planning.spec.annotator_kinds import KnownBy
from labelbits.recovery import shots


def say(run: Making) -> None:
    """Adds what is held, what was measured and what it rests on."""
    result, held, told = run.result, run.held, run.told[run.main]
    judged = metric_of(run.metric)
    rows = len(held.rows(run.main))
    curve = next(
        (c for c in result.curves if c.family.kind == run.main[0]
         and c.family.known_by is KnownBy.PEOPLE), result.curves[0],
    )  # fmt: skip
    quality, _, _ = interval(curve.at(rows))
    result.extras["holdings"] = {
        "items": held.items,
        "answers": float(rows),
        "measured_on": told.base,
        "quality": quality,
        "standard_error": max(told.error, 1e-4),
        "worth": {c.family.name: _worth(c, quality) for c in result.curves},
    }
    result.extras["measured_curves"] = figures(run)
    result.extras["bits_about"] = (
        "Bits that one answer tells about the positions of its items and classes, both unknown."
    )
    result.assumptions += [
        Assumption(
            "twins of the pilot",
            TWINS,
            "draws",
            f"positions and noise given the pilot; followed to {FAR} times what was measured",
        ),
    ]
    if run.goal.needs_classes:
        result.assumptions.append(
            Assumption("labels of each class", run.labels, "", "half of the usual class, 5 at most")
        )
    on = f"measured on {run.goal.on(held)}"
    result.assumptions.append(Assumption("quality", judged.words, "", on))


def _worth(curve: Curve, quality: float) -> float:
    mean = np.maximum.accumulate(curve.draws.mean(0))
    if quality >= mean[-1]:
        return float(curve.answers[-1])
    return float(np.exp(np.interp(quality, mean, np.log(curve.answers))))


def figures(run: Making, learner: str = "") -> list[MeasuredCurve]:
    """What was measured, source by source: quality, and shots where there are classes; with the
    name of the `learner` where there are several."""
    found = []
    for source, told in run.told.items():
        half = Z * told.errors
        entry: MeasuredCurve = {
            "source": f"{name_of(source)}, {learner}" if learner else name_of(source),
            "answers": told.sizes.tolist(),
            "quality": told.values.tolist(),
            "low": np.maximum(told.values - half, 0).tolist(),
            "high": np.minimum(told.values + half, 1).tolist(),
            "shots": _shots(run, told),
        }
        found.append(entry)
    return found


def _shots(run: Making, told: Measured) -> Shots | None:
    """Few-shot accuracy of the same spaces, where items have classes."""
    if run.goal.needs_classes or np.unique(run.held.classes[run.held.classes >= 0]).size < 2:
        return None
    try:
        labels = classes_for_shots(run.held.classes)
    except InputError:
        return None
    part = told.parts[0]
    # Items whose class a space was learned from would be known, not foretold.
    new = unlabelled(run.held, part.fitted[-1])
    if new is not None and run.held.features is None:
        return None  # labels alone say nothing of items that have none
    try:
        scores = [
            shots(np.asarray(s.embedding_), run.held.classes, labels, seed=run.seed,
                  tested=new)
            for s in part.spaces
        ]  # fmt: skip
    except InputError:
        return None  # every item has labels
    return {
        "labels": labels,
        "answers": [len(rows) for rows in part.fitted],
        "accuracy": [float(s) for s in scores],
        "low": [s.low for s in scores],
        "high": [s.high for s in scores],
    }
