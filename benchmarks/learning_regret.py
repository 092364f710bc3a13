"""What does choosing by forecast cost? Chosen against best option of CIFAR-10H at equal money.

    python benchmarks/learning_regret.py --store build/validation

From the pilots of `validation.py` (run it first): 1, 3 or 10 votes on each image or the full
distribution (51 votes), at a budget that buys single votes for eight times the pilot, when an
image itself costs as much as 0, 3 or 10 votes. Regret is the share of the budget that the option
best in hindsight would have needed less for the quality of the chosen one: 1 - n/N, n images
bringing the best option to the actual quality of the chosen, N those it could have had. Options
that the budget gives fewer items than the actual curves hold are left out.

Actual qualities are means of random purchases, smoothed: ln(loss) a cubic in ln(size), its two
highest terms common to all options. What is left of their noise makes regret of its own: the last
column judges by one half of the purchases the option that the other half finds best.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from labelbits.learning import CurvePoints, forecast, forecast_options
from learning_data import cifar10h
from learning_tables import METRICS, PILOTS
from validation import DRAWS, OPTIONS, load, split, with_theory

#: Votes on one image of each option, and the price of an image in votes.
VOTES = {"1": 1.0, "3": 3.0, "10": 10.0, "full": 51.1}
IMAGE_PRICES = (0.0, 3.0, 10.0)

#: ln(loss) of an option at ln(size).
Truth = Callable[[str, np.ndarray], np.ndarray]


def smoothed(store: Path, metric: str, half: int | None = None) -> tuple[Truth, float]:
    """(actual ln(loss) of every option, smallest size), from every purchase or from one half."""
    rows, values, weights, smallest = [], [], [], np.inf
    for number, option in enumerate(OPTIONS):
        points = load(store / f"actual-{option}.npz")[metric]
        smallest = min(smallest, float(points.sizes[0]))
        bought = points.values if half is None else points.values[:, half::2]
        for size, value in zip(points.sizes, bought, strict=True):
            kept = value[np.isfinite(value)]
            if not len(kept):
                continue
            x = np.log(size / 1000)
            row = np.zeros(2 * len(OPTIONS) + 2)
            row[[2 * number, 2 * number + 1]] = 1, x
            row[-2:] = x**2, x**3
            rows.append(row)
            values.append(np.log(1 - kept.mean() if metric == "accuracy" else kept.mean()))
            weights.append(np.sqrt(len(kept) * size))
    weight = np.array(weights)[:, None]
    fit = np.linalg.lstsq(np.array(rows) * weight, np.array(values) * weight[:, 0], rcond=None)[0]

    def truth(option: str, sizes: np.ndarray) -> np.ndarray:
        x, i = np.log(np.asarray(sizes) / 1000), 2 * OPTIONS.index(option)
        return fit[i] + fit[i + 1] * x + fit[-2] * x**2 + fit[-1] * x**3

    return truth, smallest


def regret(truth: Truth, items: dict[str, float], chosen: str, smallest: float) -> float:
    """Share of the budget that the best option would have needed less for the chosen's quality."""
    actual = {o: float(truth(o, np.array(n))) for o, n in items.items()}
    best = min(actual, key=lambda o: actual[o])
    if chosen == best:
        return 0.0
    sizes = np.geomspace(min(smallest, items[best]) / 3, items[best], 2000)
    losses = np.minimum.accumulate(truth(best, sizes))
    return float(1 - sizes[np.argmax(losses <= actual[chosen])] / items[best])


def affordable(pilot: int, price: float, smallest: float) -> dict[str, float]:
    """Images that each option can have for the budget, of the options whose truth is known."""
    budget = 8 * pilot * (price + 1)
    items = {o: budget / (price + votes) for o, votes in VOTES.items()}
    return {o: n for o, n in items.items() if n >= 0.99 * min(smallest, pilot)}


def chosen_by(
    curves: dict[str, CurvePoints], asked: dict[float, dict[str, float]], seed: int, together: bool
) -> dict[float, str]:
    """The option of the best forecast at every image price."""
    up = next(iter(curves.values())).metric == "accuracy"
    sizes = np.unique([n for items in asked.values() for n in items.values()])
    if together:
        made = forecast_options(list(curves.values()), sizes, seed=seed, draws=DRAWS)
    else:
        made = [forecast(c, sizes, seed=seed, draws=DRAWS) for c in curves.values()]
    ahead = dict(zip(curves, made, strict=True))
    result = {}
    for price, items in asked.items():
        expected = {o: ahead[o].mean[np.searchsorted(sizes, n)] for o, n in items.items()}
        result[price] = (max if up else min)(expected, key=lambda o: expected[o])
    return result


def main() -> None:
    """Print a table of regrets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, default=Path("build/validation"))
    parser.add_argument("--kind", default="alone", choices=("alone", "tested"))
    arguments = parser.parse_args()
    store, data = arguments.store, cifar10h()
    parts = split(data, 2000)
    print("| metric | pilot | image price, votes | pilots | median regret | mean | largest | best "
          "chosen | mean, options apart | of the truth's noise |")  # fmt: skip
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    everything: dict[str, list[float]] = {m: [] for m in METRICS}
    for metric in METRICS:
        truth, smallest = smoothed(store, metric)
        halves = [smoothed(store, metric, half)[0] for half in (0, 1)]
        for pilot in PILOTS:
            asked = {p: affordable(pilot, p, smallest) for p in IMAGE_PRICES}
            found = {(p, how): [] for p in IMAGE_PRICES for how in (True, False)}
            for number in range(1000):
                paths = {o: store / f"{arguments.kind}-{pilot}-{number}-{o}.npz" for o in OPTIONS}
                if not all(path.exists() for path in paths.values()):
                    continue
                rows = parts.pilot(pilot, number)
                curves = {
                    o: with_theory(data, parts, arguments.kind, rows, o, load(path))[metric]
                    for o, path in paths.items()
                }
                for how in (True, False):
                    for price, chosen in chosen_by(curves, asked, number, how).items():
                        found[price, how].append(regret(truth, asked[price], chosen, smallest))
            for price in IMAGE_PRICES:
                together = np.array(found[price, True])
                if not len(together):
                    continue
                everything[metric] += together.tolist()
                noise = np.mean([
                    regret(judge, asked[price], min(asked[price], key=lambda o, other=other: float(
                        other(o, np.array(asked[price][o])))), smallest)
                    for judge, other in (halves, halves[::-1])
                ])  # fmt: skip
                print(f"| {metric} | {pilot} | {price:.0f} | {len(together)} | "
                      f"{100 * np.median(together):.1f} % | {100 * together.mean():.1f} % | "
                      f"{100 * together.max():.1f} % | {100 * np.mean(together == 0):.0f} % | "
                      f"{100 * np.mean(found[price, False]):.1f} % | {100 * noise:.1f} % |",
                      flush=True)  # fmt: skip
    for metric, values in everything.items():
        if values:
            print(f"{metric}, all: median {100 * np.median(values):.1f} %, "
                  f"mean {100 * np.mean(values):.1f} %")  # fmt: skip


if __name__ == "__main__":
    main()
