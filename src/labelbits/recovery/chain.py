"""Draws from a posterior by Hamiltonian Monte Carlo: the one sampler of labelbits.

A mode bends positions to the answers' errors, so that noise read off it is too small, and where
answers are few hardly any of the posterior lies near it. Draws of positions and noise together
have neither fault (Neal 2011, Handbook of Markov Chain Monte Carlo, chapter 5). Several chains move
together. Each coordinate moves at the pace of its own posterior width, taken anew in the warm-up,
where the posterior lies and not at the mode: by one chain at a few places (`widths`), by several
from the slopes that they meet (`paces`). The step size is tuned towards `ACCEPT` (dual averaging,
Hoffman and Gelman 2014, JMLR 15, with the simpler gains of Robbins and Monro) and a trajectory goes
about `LENGTH` widths, or as far as the chains are told. What a chain creeps along, the scale of
all points against their precision, the target draws itself after each trajectory (`Target.move`).

Measured beside blackjax's NUTS (1.7.1, 500 draws after 300 of window adaptation, compiled before)
on four worlds of 15 items in two dims and 300 triplets: effective draws of the precision in a CPU
second 9, 41, 61 and 138 there, 26, 192, 69 and 132 by the steps here; of distances between items
52, 70, 292 and 301 there, 492, 1270, 346 and 627 here. NUTS compiles for 3 to 5 s besides, for each
size of the data, and weighs 10 MB with what it needs. (These steps had a compiled loop over
triplets, since replaced by a program of JAX whose calls cost more; not measured again.)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

#: Share of steps to accept (Neal 2011), and a trajectory's length in widths and in leaps.
ACCEPT, LENGTH, LEAPS = 0.8, 1.5, (4, 16)
#: Probes of the curvature, and how far they reach in widths of the prior.
PROBES, REACH = 6, 1e-2
#: Of the first steps of the warm-up, those taken whatever the energy: the start is a mode, which
#: lies far below the energies that the posterior has.
RELEASED = 5
#: Parts of the warm-up after which widths are taken anew, as the mean over the last places.
RENEWED, PLACES = (0.15, 0.4, 0.7), 2
#: Places of each of several chains whose slopes tell the widths, from the later half of those seen.
SEEN = 16

#: (answers at most, steps of the warm-up, draws) where noise is read off one chain: beyond, steps
#: cost more and noise is told better.
LENGTHS = ((10_000, 60, 100), (math.inf, 30, 50))

Value = Callable[[np.ndarray], tuple[float, np.ndarray]]


class Target(Protocol):
    """A posterior: its energy is minus its logarithm."""

    def value(self, x: np.ndarray, /) -> tuple[float, np.ndarray]:
        """Energy and gradient at x (coordinates,)."""
        ...

    def move(self, x: np.ndarray, generator: np.random.Generator, /) -> np.ndarray:
        """x with some coordinates drawn given the others: it must leave the posterior as it is."""
        ...

    def travel(
        self, x: np.ndarray, speed: np.ndarray, width: np.ndarray, step: float, leaps: int, /
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Trajectories from x (chains, coordinates): places, speeds and what the energy gained."""
        ...


@dataclass(frozen=True)
class Draws:
    """`x` (chains, draws, coordinates), and the share of steps accepted after the warm-up."""

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


def paces(value: Value, places: np.ndarray, group: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """How far each coordinate can move, (coordinates,), from draws `places` (draws, coordinates).

    Slopes of minus a log density have the mean square of its curvature: E[g g'] = E[H]. It is
    never below 0, needs no probing, and is the mean over where the chains have been.
    """
    square = np.mean([value(x)[1] ** 2 for x in places], axis=0)
    mean = np.bincount(group, square) / np.maximum(np.bincount(group), 1)
    return 1 / np.sqrt(np.maximum(mean[group], prior))


def travelled(
    value: Value, x: np.ndarray, speed: np.ndarray, width: np.ndarray, step: float, leaps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`Target.travel` by `value`, one chain after the other."""
    places, speeds, gains = x.copy(), speed.copy(), np.zeros(len(x))
    for c in range(len(x)):
        new, pace = x[c], speed[c]
        before, slope = value(new)
        there = before
        for leap in range(leaps):
            pace = pace - step * (0.5 if leap == 0 else 1.0) * width * slope
            new = new + step * width * pace
            there, slope = value(new)
        places[c], speeds[c] = new, pace - 0.5 * step * width * slope
        gains[c] = there - before
    return places, speeds, gains


def lengths(answers: float) -> tuple[int, int]:
    """(steps of the warm-up, draws) where noise is read off one chain."""
    return next((tune, keep) for most, tune, keep in LENGTHS if answers <= most)


class Chain:
    """Chains that move together, from `x` (chains, coordinates) on.

    `group` and `prior` as `widths` takes them. `warm_up` tunes them, `draw` may be called again for
    more. A trajectory goes about `length` widths in `leaps` (least, most); `leapt` counts them.
    """

    def __init__(
        self, target: Target, x: np.ndarray, group: np.ndarray, prior: np.ndarray,
        generator: np.random.Generator, width: np.ndarray | None = None,
        length: float = LENGTH, leaps: tuple[int, int] = LEAPS,
    ) -> None:  # fmt: skip
        self.target, self.x, self.group, self.prior = target, x.copy(), group, prior
        self.generator, self.length, self.leaps, self.leapt = generator, length, leaps, 0
        self.width = self._widths() if width is None else width
        self.ln_step = math.log(0.5 * min(1.0, 2.0 * x.shape[1] ** -0.25))

    def _widths(self) -> np.ndarray:
        x = self.x[self.generator.integers(len(self.x))]
        return widths(self.target.value, x, self.group, self.prior, self.generator)

    def step(self, released: bool = False) -> float:
        """One trajectory of every chain; the mean chance that it was accepted with."""
        generator = self.generator
        step = math.exp(self.ln_step) * generator.uniform(0.8, 1.2)
        leaps = round(self.length * generator.uniform(0.5, 1.5) / step)
        leaps = int(np.clip(leaps, *self.leaps))
        self.leapt += leaps
        speed = generator.normal(size=self.x.shape)
        new, pace, rise = self.target.travel(self.x, speed, self.width, step, leaps)
        gain = 0.5 * (np.sum(speed**2, 1) - np.sum(pace**2, 1)) - rise
        gain = np.where(np.isfinite(gain), gain, -np.inf)
        chance = np.exp(np.minimum(gain, 0.0))
        taken = (generator.random(len(gain)) < chance) | (released & (gain > -50))
        for c in range(len(self.x)):
            self.x[c] = self.target.move(new[c] if taken[c] else self.x[c], generator)
        return float(chance.mean())

    def warm_up(self, steps: int, report: Callable[[float], None] = lambda done: None) -> None:
        """Tune step size and widths."""
        at = {max(1, int(part * steps)) for part in RENEWED}
        places: list[np.ndarray] = []
        seen: dict[int, np.ndarray] = {}
        late = {i: set(np.linspace(i // 2, i - 1, SEEN).round().astype(int)) for i in at}
        kept = set[int]().union(*late.values()) if len(self.x) > 1 else set()
        mean, since = self.ln_step, 0
        for i in range(steps):
            if i in at and len(self.x) > 1:
                met = np.concatenate([seen[place] for place in sorted(late[i])])
                self.width, since = paces(self.target.value, met, self.group, self.prior), 0
            elif i in at:
                places = [*places, self._widths() ** -2.0][-PLACES:]
                self.width, since = np.mean(places, axis=0) ** -0.5, 0
            chance = self.step(i < RELEASED)
            if i in kept:
                seen[i] = self.x.copy()
            since += 1
            self.ln_step += (chance - ACCEPT) / (2 + since) ** 0.6
            # The steps tried last swing about the one looked for: their mean is nearer.
            mean += (self.ln_step - mean) * max(1 / since, 0.05)
            report((i + 1) / steps)
        self.ln_step = mean

    def draw(self, steps: int, report: Callable[[float], None] = lambda done: None) -> Draws:
        """`steps` draws of each chain."""
        kept = np.empty((len(self.x), steps, self.x.shape[1]))
        accepted = 0.0
        for i in range(steps):
            accepted += self.step() / steps
            kept[:, i] = self.x
            report((i + 1) / steps)
        return Draws(kept, accepted)
