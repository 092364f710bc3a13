"""The main job: read a plan file, predict what every purchase gives, and advise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from labelbits.errors import InputError, check_positive
from labelbits.planning.cost import Price
from labelbits.planning.families import build_families
from labelbits.planning.inputs import Evidence, load_evidence
from labelbits.planning.planfile import Budget, PlanFile, read_plan
from labelbits.planning.recommend import crossovers, list_options, recommend, with_mixture
from labelbits.planning.result import Assumption, Curve, Plan

#: Called with (what is being done, share done from 0 to 1).
Progress = Callable[[str, float], None]

METRIC_NAMES = {
    "accuracy": "accuracy",
    "cross-entropy": "cross-entropy (bits)",
    "alignment": "alignment (Spearman)",
}


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
    wanted = read_plan(path)
    if budget is not None:
        check_positive("--budget", budget)
        wanted = wanted.model_copy(
            update={"budget": wanted.budget.model_copy(update={"amount": float(budget)})}
        )
    tell = progress or (lambda what, share: None)
    tell("reading the data", 0.0)
    if wanted.dataset.features is None:
        made = _from_specification(wanted, seed, tell)
    else:
        evidence = load_evidence(wanted, seed)
        if wanted.goal.metric == "alignment":
            made = _from_specification(wanted, seed, tell, evidence)
        else:
            made = _from_evidence(wanted, evidence, seed, tell)
    tell("done", 1.0)
    return replace(made, title=_title(path))


def _title(path: Path) -> str:
    return path.stem.replace("_", " ").replace("-", " ")


def _from_evidence(wanted: PlanFile, evidence: Evidence, seed: int, tell: Progress) -> Plan:
    """Quality is what a classifier on the user's features learns from each kind of label."""
    metric = wanted.goal.metric or "accuracy"
    classes = evidence.counts.shape[1]
    warnings = list(evidence.warnings) + list(evidence.notes)
    usable = []
    from labelbits.signals import REGISTRY

    for asked in wanted.signal:
        if REGISTRY[asked.kind].uses_classes and asked.kind != "same-class":
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
    families, assumptions = build_families(wanted, 2, classes, evidence, simulated=False)
    from labelbits.planning.learned import learned_curves

    learned = learned_curves(evidence, families, wanted, metric, seed, tell)
    learned.extras["classes"] = list(evidence.class_names)
    return _finish(
        wanted,
        metric,
        learned.curves,
        assumptions + learned.assumptions,
        warnings + learned.warnings,
        learned.extras,
        seed,
    )


def _from_specification(
    wanted: PlanFile, seed: int, tell: Progress, evidence: Evidence | None = None
) -> Plan:
    """Quality is how well the latent space is recovered in simulated worlds of this size."""
    warnings = []
    if wanted.goal.metric in ("accuracy", "cross-entropy"):
        warnings.append(
            f"{wanted.goal.metric} needs features and votes; without them quality is the "
            "recovery of the latent space (Spearman correlation of distances) in simulated worlds"
        )
    classes = wanted.dataset.classes or (evidence.counts.shape[1] if evidence else 10)
    dims = wanted.dataset.dims if wanted.dataset.dims != "auto" else 5
    families, assumptions = build_families(wanted, dims, classes, evidence, simulated=True)
    # Imported here: a plan from data does not need the simulator, nor the other way round.
    from labelbits.planning.simulated import simulated_curves

    simulated = simulated_curves(families, wanted, evidence, dims, classes, seed, tell)
    if wanted.dataset.dims == "auto":
        assumptions.append(
            Assumption("dims", dims, "", "assumed for 'auto': give dims, or a pilot of comparisons")
        )
    return _finish(
        wanted,
        "alignment",
        simulated.curves,
        assumptions + simulated.assumptions,
        warnings + simulated.warnings,
        simulated.extras,
        seed,
    )


def _finish(
    wanted: PlanFile,
    metric: str,
    curves: list[Curve],
    assumptions: list[Assumption],
    warnings: list[str],
    extras: dict[str, Any],
    seed: int,
) -> Plan:
    assumptions.append(
        Assumption(
            "wage",
            wanted.budget.wage_per_hour,
            f"{wanted.budget.currency} an hour",
            "plan file, or 12 where left out",
        )
    )
    extras = {**extras, "target": wanted.goal.target, "seed": seed}
    return advise(metric, curves, wanted.budget, assumptions, warnings, extras)


def advise(
    metric: str,
    curves: list[Curve],
    budget: Budget,
    assumptions: list[Assumption],
    warnings: list[str],
    extras: dict[str, Any],
) -> Plan:
    """The plan that these curves and this budget lead to."""
    sign = -1 if metric == "cross-entropy" else 1
    seed = extras["seed"]
    options = list_options(curves, budget, seed)
    bought = {option.family for option in options}
    notes = [
        f"{curve.family.name} cannot be bought: one item costs more than the budget"
        for curve in curves
        if curve.family.name not in bought
    ]
    advice = recommend(
        curves,
        options,
        budget,
        seed,
        sign=sign,
        metric_name=METRIC_NAMES[metric],
        percent=metric == "accuracy",
        target=extras.get("target"),
    )
    mixture = extras.get("mixture")
    if mixture and mixture["budget"] == budget.amount and mixture["interval"][0] > 0:
        advice = with_mixture(advice, mixture, budget)
    return Plan(
        metric=metric,
        metric_name=METRIC_NAMES[metric],
        lower_is_better=sign < 0,
        currency=budget.currency,
        budget=budget.amount,
        recommendation=advice,
        options=options,
        crossovers=crossovers([c for c in curves if c.family.name in bought], budget, seed, sign),
        assumptions=assumptions,
        warnings=list(dict.fromkeys([*warnings, *notes])),
        curves=curves,
        extras=extras,
        terms=budget,
    )


def replan(
    plan: Plan, *, amount: float | None = None, prices: dict[str, float] | None = None
) -> Plan:
    """The same evidence under another budget or other prices: no new training, milliseconds.

    `prices` maps names of families to the price of one answer. Raises `InputError` for a name
    that the plan does not have and for money that is not above 0.
    """
    prices = prices or {}
    known = {curve.family.name for curve in plan.curves}
    for name, price in prices.items():
        if name not in known:
            raise InputError(f"price of {name!r}: expected one of: {', '.join(sorted(known))}")
        check_positive(f"price of {name}", price)
    curves = []
    for curve in plan.curves:
        family = curve.family
        if family.name in prices:
            price = Price(prices[family.name], None, 0.0, "set by hand")
            family = replace(family, price=price)
        curves.append(replace(curve, family=family))
    money = plan.budget if amount is None else check_positive("budget", amount)
    terms = plan.terms.model_copy(update={"amount": float(money)})
    extras = dict(plan.extras)
    if prices or amount is not None:
        extras.pop("mixture", None)  # it was designed for other money
    made = advise(plan.metric, curves, terms, plan.assumptions, plan.warnings, extras)
    return replace(made, title=plan.title)
