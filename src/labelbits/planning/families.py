"""From the [[signal]] tables to ways of asking: a signal, its answers per item, its price."""

from __future__ import annotations

from collections.abc import Sequence

from labelbits.errors import InputError
from labelbits.interface import Signal
from labelbits.metrics import metric_of
from labelbits.planning.evidence.answers_held import Pilot
from labelbits.planning.evidence.noise import SignalNoise, calibration_of
from labelbits.planning.result import Assumption, Family
from labelbits.planning.spec.annotator_kinds import KnownBy, by
from labelbits.planning.spec.asked import SignalPlan
from labelbits.planning.spec.cost import affordable_items, price_of
from labelbits.planning.spec.planfile import PlanFile
from labelbits.signals import Hard, Votes, make, one_question

#: The most votes on one item that are ever tried.
MOST_VOTES = 30


def build_families(
    plan: PlanFile,
    dims: int,
    classes: int,
    pilot: Pilot,
    *,
    most_items: int | None = None,
    noise: Sequence[SignalNoise] | None = None,
) -> tuple[list[Family], list[Assumption]]:
    """Every way of asking that the plan compares, and the assumptions behind noise and price.

    `most_items` is how many items can be bought at all (None: as many as the money reaches).
    `noise`, given where quality comes from simulation, is the noise of each signal: the number of
    answers on each item is then free where the plan leaves it out.
    """
    simulated = noise is not None
    families: list[Family] = []
    assumptions: list[Assumption] = []
    taken: dict[str, int] = {}
    unpriced: dict[str, str] = {}
    asked_once = {(s.kind, s.annotators, s.model) for s in plan.signal}
    for number, asked in enumerate(plan.signal, start=1):
        options = {**_as_asked(asked, pilot), **asked.options()}
        if noise is not None:
            found = noise[number - 1]
            options["precision"], options["lapse"] = found.precision, found.lapse
            assumptions += _noise(asked, found)
        elif asked.lapse is not None and asked.known_by is KnownBy.PEOPLE:
            options["lapse"] = asked.lapse
        signal = make(asked.kind, dims, classes, **options)
        try:
            price = _price(plan, asked, number, signal, classes, pilot)
        except InputError as problem:
            unpriced[f"number {number} ({asked.kind})"] = str(problem)
            continue
        if asked.answers_per_item is not None:
            counts: tuple[int | None, ...] = (asked.answers_per_item,)
        elif signal.several_of:
            once = () if (signal.several_of, asked.annotators, asked.model) in asked_once else (1,)
            counts = (*once, *metric_of(plan.metric).answers_tried)
            full = _votes_for_all(plan, price.amount, most_items)
            if full is not None and full not in counts and not (full == 1 and not once):
                counts = tuple(sorted({*counts, full}))
        else:
            counts = (None,) if simulated else (1,)
        for count in counts:
            several = asked.kind if count in (None, 1) else f"{asked.kind} x {count}"
            name = by(several, asked.who)
            taken[name] = taken.get(name, 0) + 1
            if taken[name] > 1:
                name = f"{name} ({taken[name]})"
            one = signal
            if one_question(asked.kind) == "hard" and not simulated and (count or 1) > 1:
                one = Votes(answers_per_item=count or 1, lapse=signal.lapse)
            extra = {**_as_asked(asked, pilot), **asked.options()}
            families.append(
                Family(name, asked.kind, one, count, price, extra, asked.who, asked, number)
            )
        label = asked.asked
        assumptions.append(
            Assumption(
                f"price of one {label} answer", price.amount, plan.budget.currency, price.source
            )
        )
        if price.seconds is not None and asked.seconds is None:
            assumptions.append(
                Assumption(f"mean time of one {label} answer", price.seconds, "s", price.source)
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
    if unpriced:
        first, *more = unpriced
        also = f". No price is known either for {', '.join(more)}" if more else ""
        raise InputError(unpriced[first] + also)
    return families, assumptions


def _as_asked(asked: SignalPlan, pilot: Pilot) -> dict[str, int]:
    """The shape of the pilot's own questions of this kind (classes named, steps of a scale)."""
    model = asked.model or next(iter(pilot.model_names(asked.kind)), "")
    own = pilot.models.get((model, asked.kind)) if asked.known_by is KnownBy.MODEL else None
    batch = own or pilot.batches.get(asked.kind)
    if batch is None or batch.signal.several_of:
        return {}
    found = {name: getattr(batch.signal, name, None) for name in batch.signal.options}
    return {name: value for name, value in found.items() if isinstance(value, int)}


def one_answer(family: Family) -> Signal:
    """The channel of one paid answer: one vote of `votes` is a hard label."""
    signal = family.signal
    if isinstance(signal, Votes):
        return Hard(precision=signal.precision, lapse=signal.lapse)
    return signal


def _price(plan: PlanFile, asked: SignalPlan, number: int, signal: Signal, classes: int,
           pilot: Pilot):  # fmt: skip
    """The price of one answer, from the pilot of the same annotators where it tells."""
    found, budget = calibration_of(asked, pilot), plan.budget
    measured = found and found.price_of_answer(budget.wage_per_hour, budget.fee)
    return price_of(asked, number, signal, classes, budget, measured)


def _votes_for_all(plan: PlanFile, amount: float, most_items: int | None) -> int | None:
    """Votes on each item when all the money goes to the items that there are; None for less than
    two: then money, not items, is what is scarce."""
    if most_items is None:
        return None
    from labelbits.planning.spec.cost import Price

    price = Price(amount, None, 0.0, "")
    each = 1
    while each < MOST_VOTES and affordable_items(price, each + 1, plan.budget) >= most_items:
        each += 1
    return each if each > 1 else None


def _noise(asked: SignalPlan, found: SignalNoise) -> list[Assumption]:
    """What the plan assumes of the noise of one kind of question."""
    result = []
    kind = asked.asked
    if asked.precision is None:
        result.append(
            Assumption(
                f"precision of {kind}",
                found.precision,
                "1 / squared distance",
                found.precision_source,
            )
        )
    if asked.lapse is None:
        result.append(
            Assumption(f"lapse of {kind}", found.lapse, "probability", found.lapse_source)
        )
    return result
