"""The main job: read a plan file, predict what every purchase gives, and advise."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from labelbits.annotators.calibration import calibrate
from labelbits.annotators.people import people_and_models
from labelbits.answers.files.containers import one_sheet
from labelbits.errors import InputError
from labelbits.metrics import metric_of
from labelbits.planning.advice.advise import advise
from labelbits.planning.evidence.answers_held import Pilot, encode_pilot, read_pilot
from labelbits.planning.evidence.dimensions import choose_dims
from labelbits.planning.evidence.loading import Evidence, load_evidence
from labelbits.planning.evidence.noise import without_random
from labelbits.planning.evidence.refusal import PilotNeededError
from labelbits.planning.families import build_families
from labelbits.planning.records import Extras
from labelbits.planning.result import Assumption, Curve, Family, Plan
from labelbits.planning.spec.planfile import PlanFile
from labelbits.planning.spec.planreader import read_plan
from labelbits.planning.spec.values import checked_money

#: Called with (what is being done, share done from 0 to 1).
Progress = Callable[[str, float], None]


def plan(
    path: str | Path,
    *,
    budget: float | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Plan:
    """Make the plan that a plan file asks for.

    `budget` overrides the file's amount. Equal seeds give equal plans. Raises `InputError` for
    anything wrong with the file or the data that it names.
    """
    path = Path(path)
    return plan_wanted(
        read_plan(path), title=_title(path), budget=budget, seed=seed, progress=progress
    )


def plan_wanted(
    wanted: PlanFile,
    *,
    title: str,
    budget: float | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Plan:
    """`plan` of a plan file that was read already; `title` names the plan."""
    if budget is not None:
        checked_money("--budget", budget)
        if budget <= wanted.budget.spent:
            raise InputError(
                f"--budget is {budget:g} and [budget] spent is {wanted.budget.spent:g}; expected "
                "a budget above what is spent already"
            )
        wanted = wanted.model_copy(
            update={"budget": wanted.budget.model_copy(update={"amount": float(budget)})}
        )
    spent = wanted.budget.spent
    if spent:
        left = wanted.budget.model_copy(
            update={"amount": round(wanted.budget.amount - spent, 9), "spent": 0.0}
        )
        wanted = wanted.model_copy(update={"budget": left})
    tell = progress or (lambda what, share: None)
    tell("reading the data", 0.0)
    try:
        made = _make(wanted, seed, tell, spent)
    except PilotNeededError as problem:
        families = families_to_price(wanted, _measured(wanted, seed))
        raise InputError(problem.message(families, wanted.budget)) from None
    tell("done", 1.0)
    return replace(made, title=title)


def _measured(wanted: PlanFile, seed: int) -> Pilot:
    """What answers of a pilot that could not be used took and cost: one more will, too."""
    with contextlib.suppress(InputError):
        answers = read_pilot(wanted, None, seed)
        if answers is not None:
            people, _ = people_and_models(answers)
            return Pilot(calibration=calibrate(people, only=("seconds",)))
    return Pilot()


def families_to_price(wanted: PlanFile, pilot: Pilot | None = None) -> list[Family]:
    """The ways of asking, as far as they have a price; without `pilot` by what is published."""
    found: list[Family] = []
    pilot = pilot or Pilot()
    for asked in wanted.signal:
        alone = wanted.model_copy(update={"signal": (asked,)})
        with contextlib.suppress(InputError):
            found += build_families(alone, 2, wanted.dataset.classes or 10, pilot)[0]
    return found


#: A road from a plan file to a plan: (what is wanted, what is held, seed, progress, spent).
Road = Callable[[PlanFile, "Given", int, Progress, float], Plan]


@dataclass(frozen=True)
class Given:
    """What the plan file names: `evidence` where there are features, else the `pilot` alone."""

    evidence: Evidence | None
    pilot: Pilot

    @property
    def compares(self) -> bool:
        """Does the pilot hold comparisons of items by people?"""
        return any(not batch.signal.uses_classes for batch in self.pilot.batches.values())

    @property
    def warnings(self) -> list[str]:
        """What has to be said of the data."""
        if self.evidence is None:
            return list(self.pilot.notes)
        return [*self.evidence.warnings, *self.evidence.notes]


def _make(wanted: PlanFile, seed: int, tell: Progress, spent: float) -> Plan:
    given = _given(wanted, seed, tell)
    data = wanted.dataset
    if data.items is None and not data.has_items and given.pilot.answers is not None:
        found = data.model_copy(update={"items": max(3, len(given.pilot.answers.items))})
        wanted = wanted.model_copy(update={"dataset": found})
    return _road(wanted, given)(wanted, given, seed, tell, spent)


def _road(wanted: PlanFile, given: Given) -> Road:
    """Measured on comparisons, measured on labels, or simulated: what the goal asks for and the
    pilot can tell."""
    judges_space = metric_of(wanted.metric).of_space
    # (the space itself is judged, the pilot compares items, there are features)
    roads: dict[tuple[bool, bool, bool], Road] = {
        (True, True, True): _from_comparisons,
        (True, True, False): _from_comparisons,
        (True, False, True): _from_specification,
        (True, False, False): _from_specification,
        (False, True, True): _from_evidence,
        (False, False, True): _from_evidence,
        (False, True, False): _from_specification,
        (False, False, False): _from_specification,
    }
    road = roads[judges_space, given.compares, given.evidence is not None]
    learner = wanted.learner.learner
    learns = road is _from_evidence
    if learner.spaces is not None and road is _from_comparisons and given.evidence is not None:
        learns = True
    if learner.made is not None and not learns:
        also = "" if learner.spaces is None else ", or features and a pilot that compares items"
        raise InputError(
            f'[learner] kind is "{learner.name}": {learner.many} are planned for labels of classes '
            f"{'' if learner.spaces is None else 'and for comparisons '}"
            "on the features of items; expected [dataset] features and a signal that names "
            f"classes{also}, or no [learner]"
        )
    return road


def _given(wanted: PlanFile, seed: int, tell: Progress) -> Given:
    """The files that the plan names."""
    with one_sheet(wanted.dataset.sheet):
        return _read(wanted, seed, tell)


def _read(wanted: PlanFile, seed: int, tell: Progress) -> Given:
    if wanted.dataset.has_items:
        evidence = load_evidence(wanted, seed, tell)
        return Given(evidence, evidence.pilot)
    answers = read_pilot(wanted, None, seed)
    names = tuple(str(k) for k in range(wanted.dataset.classes or 10))
    known = answers is None or set(answers.classes) <= set(names)
    return Given(None, encode_pilot(answers, None, names if known else None))


def _title(path: Path) -> str:
    return path.stem.replace("_", " ").replace("-", " ")


def _from_evidence(wanted: PlanFile, given: Given, seed: int, tell: Progress, spent: float) -> Plan:
    """Quality is what a classifier on the user's features learns from each kind of label."""
    evidence = given.evidence
    assert evidence is not None
    metric = wanted.metric
    classes = evidence.counts.shape[1]
    warnings = given.warnings
    usable = []
    from labelbits.signals import REGISTRY

    for asked in wanted.signal:
        if REGISTRY[asked.kind].labels_items():
            usable.append(asked)
        else:
            warnings.append(
                f"{asked.kind} was left out: it names no class, so no classifier's {metric} can be "
                "predicted from it; plan it with metric = 'alignment'"
            )
    if not usable:
        raise InputError(
            f"[goal] metric is {metric!r} and no signal of the plan names classes; add one, or set "
            "metric = 'alignment'"
        )
    wanted = wanted.model_copy(update={"signal": tuple(usable)})
    wanted, random = without_random(wanted, evidence.pilot)
    warnings += random
    from labelbits.planning.measured.curves import learned_curves, purchasable

    families, assumptions = build_families(
        wanted, 2, classes, evidence.pilot, most_items=purchasable(evidence, wanted)
    )
    learned = learned_curves(evidence, families, wanted, metric, seed, tell)
    learned.extras["classes"] = list(evidence.class_names)
    made = _finish(
        wanted,
        metric,
        learned.curves,
        assumptions + learned.assumptions,
        warnings + learned.warnings,
        learned.extras,
        seed,
        spent,
    )
    return replace(made, items=learned.items)


def _from_comparisons(
    wanted: PlanFile, given: Given, seed: int, tell: Progress, spent: float
) -> Plan:
    """Quality is measured on the pilot's own comparisons, and forecast by twins of it."""
    from labelbits.planning.comparisons.road import comparisons_of
    from labelbits.planning.measured.items import compared_items

    found = comparisons_of(wanted, given.pilot, given.evidence, seed, tell)
    extras: Extras = {"classes": wanted.dataset.classes, **found.learned.extras}
    made = _finish(
        found.wanted,
        found.metric,
        found.learned.curves,
        found.learned.assumptions,
        given.warnings + found.learned.warnings,
        extras,
        seed,
        spent,
    )
    return replace(made, items=compared_items(given.pilot, given.evidence))


def _from_specification(
    wanted: PlanFile, given: Given, seed: int, tell: Progress, spent: float
) -> Plan:
    """Quality is how well the latent space is recovered in simulated worlds of this size."""
    evidence, pilot, warnings = given.evidence, given.pilot, given.warnings
    lead = ""
    if wanted.goal.metric not in (None, "alignment"):
        needs = "features, and labels of about 100 of the items"
        if metric_of(wanted.goal.metric).of_space:
            needs = "a pilot of 100 comparisons by people or more, 10 for each item"
        lead = (
            f"This is no plan of {wanted.goal.metric}: that needs {needs}. Quality here is how "
            "well simulated worlds are recovered (Spearman correlation of the distances between "
            "items)."
        )
    if wanted.goal.shots_per_class or wanted.goal.test_groups:
        warnings.append(
            "shots_per_class and test_groups are about a classifier; they were left out of a plan "
            "of alignment"
        )
    classes = wanted.dataset.classes or (evidence.counts.shape[1] if evidence else 10)
    dims, found, tells = wanted.dataset.dims, [], True
    if dims == "auto":
        items = wanted.dataset.items or (len(evidence.features) if evidence else None)
        chosen, found, more = choose_dims(evidence, seed, items)
        dims, tells = chosen.value, chosen.rests_on == "answers"
        warnings += more
    # Imported here: a plan from data does not need the simulator, nor the other way round.
    from labelbits.planning.evidence.noise import assumed_noise, noise_of, not_seen
    from labelbits.planning.simulated.curves import simulated_curves
    from labelbits.planning.simulated.ranges import open_noise

    tell("measuring the pilot's noise", 0.02)
    pilot = pilot.calibrated(dims, seed)
    wanted, random = without_random(wanted, pilot)
    warnings += random
    noise = noise_of(wanted, pilot)

    def families_in(dims: int) -> tuple[list[Family], list[Assumption]]:
        return build_families(
            wanted, dims, classes, pilot, most_items=wanted.dataset.items, noise=noise
        )

    families, assumptions = families_in(dims)
    unseen = not_seen(wanted, noise)
    asked = open_noise(wanted, noise)
    simulated = simulated_curves(
        lambda dims: families_in(dims)[0], wanted, evidence, dims, classes, seed, tell, unseen,
        asked, dims_known=tells,
    )  # fmt: skip
    warnings += assumed_noise(wanted, families, noise)
    return _finish(
        wanted,
        "alignment",
        simulated.curves,
        found + assumptions + simulated.assumptions,
        warnings + simulated.warnings,
        {
            "classes": wanted.dataset.classes,
            "lead": lead,
            "simulated": True,
            **simulated.extras,
        },
        seed,
        spent,
    )


def _finish(
    wanted: PlanFile,
    metric: str,
    curves: list[Curve],
    assumptions: list[Assumption],
    warnings: list[str],
    extras: Extras,
    seed: int,
    spent: float,
) -> Plan:
    budget = wanted.budget
    source = "plan file" if "wage_per_hour" in budget.model_fields_set else "assumed: none is given"
    assumptions.append(
        Assumption("wage", budget.wage_per_hour, f"{budget.currency} an hour", source)
    )
    for key, (name, unit) in budget.extra_costs().items():
        if value := getattr(budget, key):
            assumptions.append(Assumption(name, value, unit or budget.currency, "plan file"))
    if spent:
        assumptions.append(
            Assumption(
                "spent already",
                spent,
                budget.currency,
                f"plan file; {budget.amount:,.2f} are left, and this plan is about them",
            )
        )
    extras = {**extras, "target": wanted.goal.target, "seed": seed, "spent": spent}
    return advise(metric, curves, budget, assumptions, warnings, extras)
