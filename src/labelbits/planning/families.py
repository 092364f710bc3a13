"""From the [[signal]] tables to ways of asking: a signal, its answers per item, its price."""

from __future__ import annotations

from labelbits.interface import Signal
from labelbits.planning.answering import DEFAULT_LAPSE
from labelbits.planning.cost import price_of
from labelbits.planning.inputs import Evidence
from labelbits.planning.planfile import PlanFile
from labelbits.planning.result import Assumption, Family
from labelbits.signals import Hard, Votes, make

#: Votes on each item that are tried where the plan does not say.
VOTES_TRIED = (3, 10)


def build_families(
    plan: PlanFile, dims: int, classes: int, evidence: Evidence | None, simulated: bool
) -> tuple[list[Family], list[Assumption]]:
    """Every way of asking that the plan compares, and the assumptions behind noise and price.

    `simulated`: quality comes from simulation, so that noise has to be assumed and the number of
    answers on each item is free where the plan leaves it out.
    """
    families: list[Family] = []
    assumptions: list[Assumption] = []
    taken: dict[str, int] = {}
    for number, asked in enumerate(plan.signal, start=1):
        options = asked.options()
        if simulated:
            options["precision"] = asked.precision if asked.precision is not None else 1.0
            options["lapse"] = asked.lapse if asked.lapse is not None else DEFAULT_LAPSE
            assumptions += _noise(asked.kind, asked.precision, asked.lapse)
        elif asked.lapse is not None:
            options["lapse"] = asked.lapse
        signal = make(asked.kind, dims, classes, **options)
        times = evidence.seconds.get(asked.kind) if evidence else None
        if times is None and evidence and asked.kind == "votes":
            times = evidence.seconds.get("hard")
        price = price_of(asked, number, signal, classes, plan.budget, times)
        counts: tuple[int | None, ...]
        if asked.answers_per_item is not None:
            counts = (asked.answers_per_item,)
        elif asked.kind == "votes":
            counts = VOTES_TRIED
        else:
            counts = (None,) if simulated else (1,)
        for count in counts:
            name = asked.kind if count in (None, 1) else f"{asked.kind} x {count}"
            taken[name] = taken.get(name, 0) + 1
            if taken[name] > 1:
                name = f"{name} ({taken[name]})"
            one = signal
            if asked.kind in ("hard", "votes") and not simulated and (count or 1) > 1:
                one = Votes(answers_per_item=count or 1)
            extra = {
                k: v for k, v in asked.options().items() if k in ("top", "negatives", "levels")
            }
            families.append(Family(name, asked.kind, one, count, price, extra))
        assumptions.append(
            Assumption(
                f"price of one {asked.kind} answer",
                price.amount,
                plan.budget.currency,
                price.source,
            )
        )
        if price.seconds is not None and asked.seconds is None:
            assumptions.append(
                Assumption(
                    f"mean time of one {asked.kind} answer", price.seconds, "s", price.source
                )
            )
        if asked.kind == "hard" and price.log_sd >= 0.4 and classes <= 30:
            assumptions.append(
                Assumption(
                    "hard label, speeded",
                    1.9,
                    "s (mean)",
                    "CIFAR-10H (Lim et al. 2024, arXiv 2412.00260): the other study, so the price "
                    "may be off by a factor of about 1.5",
                )
            )
    return families, assumptions


def one_answer(family: Family) -> Signal:
    """The channel of one paid answer: one vote of `votes` is a hard label."""
    signal = family.signal
    if isinstance(signal, Votes):
        return Hard(precision=signal.precision, lapse=signal.lapse)
    return signal


def _noise(kind: str, precision: float | None, lapse: float | None) -> list[Assumption]:
    found = []
    if precision is None:
        found.append(
            Assumption(
                f"precision of {kind}",
                1.0,
                "1 / squared distance",
                "assumed: no pilot; distances of a standard normal world",
            )
        )
    if lapse is None:
        found.append(
            Assumption(
                f"lapse of {kind}",
                DEFAULT_LAPSE,
                "probability",
                "CIFAR-10H: a single label is right 95.24 % of the time (Peterson et al. 2019)",
            )
        )
    return found
