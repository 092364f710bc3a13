"""Krippendorff's alpha, the interval that it has, and who makes it."""

from __future__ import annotations

import math

import numpy as np
from scipy.sparse import csr_array

from labelbits.annotators.intervals import bootstrap
from labelbits.annotators.unlike import ANYBODY, People, also, without
from labelbits.quantity import Quantity


def alpha_of(table: np.ndarray, places: int = 0) -> float:
    """Krippendorff's nominal alpha: 1 - observed / expected disagreement (2011, Computing).

    The first `places` columns are things that were shown, which have no order and are others in
    each question: by chance each is chosen as often as any other, whatever their names.
    """
    return _alpha(_disagreement(table).sum(), table.sum(0), places)


def _disagreement(table: np.ndarray) -> np.ndarray:
    """(questions,) how far the answers to each disagree, for each of them."""
    n = table.sum(1)
    return (n**2 - (table**2).sum(1)) / (n - 1)


def _alpha(disagreement: float, column: np.ndarray, places: int) -> float:
    """Alpha from the disagreement of all questions and how many gave each answer (answers,)."""
    total, _, expected = _chance(column, places)
    return float(1 - disagreement / total / expected) if expected > 0 else float("nan")


def _chance(column: np.ndarray, places: int) -> tuple[float, np.ndarray, float]:
    """(answers, how many each answer has by chance (answers,), disagreement by chance)."""
    total, column = float(column.sum()), column.copy()
    if places:
        column[:places] = column[:places].mean()
    return total, column, float((total**2 - (column**2).sum()) / (total * (total - 1)))


def beyond_chance(table: np.ndarray, seed: int, places: int, people: People) -> Quantity | None:
    """Krippendorff's alpha (`alpha_of`); None where it is undefined, as all answers are the same.

    Its interval is all that it can be where there are too few questions to resample, or where so
    few hold all disagreement that resamples often have none. Questions are resampled in an order
    of their own, so that the order of the rows and the names of the answers move nothing.
    """
    value = alpha_of(table, places)
    if not math.isfinite(value):
        return None
    first, rest = table[:, :places], table[:, places:]
    table = np.concatenate([first, rest[:, np.argsort(-rest.sum(0), kind="stable")]], axis=1)
    table = table[np.lexsort(np.concatenate([table, np.sort(table, axis=1)], axis=1).T)]
    # Of thousands of answers a question has a few: resamples are sums over those alone.
    apart, given = _disagreement(table), csr_array(table)

    def resampled(rows: np.ndarray) -> float:
        times = np.bincount(rows, minlength=len(table)).astype(float)
        return _alpha(float(times @ apart), times @ given, places)

    found = bootstrap(resampled, len(table), seed, draws=200)
    if found is None:
        return Quantity(value, -1.0, 1.0, "bounds: too few questions to resample")
    return also(found, people.half())


def people_of_pairs(
    table: np.ndarray, question: np.ndarray, answer: np.ndarray, who: np.ndarray, places: int
) -> tuple[People, People]:
    """What unlike annotators (n,) add to the error of the share of pairs that agree, and of alpha.

    An answer moves a share of pairs twice, by its own pairs and by those that its partners lose.
    """
    q = np.unique(question, return_inverse=True)[1]
    a = answer if places else np.unique(answer, return_inverse=True)[1]
    n = table.sum(1)
    pairs, total = float((n * (n - 1)).sum()), float(n.sum())
    agreed = table[q, a] - 1
    share_of_pairs = float((table * (table - 1)).sum()) / pairs
    lost = without(who, n[q] - 1)
    moved = lost * 2 * (agreed - share_of_pairs * (n[q] - 1)) / pairs
    _, column, expected = _chance(table.sum(0), places)
    if expected <= 0:
        return People.of(moved, q, who), ANYBODY
    alpha = alpha_of(table, places)
    apart = 1 - agreed / (n[q] - 1)
    own = lost * 2 * (apart - (1 - alpha) * expected)
    common = 2 * (1 - column[a] / total - expected)
    return (
        People.of(moved, q, who),
        People.of(((1 - alpha) * common - own) / (expected * total), q, who),
    )
