"""What became of each claim: held or not, and the number that says so, from a figure's own rows."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

#: Standard errors by which a difference must lie beyond 0 to be told from it.
CLEAR = 2.0


@dataclass(frozen=True)
class Verdict:
    """A claim of the paper, or one that follows from its argument, and what was found.

    `held` is None where the difference cannot be told from none.
    """

    figure: str
    claim: str
    held: bool | None
    found: str

    @property
    def word(self) -> str:
        """The verdict in words."""
        if self.held is None:
            return "cannot be told"
        return "held" if self.held else "did not hold"

    def line(self) -> str:
        """The verdict in one line."""
        return f"{self.claim} {self.word.capitalize()}: {self.found}."


def verdicts(table: pl.DataFrame, figure: str) -> list[Verdict]:
    """The verdicts of one figure of the table of `reproduce`; none where its rows are missing."""
    rows = _Rows(table.filter(figure=figure))
    if not len(rows.table) or figure not in _JUDGES:
        return []
    return [Verdict(figure, *one) for one in _JUDGES[figure](rows)]


_Found = Iterator[tuple[str, bool | None, str]]


class _Rows:
    """Rows of one figure, looked up by panel and signal."""

    def __init__(self, table: pl.DataFrame) -> None:
        self.table = table

    def signals(self, panel: str) -> list[str]:
        part = self.table.filter(pl.col("panel") == panel, pl.col("source") != "bound")
        return part["signal"].unique(maintain_order=True).to_list()

    def course(self, panel: str, signal: str, source: str | None = None) -> np.ndarray:
        """(x, value, standard error) (n, 3) in the order of x; one source, theory first."""
        part = self.table.filter(panel=panel, signal=signal)
        known = part["source"].unique().to_list()
        source = source or next((s for s in ("theory", "simulation") if s in known), None)
        if source is None:
            return np.zeros((0, 3))
        part = part.filter(source=source).sort("x")
        return part.select("x", "value", pl.col("standard_error").fill_null(0.0)).to_numpy()

    def ends(self, panel: str, signal: str) -> tuple[np.ndarray, np.ndarray] | None:
        course = self.course(panel, signal)
        return (course[0], course[-1]) if len(course) > 1 else None


def _gain(first: np.ndarray, last: np.ndarray) -> tuple[float, float]:
    """(last - first, its standard error)."""
    return float(last[1] - first[1]), math.hypot(first[2], last[2])


def _above(gain: float, error: float) -> bool | None:
    return None if abs(gain) <= CLEAR * error else gain > 0


def _all(each: list[bool | None]) -> bool | None:
    if any(one is False for one in each):
        return False
    return None if any(one is None for one in each) else True


def _bits(rows: _Rows) -> _Found:
    for axis, more in (
        ("classes", "More classes, more bits."), ("dimensions", "More dimensions, more bits."),
        ("precision", "Less noise (precision), more bits."),
    ):  # fmt: skip
        told, risen = [], []
        for signal in rows.signals(axis):
            ends = rows.ends(axis, signal)
            if ends:
                gain, error = _gain(*ends)
                told.append(_above(gain, error))
                risen.append(f"{signal} {gain:+.2f}")
        if told:
            up = sum(one is True for one in told)
            yield more, _all(told), f"for {up} of {len(told)} signals ({', '.join(risen[:6])} bits)"
    fallen = [_gain(*ends) for s in rows.signals("lapse") if (ends := rows.ends("lapse", s))]
    if fallen:
        down = sum(gain < -CLEAR * error for gain, error in fallen)
        yield (
            "More lapse, fewer bits.", down == len(fallen),
            f"for {down} of {len(fallen)} signals, {min(g for g, _ in fallen):+.2f} to "
            f"{max(g for g, _ in fallen):+.2f} bits",
        )  # fmt: skip


def _falls(panel: str, claim: str, unit: str) -> Callable[[_Rows], _Found]:
    def judge(rows: _Rows) -> _Found:
        panels = [p for p in rows.table["panel"].unique(maintain_order=True) if panel in p]
        told, said = [], []
        for one in panels:
            for signal in rows.signals(one):
                ends = rows.ends(one, signal)
                if ends:
                    gain, error = _gain(*ends)
                    told.append(_above(-gain, error))
                    said.append(f"{signal} {ends[0][1]:.2g} to {ends[1][1]:.2g}")
        if told:
            yield claim, _all(told), f"{', '.join(said[:6])} {unit}"

    return judge


def _recovery(rows: _Rows) -> _Found:
    panel = "spearman, by bits"
    points = [rows.course(panel, s, "simulation") for s in rows.signals(panel)]
    points = [p for p in points if len(p)]
    if points:
        x, y = np.concatenate(points)[:, :2].T
        rank = float(np.corrcoef(x.argsort().argsort(), y.argsort().argsort())[0, 1])
        yield (
            "More bits, better spaces, whatever the signal.", rank > 0.5,
            f"rank correlation of bits and Spearman over {len(x)} points of all signals {rank:.2f}",
        )  # fmt: skip


def _saturation(rows: _Rows) -> _Found:
    panel = "bits of a label"
    for signal in rows.signals(panel):
        course, dims = rows.course(panel, signal), float(signal.split()[-1])
        before = course[course[:, 0] <= dims + 1]
        after = course[course[:, 0] >= dims + 1]
        if len(before) > 1 and len(after) > 1:
            slopes = [float((p[-1, 1] - p[0, 1]) / (p[-1, 0] - p[0, 0])) for p in (before, after)]
            yield (
                f"Soft labels ({signal.split()[0]} reports) stop gaining once classes exceed "
                f"dimensions ({dims:.0f}).", slopes[1] < slopes[0] / 3,
                f"{slopes[0]:+.2f} bits a class up to {dims + 1:.0f} classes, {slopes[1]:+.2f} "
                "beyond",
            )  # fmt: skip


def _best(rows: _Rows, panel: str, at: int) -> tuple[str, float, float, float] | None:
    """(signal, value, error, that of hard labels) of the best at the first or last x."""
    found = []
    for signal in rows.signals(panel):
        course = rows.course(panel, signal, "simulation")
        if len(course):
            found.append((signal, *course[at]))
    hard = next((value for signal, _, value, _ in found if signal == "hard"), None)
    if not found or hard is None:
        return None
    signal, _, value, error = max(found, key=lambda one: one[2])
    return signal, value, error, hard


def _few_and_many(rows: _Rows) -> _Found:
    panels = rows.table["panel"].unique(maintain_order=True).to_list()
    for panel in panels:
        best = _best(rows, panel, 0)
        if best and panel.startswith(("in distribution", "held-out", "shifted")):
            signal, value, error, hard = best
            told = False if signal == "hard" else _above(value - hard, math.sqrt(2) * error)
            yield (
                f"Richer signals lead where answers are few ({panel}).", told,
                f"{signal} {value:.2f} +- {error:.2f}, hard labels {hard:.2f}",
            )  # fmt: skip


def _tradeoff(rows: _Rows) -> _Found:
    start = "winner at price ratio "
    won = rows.table.filter(pl.col("panel").str.starts_with(start))
    if len(won):
        names = won["signal"].unique(maintain_order=True).to_list()
        yield (
            "Which signal is best depends on its price.", len(names) > 1,
            f"{len(names)} signals are the cheapest somewhere on the map ({', '.join(names)})",
        )  # fmt: skip


def _dynamics(rows: _Rows) -> _Found:
    end = "alignment at the end, by classes"
    ends = rows.ends(end, "hard")
    if ends:
        gain, error = _gain(*ends)
        yield (
            "More classes than dimensions let class labels fix the space.", _above(gain, error),
            f"hard labels align {ends[0][1]:.2f} with {ends[0][0]:.0f} classes and "
            f"{ends[1][1]:.2f} with {ends[1][0]:.0f} ({gain:+.2f} +- {error:.2f})",
        )  # fmt: skip
    lost = "lost at the end: alignment within classes"
    if "hard" in rows.signals(lost):
        hard = rows.course(lost, "hard")[0]
        others = [(s, rows.course(lost, s)[0]) for s in rows.signals(lost) if s != "hard"]
        kept = [_above(*_gain(other, hard)) for _, other in others]
        yield (
            "Hard labels lose structure within classes late in training; soft labels and "
            "comparisons keep it.", _all(kept) if kept else None,
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


def _together(rows: _Rows, signals: list[str]) -> _Found:
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


def _negatives(rows: _Rows) -> _Found:
    panel = "alignment at the end, by negatives"
    for signal in rows.signals(panel):
        course = rows.course(panel, signal)
        gains = [_gain(a, b) for a, b in itertools.pairwise(course)]
        if len(gains) > 1:
            yield (
                "More negatives pay, and less and less.", gains[0][0] > gains[-1][0] >= -CLEAR
                * gains[-1][1],
                ", ".join(f"{x:.0f} negatives {v:.3f}" for x, v, _ in course),
            )  # fmt: skip


def _early_and_late(rows: _Rows) -> _Found:
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


_JUDGES: dict[str, Callable[[_Rows], _Found]] = {
    "bits": _bits,
    "total": _falls("each answer", "All answers together say less than their sum.", "bits each"),
    "recovery": _recovery,
    "triplets": _falls(" items", "Bits a triplet fall as triplets are added.", "bits a triplet"),
    "saturation": _saturation,
    "shots": _few_and_many,
    "transfer": _few_and_many,
    "dynamics": _dynamics,
    "tradeoff": _tradeoff,
}
