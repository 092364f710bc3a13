"""Mixtures of kinds of label for a classifier: designed, then measured by training on them.

The design (`label_design`) is one candidate beside a few plain splits of the two best kinds. Each
is trained on as it would be bought, for the same money as the best single kind and on the same
training sets and test items; the best candidate is then measured anew on fresh training sets, so
that having been the best of several does not flatter it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from labelbits.interface import Batch
from labelbits.learning.curves.engine import Learner
from labelbits.learning.fits.targets import fast_targets
from labelbits.metrics import metric_of
from labelbits.planning.evidence.loading import Evidence
from labelbits.planning.evidence.trial import Trial
from labelbits.planning.mixtures.design import best_design
from labelbits.planning.mixtures.paired import Bench, Measured, Purchase, paired_gain
from labelbits.planning.mixtures.strata import STRATA, Way, stratify, worth_of
from labelbits.planning.mixtures.verdict import Tried, mixture_record
from labelbits.planning.purchases import purchase_of
from labelbits.planning.records import Mixture
from labelbits.planning.spec.cost import Part, affordable_items, bills, cost_of_parts, most_within
from labelbits.planning.spec.planfile import Budget, PlanFile
from labelbits.quantity import Quantity
from labelbits.signals import one_question
from labelbits.threads import one_blas_thread

#: Items of the training sets on which a mixture is measured, at most.
MOST_ITEMS = 1500
#: Items that a mixture has to buy to be worth trying.
FEWEST_ITEMS = 20
#: Training sets for choosing a candidate, and for measuring its gain: on held-out rows, and by
#: cross-validation (whole passes of 10).
SCREEN, CONFIRM = 5, 12
CROSS_SCREEN, CROSS_CONFIRM = 10, 30
#: Candidates: shares of the items that get the second-best kind.
SPLIT = 0.3
#: A gain has to exceed so many half-widths of its interval (about 2.5 standard errors) to be
#: recommended: a second interface has its price, and one of several candidates was picked.
CLEARLY = 1.5


def mixture_of_labels(
    evidence: Evidence, trial: Trial, ways: list[Way], plan: PlanFile, metric: str, seed: int,
    learner: Learner | None = None,
) -> tuple[Mixture | None, np.ndarray | None]:  # fmt: skip
    """The best mixture of the ways with its measured gain over the best single one, and the name
    of every item's stratum.

    `ways` have the points that the linear learner measured, which design the candidates, and the
    curves of the plan's learner; candidates are trained with `learner` (None: the linear one).

    Nones where there is nothing to mix. Kinds that are fitted by a likelihood of their own
    (rankings, candidate sets, ...) are not mixed: each fit takes many times longer.
    """
    budget = plan.budget
    ways = [way for way in ways if _is_fast(way, trial)]
    if len(ways) < 2 or trial.balanced is not None:
        return None, None
    cost = np.array([way.item_cost(budget) for way in ways])
    sign = metric_of(metric).sign
    room = min(trial.largest, MOST_ITEMS)
    money, best, second = _money(ways, cost, room, budget, sign)
    if money / cost[best] < FEWEST_ITEMS:
        return None, None
    strata = stratify(evidence, trial, ways[best], seed)
    worth = worth_of(ways, strata, trial, seed)
    with one_blas_thread():
        design = best_design(strata.population, worth, cost, money, strata.ridge)
    tried = [
        fractions
        for fractions in _candidates(design.fractions, best, second, len(ways))
        if money / float(strata.sizes @ fractions @ cost) >= FEWEST_ITEMS
    ]
    if not tried:
        return None, None  # a part of the dear kind leaves too few items to learn from
    buy = _Buyer(ways, strata.of, worth.mean(0))
    power = ways[best].points.power
    power = power if np.isfinite(power) else 0.0
    bench = Bench(evidence.features, trial, metric, power, learner)

    def bought(fractions: np.ndarray) -> Purchase:
        shares = strata.sizes @ fractions
        items = min(int(money / float(shares @ cost)), room)
        return Purchase(buy.draw(fractions), items, _ridge(ways, shares, items))

    def measured(fractions: np.ndarray, seed: int, replicates: int) -> Measured:
        one = bought(fractions)
        return bench.measure(one.draw, one.items, one.ridge, replicates, seed)

    single = np.zeros((len(strata.sizes), len(ways)))
    single[:, best] = 1
    crossed = trial.pool is None
    few, many = (CROSS_SCREEN, CROSS_CONFIRM) if crossed else (SCREEN, CONFIRM)
    alone = measured(single, seed + 1, few).values
    screened = [sign * float((measured(f, seed + 1, few).values - alone).mean()) for f in tried]
    chosen = tried[int(np.argmax(screened))]
    gain = paired_gain(
        measured(chosen, seed + 2, many),
        measured(single, seed + 2, many),
        sign,
        crossed,
        bench.luck(bought(chosen), bought(single), seed + 3),
    )
    field = _Field(ways, best, cost, strata.sizes, budget)
    tried_best = field.tried(chosen, design.fractions, money, gain)
    record = mixture_record(tried_best, metric_of(metric), budget)
    return record, np.array(STRATA)[strata.of]


def _ridge(ways: list[Way], shares: np.ndarray, items: int) -> float:
    """The penalty for a mixture: the geometric mean of what its parts were measured to need."""
    logs = []
    for way in ways:
        ridges = way.points.ridges
        assert ridges is not None
        near = int(np.argmin(np.abs(np.log(way.points.sizes / items))))
        logs.append(np.log(ridges[near]))
    return float(np.exp(shares @ np.array(logs)))


def _is_fast(way: Way, trial: Trial) -> bool:
    rows = trial.trainable[:4]
    batches = way.answers.draw(np.random.default_rng(0), rows)
    votes = [b.signal.lapse for b in batches if one_question(b.signal.name) == "hard"]
    plain = all(not np.ndim(lapse) and not float(lapse) for lapse in votes)
    known = way.points.ridges is not None and bool(np.isfinite(way.points.ridges).all())
    return plain and known and fast_targets(batches, trial.reference.shape[1]) is not None


def _money(
    ways: list[Way], cost: np.ndarray, room: int, budget: Budget, sign: int
) -> tuple[float, int, int]:
    """(money that the comparison is made for, the best and the second-best way for it)."""

    def rank(money: float) -> np.ndarray:
        expected = [
            sign * float(w.curve.at(max(1.0, min(money / c, w.curve.limit / m)) * m).mean())
            for w, c, m in zip(
                ways, cost, [w.family.answers_per_item or 1 for w in ways], strict=True
            )
        ]
        return np.argsort(-np.array(expected))

    money = budget.amount
    best, second = rank(money)[:2]
    money = min(money, room * float(cost[best]))
    best, second = rank(money)[:2]
    return min(money, room * float(cost[best])), int(best), int(second)


def _candidates(design: np.ndarray, best: int, second: int, kinds: int) -> list[np.ndarray]:
    """Fractions worth measuring: the design, the second kind on ambiguous items, or anywhere."""
    strata = len(design)
    first, other = np.eye(kinds)[best], np.eye(kinds)[second]
    ambiguous = np.tile(first, (strata, 1))
    ambiguous[-1] = other
    anywhere = np.tile((1 - SPLIT) * first + SPLIT * other, (strata, 1))
    mixed = np.count_nonzero(design.sum(0)) > 1
    return ([design] if mixed else []) + [ambiguous, anywhere]


@dataclass(frozen=True)
class _Buyer:
    """Buys a mixture: which kind each item gets depends on its stratum and its turn."""

    ways: list[Way]
    of: np.ndarray
    worth: np.ndarray

    def draw(self, fractions: np.ndarray) -> Any:
        """A source of training answers for `fractions` (strata, ways)."""
        single = np.count_nonzero(fractions.sum(0)) == 1

        def draw(rng: np.random.Generator, rows: np.ndarray) -> list[Batch]:
            kind = np.zeros(len(rows), dtype=int)
            for g in range(len(fractions)):
                mine = np.flatnonzero(self.of[rows] == g)
                # The golden ratio spreads the kinds evenly over the order of purchase.
                place = (np.arange(len(mine)) * 0.6180339887498949 + 0.5) % 1
                kind[mine] = np.searchsorted(np.cumsum(fractions[g])[:-1], place, side="right")
            batches: list[Batch] = []
            for s, way in enumerate(self.ways):
                own = rows[kind == s]
                if not len(own):
                    continue
                found = way.answers.draw(rng, own)
                if not way.answers.is_vote and not single:
                    each = way.family.answers_per_item or 1
                    weight = np.float32(np.clip(self.worth[s], 0.25, 10) / each)
                    found = [replace(b, weight=b.weight * weight) for b in found]
                batches += found
            return batches

        return draw


def _parts_within(ways: list[Way], overall: np.ndarray, most: int, budget: Budget) -> list[Part]:
    """Each kind's part of at most `most` items that the budget pays for, sessions counted."""
    used = np.flatnonzero(overall)

    def parts(items: int) -> list[Part]:
        own = [int(items * float(overall[s])) for s in used]
        each = [ways[s].family.answers_per_item or 1 for s in used]
        prices = [ways[s].family.price.amount for s in used]
        return [Part(p, n * m, n) for p, n, m in zip(prices, own, each, strict=True)]

    def cost(items: int) -> float:
        return np.inf if items > most else cost_of_parts(parts(items), budget)

    return parts(most_within(budget.amount, cost))


def _spendable(ways: list[Way], cost: np.ndarray, budget: Budget) -> tuple[float, float]:
    """(money that can be spent, items that can be bought): less than the budget where the items
    that are left to label are fewer than it buys of every kind."""
    left = [
        way.curve.limit / (way.family.answers_per_item or 1) if way.curve.needs_items else np.inf
        for way in ways
    ]
    money = max(float(items * c) for items, c in zip(left, cost, strict=True))
    return min(budget.amount, money), float(min(left))


@dataclass(frozen=True)
class _Field:
    """The ways that are mixed, number `best` of which is the best alone, what an item `cost` (S,)
    in each, and the sizes (G,) of the strata."""

    ways: list[Way]
    best: int
    cost: np.ndarray
    sizes: np.ndarray
    budget: Budget

    def tried(self, chosen: np.ndarray, design: np.ndarray, money: float, gain: Quantity) -> Tried:
        """What `chosen` (G, S) comes to, whose `gain` was tried with `money`."""
        names = [way.family.name for way in self.ways]
        overall = self.sizes @ chosen
        used = np.flatnonzero(overall)
        whole, most_items = _spendable(self.ways, self.cost, self.budget)
        items = int(min(self.budget.amount / float(overall @ self.cost), most_items))
        words = []
        for s in used:
            where = [STRATA[g] for g in range(len(self.sizes)) if chosen[g, s] >= 0.5]
            everywhere = len(set(np.round(chosen[:, s], 3))) == 1
            text = f"{100 * overall[s]:.0f} % of the items as {names[s]}"
            words.append(text if everywhere or not where else f"{text} (mostly {', '.join(where)})")
        parts = _parts_within(self.ways, overall, items, self.budget)
        purchases = []
        for s, part, bill in zip(used, parts, bills(parts, self.budget), strict=True):
            family = self.ways[s].family
            each = family.answers_per_item or 1
            strata = {STRATA[g]: float(chosen[g, s]) for g in range(len(self.sizes))}
            purchases.append(
                purchase_of(family, int(part.items), each, int(part.answers), bill, strata)
            )
        alone = self.ways[self.best].family
        affordable = affordable_items(alone.price, alone.answers_per_item or 1, self.budget)
        paid = overall * self.cost / float(overall @ self.cost)
        return Tried(
            split=" and ".join(words),
            how=f"trained on and tested for {money:,.2f} {self.budget.currency}",
            shares={names[s]: float(paid[s]) for s in used},
            design={name: design[:, s].tolist() for s, name in enumerate(names)},
            single=names[self.best],
            gain=gain,
            surely=gain.value - CLEARLY * (gain.value - gain.low) > 0,
            money=money,
            whole=min(whole, affordable * float(self.cost[self.best])),
            room="the pilot",
            purchases=purchases,
        )
