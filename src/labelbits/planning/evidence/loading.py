"""Everything a plan is made from: features, votes, gold and the pilot's answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from labelbits.annotators.truth import gold_numbers
from labelbits.answers.table.table import together
from labelbits.errors import InputError
from labelbits.interface import Answers, Batch
from labelbits.items.arrays import (
    load_class_names,
    load_counts,
    load_groups,
)
from labelbits.items.class_order import check_class_order, quoted
from labelbits.items.columns import said_of_columns
from labelbits.items.gold import Gold, read_gold
from labelbits.items.rows import by_name_or_number
from labelbits.items.undescribed import without_items
from labelbits.planning.evidence.answers_held import Pilot, encode_pilot, read_pilot
from labelbits.planning.evidence.described import described
from labelbits.planning.evidence.refusal import FIRST_PILOT, PilotNeededError
from labelbits.planning.spec.planfile import PlanFile


@dataclass(frozen=True)
class Evidence:
    """What is known of the user's items.

    `features` (items, columns) finite floats; `counts` (items, classes) people's votes, a row of
    zeros is an item without a label; `reports` (items, classes) their reports of probabilities,
    summed; `gold` (items,) class or -1; `groups` (items,) where each item comes from, or None;
    `ids` the name of each row and `shown` its text or image, or None;
    `pilot` the pilot's answers; `notes` and `warnings` what the plan has to say about the data.
    """

    features: np.ndarray
    counts: np.ndarray
    gold: np.ndarray | None
    class_names: tuple[str, ...]
    reports: np.ndarray | None = None
    groups: np.ndarray | None = None
    pilot: Pilot = field(default_factory=Pilot)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    ids: tuple[str, ...] | None = None
    shown: tuple[str, ...] | None = None
    shown_kind: str = "text"

    @property
    def batches(self) -> dict[str, Batch]:
        """People's answers by signal."""
        return self.pilot.batches

    @property
    def stated(self) -> np.ndarray:
        """What people said of each item: votes, a report of probabilities counting as one."""
        return self.counts if self.reports is None else self.counts + self.reports

    @property
    def labelled(self) -> np.ndarray:
        """Rows with a vote or a report of probabilities."""
        return np.flatnonzero(self.stated.sum(1) > 0)

    @property
    def disputable(self) -> np.ndarray:
        """Rows whose answers can show that people differ: two votes, or a report."""
        several = self.counts.sum(1) >= 2
        if self.reports is not None:
            several |= self.reports.sum(1) > 0
        return np.flatnonzero(several)

    @property
    def answered(self) -> np.ndarray:
        """Rows with any answer about a class, and something to tell what the answer should be."""
        known = self.stated.sum(1) > 0
        if self.gold is not None:
            every = [*self.pilot.batches.values(), *self.pilot.models.values()]
            for batch in every:
                if batch.signal.labels_items():
                    rows = np.unique(batch.items)
                    known[rows] |= self.gold[rows] >= 0
        return np.flatnonzero(known)


#: Items on which counts and pilot have to be equal to be taken for the same answers.
SAME = 10


def load_evidence(
    plan: PlanFile, seed: int, tell: Callable[[str, float], None] = lambda what, share: None
) -> Evidence:
    """Load and check every file that the plan names.

    Raises `InputError` for files that are missing or broken, arrays of different length, values
    that are not finite, and pilots that are empty or do not fit the features.
    """
    from labelbits.planning.evidence.bundled import bundled_evidence, is_bundled

    data = plan.dataset
    if is_bundled(data.features):
        return bundled_evidence(plan, seed)
    own = described(plan, seed, tell)
    features, items = own.features, len(own.features)
    counts_path = plan.path(data.counts) if data.counts else None
    classes = data.classes or len(data.class_names) or None
    counts = load_counts(counts_path, items, classes, own.ids) if counts_path else None
    classes = classes or (counts.shape[1] if counts is not None else None)
    names = data.class_names or load_class_names(counts_path, classes)
    told = names is not None
    stated = read_gold(plan.path(data.gold)) if data.gold else own.gold
    answers = read_pilot(plan, names, seed)
    if own.answers is not None:
        answers = own.answers if answers is None else together(answers, own.answers)
    said: list[str] = said_of_columns(features)
    if answers is not None:
        answers = without_items(answers, own.left_out, said)
    if answers is not None and own.ids is not None:
        answers = by_name_or_number(answers, own.ids)
    if names is None:
        named = answers.classes if answers is not None else ()
        if stated is not None and (named or counts is None):
            # The pilot's names first, then those that gold alone has.
            named = tuple(dict.fromkeys((*named, *stated.names())))
        if named:
            numbered = counts is not None or (stated is not None and stated.numbers)
            names = _class_names(named, classes, numbered)
            classes = len(names)
    if classes is None and not _asks_for_classes(plan):
        classes = 2  # nothing is asked about classes: their number does not matter
    if classes is None and answers is None and counts is None:
        raise _nothing(None)
    if classes is None:
        raise InputError("[dataset]: the number of classes is unknown; add classes = ...")
    names = names or tuple(str(k) for k in range(classes))
    if counts is None:
        counts = np.zeros((items, classes))
    gold = None if stated is None else _gold(stated, items, names, own.ids)
    if gold is not None and not (gold >= 0).any():
        gold = None
    groups = load_groups(plan.path(data.groups), items) if data.groups else None
    pilot = encode_pilot(answers, items, names, gold)
    gold = _with_stated(gold, pilot, answers, items)
    votes = np.zeros((items, classes))
    for batch in pilot.batches.values():
        if batch.signal.counts_votes():
            votes += votes_of(batch, items, classes)
    notes = (*own.notes, *said, *pilot.notes)
    if not told:
        notes += _check_order(votes, counts, gold, names)
    voted = votes.sum(1) > 0
    if voted.sum() >= SAME and np.array_equal(votes[voted], counts[voted]):
        notes += (
            f"counts and pilot hold the same {votes.sum():,.0f} votes on {voted.sum():,} items: "
            "they are counted once",
        )
    else:
        counts = counts + votes
    if not counts.any() and not pilot.batches and not pilot.models:
        raise _nothing(counts_path)
    reports = _reports_of(pilot, items, classes)
    return Evidence(
        features, counts, gold, names, reports, groups, pilot, notes, ids=own.ids, shown=own.shown,
        shown_kind="image" if data.image and not data.text else "text",
    )  # fmt: skip


def _gold(
    stated: Gold, items: int, names: tuple[str, ...], ids: tuple[str, ...] | None = None
) -> np.ndarray:
    """The class of each row of the features; an array has to have one for each."""
    if stated.rows not in (None, items):
        raise InputError(
            f"{stated.path}: gold has {stated.rows:,} rows and there are {items:,} items; "
            "expected one class an item, -1 where unknown"
        )
    named = ids if ids is not None and stated.rows is None else [str(i) for i in range(items)]
    return stated.of(named, names, "features")


def _with_stated(
    gold: np.ndarray | None, pilot: Pilot, answers: Answers | None, items: int
) -> np.ndarray | None:
    """Gold with what the pilot's own rows of gold state."""
    if answers is None or pilot.everyone is None or "gold" not in answers.table.columns:
        return gold
    stated = gold_numbers(pilot.everyone, None)
    known = np.flatnonzero(stated >= 0)
    if not len(known):
        return gold
    found = np.full(items, -1) if gold is None else gold.copy()
    found[[int(pilot.everyone.items[i]) for i in known]] = stated[known]
    return found


def _check_order(
    votes: np.ndarray, counts: np.ndarray, gold: np.ndarray | None, names: tuple[str, ...]
) -> tuple[str, ...]:
    """What has to be said of class names that no file orders, beside numbers that others use."""
    numbered = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    if gold is not None:
        known = gold >= 0
        numbered[known] = np.eye(len(names))[gold[known]]
    if not (votes.any() and numbered.any()):
        return ()
    add = "add class_names = [...] to [dataset], the name of class 0 first"
    if check_class_order(votes.T @ numbered, names, "[dataset]", "counts or gold", add):
        return ()
    return (
        "the pilot names classes and counts or gold number them; the order "
        f"{quoted(names)} was assumed and cannot be checked: {add}",
    )


def _asks_for_classes(plan: PlanFile) -> bool:
    from labelbits.signals import REGISTRY

    return any(REGISTRY[signal.kind].uses_classes for signal in plan.signal)


def _class_names(found: tuple[str, ...], classes: int | None, numbered: bool) -> tuple[str, ...]:
    """The pilot's class names; numbers where the plan says how many classes there are.

    `numbered`: counts or gold number the classes from 0. Else steps 1 to 5 are five classes.
    """
    if classes is None or len(found) == classes:
        if found and all(name.isdecimal() for name in found):
            if not numbered and len(found) > 1 and min(map(int, found)) > 0:
                return found
            return tuple(str(k) for k in range(max(int(max(found, key=int)) + 1, classes or 2)))
        return found if len(found) > 1 else (*found, "other")
    numbers = tuple(str(k) for k in range(classes))
    if set(found) <= set(numbers):
        return numbers
    if len(found) < classes:
        # Classes that nobody has named yet have no name either.
        return (*found, *(f"class {k}" for k in range(len(found), classes)))
    raise InputError(
        f"[dataset] classes is {classes} and the pilot names {len(found)}: "
        f"{', '.join(found[:10])}; expected at most {classes}"
    )


def _nothing(counts: Path | None) -> PilotNeededError:
    """What to do where not one item has an answer."""
    why = "[dataset]: there are features but neither counts nor pilot answers"
    if counts is not None:
        why = f"{counts}: every row of counts is zero, so no item has a label yet"
    first = (
        "Label some items, name the column (label = ..., on the command line --label) or the file "
        "(pilot = [...]) and run this again; without one, give items instead of features to plan "
        "from a specification."
    )
    return PilotNeededError(why, FIRST_PILOT, first, head="")


def votes_of(batch: Batch, items: int, classes: int) -> np.ndarray:
    """Answers that are votes (`Signal.tally`) as counts, items x classes."""
    counts = np.zeros((items, classes))
    told = batch.signal.tally(batch.answer, classes)
    assert told is not None
    np.add.at(counts, batch.items[:, 0], told)
    return counts


def _reports_of(pilot: Pilot, items: int, classes: int) -> np.ndarray | None:
    """Answers that state a distribution over classes and are no votes, summed over the reports on
    each item."""
    total = None
    for batch in pilot.batches.values():
        if batch.signal.counts_votes() or not batch.signal.labels_items():
            continue
        stated = batch.signal.states(batch.answer, classes)
        if stated is not None:
            total = np.zeros((items, classes)) if total is None else total
            np.add.at(total, batch.items[:, 0], stated)
    return total
