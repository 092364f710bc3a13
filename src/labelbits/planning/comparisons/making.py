"""What the steps of a plan about comparisons share: answers, learners, what was measured."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labelbits.interface import Batch, Z
from labelbits.planning.comparisons.beside import AtTwins, SpaceLearner
from labelbits.planning.comparisons.doubts import classes_for_shots, compares, said_of_ceiling
from labelbits.planning.comparisons.forecast import Factor, twins_of
from labelbits.planning.comparisons.goals import goal_of
from labelbits.planning.comparisons.held import Held, Source
from labelbits.planning.comparisons.measured import Measured, Part, measured
from labelbits.planning.comparisons.twins import Tested, TwinLearner
from labelbits.planning.comparisons.twins import learn as at_twin
from labelbits.planning.comparisons.ways import name_of
from labelbits.planning.measured.curves import Learned
from labelbits.planning.result import Assumption
from labelbits.planning.spec.planfile import PlanFile
from labelbits.recovery import agreement_ceiling
from labelbits.recovery.held_out import Fitter
from labelbits.recovery.held_out.predictions import Learn

#: Answers of a source below which it is not measured.
FEW = 60

Tell = Callable[[str, float], None]


@dataclass(frozen=True)
class Beside:
    """A learner that is planned with, and what the linear one was found to do on the pilot."""

    learner: SpaceLearner
    linear: Making


class Making:
    """One plan in the making: what its steps share, and what the pilot measured."""

    def __init__(
        self, held: Held, plan: PlanFile, metric: str, dims: int, seed: int, tell: Tell,
        unseen: Collection[int], mixes: bool = True, beside: Beside | None = None,
    ) -> None:  # fmt: skip
        self.unseen, self.mixes, self.beside = unseen, mixes, beside
        self.held, self.plan, self.metric, self.dims = held, plan, metric, dims
        self.seed, self.tell = seed, tell
        #: The linear learner, whose worlds twins are drawn from.
        self.fitter = Fitter(dims, held.features, seed)
        self.at_twin: TwinLearner = at_twin
        if beside is not None:
            self.fitter, self.at_twin = beside.linear.fitter, AtTwins(beside.learner)
        self.result = Learned([])
        self.goal = goal_of(metric)
        self.labels = classes_for_shots(held.classes) if self.goal.needs_classes else 1
        self.told: dict[Source, Measured] = {}
        self.factors: dict[Source, Factor] = {}
        self.ceiling = math.nan

    @functools.cached_property
    def main(self) -> Source:
        """The kind of comparison that people answered most."""
        rows = self.held.tested
        kinds, counts = np.unique(self.held.kind[rows], return_counts=True)
        return str(kinds[counts.argmax()]), ""

    def choose_strengths(self) -> None:
        """How much features say, chosen once on people's comparisons and kept for every fit."""
        held = self.held
        if held.features is None:
            return
        if self.beside is not None:
            self.result.assumptions.append(self.beside.linear.result.assumptions[0])
            return
        self.tell("choosing what features say", 0.02)
        first = self.fitter(held.part(held.rows(self.main)))
        chosen = {
            "residual_scale": float(first.residual_scale_),
            "metric_power": float(first.metric_power_),
        }
        self.fitter = Fitter(self.dims, held.features, self.seed, chosen)
        self.result.assumptions.append(
            Assumption(
                "what people see beyond the features",
                chosen["residual_scale"],
                "of the spread of an item (0: features say all, 1: nothing)",
                "held-out bits of the pilot's comparisons",
            )
        )

    @property
    def learn(self) -> Learn:
        """What learns the spaces that are measured."""
        return self.fitter if self.beside is None else self.beside.learner

    @property
    def fits(self) -> dict[Source, Measured]:
        """What the linear learner measured, whose fits tell the worlds that are possible."""
        return self.told if self.beside is None else self.beside.linear.told

    def lapse(self) -> dict[str, float]:
        """The share of random answers of each kind that people gave, by the fits to it."""
        found: dict[str, float] = {}
        for (kind, model), told in self.told.items():
            lapse = told.parts[0].spaces[-1].lapse_
            if not model:
                found[kind] = float(lapse[kind] if isinstance(lapse, dict) else lapse)
        return found

    def others(self) -> list[Source]:
        """Sources of the pilot that nobody plans to ask: they are measured all the same."""
        few = [s for s in self.held.sources() if len(self.held.rows(s)) >= FEW]
        blind = self.goal.needs_classes and self.held.features is None
        return [s for s in few if not s[1] and not (blind and not compares(s[0]))]

    def measure(self, source: Source, start: float, width: float) -> None:
        rows = self.held.rows(source)
        if len(rows) < FEW:
            return
        what = f"measuring {name_of(source)} on held-out answers"
        self.tell(what, start)
        self.told[source] = measured(
            self.held, source, self.metric, self.learn, self.labels, self.seed,
            lambda done: self.tell(what, start + width * done),
            None if self.beside is None else self.fits[source],
        )  # fmt: skip

    def tests(self, part: Part) -> Tested:
        batches: Sequence[Batch] = ()
        if self.goal.tests_answers:
            # A twin's answers to any question are known, and few questions are mostly luck.
            batches = part.others or self.held.batches(part.tested)
        return Tested(batches, self.people, self.held.classes, self.labels, part.unlabelled)

    @functools.cached_property
    def people(self) -> dict[str, Any]:
        """How people answer the main kind of comparison, by its own fit."""
        fits = self.fits[self.main]
        world = twins_of(fits, fits, 1)[0].world
        return {self.main[0]: world.answering(self.main[0])}

    def find_ceiling(self) -> None:
        people = self.held.part(self.held.tested)
        space = self.fits[self.main].parts[0].spaces[-1]
        found = agreement_ceiling(people, space, self.seed)
        if not self.goal.tests_answers:
            return  # others end at 1, however much people agree
        self.ceiling = found.value if found.source == "repeats" else math.nan
        self.result.warnings += said_of_ceiling(found)
        if math.isfinite(found.value):
            error = 0.0
            if found.source == "repeats":
                error = (found.another.high - found.another.low) / (2 * Z)
            self.result.extras["ceiling"] = {
                "what": "most that any prediction can agree"
                if found.source == "repeats"
                else "most probable answers, by the fitted noise",
                "items": self.held.items,
                "quality": found.value,
                "standard_error": error,
                "source": found.source,
                "another_person": float(found.another),
                "words": found.words,
            }
            self.result.assumptions.append(
                Assumption("ceiling of agreement", found.value, "share", found.words)
            )
