"""From a measured learning curve to quality at larger sizes, with intervals that say why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from labelbits.errors import InputError, check_probability
from labelbits.learning.curves import CurvePoints
from labelbits.learning.forms import FORMS, Shapes, all_shapes
from labelbits.learning.metrics import check_metrics, higher_is_better

#: A form never fits exactly: standard deviation of its misfit, as a share of the loss, for each
#: e-fold between a size and the largest size measured (misfit at small sizes says little about
#: large ones, so they weigh less; beyond the data the same misfit widens the interval).
MISFIT = 0.04
#: Misfit even at the largest size, as a share of the loss.
ROUGHNESS = 0.005


@dataclass(frozen=True)
class Forecast:
    """Expected quality at `sizes` (S,), with `level` intervals.

    `low`, `high`: everything together. `sampling_low`, `sampling_high`: only the luck of the
    pilot's items and training sets. `model_low`, `model_high`: only which curve is right. `draws`
    (B, S): joint draws; draw b of two options of equal seed and equal test items shares its
    random numbers, so that counting draws gives the probability of being best. `refused` (S,):
    sizes beyond `limit_size`, NaN everywhere; `needed` (S,): the largest measured size that would
    allow each. `weights`: posterior share of each form.
    """

    sizes: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    sampling_low: np.ndarray
    sampling_high: np.ndarray
    model_low: np.ndarray
    model_high: np.ndarray
    draws: np.ndarray = field(repr=False)
    metric: str
    level: float
    limit_size: float
    refused: np.ndarray
    needed: np.ndarray
    weights: dict[str, float]


def forecast(
    points: CurvePoints,
    sizes: Sequence[int] | np.ndarray,
    *,
    metric: str | None = None,
    seed: int,
    level: float = 0.9,
    limit: float = 10.0,
    floor: float = 0.0,
    draws: int = 1000,
) -> Forecast:
    """Quality at `sizes` from the curve `points`, for accuracy or a loss.

    An ensemble of POW3, POW4, MMF4, logarithmic and arctan curves, every shape weighted by prior
    times likelihood of the measured curve (`forms`), with errors that count most at the largest
    sizes. Sampling error comes from a bootstrap over test items (the same resample for every
    size and option) and from the spread of training sets. `floor` is the least possible loss
    (for cross-entropy the mean entropy of the reference). Sizes beyond `limit` times the largest
    measured size are refused.

    Raises `InputError` for no measured size, or for a metric that has no bounded loss.
    """
    metric = points.metric if metric is None else metric
    check_metrics((metric,))
    check_probability("level", level)
    if metric != points.metric:
        raise InputError(f"metric is {metric!r}; the points measure {points.metric!r}")
    sizes = np.asarray(sizes, dtype=np.float64)
    known = np.asarray(np.isfinite(points.values).any(axis=1))
    if not known.any():
        raise InputError("the learning curve has no measured size; expected at least one")
    up = higher_is_better(metric)
    measured = points.sizes[known].astype(np.float64)
    loss = points.mean[known]
    loss = 1 - loss if up else loss
    floor = min(floor, 0.9 * float(loss.min()))
    largest = float(measured[-1])
    refused = sizes > limit * largest * (1 + 1e-9)

    rng = np.random.default_rng(seed)
    curves = loss + (-1 if up else 1) * _resampled(points, known, draws, rng)
    shapes = all_shapes(largest, float(measured[0]))
    at_measured = shapes.curve(measured)
    at_sizes = shapes.curve(np.where(refused, largest, sizes))
    excess, weight = _posterior(shapes, at_measured, loss, curves, measured, floor)

    # Shapes ordered from gloomy to hopeful: one uniform number means the same for every option.
    order = np.argsort(shapes.curve(np.array([largest * limit]))[:, 0], kind="stable")
    cumulative = np.cumsum(weight[order])
    uniform = (rng.permutation(draws) + rng.random(draws)) / draws
    place = np.searchsorted(cumulative, uniform * cumulative[-1])
    picked = order[np.minimum(place, len(order) - 1)]
    base = _excess(at_measured, loss[None], measured, loss, curves, floor)[0]
    drift = rng.standard_normal(draws)[:, None] * MISFIT * _distance(sizes, largest)
    new_luck = rng.standard_normal((draws, 1)) * np.sqrt(points.training_variance()[known][-1])
    new_luck = new_luck * np.sqrt(largest / np.maximum(sizes, 1))

    total = floor + excess[np.arange(draws), picked][:, None] * at_sizes[picked]
    total = total * np.exp(drift) + new_luck
    mean_shape = weight @ (at_sizes * base[:, None]) / (weight @ base)
    sampling = floor + (excess @ weight)[:, None] * mean_shape + new_luck
    model = (floor + base[picked][:, None] * at_sizes[picked]) * np.exp(drift)
    top = 1.0 if up else np.inf

    def finish(values: np.ndarray) -> np.ndarray:
        clipped = np.clip(values, floor if floor > 0 else 0.0, top)
        quality = 1 - clipped if up else clipped
        return np.where(refused, np.nan, quality)

    tails = [(1 - level) / 2, (1 + level) / 2]

    def band(values: np.ndarray) -> np.ndarray:
        result = np.full((2, len(sizes)), np.nan)
        if (~refused).any():
            result[:, ~refused] = np.quantile(values[:, ~refused], tails, axis=0)
        return result

    total, sampling, model = finish(total), finish(sampling), finish(model)
    low, high = band(total)
    s_low, s_high = band(sampling)
    m_low, m_high = band(model)
    centre = np.full(len(sizes), np.nan)
    centre[~refused] = np.median(total[:, ~refused], axis=0)
    return Forecast(
        sizes=sizes,
        mean=centre,
        low=low,
        high=high,
        sampling_low=s_low,
        sampling_high=s_high,
        model_low=m_low,
        model_high=m_high,
        draws=total,
        metric=metric,
        level=level,
        limit_size=limit * largest,
        refused=refused,
        needed=np.array([math.ceil(s / limit) for s in sizes]),
        weights={f: float(weight[shapes.form == i].sum()) for i, f in enumerate(FORMS)},
    )


def _distance(sizes: np.ndarray, largest: float) -> np.ndarray:
    """e-folds beyond the measured range, and 0 within it."""
    return np.maximum(np.log(sizes / largest), 0)


def _resampled(
    points: CurvePoints, known: np.ndarray, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Deviations (B, S) of the mean curve: test items resampled, training sets redrawn."""
    sizes = points.sizes[known].astype(np.float64)
    # Drawn first and of fixed shape, so that options of equal seed share them.
    deviations = np.zeros((draws, len(sizes)))
    if points.item_values is not None:
        items = points.item_values[known]
        items = items[:, np.isfinite(items).all(0)]
        count = items.shape[1]
        if count > 1:
            times = rng.multinomial(count, np.full(count, 1 / count), size=draws)
            centred = items - items.mean(1, keepdims=True)
            deviations += times @ centred.T / count
    different = points.replicates[known].astype(float)
    if points.pool is not None:
        different = np.minimum(different, np.maximum(points.pool / sizes, 1))
    scale = np.sqrt(points.training_variance()[known] / np.maximum(different, 1))
    # Nested training sets of n < m items share n of them: correlation sqrt(n / m).
    ratio = sizes[:, None] / sizes[None]
    correlation = np.sqrt(np.minimum(ratio, 1 / ratio))
    root = np.linalg.cholesky(correlation + 1e-9 * np.eye(len(sizes)))
    normal = rng.standard_normal((draws, 64))[:, : len(sizes)]
    return deviations + normal @ root.T * scale


def _covariance(measured: np.ndarray, loss: np.ndarray, curves: np.ndarray) -> np.ndarray:
    """Sampling error of the curve plus the misfit that every form has."""
    sampling = np.atleast_2d(np.cov(curves.T))
    distance = np.log(measured[-1] / measured)
    # Misfit wanders away from the form like a random walk in ln(n), backwards from the largest.
    walk = np.minimum(distance[:, None], distance[None])
    rough = ROUGHNESS**2 * np.eye(len(measured))
    return sampling + np.outer(loss, loss) * (MISFIT**2 * walk + rough)


def _excess(
    at_measured: np.ndarray,
    targets: np.ndarray,
    measured: np.ndarray,
    loss: np.ndarray,
    curves: np.ndarray,
    floor: float,
) -> np.ndarray:
    """Generalised least squares for the one linear parameter: targets (B, S) -> (B, H)."""
    precision = np.linalg.inv(_covariance(measured, loss, curves))
    row = at_measured @ precision  # (H, S)
    denominator = np.einsum("hs,hs->h", row, at_measured)
    return np.maximum((targets - floor) @ row.T / denominator, 1e-9)


def _posterior(
    shapes: Shapes,
    at_measured: np.ndarray,
    loss: np.ndarray,
    curves: np.ndarray,
    measured: np.ndarray,
    floor: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Excess for every draw and shape (B, H), and the weight of every shape (H,)."""
    precision = np.linalg.inv(_covariance(measured, loss, curves))
    base = _excess(at_measured, loss[None], measured, loss, curves, floor)[0]
    residual = loss - floor - base[:, None] * at_measured
    chi2 = np.einsum("hs,st,ht->h", residual, precision, residual)
    row = at_measured @ precision
    curvature = np.einsum("hs,hs->h", row, at_measured)
    log_weight = np.log(shapes.prior) - 0.5 * chi2 - 0.5 * np.log(curvature)
    weight = np.exp(log_weight - log_weight.max())
    return _excess(at_measured, curves, measured, loss, curves, floor), weight / weight.sum()
