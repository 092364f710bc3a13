"""Curves of every way to ask, for plans about comparisons: measured, then forecast by twins."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from labelbits.errors import InputError
from labelbits.planning.comparisons.beside import SpaceLearner, said_of_spaces
from labelbits.planning.comparisons.doubts import check_comparisons
from labelbits.planning.comparisons.following import follow_way
from labelbits.planning.comparisons.held import Held, Source
from labelbits.planning.comparisons.making import FEW, Beside, Making, Tell
from labelbits.planning.comparisons.mixture import Kind, expected_of, mixture_of
from labelbits.planning.comparisons.telling import figures, say
from labelbits.planning.comparisons.twins import asking_of
from labelbits.planning.comparisons.ways import Way, told_of_others, ways_of
from labelbits.planning.measured.curves import Learned
from labelbits.planning.measured.other_learner import learner_assumption
from labelbits.planning.result import NOTHING, Assumption, Curve, Family
from labelbits.planning.spec.learners import LEARNERS, LINEAR
from labelbits.planning.spec.planfile import PlanFile


def comparison_curves(
    held: Held, families: list[Family], plan: PlanFile, metric: str, dims: int, seed: int,
    tell: Tell, unseen: Collection[int] = (),
) -> Learned:  # fmt: skip
    """The curve of every way to ask. `unseen` are the numbers of [[signal]] whose annotators
    nothing is known of: in each draw another share of their answers is random. Raises
    `PilotNeededError` where the pilot supports no plan."""
    spaces = plan.learner.learner.spaces
    if spaces is None or held.features is None:
        return _learned(Making(held, plan, metric, dims, seed, tell, unseen), families)
    linear = Making(
        held, plan, metric, dims, seed, lambda what, done: tell(what, 0.4 * done), unseen,
        mixes=False,
    )  # fmt: skip
    _learned(linear, families)
    learner: SpaceLearner = spaces(plan.learner.options(), held.features, seed)
    made = Making(
        held, plan, metric, dims, seed, lambda what, done: tell(what, 0.4 + 0.6 * done), unseen,
        beside=Beside(learner.knowing(linear.lapse()), linear),
    )  # fmt: skip
    result = _learned(made, families)
    result.extras["measured_curves"] = figures(made) + figures(linear, LEARNERS[LINEAR].words)
    said, differ = said_of_spaces(result.curves, linear.result.curves, plan, metric)
    result.extras["learners"] = said
    result.assumptions.append(learner_assumption(plan.learner))
    if differ:
        result.warnings.append(said)
    else:
        result.assumptions.append(Assumption("other learner", "the same answers", "", said))
    return result


def _learned(run: Making, families: list[Family]) -> Learned:
    result, held = run.result, run.held
    result.warnings += check_comparisons(held)
    run.choose_strengths()
    ways, said = ways_of(families, held)
    if run.goal.needs_classes and held.features is None:
        ways, more = told_of_others(ways)
        said += more
    result.warnings += said
    if not ways:
        raise InputError("no [[signal]] of the plan can be planned: " + "; ".join(said))
    sources = list(dict.fromkeys([run.main, *(w.source for w in ways), *run.others()]))
    for number, source in enumerate(sources):
        run.measure(source, 0.45 * number / len(sources), 0.45 / len(sources))
    run.find_ceiling()
    for number, way in enumerate(ways):
        follow_way(run, way, 0.5 + 0.35 * number / len(ways), 0.35 / len(ways))
    if run.mixes:
        _mix(run, ways)
    say(run)
    return result


def _mix(run: Making, ways: list[Way]) -> None:
    """Kinds of answers bought together, or why none are planned so."""
    budget = run.plan.budget
    different: dict[Source, tuple[Way, Curve]] = {}
    for way, curve in zip(ways, run.result.curves, strict=True):
        before = different.get(way.source)
        gain = expected_of(curve, budget) - (expected_of(before[1], budget) if before else -1)
        if before is None or gain > NOTHING:
            different[way.source] = way, curve
    if len(different) < 2:
        return
    kinds, left = [], []
    for source, (way, curve) in different.items():
        if source[1] or source not in run.told or way.family.number in run.unseen:
            left.append(way.family.name)
            continue
        (first,) = run.held.batches(run.held.rows(source)[:1])
        asking = asking_of(run.held, source, first.signal, run.seed, way.each)
        kinds.append(Kind(curve, source, replace(asking, own_noise=False)))
    if left:
        run.result.warnings.append(
            f"No mixture with {' or '.join(left)} was planned: mixtures are of kinds of which "
            f"the pilot holds {FEW} answers by people at least, because all of them are "
            "learned in one space"
        )
    if len(kinds) < 2:
        return
    what = "twins of the pilot answer several kinds of questions"
    run.tell(what, 0.86)
    mixture = mixture_of(
        run.held, kinds, budget, run.metric, run.fitter, run.tests, run.seed,
        lambda done: run.tell(what, 0.86 + 0.1 * done), run.at_twin,
    )  # fmt: skip
    if mixture is not None:
        run.result.extras["mixture"] = mixture
