"""Verdicts on how encoders learn from simulated answers."""

from __future__ import annotations

import itertools

import numpy as np

from labelbits.sweeps.analyses.verdicts.rows import CLEAR, Found, Rows, above, all_told, difference


def dynamics(rows: Rows) -> Found:
    """Encoders trained on simulated answers."""
    end = "alignment at the end, by classes"
    ends = rows.ends(end, "hard")
    if ends:
        gain, error = difference(*ends)
        yield (
            "More classes than dimensions let class labels fix the space.", above(gain, error),
            f"hard labels align {ends[0][1]:.2f} with {ends[0][0]:.0f} classes and "
            f"{ends[1][1]:.2f} with {ends[1][0]:.0f} ({gain:+.2f} +- {error:.2f})",
        )  # fmt: skip
    lost = "lost at the end: alignment within classes"
    if "hard" in rows.signals(lost):
        hard = rows.course(lost, "hard")[0]
        others = [(s, rows.course(lost, s)[0]) for s in rows.signals(lost) if s != "hard"]
        kept = [above(*difference(other, hard)) for _, other in others]
        yield (
            "Hard labels lose structure within classes late in training; soft labels and "
            "comparisons keep it.", all_told(kept) if kept else None,
            f"lost of the best look: hard {hard[1]:.3f} +- {hard[2]:.3f}, "
            + ", ".join(f"{s} {o[1]:.3f}" for s, o in others),
        )  # fmt: skip
    bits = {s: rows.course("bits an answer", s)[0][1] for s in rows.signals("bits an answer")}
    steps = {s: rows.course("steps to 90 %", s)[0][1] for s in rows.signals("steps to 90 %")}
    both = [s for s in bits if s in steps and np.isfinite(steps[s])]
    if len(both) > 2:
        a, b = (np.array([table[s] for s in both]) for table in (bits, steps))
        rank = float(np.corrcoef(a.argsort().argsort(), b.argsort().argsort())[0, 1])
        yield (
            "Richer answers teach in fewer steps.", rank < -0.5,
            f"rank correlation of bits an answer and steps to 90 % over {len(both)} kinds of "
            f"answers {rank:+.2f}",
        )  # fmt: skip
        yield from _together(rows, both)
    yield from _negatives(rows)
    yield from _early_and_late(rows)


def _together(rows: Rows, signals: list[str]) -> Found:
    """Do the courses of all signals fall together against bits seen? Over pairs of signals, where
    both were measured."""
    apart = []
    for panel in ("alignment, by steps", "alignment, by bits seen"):
        courses = [rows.course(panel, s, "simulation") for s in signals]
        gaps = [_apart(*pair) for pair in itertools.combinations(courses, 2)]
        known = [gap for gap in gaps if gap is not None]
        if not known:
            return
        apart.append(float(np.mean(known)))
    yield (
        "Courses of all signals fall together against bits seen.", apart[1] < apart[0] / 2,
        f"two signals differ by {apart[1]:.3f} on average at equal bits seen and by "
        f"{apart[0]:.3f} at equal steps",
    )  # fmt: skip


def _apart(one: np.ndarray, other: np.ndarray) -> float | None:
    """Mean difference of two courses, evenly in ln x over the range of both; None without one."""
    if not len(one) or not len(other):
        return None
    low, high = max(one[0, 0], other[0, 0]), min(one[-1, 0], other[-1, 0])
    if not 0 < low < high:
        return None
    at = np.linspace(np.log(low), np.log(high), 8)
    values = [np.interp(at, np.log(c[:, 0]), c[:, 1]) for c in (one, other)]
    return float(np.abs(values[0] - values[1]).mean())


def _negatives(rows: Rows) -> Found:
    panel = "alignment at the end, by negatives"
    for signal in rows.signals(panel):
        course = rows.course(panel, signal)
        gains = [difference(a, b) for a, b in itertools.pairwise(course)]
        if len(gains) > 1:
            yield (
                "More negatives pay, and less and less.", gains[0][0] > gains[-1][0] >= -CLEAR
                * gains[-1][1],
                ", ".join(f"{x:.0f} negatives {v:.3f}" for x, v, _ in course),
            )  # fmt: skip


def _early_and_late(rows: Rows) -> Found:
    panel = "alignment, by steps"
    best = []
    for at in (0, -1):
        found = [(rows.course(panel, s, "simulation")[at], s) for s in rows.signals(panel)]
        if not found:
            return
        best.append(max(found, key=lambda one: one[0][1]))
    (early, first), (late, last) = best
    yield (
        "Early stopping changes which signal is best.", first != last,
        f"{first} leads at {early[0]:.0f} steps ({early[1]:.2f}), {last} at {late[0]:.0f} "
        f"({late[1]:.2f})",
    )  # fmt: skip
