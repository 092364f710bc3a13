"""What the labels that exist already are worth, and what money adds to them.

Labels at hand stay in the training set. To first order information adds up, so labels that are as
good as n answers of a family act like a head start of n answers: with x more answers the family
reaches its curve's value at n + x. For more of the same kind that is exact.
"""

from __future__ import annotations

import itertools

import numpy as np

from labelbits.interface import Batch
from labelbits.learning.curves.engine import Learner
from labelbits.metrics import metric_of
from labelbits.planning.evidence.loading import Evidence
from labelbits.planning.evidence.trial import Trial
from labelbits.planning.market import Market
from labelbits.planning.measured.dominance import chains_of
from labelbits.planning.purchases import interval, price_noise
from labelbits.planning.records import Addition, Holdings
from labelbits.planning.result import Curve
from labelbits.signals import Soft, Votes

#: Training sets on which all labels at hand are measured.
REPLICATES = 3
#: The same of another learner than the linear one, where every item is tested in a fold.
TRAININGS = 10


def what_is_there(
    evidence: Evidence,
    trial: Trial,
    curves: list[Curve],
    metric: str,
    seed: int,
    power: float | None = None,
    learner: Learner | None = None,
) -> Holdings | None:
    """Quality of the labels at hand, all of them together; None where there are none to train on.
    Columns are scaled by `power`, as the options' are; `learner` is the plan's (None: linear).

    `worth` is how many answers of each family would be as good. Where a part of the labels was held
    back to test on, quality and worth are those of all of them.
    """
    stated, counts = evidence.stated, evidence.counts
    items = int((stated.sum(1) > 0).sum())
    if not items or trial.balanced is not None:
        return None
    whole = not (evidence.reports is not None and evidence.reports.any())

    def draw(rng: np.random.Generator, rows: np.ndarray) -> list[Batch]:
        rows = rows[stated[rows].sum(1) > 0]
        nobody, ones = np.zeros(len(rows), np.int32), np.ones(len(rows), np.float32)
        if whole:
            return [Batch(Votes(), rows[:, None], counts[rows].astype(np.int32), nobody, ones)]
        total = stated[rows].sum(1)
        shares = stated[rows] / total[:, None]
        return [Batch(Soft(), rows[:, None], shares, nobody, total.astype(np.float32))]

    size = trial.largest
    # Each fit of another learner is a training run: one pass over the folds.
    count = None if learner is None else TRAININGS
    points = trial.measure(
        evidence.features, draw, metric, seed, sizes=[size],
        replicates=count if trial.pool is None else REPLICATES, power=power, learner=learner,
    )  # fmt: skip
    quality = float(points.mean[-1])
    error = float(points.standard_error()[-1])
    worth = {c.family.name: _worth(c, quality, metric) for c in curves}
    if trial.pool is None and items > size:
        # The trial holds some items back; with them the labels are worth in proportion more, and
        # the quality is that further along the curves.
        before = np.array([_capped(c, worth[c.family.name]).mean() for c in curves])
        worth = {name: items / size * answers for name, answers in worth.items()}
        after = np.array([_capped(c, worth[c.family.name]).mean() for c in curves])
        sign = metric_of(metric).sign
        gain = max(0.0, float((sign * (after - before)).mean())) if curves else 0.0
        quality = float(metric_of(metric).within(quality + sign * gain))
    if not error and curves:
        # Items that are all alike show no spread: the forecast at that size has one.
        error = float(_capped(curves[0], worth[curves[0].family.name]).std())
    return {
        "items": items,
        "answers": float(stated.sum()),
        "measured_on": size,
        "quality": quality,
        "standard_error": error,
        "worth": worth,
    }


def _capped(curve: Curve, answers: float | np.ndarray) -> np.ndarray:
    """Draws (B,) of the quality of this many answers, at most the curve's last."""
    return curve.at(np.minimum(answers, curve.answers[-1]))


def _worth(curve: Curve, quality: float, metric: str) -> float:
    """Answers of the family that are as good, from its expected curve; at most its limit."""
    sign = metric_of(metric).sign
    mean = np.maximum.accumulate(sign * curve.draws.mean(0))
    if sign * quality >= mean[-1]:
        return float(curve.answers[-1])
    return float(np.exp(np.interp(sign * quality, mean, np.log(curve.answers))))


def buy_next(there: Holdings, market: Market) -> list[Addition]:
    """What the budget adds to the labels at hand, best first: one entry a family.

    `gain` is the expected change of the quality and `chance` the probability that no other family
    adds more; `at_limit`: the labels at hand and the purchase together are more than the evidence
    can follow, so the true gain may be larger.
    """
    asked = [(curve, market.most(curve)) for curve in market.curves]
    asked = [(c, most) for c, most in asked if most >= (c.family.answers_per_item or 1)]
    if not asked:
        return []
    reached = [_with_purchase(curve, most, there, market) for curve, most in asked]
    changes = np.stack(
        [_change(c, anew, there, market) for (c, _), anew in zip(asked, reached, strict=True)],
        axis=1,
    )
    items = [curve.shape(most)[0] for curve, most in asked]
    for chain in chains_of([curve.family for curve, _ in asked]):
        for fewer, more in itertools.pairwise(chain):
            if items[more] >= items[fewer]:  # more of the same answers on no fewer items
                least = market.sign * changes[:, fewer]
                changes[:, more] = market.sign * np.maximum(market.sign * changes[:, more], least)
    found = [
        _addition(curve, most, float(np.std(anew)), change, there, market)
        for (curve, most), anew, change in zip(asked, reached, changes.T, strict=True)
    ]
    draws = np.stack([change for _, change in found], axis=1)
    for (one, _), chance in zip(found, market.best_of(draws), strict=True):
        one["chance"] = float(chance)
    return sorted((one for one, _ in found), key=lambda one: -market.sign * one["quality"])


def _with_purchase(curve: Curve, answers: float, there: Holdings, market: Market) -> np.ndarray:
    """Draws (B,) of the curve where the labels at hand and the purchase together reach it."""
    total = there["worth"][curve.family.name] + answers * price_noise(curve, market.seed)
    return _capped(curve, total)


def _change(curve: Curve, anew: np.ndarray, there: Holdings, market: Market) -> np.ndarray:
    """Draws (B,) of what a purchase that reaches `anew` changes in the quality of the labels at
    hand."""
    change = anew - _capped(curve, there["worth"][curve.family.name])
    # More labels are not expected to hurt, and no quality is better than perfect.
    change = change + market.sign * max(0.0, -market.sign * float(change.mean()))
    return market.metric.within(there["quality"] + change) - there["quality"]


def _addition(
    curve: Curve, answers: float, own: float, change: np.ndarray, there: Holdings, market: Market
) -> tuple[Addition, np.ndarray]:
    """(the entry of one family, draws (B,) of the change that it is about); `own` is the standard
    deviation of what the curve itself says of both together."""
    sign, reached = market.sign, there["quality"] + change
    # How well the labels at hand do is a measurement too, with an error of its own.
    luck = np.random.default_rng(market.seed + 1).standard_normal(len(reached))
    around = reached + there["standard_error"] * luck
    # The same answers bought anew are not known less well.
    known = float(np.std(around))
    if own > known > 0:
        around = around.mean() + own / known * (around - around.mean())
    # Who has both may train on the purchase alone: together they do no worse than it does.
    alone = float(_capped(curve, answers).mean())
    short = sign * max(0.0, sign * (alone - float(reached.mean())))
    gain, gain_low, gain_high = (end + short for end in interval(change))
    _, low, high = interval(market.metric.within(around + short))
    items, per_item = curve.shape(answers)
    held = there["worth"][curve.family.name]
    entry: Addition = {
        "family": curve.family.name,
        "signal": curve.family.kind,
        "items": items,
        "answers_per_item": per_item,
        "answers": round(answers),
        "cost": market.cost(curve, answers),
        "annotators": curve.family.annotators,
        "quality": float((reached + short).mean()),
        "interval": [low, high],
        "gain": gain,
        "gain_interval": [gain_low, gain_high],
        "at_limit": bool(held + answers > curve.answers[-1] * 1.001),
        "chance": 0.0,
    }
    return entry, change + short
