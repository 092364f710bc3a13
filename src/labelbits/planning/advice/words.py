"""Advice in words: qualities, purchases, pilots, targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from labelbits.planning.purchases import TO_A_QUESTION
from labelbits.planning.records import Target, ValueOfKnowing
from labelbits.planning.result import LEVEL, NOTHING, Option
from labelbits.planning.spec.planfile import CROWD, Budget, by

#: Words for what is bought.
NAMES = {
    "hard": "hard labels",
    "votes": "votes",
    "soft": "soft labels",
    "sparse-soft": "sparse soft labels",
    "ranking": "rankings",
}


def show(value: float, percent: bool) -> str:
    """A quality as text: a percentage for accuracy, else three decimals."""
    digits = f"{100 * value:.1f} %" if percent else f"{value:.3f}"
    return digits.removeprefix("-") if not digits.strip("-0. %") else digits


def span(low: float, high: float, percent: bool) -> str:
    """An interval of a quality for tables, its unit said once."""
    unit = " %" if percent else ""
    return f"{show(low, percent).removesuffix(unit)} to {show(high, percent)}"


def between(ends: Sequence[float], show: Callable[[float], str]) -> str:
    """An interval at `LEVEL` in a sentence."""
    return f"{100 * LEVEL:.0f} % interval {show(ends[0])} to {show(ends[1])}"


def change(value: float, ends: Sequence[float], percent: bool) -> str:
    """A difference of quality with its interval, in points where quality is a percentage."""
    middle, between = change_parts(value, ends, percent)
    return f"{middle} ({between})"


def change_parts(value: float, ends: Sequence[float], percent: bool) -> tuple[str, str]:
    """The difference and the interval of `change`, apart."""
    unit, digits = (" points", "{:.1f}") if percent else ("", "{:.3f}")
    texts = [digits.format(100 * one if percent else one) for one in (value, *ends)]
    # No minus before nothing.
    middle, low, high = (t if t.strip("-0.") else t.removeprefix("-") for t in texts)
    return f"{middle}{unit}", f"{100 * LEVEL:.0f} % interval {low} to {high}"


def chance(share: float) -> str:
    """A probability as a percentage; what some hundreds of draws never saw is not 0 or certain."""
    if share >= 0.995:
        return "> 99 %"
    return "< 1 %" if share <= 0.005 else f"{100 * share:.0f} %"


def bought(option: Option) -> str:
    """An option in words, with how many answers each question gets where that is more than one."""
    again = option.family.rpartition(", ")[2] if option.family.endswith(TO_A_QUESTION) else ""
    return what(
        option.signal, option.answers, option.answers_per_item, option.items, option.annotators,
        again,
    )  # fmt: skip


def what(
    signal: str, answers: int, per_item: float, items: int, annotators: str = CROWD,
    again: str = "",
) -> str:  # fmt: skip
    """A purchase in words."""
    name = by(NAMES.get(signal, f"{signal} answers"), annotators)
    if again:
        name = f"{name}, {again}"
    if answers == 1 and items == 1:
        return f"1 {name.replace('labels', 'label').removesuffix('s')} on 1 item"
    if per_item == 1:
        return f"{answers:,} {name} (one on each of {items:,} items)"
    number = "1 item" if items == 1 else f"{items:,} items"
    if per_item == round(per_item):
        return f"{answers:,} {name} ({per_item:.0f} on each of {number})"
    return f"{answers:,} {name} ({each(per_item)} an item on {number})"


def each(per_item: float) -> str:
    """Answers an item: two digits, and whole numbers from ten on."""
    return f"{per_item:,.0f}" if per_item >= 10 else f"{per_item:.2g}"


def pilot_sentence(
    value: ValueOfKnowing | None,
    budget: Budget,
    unsure: bool,
    percent: bool = False,
    more: str = "more items labelled as",
) -> str:
    """What knowing would be worth, and the pilot that is worth its cost, or that none is; `more`
    is what that pilot holds."""
    if value is None or (not unsure and not (value["pilot"] and value["pilot"]["worth_it"])):
        return ""
    if value["quality"] < NOTHING:
        least = f"{100 * NOTHING:g} points" if percent else f"{NOTHING:g}"
        return (
            f"It hardly matters: to know for sure which is best would add less than {least}, so "
            "take the one that is the least trouble."
        )

    def worth(money: float) -> str:
        return f"{money:,.2f}" if money >= 0.005 else "less than 0.01"

    text = f"To know which is best would be worth {worth(value['money'])} {budget.currency}"
    pilot = value["pilot"]
    if pilot is None:
        return text + "."
    ways = " and ".join(pilot["families"])
    if pilot["worth_it"]:
        return text + (
            f"; a pilot of {pilot['items']:,} {more} {ways} costs "
            f"{pilot['cost']:,.2f} and is worth {worth(pilot['money'])} {budget.currency}: run it "
            "first."
        )
    return text + (
        f"; no pilot is worth its cost (the best, {pilot['items']:,} {more} "
        f"{ways}, costs {pilot['cost']:,.2f} and is worth {worth(pilot['money'])} "
        f"{budget.currency})."
    )


def target_sentence(
    found: Target | None,
    target: float,
    budget: Budget,
    metric_name: str,
    shown: Callable[[float], str],
    sign: int,
) -> str:
    if found is None:
        return (
            f"No purchase that the evidence supports reaches {metric_name} {shown(target)}; label "
            "a larger pilot to see further, or lower the target."
        )
    bought = what(
        found["signal"], found["answers"], found["answers_per_item"], found["items"],
        found["annotators"],
    )  # fmt: skip
    text = (
        f"{'At most' if sign < 0 else 'At least'} {shown(target)} is expected from {bought} for "
        f"{found['cost']:,.2f} {budget.currency}, the cheapest way to it"
    )
    if found["sure_cost"] is not None:
        sure = f"{found['sure_cost']:,.2f} {budget.currency}"
        text += f"; {sure} would reach it with probability {chance((1 + LEVEL) / 2)}"
    if found["cost"] > budget.amount:
        text += ", which is more than the budget"
    return text + "."
