"""What a validation finds, and its tables in Markdown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PILOTS = (100, 300, 1000)
MULTIPLES = (2, 4, 8)
METRICS = ("accuracy", "cross-entropy")


@dataclass(frozen=True)
class Case:
    """One forecast and what came of it. `bare`: by the curve's forms alone. Two oracles, NaN where
    the level is not the pilot's: `shaped`, the pilot's own level continued by the true curve's
    shape; `levelled`, the forecast's shape from the true level."""

    kind: str
    option: str
    pilot: int
    number: int
    metric: str
    multiple: int
    predicted: float
    low: float
    high: float
    bare: float
    naive: float
    shaped: float
    levelled: float
    actual: float


@dataclass(frozen=True)
class Level:
    """The quality that a pilot measures at its own size, beside the true one of that size."""

    kind: str
    pilot: int
    metric: str
    measured: float
    true: float
    claimed: float


def table(found: list[Case], by: str) -> list[str]:
    """Markdown rows: errors and coverage for every pilot size and multiple, or every option."""
    lines = [
        "| metric | pilot | option | size | forecasts | median abs. error | bias | "
        "covered by 90 % | interval width | forms alone | one power law | true shape, own level | "
        "true level, own shape |",
        "|---|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    groups: dict[tuple, list[Case]] = {}
    for case in found:
        option = case.option if by == "option" else "all"
        if by == "option" and case.multiple != MULTIPLES[-1]:
            continue
        groups.setdefault((case.metric, case.pilot, option, case.multiple), []).append(case)
        if by != "option":
            groups.setdefault((case.metric, 0, option, case.multiple), []).append(case)
    for (metric, pilot, option, multiple), group in sorted(groups.items()):
        # Accuracy in points, cross-entropy in thousandths of a nat.
        unit = 100 if metric == "accuracy" else 1000
        true = np.array([c.actual for c in group])
        error = (np.array([c.predicted for c in group]) - true) * unit
        width = np.mean([c.high - c.low for c in group]) * unit
        covered = 100 * np.mean([c.low <= c.actual <= c.high for c in group])
        others = [
            np.median(np.abs(np.array([getattr(c, name) for c in group]) - true)) * unit
            for name in ("bare", "naive", "shaped", "levelled")
        ]
        oracles = ["" if np.isnan(one) else f"{one:.1f}" for one in others[2:]]
        lines.append(
            f"| {metric} | {pilot or 'all'} | {option} | {multiple}x | {len(group)} | "
            f"{np.median(np.abs(error)):.1f} | {error.mean():+.1f} | {covered:.0f} % | "
            f"{width:.1f} | {others[0]:.1f} | {others[1]:.1f} | {oracles[0]} | {oracles[1]} |"
        )
    return lines


def level_table(found: list[Level]) -> list[str]:
    """Markdown rows: how far the quality that a pilot measures at its own size is from true."""
    lines = [
        "| metric | pilot | curves | standard error of counting | claimed | root mean square error "
        "| median abs. error |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for metric in METRICS:
        unit = 100 if metric == "accuracy" else 1000
        for pilot in PILOTS:
            group = [f for f in found if (f.kind, f.metric, f.pilot) == ("alone", metric, pilot)]
            if not group:
                continue
            error = np.array([f.measured - f.true for f in group]) * unit
            true = group[0].true
            counting = f"{unit * np.sqrt(true * (1 - true) / pilot):.1f}" if unit == 100 else ""
            lines.append(
                f"| {metric} | {pilot} | {len(group)} | {counting} | "
                f"{unit * np.mean([f.claimed for f in group]):.1f} | "
                f"{np.sqrt(np.mean(error**2)):.1f} | {np.median(np.abs(error)):.1f} |"
            )
    return lines
