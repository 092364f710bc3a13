"""Precision and lapse of every signal for plans from simulation: who was measured, else assumed."""

from __future__ import annotations

from dataclasses import dataclass

from labelbits.annotators.calibrated import SignalCalibration
from labelbits.errors import InputError
from labelbits.interface import Signal
from labelbits.planning.evidence.answer_source import DEFAULT_LAPSE
from labelbits.planning.evidence.answers_held import Pilot
from labelbits.planning.result import Family
from labelbits.planning.spec.annotator_kinds import KnownBy
from labelbits.planning.spec.asked import SignalPlan
from labelbits.planning.spec.cost import Part, cost_of_parts
from labelbits.planning.spec.planfile import PlanFile

#: Answers of each kind in a pilot that tells the noise, and people asked each of its questions.
PILOT, EACH = 200, 3


@dataclass(frozen=True)
class SignalNoise:
    """Noise of one signal, and where each number is from.

    `measured` on answers of those who are asked; `told`: by them or by the plan file, and not
    assumed.
    """

    precision: float
    lapse: float
    precision_source: str
    lapse_source: str
    measured: bool = False
    told: bool = False


ASSUMED = SignalNoise(
    1.0,
    DEFAULT_LAPSE,
    "assumed: no pilot; distances of a standard normal world",
    "CIFAR-10H: a single label is right 95.24 % of the time (Peterson et al. 2019)",
)


def calibration_of(asked: SignalPlan, pilot: Pilot) -> SignalCalibration | None:
    """What the pilot says of those whom one [[signal]] asks; None where it has no answer of theirs.

    People's figures are people's: nothing is known of a language model, or of annotators with a
    name of their own, from what others answered.
    """
    known_by = asked.known_by
    if known_by is KnownBy.LAPSE:
        return None
    if known_by is KnownBy.PEOPLE:
        return pilot.calibration.of(asked.kind)
    models = [asked.model] if asked.model else list(pilot.calibration.models)
    found = [one for name in models if (one := pilot.calibration.of(asked.kind, name)) is not None]
    return found[0] if len(found) == 1 else None


def noise_of(plan: PlanFile, pilot: Pilot) -> list[SignalNoise]:
    """The noise of each [[signal]], from the calibration of those whom it asks.

    What the plan file gives goes first. Where nobody's answers tell, it is assumed, and the source
    says so.
    """
    return [_noise(asked, pilot) for asked in plan.signal]


def _noise(asked: SignalPlan, pilot: Pilot) -> SignalNoise:
    precision, lapse = ASSUMED.precision, ASSUMED.lapse
    sources = [ASSUMED.precision_source, ASSUMED.lapse_source]
    found = calibration_of(asked, pilot)
    measured = None if found is None else found.noise
    if measured is not None:
        source = (
            f"the pilot: {measured.answers:,} answers, in {measured.dims} dimensions, from "
            f"{measured.source}"
        )
        precision, lapse, sources = measured.precision.value, measured.lapse.value, [source] * 2
    elif asked.known_by is not KnownBy.PEOPLE:
        who = asked.who
        sources = [
            f"assumed: the pilot has no answers of {who} that tell it",
            f"assumed as for people ({ASSUMED.lapse_source}); nothing is known of {who}",
        ]
    elif found is not None and found.answers > found.repeats:
        held = found.answers - found.repeats
        why = f"the pilot's {held:,} {asked.kind} answers cannot tell it"
        why += f": {found.advice}" if found.advice else ""
        sources = [f"assumed: {why}", f"assumed ({ASSUMED.lapse_source}): {why}"]
    if asked.precision is not None:
        precision, sources[0] = asked.precision, "plan file"
    if asked.lapse is not None:
        lapse, sources[1] = asked.lapse, "plan file"
    told = measured is not None or asked.lapse is not None
    return SignalNoise(precision, lapse, sources[0], sources[1], measured is not None, told)


def not_seen(plan: PlanFile, noise: list[SignalNoise]) -> dict[int, str]:
    """Number of each [[signal]] whose annotators nothing is known of -> who they are."""
    return {
        number: asked.who
        for number, (asked, one) in enumerate(zip(plan.signal, noise, strict=True), start=1)
        if asked.known_by is not KnownBy.PEOPLE and not one.told
    }


def without_random(plan: PlanFile, pilot: Pilot) -> tuple[PlanFile, list[str]]:
    """The plan without language models whose own answers cannot be told from random ones, and what
    has to be said of those. Raises `InputError` where nobody else is asked."""
    kept, said = [], []
    for asked in plan.signal:
        found = calibration_of(asked, pilot)
        if found is None or not found.random:
            kept.append(asked)
            continue
        said.append(
            f"{asked.kind} by {found.model} was left out: its answers are worth nothing, because "
            f"they cannot be told from random ones ({found.random})"
        )
    if not kept:
        raise InputError("no [[signal]] of the plan can be planned: " + "; ".join(said))
    return plan.model_copy(update={"signal": tuple(kept)}), said


def _told_by_repetition(signal: Signal) -> bool:
    """Do several people's answers to one question tell the noise of this signal?"""
    return signal.labels_items() or len(getattr(signal, "pairs", ())) > 1


def assumed_noise(plan: PlanFile, families: list[Family], noise: list[SignalNoise]) -> list[str]:
    """What to say where nobody's answers tell the noise, with the pilot that would."""
    numbers = [
        number
        for number, (asked, one) in enumerate(zip(plan.signal, noise, strict=True), start=1)
        if not one.measured and (asked.precision is None or asked.lapse is None)
    ]
    if not numbers:
        return []
    others = not_seen(plan, noise)
    said = [
        f"Nothing is known of how {who} answers {plan.signal[number - 1].kind}: from no random "
        "answers to nothing but random ones is possible, and interval and probability hold all of "
        f"that. A pilot of {PILOT} of its answers about items that people answered too would tell"
        for number, who in others.items()
    ]
    numbers = [number for number in numbers if number not in others]
    asked = {family.number: family for family in families if family.number in numbers}
    if asked:
        kinds = ", ".join(dict.fromkeys(family.kind for family in asked.values()))
        items = max(5, PILOT // EACH)
        parts = [Part(family.price.amount, PILOT, items) for family in asked.values()]
        cost = cost_of_parts(parts, plan.budget, items)
        text = (
            f"The noise of {kinds} is assumed, not measured: intervals hold the range that is "
            "named among the assumptions"
        )
        if all(_told_by_repetition(family.signal) for family in asked.values()):
            text += (
                f": a pilot of {PILOT} answers of each kind, {EACH} people to every question, "
                f"about {cost:,.2f} {plan.budget.currency}, would measure it"
            )
        said.append(text)
    return said
