"""One family's forecast as the curve that a plan draws and reads quality from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from labelbits.learning import CurvePoints, Forecast
from labelbits.learning.forecasts.joint import BELIEVED
from labelbits.metrics import metric_of
from labelbits.planning.measured.backtest import LIMIT
from labelbits.planning.records import Uncertainty
from labelbits.planning.result import Curve, Family
from labelbits.planning.spec.cost import affordable_items
from labelbits.planning.spec.planfile import PlanFile

#: Points of the grid on which forecasts are kept.
GRID = 40


def grid_of(points: CurvePoints) -> np.ndarray:
    """Sizes to forecast: as far as a forecast is believed, whatever the budget, because other
    budgets are asked for later."""
    most = LIMIT * float(points.sizes.max())
    grid = np.geomspace(float(points.sizes.min()), most, GRID)
    return np.unique(np.minimum(np.concatenate([grid, points.sizes]), most))


def curve_of(
    family: Family,
    points: CurvePoints,
    ahead: Forecast,
    plan: PlanFile,
    seed: int,
    available: int | None,
    guess: tuple[float, float] | None,
) -> tuple[Curve, Uncertainty]:
    """The curve of one family, and where its uncertainty at what the budget buys is from."""
    m = family.answers_per_item or 1
    largest = float(points.sizes.max())
    limit = LIMIT * largest
    if available is not None:
        limit = min(limit, available)
    wanted = affordable_items(family.price, m, plan.budget)
    grid = ahead.sizes
    values = np.asarray(points.values)
    measured = np.stack(
        [points.sizes * m, points.mean, np.nanmin(values, 1), np.nanmax(values, 1)], axis=1
    )
    at = int(np.searchsorted(grid, min(limit, max(wanted, grid[0]))).clip(0, len(grid) - 1))
    parts: Uncertainty = {
        "family": family.name,
        "items": round(float(grid[at])),
        "sampling": [float(ahead.sampling_low[at]), float(ahead.sampling_high[at])],
        "model": [float(ahead.model_low[at]), float(ahead.model_high[at])],
    }
    draws = np.asarray(ahead.draws)
    shaped = metric_of(points.metric).shape is not None
    if shaped and (ahead.alike or 0) >= BELIEVED and guess is not None:
        draws = _below_chance(draws, grid, points, guess[1], seed)
    if guess is not None and grid[0] > 1:
        # One item teaches one class; from there to the least measured the curve is drawn by hand.
        first = np.random.default_rng(seed).uniform(min(guess), max(guess), len(draws))
        grid, draws = np.concatenate([[1.0], grid]), np.column_stack([first, draws])
    few = available is not None and available < LIMIT * largest
    curve = Curve(family, grid * m, draws, measured, limit * m, None, None, needs_items=few)
    return curve, parts


def _below_chance(
    draws: np.ndarray, grid: np.ndarray, points: CurvePoints, constant: float, seed: int
) -> np.ndarray:
    """The draws (B, G), as measured where that is worse than the best constant answer.

    A guide is followed in how clearly classes are told apart, and nothing is told less clearly than
    not at all; a fit to a few items is worse, because it is too sure.
    """
    known = np.isfinite(points.mean)
    judged = metric_of(points.metric)
    sign = float(judged.sign)
    sizes, measured, error = points.sizes[known], points.mean[known], points.standard_error()[known]
    at = np.log(np.maximum(grid, sizes[0]))
    there = np.interp(at, np.log(sizes), measured)
    worse = (sign * there < sign * constant) & (grid <= sizes[-1])
    luck = np.random.default_rng([seed, 96]).standard_normal((len(draws), 1))
    told = there + luck * np.interp(at, np.log(sizes), error)
    return judged.within(np.where(worse, told, draws))


def with_item_noise(curves: list[Curve], points: list[CurvePoints]) -> list[Curve]:
    """Each curve with the spread of single test items' quality that is its own."""
    items = [p.item_values[-1] for p in points if p.item_values is not None]
    if len(items) < len(points):
        return curves
    stack = np.stack(items)
    stack = stack[:, np.isfinite(stack).all(0)]
    if stack.shape[1] < 2:
        return curves
    own = stack - stack.mean(0) if len(stack) > 1 else stack
    spread = own.std(1, ddof=1)
    return [replace(c, item_sd=float(s)) for c, s in zip(curves, spread, strict=True)]
