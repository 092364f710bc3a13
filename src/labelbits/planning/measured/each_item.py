"""How many answers an item needs for its own label: what a plan says beside the classifier's."""

from __future__ import annotations

from typing import cast

from labelbits.metrics import metric_of
from labelbits.metrics.repeats import AnswersEach, answers_each
from labelbits.planning.evidence.loading import Evidence
from labelbits.planning.records import AnswersEachItem
from labelbits.planning.result import Family

#: Items with two votes that tell it, at least.
FEWEST = 20


def needed_each(
    evidence: Evidence, families: list[Family], metric: str, seed: int
) -> AnswersEachItem | None:
    """Answers on an item that its class, its distribution and that one's entropy need; None where
    the votes do not tell, or nothing of the plan asks for more than one.

    The more votes the pilot has, the less of it is a model's (`metrics.repeats`).
    """
    several = any((one.answers_per_item or 1) > 1 for one in families)
    counts = evidence.counts
    if not (several or metric_of(metric).of_people) or (counts.sum(1) >= 2).sum() < FEWEST:
        return None
    found = answers_each(counts, seed)
    if found is None:
        return None
    enough = found.enough()
    said = (
        f"For an item's own label, not a classifier's: {_for_class(found)} for its class, "
        f"{_answers(enough['distribution'])} for the distribution of what people say, and "
        f"{_answers(enough['entropy'])} for how much they disagree (its entropy)."
    )
    most = max((one or found.answers[-1]) for one in enough.values())
    if found.votes < most:
        said += f" The pilot has {found.votes:.2g} an item: what more would tell is a model's."
    told = {**enough, "class_if_alike": found.if_alike, "votes": found.votes, "sentence": said}
    return cast("AnswersEachItem", told)


def _for_class(found: AnswersEach) -> str:
    """Answers for an item's class; both ends where the pilot's votes are too few to tell whether
    some items are contested."""
    most, least = found.enough()["class"], found.if_alike
    told = most is not None and found.votes >= most
    if told or least is None or (most is not None and most <= least):
        return _answers(most)
    return (
        f"{least} (if no item is harder than another) to {_answers(most)} (if some are contested)"
    )


def _answers(number: int | None) -> str:
    """A number of answers in words."""
    if number is None:
        return "more than 100 answers"
    return "1 answer" if number == 1 else f"{number} answers"
