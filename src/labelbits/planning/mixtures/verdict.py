"""What a split of the money that was tried comes to: the record of a mixture and its sentence."""

from __future__ import annotations

from dataclasses import dataclass

from labelbits.metrics import Metric
from labelbits.planning.records import Mixture, Purchase
from labelbits.planning.shown import change
from labelbits.planning.spec.planfile import Budget
from labelbits.quantity import Quantity

#: A gain tried with less than this share of the money is no gain for all of it.
ENOUGH_MONEY = 0.8


@dataclass(frozen=True)
class Tried:
    """A split of `money` that was tried beside the best kind alone (`single`).

    `split` is it in words and `how` says how it was tried, as "measured on 16 simulated worlds";
    `shares` of the money by kind, and the `design` they come from; `gain` of quality, above 0
    where the mixture is better, and `surely` whether that is beyond doubt; `whole` is all the
    money that can be spent and `room` why no more was tried; `purchases` are for all of it.
    """

    split: str
    how: str
    shares: dict[str, float]
    design: dict[str, float] | dict[str, list[float]]
    single: str
    gain: Quantity
    surely: bool
    money: float
    whole: float
    room: str
    purchases: list[Purchase]

    @property
    def is_enough(self) -> bool:
        """Was so much of the money tried that it tells of all of it?"""
        return self.money >= ENOUGH_MONEY * self.whole


def mixture_record(tried: Tried, metric: Metric, budget: Budget) -> Mixture:
    """The mixture as plain values, with the sentence that says what it is worth."""
    gain = tried.gain
    return {
        "shares": tried.shares,
        "design": tried.design,
        "single": tried.single,
        "budget": budget.amount,
        "measured_at": tried.money,
        "gain": gain.value,
        "interval": [gain.low, gain.high],
        "recommended": tried.surely and tried.is_enough,
        "metric_name": metric.words,
        "percent": metric.percent,
        "sentence": _sentence(tried, metric, budget.currency),
        "purchases": tried.purchases,
    }


def _sentence(tried: Tried, metric: Metric, currency: str) -> str:
    gain, sign = tried.gain, metric.sign
    ends = sorted((sign * gain.low, sign * gain.high))
    found = (
        f"{tried.split}; {tried.how}, it changes {metric.words} by "
        f"{change(sign * gain.value, ends, metric.percent)} against {tried.single} alone"
    )
    what = (
        "A mixture"
        if len(tried.shares) > 1
        else f"{next(iter(tried.shares))} beside the answers you hold"
    )
    whole, money = (f"{one:,.2f} {currency}" for one in (tried.whole, tried.money))
    if tried.surely and tried.is_enough:
        return f"{what} is better: {found}."
    if tried.surely:
        return (
            f"{what} may be better, but {tried.room} lets it be tried for {money} only, and gains "
            f"tend to be smaller for the whole {whole}: it is not recommended yet. It is {found}."
        )
    if not tried.is_enough:
        return (
            f"Whether a mixture is better for {whole} is not known: {tried.room} lets {money} be "
            f"tried, {100 * tried.money / tried.whole:.0f} % of it. There {_no_gain(gain)}. "
            f"The best that was found is {found}."
        )
    return (
        f"No mixture of kinds is recommended: {_no_gain(gain, 'no gain')}. The best that was "
        f"found is {found}."
    )


def _no_gain(gain: Quantity, none: str = "it made no gain") -> str:
    """What is said of a split that is not surely better: a loss beyond doubt is no missing gain."""
    if gain.high < 0:
        return "what was tried is worse"
    return f"{none} that the evidence can see"
