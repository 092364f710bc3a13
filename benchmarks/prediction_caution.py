"""How much wider the intervals of each signal have to be, from the held-out points.

    python benchmarks/prediction_caution.py

For each signal the smallest factor on the surface's standard error with which 90 % of single worlds
lie in their 90 % interval at the held-out points that are then answered; written to `surface.json`
as `own`. Whether the factor holds elsewhere is told by leaving out one held-out size after another:
the coverage there is written to `checked.json`, and a signal that misses `LEAST_COVERAGE` is
refused. `prediction.py` does this too, before it compares.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from scipy.stats import norm

from labelbits.prediction import surface
from labelbits.prediction.quality import LARGEST_ERROR

HELD_OUT = Path(__file__).parent / "prediction_held_out.parquet"
#: Factors tried, and the share of single worlds that intervals should hold.
FACTORS, LEVEL = np.arange(1.0, 12.05, 0.1), 0.9


def as_hard(points: pl.DataFrame) -> pl.DataFrame:
    """Three votes as three hard labels."""
    votes = pl.col("signal") == "votes"
    return points.with_columns(
        answers_per_item=pl.when(votes).then(3).otherwise(1) * pl.col("answers_per_item"),
        signal=pl.when(votes).then(pl.lit("hard")).otherwise(pl.col("signal")),
    )


def covered(metric: str, made: surface.Surface, points: pl.DataFrame, factor: float) -> np.ndarray:
    """Share of single worlds inside the interval at each point answered, NaN where refused.

    Single worlds are known for Spearman; for Procrustes they are normal about their mean.
    """
    line, error, spread = made.predict(points)
    error = factor * error
    answered = error * surface.slope(metric, surface.from_line(metric, line)) <= LARGEST_ERROR
    half = norm.ppf(0.5 + LEVEL / 2) * np.hypot(error, spread)
    if metric == "spearman":
        each = surface.to_line(metric, np.array(points["each_spearman"].to_list()))
        inside = (np.abs(each - line[:, None]) < half[:, None]).mean(1)
    else:
        value = points[metric].to_numpy()
        sd = points[f"{metric}_sd"].to_numpy() / surface.slope(metric, value)
        off = surface.to_line(metric, value) - line
        inside = norm.cdf((half - off) / sd) - norm.cdf((-half - off) / sd)
    return np.where(answered, inside, np.nan)


def factor_of(metric: str, made: surface.Surface, points: pl.DataFrame) -> float:
    """The smallest factor with which intervals hold what they say; 1 where nothing is answered."""
    for factor in FACTORS:
        found = covered(metric, made, points, float(factor))
        if np.isnan(found).all() or np.nanmean(found) >= LEVEL:
            return round(float(factor), 1)
    return float(FACTORS[-1])


def cautions(held_out: pl.DataFrame) -> tuple[dict[str, dict[str, dict]], dict[str, float]]:
    """({family: {metric: {signal: factor}}}, {signal: coverage at sizes left out, or NaN})."""
    points, factors, coverage = as_hard(held_out), {}, {}
    for family, names in surface.FAMILIES.items():
        factors[family] = {metric: {} for metric in surface.METRICS}
        for metric in surface.METRICS:
            shipped = surface.surface(family, metric)
            plain = replace(shipped, own={})
            for name in names:
                own = points.filter(pl.col("signal") == name)
                factors[family][metric][name] = factor_of(metric, plain, own)
                if metric == "spearman":
                    coverage[name] = left_out(plain, own)
    return factors, coverage


def left_out(made: surface.Surface, points: pl.DataFrame) -> float:
    """Mean coverage at each size with the factor of the other sizes, points answered alone."""
    found = []
    for size in points["round"].unique():
        here = pl.col("round") == size
        factor = factor_of("spearman", made, points.filter(~here))
        found.append(covered("spearman", made, points.filter(here), factor))
    each = np.concatenate(found)
    return float(np.nanmean(each)) if not np.isnan(each).all() else float("nan")


def write(factors: dict[str, dict[str, dict]]) -> None:
    """Write the factors beside the surfaces' hyperparameters."""
    fitted = json.loads(surface.FITTED.read_text())
    for family, own in factors.items():
        fitted[family]["own"] = own
    surface.FITTED.write_text(json.dumps(fitted, indent=1) + "\n")
    surface.surface.cache_clear()


if __name__ == "__main__":
    found, coverage = cautions(pl.read_parquet(HELD_OUT))
    write(found)
    for family, own in found.items():
        for name, factor in own["spearman"].items():
            print(f"{family}: {name:14} x {factor:.1f}, {coverage[name]:.3f} at sizes left out")
