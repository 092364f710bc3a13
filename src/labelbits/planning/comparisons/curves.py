"""Curves of every way to ask, for plans about comparisons: measured, then forecast by twins."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from labelbits.errors import InputError
from labelbits.information import per_answer
from labelbits.interface import LEVEL, Z
from labelbits.metrics import metric_of
from labelbits.planning.comparisons.beside import AtTwins, SpaceLearner, said_of_spaces
from labelbits.planning.comparisons.doubts import (
    EACH,
    check_comparisons,
    classes_for_shots,
    compares,
    said_of_ceiling,
)
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
    worlds_of,
)
from labelbits.planning.comparisons.goals import goal_of
from labelbits.planning.comparisons.held import Held, Source
from labelbits.planning.comparisons.measured import Measured, Part, measured, unlabelled
from labelbits.planning.comparisons.mixture import Kind, expected_of, mixture_of
from labelbits.planning.comparisons.twins import Tested, TwinLearner, asking_of
from labelbits.planning.comparisons.twins import learn as at_twin
from labelbits.planning.families import one_answer
from labelbits.planning.measured.curves import Learned
from labelbits.planning.measured.other_learner import learner_assumption
from labelbits.planning.purchases import TO_A_QUESTION, interval, most_answers
from labelbits.planning.records import MeasuredCurve, Shots
from labelbits.planning.result import NOTHING, Assumption, Curve, Family
from labelbits.planning.shown import change, show, span
from labelbits.planning.simulated.unseen import of_anyone
from labelbits.planning.spec.learners import LEARNERS, LINEAR
from labelbits.planning.spec.planfile import MODEL, PlanFile
from labelbits.recovery import agreement_ceiling, shots
from labelbits.recovery.held_out import Fitter
from labelbits.recovery.held_out.predictions import Learn
from labelbits.worlds import World

#: Answers to each question that are tried where the plan leaves it open.
REPEATS = (1, 3)
#: Gains by twice the answers that are no reason to buy: the expected one, and its upper end.
SMALL, LARGE = 0.01, 0.03
#: Answers of a source below which it is not measured.
FEW = 60

Tell = Callable[[str, float], None]


@dataclass(frozen=True)
class Way:
    """One way to ask: its family, the source that it is, answers to each question."""

    family: Family
    source: Source
    each: int


def ways_of(families: list[Family], held: Held) -> tuple[list[Way], list[str]]:
    """The ways to ask that can be planned, and what is said of the others."""
    ways, said = [], []
    there = set(held.sources())
    for family in families:
        source = source_of(family, held)
        if not compares(family.kind) and source not in there:
            said.append(
                f"{family.name} was left out: the pilot holds no such labels, so what they teach "
                "about these comparisons cannot be measured; add some to the pilot"
            )
            continue
        asked = family.asked.answers_per_question if family.asked else None
        single = not compares(family.kind) or bool(source[1]) or source not in there
        for each in (asked,) if asked else (REPEATS[:1] if single else REPEATS):
            one = family
            if each > 1:
                options = {**family.options, "answers_per_question": each}
                one = replace(
                    family, name=f"{family.name}, {each} {TO_A_QUESTION}", options=options
                )
            ways.append(Way(one, source, each))
    return ways, said


def source_of(family: Family, held: Held) -> Source:
    """Whose answers of what kind the family buys."""
    asked, kind = family.asked, family.kind
    if kind == "votes" and not np.any(held.kind == "votes"):
        kind = "hard"
    model = asked.model if asked is not None else None
    if model is None and asked is not None and asked.annotators == MODEL:
        found = [m for k, m in held.sources() if k == kind and m]
        model = found[0] if found else MODEL
    return kind, model or ""


def comparison_curves(
    held: Held, families: list[Family], plan: PlanFile, metric: str, dims: int, seed: int,
    tell: Tell, unseen: Collection[int] = (),
) -> Learned:  # fmt: skip
    """The curve of every way to ask. `unseen` are the numbers of [[signal]] whose annotators
    nothing is known of: in each draw another share of their answers is random. Raises
    `PilotNeededError` where the pilot supports no plan."""
    spaces = plan.learner.learner.spaces
    if spaces is None or held.features is None:
        return _Making(held, plan, metric, dims, seed, tell, unseen).learned(families)
    linear = _Making(
        held, plan, metric, dims, seed, lambda what, done: tell(what, 0.4 * done), unseen,
        mixes=False,
    )  # fmt: skip
    linear.learned(families)
    learner: SpaceLearner = spaces(plan.learner.options(), held.features, seed)
    made = _Making(
        held, plan, metric, dims, seed, lambda what, done: tell(what, 0.4 + 0.6 * done), unseen,
        beside=Beside(learner.knowing(linear.lapse()), linear),
    )  # fmt: skip
    result = made.learned(families)
    result.extras["measured_curves"] = made.figures() + linear.figures(LEARNERS[LINEAR].words)
    said, differ = said_of_spaces(result.curves, linear.result.curves, plan, metric)
    result.extras["learners"] = said
    result.assumptions.append(learner_assumption(plan.learner))
    if differ:
        result.warnings.append(said)
    else:
        result.assumptions.append(Assumption("other learner", "the same answers", "", said))
    return result


@dataclass(frozen=True)
class Beside:
    """A learner that is planned with, and what the linear one was found to do on the pilot."""

    learner: SpaceLearner
    linear: _Making


def _told_of_others(ways: list[Way]) -> tuple[list[Way], list[str]]:
    """The ways that say something of items beyond those asked about, where there are no features,
    and what is said of the others."""
    kept = [way for way in ways if compares(way.family.kind)]
    names = ", ".join(way.family.name for way in ways if not compares(way.family.kind))
    if not names:
        return kept, []
    return kept, [
        f"{names} was left out: without features, a space learned from labels says nothing of "
        "items that have none, and shots are about those; add features, or set metric = "
        "'agreement', where labels are tested on comparisons"
    ]


class _Making:
    """One run: what several steps share."""

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

    def learned(self, families: list[Family]) -> Learned:
        result, held = self.result, self.held
        result.warnings += check_comparisons(held)
        self.main = self._main()
        self._strengths()
        ways, said = ways_of(families, held)
        if self.goal.needs_classes and held.features is None:
            ways, more = _told_of_others(ways)
            said += more
        result.warnings += said
        if not ways:
            raise InputError("no [[signal]] of the plan can be planned: " + "; ".join(said))
        sources = list(dict.fromkeys([self.main, *(w.source for w in ways), *self._others()]))
        for number, source in enumerate(sources):
            self._measure(source, 0.45 * number / len(sources), 0.45 / len(sources))
        self._ceiling()
        for number, way in enumerate(ways):
            self._way(way, 0.5 + 0.35 * number / len(ways), 0.35 / len(ways))
        if self.mixes:
            self._mix(ways)
        self._say()
        return result

    def _main(self) -> Source:
        rows = self.held.tested
        kinds, counts = np.unique(self.held.kind[rows], return_counts=True)
        return str(kinds[counts.argmax()]), ""

    def _strengths(self) -> None:
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

    def _others(self) -> list[Source]:
        """Sources of the pilot that nobody plans to ask: they are measured all the same."""
        few = [s for s in self.held.sources() if len(self.held.rows(s)) >= FEW]
        blind = self.goal.needs_classes and self.held.features is None
        return [s for s in few if not s[1] and not (blind and not compares(s[0]))]

    def _measure(self, source: Source, start: float, width: float) -> None:
        rows = self.held.rows(source)
        if len(rows) < FEW:
            return
        what = f"measuring {_name(source)} on held-out answers"
        self.tell(what, start)
        self.told[source] = measured(
            self.held, source, self.metric, self.learn, self.labels, self.seed,
            lambda done: self.tell(what, start + width * done),
            None if self.beside is None else self.fits[source],
        )  # fmt: skip

    def _tests(self, part: Part) -> Tested:
        batches = self.held.batches(part.tested) if self.goal.tests_answers else []
        return Tested(batches, self._people, self.held.classes, self.labels, part.unlabelled)

    @property
    def _people(self) -> dict[str, Any]:
        """How people answer the main kind of comparison, by its own fit."""
        if not hasattr(self, "_signals"):
            worlds = worlds_of(self.fits[self.main], 1)
            self._signals = {self.main[0]: worlds[0][1].answering(self.main[0])}
        return self._signals

    def _ceiling(self) -> None:
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

    def _way(self, way: Way, start: float, width: float) -> None:
        family, held = way.family, self.held
        what = f"twins of the pilot answer {family.name}"
        self.tell(what, start)
        anew = way.source not in self.told
        told = self.told[self.main if anew else way.source]
        blank = Curve(
            family, np.ones(1), np.zeros((1, 1)), np.zeros((0, 4)), np.inf, held.items, None
        )
        have = 0 if anew else len(held.rows(way.source))
        bought = max(most_answers(blank, self.plan.budget), 10.0)
        most = have + bought
        signal = one_answer(family)
        if anew:
            asking = asking_of(held, way.source, signal, self.seed, way.each)
            self.result.warnings.append(
                f"{family.name}: the pilot holds no such answers. They are simulated from what it "
                f"tells of the items, with {family.signal.precision:.3g} as precision and "
                f"{family.signal.lapse:.3g} as lapse, and the interval is widened for that"
            )
        else:
            (first,) = held.batches(held.rows(way.source)[:1])
            asking = asking_of(held, way.source, first.signal, self.seed, way.each)
        asking = replace(asking, own_noise=anew)
        factor = self._factor(way, told) if not anew else Factor(FACTOR, 2 * SPREAD)
        # What was never asked is followed from an eighth of what was.
        totals = totals_of(told.base, most, max(30, told.base // 8) if anew else None)
        rise = rise_of(
            told, held, asking, totals, self.metric, self._tests,
            worlds_of(self.fits[told.source], TWINS), {}, self.seed,
            lambda done: self.tell(what, start + width * done), anew=anew, learn=self.at_twin,
        )  # fmt: skip
        seen = forecast(told, rise, self.metric, self.ceiling, factor, most, self.seed)
        blind = not anew and self._tells_nothing(told)
        if blind:
            top = self.ceiling if math.isfinite(self.ceiling) else 1.0
            seen = of_anything(seen, told.base, top, self.seed)
        self._keep(way, told if not anew else None, seen)
        if way.source == self.main and way.each == 1:
            if blind:
                self._too_few(told)
            else:
                self._stop(told, rise, seen)
        if most > FAR * told.base * 1.01:
            self.result.warnings.append(
                f"{family.name}: twins were followed to {FAR * told.base:,.0f} answers, {FAR} "
                "times what was measured; on from there each doubling is taken to add the same "
                "share of the one before"
            )

    def _mix(self, ways: list[Way]) -> None:
        """Kinds of answers bought together, or why none are planned so."""
        budget = self.plan.budget
        different: dict[Source, tuple[Way, Curve]] = {}
        for way, curve in zip(ways, self.result.curves, strict=True):
            before = different.get(way.source)
            gain = expected_of(curve, budget) - (expected_of(before[1], budget) if before else -1)
            if before is None or gain > NOTHING:
                different[way.source] = way, curve
        if len(different) < 2:
            return
        kinds, left = [], []
        for source, (way, curve) in different.items():
            if source[1] or source not in self.told or way.family.number in self.unseen:
                left.append(way.family.name)
                continue
            (first,) = self.held.batches(self.held.rows(source)[:1])
            asking = asking_of(self.held, source, first.signal, self.seed, way.each)
            kinds.append(Kind(curve, source, replace(asking, own_noise=False)))
        if left:
            self.result.warnings.append(
                f"No mixture with {' or '.join(left)} was planned: mixtures are of kinds of which "
                f"the pilot holds {FEW} answers by people at least, because all of them are "
                "learned in one space"
            )
        if len(kinds) < 2:
            return
        what = "twins of the pilot answer several kinds of questions"
        self.tell(what, 0.86)
        mixture = mixture_of(
            self.held, kinds, budget, self.metric, self.fitter, self._tests, self.seed,
            lambda done: self.tell(what, 0.86 + 0.1 * done), self.at_twin,
        )  # fmt: skip
        if mixture is not None:
            self.result.extras["mixture"] = mixture

    def _factor(self, way: Way, told: Measured) -> Factor:
        if way.source in self.factors:
            return self.factors[way.source]
        if not math.isfinite(told.rise_error):
            self.factors[way.source] = Factor()
            return Factor()
        signal = self.held.batches(self.held.rows(way.source)[:1])[0].signal
        half = rise_of(
            told, self.held, asking_of(self.held, way.source, signal, self.seed), [told.base],
            self.metric, self._tests, worlds_of(self.fits[way.source], HALF_TWINS, -2), {},
            self.seed, lambda done: None, level=-2, learn=self.at_twin,
        )  # fmt: skip
        test, factor = backtest_of(told, half, self.metric, self.ceiling)
        self.factors[way.source] = factor
        if not test.low <= test.actual <= test.high:
            judged = metric_of(self.metric)
            ends = span(test.low, test.high, judged.percent)
            self.result.warnings.append(
                f"{_name(way.source)}: a forecast from half of the answers missed: "
                f"{show(test.predicted, judged.percent)} was foretold ({100 * LEVEL:.0f} % "
                f"interval {ends}) and {show(test.actual, judged.percent)} was measured with all. "
                "The plan's intervals are wider for it; trust its forecasts less"
            )
        self.result.extras.setdefault("backtest", []).append(
            {
                "family": _name(way.source),
                "trained_to": test.trained_to,
                "items": test.answers,
                "predicted": test.predicted,
                "low": test.low,
                "high": test.high,
                "actual": test.actual,
            }
        )
        self.result.assumptions.append(
            Assumption(
                f"rise with answers of {_name(way.source)}, beside the twins'",
                factor.value,
                f"times, give or take {factor.error:.2f}",
                f"twins of half the pilot against what all of it measured; before that {FACTOR} "
                f"give or take {SPREAD} (docs/comparisons.md)",
            )
        )
        return factor

    def _keep(self, way: Way, told: Measured | None, seen: Forecast) -> None:
        grid, draws = seen.sizes, seen.draws
        points = np.zeros((0, 4))
        if told is not None:
            half = Z * told.errors
            points = np.stack(
                [told.sizes, told.values, np.maximum(told.values - half, 0.0),
                 np.minimum(told.values + half, 1.0)], axis=1,
            )  # fmt: skip
            luck = np.random.default_rng([self.seed, 34]).standard_normal((DRAWS, 2))[:, :1]
            before = told.values[None, :-1] + told.errors[None, :-1] * luck
            grid = np.r_[told.sizes[:-1], grid]
            draws = np.column_stack([np.minimum(before, draws[:, :1]), draws])
        signal = one_answer(way.family)
        world = World(items=max(self.held.items, 3), classes=max(len(self.held.answers.classes), 2),
                      dims=min(self.dims, max(self.held.items, 3) - 1))  # fmt: skip
        bits = per_answer(signal, world, standard_error=1e-2, seed=self.seed)
        shown = points if way.each == 1 else np.zeros((0, 4))
        if way.family.number in self.unseen:
            blank = Curve(way.family, grid, draws, shown, float(grid[-1]), self.held.items, bits)
            draws = self._of_anyone(blank)
        self.result.curves.append(
            Curve(
                way.family,
                grid,
                draws,
                shown,
                float(grid[-1]),
                self.held.items,
                bits,
            )
        )

    def _of_anyone(self, curve: Curve) -> np.ndarray:
        """The draws where in each another share of the answers, from none to all, is random; with
        none that is known, quality is that of a guess."""
        return of_anyone(curve, self.seed, self.goal.least).draws

    def _tells_nothing(self, told: Measured) -> bool:
        """Are answers so few for the items that what is measured may be a guess? Spaces fall into
        place all at once, and before that nothing tells when."""
        if len(self.held.tested) >= EACH * self.held.items or self.goal.needs_classes:
            return False
        chance = 0.0
        if self.goal.tests_answers:
            (first,) = self.held.batches(self.held.rows(self.main)[:1])
            chance = 1 / max(first.signal.outcomes(2), 2)
        return told.value - 2 * told.error <= chance

    def _too_few(self, told: Measured) -> None:
        asked, items = len(self.held.tested), self.held.items
        judged = metric_of(self.metric)
        self.result.extras["lead"] = (
            f"This pilot is too small to foretell what more answers give: with {asked:,} answers "
            f"about {items:,} items, {judged.words} cannot be told from that of a guess, so that "
            f"intervals reach as far as it may go. Ask {EACH * items:,} answers to random "
            "questions before you decide."
        )

    def _stop(self, told: Measured, rise: Any, seen: Forecast) -> None:
        """Does twice as many answers buy anything that can be seen?"""
        held = self.held.rows(self.main)
        sizes = rise.sizes
        at = [float(np.interp(math.log(n), np.log(sizes), np.arange(len(sizes))))
              for n in (len(held), 2 * len(held))]  # fmt: skip
        place = np.arange(len(sizes))
        gains = [np.interp(at[1], place, row) - np.interp(at[0], place, row) for row in seen.gains]
        judged = metric_of(self.metric)
        top = self.ceiling if math.isfinite(self.ceiling) else 1.0
        room = top - told.value
        # What the curve itself says, and no more than there is room for.
        mean, low, high = interval(np.minimum(gains, max(room, 0.0)))
        self.result.extras["doubling"] = {"gain": mean, "interval": [low, high], "room": room}
        if low > NOTHING and room > NOTHING:
            return
        by = (
            f"twice the {len(held):,} answers you hold is expected to change {judged.words} by "
            f"{change(mean, (low, high), judged.percent)}"
        )
        if room > NOTHING and (mean > SMALL or high > LARGE):
            # Not to know of a gain is not to know that there is none.
            self.result.extras["lead"] = (
                f"Whether more answers gain anything cannot be told from this pilot: {by}."
            )
            return
        self.result.extras["lead"] = f"Stop here: {by}, which may be nothing that can be seen."
        self.result.extras["stop"] = True

    def _say(self) -> None:
        result, held, told = self.result, self.held, self.told[self.main]
        judged = metric_of(self.metric)
        rows = len(held.rows(self.main))
        curve = next(
            (c for c in result.curves if c.family.kind == self.main[0]
             and c.family.is_crowd), result.curves[0],
        )  # fmt: skip
        quality, _, _ = interval(curve.at(rows))
        result.extras["holdings"] = {
            "items": held.items,
            "answers": float(rows),
            "measured_on": told.base,
            "quality": quality,
            "standard_error": max(told.error, 1e-4),
            "worth": {c.family.name: self._worth(c, quality) for c in result.curves},
        }
        result.extras["measured_curves"] = self.figures()
        result.extras["bits_about"] = (
            "Bits that one answer tells about the positions of its items and classes, both unknown."
        )
        result.assumptions += [
            Assumption(
                "twins of the pilot",
                TWINS,
                "draws",
                f"positions and noise given the pilot; followed to {FAR} times what was measured",
            ),
        ]
        if self.goal.needs_classes:
            result.assumptions.append(
                Assumption(
                    "labels of each class", self.labels, "", "half of the usual class, 5 at most"
                )
            )
        on = f"measured on {self.goal.on(held)}"
        result.assumptions.append(Assumption("quality", judged.words, "", on))

    def _worth(self, curve: Curve, quality: float) -> float:
        mean = np.maximum.accumulate(curve.draws.mean(0))
        if quality >= mean[-1]:
            return float(curve.answers[-1])
        return float(np.exp(np.interp(quality, mean, np.log(curve.answers))))

    def figures(self, learner: str = "") -> list[MeasuredCurve]:
        """What was measured, source by source: quality, and shots where there are classes; with the
        name of the `learner` where there are several."""
        found = []
        for source, told in self.told.items():
            half = Z * told.errors
            entry: MeasuredCurve = {
                "source": f"{_name(source)}, {learner}" if learner else _name(source),
                "answers": told.sizes.tolist(),
                "quality": told.values.tolist(),
                "low": np.maximum(told.values - half, 0).tolist(),
                "high": np.minimum(told.values + half, 1).tolist(),
                "shots": self._shots(told),
            }
            found.append(entry)
        return found

    def _shots(self, told: Measured) -> Shots | None:
        """Few-shot accuracy of the same spaces, where items have classes."""
        if self.goal.needs_classes or np.unique(self.held.classes[self.held.classes >= 0]).size < 2:
            return None
        try:
            labels = classes_for_shots(self.held.classes)
        except InputError:
            return None
        part = told.parts[0]
        # Items whose class a space was learned from would be known, not foretold.
        new = unlabelled(self.held, part.fitted[-1])
        if new is not None and self.held.features is None:
            return None  # labels alone say nothing of items that have none
        try:
            scores = [
                shots(np.asarray(s.embedding_), self.held.classes, labels, seed=self.seed,
                      tested=new)
                for s in part.spaces
            ]  # fmt: skip
        except InputError:
            return None  # every item has labels
        return {
            "labels": labels,
            "answers": [len(rows) for rows in part.fitted],
            "accuracy": [float(s) for s in scores],
            "low": [s.low for s in scores],
            "high": [s.high for s in scores],
        }


def _name(source: Source) -> str:
    return f"{source[0]} by {source[1]}" if source[1] else source[0]
