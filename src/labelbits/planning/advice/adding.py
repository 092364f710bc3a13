"""Advice to those who hold labels already: what to add to them, and when to keep the money.

One purchase is named, and it is what to add: its purchases, cost, quality and interval are of the
labels at hand and the purchase together, so that more money never shows less quality. What the
money would buy from nothing is kept under `from_nothing`.
"""

from __future__ import annotations

import numpy as np

from labelbits.planning.advice.recommend import (
    BY_THEORY,
    CERTAIN,
    CHEAPER,
    SURE,
    because_cheaper,
    preferred,
)
from labelbits.planning.advice.words import again, what
from labelbits.planning.market import Market
from labelbits.planning.records import Addition, Holdings, Recommendation
from labelbits.planning.result import NOTHING
from labelbits.planning.shown import chance

#: Share of the money from which it counts as all of it.
WHOLE = 0.95


def to_add(ranked: list[Addition], chosen: str, market: Market) -> Addition:
    """The purchase that every sentence about adding to labels at hand names: of the family that is
    best from nothing, unless another one is better for sure, as good for much less, or the only
    one that adds anything."""
    by_name, sign = {one["family"]: one for one in ranked}, market.sign
    if chosen not in by_name:
        return ranked[0]
    order = preferred(
        np.array([sign * one["quality"] for one in ranked]),
        np.array([one["interval"][1] - one["interval"][0] for one in ranked]),
        np.array([one["cost"] for one in ranked]),
    )
    # A difference that is sure and too small to show is no reason to pay more.
    pick, mine = ranked[int(order[0])], by_name[chosen]
    if ranked[0]["chance"] >= SURE or pick["cost"] < CHEAPER * mine["cost"]:
        return pick
    # A gain that vanishes when qualities are shown is no reason to pay more either.
    seen = market.shown(ranked[0]["quality"]) != market.shown(mine["quality"])
    more = _adds_nothing(mine, sign) and not _adds_nothing(ranked[0], sign)
    return ranked[0] if more and seen else mine


def _adds_nothing(one: Addition, sign: int) -> bool:
    return sign * one["gain"] < NOTHING and not one["at_limit"]


def _beyond(one: Addition) -> bool:
    """Is what it adds more than the evidence can follow, so that nothing is known of it?"""
    return one["at_limit"] and one["gain_interval"][1] - one["gain_interval"][0] < 1e-6


def with_held(
    advice: Recommendation,
    there: Holdings,
    ranked: list[Addition],
    market: Market,
    *,
    by_theory: bool = False,
) -> tuple[Recommendation, str, bool]:
    """(the advice, what goes before it, whether the money is better kept) of one who holds labels.

    A mixture was measured from nothing alone: that advice stays as it is.
    """
    as_good = market.shown(there["quality"]) == market.shown(advice["quality"]) or (
        market.sign * (there["quality"] - advice["quality"]) >= 0
    )
    if not ranked or "single" in advice:
        return advice, "", False
    best = to_add(ranked, advice["family"], market)
    first, keep = "", False
    if as_good:
        first, keep = _keep_or_add(advice, there, best, market)
    return _adding(advice, best, there, ranked, market, by_theory), first, keep


def _keep_or_add(
    advice: Recommendation, there: Holdings, best: Addition, market: Market
) -> tuple[str, bool]:
    """(the sentence about labels at hand that are as good as a purchase; keep the money?)."""
    spent = f"All of {market.money(market.budget.amount)} spent anew, without them,"
    if advice["cost"] < WHOLE * market.budget.amount:  # there is no more to buy
        spent = f"What is best to buy without them, for {market.money(advice['cost'])},"
    text = (
        f"The labels you hold already give {market.metric.title} {market.shown(there['quality'])} "
        f"({market.between(market.measured_interval(there))}). {spent} is expected to give no more"
    )
    if (
        not _same(best, there, market)
        and not _adds_nothing(best, market.sign)
        and not _beyond(best)
    ):
        return f"{text}: add to what you hold.", False
    if best["at_limit"]:
        return (
            f"{text}. What more answers would add to them is beyond what this evidence can "
            "follow: keep the money until a plan from all labels you hold shows a gain."
        ), True
    return f"{text}: keep the money, unless you know better than this evidence.", True


def _same(best: Addition, there: Holdings, market: Market) -> bool:
    """Nobody is told to pay for 90.0 % over 90.0 %."""
    return market.shown(best["quality"]) == market.shown(there["quality"])


def _adding(
    advice: Recommendation,
    best: Addition,
    there: Holdings,
    ranked: list[Addition],
    market: Market,
    by_theory: bool,
) -> Recommendation:
    """The advice with `best` as its purchase."""
    bought = market.purchase(
        best["family"], best["items"], best["answers_per_item"], best["answers"]
    )
    parts = {
        "purchase": f"Add {_in_words(best)} for {market.money(best['cost'])}: "
        f"{_reached(best, there, market)}",
        "certainty": _certainty(best, ranked, market, by_theory),
        "pilot": advice["parts"].get("pilot", ""),
    }
    rivals = [one["family"] for one in ranked if one is not best]
    return {
        **advice,
        "family": best["family"],
        "purchases": [bought],
        "cost": best["cost"],
        "quality": best["quality"],
        "interval": best["interval"],
        "probability_best": best["chance"],
        "next_best": rivals[0] if rivals else None,
        "from_nothing": {
            "purchases": advice["purchases"],
            "quality": advice["quality"],
            "interval": advice["interval"],
            "sentence": advice["parts"]["purchase"],
        },
        "parts": parts,
        "sentence": " ".join(text for text in parts.values() if text),
    }


def _in_words(one: Addition) -> str:
    return what(
        one["signal"],
        one["answers"],
        one["answers_per_item"],
        one["items"],
        one["annotators"],
        again(one["family"]),
    )


def _reached(best: Addition, there: Holdings, market: Market) -> str:
    """What the labels at hand and the purchase give together."""
    sign = market.sign
    if _beyond(best):
        return (
            f"the labels you hold are as good as this evidence can follow {best['family']} "
            "answers, so what these add cannot be told from it."
        )
    text = f"with the labels you hold, {market.metric.title} {market.shown(best['quality'])} is "
    text += f"expected ({market.between(best['interval'])})"
    if _same(best, there, market) or _adds_nothing(best, sign):
        return f"{text}, no change that can be seen."
    ends = sorted(sign * end for end in best["gain_interval"])
    # Both qualities share the luck of the tested items: the gain is known better than either.
    gain = market.change(sign * best["gain"], ends)
    text += f", a gain of {gain} over {market.shown(there['quality'])} now."
    if best["at_limit"]:
        text += " That is as far as the evidence reaches; the true gain may be larger."
    return text


def _certainty(
    best: Addition,
    ranked: list[Addition],
    market: Market,
    by_theory: bool,
) -> str:
    """How sure it is that this purchase adds the most."""
    if len(ranked) == 1:
        return ""
    others = [one for one in ranked if one is not best]
    rival, sure = others[0], best["chance"]
    if (
        rival["chance"] < SURE
        and market.sign * (rival["quality"] - best["quality"]) > 0
        and best["cost"] < CHEAPER * rival["cost"]
    ):
        return (
            f"{rival['family']} is expected to reach {market.shown(rival['quality'])} for "
            f"{market.money(rival['cost'])}: beside the interval that is no more, so the cheaper "
            "one is named."
        )
    if rival["chance"] >= SURE and rival["cost"] > best["cost"]:
        return (
            f"{rival['family']} adds more with probability "
            f"{chance(rival['chance']).replace('>', 'above')}, but too little to see beside the "
            f"interval: {market.shown(rival['quality'])} for {market.money(rival['cost'])}. So "
            "the cheaper one is named."
        )
    if sure < 1 / 2 and best["cost"] < CHEAPER * rival["cost"]:
        return because_cheaper(
            rival["family"], market.shown(rival["quality"]),
            (market.money(best["cost"]), market.money(rival["cost"])),
            f"adds the most to the labels you hold is {chance(sure)}",
        )  # fmt: skip
    if sure < SURE:
        return (
            f"The evidence cannot tell it from {rival['family']} ({market.shown(rival['quality'])} "
            f"expected): the chance that it adds the most to the labels you hold is "
            f"{chance(sure)} only."
        )
    text = (
        f"It adds the most to the labels you hold of the {len(ranked)} ways compared with "
        f"probability {chance(sure).replace('>', 'above')}; next is {rival['family']} with "
        f"{market.shown(rival['quality'])}."
    )
    return text + BY_THEORY * (by_theory and sure >= CERTAIN)


def held_sentence(
    there: Holdings, ranked: list[Addition], advice: Recommendation, market: Market
) -> str:
    """What is held, and beside the purchase that is recommended: added to it where that was
    planned from nothing, from nothing where it is added."""
    text = (
        f"You hold {there['answers']:,.0f} answers on {there['items']:,} items: "
        f"{market.metric.title} {market.shown(there['quality'])} now "
        f"({market.between(market.measured_interval(there))})."
    )
    if (alone := advice.get("from_nothing")) is not None:
        sentence = alone["sentence"]
        return f"{text} Without them, the best would be to {sentence[0].lower()}{sentence[1:]}"
    best = next((one for one in ranked if one["family"] == advice["family"]), None)
    if best is None:
        return text
    many = f"{best['answers']:,} more answers" if best["answers"] > 1 else "1 more answer"
    return (
        f"{text} Added to them, {many} ({best['family']}) for {market.money(best['cost'])}: "
        f"{_reached(best, there, market)}"
    )


def surely_better(there: Holdings, quality: float, market: Market) -> bool:
    """Are the labels at hand better than `quality`, luck of the tested items counted?"""
    low, high = market.measured_interval(there)
    return (low if market.sign > 0 else -high) > market.sign * quality
