"""Reliability: test-retest of one annotator, and agreement between annotators.

Answers from a list agree or not; probabilities differ by their total variation 1/2 sum |p - q|;
numbers and ratings correlate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from labelbits.annotators.alpha import alpha_of, beyond_chance, people_of_pairs
from labelbits.annotators.intervals import bootstrap, share, share_by
from labelbits.annotators.unlike import People, also, without
from labelbits.interface import LEVEL
from labelbits.quantity import Quantity, reach

#: Groups of people or orders that are left out in turn at most.
BLOCKS = 200


@dataclass(frozen=True)
class Agreement:
    """How alike answers to one question are.

    `measure` is "same answer" (share of pairs), "total variation" (0 equal, 1 disjoint) or
    "correlation" (one annotator with the mean of the others). `between` compares annotators,
    `repeat` an annotator with herself; `alpha` is Krippendorff's, chance-corrected.
    """

    measure: str
    between: Quantity | None
    repeat: Quantity | None
    pairs_between: int
    pairs_repeat: int
    alpha: Quantity | None = None
    repeat_same_top: Quantity | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON; null where there is nothing to compare."""
        out: dict[str, Any] = {"measure": self.measure}
        for name in ("between", "repeat", "alpha", "repeat_same_top"):
            found = getattr(self, name)
            out[name] = None if found is None else found.to_dict()
        return out | {"pairs_between": self.pairs_between, "pairs_repeat": self.pairs_repeat}


def repeat_pairs(question: np.ndarray, annotator: np.ndarray, first: np.ndarray) -> np.ndarray:
    """(pairs, 2) rows: a later showing and the same annotator's first one."""
    start = {}
    for row in np.flatnonzero(first):
        start.setdefault((question[row], annotator[row]), row)
    pairs = [
        (start[key], row)
        for row in np.flatnonzero(~first)
        if (key := (question[row], annotator[row])) in start
    ]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def agree_on_choice(
    question: np.ndarray, answer: np.ndarray, annotator: np.ndarray, first: np.ndarray, seed: int,
    places: int = 0,
) -> Agreement:  # fmt: skip
    """Share of pairs with the same answer, and Krippendorff's alpha over first showings.

    Answers below `places` say which of the things shown was chosen (see `alpha_of`).
    """
    _, index, size = np.unique(question[first], return_inverse=True, return_counts=True)
    shared = np.flatnonzero(first)[size[index] > 1]
    table = counts_by_question(question[shared], answer[shared], places)
    n = table.sum(1)
    same = (table * (table - 1)).sum(1)
    pairs = n * (n - 1)
    between = alpha = None
    if len(table):
        of_pairs, of_alpha = people_of_pairs(
            table, question[shared], answer[shared], annotator[shared], places
        )
        between = share(same, pairs, people=of_pairs)
        alpha = beyond_chance(table, seed, places, of_alpha)
    twice = repeat_pairs(question, annotator, first)
    repeat = None
    if len(twice):
        again = (answer[twice[:, 0]] == answer[twice[:, 1]]).astype(float)
        repeat = share_by(again, annotator[twice[:, 0]])
    return Agreement("same answer", between, repeat, int(pairs.sum()) // 2, len(twice), alpha)


def of_orders(
    found: Agreement, question: np.ndarray, answer: np.ndarray, unit: np.ndarray,
    first: np.ndarray, level: float = LEVEL, places: int = 2,
) -> Agreement:  # fmt: skip
    """`found` of comparisons that are pairs of orders, with intervals by who gave them (`unit`).

    Pairs of one order are not independent, nor are those of one person's orders: each unit is left
    out in turn (jackknife; Quenouille 1956, Biometrika 43), and Student's interval is taken with as
    many degrees of freedom less one. Many units are left out in `BLOCKS` groups.
    """
    _, q = np.unique(question[first], return_inverse=True)
    a = answer[first]
    who = np.unique(unit[first], return_inverse=True)[1] % BLOCKS
    shape = (int(q.max(initial=-1)) + 1, max(int(a.max(initial=-1)) + 1, places))
    blocks = int(who.max(initial=-1)) + 1
    if blocks < 2 or found.between is None:
        return found
    cells = np.bincount((who * shape[0] + q) * shape[1] + a, minlength=blocks * shape[0] * shape[1])
    mine = cells.reshape(blocks, *shape).astype(float)
    whole = mine.sum(0)

    def both(table: np.ndarray) -> tuple[float, float]:
        table = table[table.sum(1) > 1]
        n = table.sum(1)
        pairs = float((n * (n - 1)).sum())
        same = float((table * (table - 1)).sum())
        if not pairs:
            return float("nan"), float("nan")
        return same / pairs, alpha_of(table, places)

    left = np.array([both(whole - one) for one in mine])
    made: list[Quantity | None] = []
    for column, one in enumerate((found.between, found.alpha)):
        value = both(whole)[column]
        error = math.sqrt(
            (blocks - 1) / blocks * ((left[:, column] - left[:, column].mean()) ** 2).sum()
        )
        if one is None or not np.isfinite(error):
            made.append(one)
            continue
        half = reach(error, blocks - 1, level)
        low, high = max(value - half, -1.0 if column else 0.0), min(value + half, 1.0)
        made.append(Quantity(value, low, high, f"jackknife, {blocks} units", one.unit, level=level))
    return replace(found, between=made[0], alpha=made[1])


def counts_by_question(question: np.ndarray, answer: np.ndarray, places: int = 0) -> np.ndarray:
    """questions x answers: how often each answer was given; answers below `places` keep their
    number."""
    _, q = np.unique(question, return_inverse=True)
    a = answer if places else np.unique(answer, return_inverse=True)[1]
    shape = (q.max(initial=-1) + 1, max(a.max(initial=-1) + 1, places))
    return np.bincount(q * shape[1] + a, minlength=shape[0] * shape[1]).reshape(shape).astype(float)


def agree_on_probabilities(
    question: np.ndarray,
    report: np.ndarray,
    top: np.ndarray,
    annotator: np.ndarray,
    first: np.ndarray,
) -> Agreement:
    """Total variation between first showings of different annotators, and between repeats.

    `between` is the mean over questions of the mean over pairs.
    """
    rows = np.flatnonzero(first & np.isfinite(report).all(1))
    order = rows[np.argsort(question[rows], kind="stable")]
    q = question[order]
    starts = np.flatnonzero(np.r_[True, q[1:] != q[:-1]]) if len(q) else np.empty(0, dtype=int)
    means, pairs, apart = [], 0, np.full(len(question), np.nan)
    for group in np.split(order, starts[1:]):
        n = len(group)
        if n > 1:
            apart[group] = _from_others(report[group])
            means.append(float(apart[group].mean()))
            pairs += n * (n - 1) // 2
    between = None
    if means:
        rows = np.flatnonzero(np.isfinite(apart))
        _, place, size = np.unique(question[rows], return_inverse=True, return_counts=True)
        # As for choices: an answer moves the mean by its own pairs and by its partners'.
        moved = 2 * (apart[rows] - np.mean(means)) / (size[place] * len(means))
        moved = moved * without(annotator[rows], size[place] - 1)
        people = People.of(moved, place, annotator[rows])
        between = share(np.array(means), np.ones(len(means)), people=people)
    twice = repeat_pairs(question, annotator, first)
    repeat = same_top = None
    if len(twice):
        twice = twice[np.isfinite(report[twice]).all((1, 2))]
    if len(twice):
        a, b = report[twice[:, 0]], report[twice[:, 1]]
        repeat = share_by(0.5 * np.abs(a - b).sum(1), annotator[twice[:, 0]])
        same = (top[twice[:, 0]] == top[twice[:, 1]]) & (top[twice[:, 0]] >= 0)
        same = (same | (np.abs(a - b).sum(1) < 1e-9)).astype(float)
        same_top = share_by(same, annotator[twice[:, 0]])
    return Agreement("total variation", between, repeat, pairs, len(twice), None, same_top)


def _from_others(report: np.ndarray) -> np.ndarray:
    """(n,): mean total variation of each report (n, K) from the others, n of 2 at least."""
    n = len(report)
    order = np.argsort(report, axis=0, kind="stable")
    ordered = np.take_along_axis(report, order, axis=0)
    # sum over j of |x_i - x_j| of sorted values, from their running sums: no n x n table.
    below, rank = np.cumsum(ordered, axis=0), np.arange(1, n + 1)[:, None]
    each = np.empty_like(report)
    np.put_along_axis(each, order, (2 * rank - n) * ordered - 2 * below + below[-1], axis=0)
    return 0.5 * each.sum(1) / (n - 1)


def agree_on_number(
    question: np.ndarray, value: np.ndarray, annotator: np.ndarray, first: np.ndarray, seed: int
) -> Agreement:
    """Correlation of each number with the mean of the other annotators' on the same question.

    The interval resamples questions, and is widened by how unlike annotators are.
    """
    rows = np.flatnonzero(first)
    _, q = np.unique(question[rows], return_inverse=True)
    x = value[rows].astype(float)
    sums, sizes = np.bincount(q, x), np.bincount(q)
    shared = sizes[q] > 1
    others = (sums[q] - x)[shared] / (sizes[q] - 1)[shared]
    x, q = x[shared], np.unique(q[shared], return_inverse=True)[1]
    who = annotator[rows][shared]
    between = None
    if len(x) > 2 and x.std() > 0 and others.std() > 0:
        order = np.argsort(q, kind="stable")
        groups = np.split(order, np.flatnonzero(np.diff(q[order])) + 1)

        def pooled(drawn: np.ndarray) -> float:
            some = np.concatenate([groups[g] for g in drawn])
            return _correlation(x[some], others[some])

        between = bootstrap(pooled, len(groups), seed)
        if between is not None:
            a, b = ((v - v.mean()) / v.std() for v in (x, others))
            moved = 2 * (a * b - between.value * (a**2 + b**2) / 2) / len(x)
            moved = moved * without(who, np.bincount(q)[q] - 1)
            between = also(between, People.of(moved, q, who).half())
    twice = repeat_pairs(question, annotator, first)
    repeat = None
    if len(twice) > 2:
        a, b = value[twice[:, 0]].astype(float), value[twice[:, 1]].astype(float)
        if a.std() > 0 and b.std() > 0:
            repeat = bootstrap(lambda r: _correlation(a[r], b[r]), len(a), seed)
    pairs = int((sizes * (sizes - 1) // 2).sum())
    return Agreement("correlation", between, repeat, pairs, len(twice))


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 and b.std() > 0 else float("nan")
