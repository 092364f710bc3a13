"""From what the pilot measured to what more answers will give: twins' rise on top of it.

A twin's level rests on a model of people; how much it rises with answers much less so. So the
forecast of n answers is what the pilot measured at its own size, plus the rise of the twins from
there, times a factor that a test on the pilot itself tells: twins from half of its answers foretell
the other half. Agreement ends at its ceiling.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labelbits.interface import Z
from labelbits.planning.comparisons.dimensions import OWN
from labelbits.planning.comparisons.goals import goal_of
from labelbits.planning.comparisons.held import Held
from labelbits.planning.comparisons.measured import Measured, Part
from labelbits.planning.comparisons.twins import (
    Asking,
    Tested,
    TwinLearner,
    follow,
    learn,
    measure,
)
from labelbits.recovery.held_out.worlds import PossibleWorld, plausible_worlds

#: The error of a rise, at least.
LEAST_ERROR = 1e-4
#: Twins of the pilot, and of half of it for the test.
TWINS, HALF_TWINS = 10, 6
#: How much a missed test widens the error of the factor at most; where the pilot itself was seen to
#: gain by its last doubling, no draw of the factor is below this share of it.
MOST_WIDER, LEAST_SHARE = 2.0, 0.25
#: How many times the pilot's answers twins are followed to; beyond, the last doubling goes on.
FAR = 16
#: People's rise with answers as a multiple of the twins', and its spread between pilots
#: (docs/comparisons.md); draws kept.
FACTOR, SPREAD, DRAWS = 1.0, 0.25, 400


@dataclass(frozen=True)
class Rise:
    """The metric of twins (twins, sizes) at `sizes` answers, and `start` (twins,), that of the
    pilot's own fits in their worlds; `twins` are the worlds, which count alike where none are told.
    """

    sizes: np.ndarray
    values: np.ndarray
    start: np.ndarray
    twins: Sequence[Twin] = ()


@dataclass(frozen=True)
class Twin:
    """A world that part number `part` of the pilot leaves possible, and the fit `space` that was
    measured on that part; `weight` of the world, and of the number of its dimensions: by how much
    fits in them were measured to be better (`shift`, standard error `error`)."""

    part: int
    space: Any
    world: PossibleWorld
    weight: float = 1.0
    shift: float = 0.0
    error: float = 0.0


@dataclass(frozen=True)
class Backtest:
    """Twins of half the answers against what all of them measured."""

    trained_to: int
    answers: int
    predicted: float
    low: float
    high: float
    actual: float


@dataclass(frozen=True)
class Forecast:
    """Draws (B, sizes) of the quality at `sizes` answers; `gains` (B, twins' sizes) over what was
    measured, which may be below 0."""

    sizes: np.ndarray
    draws: np.ndarray
    gains: np.ndarray


@dataclass(frozen=True)
class Factor:
    """People's rise with answers as a multiple of the twins', and its standard error."""

    value: float = FACTOR
    error: float = SPREAD


def totals_of(base: int, most: float, first: int | None = None) -> list[int]:
    """Sizes that double from `first` (what was measured) up to `most`, at most `FAR` times it."""
    found = [base if first is None else first]
    while found[-1] < min(most, FAR * base) * 0.99:
        found.append(round(min(2 * found[-1], FAR * base)))
    return found if len(found) > 1 else [found[0], 2 * found[0]]


def rise_of(
    told: Measured, held: Held, asking: Asking, totals: Sequence[int], metric: str,
    tests: Callable[[Part], Tested], twins: Sequence[Twin],
    options: Mapping[str, Any], seed: int, tell: Callable[[float], None], *, level: int = -1,
    anew: bool = False, learn: TwinLearner = learn,
) -> Rise:  # fmt: skip
    """Twins followed from the pilot's fits at `level` (-1: the largest).

    `tests` makes what is measured from a part of the pilot. `anew`: what is asked is no answer of
    `told`, and the space is learned from it alone. `learn`: how a twin's space is learned.
    """
    rows, starts = [], []
    for number, twin in enumerate(twins):
        own, world = told.parts[twin.part], twin.world
        batches = held.batches(own.fitted[level])
        tested = tests(own)
        # As the pilot measured it: a fit that is told the noise would foretell in another way.
        starts.append(measure(twin.space, world, tested, metric))
        rows.append(
            follow(
                world,
                held,
                [] if anew else batches,
                asking.beside(held.question[own.tested]).without(tested.items),
                totals,
                tested,
                metric,
                options,
                seed + number,
                learn,
            )
        )
        tell((number + 1) / len(twins))
    return Rise(np.array(totals, dtype=float), np.array(rows), np.array(starts), tuple(twins))


def twins_of(told: Measured, fits: Measured, count: int, level: int = -1) -> list[Twin]:
    """About `count` worlds from the `fits` of every part at `level`, and from those in more
    dimensions where held-out answers leave them possible. `told` is what is measured and moved: the
    same fits, or another learner's to the same parts, whose dimensions are its own."""
    same = told is fits
    parts = [k for k, part in enumerate(fits.parts) if len(part.spaces) >= -level]
    found = []
    for place, one in enumerate(fits.richness if level == -1 else OWN):
        if one.weight <= 0:
            continue
        spaces = [
            (k, fits.parts[k].spaces[level] if place == 0 else fits.parts[k].richer[place - 1])
            for k in parts
            if place == 0 or len(fits.parts[k].richer) >= place
        ]
        each = max(1, round(count * one.weight / len(spaces)))
        worlds = [(k, space, w) for k, space in spaces for w in plausible_worlds(space, each)]
        for k, space, world in worlds:
            weight = one.weight / len(worlds)
            if same:
                found.append(Twin(k, space, world, weight, one.shift, one.error))
            else:
                found.append(Twin(k, told.parts[k].spaces[level], world, weight))
    return found


def backtest_of(told: Measured, half: Rise, metric: str, ceiling: float) -> tuple[Backtest, Factor]:
    """The rise from half of the answers to all, measured against foretold, and the factor that it
    leaves; its prior is `FACTOR` within `SPREAD`."""
    before = told.value - told.rise
    gains = _moved(half, before, metric)[:, -1] - before
    foretold, spread = float(np.mean(gains)), float(np.std(gains))
    # Spaces that features determine are alike in every resample: no error is seen, not none there.
    noise = max(math.hypot(told.rise_error, spread / math.sqrt(len(gains))), LEAST_ERROR)
    precision = 1 / SPREAD**2 + (foretold / noise) ** 2
    factor = (FACTOR / SPREAD**2 + foretold * told.rise / noise**2) / precision
    error = 1 / math.sqrt(precision)
    # A miss that the errors do not explain widens what comes.
    miss = (told.rise - FACTOR * foretold) / math.hypot(noise, SPREAD * abs(foretold) + 1e-9)
    error *= float(np.clip(abs(miss), 1.0, MOST_WIDER))
    wide = Z * math.sqrt(noise**2 + spread**2 + (SPREAD * foretold) ** 2)
    predicted = before + FACTOR * foretold
    if math.isfinite(ceiling):
        predicted = min(predicted, ceiling)
    test = Backtest(
        round(told.sizes[-2]), told.base, predicted, predicted - wide,
        min(predicted + wide, 1.0), told.value,
    )  # fmt: skip
    return test, Factor(float(np.clip(factor, 0.2, 2.0)), error)


def _moved(rise: Rise, start: float, metric: str) -> np.ndarray:
    """Twins' curves (twins, sizes) moved to begin at `start`: what is missing to 1 falls by the
    same factor where the end is known; else the same gain is added."""
    if goal_of(metric).known_end:
        missing = np.maximum(1 - rise.values, 1e-4)
        return 1 - (1 - start) * missing / np.maximum(1 - rise.start, 1e-4)[:, None]
    return start + rise.values - rise.start[:, None]


def forecast(
    told: Measured, rise: Rise, metric: str, ceiling: float, factor: Factor, most: float, seed: int
) -> Forecast:
    """Draws of the quality at the twins' sizes, and on to `most` answers; draws of equal numbers
    share the luck of what was measured."""
    generator = np.random.default_rng([seed, 34])
    luck = generator.standard_normal((DRAWS, 2))
    value, error = told.begin
    start = value + error * luck[:, 0]
    twins = rise.twins
    shift = np.zeros(DRAWS)
    if twins:
        weight = np.array([twin.weight for twin in twins])
        pick = generator.choice(len(weight), DRAWS, p=weight / weight.sum())
        shift, spread = np.array([(twins[k].shift, twins[k].error) for k in pick]).T
        shift = shift + spread * generator.standard_normal(DRAWS)
    else:
        pick = generator.integers(0, len(rise.values), DRAWS)
    seen = told.rise > Z * told.rise_error
    least = LEAST_SHARE * factor.value if seen else 0.0
    factors = np.maximum(factor.value + factor.error * luck[:, 1], least)
    gains = np.empty((DRAWS, len(rise.sizes)))
    every = zip(start, shift, pick, factors, strict=True)
    for row, (begin, other, twin, times) in enumerate(every):
        one = Rise(rise.sizes, rise.values[twin : twin + 1], rise.start[twin : twin + 1])
        begin = float(np.clip(begin + other, 0, 0.999))
        gains[row] = times * (_moved(one, begin, metric)[0] - begin) + other
        if other < 0:  # the pilot's own dimensions are taken until more of them are better
            gains[row] = np.maximum(gains[row], 0.0)
    draws, sizes = np.maximum.accumulate(start[:, None] + gains, axis=1), rise.sizes
    if most > sizes[-1]:
        sizes, draws = _onward(sizes, draws, most)
    # A measurement above the ceiling is the luck of the answers it rests on.
    top = min(ceiling, 1.0) if math.isfinite(ceiling) else 1.0
    return Forecast(sizes, np.minimum(draws, top), gains)


def of_anything(seen: Forecast, base: int, top: float, seed: int) -> Forecast:
    """The forecast of a pilot that tells nothing yet: a draw may go any part of the way to `top`,
    as answers add to those that were measured; never below what twins foretell."""
    generator = np.random.default_rng([seed, 36])
    part = generator.random(len(seen.draws))[:, None]
    start = seen.draws[:, :1]
    way = np.maximum(top - start, 0) * np.maximum(1 - base / seen.sizes, 0)[None, :]
    draws = np.maximum(seen.draws, start + part * way)
    return Forecast(seen.sizes, draws, seen.gains)


def _onward(sizes: np.ndarray, draws: np.ndarray, most: float) -> tuple[np.ndarray, np.ndarray]:
    """On to `most` answers: each doubling adds the same share of the one before."""
    last = draws[:, -1] - draws[:, -2]
    before = draws[:, -2] - draws[:, -3] if draws.shape[1] > 2 else 2 * last
    share = np.clip(last / np.maximum(before, 1e-6), 0.0, 0.9)
    more_sizes, more = [], []
    now, step = draws[:, -1], last
    while (more_sizes[-1] if more_sizes else sizes[-1]) < most:
        step = step * share
        now = now + step
        more_sizes.append(2 * (more_sizes[-1] if more_sizes else sizes[-1]))
        more.append(now)
    return np.r_[sizes, more_sizes], np.column_stack([draws, *more])
