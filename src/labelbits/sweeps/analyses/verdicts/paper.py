"""Verdicts on the claims of the paper about simulated worlds."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import polars as pl

from labelbits.sweeps.analyses.verdicts.rows import CLEAR, Found, Rows, above, all_told, difference


def bits(rows: Rows) -> Found:
    for axis, more in (
        ("classes", "More classes, more bits."), ("dimensions", "More dimensions, more bits."),
        ("precision", "Less noise (precision), more bits."),
    ):  # fmt: skip
        told, risen = [], []
        for signal in rows.signals(axis):
            ends = rows.ends(axis, signal)
            if ends:
                gain, error = difference(*ends)
                told.append(above(gain, error))
                risen.append(f"{signal} {gain:+.2f}")
        if told:
            up = sum(one is True for one in told)
            yield (
                more,
                all_told(told),
                f"for {up} of {len(told)} signals ({', '.join(risen[:6])} bits)",
            )
    fallen = [difference(*ends) for s in rows.signals("lapse") if (ends := rows.ends("lapse", s))]
    if fallen:
        down = sum(gain < -CLEAR * error for gain, error in fallen)
        yield (
            "More lapse, fewer bits.", down == len(fallen),
            f"for {down} of {len(fallen)} signals, {min(g for g, _ in fallen):+.2f} to "
            f"{max(g for g, _ in fallen):+.2f} bits",
        )  # fmt: skip


def falls(panel: str, claim: str, unit: str) -> Callable[[Rows], Found]:
    def judge(rows: Rows) -> Found:
        panels = [p for p in rows.table["panel"].unique(maintain_order=True) if panel in p]
        told, said = [], []
        for one in panels:
            for signal in rows.signals(one):
                ends = rows.ends(one, signal)
                if ends:
                    gain, error = difference(*ends)
                    told.append(above(-gain, error))
                    said.append(f"{signal} {ends[0][1]:.2g} to {ends[1][1]:.2g}")
        if told:
            yield claim, all_told(told), f"{', '.join(said[:6])} {unit}"

    return judge


def recovery(rows: Rows) -> Found:
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


def saturation(rows: Rows) -> Found:
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


def _best(rows: Rows, panel: str, at: int) -> tuple[str, float, float, float] | None:
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


def few_and_many(rows: Rows) -> Found:
    panels = rows.table["panel"].unique(maintain_order=True).to_list()
    for panel in panels:
        best = _best(rows, panel, 0)
        if best and panel.startswith(("in distribution", "held-out", "shifted")):
            signal, value, error, hard = best
            told = False if signal == "hard" else above(value - hard, math.sqrt(2) * error)
            yield (
                f"Richer signals lead where answers are few ({panel}).", told,
                f"{signal} {value:.2f} +- {error:.2f}, hard labels {hard:.2f}",
            )  # fmt: skip


def tradeoff(rows: Rows) -> Found:
    start = "winner at price ratio "
    won = rows.table.filter(pl.col("panel").str.starts_with(start))
    if len(won):
        names = won["signal"].unique(maintain_order=True).to_list()
        yield (
            "Which signal is best depends on its price.", len(names) > 1,
            f"{len(names)} signals are the cheapest somewhere on the map ({', '.join(names)})",
        )  # fmt: skip
