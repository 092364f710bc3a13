"""The noise of triplets alone, by draws of points, scale and lapse from their posterior.

Points are in coordinates in which the precision is 1, so the prior N(0, I / ridge) carries it.
Given the points, the ridge has a law on its own and is drawn from it; points and the lapse's log
odds move together (`chain`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from labelbits.recovery import chain
from labelbits.recovery.triplets import kernel as kernel

#: ln precision = -ln ridge that a draw considers, and its prior's standard deviation about 0.
LN_PRECISIONS, SPREAD = np.linspace(-9.0, math.log(50.0), 2000), 2.0
#: Beta prior of the lapse.
LAPSES, NOT_LAPSES = 1.1, 2.9
#: Width of the lapse's log odds with n answers: sqrt(LAPSE_WIDTH / n), 1 at most.
LAPSE_WIDTH = 50.0


@dataclass(frozen=True)
class TripletDraws:
    """Means for the fit, and draws at precision 1, thinned: (draws, items, dims), (draws,)."""

    ridge: float
    lapse: float
    points: np.ndarray
    ridges: np.ndarray
    lapses: np.ndarray


def sampled_noise(
    loaded: kernel.Loaded, answers: float, points: np.ndarray, lapse: float, ridge: float,
    estimated: tuple[bool, bool], seed: int, kept: int,
    report: Callable[[float], None] = lambda done: None,
) -> TripletDraws:  # fmt: skip
    """Draws from `points` on; `estimated` says whether precision and lapse are to be."""
    shape, n = points.shape, points.size
    generator = np.random.default_rng([seed, 11])
    ridges: list[float] = []

    def value(x: np.ndarray) -> tuple[float, np.ndarray]:
        odds = float(np.clip(x[n], -30, 30)) if len(x) > n else 0.0
        now = 1 / (1 + math.exp(-odds)) if len(x) > n else lapse
        loss, lapses, gradient = kernel.loss_gradient(
            x[:n].reshape(shape).astype(np.float32), loaded, now, ridge
        )
        slope = np.zeros_like(x)
        slope[:n] = gradient.ravel()
        if len(x) > n:
            loss -= LAPSES * math.log(now) + NOT_LAPSES * math.log1p(-now)
            slope[n] = (answers + LAPSES + NOT_LAPSES) * now - lapses - LAPSES
        return loss, slope

    def move(x: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        nonlocal ridge
        if estimated[0]:
            power = float(np.sum(x[:n] ** 2))
            energy = 0.5 * (
                n * LN_PRECISIONS + power * np.exp(-LN_PRECISIONS) + (LN_PRECISIONS / SPREAD) ** 2
            )
            chance = np.exp(energy.min() - energy)
            ridge = math.exp(-generator.choice(LN_PRECISIONS, p=chance / chance.sum()))
        ridges.append(ridge)
        return x

    x = points.astype(np.float64).ravel()
    width = chain.widths(
        value, x, np.arange(n) // shape[1], np.full(n, max(ridge, 1e-3)), generator
    )
    if estimated[1]:
        first = min(max(lapse, 1e-3), 0.9)
        x = np.append(x, math.log(first / (1 - first)))
        width = np.append(width, min(math.sqrt(LAPSE_WIDTH / answers), 1.0))
    found = chain.draw(value, x, width, move, generator, answers, report)
    after = np.array(ridges[-len(found.x) :])
    lapses = 1 / (1 + np.exp(-found.x[:, n])) if estimated[1] else np.full(len(after), lapse)
    rows = np.linspace(0, len(found.x) - 1, kept).round().astype(int)
    return TripletDraws(
        math.exp(np.mean(np.log(after))), float(lapses.mean()),
        found.x[rows, :n].reshape(kept, *shape).astype(np.float32), after[rows], lapses[rows],
    )  # fmt: skip
