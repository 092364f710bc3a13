"""At which ratio of prices two ways of asking are equally good for the budget."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from labelbits.planning.market import Market
from labelbits.planning.purchases import most_answers_each
from labelbits.planning.records import Crossover
from labelbits.planning.result import LEVEL, NOTHING, Curve
from labelbits.planning.shown import chance
from labelbits.planning.spec.planfile import Budget
from labelbits.quantity import central

#: Ratios that are looked at.
RATIOS = np.geomspace(0.02, 50, 161)
#: An interval whose ends are further apart than this factor tells no price.
VAGUE = 30.0


def crossovers(market: Market, *, held: bool = False) -> list[Crossover]:
    """For each pair of families that can be bought, the price ratio at which both are equally good.

    Family b is preferred while one of its answers costs less than `price_ratio` answers of a;
    None where it never or always wins within the evidence (`wins` says which). The interval
    comes from the draws. Items and sessions are paid on top of the answers. Both are bought from
    nothing; `held`: labels are held, so the one probability that is told is about adding to them,
    and a sentence that cannot be sure says no other.
    """
    found, budget, sign = [], market.budget, market.sign
    names = {option.family for option in market.options}
    for a, b in combinations([c for c in market.curves if c.family.name in names], 2):
        price, answers = a.family.price.amount, market.most(a)
        reference = sign * a.at(answers)
        bought = most_answers_each(b, budget, RATIOS * price, budget.amount)
        reached = sign * b.at_each(np.minimum(np.maximum(bought, b.answers[0]), b.limit))
        reached[:, bought < 1] = -np.inf
        wins = reached > reference[:, None]  # (B, ratios), true at low ratios where b is cheap
        edge = np.where(wins.any(1), wins.shape[1] - 1 - wins[:, ::-1].argmax(1), -1)
        # Draws in which b for next to nothing is neither better nor worse, as on the same items.
        even = np.isclose(reached[:, 0], reference, rtol=0, atol=NOTHING)
        found.append(_entry(a, b, edge, budget, held, float(even.mean())))
    return found


def _entry(
    a: Curve, b: Curve, edge: np.ndarray, budget: Budget, held: bool = False, even: float = 0.0
) -> Crossover:
    """One pair's crossover; `edge` (B,) is the last ratio at which b wins, -1 for none, and `even`
    the share of draws in which the cheapest b does as well as a."""
    money, first, second = budget.amount, a.family.name, b.family.name
    current = b.family.price.amount / a.family.price.amount
    entry: Crossover = {
        "a": first,
        "b": second,
        "budget": money,
        "current_price_ratio": current,
        "price_ratio": None,
        "interval": None,
        "wins": "",
        "sentence": "",
    }
    middle = float(np.median(edge))
    if middle < 0 or middle >= len(RATIOS) - 1:
        winner = first if middle < 0 else second
        never = edge < 0 if middle < 0 else edge >= len(RATIOS) - 1
        ratios = f"at any price ratio from {RATIOS[0]:.2g} to {RATIOS[-1]:.2g}"
        sentence = (
            f"{winner} does better than {second if winner == first else first} for "
            f"{money:,.0f} {budget.currency} {ratios}."
        )
        now = float(np.mean(edge >= np.searchsorted(RATIOS, current)))  # how sure b wins now
        leads, sure = (second, now) if now >= 0.5 else (first, 1 - now)
        if middle < 0 and even + float((edge >= 0).mean()) > 0.5:
            sentence = (
                f"{second} is not seen to do better than {first} for {money:,.0f} "
                f"{budget.currency}, nor worse, however little its answers cost."
            )
        elif never.mean() < LEVEL and held:
            sentence = f"At which price {first} and {second} are equally good cannot be told."
        elif never.mean() < LEVEL <= sure:
            sentence = (
                f"At which price {first} and {second} are equally good cannot be told; at today's "
                f"{leads} is likely to do better for {money:,.0f} {budget.currency}."
            )
        elif never.mean() < LEVEL:
            sentence = (
                f"Which of {first} and {second} does better for {money:,.0f} {budget.currency} "
                f"cannot be told: {winner} does {ratios} with probability {chance(never.mean())}."
            )
        return {**entry, "wins": winner, "sentence": sentence}
    ends = central(edge)
    low, middle, high = (
        float(RATIOS[int(np.clip(round(e), 0, len(RATIOS) - 1))])
        for e in (ends[0], middle, ends[1])
    )
    least = f"under {low:.2g}" if low <= RATIOS[0] else f"{low:.2g}"
    most = f"over {high:.2g}" if high >= RATIOS[-1] else f"{high:.2g}"
    if high / low > VAGUE or (low <= RATIOS[0] and high >= RATIOS[-1]):
        sentence = (
            f"At which price {second} would win against {first} cannot be told: anywhere from "
            f"{least} to {most} x the price of one answer to {first}."
        )
    elif a.family.price.amount == b.family.price.amount and a.family.question == b.family.question:
        # The same question asked again: its price is the same by nature.
        sentence = (
            f"{second} would win below {middle:.2g} x the price of an answer to {first} "
            f"({least} to {most})."
        )
    else:
        either = ", where either may win" if low <= current <= high else ""
        sentence = (
            f"{second} wins below {middle:.2g} x the price of one answer to {first} "
            f"({least} to {most}); it costs {current:.2g} x now{either}."
        )
    wins = second if current < middle else first
    return {**entry, "price_ratio": middle, "interval": [low, high], "wins": wins,
            "sentence": sentence}  # fmt: skip
