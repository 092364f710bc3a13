"""Draws from a posterior by Hamiltonian Monte Carlo, for noise that a mode cannot tell.

A mode bends positions to the answers' errors, so that noise read off it is too small, and where
answers are few hardly any of the posterior lies near it. Draws of positions and noise together
have neither fault (Neal 2011, Handbook of Markov Chain Monte Carlo, chapter 5). Each coordinate
moves at the pace of its own posterior width; a step size is tuned in the warm-up towards
`ACCEPT`, and a trajectory goes about `LENGTH` widths.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

#: Steps to tune the chain, and steps kept: up to so many answers, and beyond, where they cost more
#: and noise is told better.
LENGTHS = ((10_000, 60, 100), (math.inf, 30, 50))
#: Share of steps to accept (Neal 2011), and a trajectory's length in widths and in leaps.
ACCEPT, LENGTH, LEAPS = 0.8, 1.5, (4, 16)
#: Probes of the curvature, and how far they reach in widths of the prior.
PROBES, REACH = 6, 1e-2
#: Of the first steps of the warm-up, those taken whatever the energy: the start is a mode, which
#: lies far below the energies that the posterior has.
RELEASED = 5

Value = Callable[[np.ndarray], tuple[float, np.ndarray]]
Move = Callable[[np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Draws:
    """`x` (draws, coordinates), and the share of steps accepted after the warm-up."""

    x: np.ndarray
    accepted: float


def widths(
    value: Value, x: np.ndarray, group: np.ndarray, prior: np.ndarray,
    generator: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """How far each coordinate can move, (coordinates,): 1 / sqrt of its group's mean curvature.

    `group` numbers the coordinates that share a width, `prior` is the least curvature of each
    coordinate. The diagonal of the Hessian is E[v (H v)] over random signs v (Bekas, Kokiopoulou
    and Saad 2007), and H v from gradients on both sides.
    """
    found = np.zeros_like(x)
    for _ in range(PROBES):
        v = generator.choice([-1.0, 1.0], x.size) / np.sqrt(prior)
        ahead, behind = value(x + REACH * v)[1], value(x - REACH * v)[1]
        found += (ahead - behind) / (2 * REACH * v) / PROBES
    size = np.bincount(group)
    mean = np.bincount(group, found) / np.maximum(size, 1)
    return 1 / np.sqrt(np.maximum(mean[group], prior))


def draw(
    value: Value, x: np.ndarray, width: np.ndarray, move: Move, generator: np.random.Generator,
    answers: float, report: Callable[[float], None] = lambda done: None,
) -> Draws:  # fmt: skip
    """Draws of exp(-value(x)), from `x`; after each step `move` may draw some coordinates itself.

    `value` gives the energy and its gradient. `move` must leave exp(-value) invariant.
    """
    warm_up, draws = next((tune, keep) for most, tune, keep in LENGTHS if answers <= most)
    ln_step = math.log(0.5 * min(1.0, 2.0 * x.size**-0.25))
    kept = np.empty((draws, x.size))
    accepted = 0.0
    energy, gradient = value(x)
    for i in range(warm_up + draws):
        step = math.exp(ln_step) * generator.uniform(0.8, 1.2)
        leaps = int(np.clip(round(LENGTH / step), *LEAPS))
        speed = generator.normal(size=x.size)
        new, pace, there, slope = x, speed, energy, gradient
        for leap in range(leaps):
            pace = pace - step * (0.5 if leap == 0 else 1.0) * width * slope
            new = new + step * width * pace
            there, slope = value(new)
        pace = pace - 0.5 * step * width * slope
        gain = energy - there + 0.5 * float(speed @ speed - pace @ pace)
        chance = math.exp(min(gain, 0.0)) if math.isfinite(gain) else 0.0
        released = i < RELEASED and math.isfinite(gain) and gain > -50
        taken = generator.random() < chance or released
        x = move(new if taken else x, generator)
        energy, gradient = value(x)
        if i < warm_up:
            ln_step += (chance - ACCEPT) / (3 + i) ** 0.6
        else:
            accepted += chance / draws
            kept[i - warm_up] = x
        report((i + 1) / (warm_up + draws))
    return Draws(kept, accepted)
