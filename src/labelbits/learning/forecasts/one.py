"""From a measured learning curve to quality at larger sizes, with intervals that say why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np

from labelbits.errors import InputError, check_probability
from labelbits.interface import LEVEL
from labelbits.learning.curves.points import CurvePoints, crossed_factor
from labelbits.learning.forecasts.evidence import share_of
from labelbits.learning.forecasts.extrapolate import (
    Chances,
    Continued,
    Measured,
    by_forms,
    by_theory,
    by_walk,
)
from labelbits.metrics import metric_of
from labelbits.quantity import central

#: Part of the theory's weight (`Shape.theory`) that all draws share. The rest is given wholly to
#: one of the two, draw by draw, which makes the interval wide where they disagree.
AVERAGED = 0.5
#: Curves that fit a pilot differ by more than the truth differs from their mean: power on a draw's
#: loss over that of the mean curve.
CURVES = 0.8
#: Floors that are tried, in standard errors: three of equal weight and the variance of a normal.
FLOORS = (-1.2247, 0.0, 1.2247)
#: Test items above this number are resampled in this many blocks.
BLOCKS = 2000


@dataclass(frozen=True)
class Forecast:
    """Expected quality at `sizes` (S,), a mean over purchases, with `level` intervals.

    `low`, `high`: everything together. `sampling_low`, `sampling_high`: only the luck of the
    pilot's items and training sets. `model_low`, `model_high`: only which curve is right. `draws`
    (B, S): joint draws; draw b of two options of equal seed and equal test items shares its
    random numbers, so that counting draws gives the probability of being best. `refused` (S,):
    sizes beyond `limit_size`, NaN everywhere; `needed` (S,): the largest measured size that would
    allow each. `weights`: weight of the theory of the features and of each form. `alike`: where
    the forecast follows a curve of other items (`guide`), the probability that they are alike.
    `accounts`: (what the model of the curve says, what was measured) at the largest measured size,
    where the two disagree beyond their errors (`held`). `believed`: probability of the theory's
    account of what sets options apart, `told` how much of it the pilot measured (`apart`), where
    several were forecast together.
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
    alike: float | None = None
    accounts: tuple[float, float] | None = None
    believed: float | None = None
    told: float | None = None


def forecast(
    points: CurvePoints,
    sizes: Sequence[int] | np.ndarray,
    *,
    metric: str | None = None,
    seed: int,
    level: float = LEVEL,
    limit: float = 10.0,
    floor: float | None = None,
    draws: int = 1000,
) -> Forecast:
    """Quality at `sizes` from the curve `points`, for accuracy or a loss.

    Beyond the measured sizes every draw is a weighted mean of two: one follows what the features
    themselves foretell (`theory`, where `points` hold it), one an ensemble of POW3, POW4, MMF4,
    logarithmic and arctan curves (`forms`). Both use the same random numbers, so quantiles are
    averaged and not probabilities, which would give intervals that are too wide (Lichtendahl,
    Grushka-Cockayne and Winkler 2013, Management Science 59); but a part of the weight is drawn
    (`AVERAGED`), or the interval would not widen where the two disagree. In each every shape has
    the weight of its prior times its likelihood of the measured curve, with errors that count most
    at the largest sizes. Sampling error comes from a bootstrap over test items (the same resample
    for every size and option) and from the spread of training sets.
    `floor` is the least possible loss, left out that of `points` with its error (`FLOORS`); no more
    of it counts than 0.9 of the least measured loss, since the entropy of other items differs.
    Sizes beyond `limit` times the largest measured size are refused.

    Raises `InputError` for no measured size, or for a metric that has no bounded loss.
    """
    if floor is None and points.floor_error > 0:
        # A floor that is not known well is drawn: the same draws have it high for every option.
        tried = [
            forecast(
                points, sizes, metric=metric, seed=seed, level=level, limit=limit, draws=draws,
                floor=max(points.floor + step * points.floor_error, 0.0),
            )
            for step in FLOORS
        ]  # fmt: skip
        turn = np.random.default_rng([seed, 98]).permutation(draws) % len(FLOORS)
        drawn = np.stack([one.draws for one in tried])[turn, np.arange(draws)]
        return with_draws(tried[len(FLOORS) // 2], drawn)
    metric = points.metric if metric is None else metric
    judged = metric_of(metric)
    check_probability("level", level)
    if metric != points.metric:
        raise InputError(f"metric is {metric!r}; the points measure {points.metric!r}")
    sizes = np.asarray(sizes, dtype=np.float64)
    if not sizes.size:
        raise InputError("sizes is empty; expected at least one number of items")
    known = np.asarray(np.isfinite(points.values).any(axis=1))
    if not known.any():
        raise InputError("the learning curve has no measured size; expected at least one")
    up = judged.higher
    measured = points.sizes[known].astype(np.float64)
    loss = points.mean[known]
    loss = 1 - loss if up else loss
    floor = points.floor if floor is None else floor
    floor = min(floor, 0.9 * float(loss.min()))
    largest = float(measured[-1])
    refused = sizes > limit * largest * (1 + 1e-9)

    rng = np.random.default_rng(seed)
    # Below half an error among all tests a measured zero says nothing.
    least = 0.5 / max(_tested(points), 10)
    resampled = loss + (-1 if up else 1) * resampled_curves(points, known, draws, rng)
    curve = Measured(measured, loss, resampled, least)
    uniform = (rng.permutation(draws) + rng.random(draws)) / draws
    chances = Chances(uniform, rng.standard_normal(draws))
    trust = (rng.permutation(draws) + 0.5) / draws

    reachable = np.where(refused, largest, sizes)
    theory, share = None, 0.0
    if judged.shape is None:
        ahead = by_walk(curve, reachable, chances)
        total, sampling, model = ahead.total, ahead.sampling, ahead.model
    else:
        ahead = by_forms(curve, reachable, chances, floor, limit)
        if points.theory is not None:
            theory = by_theory(points.theory, metric, curve, reachable, chances, floor)
        weight = np.zeros((draws, len(sizes)))
        if theory is not None:
            share = share_of(judged.shape.theory, theory.evidence, ahead.evidence)
            drawn = AVERAGED * share + (1 - AVERAGED) * (trust < share)
            # Within the measured sizes the forms alone, which fit the measured curve.
            weight = np.where(sizes > largest, drawn[:, None], weight)
        total, sampling, model = _mixed(ahead, theory, weight, floor)
    top = judged.largest_loss

    def finish(values: np.ndarray) -> np.ndarray:
        clipped = np.clip(values, floor if floor > 0 else 0.0, top)
        quality = 1 - clipped if up else clipped
        return np.where(refused, np.nan, quality)

    def band(values: np.ndarray) -> np.ndarray:
        result = np.full((2, len(sizes)), np.nan)
        if (~refused).any():
            result[:, ~refused] = central(values[:, ~refused], level)
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
        weights=_shares(ahead, share),
    )


def with_draws(one: Forecast, draws: np.ndarray) -> Forecast:
    """The forecast with other draws; the parts of its uncertainty move with the middle."""
    draws = np.where(one.refused, np.nan, draws)
    reached = ~one.refused
    centre = np.full(len(one.sizes), np.nan)
    band = np.full((2, len(one.sizes)), np.nan)
    centre[reached] = np.median(draws[:, reached], axis=0)
    band[:, reached] = central(draws[:, reached], one.level)
    moved = centre - one.mean
    return replace(
        one, mean=centre, low=band[0], high=band[1], draws=draws,
        sampling_low=one.sampling_low + moved, sampling_high=one.sampling_high + moved,
        model_low=one.model_low + moved, model_high=one.model_high + moved,
    )  # fmt: skip


def only(one: Forecast, kept: slice) -> Forecast:
    """The forecast at some of its sizes."""
    by_size = {
        field.name: getattr(one, field.name)[..., kept]
        for field in fields(one)
        if isinstance(getattr(one, field.name), np.ndarray)
    }
    return replace(one, **by_size)


def _mixed(
    forms: Continued, theory: Continued | None, weight: np.ndarray, floor: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(total, sampling, model) losses (B, T), the theory with `weight` (B, T)."""
    parts = [_narrowed(forms, floor)]
    if theory is None:
        return parts[0]
    parts.append(_narrowed(theory, floor))
    total, sampling, model = ((1 - weight) * f + weight * t for f, t in zip(*parts, strict=True))
    return total, sampling, model


def _narrowed(one: Continued, floor: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(total, sampling, model) losses with the curves drawn together to `CURVES`."""

    def together(loss: np.ndarray, mean: np.ndarray) -> np.ndarray:
        mean = np.maximum(mean - floor, 1e-9)
        return floor + mean * (np.maximum(loss - floor, 1e-9) / mean) ** CURVES

    model = together(one.model, np.median(one.sampling, axis=0))
    return together(one.total, one.sampling), one.sampling, model


def _shares(forms: Continued, share: float) -> dict[str, float]:
    return {"theory": share} | {name: w * (1 - share) for name, w in forms.share.items()}


def resampled_curves(
    points: CurvePoints,
    known: np.ndarray,
    draws: int,
    rng: np.random.Generator,
    crossed: float | None = None,
) -> np.ndarray:
    """Deviations (B, S) of the mean curve: test items resampled, training sets redrawn.

    `crossed` is the factor for cross-validation; left out, that of the number of items.
    """
    sizes = points.sizes[known].astype(np.float64)
    # Drawn first and of fixed shape, so that options of equal seed share them.
    deviations = np.zeros((draws, len(sizes)))
    if crossed is None:
        crossed = crossed_factor(_tested(points))
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
            deviations += times @ centred.T / count * (crossed if points.crossed else 1.0)
    different = points.replicates[known].astype(float)
    if points.pool is not None:
        different = np.minimum(different, np.maximum(points.pool / sizes, 1))
    scale = np.sqrt(points.training_variance()[known] / np.maximum(different, 1))
    deviations += nested(rng.standard_normal((draws, 64))[:, : len(sizes)], sizes) * scale
    if metric_of(points.metric).whole_pass:
        # The penalty and the items that a pilot happens to have move the calibration of all sizes
        # in proportion. Items alone do not tell: sizes that are weighed against each other would
        # make a level seem known far better than at any of them.
        mean = points.mean[known]
        share = points.standard_error()[known][-1] / max(mean[-1], 1e-9)
        deviations += rng.standard_normal((draws, 1)) * min(share, 1.0) * mean
    return deviations


def nested(normal: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Standard normal numbers (B, S), correlated as the luck of nested training sets is.

    Sets of n < m items share n of them: correlation sqrt(n / m).
    """
    ratio = sizes[:, None] / sizes[None]
    correlation = np.sqrt(np.minimum(ratio, 1 / ratio))
    return normal @ np.linalg.cholesky(correlation + 1e-9 * np.eye(len(sizes))).T


def _tested(points: CurvePoints) -> int:
    """Number of different test items."""
    if points.item_values is None:
        return 100
    return int(np.isfinite(points.item_values).any(0).sum())
