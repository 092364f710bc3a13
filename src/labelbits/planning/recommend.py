"""From curves and prices to advice: options, the best purchase, how sure, and crossovers."""

from __future__ import annotations

import math
import zlib
from typing import Any

import numpy as np

from labelbits.errors import InputError
from labelbits.planning.cost import affordable_items, total_cost
from labelbits.planning.planfile import Budget
from labelbits.planning.result import LEVEL, Curve, Option

#: Sizes listed for each way of asking.
SIZES = 9
#: Below this probability of being best, the advice says that the data cannot tell.
SURE = 0.8


def interval(draws: np.ndarray) -> tuple[float, float, float]:
    """(mean, low, high) of draws of a quality, the interval holding `LEVEL` of them."""
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(draws.mean()), float(low), float(high)


def most_answers(curve: Curve, budget: Budget) -> float:
    """Answers that the budget buys: whole items where the number on each is fixed."""
    per_item = curve.family.answers_per_item
    if per_item is not None:
        return affordable_items(curve.family.price, per_item, budget) * per_item
    return float(affordable_items(curve.family.price, 1, budget))


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


def option_at(curve: Curve, answers: float, budget: Budget, seed: int) -> Option:
    """The purchase of `answers` answers, with the interval of its quality.

    An uncertain price widens the interval: the same money then buys more or fewer answers.
    """
    draws = curve.at(np.minimum(answers * price_noise(curve, seed), curve.limit))
    quality, low, high = interval(draws)
    items, per_item = curve.shape(answers)
    bits = curve.bits.bits if curve.bits is not None else math.nan
    largest = curve.measured[:, 0].max() if len(curve.measured) else 0.0
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
        measured=bool(answers <= largest),
    )


def sizes_of(curve: Curve, budget: Budget) -> np.ndarray:
    """Numbers of answers to list: from the smallest measured to what can be bought, spread evenly
    in logarithm; at least the largest one that the budget buys."""
    most = min(most_answers(curve, budget), curve.limit)
    unit = curve.family.answers_per_item or 1
    if most < unit:
        return np.array([])
    least = min(float(curve.answers[0]), most)
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
        cheapest = min(cost_of(c, c.family.answers_per_item or 1, budget) for c in curves)
        raise InputError(
            f"[budget] amount is {budget.amount} {budget.currency}; the cheapest purchase costs "
            f"{cheapest:.4g} {budget.currency}: raise the budget to at least that"
        )
    return options


def final_draws(curves: list[Curve], budget: Budget, seed: int) -> tuple[list[Curve], np.ndarray]:
    """(families that the budget can buy, draws (B, families) of what each gives for all of it)."""
    bought = [curve for curve in curves if len(sizes_of(curve, budget))]
    columns = [
        curve.at(
            np.minimum(
                min(most_answers(curve, budget), curve.limit) * price_noise(curve, seed),
                curve.limit,
            )
        )
        for curve in bought
    ]
    return bought, np.stack(columns, axis=1)


def recommend(
    curves: list[Curve],
    options: list[Option],
    budget: Budget,
    seed: int,
    *,
    sign: int,
    metric_name: str,
    percent: bool,
    target: float | None = None,
) -> dict[str, Any]:
    """The purchase with the best expected quality, how sure that is, and what would settle it.

    `sign` is +1 where more quality is better and -1 where less is (cross-entropy).
    """
    bought, draws = final_draws(curves, budget, seed)
    gain = sign * draws
    expected = gain.mean(0)
    best = int(np.argmax(expected))
    share = np.bincount(gain.argmax(1), minlength=len(bought)) / len(gain)
    last = {option.family: option for option in options}  # options rise in size in each family
    option = last[bought[best].family.name]
    order = np.argsort(-expected)
    rivals = [bought[i].family.name for i in order if i != best]
    result: dict[str, Any] = {
        "family": option.family,
        "purchases": [_purchase(bought[best], option)],
        "cost": option.cost,
        "quality": option.quality,
        "interval": [option.low, option.high],
        "probability_best": float(share[best]),
        "probabilities": {c.family.name: float(s) for c, s in zip(bought, share, strict=True)},
        "next_best": rivals[0] if rivals else None,
    }
    result["value_of_knowing"] = float(gain.max(1).mean() - expected[best])
    result["sentence"] = _sentence(result, option, last, budget, metric_name, percent, sign)
    if target is not None:
        result["cheapest_for_target"] = cheapest_for(curves, target, budget, seed, sign)
    return result


def with_mixture(advice: dict[str, Any], mixture: dict[str, Any], budget: Budget) -> dict[str, Any]:
    """The advice with a mixture in place of the best single signal, by the gain it was measured
    to have; the interval moves with it and widens by the gain's own."""
    gain, (low, high) = mixture["gain"], mixture["interval"]
    quality = advice["quality"] + gain
    below, above = quality - advice["interval"][0], advice["interval"][1] - quality
    interval = [
        quality - math.hypot(below + gain, gain - low),
        min(1.0, quality + math.hypot(above + gain, high - gain)),
    ]
    what = " and ".join(
        f"{p['answers']:,} {p['signal']} answers ({p['answers_per_item']:.2g} an item)"
        for p in mixture["purchases"]
    )
    cost = sum(p["cost"] for p in mixture["purchases"])
    sentence = (
        f"Buy a mixture, {what}, for {cost:,.2f} {budget.currency}: expected alignment "
        f"{quality:.3f} ({LEVEL:.0%} interval {interval[0]:.3f} to {interval[1]:.3f}), "
        f"{gain:.3f} ({low:.3f} to {high:.3f}) more than the same money on "
        f"{mixture['single']} alone."
    )
    return {
        **advice,
        "purchases": mixture["purchases"],
        "cost": cost,
        "quality": quality,
        "interval": interval,
        "single": {key: advice[key] for key in ("purchases", "quality", "interval", "sentence")},
        "sentence": sentence,
    }


def _purchase(curve: Curve, option: Option) -> dict[str, Any]:
    return {
        "signal": option.signal,
        "items": option.items,
        "answers_per_item": option.answers_per_item,
        "answers": option.answers,
        "cost": option.cost,
        "annotators": "crowd",
        **curve.family.options,
    }


def cheapest_for(
    curves: list[Curve], target: float, budget: Budget, seed: int, sign: int
) -> dict[str, Any] | None:
    """The least money at which the expected quality reaches `target`; None where none is seen."""
    best: dict[str, Any] | None = None
    for curve in curves:
        mean = curve.draws.mean(0)
        reached = np.flatnonzero((sign * mean >= sign * target) & (curve.answers <= curve.limit))
        if not len(reached):
            continue
        i = int(reached[0])
        answers = float(curve.answers[i])
        if i:
            gap = (target - mean[i - 1]) / (mean[i] - mean[i - 1] or 1.0)
            before = math.log(curve.answers[i - 1])
            answers = math.exp(before + gap * (math.log(answers) - before))
        unit = curve.family.answers_per_item or 1
        answers = math.ceil(answers / unit) * unit
        cost = cost_of(curve, answers, budget)
        if best is None or cost < best["cost"]:
            option = option_at(curve, answers, budget, seed)
            best = {
                **_purchase(curve, option),
                "quality": option.quality,
                "interval": [option.low, option.high],
                "target": target,
            }
    return best


def show(value: float, percent: bool) -> str:
    """A quality as text: a percentage for accuracy, else three decimals."""
    return f"{100 * value:.1f} %" if percent else f"{value:.3f}"


def _sentence(
    result: dict[str, Any],
    option: Option,
    last: dict[str, Option],
    budget: Budget,
    metric_name: str,
    percent: bool,
    sign: int,
) -> str:
    what = _what(option)
    text = (
        f"Buy {what} for {option.cost:,.2f} {budget.currency}: expected {metric_name} "
        f"{show(option.quality, percent)} ({LEVEL:.0%} interval {show(option.low, percent)} to "
        f"{show(option.high, percent)})."
    )
    if len(last) == 1:
        return text
    rival = last[result["next_best"]]
    sure = result["probability_best"]
    if sure >= SURE:
        return text + (
            f" It is the best of the {len(last)} ways compared with probability {sure:.2f}; next "
            f"is {rival.family} with {show(rival.quality, percent)}."
        )
    return text + (
        f" The evidence cannot tell it from {rival.family} ({show(rival.quality, percent)} "
        f"expected): it is the best with probability {sure:.2f} only. Choosing right would gain "
        f"{show(result['value_of_knowing'], percent)} on average; label both ways a pilot of "
        f"{max(50, 2 * min(option.items, rival.items) // 10):,} items to settle it."
    )


def _what(option: Option) -> str:
    """The purchase in words."""
    per_item = option.answers_per_item
    name = {
        "hard": "hard labels",
        "votes": "votes",
        "soft": "soft labels",
        "sparse-soft": "sparse soft labels",
        "ranking": "rankings",
    }.get(option.signal, f"{option.signal} answers")
    if per_item == 1:
        return f"{option.answers:,} {name} (one on each of {option.items:,} items)"
    if per_item == round(per_item):
        return f"{option.answers:,} {name} ({per_item:.0f} on each of {option.items:,} items)"
    return f"{option.answers:,} {name} ({per_item:.2g} an item on {option.items:,} items)"


def crossovers(curves: list[Curve], budget: Budget, seed: int, sign: int) -> list[dict[str, Any]]:
    """For each pair of families, the price ratio at which they are equally good for the budget.

    Family b is preferred while one of its answers costs less than `price_ratio` answers of a;
    None where it never or always wins within the evidence (`wins` says which). The interval
    comes from the draws.
    """
    found = []
    ratios = np.geomspace(0.02, 50, 241)
    for i, a in enumerate(curves):
        for b in curves[i + 1 :]:
            money = budget.amount
            answers_a = min(money / a.family.price.amount, a.limit)
            if answers_a < 1:
                continue
            reference = sign * a.at(answers_a)
            bought = money / (ratios * a.family.price.amount)
            wins = np.stack(
                [sign * b.at(min(max(n, b.answers[0]), b.limit)) > reference for n in bought],
                axis=1,
            )  # (B, ratios), true at low ratios where b is cheap
            edge = np.where(wins.any(1), wins.shape[1] - 1 - wins[:, ::-1].argmax(1), -1)
            middle = float(np.median(edge))
            current = b.family.price.amount / a.family.price.amount
            entry: dict[str, Any] = {
                "a": a.family.name,
                "b": b.family.name,
                "budget": money,
                "current_price_ratio": current,
            }
            if middle < 0 or middle >= len(ratios) - 1:
                winner = a.family.name if middle < 0 else b.family.name
                entry |= {"price_ratio": None, "interval": None, "wins": winner}
                entry["sentence"] = (
                    f"{winner} gives more for {money:,.0f} {budget.currency} at any price ratio "
                    f"from {ratios[0]:.2g} to {ratios[-1]:.2g}."
                )
            else:
                low, high = np.quantile(edge, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
                low, middle, high = (_ratio(ratios, e) for e in (low, middle, high))
                entry |= {"price_ratio": middle, "interval": [low, high]}
                entry["wins"] = b.family.name if current < middle else a.family.name
                least = f"under {low:.2g}" if low <= ratios[0] else f"{low:.2g}"
                most = f"over {high:.2g}" if high >= ratios[-1] else f"{high:.2g}"
                entry["sentence"] = (
                    f"{b.family.name} wins below {middle:.2g} x the price of one answer to "
                    f"{a.family.name} ({least} to {most}); it costs {current:.2g} x now."
                )
            found.append(entry)
    return found


def _ratio(ratios: np.ndarray, edge: float) -> float:
    return float(ratios[int(np.clip(round(edge), 0, len(ratios) - 1))])
