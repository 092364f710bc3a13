"""The list of options: what every way of asking gives at several sizes, within the budget."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from typing import cast

import numpy as np

from labelbits.errors import InputError
from labelbits.planning.records import Measured, Purchase
from labelbits.planning.result import NOTHING, Curve, Family, Option
from labelbits.planning.spec.cost import (
    Bill,
    affordable_items,
    costs_of,
    most_within,
    most_within_each,
    total_cost,
)
from labelbits.planning.spec.planfile import Budget
from labelbits.quantity import Quantity

#: How the name of a way of asking ends that gives each question several answers.
TO_A_QUESTION = "to a question"
#: Sizes listed for each way of asking.
SIZES = 9
#: More answers than anything is planned for.
FAR = 1e12


def interval(draws: np.ndarray) -> tuple[float, float, float]:
    """(mean, low, high) of draws of a quality, the interval holding `LEVEL` of them."""
    found = Quantity.of_draws(draws)
    return found.value, found.low, found.high


def measured_interval(measured: Measured, sign: int) -> tuple[float, float]:
    """Interval of a `quality` that was measured with a `standard_error`."""
    most = 1.0 if sign > 0 else math.inf
    found = Quantity.within(measured["quality"], measured["standard_error"], 0.0, most)
    return found.low, found.high


def widened(middle: float, ends: Sequence[float], half: float) -> tuple[float, float]:
    """The interval around `middle` with `ends` when another error, independent, adds `half` to
    either side: their squares add up."""
    low, high = ends
    return middle - math.hypot(middle - low, half), middle + math.hypot(high - middle, half)


def purchase_of(
    family: Family,
    items: int,
    per_item: float,
    answers: int,
    bill: Bill,
    strata: dict[str, float] | None = None,
) -> Purchase:
    """The record of one purchase; `strata` are the shares of each kind of item, in a mixture."""
    record = {
        "signal": family.kind,
        "items": items,
        "answers_per_item": per_item,
        "answers": answers,
        **bill.to_dict(),
        "annotators": family.annotators,
    }
    if strata is not None:
        record["strata"] = strata
    return cast("Purchase", {**record, **family.options})


def labels_items(curves: list[Curve]) -> bool:
    """Does one of these ways of asking label items, so that pilots are counted in items?"""
    return any(curve.family.signal.labels_items() for curve in curves)


def most_answers(curve: Curve, budget: Budget) -> float:
    """Answers that the budget buys: whole items where the number on each is fixed, else on the
    items that so many answers are spread over."""
    per_item = curve.family.answers_per_item
    if per_item is not None:
        return affordable_items(curve.family.price, per_item, budget) * per_item
    return float(most_within(budget.amount, lambda answers: cost_of(curve, answers, budget)))


def most_answers_each(
    curve: Curve, budget: Budget, prices: np.ndarray | float, amounts: np.ndarray | float
) -> np.ndarray:
    """`most_answers` at each price of one answer and each amount of money (they broadcast)."""
    prices, amounts = np.broadcast_arrays(np.asarray(prices, float), np.asarray(amounts, float))
    unit = curve.family.answers_per_item or 1

    def costs(units: np.ndarray) -> np.ndarray:
        answers = units * unit
        return costs_of(prices, curve.items_of(answers), answers, budget)

    # Answers alone cost this much at least: nothing beyond can be bought.
    most = np.minimum(amounts / (prices * unit) + 1, FAR)
    return most_within_each(amounts, costs, most) * unit


def cost_of(curve: Curve, answers: float, budget: Budget) -> float:
    """Money for this many answers of the curve's family."""
    items, _ = curve.shape(answers)
    return total_cost(curve.family.price, items, answers, budget)


def price_noise(curve: Curve, seed: int) -> np.ndarray:
    """Factor on the number of answers that the planned money turns out to buy, one a draw."""
    price = curve.family.price
    # One source of prices errs in one direction for all that rest on it.
    source = zlib.crc32(price.source.encode()) + seed
    return 1 / price.draws(len(curve.draws), source)


def draws_at(curve: Curve, answers: float, seed: int) -> np.ndarray:
    """Draws (B,) of the quality that the money for `answers` answers buys."""
    return draws_at_each(curve, np.array([answers], dtype=float), seed)[:, 0]


def draws_at_each(curve: Curve, answers: np.ndarray, seed: int) -> np.ndarray:
    """`draws_at` each of `answers` (M,): (B, M)."""
    if curve.family.price.log_sd == 0:  # the money buys so many in every draw
        return curve.at_each(np.minimum(answers, curve.limit))
    return curve.at_each(np.minimum(answers * price_noise(curve, seed)[:, None], curve.limit))


def option_at(curve: Curve, answers: float, budget: Budget, seed: int) -> Option:
    """The purchase of `answers` answers, with the interval of its quality.

    An uncertain price widens the interval: the same money then buys more or fewer answers.
    """
    quality, low, high = interval(draws_at(curve, answers, seed))
    items, per_item = curve.shape(answers)
    bits = curve.bits.bits if curve.bits is not None else math.nan
    sizes = curve.measured[:, 0] if len(curve.measured) else np.zeros(1)
    return Option(
        signal=curve.family.kind,
        family=curve.family.name,
        items=items,
        answers_per_item=per_item,
        answers=round(answers),
        cost=cost_of(curve, answers, budget),
        quality=quality,
        low=low,
        high=high,
        bits=bits,
        bits_total=bits * answers,
        measured=bool(sizes.min() * (1 - 1e-9) <= answers <= sizes.max() * (1 + 1e-9)),
        annotators=curve.family.annotators,
    )


def sizes_of(curve: Curve, budget: Budget) -> np.ndarray:
    """Numbers of answers to list: from the smallest measured to what can be bought, spread evenly
    in logarithm; at least the largest one that the budget buys."""
    most = min(most_answers(curve, budget), curve.limit)
    unit = curve.family.answers_per_item or 1
    if most < unit:
        return np.array([])
    measured = curve.measured[:, 0] if len(curve.measured) else curve.answers
    least = min(float(max(measured.min(), curve.answers[0])), most)
    sizes = np.geomspace(least, most, SIZES)
    return np.unique(np.maximum(np.floor(sizes / unit + 1e-9), 1) * unit)


def list_options(curves: list[Curve], budget: Budget, seed: int) -> list[Option]:
    """Every option of every family. Raises `InputError` if the budget buys not one answer."""
    options = [
        option_at(curve, float(answers), budget, seed)
        for curve in curves
        for answers in sizes_of(curve, budget)
    ]
    if not options:
        costs = {cost_of(c, c.family.answers_per_item or 1, budget): c for c in curves}
        cheapest = min(costs)
        price = costs[cheapest].family.price.amount
        raise InputError(
            f"[budget]: {budget.amount:g} {budget.currency} are there to spend and the cheapest "
            f"purchase costs {cheapest:.4g} {budget.currency}, of which an answer is {price:.4g}; "
            "raise amount until that much is left, or say what an answer costs (price, or the unit "
            "of its time)"
        )
    return options


def draws_for(
    curve: Curve, money: np.ndarray, budget: Budget, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """(which of `money` (M,) buy any answers, draws (B, of those) of what all of each gives),
    at the costs of `budget`."""
    most = np.minimum(
        most_answers_each(curve, budget, curve.family.price.amount, money), curve.limit
    )
    can = most >= (curve.family.answers_per_item or 1)
    return can, draws_at_each(curve, most[can], seed)


def final_draws(curves: list[Curve], budget: Budget, seed: int) -> tuple[list[Curve], np.ndarray]:
    """(families that the budget can buy, draws (B, families) of what each gives for all of it)."""
    bought, columns = [], []
    for curve in curves:
        can, draws = draws_for(curve, np.array([budget.amount]), budget, seed)
        if can[0]:
            bought.append(curve)
            columns.append(draws[:, 0])
    return bought, np.stack(columns, axis=1) if columns else np.zeros((0, 0))


def chances(gain: np.ndarray) -> np.ndarray:
    """Probability of each family (F,) to be the best, from draws (B, F), higher better.

    Families that differ in a draw by less than can be seen (`NOTHING`) share it: more answers on
    the same items are never worse, and to be better by nothing is no reason to buy them.
    """
    best = gain >= gain.max(1, keepdims=True) - NOTHING
    return (best / best.sum(1, keepdims=True)).mean(0)
