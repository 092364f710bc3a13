"""What makes a pilot doubtful, and what it cannot support at all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labelbits.answers.table.people import NOT_KNOWN, people_in
from labelbits.items.class_order import best_order
from labelbits.learning import Diagnosis, diagnose
from labelbits.planning.evidence.loading import Evidence
from labelbits.planning.evidence.refusal import PilotNeededError, PilotToRun
from labelbits.planning.result import Family
from labelbits.planning.spec.annotator_kinds import KnownBy

#: Items on which the pilot is checked, at most.
DIAGNOSED = 1000
#: Items with gold and answers below which their agreement says nothing; items with several votes
#: below which the noise of a vote is assumed and not measured.
ENOUGH = 20
#: Concerns under which answers and gold cannot be compared.
BEFORE_GOLD = ("too-few-items", "one-class")
#: Gold that fewer answers match than this is worth a word.
FEW_MATCH = 0.8
#: A share of copies above this is worth a word.
MANY_COPIES = 0.02


def check_pilot(evidence: Evidence, families: list[Family], seed: int) -> list[str]:
    """What makes the pilot doubtful. Raises `PilotNeededError`, with the pilot to run instead,
    where it cannot support a plan at all: no number is better than a wrong one."""
    rows = evidence.labelled
    if not len(rows):
        return []
    doubts: list[str] = []
    stated = evidence.stated[_diagnosed_rows(evidence, seed)]
    found = diagnosed(evidence, seed)
    if not any(concern.code in BEFORE_GOLD for concern in found.concerns):
        doubts += _against_gold(evidence)
    for concern in found.concerns:
        if concern.fatal:
            size = concern.items or 100
            raise _refusal(concern.code, stated, size, evidence, found.gain, found.gain_error)
        if concern.code == "no-disagreement" and _asks_about_noise(evidence, families):
            raise _refusal(concern.code, stated, 100, evidence, 0.0, 0.0)
        doubts.append(concern.message.rstrip("."))
    return (
        doubts
        + _spelled_alike(evidence.class_names)
        + _copies(evidence)
        + _one_annotator(evidence, families)
    )


def _diagnosed_rows(evidence: Evidence, seed: int) -> np.ndarray:
    rows = evidence.labelled
    if len(rows) > DIAGNOSED:
        rows = np.sort(np.random.default_rng(seed).choice(rows, DIAGNOSED, replace=False))
    return rows


def diagnosed(evidence: Evidence, seed: int) -> Diagnosis:
    """What the labelled items tell of what the features predict."""
    rows = _diagnosed_rows(evidence, seed)
    names = evidence.class_names
    return diagnose(evidence.features[rows], evidence.stated[rows], seed=seed, names=names)


def _spelled_alike(names: Sequence[str]) -> list[str]:
    """Class names that differ by capitals or spaces alone are most likely one class."""
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault("".join(name.casefold().split()), []).append(name)
    return [
        f"Classes {' and '.join(repr(one) for one in found)} differ by capitals or spaces alone, "
        "and count as different classes: spell them alike if they are one"
        for found in alike.values()
        if len(found) > 1
    ]


def _refusal(
    code: str, stated: np.ndarray, size: int, evidence: Evidence, gain: float, error: float
) -> PilotNeededError:
    count = len(stated)
    left = len(evidence.counts) - len(evidence.labelled)
    if code == "too-few-items":
        return PilotNeededError(
            f"{count} labelled items are too few to measure how quality grows with labels",
            PilotToRun(size, "what one more label is worth, and how far the money reaches"),
            _new_items(size, left),
        )
    if code == "one-class":
        name = evidence.class_names[int(stated.sum(0).argmax())]
        return PilotNeededError(
            f"all {count:,} labelled items are of class {name!r}, so there is nothing to tell "
            "apart",
            PilotToRun(
                size,
                f"how common the other classes are (less than one item in {size // 3:,} so far)",
            ),
            f"Check first that the answers are right. {_new_items(size, left)}".strip(),
        )
    if code == "no-disagreement":
        several = stated.sum(1) > 1
        return PilotNeededError(
            f"all annotators agree on all {int(several.sum()):,} items with several votes. The "
            "pilot shows no noise, so it cannot say what a second vote or a soft label is worth "
            "against a hard label",
            PilotToRun(
                size,
                "how often people disagree where it matters, and so which kind of label to buy",
                labels=3,
                which="of the most ambiguous",
            ),
            "Check first that the votes were given independently. Hard labels alone can be "
            "planned: leave the other signals out.",
        )
    top = np.bincount(stated.argmax(1), minlength=stated.shape[1])
    most = int(top.argmax())
    one_sided = ""
    if top[most] > 0.9 * count:
        one_sided = (
            f" Only {count - top[most]:,} of the items are not of class "
            f"{evidence.class_names[most]!r}: look for more of those, they tell most."
        )
    return PilotNeededError(
        f"the features do not predict the labels of these {count:,} items better than the class "
        f"frequencies do (cross-entropy falls by {gain:.3f} +- {error:.3f} nats an item, which may "
        "be nothing)",
        PilotToRun(
            size,
            "whether a gain too small to be seen so far is there; features of another model are "
            "likely to be the cheaper way",
        ),
        f"Check first that features and answers are in the same order.{one_sided} "
        f"{_new_items(size, left)}".strip(),
    )


def _new_items(size: int, left: int) -> str:
    """What has to be known of a pilot of more items than there are without a label; `left` are."""
    if size <= left:
        return ""
    if not left:
        return "All items of the data have a label: those of the pilot would have to be new ones."
    there = f"Only {left:,} items of the data have" if left > 1 else "Only 1 item of the data has"
    return f"{there} no label: the pilot's other {size - left:,} would have to be new ones."


def _asks_about_noise(evidence: Evidence, families: list[Family]) -> bool:
    """Does the plan compare ways whose difference is how people disagree?

    Where hardly an item has two votes the noise is assumed anyhow, and the plan says so.
    """
    measured = (evidence.counts.sum(1) >= 2).sum() >= ENOUGH
    others = [f for f in families if f.known_by is KnownBy.PEOPLE and f.kind != "hard"]
    return bool(measured and others)


def _against_gold(evidence: Evidence) -> list[str]:
    """Answers and gold that contradict each other, mostly because their classes differ in order."""
    if evidence.gold is None:
        return []
    rows = np.flatnonzero((evidence.gold >= 0) & (evidence.stated.sum(1) > 0))
    count, classes = len(rows), evidence.stated.shape[1]
    if count < ENOUGH or len(np.unique(evidence.gold[rows])) < 2:
        return []
    gold, said = evidence.gold[rows], evidence.stated[rows].argmax(1)
    table = np.zeros((classes, classes))
    np.add.at(table, (said, gold), 1 / count)
    match, by_chance = float(np.trace(table)), float(table.sum(0) @ table.sum(1))
    often = float(table.sum(0).max())
    error = np.sqrt(by_chance * (1 - by_chance) / count)
    if match <= by_chance or (match <= by_chance + 2 * error and match < often):
        first = (
            "Check first that the columns of counts and the numbers in gold mean the same classes."
        )
        renamed = best_order(table)[1]
        if renamed > max(0.5, often):
            first += f" With the classes in another order {100 * renamed:.0f} % would match."
        raise PilotNeededError(
            f"the answers match gold on {100 * match:.0f} % of the {count:,} items that have both, "
            f"and chance alone would match {100 * by_chance:.0f} %",
            PilotToRun(
                100, "whether these questions can be answered at all, if the order is right"
            ),
            first,
        )
    if match < FEW_MATCH:
        return [
            f"The most frequent answer matches gold on only {100 * match:.0f} % of the {count:,} "
            "items that have both: quality is measured against gold, so what people get wrong "
            "counts as wrong"
        ]
    return []


def _copies(evidence: Evidence) -> list[str]:
    rows = evidence.answered
    distinct = len({row.tobytes() for row in np.ascontiguousarray(evidence.features[rows])})
    copies = len(rows) - distinct
    if copies <= MANY_COPIES * len(rows):
        return []
    return [
        f"{copies:,} of the {len(rows):,} labelled items have exactly the features of another one: "
        "if they are copies, quality is shown too good, because one is trained on and the other "
        "tested; keep one of each"
    ]


def of_one_annotator(evidence: Evidence, families: list[Family]) -> list[str]:
    """The families that ask an item again, where no item has two answers and all are those of
    one annotator, or of nobody that is named."""
    answers = evidence.pilot.answers
    if answers is None or (evidence.counts.sum(1) >= 2).any():
        return []
    if answers.table["annotator"].n_unique() != 1:
        return []
    people = (f for f in families if f.known_by is KnownBy.PEOPLE)
    return [f.name for f in people if (f.answers_per_item or 1) > 1]


def _one_annotator(evidence: Evidence, families: list[Family]) -> list[str]:
    answers, again = evidence.pilot.answers, of_one_annotator(evidence, families)
    if answers is None or not again:
        return []
    if people_in(answers.table) is None:
        return [
            f"{NOT_KNOWN.capitalize()}: what a second answer to an item adds ({', '.join(again)}) "
            "is assumed, not measured; have 100 of these items answered again, and name who "
            "answered in a column"
        ]
    names = answers.table["annotator"].unique()
    return [
        f"All {len(answers.table):,} answers are those of one annotator ({names[0]}): what a "
        f"second one adds ({', '.join(again)}) is assumed, not measured; have another annotator "
        "answer 100 of these items"
    ]
