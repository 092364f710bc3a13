"""How quality is measured on the user's items: what is tested on, and what is trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from labelbits.errors import InputError
from labelbits.interface import Batch
from labelbits.learning import (
    CurvePoints,
    cross_measure,
    cross_replicates,
    few_shot_sizes,
    group_split,
    measure,
    pilot_sizes,
)
from labelbits.learning.curves.engine import Learner
from labelbits.metrics import metric_of
from labelbits.planning.evidence.loading import Evidence
from labelbits.planning.evidence.refusal import FIRST_PILOT, PilotNeededError
from labelbits.planning.spec.planfile import Goal

#: Fewest items worth measuring a learning curve on, and fewest to test on.
FEWEST_TRAINING, FEWEST_TEST = 30, 20
#: Share of tested items whose class nobody can learn, at most.
MOST_UNKNOWN = 0.2
#: Largest test set: beyond it the test adds time and no precision that matters.
LARGEST_TEST = 2000
#: Items with gold that are enough to test on, whatever else is labelled.
ENOUGH_TEST = 200
#: From this many labelled items on, some are held out instead of cross-validated.
LARGE_PILOT = 2000
#: Training sets of each size tested on held-out rows.
REPLICATES = 10
#: Items x columns x classes of one fit above which training sets are halved in number.
HEAVY = 5e6

#: Draws training answers for rows of the features.
Draw = Callable[[np.random.Generator, np.ndarray], list[Batch]]


@dataclass(frozen=True)
class Trial:
    """How quality is measured: on fixed held-out rows, or by cross-validation inside the pilot.

    `test` (T,) rows with `reference` (T, K); `pool` the rows to train on, None: the test rows
    themselves, by cross-validation. `sizes` are the numbers of items to train on. `kind` says
    where the reference is from, `how` how it is used. `balanced` (items,) is the class of every
    item where training sets hold equally many of each; `is_shifted`: other groups are tested than
    trained on. `golden`: how many of the tested items have gold as their reference.
    """

    test: np.ndarray
    reference: np.ndarray
    pool: np.ndarray | None
    sizes: list[int]
    kind: str
    how: str
    balanced: np.ndarray | None = None
    halved: bool = False
    is_shifted: bool = False
    golden: int = 0

    @property
    def trainable(self) -> np.ndarray:
        """Rows that training sets are drawn from."""
        return self.test if self.pool is None else self.pool

    @property
    def largest(self) -> int:
        """The most items that can be trained on."""
        if self.pool is not None:
            return len(self.pool)
        return len(self.test) - -(-len(self.test) // 10)

    def measure(
        self,
        features: np.ndarray,
        draw: Draw,
        metric: str,
        seed: int,
        tell: Callable[[float], None] | None = None,
        *,
        sizes: Sequence[int] | None = None,
        replicates: int | None = None,
        power: float | None = None,
        learner: Learner | None = None,
    ) -> CurvePoints:
        """The learning curve of one way of asking, at `sizes` (left out: the trial's), on columns
        scaled by `power` (left out: as this way does best), of `learner` or the linear one."""
        sizes = self.sizes if sizes is None else sizes
        if self.pool is None:
            count = replicates or (10 if self.halved else cross_replicates(len(self.test)))
            found = cross_measure(
                features, draw, sizes, count, self.test, self.reference,
                metrics=(metric,), seed=seed, progress=tell, power=power,
                learner=learner,
            )  # fmt: skip
        else:
            count = replicates or (REPLICATES // 2 if self.halved else REPLICATES)
            found = measure(
                features, draw, sizes, count, self.test, self.reference,
                metrics=(metric,), pool=self.pool, seed=seed, progress=tell,
                balanced=self.balanced, power=power, learner=learner,
            )  # fmt: skip
        return found[metric]


def reference_of(evidence: Evidence, goal: Goal) -> tuple[np.ndarray, np.ndarray, str, np.ndarray]:
    """(rows that can be tested on, what is right for each (rows, classes), where that is from, for
    which of them it is gold (rows,)).

    Gold alone where there is enough of it; of few items it is what is right for these, and the
    votes for the others. Cross-entropy asks for the distribution of people's answers instead, which
    gold does not know, where items have two votes or more, or reports of probabilities.
    """
    metric, classes = goal.metric, evidence.counts.shape[1]
    people = (
        metric is not None
        and metric_of(metric).of_people
        and len(evidence.disputable) >= FEWEST_TEST
    )
    gold = evidence.gold
    if metric is not None and metric_of(metric).only_people and not people:
        raise InputError(
            f"[goal] metric = {metric!r}: it is measured against people's answers, of which "
            f"{len(evidence.disputable):,} items have two or more; expected at least "
            f"{FEWEST_TEST}. Add second answers to the pilot, or plan for accuracy"
        )
    if gold is not None and not people and _is_enough(gold, evidence.labelled, goal):
        rows = np.flatnonzero(gold >= 0)
        return rows, np.eye(classes)[gold[rows]], "gold", np.ones(len(rows), dtype=bool)
    rows = evidence.labelled
    stated = evidence.stated[rows]
    right, golden = stated / stated.sum(1, keepdims=True), np.zeros(len(rows), dtype=bool)
    if gold is not None and not people:
        golden = gold[rows] >= 0
        right[golden] = np.eye(classes)[gold[rows][golden]]
    kind = "held-out votes" if evidence.counts.any() else "held-out reports of probabilities"
    return rows, right, kind, golden


def _is_enough(gold: np.ndarray, labelled: np.ndarray, goal: Goal) -> bool:
    """Does `gold` (items,), -1 where it is not known, tell more than the votes of the `labelled`
    rows? Golden questions are few in most exports: 30 of them know accuracy to 9 points."""
    known = int((gold >= 0).sum())
    if goal.test_groups:
        return known >= FEWEST_TEST
    inside = int((gold[labelled] >= 0).sum())
    enough = min(ENOUGH_TEST, max(FEWEST_TEST, len(labelled) / 2))
    return known - inside >= ENOUGH_TEST or inside >= enough


def design_trial(evidence: Evidence, goal: Goal, seed: int, smallest: int) -> Trial:
    """Choose what to test on.

    Groups or few shots of the plan decide first. Gold on items without votes is a test set that
    costs no training item; gold on a part of many labelled items costs only these. Without it, a
    large pilot gives up `test_fraction` of its items; in a small one every item is tested by
    cross-validation, because few held-out items would tell little. `smallest` is the
    least number of items that any purchase of the plan covers. Raises `InputError` for a pilot that
    is too small.
    """
    rng = np.random.default_rng(seed)
    rows, reference, kind, golden = reference_of(evidence, goal)
    answered = np.zeros(len(evidence.features), dtype=bool)
    answered[evidence.answered] = True
    inside = answered[rows]
    classes = reference.shape[1]
    _check_enough(int(answered.sum()), int(inside.sum()), int((~inside).sum()))
    if goal.test_groups:
        test, pool, how = _by_group(evidence, goal, rows, answered)
        where = np.searchsorted(rows, test)
        chosen = np.sort(rng.permutation(len(test))[:LARGEST_TEST])
        test, where = test[chosen], where[chosen]
    else:
        free = np.flatnonzero(~inside)
        known = np.flatnonzero(inside)
        if len(free) >= ENOUGH_TEST:
            where = np.sort(rng.permutation(free)[:LARGEST_TEST])
            pool, how = np.flatnonzero(answered), "held out"
        elif ENOUGH_TEST <= len(known) < answered.sum() / 2:
            where = np.sort(rng.permutation(known)[:LARGEST_TEST])
            pool, how = np.setdiff1d(np.flatnonzero(answered), rows[where]), "held out"
        elif len(known) < LARGE_PILOT and not goal.shots_per_class:
            where, pool = known, None
            how = "cross-validated inside the pilot"
        else:
            count = min(LARGEST_TEST, round(goal.test_fraction * len(known)))
            where = np.sort(rng.permutation(known)[: max(count, FEWEST_TEST)])
            pool, how = np.setdiff1d(np.flatnonzero(answered), rows[where]), "held out"
        test = rows[where]
    trial = Trial(test, reference[where], pool, [], kind, how)
    balanced = None
    if goal.shots_per_class:
        balanced = _classes_of(evidence)
        assert pool is not None
        _check_shots(goal, balanced[pool], evidence.class_names)
        sizes = sorted(set(few_shot_sizes(goal.shots_per_class, balanced[pool])))
        sizes = [n for n in sizes if n >= 2]
        how = f"{how}, equally many of each class"
    else:
        sizes = training_sizes(trial.largest, classes, smallest)
    load = trial.largest * evidence.features.shape[1] * classes
    return Trial(
        test, reference[where], pool, sizes, kind, how, balanced, load > HEAVY,
        bool(goal.test_groups), int(golden[where].sum()),
    )  # fmt: skip


def _check_enough(answered: int, inside: int, outside: int) -> None:
    if answered < FEWEST_TRAINING + FEWEST_TEST or (inside < FEWEST_TEST and outside < FEWEST_TEST):
        raise PilotNeededError(
            f"{answered} labelled items are too few, {FEWEST_TRAINING} to train on and "
            f"{FEWEST_TEST} to test on (with gold, or with votes or reports of probabilities) are "
            "needed",
            FIRST_PILOT,
        )


def _by_group(
    evidence: Evidence, goal: Goal, rows: np.ndarray, answered: np.ndarray
) -> tuple[np.ndarray, np.ndarray, str]:
    """(test rows, rows to train on, how): the tested groups are never trained on."""
    if evidence.groups is None:
        raise InputError(
            "[goal] test_groups is given without [dataset] groups; add groups = an npz file with "
            "an array of that name, the group of each item"
        )
    names = [str(name) for name in goal.test_groups]
    try:
        pool, tested = group_split(evidence.groups, names)
    except InputError as problem:
        raise InputError(f"[goal] test_groups: {problem}") from None
    test = np.intersect1d(tested, rows)
    pool = np.intersect1d(pool, np.flatnonzero(answered))
    if len(test) < FEWEST_TEST or len(pool) < FEWEST_TRAINING:
        raise InputError(
            f"[goal] test_groups: {len(test)} items of the tested groups can be tested on and "
            f"{len(pool)} labelled items of the others trained on; expected at least {FEWEST_TEST} "
            f"and {FEWEST_TRAINING}"
        )
    _check_known(evidence, test, pool)
    return test, pool, f"held out: groups {', '.join(names)}, none of them trained on"


def _check_known(evidence: Evidence, test: np.ndarray, pool: np.ndarray) -> None:
    """What is tested has to be among what can be learnt."""
    classes = _classes_of(evidence)
    unknown = ~np.isin(classes[test], classes[pool])
    if unknown.mean() > MOST_UNKNOWN:
        name = evidence.class_names[int(classes[test][unknown][0])]
        raise InputError(
            f"[goal] test_groups: {100 * unknown.mean():.0f} % of the tested items are of classes "
            f"that no item to train on has (such as {name!r}), so nothing can be learnt about "
            "them; choose test groups whose classes occur in the others too"
        )


def _classes_of(evidence: Evidence) -> np.ndarray:
    """The class of every item: gold, else the most frequent answer."""
    found = evidence.stated.argmax(1)
    if evidence.gold is None:
        return found
    return np.where(evidence.gold >= 0, evidence.gold, found)


def _check_shots(goal: Goal, labels: np.ndarray, names: tuple[str, ...]) -> None:
    found = np.bincount(labels, minlength=len(names))
    least, most = int(found.argmin()), max(goal.shots_per_class)
    if found[least] < most:
        raise InputError(
            f"[goal] shots_per_class asks for {most} items of every class; class {names[least]!r} "
            f"has {found[least]} labelled items to train on: expected at most that"
        )


def training_sizes(largest: int, classes: int, smallest: int) -> list[int]:
    """Training sizes that trace the curve, from a few items a class to `largest`.

    Where purchases of fewer items are planned, sizes go down to `smallest` (10 at least).
    """
    few = [n for n in (10 * classes, 25 * classes) if n < largest / 20]
    sizes = {*few, *pilot_sizes(largest)}
    while min(sizes) > max(smallest, 10):
        sizes.add(max(10, min(sizes) // 2))
    return sorted(sizes)
