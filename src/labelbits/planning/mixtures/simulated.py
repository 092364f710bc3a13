"""Mixtures of signals: shares of the budget by convex optimal design, confirmed by simulation.

A design w spends the share w_s of the money on signal s. To first order, answers add their Fisher
information, so the expected bits of a design are

    phi(w) = 1/2 log2 det H - 1/2 log2 det H_cc,   H = I + sum_s w_s (budget / price_s) F_s,

with F_s the expected Fisher information of one random question at the world's points, I the
precision of the prior N(0, I) and H_cc the block of the prototypes, which are a nuisance here. phi
is concave in w (the logarithm of a Schur complement's determinant is): its maximum over the simplex
is found by sequential quadratic programming (Bayesian D_s-optimality, Chaloner and Verdinelli 1995,
Statistical Science 10). Fisher information is local, so it says little
about few answers, where a mixture helps most by putting groups of items in their places. So the
design is one candidate beside a few fixed splits of the two best signals; simulation picks one, and
its gain is then measured on fresh worlds, mixture and single signal on the same ones. Where no
candidate can have gained by what was simulated, that is the answer and nothing more is simulated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import jax
import numpy as np
from scipy.optimize import minimize

from labelbits.information import question_information, random_questions
from labelbits.interface import Signal
from labelbits.metrics import metric_of
from labelbits.planning.families import one_answer
from labelbits.planning.mixtures.verdict import Tried, mixture_record
from labelbits.planning.purchases import most_answers, purchase_of
from labelbits.planning.records import Mixture
from labelbits.planning.result import Curve
from labelbits.planning.spec.cost import Part, bills, cost_of_parts, most_within
from labelbits.planning.spec.planfile import Budget
from labelbits.quantity import Quantity
from labelbits.simulation.simulate import simulate
from labelbits.threads import one_blas_thread
from labelbits.worlds import World

#: Random questions that one signal's Fisher information is averaged over.
QUESTIONS = 3000
#: Answers drawn for each of them where answers cannot be listed.
DRAWS = 4
#: Worlds that a design is averaged over, and batches of worlds on which the best is confirmed.
DESIGN_WORLDS, CONFIRM_BATCHES = 3, 2
#: Items of a world that a design is worked out on, at most: its cost grows with their cube.
DESIGN_ITEMS = 40
#: Coordinates that a design is worked out for, at most: its cost grows with their cube.
MOST_COORDINATES = 1500
#: Shares of the second-best signal that are tried.
SPLITS = (0.15, 0.3, 0.5)
#: Kinds of question that a mixture is designed from, the best ones.
MIXED = 3
#: A share below this is not worth a second interface for the annotators.
LEAST_SHARE = 0.05
#: A split that leaves less than this of the answers, once all items are acquired and both kinds
#: have their sessions, is not tried.
ENOUGH = 0.5


@dataclass(frozen=True)
class Design:
    """Shares of the money (S,), expected bits about the items, the bits of each alone (S,)."""

    shares: np.ndarray
    bits: float
    single: np.ndarray


def best_shares(signals: list[Signal], world: World, answers: np.ndarray, seed: int = 0) -> Design:
    """The D-optimal split of the money between `signals`.

    `answers` (S,) is how many answers the whole budget buys of each signal alone, in a world of
    this size.
    """
    keys = jax.random.split(jax.random.key(seed), DESIGN_WORLDS)
    information = []
    for key in keys:
        item_key, class_key, *each = jax.random.split(key, 2 + len(signals))
        z = world.sample_items(item_key, (world.items,))
        c = world.sample_prototypes(class_key, ())
        parts = []
        for one, s in zip(each, signals, strict=True):
            asked = random_questions(s, world, QUESTIONS, seed)
            parts.append(question_information(s, world, z, c, asked, one, DRAWS))
        information.append(np.stack(parts))
    scaled = np.stack(information) * np.asarray(answers)[None, :, None, None]
    identity = np.eye(scaled.shape[-1])
    nuisance = slice(world.items * world.dims, None)

    def value_and_slope(w: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = 0.0, np.zeros(len(w))
        for f in scaled:
            h = identity + np.tensordot(w, f, 1)
            value += 0.5 * (np.linalg.slogdet(h)[1] - np.linalg.slogdet(h[nuisance, nuisance])[1])
            inverse = np.linalg.inv(h)
            inverse[nuisance, nuisance] -= np.linalg.inv(h[nuisance, nuisance])
            slope += 0.5 * np.tensordot(f, inverse, ([1, 2], [1, 0]))
        scale = 1 / (len(scaled) * np.log(2))
        return -value * scale, -slope * scale

    count = len(signals)
    single = np.array([-value_and_slope(np.eye(count)[i])[0] for i in range(count)])
    found = minimize(
        value_and_slope,
        np.full(count, 1 / count),
        jac=True,
        method="SLSQP",
        bounds=[(0, 1)] * count,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones(count)},
        options={"maxiter": 100, "ftol": 1e-6},
    )
    shares = np.clip(found.x, 0, None)
    shares = np.where(shares < LEAST_SHARE, 0, shares)
    shares /= shares.sum()
    return Design(shares, -value_and_slope(shares)[0], single)


@dataclass(frozen=True)
class Confirmed:
    """Alignment of the mixture and of the best single signal on the same worlds (W,)."""

    mixture: np.ndarray
    single: np.ndarray

    @property
    def gain(self) -> Quantity:
        """Mean difference, paired."""
        return Quantity.of_mean(self.mixture - self.single, found="simulated")


def confirm(
    signals: list[Signal],
    world: World,
    answers: np.ndarray,
    shares: np.ndarray,
    best: int,
    seed: int,
    worlds: int = 8,
    alone: np.ndarray | None = None,
    simulated: np.ndarray | None = None,
) -> Confirmed:
    """Recover simulated worlds from the mixture and from signal number `best` alone.

    `alone` (worlds,) is what the latter gave on these worlds, where that is known already.
    `simulated` (S,) is how many answers of each signal were simulated alone: with as many worlds
    and answers as there, its compiled programs serve here too.
    """
    most = np.maximum(answers, 1 if simulated is None else simulated)

    def run(which: list[int], counts: list[int]) -> np.ndarray:
        chosen = [signals[i] for i in which]
        largest = [max(1, round(float(most[i]))) for i in which]
        found = simulate(chosen, world, answers=counts, seeds=worlds, seed=seed, largest=largest)
        return found.values["spearman"]

    used = np.flatnonzero(shares).tolist()
    if alone is None:
        alone = run([best], [max(1, round(float(answers[best])))])
    return Confirmed(run(used, [max(1, round(float(answers[i] * shares[i]))) for i in used]), alone)


def _worse_and_worse(screened: list[Confirmed]) -> bool:
    """Has the second signal lost for sure at two rising shares, and more at the larger one?"""
    if len(screened) < 2:
        return False
    before, gain = screened[-2].gain, screened[-1].gain
    return before.high < 0 and gain.high < 0 and gain.value < before.value


def _together(parts: list[Confirmed]) -> Confirmed:
    return Confirmed(
        np.concatenate([part.mixture for part in parts]),
        np.concatenate([part.single for part in parts]),
    )


def candidates(design: np.ndarray, quality: np.ndarray) -> list[np.ndarray]:
    """Splits worth simulating: the design, and fixed splits of the two signals that do best."""
    first, second = np.argsort(-quality)[:2]
    unit = np.eye(len(quality))
    splits = [(1 - share) * unit[first] + share * unit[second] for share in SPLITS]
    return ([design] if np.count_nonzero(design) > 1 else []) + splits


def _of_two(shares: np.ndarray) -> np.ndarray:
    """The two largest shares of a design: a third interface is seldom worth its trouble."""
    kept = np.where(shares >= np.sort(shares)[-min(2, len(shares))], shares, 0)
    return kept / kept.sum()


def within_budget(
    curves: list[Curve], answers: np.ndarray, total: int, budget: Budget
) -> np.ndarray | None:
    """Whole numbers of answers (S,) in the proportions of `answers` that the budget pays for, with
    all items and the sessions of each kind; None where that is hardly anything."""
    most = float(answers.sum())
    prices = [curve.family.price.amount for curve in curves]

    def bought(count: int) -> np.ndarray:
        return np.floor(answers * min(1.0, count / most) + 1e-9)

    def cost(count: int) -> float:
        parts = [Part(p, n, total) for p, n in zip(prices, bought(count), strict=True) if n]
        # Beyond all the answers there is nothing to buy.
        return np.inf if count > math.ceil(most) else cost_of_parts(parts, budget, total)

    found = bought(most_within(budget.amount * (1 + 1e-12), cost))
    return found if found.sum() >= ENOUGH * most else None


def mixture_for(
    curves: list[Curve], world: World, total: int, budget: Budget, seed: int, worlds: int
) -> Mixture | None:
    """The best mixture of the families for the budget and its measured gain; None for one family.

    Families that ask the same question at the same price (votes and hard labels) count once.

    The simulated world stands for `total` items: numbers of answers are scaled to its size.
    `worlds` are simulated at a time, as for the curves.
    """
    different = {(*c.family.question, c.family.price.amount): c for c in curves}
    curves = list(different.values())
    if len(curves) > MIXED:
        # The rest could hardly win a share; every kind costs a compiled program.
        reached = [
            float(c.at(min(most_answers(c, budget), c.limit)).mean()) if len(c.answers) else -1.0
            for c in curves
        ]
        curves = [curves[i] for i in sorted(np.argsort(reached)[-MIXED:])]
    signals = [one_answer(curve.family) for curve in curves]
    if len(signals) < 2:
        return None
    money = [min(most_answers(curve, budget), curve.limit) for curve in curves]
    answers = np.array(money) * world.items / total
    if (answers < 1).any():
        return None
    quality = np.array([float(c.at(m).mean()) for c, m in zip(curves, money, strict=True)])
    best = int(np.argmax(quality))
    small = replace(world, items=min(world.items, DESIGN_ITEMS))
    if (small.items + world.classes) * world.dims <= MOST_COORDINATES:
        with one_blas_thread():  # a few hundred coordinates: a second thread mostly waits
            design = best_shares(signals, small, answers * small.items / world.items, seed).shares
    else:
        design = np.eye(len(signals))[best]  # splits of the two best kinds are tried alone
    tried = []
    for split in candidates(_of_two(design), quality):
        # What a second kind of question costs beside its answers is paid from the same money.
        part = within_budget(curves, np.array(money) * split, total, budget)
        if part is not None:
            tried.append(part / np.array(money))
    if not tried:
        return None
    simulated = np.array([c.measured[-1, 0] for c in curves]) * world.items / total

    def measured(shares: np.ndarray, seed: int, alone: np.ndarray | None = None) -> Confirmed:
        return confirm(signals, world, answers, shares, best, seed, worlds, alone, simulated)

    screened: list[Confirmed] = []
    for shares in tried:
        screened.append(measured(shares, seed + 1, screened[0].single if screened else None))
        if _worse_and_worse(screened[len(tried) - len(SPLITS) :]):
            break
    most = int(np.argmax([one.gain.value for one in screened]))
    shares, found, fresh = tried[most], screened[most], ""
    if max(one.gain.high for one in screened) > 0:
        # Fresh worlds: the best of several candidates looks better than it is where it was picked.
        again = [measured(shares, seed + 2 + batch) for batch in range(CONFIRM_BATCHES)]
        found, fresh = _together(again), "fresh "
    names = [curve.family.name for curve in curves]
    used = np.flatnonzero(shares)
    split = ", ".join(f"{100 * shares[i] / shares.sum():.0f} % on {names[i]}" for i in used)
    answered = [round(money[i] * float(shares[i])) for i in used]
    parts = [
        Part(curves[i].family.price.amount, n, total) for i, n in zip(used, answered, strict=True)
    ]
    purchases = [
        purchase_of(curves[i].family, total, count / total, count, bill)
        for i, count, bill in zip(used, answered, bills(parts, budget, total), strict=True)
    ]
    tried_best = Tried(
        split=split,
        how=f"measured on {len(found.single)} {fresh}simulated worlds",
        shares={names[i]: float(shares[i] / shares.sum()) for i in used},
        design=dict(zip(names, design.tolist(), strict=True)),
        single=names[best],
        gain=found.gain,
        surely=found.gain.low > 0,
        money=budget.amount,
        whole=budget.amount,
        room="",
        purchases=purchases,
    )
    return mixture_record(tried_best, metric_of("alignment"), budget)
