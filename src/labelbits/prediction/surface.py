"""A smooth surface through simulated qualities: Gaussian process regression on a table.

One surface serves all signals of a family (class signals, comparisons): what one signal shows about
dims, items or noise helps the others, and how far it helps is a fitted length scale. The surface
runs through Fisher's atanh of Spearman's correlation, or the logit of the Procrustes disparity,
over the logarithms of the sizes (`features`). How much worlds differ round their mean is a
regression on the same features.

Gaussian process regression: Rasmussen and Williams (2006), Gaussian Processes for Machine Learning.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct, WhiteKernel

from labelbits.prediction.regime import CLASS_SIGNALS, COMPARISONS

#: The simulated points and the fitted numbers, as `benchmarks/prediction_table.py` wrote them.
TABLE = Path(__file__).parent / "table.parquet"
FITTED = Path(__file__).parent / "surface.json"
FAMILIES = {"comparisons": COMPARISONS, "class signals": CLASS_SIGNALS}
METRICS = ("spearman", "procrustes")
PRIORS = ("hypercube", "sphere", "clusters")
#: Values this near to the ends of a metric's range are moved inwards: their logit is infinite.
EDGE = 5e-4
#: Iterations of a fit of hyperparameters.
TURNS = 25
#: What one answer of a signal is worth in answers of the first signal of its family.
Worth = Mapping[str, tuple[float, float]]
#: From points (their columns), the signals of the family and `Worth` to numbers.
Describe = Callable[[pl.DataFrame, Sequence[str], Worth | None], np.ndarray]


def to_line(metric: str, value: Any) -> np.ndarray:
    """The metric on the whole real line: atanh(Spearman), logit(Procrustes)."""
    value = np.asarray(value, dtype=np.float64)
    if metric == "spearman":
        return np.arctanh(np.clip(value, -1 + EDGE, 1 - EDGE))
    return logit(np.clip(value, EDGE, 1 - EDGE))


def from_line(metric: str, value: Any) -> np.ndarray:
    """The inverse of `to_line`."""
    return np.tanh(value) if metric == "spearman" else expit(value)


def slope(metric: str, value: Any) -> np.ndarray:
    """d metric / d line at this value of the metric."""
    value = np.asarray(value, dtype=np.float64)
    if metric == "spearman":
        return 1 - np.clip(value, -1 + EDGE, 1 - EDGE) ** 2
    value = np.clip(value, EDGE, 1 - EDGE)
    return value * (1 - value)


def features(
    points: pl.DataFrame, signals: Sequence[str], worth: Worth | None = None
) -> Float[np.ndarray, "points features"]:
    """Logarithms of sizes and of some ratios, lapse, and prior and signal as 0/1.

    Answers are counted in answers of the family's first signal: one answer of signal s is worth
    exp(a + b ln(classes / 10)) of them, (a, b) = `worth[s]`.
    """
    sizes = {
        name: np.log(points[name].to_numpy().astype(np.float64))
        for name in ("answers_per_item", "precision", "items", "dims", "classes")
    }
    if worth is not None:
        rate = np.array([worth[name] for name in points["signal"]]).reshape(-1, 2)
        sizes["answers_per_item"] += rate[:, 0] + rate[:, 1] * (sizes["classes"] - math.log(10))
    columns = list(sizes.values())
    answers, precision, dims = (sizes[n] for n in ("answers_per_item", "precision", "dims"))
    # What theory says matters: information grows with answers and precision, the coordinates to
    # find with dims, and K prototypes span K - 1 dimensions.
    spanned = np.log(points["classes"].to_numpy().astype(np.float64) - 1)
    columns += [answers + precision, answers - dims, spanned - dims]
    columns.append(5 * points["lapse"].to_numpy().astype(np.float64))
    for name, values in (("prior", PRIORS), ("signal", signals)):
        given = points[name].to_numpy()
        columns += [(given == value).astype(np.float64) for value in values]
    return np.stack(columns, axis=1)


def _spread_features(x: np.ndarray, line: np.ndarray) -> np.ndarray:
    """What the spread over worlds is regressed on: the features, the mean and its square."""
    return np.column_stack([np.ones(len(x)), x, line, line**2])


@dataclass(frozen=True)
class Surface:
    """One metric of one family. `predict` gives means and standard errors on the line."""

    metric: str
    signals: tuple[str, ...]
    process: GaussianProcessRegressor
    centre: float
    spread: np.ndarray
    worth: Worth | None
    describe: Describe
    #: Factor on the process's own standard error: sizes that it never saw are off by more.
    caution: float = 1.0
    #: A further factor for each signal, 1 where none is given: what held-out points showed.
    own: Mapping[str, float] = field(default_factory=dict)

    def predict(self, points: pl.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(mean over worlds, its standard error, standard deviation over worlds), on the line."""
        x = self.describe(points, self.signals, self.worth)
        told: Any = self.process.predict(x, return_std=True)
        line, error = told[0] + self.centre, told[1]
        own = np.array([self.own.get(name, 1.0) for name in points["signal"]])
        return line, self.caution * own * error, np.exp(_spread_features(x, line) @ self.spread)


def _kernel(count: int) -> Any:
    scales = RBF(np.full(count, 2.0), (0.2, 50.0))  # type: ignore[arg-type]  # one for each
    return (
        ConstantKernel(1.0, (0.01, 100.0)) * scales
        + ConstantKernel(0.1, (1e-4, 10.0)) * DotProduct(1.0, (1e-3, 100.0))
        + WhiteKernel(1e-3, (1e-5, 0.1))
    )


def _optimise(objective: Any, start: np.ndarray, bounds: np.ndarray) -> tuple[np.ndarray, float]:
    """L-BFGS, stopped early: the last nats of marginal likelihood change no prediction."""
    end = minimize(
        objective, start, jac=True, bounds=bounds, method="L-BFGS-B",
        options={"maxiter": TURNS},
    )  # fmt: skip
    return end.x, float(end.fun)


def _numbers(metric: str, points: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    value = points[metric].to_numpy().astype(np.float64)
    sd = points[f"{metric}_sd"].to_numpy().astype(np.float64) / slope(metric, value)
    return to_line(metric, value), sd


def _spread(metric: str, x: np.ndarray, points: pl.DataFrame) -> np.ndarray:
    """Coefficients of ln(standard deviation over worlds): ridge, all but the constant shrunk."""
    line, sd = _numbers(metric, points)
    design = _spread_features(x, line)
    penalty = np.diag([0.0, *np.ones(design.shape[1] - 1)])
    target = np.log(np.maximum(sd, 1e-4))
    # ln of a sample deviation of n normal values is low by about 1 / (2 (n - 1)).
    target = target + 1 / (2 * (points["worlds"].to_numpy().astype(np.float64) - 1))
    return np.linalg.solve(design.T @ design + penalty, design.T @ target)


def build(
    metric: str,
    signals: Sequence[str],
    points: pl.DataFrame,
    theta: np.ndarray | None = None,
    worth: Worth | None = None,
    describe: Describe = features,
    refine: bool = False,
) -> Surface:
    """The surface through the points, with the logarithms `theta` of the hyperparameters.

    `refine` fits them instead, from there (or from the kernel's own values).
    """
    x = describe(points, signals, worth)
    line, _ = _numbers(metric, points)
    spread = _spread(metric, x, points)
    sd = np.exp(_spread_features(x, line) @ spread)
    noise = sd**2 / points["worlds"].to_numpy()
    centre = float(line.mean())
    kernel = _kernel(x.shape[1])
    if theta is not None:
        kernel = kernel.clone_with_theta(np.asarray(theta))
    options: dict[str, Any] = {"alpha": noise + 1e-6, "optimizer": _optimise if refine else None}
    process = GaussianProcessRegressor(kernel, **options)
    process.fit(x, line - centre)
    return Surface(metric, tuple(signals), process, centre, spread, worth, describe)


def family_of(signal: str) -> str:
    """The family whose surface holds this signal."""
    return next(name for name, signals in FAMILIES.items() if signal in signals)


@lru_cache(maxsize=8)
def surface(family: str, metric: str) -> Surface:
    """The shipped surface of a family; made once, in a fraction of a second."""
    fitted = json.loads(FITTED.read_text())[family]
    signals = FAMILIES[family]
    points = pl.read_parquet(TABLE).filter(pl.col("signal").is_in(signals))
    worth = {name: (rate[0], rate[1]) for name, rate in fitted["worth"].items()}
    made = build(metric, signals, points, np.array(fitted[metric]), worth)
    return replace(made, caution=fitted["caution"][metric], own=fitted["own"][metric])


def interval(
    metric: str, line: float, error: float, spread: float, level: float
) -> tuple[float, float]:
    """Where one world's value lies with probability `level`: the surface's error and the world's
    own deviation together, normal on the line."""
    from scipy.stats import norm

    half = float(norm.ppf(0.5 + level / 2)) * math.hypot(error, spread)
    low, high = from_line(metric, np.array([line - half, line + half]))
    return float(low), float(high)
