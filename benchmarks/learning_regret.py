"""What does choosing by forecast cost? Chosen against best option of CIFAR-10H at equal money.

    python benchmarks/learning_regret.py --store build/validation

From the pilots of `validation.py` (run it first): 1, 3 or 10 votes on each image or the full
distribution (51 votes), at a budget that buys single votes for eight times the pilot, when an
image itself costs as much as 0, 3 or 10 votes. Regret is the share of the budget that the option
best in hindsight would have needed less for the quality of the chosen one. Actual qualities are
the mean curves of random purchases, made monotone; options that the budget gives fewer items than
the actual curves hold are left out.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from sklearn.isotonic import IsotonicRegression

sys.path.insert(0, str(Path(__file__).parent))
from labelbits.learning import forecast
from learning_data import cifar10h
from validation import DRAWS, METRICS, OPTIONS, PILOTS, load, split, true_losses, with_theory

#: Votes on one image of each option, and the price of an image in votes.
VOTES = {"1": 1.0, "3": 3.0, "10": 10.0, "full": 51.1}
IMAGE_PRICES = (0.0, 3.0, 10.0)


def main() -> None:
    """Print a table of regrets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, default=Path("build/validation"))
    parser.add_argument("--kind", default="alone", choices=("alone", "tested"))
    arguments = parser.parse_args()
    data = cifar10h()
    parts = split(data, 2000)
    print("| metric | pilot | image price, votes | pilots | mean regret | largest | best chosen |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for metric in METRICS:
        truth = {}
        for option in OPTIONS:
            size, loss = true_losses(arguments.store, option, metric)
            fit = IsotonicRegression(increasing=False).fit(np.log(size), loss)
            truth[option] = (np.log(size), fit.predict(np.log(size)))
        for pilot in PILOTS:
            found: dict[float, list[tuple[float, bool]]] = {p: [] for p in IMAGE_PRICES}
            for path in sorted(arguments.store.glob(f"{arguments.kind}-{pilot}-*-full.npz")):
                number = path.stem.split("-")[2]
                curves = {}
                for option in OPTIONS:
                    other = path.with_name(f"{arguments.kind}-{pilot}-{number}-{option}.npz")
                    if other.exists():
                        rows = parts.pilot(pilot, int(number))
                        curves[option] = with_theory(
                            data, parts, arguments.kind, rows, option, load(other)
                        )[metric]
                for price in IMAGE_PRICES:
                    budget = 8 * pilot * (price + 1)
                    items = {o: budget / (price + VOTES[o]) for o in curves}
                    items = {o: n for o, n in items.items() if n >= np.exp(truth[o][0][0])}
                    if len(items) < 2:
                        continue
                    predicted = {
                        o: forecast(curves[o], [n], seed=int(number), draws=DRAWS).mean[0]
                        for o, n in items.items()
                    }
                    pick = max if metric == "accuracy" else min
                    chosen = pick(predicted, key=lambda o: predicted[o])
                    actual = {o: float(np.interp(np.log(n), *truth[o])) for o, n in items.items()}
                    best = min(actual, key=lambda o: actual[o])
                    found[price].append((regret(truth[best], actual[chosen], items[best]),
                                         chosen == best))  # fmt: skip
            for price, results in found.items():
                if results:
                    regrets = np.array([r for r, _ in results])
                    print(
                        f"| {metric} | {pilot} | {price:.0f} | {len(regrets)} | "
                        f"{100 * regrets.mean():.1f} % | {100 * regrets.max():.1f} % | "
                        f"{100 * np.mean([right for _, right in results]):.0f} % |",
                        flush=True,
                    )


def regret(curve: tuple[np.ndarray, np.ndarray], loss: float, items: float) -> float:
    """1 - (items at which `curve` reaches `loss`) / `items`, at least 0."""
    log_size, losses = curve
    needed = np.exp(np.interp(-loss, -losses, log_size))
    return float(max(1 - needed / items, 0.0))


if __name__ == "__main__":
    main()
