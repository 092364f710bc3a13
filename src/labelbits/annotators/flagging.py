"""Spammers and bots, flagged with the evidence; language models' channel against people's.

Only what the data show counts: agreement with the others near chance, one answer for everything,
times that nobody can read in. A flag is a reason to look, not a verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from labelbits.annotators.intervals import proportion
from labelbits.quantity import Quantity

#: Answers below which an annotator is not judged.
ENOUGH = 10
#: Chance that an honest annotator is flagged by one test.
LEVEL = 1e-4
#: A median time below this share of the others' median is too fast to be careful.
FAST = 1 / 3


@dataclass(frozen=True)
class AnnotatorRecord:
    """One annotator on one signal: how often she agrees with gold or the others, and flags.

    `evidence` is empty for an annotator who is not flagged; else one sentence for each reason.
    """

    annotator: str
    answers: int
    agreement: Quantity | None
    median_seconds: float | None
    evidence: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        return {
            "annotator": self.annotator,
            "answers": self.answers,
            "agreement": None if self.agreement is None else self.agreement.to_dict(),
            "median_seconds": self.median_seconds,
            "evidence": list(self.evidence),
        }


def judge(
    names: tuple[str, ...],
    annotator: np.ndarray,
    answer: np.ndarray,
    reference: np.ndarray,
    seconds: np.ndarray | None,
    whole: np.ndarray | None = None,
) -> list[AnnotatorRecord]:
    """A record of each annotator, those with flags first.

    `answer` (n,) are class (or outcome) numbers, -1 where none is named alone; `reference` (n,)
    what gold or the others' majority says, -1 where neither does; `seconds` (n,) with NaN for
    missing; `whole` (n,) numbers of whole answers where they say more than one class.
    """
    whole = answer if whole is None else whole
    known = np.logical_and(reference >= 0, answer >= 0)
    shares = np.bincount(reference[known]) / max(1, known.sum())
    typical = _typical(annotator, answer, reference, known)
    everyone = np.bincount(whole[whole >= 0])
    usual = _medians(annotator, seconds)
    pace = float(np.median(list(usual.values()))) if len(usual) > 2 else None
    records = []
    for who in np.unique(annotator):
        mine = annotator == who
        n = int(mine.sum())
        evidence: list[str] = []
        both = np.logical_and(mine, known)
        agreement = None
        if both.any():
            right = float((answer[both] == reference[both]).sum())
            agreement = proportion(right, float(both.sum()))
            if both.sum() >= ENOUGH and typical is not None:
                evidence += _near_chance(answer[both], right, shares, typical)
        if n >= ENOUGH:
            evidence += _one_answer(whole[mine], everyone)
            if pace is not None and usual.get(int(who), pace) < FAST * pace:
                evidence.append(
                    f"median {usual[int(who)]:.2g} s for an answer; the others take {pace:.2g} s"
                )
        records.append(
            AnnotatorRecord(names[who], n, agreement, usual.get(int(who)), tuple(evidence))
        )
    return sorted(records, key=lambda record: (not record.evidence, record.annotator))


def _typical(
    annotator: np.ndarray, answer: np.ndarray, reference: np.ndarray, known: np.ndarray
) -> float | None:
    """Median over annotators of the share of answers that agree with the reference."""
    size = np.bincount(annotator[known])
    right = np.bincount(annotator[known], answer[known] == reference[known])
    enough = size >= ENOUGH
    return float(np.median(right[enough] / size[enough])) if enough.sum() > 2 else None


def _near_chance(answer: np.ndarray, right: float, shares: np.ndarray, typical: float) -> list[str]:
    """Agreement that a typical annotator would hardly have, and that chance explains."""
    own = np.bincount(answer, minlength=len(shares)) / len(answer)
    chance = float(own[: len(shares)] @ shares)
    halfway = (chance + typical) / 2
    n = len(answer)
    if typical > chance and stats.binom.cdf(right, n, halfway) < LEVEL:
        return [
            f"agrees in {100 * right / n:.0f} % of {n} answers; chance gives {100 * chance:.0f} %, "
            f"a typical annotator {100 * typical:.0f} %"
        ]
    return []


def _one_answer(answer: np.ndarray, everyone: np.ndarray) -> list[str]:
    """One answer far more often than everybody gives it."""
    counts = np.bincount(answer[answer >= 0], minlength=len(everyone))
    if not counts.sum():
        return []
    top, n = int(counts.argmax()), int(counts.sum())
    share = float(everyone[top] / everyone.sum())
    if counts[top] / n > 0.9 and stats.binom.sf(counts[top] - 1, n, min(0.9, 2 * share)) < LEVEL:
        return [
            f"gives one answer in {counts[top]} of {n} questions; others in {100 * share:.0f} %"
        ]
    return []


def _medians(annotator: np.ndarray, seconds: np.ndarray | None) -> dict[int, float]:
    if seconds is None:
        return {}
    there = np.isfinite(seconds)
    order = np.argsort(annotator[there], kind="stable")
    who, times = annotator[there][order], seconds[there][order]
    starts = np.flatnonzero(np.r_[True, who[1:] != who[:-1]]) if len(who) else []
    groups = np.split(times, starts[1:]) if len(who) else []
    return {
        int(who[start]): float(np.median(group))
        for start, group in zip(starts, groups, strict=True)
    }
