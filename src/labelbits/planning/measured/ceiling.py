"""How far any classifier can get: what people's own agreement leaves."""

from __future__ import annotations

import numpy as np

from labelbits.metrics import metric_of
from labelbits.planning.evidence.loading import Evidence
from labelbits.planning.evidence.trial import Trial
from labelbits.planning.records import Ceiling

#: Items that tell an agreement, at least.
FEWEST = 20


def ceiling_of(evidence: Evidence, trial: Trial, metric: str) -> Ceiling | None:
    """People's own agreement in terms of the metric; None where too few answers tell it.

    Accuracy: how often one person's answer is the right one, gold where it is tested against and
    else the most frequent answer of the others (ties share). A metric to people's answers: its own
    `floor`, which no prediction goes below. Keys: `quality`, `standard_error`,
    `items`, `what`.
    """
    counts = np.asarray(evidence.counts, dtype=np.float64)
    judged = metric_of(metric)
    if judged.counted:
        found = _against_gold(counts, evidence) if trial.kind == "gold" else _against_others(counts)
        what = (
            "people: one person's answer is right"
            if trial.kind == "gold"
            else "people: one answer is the most frequent of the others"
        )
        if len(found) < FEWEST:
            return None
        error = float(found.std(ddof=1) / np.sqrt(len(found)))
        return _told(float(found.mean()), error, len(found), what)
    if judged.floor is not None and trial.kind == "held-out votes":
        rows = counts[trial.test]
        least = judged.floor.of_votes(rows)
        items = int((rows.sum(1) >= 2).sum())
        if least is None or items < FEWEST:
            return None
        return _told(*least, items, judged.floor.words)
    return None


def _told(quality: float, error: float, items: int, what: str) -> Ceiling:
    return {"quality": quality, "standard_error": error, "items": items, "what": what}


def _against_gold(counts: np.ndarray, evidence: Evidence) -> np.ndarray:
    """Share of each item's answers (items,) that are its gold."""
    if evidence.gold is None:
        return np.zeros(0)
    rows = np.flatnonzero((evidence.gold >= 0) & (counts.sum(1) > 0))
    return counts[rows, evidence.gold[rows]] / counts[rows].sum(1)


def _against_others(counts: np.ndarray) -> np.ndarray:
    """Probability (items,) that an answer is the most frequent one of the item's others."""
    counts = counts[counts.sum(1) >= 3]
    result = np.zeros(len(counts))
    for k in range(counts.shape[1]):
        left = counts.copy()
        left[:, k] -= 1
        top = left.max(1, keepdims=True)
        won = (left[:, k] == top[:, 0]) / (left == top).sum(1)
        result += np.where(counts[:, k] > 0, counts[:, k] * won, 0.0)
    return result / counts.sum(1)
