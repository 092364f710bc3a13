"""What a constant answer gives for no money, and what a purchase adds to it.

Where one class holds nearly all items, always answering it is right so often that accuracy tells
little about what labels teach. The constant is measured on the items that the classifier is tested
on and shares their luck: every draw of a curve goes with the constant's quality on the same
resample of items. A purchase shows a gain where the interval of that difference is above
nothing, however good the purchase looks alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from labelbits.learning import CurvePoints
from labelbits.learning.forecasts.one import resampled_curves
from labelbits.metrics import Metric, metric_of
from labelbits.planning.market import Market
from labelbits.planning.purchases import interval, widened
from labelbits.planning.records import ConstantAnswer, Recommendation
from labelbits.planning.result import NOTHING
from labelbits.planning.shown import change

#: A class with more than this share of the items makes accuracy a poor measure.
ONE_SIDED = 0.75
#: A purchase that leaves more than this share of the constant's errors is compared with it first.
LEFT = 0.5
#: What a plan file can ask for where one class holds nearly all items.
RARE = (
    "rare classes hardly move accuracy: plan with the metric balanced-accuracy or macro-f1, in "
    "which every class counts as much, or cross-entropy, which counts how sure a classifier is of "
    "each item (--metric, or metric in [goal] of a plan file)"
)


def constant_of(
    reference: np.ndarray, metric: str, names: tuple[str, ...]
) -> ConstantAnswer | None:
    """The best constant answer to items whose right answers are `reference` (T, K).

    None for metrics in which a constant says nothing. Keys: `class` (None: the class frequencies),
    `quality`, `items` that it was measured on.
    """
    judged = metric_of(metric)
    if judged.constant is None:
        return None
    best = judged.constant(reference)
    name = None if best.number is None else names[best.number]
    return {"class": name, "quality": best.quality, "items": len(reference)}


def _constant_values(judged: Metric, reference: np.ndarray) -> np.ndarray:
    """Value (T,) of every item of `reference` (T, K) under the best constant answer."""
    assert judged.constant is not None
    assert judged.values is not None
    answer = judged.constant(reference).answer
    log_p = np.broadcast_to(np.log(np.maximum(answer, 1e-30))[:, None], reference.T.shape)
    return np.asarray(judged.values(log_p, reference, np.arange(len(reference))), dtype=np.float64)


def constant_draws(
    points: CurvePoints, reference: np.ndarray, draws: int, seed: int
) -> np.ndarray | None:
    """The constant's quality (B,) on the resampled items of each draw of a forecast of equal seed.

    `reference` (T, K) is what the items of `points` are tested against; None for metrics in which
    a constant says nothing.
    """
    judged = metric_of(points.metric)
    if points.item_values is None or judged.constant is None:
        return None
    value = _constant_values(judged, reference)
    known = np.isfinite(points.mean)
    same = replace(
        points,
        values=np.where(np.isfinite(points.values), value.mean(), np.nan),
        item_values=np.where(np.isfinite(points.item_values), value, np.nan),
        training=np.where(np.isfinite(points.values), 0.0, np.nan),
    )
    # The same generator as the forecast's, whose first numbers choose the items.
    moved = resampled_curves(same, known, draws, np.random.default_rng(seed))
    return value.mean() + moved[:, -1]


def gain_of(
    advice: Recommendation, market: Market, held: float = 0.0
) -> tuple[float, float, float] | None:
    """(mean, low, high) of what the advised purchase adds to the constant, better positive; None
    where nothing is known of single items. `held`: answers of its kind that the labels at hand are
    worth, where the advice is what both give together.

    Forecasts always rise with more labels. Where the largest measured size is not above the
    constant yet, that alone is no evidence that a larger one will be: the interval then holds 0.
    """
    curve, sign = market.curve(advice["family"]), market.sign
    if curve.constant is None:
        return None
    single = advice.get("single", advice)
    answers = held + single["purchases"][0]["answers"]
    if held:
        answers = min(answers, curve.answers[-1])
    mean, low, high = interval(sign * (market.draws(curve, answers) - curve.constant))
    if len(curve.measured) and answers > curve.measured[-1, 0]:
        so_far, least, _ = interval(sign * (curve.at(curve.measured[-1, 0]) - curve.constant))
        if so_far < NOTHING:
            low = min(low, least, 0.0)
    if held:  # the quality of both together is measured: the curve says how sure that is
        more = market.sign * (advice["quality"] - float(curve.constant.mean())) - mean
        return mean + more, low + more, high + more
    if single is advice:
        return mean, low, high
    # A mixture in place of the single kind moves and widens the gain as it does the quality.
    more = sign * (advice["quality"] - single["quality"])
    ends = zip(advice["interval"], single["interval"], strict=True)
    wide = [abs(a - advice["quality"]) ** 2 - abs(b - single["quality"]) ** 2 for a, b in ends]
    extra = max(0.0, *wide)
    low, high = widened(mean, (low, high), math.sqrt(extra))
    return mean + more, low + more, high + more


@dataclass(frozen=True)
class Beside:
    """A purchase beside the constant: is it better for sure (`gain`); the sentence that goes
    `first` with what to do `instead`, or a `note` where the constant is far behind and yet often
    right."""

    gain: bool
    first: str = ""
    instead: str = ""
    note: str = ""


def beside_constant(
    constant: ConstantAnswer,
    advice: Recommendation,
    market: Market,
    added: tuple[float, float, float],
    held: float = 0.0,
) -> Beside:
    """Compare what `advice` buys with the constant, and say what to do about it.

    `added` is (mean, low, high) of what the purchase adds, better positive, and `held` what the
    labels at hand are worth in it (`gain_of`).
    """
    free, quality, shown = constant["quality"], advice["quality"], market.shown
    gain = added[1] > 0
    one_sided = market.metric.counted and free > ONE_SIDED
    forecast = f"{shown(quality)} ({market.between(advice['interval'])})"
    known = f"the {constant['items']:,} items that are tested on"
    if constant["class"] is None:
        head = f"Always answering the class frequencies has {market.metric.title} {shown(free)} on"
    elif market.metric.counted:
        head = f"Always answering {constant['class']!r} is right on {shown(free)} of"
    else:
        head = f"Always answering {constant['class']!r} has {market.metric.title} {shown(free)} on"
    money = market.money(advice["cost"])
    bought = f"what {money} buys is" if not held else f"your labels and what {money} adds are"
    text = f"{head} {known}, without any label; {bought} forecast to reach {forecast}"
    if gain and not (one_sided and 1 - quality > LEFT * (1 - free)):
        if not one_sided:
            return Beside(True)
        return Beside(True, note=f"{head} {known}, and {RARE}")
    percent, (mean, low, high) = market.metric.percent, added
    if high < 0:
        text += f". On the same items that is worse, by {change(-mean, (-high, -low), percent)}."
    else:
        text += f". On the same items that is a gain of {change(mean, (low, high), percent)}"
        text += "." if gain else ": none that the evidence can see."
    instead = "Look for features that tell more, or label a larger pilot, before you buy."
    if one_sided:
        instead = f"{RARE[0].upper()}{RARE[1:]}."
    return Beside(gain, text, instead)


def reached_for_nothing(constant: ConstantAnswer, target: float, market: Market) -> str:
    """What is said of a target that the constant reaches."""
    name = "the class frequencies" if constant["class"] is None else repr(constant["class"])
    reached = f"{market.metric.title} {market.shown(target)}"
    return f"Always answering {name} reaches {reached} without any label."
