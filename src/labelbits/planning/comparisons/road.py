"""From a plan file and a pilot of comparisons to curves: who is asked what, in which space."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from labelbits.annotators.dimensions import dimensions_of
from labelbits.annotators.people import people_and_models
from labelbits.annotators.truth import majority_of_people
from labelbits.interface import Answers
from labelbits.planning.comparisons.curves import comparison_curves
from labelbits.planning.comparisons.doubts import random_questions, said_of_kinds_of_people
from labelbits.planning.comparisons.goals import goal_of
from labelbits.planning.comparisons.held import Held, held_answers
from labelbits.planning.evidence.answers_held import Pilot
from labelbits.planning.evidence.loading import Evidence
from labelbits.planning.evidence.noise import assumed_noise, noise_of, not_seen, without_random
from labelbits.planning.families import build_families
from labelbits.planning.measured.curves import Learned
from labelbits.planning.result import Assumption
from labelbits.planning.spec.planfile import PlanFile
from labelbits.recovery.held_out.folds import take
from labelbits.signals.encoding import is_kept


@dataclass(frozen=True)
class Road:
    """The plan that is made (without signals that cannot be planned), its metric, its curves."""

    wanted: PlanFile
    metric: str
    learned: Learned


def comparisons_of(
    wanted: PlanFile, pilot: Pilot, evidence: Evidence | None, seed: int,
    tell: Callable[[str, float], None],
) -> Road:  # fmt: skip
    """Curves of every [[signal]] on the pilot's comparisons. Raises `InputError`, with the pilot to
    run, where it cannot support them."""
    metric = goal_of(wanted.metric).name
    held, said = held_of(pilot, evidence)
    dims = wanted.dataset.dims
    chosen = [Assumption("dims", dims, "", "plan file")]
    if dims == "auto":
        tell("choosing dimensions", 0.01)
        features = None if evidence is None else evidence.features
        found = dimensions_of(pilot.everyone, features, len(held.answers.classes), seed)
        dims, chosen = found.value, [Assumption("dims", found.value, "", found.source)]
    dims = min(int(dims), max(1, held.items - 1))
    tell("measuring the pilot's noise", 0.02)
    assert pilot.everyone is not None
    said += said_of_kinds_of_people(pilot.everyone, seed)
    pilot = pilot.calibrated(dims, seed)
    wanted, random = without_random(wanted, pilot)
    said += random
    noise = noise_of(wanted, pilot)
    classes = max(len(held.answers.classes), 2)
    families, assumptions = build_families(
        wanted, dims, classes, pilot, most_items=held.items, noise=noise
    )
    unseen = not_seen(wanted, noise)
    learned = comparison_curves(held, families, wanted, metric, dims, seed, tell, unseen)
    there = {kind for kind, model in held.sources() if not model}
    told = [
        replace(one, measured=one.measured or (asked.kind in there and number not in unseen))
        for number, (asked, one) in enumerate(zip(wanted.signal, noise, strict=True), start=1)
    ]
    said += assumed_noise(wanted, families, told)
    learned.assumptions = chosen + assumptions + learned.assumptions
    learned.warnings = said + learned.warnings
    return Road(wanted, metric, learned)


def held_of(pilot: Pilot, evidence: Evidence | None) -> tuple[Held, list[str]]:
    """The pilot's answers as a space is learned from them, and what is left out of them."""
    assert pilot.answers is not None
    assert pilot.everyone is not None
    people, said = random_questions(_modelled(pilot.answers))
    _, models = people_and_models(pilot.everyone)
    models = {name: _modelled(own) for name, own in models.items()}
    truth = pilot.truth if pilot.truth is not None else np.full(len(people.items), -1)
    classes = np.asarray(majority_of_people(people, truth))
    features = None
    if evidence is not None:
        features = evidence.features[[int(name) for name in people.items]]
    return held_answers(people, models, features, classes), said


def _modelled(answers: Answers) -> Answers:
    """The answers of signals that are modelled."""
    kept = np.array([not is_kept(name) for name in answers.table["signal"]], dtype=bool)
    return answers if kept.all() else take(answers, np.flatnonzero(kept))
