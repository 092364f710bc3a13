"""What nobody measured is drawn from a range, world by world, so that intervals hold ignorance.

Each setting is one way the world may be: the same for every way of asking, so that what all share
moves no difference between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from labelbits.interface import Signal
from labelbits.planning.evidence.noise import SignalNoise
from labelbits.planning.result import Assumption
from labelbits.planning.spec.asked import SignalPlan
from labelbits.planning.spec.planfile import PlanFile
from labelbits.signals.base import is_number, replace_noise
from labelbits.worlds import World

#: Settings that are simulated, with two worlds or more of each.
SETTINGS = 6
#: Range of the lapse, and of the factor on the precision that is assumed; their sources are said
#: among the assumptions (`said_of_ranges`).
LAPSE, PRECISION = (0.0, 0.25), (1 / 3, 3.0)
#: Dimensions as multiples of the assumed ones, where no comparisons tell them.
DIMS = (0.5, 1.0, 2.0)
#: Shapes of the cloud of items.
PRIORS = ("normal", "clusters", "hypercube")


@dataclass(frozen=True)
class Setting:
    """One way the world may be: share of random answers, factor on precision, shape of the cloud
    (None: as it is), dimensions."""

    lapse: float
    precision: float
    prior: str | None
    dims: int

    def world(self, world: World) -> World:
        """The world in this shape; one made of features keeps its own."""
        if self.prior is None or world.prior != "normal":
            return world
        return replace(world, prior=self.prior)  # pyright: ignore[reportArgumentType]

    def asked(self, signal: Signal, lapse: bool, precision: bool) -> Signal:
        """The signal with the noise that is open drawn."""
        found = signal.precision * self.precision if precision else signal.precision
        if not is_number(found):
            return signal
        return replace_noise(signal, float(found), self.lapse if lapse else signal.lapse)


def dims_around(dims: int, most: int) -> tuple[int, ...]:
    """Dimensions that the items may differ in where `dims` is a guess; none above `most`."""
    around = (round(dims * factor) for factor in DIMS)
    return tuple(dict.fromkeys(int(np.clip(one, 1, max(most, dims))) for one in around))


def settings(seed: int, geometry: bool, dims: Sequence[int]) -> list[Setting]:
    """`SETTINGS` settings, each part of every range equally often (a Latin square)."""
    generator = np.random.default_rng([seed, 41])
    steps = (np.stack([generator.permutation(SETTINGS) for _ in range(2)]) + 0.5) / SETTINGS
    lapse = LAPSE[0] + steps[0] * (LAPSE[1] - LAPSE[0])
    low, high = np.log(PRECISION)
    precision = np.exp(low + steps[1] * (high - low))
    shapes = [PRIORS[i % len(PRIORS)] if geometry else None for i in range(SETTINGS)]
    spread = generator.permutation([dims[i % len(dims)] for i in range(SETTINGS)]).tolist()
    ways = zip(lapse.tolist(), precision.tolist(), shapes, spread, strict=True)
    return [Setting(*one) for one in ways]


@dataclass(frozen=True)
class Open:
    """What is not known of one [[signal]]."""

    lapse: bool = False
    precision: bool = False

    def __bool__(self) -> bool:
        return self.lapse or self.precision


def open_noise(plan: PlanFile, noise: Sequence[SignalNoise]) -> dict[int, Open]:
    """What neither the plan file nor the pilot tells, by the number of each [[signal]]."""

    def of(asked: SignalPlan, found: SignalNoise) -> Open:
        if found.measured:
            return Open()
        return Open(asked.lapse is None, asked.precision is None)

    pairs = zip(plan.signal, noise, strict=True)
    return {number: of(*pair) for number, pair in enumerate(pairs, start=1)}


def said_of_ranges(asked: dict[int, Open], geometry: bool, dims: Sequence[int]) -> list[Assumption]:
    """The ranges, for the assumptions of a plan."""
    found = []
    if any(one.lapse for one in asked.values()):
        found.append(
            Assumption(
                "lapse, where nobody measured it",
                f"{LAPSE[0]:g} to {LAPSE[1]:g}",
                "probability",
                "drawn for each simulated world: people's labels err 5 % of the time (CIFAR-10H, "
                "Peterson et al. 2019), fits to published comparisons of "
                "shoes and of pairs of shapes gave 0 to 31 %",
            )
        )
    if any(one.precision for one in asked.values()):
        found.append(
            Assumption(
                "precision, where nobody measured it",
                f"{PRECISION[0]:.2g} to {PRECISION[1]:.2g}",
                "times the one that is named",
                "drawn for each simulated world; fits to published comparisons of "
                "shoes and of pairs of shapes gave 0.28 to 1.35",
            )
        )
    if len(dims) > 1:
        found.append(
            Assumption(
                "dimensions, where no comparisons tell them",
                ", ".join(map(str, sorted(dims))),
                "",
                "drawn for each simulated world: half and twice the number that is assumed; "
                "people's comparisons of shoes, shapes and eggs chose 1 to 20",
            )
        )
    if geometry:
        found.append(
            Assumption(
                "shape of the items' cloud",
                ", ".join(PRIORS),
                "",
                "drawn for each simulated world: no features and no comparisons tell it",
            )
        )
    return found
