"""What knowing better is worth, in money: for sure, and by a pilot.

Expected value of perfect information: with draws q_fb of the quality that family f gives for the
budget, the best choice now gives max_f E_b q_fb and a choice made in full knowledge E_b max_f q_fb.
The difference is turned into money at what quality costs on average, from the smallest purchase to
the whole budget, and never at more than the money that the best purchase could do without if it
were that much better. The second alone (the indifference price) misleads where the curve is flat:
there nearly all money could be done without, whatever is known.

Expected value of a pilot (of sample information): a pilot of n items labelled in the ways that
could win shows each one's quality where it can be measured, and the price of an answer, both with
noise. What it teaches is the part of q_fb that a regression on those readings explains (Strong,
Oakley and Brennan 2014, Medical Decision Making 34): E max_f of the fitted values minus the best
now. The same regression on readings that are shuffled is subtracted, so that a pilot that tells
nothing is worth nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from labelbits.learning.curves.points import CROSSED
from labelbits.planning.market import Market
from labelbits.planning.purchases import price_noise
from labelbits.planning.records import PilotWorth, ValueOfKnowing
from labelbits.planning.result import NOTHING, Curve
from labelbits.planning.spec.cost import Part, cost_of_parts
from labelbits.planning.spec.planfile import Budget

#: Items of the pilots that are considered.
PILOTS = (25, 50, 100, 200, 400, 800, 1600)
#: A family enters the pilot if it is the best with at least this probability; at most so many.
CHANCE, RIVALS = 0.02, 4
#: Standard deviation of ln(time) of one answer (CIFAR-10N quartiles 3.1 to 5.8 s: 0.46; CIFAR-10S
#: 18 to 69 s from 10 to 90 %: 0.52).
TIME_SPREAD = 0.5
#: Budgets at which the cost curve is traced, as shares of the budget.
SHARES = np.geomspace(0.02, 1.0, 24)


@dataclass(frozen=True)
class CostCurve:
    """Best expected quality (higher better) for each of some budgets, both rising."""

    money: np.ndarray
    quality: np.ndarray

    def worth(self, gain: float) -> float:
        """Money that `gain` more quality is worth: its average price, at most what could be saved
        at equal quality."""
        top, first = float(self.quality[-1]), float(self.quality[0])
        needed = float(self.money[np.argmax(self.quality >= top - 1e-12)])
        if gain <= 0:
            return 0.0
        most = needed - float(self.money[0])
        if gain >= top - first:
            return most
        keep = np.concatenate([[True], np.diff(self.quality) > 1e-12])
        spent = np.interp(top - gain, self.quality[keep], np.log(self.money[keep]))
        saved = max(0.0, needed - math.exp(spent))
        return min(saved, most * gain / (top - first))


def cost_curve(market: Market) -> CostCurve:
    """The best expected quality at budgets up to the plan's."""
    money = market.budget.amount * SHARES
    best = np.full(len(money), -np.inf)
    for curve in market.curves:
        can, draws = market.draws_for(curve, money)
        best[can] = np.maximum(best[can], (market.sign * draws).mean(0))
    some = np.isfinite(best)
    return CostCurve(money[some], np.maximum.accumulate(best[some]))


def value_of_information(market: Market) -> ValueOfKnowing | None:
    """Value of knowing for sure, and of the pilot that is worth most; None for a single choice.

    Keys: `quality` and `money` of perfect information; `pilot`: `items`, `families`, `cost`,
    `quality` and `money` that it is worth, `net` money, `worth_it`; `pilots`: all considered.
    """
    bought, draws = market.bought
    if len(bought) < 2:
        return None
    budget, seed, gain = market.budget, market.seed, market.sign * draws
    expected = gain.mean(0)
    perfect = float(gain.max(1).mean() - expected.max())
    curve = cost_curve(market)
    result: ValueOfKnowing = {
        "quality": perfect,
        "money": curve.worth(perfect),
        "currency": budget.currency,
        "pilot": None,
        "pilots": [],
    }
    chance = market.best_of(draws)
    order = np.argsort(-np.maximum(chance, 1e-9 * expected.argsort().argsort()))
    asked = [int(i) for i in order[:RIVALS] if chance[i] >= CHANCE]
    best = int(expected.argmax())
    if best not in asked:
        asked = [best, *asked][:RIVALS]
    if len(asked) < 2:
        return result
    pilots: list[PilotWorth] = []
    for items in PILOTS:
        cost = _pilot_cost([bought[i] for i in asked], items, budget)
        if cost > budget.amount / 2 and pilots:
            break
        told = _told([bought[i] for i in asked], items, seed)
        quality = min(_explained(gain, told, seed), perfect)
        money = min(curve.worth(quality), result["money"])
        pilots.append(
            {
                "items": items,
                "families": [bought[i].family.name for i in asked],
                "cost": cost,
                "quality": quality,
                "money": money,
                "net": money - cost,
                "worth_it": money > cost and quality >= NOTHING,
            }
        )
    best_pilot = max(pilots, key=lambda one: one["net"])
    return {**result, "pilot": best_pilot, "pilots": pilots}


def _pilot_cost(curves: list[Curve], items: int, budget: Budget) -> float:
    """Money for the same items labelled in all these ways."""
    parts = [
        Part(c.family.price.amount, items * (c.family.answers_per_item or 1), items) for c in curves
    ]
    return cost_of_parts(parts, budget, items)


def _told(curves: list[Curve], items: int, seed: int) -> np.ndarray:
    """Readings (B, R) that a pilot of so many more items would give in each possible truth."""
    rng = np.random.default_rng([seed, items])
    readings = []
    for curve in curves:
        each = curve.family.answers_per_item or 1
        noise = rng.standard_normal((2, len(curve.draws)))
        if np.isfinite(curve.item_sd) and len(curve.measured):
            there = float(curve.measured[-1, 0]) / each
            reach = min((there + items) * each, curve.answers[-1])
            # Items tested before are no news: the pilot's own items are.
            error = CROSSED * curve.item_sd / math.sqrt(items)
            readings.append(curve.at(reach) + error * noise[0])
        if curve.family.price.log_sd > 0:
            factor = np.log(price_noise(curve, seed))
            readings.append(factor + TIME_SPREAD / math.sqrt(items * each) * noise[1])
    if not readings:
        return np.zeros((len(curves[0].draws), 0))
    return np.stack(readings, axis=1)


def _explained(gain: np.ndarray, told: np.ndarray, seed: int) -> float:
    """Gain of choosing by what the readings tell, over choosing now."""
    if not told.shape[1]:
        return 0.0

    def choose(readings: np.ndarray) -> float:
        scaled = (readings - readings.mean(0)) / np.maximum(readings.std(0), 1e-12)
        columns = np.column_stack([np.ones(len(scaled)), scaled, scaled**2])
        fitted = columns @ np.linalg.lstsq(columns, gain, rcond=None)[0]
        return float(fitted.max(1).mean() - gain.mean(0).max())

    order = np.random.default_rng(seed).permutation(len(told))
    return max(0.0, choose(told) - max(0.0, choose(told[order])))
