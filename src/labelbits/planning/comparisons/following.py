"""One way to ask, followed by twins: its curve, and what a test on the pilot says of it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from labelbits.information import per_answer
from labelbits.interface import LEVEL, Z
from labelbits.metrics import metric_of
from labelbits.planning.comparisons.forecast import (
    DRAWS,
    FACTOR,
    FAR,
    HALF_TWINS,
    SPREAD,
    TWINS,
    Factor,
    Forecast,
    backtest_of,
    forecast,
    of_anything,
    rise_of,
    totals_of,
    twins_of,
)
from labelbits.planning.comparisons.making import Making
from labelbits.planning.comparisons.measured import Measured
from labelbits.planning.comparisons.stopping import stop, tells_nothing, too_few
from labelbits.planning.comparisons.twins import asking_of
from labelbits.planning.comparisons.ways import Way, name_of
from labelbits.planning.families import one_answer
from labelbits.planning.purchases import most_answers
from labelbits.planning.result import Assumption, Curve
from labelbits.planning.shown import show, span
from labelbits.planning.simulated.unseen import of_anyone
from labelbits.worlds import World


def follow_way(run: Making, way: Way, start: float, width: float) -> None:
    """Adds the curve of one way to what `run` has learned."""
    family, held = way.family, run.held
    what = f"twins of the pilot answer {family.name}"
    run.tell(what, start)
    anew = way.source not in run.told
    told = run.told[run.main if anew else way.source]
    blank = Curve(family, np.ones(1), np.zeros((1, 1)), np.zeros((0, 4)), np.inf, held.items, None)
    have = 0 if anew else len(held.rows(way.source))
    bought = max(most_answers(blank, run.plan.budget), 10.0)
    most = have + bought
    signal = one_answer(family)
    if anew:
        asking = asking_of(held, way.source, signal, run.seed, way.each)
        run.result.warnings.append(
            f"{family.name}: the pilot holds no such answers. They are simulated from what it "
            f"tells of the items, with {family.signal.precision:.3g} as precision and "
            f"{family.signal.lapse:.3g} as lapse, and the interval is widened for that"
        )
    else:
        (first,) = held.batches(held.rows(way.source)[:1])
        asking = asking_of(held, way.source, first.signal, run.seed, way.each)
    asking = replace(asking, own_noise=anew)
    factor = _factor(run, way, told) if not anew else Factor(FACTOR, 2 * SPREAD)
    # What was never asked is followed from an eighth of what was.
    totals = totals_of(told.base, most, max(30, told.base // 8) if anew else None)
    rise = rise_of(
        told, held, asking, totals, run.metric, run.tests,
        twins_of(told, run.fits[told.source], TWINS), {}, run.seed,
        lambda done: run.tell(what, start + width * done), anew=anew, learn=run.at_twin,
    )  # fmt: skip
    seen = forecast(told, rise, run.metric, run.ceiling, factor, most, run.seed)
    blind = not anew and tells_nothing(run, told)
    if blind:
        top = run.ceiling if math.isfinite(run.ceiling) else 1.0
        seen = of_anything(seen, told.base, top, run.seed)
    _keep(run, way, told if not anew else None, seen)
    if way.source == run.main and way.each == 1:
        if blind:
            too_few(run, told)
        else:
            stop(run, told, rise, seen)
    if most > FAR * told.base * 1.01:
        run.result.warnings.append(
            f"{family.name}: twins were followed to {FAR * told.base:,.0f} answers, {FAR} "
            "times what was measured; on from there each doubling is taken to add the same "
            "share of the one before"
        )


def _factor(run: Making, way: Way, told: Measured) -> Factor:
    if way.source in run.factors:
        return run.factors[way.source]
    if not math.isfinite(told.rise_error):
        run.factors[way.source] = Factor()
        return Factor()
    signal = run.held.batches(run.held.rows(way.source)[:1])[0].signal
    half = rise_of(
        told, run.held, asking_of(run.held, way.source, signal, run.seed), [told.base],
        run.metric, run.tests, twins_of(told, run.fits[way.source], HALF_TWINS, -2), {},
        run.seed, lambda done: None, level=-2, learn=run.at_twin,
    )  # fmt: skip
    test, factor = backtest_of(told, half, run.metric, run.ceiling)
    run.factors[way.source] = factor
    if not test.low <= test.actual <= test.high:
        judged = metric_of(run.metric)
        ends = span(test.low, test.high, judged.percent)
        run.result.warnings.append(
            f"{name_of(way.source)}: a forecast from half of the answers missed: "
            f"{show(test.predicted, judged.percent)} was foretold ({100 * LEVEL:.0f} % "
            f"interval {ends}) and {show(test.actual, judged.percent)} was measured with all. "
            "The plan's intervals are wider for it; trust its forecasts less"
        )
    run.result.extras.setdefault("backtest", []).append(
        {
            "family": name_of(way.source),
            "trained_to": test.trained_to,
            "items": test.answers,
            "predicted": test.predicted,
            "low": test.low,
            "high": test.high,
            "actual": test.actual,
        }
    )
    run.result.assumptions.append(
        Assumption(
            f"rise with answers of {name_of(way.source)}, beside the twins'",
            factor.value,
            f"times, give or take {factor.error:.2f}",
            f"twins of half the pilot against what all of it measured; before that {FACTOR} "
            f"give or take {SPREAD} (docs/comparisons.md)",
        )
    )
    return factor


def _keep(run: Making, way: Way, told: Measured | None, seen: Forecast) -> None:
    grid, draws = seen.sizes, seen.draws
    points = np.zeros((0, 4))
    if told is not None:
        half = Z * told.errors
        points = np.stack(
            [told.sizes, told.values, np.maximum(told.values - half, 0.0),
             np.minimum(told.values + half, 1.0)], axis=1,
        )  # fmt: skip
        luck = np.random.default_rng([run.seed, 34]).standard_normal((DRAWS, 2))[:, :1]
        before = told.values[None, :-1] + told.errors[None, :-1] * luck
        grid = np.r_[told.sizes[:-1], grid]
        draws = np.column_stack([np.minimum(before, draws[:, :1]), draws])
    signal = one_answer(way.family)
    world = World(items=max(run.held.items, 3), classes=max(len(run.held.answers.classes), 2),
                  dims=min(run.dims, max(run.held.items, 3) - 1))  # fmt: skip
    bits = per_answer(signal, world, standard_error=1e-2, seed=run.seed)
    shown = points if way.each == 1 else np.zeros((0, 4))
    if way.family.number in run.unseen:
        blank = Curve(way.family, grid, draws, shown, float(grid[-1]), run.held.items, bits)
        draws = _of_anyone(run, blank)
    run.result.curves.append(
        Curve(
            way.family,
            grid,
            draws,
            shown,
            float(grid[-1]),
            run.held.items,
            bits,
        )
    )


def _of_anyone(run: Making, curve: Curve) -> np.ndarray:
    """The draws where in each another share of the answers, from none to all, is random; with
    none that is known, quality is that of a guess."""
    return of_anyone(curve, run.seed, run.goal.least).draws
