"""Several kinds of answers for the same money: what one space learns from all of them.

Everything that people answered in the pilot is held, so a purchase is learned together with it. In
each of a few folds one space is learned from all kinds; worlds drawn from it answer what each split
of the money buys, and the space of what is held and what is bought is measured as everywhere. The
splits are paired: the same worlds answer them. One is picked on some worlds and its gain over the
best single kind measured on others, so that having been the best of several does not flatter it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from labelbits.interface import Batch
from labelbits.metrics import metric_of
from labelbits.planning.comparisons.forecast import FACTOR, SPREAD
from labelbits.planning.comparisons.goals import goal_of
from labelbits.planning.comparisons.held import Held, Source
from labelbits.planning.comparisons.measured import Part, about, item_folds
from labelbits.planning.comparisons.twins import (
    Asking,
    Tested,
    TwinLearner,
    learn,
    measure,
    simulated,
)
from labelbits.planning.mixtures.simulated import within_budget
from labelbits.planning.mixtures.verdict import Tried, mixture_record
from labelbits.planning.purchases import most_answers, purchase_of
from labelbits.planning.records import Mixture
from labelbits.planning.result import NOTHING, Curve
from labelbits.planning.spec.cost import Part as Bought
from labelbits.planning.spec.cost import bills
from labelbits.planning.spec.planfile import Budget
from labelbits.quantity import Quantity, reach
from labelbits.recovery.held_out import Fitter, splits
from labelbits.recovery.held_out.worlds import PossibleWorld, plausible_worlds

#: Shares of the money for the second kind that are tried; 1 is the second kind beside what is held.
SPLITS = (0.25, 0.5, 1.0)
#: Worlds on which a split is picked, and others on which its gain is measured.
SCREEN, CONFIRM = 4, 8
#: Folds of questions, as elsewhere, and those whose space is learned.
FOLDS, USED = 5, 2
#: How many times the answers that are held a purchase is followed to.
FAR = 4


@dataclass(frozen=True)
class Kind:
    """One way to ask that may be a part: its curve, its source, and how it asks."""

    curve: Curve
    source: Source
    asking: Asking


@dataclass(frozen=True)
class _Twin:
    """A world, the rows that it was learned from, and what is measured."""

    world: PossibleWorld
    rows: np.ndarray
    tested: Tested
    tested_rows: np.ndarray
    seed: int


def mixture_of(
    held: Held, kinds: Sequence[Kind], budget: Budget, metric: str, fit: Fitter,
    tests: Callable[[Part], Tested], seed: int, tell: Callable[[float], None],
    learn: TwinLearner = learn,
) -> Mixture | None:  # fmt: skip
    """The best split of the money over the best kind and one other, with its gain measured on
    twins; None where the money buys too little of either. `kinds` are at least two; worlds are
    drawn from what `fit` finds, and `learn` is how a twin's space is learned."""
    reached = [expected_of(kind.curve, budget) for kind in kinds]
    order = np.argsort(-np.array(reached)).tolist()
    pair = [kinds[place] for place in order[:2]]
    money = np.array([most_answers(kind.curve, budget) for kind in pair])
    if money.min() < 1:
        return None
    people = np.flatnonzero(held.model == "")
    share = min(1.0, FAR * len(people) / float(money.max()))
    less = budget.model_copy(update={"amount": budget.amount * share})
    curves = [kind.curve for kind in pair]
    bought = [money * [1, 0] * share]
    for split in SPLITS:
        found = within_budget(curves, money * [1 - split, split] * share, held.items, less)
        if found is not None:
            bought.append(found)
    if len(bought) < 2:
        return None
    twins = _twins(held, people, fit, tests, metric, seed)
    steps = SCREEN * len(bought) + 2 * CONFIRM
    done = 0

    def values(answers: np.ndarray, chosen: list[_Twin]) -> np.ndarray:
        nonlocal done
        found = []
        for twin in chosen:
            found.append(_measured(held, pair, answers, twin, metric, learn))
            done += 1
            tell(done / steps)
        return np.array(found)

    few, many = twins[:SCREEN], twins[SCREEN:]
    alone = values(bought[0], few)
    gains = [float((values(one, few) - alone).mean()) for one in bought[1:]]
    best = bought[1 + int(np.argmax(gains))]
    gain = _gain(values(best, many) - values(bought[0], many))
    tried = _tried(pair, best / share, budget, held.items, gain, share, len(many))
    return mixture_record(tried, metric_of(metric), budget)


def expected_of(curve: Curve, budget: Budget) -> float:
    """Mean quality that all of the budget buys on this curve; below 0 where it buys no answer."""
    most = min(most_answers(curve, budget), curve.limit)
    return float(curve.at(most).mean()) if most >= 1 else -1.0


def _twins(
    held: Held, people: np.ndarray, fit: Fitter, tests: Callable[[Part], Tested], metric: str,
    seed: int,
) -> list[_Twin]:  # fmt: skip
    """Worlds that everything people answered leaves possible, those for picking first."""
    mine = np.zeros(len(held), dtype=bool)
    mine[people] = True
    judged = np.zeros(len(held), dtype=bool)
    judged[held.tested] = True
    each = (SCREEN + CONFIRM) // USED
    found: list[list[_Twin]] = []
    parts: list[Part] = []
    if goal_of(metric).needs_classes:
        for items in item_folds(held, seed)[:USED]:
            rows = people[~about(held, people, items)]
            parts.append(Part([rows], np.zeros(0, int), [], unlabelled=items))
    else:
        for rows, test in splits(held.answers, FOLDS, "question", seed)[:USED]:
            parts.append(Part([rows[mine[rows]]], test[judged[test]], []))
    for number, part in enumerate(parts):
        (rows,) = part.fitted
        worlds = plausible_worlds(fit(held.part(rows)), each, seed + number)
        tested = tests(part)
        found.append(
            [
                _Twin(w, rows, tested, part.tested, seed + 100 * number + k)
                for k, w in enumerate(worlds)
            ]
        )
    return [twin for both in zip(*found, strict=True) for twin in both]


def _measured(
    held: Held, pair: Sequence[Kind], answers: np.ndarray, twin: _Twin, metric: str,
    learn: TwinLearner,
) -> float:  # fmt: skip
    """The metric of the space of what is held and what is bought, if this world were the truth."""
    batches = {batch.signal.name: batch for batch in held.batches(twin.rows)}
    for kind, count in zip(pair, answers, strict=True):
        if count < 1:
            continue
        asking = kind.asking.beside(held.question[twin.tested_rows]).without(twin.tested.items)
        more = simulated(twin.world, asking, int(count), twin.seed)
        name = more.signal.name
        batches[name] = _joined(batches[name], more) if name in batches else more
    space = learn(twin.world, held, list(batches.values()), {})
    return measure(space, twin.world, twin.tested, metric)


def _joined(first: Batch, second: Batch) -> Batch:
    """Two batches of one signal as one."""
    return replace(
        first,
        **{
            name: np.concatenate([getattr(first, name), getattr(second, name)])
            for name in ("items", "answer", "annotator", "weight")
        },
    )


def _gain(differences: np.ndarray) -> Quantity:
    """Mean difference with its interval: over worlds (Student's t), and of how much people
    rise beside twins."""
    count, mean = len(differences), float(differences.mean())
    error = float(differences.std(ddof=1)) / np.sqrt(count)
    error = np.hypot(error, SPREAD * mean)
    half = reach(float(error), count - 1)
    middle = FACTOR * mean
    return Quantity(middle, middle - half, middle + half, "Student t", found="simulated")


def _tried(
    pair: Sequence[Kind], answers: np.ndarray, budget: Budget, items: int, gain: Quantity,
    share: float, worlds: int,
) -> Tried:  # fmt: skip
    """What buying so many `answers` of each kind comes to, of which `share` was tried."""
    names = [kind.curve.family.name for kind in pair]
    used = np.flatnonzero(answers >= 1).tolist()
    counts = [int(answers[i]) for i in used]
    parts = [
        Bought(pair[i].curve.family.price.amount, n, items)
        for i, n in zip(used, counts, strict=True)
    ]
    paid = bills(parts, budget, items)
    cost = sum(bill.total for bill in paid)
    shares = {names[i]: bill.total / cost for i, bill in zip(used, paid, strict=True)}
    return Tried(
        split=", ".join(f"{100 * one:.0f} % on {name}" for name, one in shares.items()),
        how=f"learned together with what people answered in the pilot, for {worlds} twins of it",
        shares=shares,
        design=shares,
        single=names[0],
        gain=gain,
        surely=gain.low > 0 and gain.value > NOTHING,
        money=budget.amount * share,
        whole=budget.amount,
        room=f"{FAR} times the answers that are held, as far as mixtures are followed,",
        purchases=[
            purchase_of(pair[i].curve.family, items, n / items, n, bill)
            for i, n, bill in zip(used, counts, paid, strict=True)
        ],
    )
