"""What a pilot of comparisons cannot tell: refusals with the pilot to run, and warnings."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from labelbits.annotators.calibration import calibrate
from labelbits.annotators.comparing import (
    EACH,
    FEW_ITEMS,
    LEAST,
    MOST_PLACES,
    groups_of,
    sampled,
    share_of_few,
)
from labelbits.answers.table.columns import IDEAL
from labelbits.errors import InputError
from labelbits.interface import NOBODY, Answers
from labelbits.planning.comparisons.held import Held
from labelbits.planning.evidence.refusal import PilotNeededError, PilotToRun
from labelbits.planning.spec.planfile import Budget
from labelbits.recovery.held_out import Ceiling
from labelbits.signals import signal_class

if TYPE_CHECKING:
    from labelbits.planning.result import Family

#: Different questions below which nothing is held out.
QUESTIONS = 50
#: Answers of the smallest pilot to ask for.
FIRST_ANSWERS = 200


@dataclass(frozen=True)
class ComparisonsNeeded(PilotToRun):
    """A pilot of comparisons, in words of its own; `preferences`: which of two is better, so that
    one of the items is the ideal one, which nobody is shown."""

    preferences: bool = False

    def in_words(self, families: list[Family], budget: Budget) -> str:
        own = [f for f in families if not f.signal.uses_classes] or list(families)
        kind = own[0].kind if own else "triplet"
        number = self.items * self.labels
        asked = f"{kind} answers to random questions about {self.items:,} items"
        if self.preferences:
            asked = f"preferences between random pairs of {self.items - 1:,} items"
        text = (
            f"Run this pilot: {number:,} {asked}, {number // 10:,} of them repeats of others' "
            "questions by different people"
        )
        if own:
            price = min(f.price.amount for f in own)
            text += f", about {price * number:,.2f} {budget.currency}"
        return f"{text}. It would settle {self.settle}."


def _needed(
    why: str, items: int, first: str = "", least: int = 0, preferences: bool = False
) -> PilotNeededError:
    """`items` there are; `least` are needed for enough different questions."""
    items = max(items, least)
    settle = "how well held-out answers are foretold, and what more of them add"
    each = max(EACH, math.ceil(FIRST_ANSWERS / max(items, 1)))
    needed = ComparisonsNeeded(items, settle, each, preferences=preferences)
    return PilotNeededError(why, needed, first)


def random_questions(answers: Answers) -> tuple[Answers, list[str]]:
    """The answers without questions that an adaptive sampler chose, where a column tells which.

    Such questions are near to call by design: a curve measured on them is that of the sampler.
    """
    table, how = answers.table, sampled(answers)
    if how is None:
        return answers, []
    column, kept, others = how
    left = int((~kept).sum())
    if not kept.any():
        raise _needed(
            f"all {len(table):,} questions were chosen by a sampler (column {column}: {others}), "
            "so that how well new questions are foretold cannot be measured",
            len(answers.items),
        )
    return replace(answers, table=table.filter(kept)), [
        f"{left:,} of {len(table):,} answers are to questions that a sampler chose (column "
        f"{column}: {others}); they are left out, because curves and tests need random ones"
    ]


def check_comparisons(held: Held) -> list[str]:
    """What makes the pilot doubtful. Raises `PilotNeededError` where it supports no plan at all."""
    tested = held.tested
    if len(tested) < LEAST:
        raise _needed(
            f"it holds {len(tested):,} comparisons by people, and at least {LEAST} are needed "
            "to hold any out",
            held.items,
            preferences=IDEAL in held.answers.items,
        )
    questions = len(np.unique(held.question[tested]))
    if questions < QUESTIONS:
        raise _needed(
            f"its {len(tested):,} comparisons ask {questions} different questions, and at least "
            f"{QUESTIONS} are needed to hold any out",
            held.items,
            *_more_questions(held),
            preferences=IDEAL in held.answers.items,
        )
    shown = np.concatenate([batch.items.ravel() for batch in held.batches(tested)])
    counts = np.bincount(shown, minlength=held.items)
    share = share_of_few(counts)
    if held.items > FEW_ITEMS and share > MOST_PLACES:
        raise _needed(
            f"{100 * share:.0f} % of the places in its questions are taken by {FEW_ITEMS} items, "
            f"so that nothing is known of the other {held.items - FEW_ITEMS}",
            held.items,
        )
    return _groups(held, tested) + _annotators(held, tested) + _unasked(counts, held)


def _more_questions(held: Held) -> tuple[str, int]:
    """(what to do where so few items allow too few questions, the fewest items that allow enough);
    ("", 0) where there are enough of them."""
    (first,) = held.batches(held.tested[:1])
    ideal = IDEAL in held.answers.items
    possible = first.signal.all_questions(held.items, 2)
    if (math.comb(held.items - 1, 2) if ideal else possible) >= 2 * QUESTIONS:
        return "", 0
    if ideal:
        prompts = (
            "a column of prompts (question_id, or --columns group=COL in labelbits pilot) makes "
            "each prompt a question of its own"
        )
        there = held.items - 1
        if math.comb(there, 2) >= QUESTIONS:
            return f"There are {there} items only: {prompts}.", 0
        enough = next(n for n in itertools.count(there) if math.comb(n, 2) >= 2 * QUESTIONS)
        return (
            f"There are {there} items only, which allow {math.comb(there, 2)} different pairs: "
            f"more items are needed, or {prompts}. The order of these is what labelbits recover "
            "--dims 1 says."
        ), enough + 1
    enough = held.items
    while first.signal.all_questions(enough, 2) < 2 * QUESTIONS:
        enough += 1
    return (
        f"There are {held.items} items only, which allow "
        f"{possible:,.0f} different questions: more items are needed, or other questions."
    ), enough


def _groups(held: Held, rows: np.ndarray) -> list[str]:
    """Items that no chain of questions links."""
    ends = [np.stack([np.repeat(b.items[:, 0], b.items.shape[1] - 1), b.items[:, 1:].ravel()])
            for b in held.batches(rows)]  # fmt: skip
    a, b = np.concatenate(ends, axis=1)
    groups, small = groups_of(a, b, held.items)
    if groups < 2:
        return []
    names = ", ".join(str(held.answers.items[i]) for i in small[:5])
    return [
        f"The questions fall into {groups} groups of items that no question links: how the "
        f"groups lie to each other is unknown, and distances between them are the prior's. The "
        f"smallest holds {names}; ask questions that show these together with others"
    ]


def _unasked(counts: np.ndarray, held: Held) -> list[str]:
    missing = int((counts == 0).sum())
    if not missing:
        return []
    return [
        f"{missing:,} of {held.items:,} items are in no question of the pilot: what is measured is "
        "about the others"
    ]


def _annotators(held: Held, rows: np.ndarray) -> list[str]:
    people = held.part(rows).table["annotator"].unique().to_list()
    if len(people) > 1 or people == [NOBODY]:
        return []
    return [
        f"All {len(rows):,} comparisons are those of one annotator ({people[0]}): agreement is "
        "with that person, and what others would answer cannot be known from it"
    ]


def said_of_ceiling(ceiling: Ceiling) -> list[str]:
    """What a pilot without repeated questions cannot tell."""
    if ceiling.source == "repeats":
        return []
    return [
        "No question was answered by two people often enough to tell how far people agree: the "
        "ceiling is that of the fitted noise, which shares the fit's mistakes. Ask one question "
        "in ten of a second person to measure it"
    ]


def classes_for_shots(classes: np.ndarray) -> int:
    """Labels of each class that shots are told. Raises `InputError` without classes."""
    known = classes[classes >= 0]
    counts = np.bincount(known) if len(known) else np.zeros(1, int)
    usable = np.sort(counts[counts > 0])[::-1]
    if len(usable) < 2 or usable[1] < 2:
        raise InputError(
            "[goal] metric is 'shots', which needs the classes of items: two classes at least with "
            "two items each; add gold, or class answers to the pilot, or set metric = 'agreement'"
        )
    return int(min(5, usable[1] - 1, max(1, np.median(usable) // 2)))


def compares(kind: str) -> bool:
    """Does this kind of question compare items with each other?"""
    return not signal_class(kind).uses_classes


def said_of_kinds_of_people(answers: Answers, seed: int) -> list[str]:
    """A warning where one person asked again agrees with herself surely more than two people do:
    people then see the items differently, and one space is their average."""
    said = []
    for name, one in calibrate(answers, only=("agreement",), seed=seed).signals.items():
        found = one.agreement
        if found is None or found.between is None or found.repeat is None:
            continue
        more = found.repeat.value - found.between.value
        error = math.hypot(
            found.repeat.value - found.repeat.low, found.between.high - found.between.value
        )
        if found.measure == "same answer" and more > error:
            said.append(
                f"{name}: people differ from one another more than from themselves: two people "
                f"agree on {100 * found.between.value:.0f} % of questions, one person asked again "
                f"on {100 * found.repeat.value:.0f} %. What is learned is one space for all of "
                "them; where there are kinds of people, plan for each alone"
            )
    return said
