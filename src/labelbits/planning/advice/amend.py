"""Advice amended by what else is known: a sentence before it, a mixture instead, no gain at all."""

from __future__ import annotations

from labelbits.planning.advice.recommend import cheapest_for
from labelbits.planning.advice.words import called
from labelbits.planning.market import Market
from labelbits.planning.purchases import widened
from labelbits.planning.records import Mixture, Recommendation
from labelbits.planning.shown import each

#: Alignment that is as good as none, one that tells near from far hardly better than a guess, and
#: one that is something.
LITTLE, WEAK, SOMETHING = 0.05, 0.3, 0.5


def too_little(advice: Recommendation, market: Market) -> str:
    """What goes before a purchase after which the representation is hardly better known than
    before, and what would help."""
    quality = advice["quality"]
    if quality >= WEAK:
        return ""
    if quality < LITTLE:
        text = (
            f"{market.money(market.budget.amount)} is too little to learn anything here: "
            "whatever it buys, the distances between items stay unknown."
        )
    else:
        text = (
            f"What {market.money(market.budget.amount)} buys recovers the items only weakly: a "
            f"correlation of {quality:.2f} with the true distances is {100 * quality**2:.0f} % of "
            "the variance of their ranks, too little to rely on any single distance."
        )
    enough = cheapest_for(market, SOMETHING)
    if enough is not None:
        return f"{text} A correlation of {SOMETHING} takes about {market.money(enough['cost'])}."
    return (
        f"{text} No purchase that was simulated reaches {SOMETHING}: ask about fewer items with "
        "more answers on each, or plan for fewer dims if the items differ in fewer ways."
    )


def led_by(leads: list[str], advice: Recommendation, turn: str) -> Recommendation:
    """The advice with what the reader has to know first before it; `turn` leads over from there to
    the purchase, where it is not empty."""
    first = " ".join(filter(None, leads))
    if not first:
        return advice
    bought = advice["parts"]["purchase"]
    if turn and bought.startswith(("Buy ", "Add ")):
        bought = f"{turn} {bought[0].lower()}{bought[1:]}"
    parts = {"first": first, **advice["parts"], "purchase": bought}
    sentence = " ".join(text for text in parts.values() if text)
    return {**advice, "leads": list(filter(None, leads)), "parts": parts, "sentence": sentence}


def followed_by(last: str, advice: Recommendation) -> Recommendation:
    """The advice with what it ends on, about each item's own label."""
    parts = {**advice["parts"], "each": last}
    return {**advice, "parts": parts, "sentence": f"{advice['sentence']} {last}"}


def without_gain(advice: Recommendation) -> Recommendation:
    """The advice without what only a purchase that gains anything is worth saying about: how sure
    it is the best, how to get as much for less, what pilot would settle which is best."""
    parts = {"purchase": advice["parts"]["purchase"], "certainty": "", "pilot": ""}
    return {**advice, "parts": parts, "sentence": parts["purchase"]}


def with_mixture(advice: Recommendation, mixture: Mixture, market: Market) -> Recommendation:
    """The advice with a mixture in place of the best single signal, by the gain it was measured
    to have; the interval moves with it and widens by the gain's own."""
    sign, gain, (low, high) = market.sign, mixture["gain"], mixture["interval"]
    quality = advice["quality"] + sign * gain
    moved = [end + quality - advice["quality"] for end in advice["interval"]]
    interval = list(widened(quality, moved, (high - low) / 2))
    if sign > 0:
        interval[1] = min(1.0, interval[1])
    bought = " and ".join(
        f"{p['answers']:,} {called(p['signal'])} "
        f"({each(p['answers_per_item'])} an item on {p['items']:,} items)"
        for p in mixture["purchases"]
    )
    cost = sum(p["cost"] for p in mixture["purchases"])
    if len(mixture["purchases"]) > 1:
        bought = f"a mixture, {bought},"
    sentence = (
        f"Buy {bought} for {market.money(cost)}: expected {mixture['metric_name']} "
        f"{market.shown(quality)} ({market.between(interval)}), better by "
        f"{market.change(gain, (low, high))} than the same money on {mixture['single']} alone."
    )
    return {
        **advice,
        "purchases": mixture["purchases"],
        "cost": cost,
        "quality": quality,
        "interval": interval,
        "single": {
            "purchases": advice["purchases"],
            "quality": advice["quality"],
            "interval": advice["interval"],
            "sentence": advice["sentence"],
        },
        "parts": {"purchase": sentence, "certainty": "", "pilot": ""},
        "sentence": sentence,
    }
