"""Measured before modelled: a forecast shows what was measured, at the sizes where it was.

A model may move a measured quality by `SMOOTHED` of its standard error; sizes that came out the
wrong way round are averaged (pool adjacent violators, by their errors). Its interval is no narrower
than the measurement's own. The factor on the loss and the spread that this takes at the largest
measured size go on beyond it, so that a curve does not leap where the measurement ends. Where the
model was further from the measurement than its error allows, the interval is stretched until it
holds both, and the forecast names the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import norm

from labelbits.learning.curves.points import CurvePoints
from labelbits.learning.forecasts.one import Forecast, with_draws
from labelbits.metrics import metric_of

#: Part of its standard error by which a model may move what was measured.
SMOOTHED = 0.25
#: Factor on the standard error of a measured quality: it is an estimate too (root mean square z of
#: 1.1 in cross-entropy from 300 and 1,000 items of the data sets of docs/validation.md).
WIDER = 1.12
#: Up to this multiple of the largest measured size an option keeps what it alone measured.
FADED = 2.0
#: Rounds of stretching an interval about its mean.
TURNS = 8


@dataclass(frozen=True)
class _Beside:
    """A model beside what was measured at the measured `sizes` (S,): losses, the measured ones made
    to fall, their standard errors, where each size is among the forecast's, and the floor."""

    sizes: np.ndarray
    loss: np.ndarray
    error: np.ndarray
    model: np.ndarray
    at: np.ndarray
    floor: float

    @classmethod
    def of(cls, ahead: Forecast, points: CurvePoints) -> _Beside:
        known, judged = np.isfinite(points.mean), metric_of(points.metric)
        sizes, loss = points.sizes[known].astype(np.float64), judged.loss(points.mean[known])
        error = np.maximum(points.standard_error()[known], 1e-9)
        at = np.array([int(np.argmin(np.abs(ahead.sizes - n))) for n in sizes])
        model = judged.loss(ahead.draws[:, at].mean(0))
        floor = min(points.floor, 0.9 * float(loss.min()))
        return cls(sizes, _falling(loss, error), error, model, at, floor)

    @property
    def shown(self) -> np.ndarray:
        """The measured losses, moved by the model as far as it may."""
        reach = SMOOTHED * self.error
        return _falling(np.clip(self.model, self.loss - reach, self.loss + reach), self.error)

    @property
    def factor(self) -> np.ndarray:
        """ln of the factor that turns what the model has above the floor into what is shown."""
        shown, model = (np.maximum(x - self.floor, 1e-9) for x in (self.shown, self.model))
        return np.log(shown / model)


def in_common(ahead: Sequence[Forecast], points: Sequence[CurvePoints]) -> np.ndarray:
    """What moves the models of all options to what was measured: ln of a factor at each measured
    size (S,), for options of the same sizes."""
    beside = [_Beside.of(one, p) for one, p in zip(ahead, points, strict=True)]
    return np.mean([one.factor for one in beside], axis=0)


def as_measured(
    ahead: Forecast,
    points: CurvePoints,
    *,
    seed: int,
    moves: bool = True,
    common: np.ndarray | None = None,
) -> Forecast:
    """`ahead`, a forecast at all measured sizes and others, with what was measured in its place.

    Options of equal `seed` are widened alike. `common` (`in_common`) is what goes on beyond the
    measured sizes where options were forecast together: what sets one apart has been weighed
    against the theory already, so the rest of it ends at `FADED` times the largest. `moves` False
    leaves the middle where it is (it follows other measurements, `guide`) and only sees to it that
    the interval at the largest measured size holds the measurement.
    """
    judged = metric_of(points.metric)
    if judged.shape is None:
        return ahead
    up = judged.higher
    beside = _Beside.of(ahead, points)
    sizes, error, model, floor = beside.sizes, beside.error, beside.model, beside.floor
    loss = judged.loss(points.mean[np.isfinite(points.mean)])
    draws = 1 - ahead.draws if up else ahead.draws
    at, largest = beside.at, beside.at[-1]
    if moves:
        factor = beside.factor
        own = np.zeros(len(sizes)) if common is None else factor - common
        spread = draws[:, at].std(axis=0) / np.maximum(model - floor, 1e-9)
        claimed = WIDER * error / np.maximum(beside.shown - floor, 1e-9)
        lacking = np.sqrt(np.maximum(np.log1p(claimed**2) - np.log1p(spread**2), 0.0))
        # Below the smallest and beyond the largest measured size what is there goes on.
        factor, lacking, own = (
            np.interp(np.log(ahead.sizes), np.log(sizes), one) for one in (factor, lacking, own)
        )
        past = np.log(np.maximum(ahead.sizes / sizes[-1], 1.0)) / np.log(FADED)
        factor = factor - own * np.minimum(past, 1.0)
        if common is not None:
            rank = np.argsort(ahead.sizes, kind="stable")
            rank = rank[ahead.sizes[rank] >= sizes[-1] * (1 - 1e-9)]
            factor = _not_rising(factor, np.log(np.maximum(draws.mean(0) - floor, 1e-9)), rank)
        luck = np.random.default_rng([seed, 97]).standard_normal((len(draws), 1))
        luck = (luck - luck.mean()) / luck.std()
        draws = floor + (draws - floor) * np.exp(factor + lacking * luck - lacking**2 / 2)
    tail = (1 - ahead.level) / 2
    accounts = [float(loss[-1])]
    apart = abs(model[-1] - loss[-1]) > norm.ppf(1 - tail) * error[-1]
    if apart:
        accounts.append(float(model[-1]))
    # Where the middle follows other measurements, what this one missed ends with it.
    reach = np.ones(len(ahead.sizes)) if moves else np.minimum(sizes[-1] / ahead.sizes, 1.0)
    draws = _holding(draws, largest, accounts, tail, reach)
    quality = judged.within(1 - draws if up else draws)
    found = with_draws(ahead, quality)
    if not apart:
        return found
    both = (1 - accounts[1], 1 - accounts[0]) if up else (accounts[1], accounts[0])
    return replace(found, accounts=both)


def holds_measured(ahead: Forecast, points: CurvePoints) -> bool:
    """Does the interval at the largest measured size, if `ahead` has it, hold the measurement?"""
    known = np.flatnonzero(np.isfinite(points.mean))
    there = np.flatnonzero(np.abs(ahead.sizes - points.sizes[known[-1]]) < 0.5)
    if not len(there):
        return True
    value, i = float(points.mean[known[-1]]), int(there[0])
    return bool(ahead.low[i] - 1e-9 <= value <= ahead.high[i] + 1e-9)


def _falling(loss: np.ndarray, error: np.ndarray) -> np.ndarray:
    """The nearest losses (S,) that do not rise with the size."""
    from sklearn.isotonic import isotonic_regression

    return isotonic_regression(loss, sample_weight=1 / error**2, increasing=False)


def _not_rising(factor: np.ndarray, log_loss: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """The ln factors (N,), lowered where they would make the loss rise from one size to the next of
    `rank` (R,): what was measured is kept until the curve is as good."""
    result = factor.copy()
    result[rank] = np.minimum.accumulate((log_loss + factor)[rank]) - log_loss[rank]
    return result


def _holding(
    draws: np.ndarray, at: int, values: list[float], tail: float, reach: np.ndarray
) -> np.ndarray:
    """Draws (B, S) of a loss, stretched on the side where their interval at size number `at` does
    not hold the `values`; other sizes widen by the part `reach` (S,) of it, and the mean stays."""
    mean = draws.mean(0)
    away = draws - mean
    for _ in range(TURNS):
        done = True
        for value in values:
            low, high = mean[at] + np.quantile(away[:, at], [tail, 1 - tail])
            if low <= value <= high:
                continue
            done = False
            edge, wanted = (high if value > high else low) - mean[at], value - mean[at]
            side = np.sign(away[:, at]) == np.sign(wanted)
            if edge * wanted > 0:
                by = 1 + (wanted / edge * (1 + 1e-6) - 1) * reach
                away = np.where(side[:, None], away * by, away)
            else:
                # No width at all, or the mean outside of its own interval.
                away = away + np.where(side, wanted, 0.0)[:, None] * reach
        if done:
            break
        # Stretching one side moves the mean, and moving it back moves the edge.
        away = away - away.mean(0)
    return mean + away
