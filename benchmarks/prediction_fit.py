"""Hyperparameters of the surfaces of `labelbits.prediction`, by maximal marginal likelihood.

`prediction_table.py` runs this after simulating. Length scales are found by L-BFGS; what an answer
of a signal is worth, by a coordinate search between them, with the Spearman correlation alone.
"""

from __future__ import annotations

import time

import numpy as np
import polars as pl

from labelbits.prediction.surface import FAMILIES, METRICS, Worth, build, to_line

#: Steps of the coordinate search, in ln(worth); length scales are fitted anew before each.
STEPS = (1.0, 0.5)
#: Nats that a step has to gain.
GAIN = 0.1


def refined(
    metric: str, signals: tuple[str, ...], points: pl.DataFrame, theta: np.ndarray | None,
    worth: Worth,
) -> np.ndarray:  # fmt: skip
    """Hyperparameters (their logarithms) fitted from `theta`."""
    made = build(metric, signals, points, theta, worth, refine=True).process
    return made.kernel_.theta  # type: ignore[union-attr]


def fit_worth(signals: tuple[str, ...], points: pl.DataFrame) -> tuple[Worth, np.ndarray]:
    """(offset, slope in ln classes) of every signal, 0 for the first; hyperparameters so far."""
    rates = {name: [0.0, 0.0] for name in signals}

    def worth() -> Worth:
        return {name: (rate[0], rate[1]) for name, rate in rates.items()}

    def likelihood(theta: np.ndarray) -> float:
        made = build("spearman", signals, points, theta, worth()).process
        return float(made.log_marginal_likelihood_value_)

    theta = None
    for step in STEPS:
        theta = refined("spearman", signals, points, theta, worth())
        best = likelihood(theta)
        for name in signals[1:]:
            slopes = points["classes"].n_unique() > 1
            for which in (0, 1) if slopes else (0,):
                for size in (step, -step):
                    moved = False
                    while True:
                        rates[name][which] += size
                        value = likelihood(theta)
                        if value <= best + GAIN:
                            rates[name][which] -= size
                            break
                        best, moved = value, True
                    if moved:
                        break
    assert theta is not None
    return worth(), theta


def caution(
    metric: str, signals: tuple[str, ...], points: pl.DataFrame, theta: np.ndarray, worth: Worth
) -> float:
    """By how much the errors at shapes left out exceed the standard errors of the surface.

    The 90th percentile of |error| / standard error, the simulation's noise included, over every
    shape of every signal left out in turn, over that of a normal variable; 1 at least.
    """
    ratios = []
    for key in points.select("signal", "round").unique(maintain_order=True).iter_rows():
        here = (pl.col("signal") == key[0]) & (pl.col("round") == key[1])
        out = points.filter(here)
        line, error, sd = build(metric, signals, points.filter(~here), theta, worth).predict(out)
        noise = sd / np.sqrt(out["worlds"].to_numpy())
        truth = to_line(metric, out[metric].to_numpy())
        ratios.append(np.abs(line - truth) / np.hypot(error, noise))
    return max(1.0, float(np.quantile(np.concatenate(ratios), 0.9)) / 1.645)


def fit_all(table: pl.DataFrame) -> dict[str, dict]:
    """What `surface.json` holds: worths, and the logarithms of each kernel's hyperparameters."""
    found: dict[str, dict] = {}
    for family, signals in FAMILIES.items():
        points = table.filter(pl.col("signal").is_in(signals))
        worth, theta = fit_worth(signals, points)
        found[family] = {"worth": worth, "caution": {}, "own": {m: {} for m in METRICS}}
        for metric in METRICS:
            theta = refined(metric, signals, points, theta, worth)
            print(f"{family}: {metric} fitted, {time.process_time():.0f} s of CPU", flush=True)
            factor = caution(metric, signals, points, theta, worth)
            found[family]["caution"][metric] = round(factor, 3)
            found[family][metric] = [round(float(value), 4) for value in theta]
    return found
