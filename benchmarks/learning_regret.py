"""What does choosing by forecast cost? Chosen against best option of CIFAR-10H at equal money.

    python benchmarks/learning_regret.py --store build/validation

From the pilots of `validation.py` (run it first): 1, 3 or 10 votes on each image or the full
distribution (51 votes), at a budget that buys single votes for eight times the pilot, when an
image itself costs as much as 0, 3 or 10 votes. Regret is the share of the budget that the option
best in hindsight would have needed less for the quality of the chosen one: 1 - n/N, n images
bringing the best option to the actual quality of the chosen, N those it could have had. Options
that the budget gives fewer items than the actual curves hold are left out. The choice is made by
`preferred`, as a plan makes it: the best forecast, or a much cheaper one that is as good. At equal
money nothing is cheaper, so a second table lets only twice the pilot's images be had: options then
end at different costs, and the table says what naming the cheaper equal saves and loses.

Actual qualities are means of random purchases, smoothed: ln(loss) a cubic in ln(size), its two
highest terms common to all options. What is left of their noise makes regret of its own: the last
column judges by one half of the purchases the option that the other half finds best.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from labelbits.learning import CurvePoints, forecast, forecast_options
from labelbits.planning.advice.recommend import preferred
from learning_data import cifar10h
from learning_tables import METRICS, PILOTS
from validation import DRAWS, OPTIONS, load, split, with_theory

#: Votes on one image of each option, and the price of an image in votes.
VOTES = {"1": 1.0, "3": 3.0, "10": 10.0, "full": 51.1}
IMAGE_PRICES = (0.0, 3.0, 10.0)

#: ln(loss) of an option at ln(size).
Truth = Callable[[str, np.ndarray], np.ndarray]
#: Price of an image in votes, and how many images there are for each of the pilot's.
Case = tuple[float, float]
EVERY, FEW = np.inf, 2.0


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


def affordable(pilot: int, price: float, smallest: float, pool: float = np.inf) -> dict[str, float]:
    """Images that each option can have for the budget, of the options whose truth is known."""
    budget = 8 * pilot * (price + 1)
    items = {o: min(budget / (price + votes), pool) for o, votes in VOTES.items()}
    return {o: n for o, n in items.items() if n >= 0.99 * min(smallest, pilot)}


def cost_share(option: str, items: float, pilot: int, price: float) -> float:
    """Share of the budget that this many images cost."""
    return items * (price + VOTES[option]) / (8 * pilot * (price + 1))


@dataclass(frozen=True)
class Choice:
    """The option of the best forecast, and the one that a plan names."""

    best: str
    named: str


def chosen_by(
    curves: dict[str, CurvePoints],
    guides: list[CurvePoints | None],
    pilot: int,
    asked: dict[Case, dict[str, float]],
    seed: int,
    together: bool,
) -> dict[Case, Choice]:
    """What is chosen in every case (image price, images that there are) by what is forecast."""
    up = next(iter(curves.values())).metric == "accuracy"
    sizes = np.unique([n for items in asked.values() for n in items.values()])
    if together:
        made = forecast_options(list(curves.values()), sizes, seed=seed, draws=DRAWS, guides=guides)
    else:
        made = [forecast(c, sizes, seed=seed, draws=DRAWS) for c in curves.values()]
    ahead = dict(zip(curves, made, strict=True))
    result = {}
    for case, items in asked.items():
        names = list(items)
        at = [np.searchsorted(sizes, n) for n in items.values()]
        expected = np.array([ahead[o].mean[i] for o, i in zip(names, at, strict=True)])
        spread = np.array(
            [ahead[o].high[i] - ahead[o].low[i] for o, i in zip(names, at, strict=True)]
        )
        costs = np.array([cost_share(o, n, pilot, case[0]) for o, n in items.items()])
        gain = expected if up else -expected
        result[case] = Choice(names[int(gain.argmax())], names[preferred(gain, spread, costs)[0]])
    return result


def main() -> None:
    """Print a table of regrets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, default=Path("build/validation"))
    parser.add_argument("--kind", default="alone", choices=("alone", "tested", "guided"))
    arguments = parser.parse_args()
    store, data = arguments.store, cifar10h()
    parts = split(data, 2000)
    print("| metric | pilot | image price, votes | pilots | median regret | mean | largest | best "
          "chosen | mean, options apart | of the truth's noise |")  # fmt: skip
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    everything: dict[str, list[float]] = {m: [] for m in METRICS}
    cheaper: list[str] = []
    for metric in METRICS:
        truth, smallest = smoothed(store, metric)
        halves = [smoothed(store, metric, half)[0] for half in (0, 1)]
        for pilot in PILOTS:
            asked = {
                (price, pool): affordable(pilot, price, smallest, pool * pilot)
                for price in IMAGE_PRICES
                for pool in (EVERY, FEW)
            }
            found: dict[tuple[Case, bool], list[Choice]] = {
                (case, how): [] for case in asked for how in (True, False)
            }
            for number in range(1000):
                own = "tested" if arguments.kind == "guided" else arguments.kind
                paths, leading = (
                    {o: store / f"{kind}-{pilot}-{number}-{o}.npz" for o in OPTIONS}
                    for kind in (own, arguments.kind)
                )
                if not all(path.exists() for path in [*paths.values(), *leading.values()]):
                    continue
                rows = parts.pilot(pilot, number)
                curves = {
                    o: with_theory(data, parts, own, rows, o, load(path))[metric]
                    for o, path in paths.items()
                }
                led: list[CurvePoints | None] = [None] * len(OPTIONS)
                if arguments.kind == "guided":
                    led = [
                        with_theory(data, parts, "guided", rows, o, load(path)).get(metric)
                        for o, path in leading.items()
                    ]
                for how in (True, False):
                    for case, choice in chosen_by(curves, led, pilot, asked, number, how).items():
                        found[case, how].append(choice)
            for price in IMAGE_PRICES:
                items = asked[price, EVERY]
                together, apart = (
                    np.array([regret(truth, items, choice.named, smallest) for choice in choices])
                    for choices in (found[(price, EVERY), True], found[(price, EVERY), False])
                )
                if not len(together):
                    continue
                everything[metric] += together.tolist()
                noise = np.mean([
                    regret(judge, items, min(items, key=lambda o, other=other: float(
                        other(o, np.array(items[o])))), smallest)
                    for judge, other in (halves, halves[::-1])
                ])  # fmt: skip
                print(f"| {metric} | {pilot} | {price:.0f} | {len(together)} | "
                      f"{100 * np.median(together):.1f} % | {100 * together.mean():.1f} % | "
                      f"{100 * together.max():.1f} % | {100 * np.mean(together == 0):.0f} % | "
                      f"{100 * apart.mean():.1f} % | {100 * noise:.1f} % |",
                      flush=True)  # fmt: skip
                few = found[(price, FEW), True]
                where = (metric, pilot, price)
                cheaper.append(named_cheaper(truth, asked[price, FEW], few, where, smallest))
    for metric, values in everything.items():
        if values:
            print(f"{metric}, all: median {100 * np.median(values):.1f} %, "
                  f"mean {100 * np.mean(values):.1f} %")  # fmt: skip
    print("\n| metric | pilot | image price, votes | pilots | cheaper equal named | its cost | "
          "cost of the best forecast | of its equal | quality lost | at most |")  # fmt: skip
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    print("\n".join(cheaper))


def named_cheaper(
    truth: Truth,
    items: dict[str, float],
    choices: list[Choice],
    where: tuple[str, int, float],
    smallest: float,
) -> str:
    """A row of the second table: where the plan names another option than the best forecast.

    Costs are shares of the budget. "Of its equal": what the option of the best forecast would have
    needed for the actual quality of the one that is named.
    """
    metric, pilot, price = where
    moved = [choice for choice in choices if choice.named != choice.best]
    head = f"| {metric} | {pilot} | {price:.0f} | {len(choices)} | {len(moved)} |"
    if not moved:
        return f"{head} | | | | |"
    share = {o: cost_share(o, n, pilot, price) for o, n in items.items()}
    actual = {o: float(np.exp(truth(o, np.array(n)))) for o, n in items.items()}
    named, best = ([getattr(choice, name) for choice in moved] for name in ("named", "best"))
    less = [
        regret(truth, {one: items[one] for one in pair}, pair[0], smallest)
        for pair in zip(named, best, strict=True)
    ]
    equal = [share[o] * (1 - saved) for o, saved in zip(best, less, strict=True)]
    # Losses, so that a positive difference is worse; in points or thousandths of a nat.
    scale = 100 if metric == "accuracy" else 1000
    lost = [scale * (actual[a] - actual[b]) for a, b in zip(named, best, strict=True)]
    return (
        f"{head} {100 * np.mean([share[o] for o in named]):.0f} % | "
        f"{100 * np.mean([share[o] for o in best]):.0f} % | {100 * np.mean(equal):.0f} % | "
        f"{np.mean(lost):+.2f} | {max(lost):+.2f} |"
    )


if __name__ == "__main__":
    main()
