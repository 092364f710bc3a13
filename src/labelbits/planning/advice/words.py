"""Advice in words: qualities, purchases, pilots, targets."""

from __future__ import annotations

from labelbits.planning.market import Market
from labelbits.planning.purchases import TO_A_QUESTION, labels_items
from labelbits.planning.records import Target, ValueOfKnowing
from labelbits.planning.result import LEVEL, NOTHING, Option
from labelbits.planning.shown import chance, each
from labelbits.planning.spec.annotator_kinds import CROWD, by
from labelbits.signals import REGISTRY


def called(signal: str) -> str:
    """What answers of this kind are called where they are bought."""
    known = REGISTRY.get(signal)
    return (known and known.called) or f"{signal} answers"


def bought(option: Option) -> str:
    """An option in words, with how many answers each question gets where that is more than one."""
    return what(
        option.signal, option.answers, option.answers_per_item, option.items, option.annotators,
        again(option.family),
    )  # fmt: skip


def again(family: str) -> str:
    """How many answers each question gets, as the name of the family says it, or nothing."""
    return family.rpartition(", ")[2] if family.endswith(TO_A_QUESTION) else ""


def what(
    signal: str, answers: int, per_item: float, items: int, annotators: str = CROWD,
    again: str = "",
) -> str:  # fmt: skip
    """A purchase in words."""
    name = by(called(signal), annotators)
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


def pilot_sentence(value: ValueOfKnowing | None, market: Market, unsure: bool) -> str:
    """What knowing would be worth, and the pilot that is worth its cost, or that none is."""
    if value is None or (not unsure and not (value["pilot"] and value["pilot"]["worth_it"])):
        return ""
    if value["quality"] < NOTHING:
        least = f"{100 * NOTHING:g} points" if market.metric.percent else f"{NOTHING:g}"
        return (
            f"It hardly matters: to know for sure which is best would add less than {least}, so "
            "take the one that is the least trouble."
        )

    def worth(money: float) -> str:
        return f"{money:,.2f}" if money >= 0.005 else "less than 0.01"

    currency = market.budget.currency
    more = "more items labelled as" if labels_items(market.bought[0]) else "more answers to"
    text = f"To know which is best would be worth {worth(value['money'])} {currency}"
    pilot = value["pilot"]
    if pilot is None:
        return text + "."
    ways = " and ".join(pilot["families"])
    if pilot["worth_it"]:
        return text + (
            f"; a pilot of {pilot['items']:,} {more} {ways} costs "
            f"{pilot['cost']:,.2f} and is worth {worth(pilot['money'])} {currency}: run it "
            "first."
        )
    return text + (
        f"; no pilot is worth its cost (the best, {pilot['items']:,} {more} "
        f"{ways}, costs {pilot['cost']:,.2f} and is worth {worth(pilot['money'])} "
        f"{currency})."
    )


def target_sentence(found: Target | None, target: float, market: Market) -> str:
    if found is None:
        return (
            f"No purchase that the evidence supports reaches {market.metric.title} "
            f"{market.shown(target)}; label a larger pilot to see further, or lower the target."
        )
    bought = what(
        found["signal"], found["answers"], found["answers_per_item"], found["items"],
        found["annotators"],
    )  # fmt: skip
    text = (
        f"{'At most' if market.sign < 0 else 'At least'} {market.shown(target)} is expected from "
        f"{bought} for {market.money(found['cost'])}, the cheapest way to it"
    )
    if found["sure_cost"] is not None:
        sure = market.money(found["sure_cost"])
        text += f"; {sure} would reach it with probability {chance((1 + LEVEL) / 2)}"
    if found["cost"] > market.budget.amount:
        text += ", which is more than the budget"
    return text + "."
