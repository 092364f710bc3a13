"""Quality from a specification: recovery of the latent space in simulated worlds of its size."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import cache

import numpy as np

from labelbits.errors import InputError
from labelbits.information import per_answer
from labelbits.planning.evidence.loading import Evidence
from labelbits.planning.families import one_answer
from labelbits.planning.measured.curves import Learned
from labelbits.planning.mixtures.simulated import mixture_for
from labelbits.planning.purchases import cost_of, most_answers
from labelbits.planning.result import Assumption, Curve, Family
from labelbits.planning.simulated.coverage import Coverage
from labelbits.planning.simulated.ranges import (
    Open,
    Setting,
    dims_around,
    said_of_ranges,
    settings,
)
from labelbits.planning.simulated.unseen import of_anyone
from labelbits.planning.spec.planfile import PlanFile
from labelbits.progress import known_so_far
from labelbits.quantity import central
from labelbits.simulation.pooling import pool_of
from labelbits.simulation.simulate import simulate
from labelbits.worlds import World

#: Items of a simulated world, at most; larger plans are read off worlds of this size.
MOST_ITEMS = 120
#: Worlds that every point is averaged over; fewer, but no fewer than `LEAST_WORLDS`, where items x
#: classes x dims of them all would exceed `HEAVY` (a point of hard labels then takes about 10 s).
WORLDS, LEAST_WORLDS, HEAVY = 12, 4, 24e6
#: Share of the work that curves are; a mixture is the rest.
SIMULATED = 0.95
#: Fewer simulated items a class than this place its prototype badly.
FEW_A_CLASS = 3
#: Coordinates of the prototypes of one world, at most; a quarter of it where answers do not add up
#: to a statistic and the likelihood of each is worked out.
MOST_PROTOTYPES = 100_000
#: Answers on each item that are simulated (doubling up to the largest that the budget buys).
MOST_PER_ITEM = 64
#: Draws kept of each curve.
DRAWS = 400
GRID = 40


def simulated_curves(
    families_in: Callable[[int], list[Family]],
    plan: PlanFile,
    evidence: Evidence | None,
    dims: int,
    classes: int,
    seed: int,
    tell: Callable[[str, float], None],
    unseen: Collection[int] = (),
    asked: Mapping[int, Open] | None = None,
    *,
    dims_known: bool = True,
) -> Learned:
    """Alignment of every family against its number of answers; `families_in(D)` are the families
    as they ask about items of D dimensions.

    Each point is simulated: worlds are drawn, answers sampled through the signal's channel, the
    items recovered by maximum a posteriori. Where the money does not reach every item, the
    number of answers on each covered item is chosen to serve all items best. `unseen` are the
    numbers of [[signal]] whose annotators nothing is known of: each draw of their curves has a
    share of random answers of its own, anything from none to all. `asked`: what is not known of the
    noise of each [[signal]]; it is drawn from a range, setting by setting, and so are the shape of
    the items' cloud where no features tell it and the dimensions where they are a guess (not
    `dims_known`). Raises `InputError` for more classes in more
    dimensions than can be simulated.
    """
    total = plan.dataset.items or len(evidence.features)  # type: ignore[union-attr]
    items = min(total, MOST_ITEMS)
    if dims >= items:
        raise InputError(
            f"[dataset] dims is {dims} and alignment is simulated with {items} items; expected at "
            f"most {items - 1}: so many points show no more dimensions"
        )

    @cache
    def world_in(dims: int) -> World:
        if evidence is None:
            return World(items=items, classes=classes, dims=dims)
        return replace(World.from_features(evidence.features, dims, classes), items=items)

    world, families = world_in(dims), families_in(dims)
    worlds = worlds_of(families, world)
    coverage = Coverage(dims, seed)
    result = Learned([])
    result.assumptions += [
        Assumption(
            "prior of items and prototypes", world.prior, "", "theory: N(0, I) unless features"
        ),
        Assumption("simulated worlds", worlds, f"of {items} items", "seeded simulation"),
    ]
    if worlds < WORLDS:
        result.warnings.append(
            f"{classes:,} classes in {dims} dimensions take long to simulate: intervals rest on "
            f"{worlds} worlds instead of {WORLDS} and are rough, most of all where they are narrow"
        )
    if items < total:
        much = "slightly" if items >= FEW_A_CLASS * classes else "much"
        result.warnings.append(
            f"{total:,} items are read off simulated worlds of {items}: class signals are then "
            f"shown {much} too weak (fewer items locate the {classes:,} prototypes), comparisons "
            "slightly too strong (they need answers in proportion to the logarithm of the items)"
        )
    geometry = evidence is None and any((asked or {}).values())
    most = min(items - 1, MOST_PROTOTYPES // (4 * classes))
    may_be = (dims,) if dims_known else dims_around(dims, most)
    drawn = settings(seed, geometry, may_be)
    result.assumptions += said_of_ranges(dict(asked or {}), geometry, may_be)
    for number, family in enumerate(families):
        free = (asked or {}).get(family.number, Open())
        several = free or geometry or len(may_be) > 1
        ways = drawn if several else [Setting(0.0, 1.0, None, dims)]
        rounds, parts = np.zeros(0), []
        for place, setting in enumerate(ways):
            done = (number + place / len(ways)) / len(families)
            tell(f"simulating {family.name}", SIMULATED * done)
            there = families_in(setting.dims)[number]
            own = replace(
                there, signal=setting.asked(one_answer(there), free.lapse, free.precision)
            )
            each = max(1, worlds // len(ways))
            rounds, values = _simulate(
                own, setting.world(world_in(setting.dims)), total, plan, seed + 1000 * place, each
            )
            parts.append(values)
        values = np.concatenate(parts, axis=1)
        curve = _curve(family, rounds, values, coverage, total, plan, seed)
        if family.number in unseen:
            curve = of_anyone(curve, seed)
        bits = per_answer(one_answer(family), world, standard_error=4e-3, seed=seed)
        result.curves.append(replace(curve, bits=bits))
        known_so_far(
            f"{family.name}: alignment {curve.draws[:, -1].mean():.2f} expected of "
            f"{curve.answers[-1]:,.0f} answers, {curve.draws[:, 0].mean():.2f} of "
            f"{curve.answers[0]:,.0f}"
        )
    result.warnings += _beyond(result.curves, total, plan)
    tell("designing a mixture", SIMULATED)
    # Mixtures are simulated, so of no more answers than were.
    known = [
        replace(curve, limit=min(curve.limit, float(total * MOST_PER_ITEM)))
        for curve in result.curves
        if curve.family.number not in unseen
    ]
    mixture = mixture_for(known, world, total, plan.budget, seed, worlds)
    if mixture is not None:
        result.extras["mixture"] = mixture
    result.extras["bits_about"] = (
        "Bits that one answer tells about the positions of its items and classes, both unknown."
    )
    return result


def _beyond(curves: list[Curve], total: int, plan: PlanFile) -> list[str]:
    """Which curves go on beyond what was simulated, and which end before the money does."""
    said = []
    for curve in curves:
        name, bought = curve.family.name, most_answers(curve, plan.budget)
        simulated = curve.measured[:, 0].max() if len(curve.measured) else np.inf
        if curve.needs_items and bought > 1.01 * curve.limit:
            cost = cost_of(curve, curve.limit, plan.budget)
            said.append(
                f"{name}: every one of the {total:,} items has its answers for {cost:,.2f} "
                f"{plan.budget.currency}; more money buys none of this kind"
            )
        elif curve.limit > 1.01 * simulated and bought > 1.01 * simulated:
            said.append(
                f"{name}: simulated up to {simulated / total:,.0f} answers an item; on from there "
                "what is missing to 1 falls as it did over the last doubling"
            )
    return said


def worlds_of(families: list[Family], world: World) -> int:
    """How many worlds to simulate; raises where one of them is too large."""
    asking = [one_answer(family) for family in families if family.signal.uses_classes]
    coordinates = world.classes * world.dims
    for signal in asking:
        most = MOST_PROTOTYPES if pool_of(signal) is not None else MOST_PROTOTYPES // 4
        if coordinates > most:
            raise InputError(
                f"[dataset]: {world.classes:,} classes in {world.dims} dimensions are "
                f"{coordinates:,} coordinates of class prototypes; a plan by simulation takes at "
                f"most {most:,} for {signal.name}: lower dims, plan for groups of alike classes, "
                "leave the signal out, or give features and counts of a pilot"
            )
    if not asking:
        return WORLDS
    return int(np.clip(HEAVY / (world.items * coordinates), LEAST_WORLDS, WORLDS))


def _simulate(
    family: Family, world: World, total: int, plan: PlanFile, seed: int, worlds: int
) -> tuple[np.ndarray, np.ndarray]:
    """(answers on each item (M,), alignment in every world (M, worlds))."""
    fixed = family.answers_per_item
    if fixed is not None:
        rounds = [fixed]
    else:
        blank = Curve(family, np.ones(1), np.zeros((1, 1)), np.zeros((0, 4)), np.inf, total, None)
        most = max(1.0, most_answers(blank, plan.budget) / total * 2)
        signal = one_answer(family)
        # Where worlds take long every second point has to do, and where answers do fewer of them.
        few = signal.uses_classes and world.items * world.classes * world.dims * WORLDS > HEAVY
        most_each = MOST_PER_ITEM // (4 if few and pool_of(signal) is None else 1)
        last = min(most_each, 2 ** math.ceil(math.log2(max(most, 8))))
        rounds = [2**k for k in range(0, int(math.log2(last)) + 1, 2 if few else 1)]
    values = [
        simulate(
            [one_answer(family)],
            world,
            answers=[m * world.items],
            seeds=worlds,
            largest=[rounds[-1] * world.items],
            metrics=("spearman",),
            seed=seed,
        ).values["spearman"]
        for m in rounds
    ]
    # More answers never hurt: noise between neighbouring sizes is not a fall.
    return np.array(rounds, dtype=float), np.maximum.accumulate(np.array(values), axis=0)


def _curve(
    family: Family,
    rounds: np.ndarray,
    values: np.ndarray,
    coverage: Coverage,
    total: int,
    plan: PlanFile,
    seed: int,
) -> Curve:
    """Quality over all items on a grid of answers, with the best share of items at each point."""
    rng = np.random.default_rng(seed)
    mean = values.mean(1)
    least = max(float(rounds[0]), 10 * rounds[0])
    limit = float(total * rounds[-1])
    if len(rounds) > 1:  # on to the money, where that buys more than was simulated
        blank = Curve(family, np.ones(1), np.zeros((1, 1)), np.zeros((0, 4)), np.inf, total, None)
        limit = max(limit, most_answers(blank, plan.budget))
    grid = np.geomspace(least, limit, GRID)
    shares, worlds = [], []
    last = max(rounds[-1], limit / total)
    fine = rounds if len(rounds) == 1 else np.geomspace(rounds[0], last, 33)
    for answers in grid:
        covered = np.minimum(1.0, answers / fine / total)
        per_item = answers / covered / total
        quality = [
            coverage(np.array([_at(m, rounds, mean)]), c)[0]
            for m, c in zip(per_item, covered, strict=True)
        ]
        best = int(np.argmax(quality))
        shares.append(covered[best])
        in_worlds = np.array([_at(per_item[best], rounds, v) for v in values.T])
        worlds.append(coverage(in_worlds, float(covered[best])))
    by_world = np.array(worlds).T  # (worlds, grid)
    picks = rng.integers(0, len(by_world), DRAWS)
    draws = by_world[picks]
    band = central(values, axis=1)
    measured = np.stack([rounds * total, mean, band[0], band[1]], axis=1)
    return Curve(
        family,
        grid,
        draws,
        measured,
        limit,
        total,
        None,
        covered=np.round(np.array(shares) * total),
        needs_items=len(rounds) == 1,
    )


def _at(per_item: float, rounds: np.ndarray, quality: np.ndarray) -> float:
    """Quality at a number of answers an item, linear in its logarithm; beyond the last that was
    simulated, what is missing to 1 falls as it did over the last doubling, at most as 1 / n."""
    if per_item > rounds[-1] and len(rounds) > 1:
        missing = np.maximum(1 - quality[-2:], 1e-6)
        fall = math.log(missing[0] / missing[1]) / math.log(rounds[-1] / rounds[-2])
        return 1 - float(missing[1]) * (rounds[-1] / per_item) ** float(np.clip(fall, 0.0, 1.0))
    return float(np.interp(math.log(per_item), np.log(rounds), quality))
