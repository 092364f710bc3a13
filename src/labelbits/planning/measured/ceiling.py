"""How far any classifier can get: what people's own agreement leaves."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from labelbits.annotators.confusion import right_of_counts
from labelbits.interface import LEVEL
from labelbits.metrics import metric_of
from labelbits.planning.evidence.loading import Evidence
from labelbits.planning.evidence.trial import Trial
from labelbits.planning.records import Ceiling

#: Items that tell an entropy, at least; standard errors in half a 90 % interval.
FEWEST, Z = 20, float(norm.ppf((1 + LEVEL) / 2))


def ceiling_of(evidence: Evidence, trial: Trial, metric: str) -> Ceiling | None:
    """People's own agreement in terms of the metric; None where too few answers tell it.

    Accuracy: how often one person's answer is the right one, by gold where it is tested against and
    else by the majority of the others, as `pilot` says it (`annotators.confusion`). A metric to
    people's answers: its own `floor`, which no prediction goes below.
    """
    counts = np.asarray(evidence.counts, dtype=np.float64)
    judged = metric_of(metric)
    if judged.counted:
        gold = evidence.gold if trial.kind == "gold" else None
        found = right_of_counts(counts, gold, _each(evidence))
        if found is None:
            return None
        right, items = found
        half = (right.high - right.low) / 2
        of = "gold" if gold is not None else "the others' majority"
        told = _told(right.value, half / Z, items, f"people: one answer is right against {of}")
        return {**told, "low": right.low, "high": right.high}
    if judged.floor is not None and trial.kind == "held-out votes":
        rows = counts[trial.test]
        least = judged.floor.of_votes(rows)
        items = int((rows.sum(1) >= 2).sum())
        if least is None or items < FEWEST:
            return None
        return _told(*least, items, judged.floor.words)
    return None


def _each(evidence: Evidence) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """(item, class, annotator) of every vote, where they all are one kind of answer of the pilot's;
    None where some are counts of nobody knows whose."""
    voted = [one for one in evidence.batches.values() if one.signal.counts_votes()]
    if len(voted) != 1 or voted[0].signal.several_of or len(voted[0]) != evidence.counts.sum():
        return None
    (batch,) = voted
    return batch.items[:, 0], batch.answer[:, 0], batch.annotator


def _told(quality: float, error: float, items: int, what: str) -> Ceiling:
    return {"quality": quality, "standard_error": error, "items": items, "what": what}
