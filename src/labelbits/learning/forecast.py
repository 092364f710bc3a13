"""From a measured learning curve to quality at larger sizes, with intervals that say why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from labelbits.errors import InputError, check_probability
from labelbits.learning.forms import FORMS, Shapes, all_shapes
from labelbits.learning.metrics import check_metrics, higher_is_better
from labelbits.learning.points import CROSSED, CurvePoints

#: A form never fits exactly. Standard deviation of ln(loss - floor) about the form for one e-fold
#: of size, growing as a random walk: within the measured sizes (small sizes say little about large
#: ones, so they weigh less) and beyond them (the interval widens).
MISFIT = 0.02
DRIFT = 0.04
#: Roughness of ln(loss - floor) at every measured size: penalties are chosen size by size.
ROUGHNESS = 0.01
#: Test items above this number are resampled in this many blocks.
BLOCKS = 2000


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
    # Below half an error among all tests a measured zero says nothing.
    least = 0.5 / max(_tested(points), 10)
    resampled = loss + (-1 if up else 1) * _resampled(points, known, draws, rng)
    log_loss = np.log(np.maximum(loss - floor, least))
    curves = np.log(np.maximum(resampled - floor, least))
    shapes = all_shapes(largest, float(measured[0]))
    at_measured = np.log(np.maximum(shapes.curve(measured), 1e-4))
    at_sizes = np.log(np.maximum(shapes.curve(np.where(refused, largest, sizes)), 1e-4))
    weight, level_weights = _posterior(shapes, at_measured, log_loss, curves, measured)

    # Shapes ordered from gloomy to hopeful: one uniform number means the same for every option.
    order = np.argsort(shapes.curve(np.array([largest * limit]))[:, 0], kind="stable")
    cumulative = np.cumsum(weight[order])
    uniform = (rng.permutation(draws) + rng.random(draws)) / draws
    place = np.searchsorted(cumulative, uniform * cumulative[-1])
    picked = order[np.minimum(place, len(order) - 1)]
    drift = rng.standard_normal((draws, 1)) * DRIFT * np.sqrt(_distance(sizes, largest))
    luck = rng.standard_normal((draws, 1)) * np.sqrt(points.training_variance()[known][-1])
    luck = luck * np.sqrt(largest / np.maximum(sizes, 1))

    # ln(loss - floor) = ln excess + ln h: the test items' luck moves all sizes together and
    # leaves the shape alone, so it enters by the level only.
    levels = curves @ level_weights
    centre_level = float(log_loss @ level_weights)
    relative = at_sizes - (at_measured @ level_weights)[:, None]
    mean_shape = weight @ relative
    total = floor + np.exp(levels[:, None] + relative[picked] + drift) + luck
    sampling = floor + np.exp(levels[:, None] + mean_shape) + luck
    model = floor + np.exp(centre_level + relative[picked] + drift)
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
        if items.shape[1] > BLOCKS:
            # Resampling blocks of items gives the same variance for less memory.
            parts = np.array_split(np.arange(items.shape[1]), BLOCKS)
            items = np.stack([items[:, part].mean(1) for part in parts], axis=1)
        count = items.shape[1]
        if count > 1:
            times = rng.multinomial(count, np.full(count, 1 / count), size=draws)
            centred = items - items.mean(1, keepdims=True)
            deviations += times @ centred.T / count * (CROSSED if points.crossed else 1.0)
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


def _tested(points: CurvePoints) -> int:
    """Number of different test items."""
    if points.item_values is None:
        return 100
    return int(np.isfinite(points.item_values).any(0).sum())


def _posterior(
    shapes: Shapes,
    at_measured: np.ndarray,
    log_loss: np.ndarray,
    curves: np.ndarray,
    measured: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Weight of every shape (H,), and the weights (S,) that turn ln losses into one level.

    Errors of the measured ln losses: sampling (bootstrap), misfit that wanders away from any form
    like a random walk in ln(size), backwards from the largest size, and roughness at every size.
    The level is their generalised least squares mean; errors shared by all sizes cancel in it.
    """
    distance = np.log(measured[-1] / measured)
    walk = np.minimum(distance[:, None], distance[None])
    covariance = np.atleast_2d(np.cov(curves.T))
    covariance = covariance + MISFIT**2 * walk + ROUGHNESS**2 * np.eye(len(measured))
    precision = np.linalg.inv(covariance)
    level_weights = precision.sum(1) / precision.sum()
    residual = log_loss - at_measured
    residual = residual - (residual @ level_weights)[:, None]
    chi2 = np.einsum("hs,st,ht->h", residual, precision, residual, optimize=True)
    log_weight = np.log(shapes.prior) - 0.5 * chi2
    weight = np.exp(log_weight - log_weight.max())
    return weight / weight.sum(), level_weights
