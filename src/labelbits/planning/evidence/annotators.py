"""Who answers: the pilot's crowd, a language model, or others of whom only a lapse is known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from labelbits.annotators.confusion import confusion_of_shares
from labelbits.errors import InputError
from labelbits.interface import Batch
from labelbits.planning.evidence.answers_held import Pilot
from labelbits.planning.evidence.loading import Evidence, votes_of
from labelbits.planning.spec.annotator_kinds import KnownBy
from labelbits.planning.spec.asked import SignalPlan
from labelbits.signals import one_question


@dataclass(frozen=True)
class Voices:
    """One kind of annotator, as if the pilot were theirs alone.

    `evidence` holds their own answers; `probabilities` (items, classes) is what one of them
    answers on each item; `source` says where that is from.
    """

    evidence: Evidence
    probabilities: np.ndarray
    source: str


def voices_of(asked: SignalPlan, evidence: Evidence, crowd: np.ndarray, number: int) -> Voices:
    """The annotators of [[signal]] `number`. `crowd` is what the crowd answers on each item.

    A language model is known by its answers in the pilot: its confusion matrix against gold, or
    against what most people answer where gold is unknown. Others are known by the plan's lapse:
    right, but for that share of answers. Raises `InputError` where neither tells anything.
    """
    if asked.known_by is KnownBy.PEOPLE:
        return Voices(evidence, crowd, "")
    batch = _models_batch(asked, evidence, number)
    truth = _truth(evidence, crowd)
    classes = crowd.shape[1]
    if batch is not None:
        counts = votes_of(batch, len(crowd), classes)
        sure = truth.max(1) == 1
        judged = sure & (counts.sum(1) > 0)
        if not judged.any():
            raise InputError(
                f"[[signal]] number {number} ({asked.kind} by a language model): none of its "
                f"{len(batch):,} answers is about an item whose class is known from gold or a "
                "majority of people; add people's answers or gold on some of the same items"
            )
        confusion = confusion_of_shares(truth[judged], counts[judged])
        guess = truth @ confusion
        # One vote's worth of the confusion: what the model said on an item is what it says.
        said = counts.sum(1, keepdims=True)
        probabilities = (counts + guess) / (said + 1)
        right, asked_of = float((truth * counts)[judged].sum()), float(counts[judged].sum())
        own = replace(evidence, counts=counts, reports=None, pilot=Pilot())
        return Voices(
            own,
            probabilities,
            f"{len(batch):,} answers in the pilot, {100 * right / asked_of:.1f} % of "
            f"{asked_of:,.0f} as "
            "gold or most people say; mistakes on other items drawn from its confusion matrix",
        )
    if asked.lapse is None:
        raise InputError(
            f"[[signal]] number {number} ({asked.kind} by {asked.annotators}): the pilot has no "
            "answers of theirs and no lapse is given; add a pilot of theirs (a file of a language "
            "model's answers needs the columns model, task and label), or lapse = the share of "
            "their answers that is random"
        )
    probabilities = (1 - asked.lapse) * truth + asked.lapse / classes
    own = replace(evidence, counts=np.zeros_like(evidence.counts), reports=None, pilot=Pilot())
    lapse = f"{100 * asked.lapse:.1f} %"
    source = f"right but for the plan's lapse of {lapse}: no answer of theirs was seen"
    return Voices(own, probabilities, source)


def _models_batch(asked: SignalPlan, evidence: Evidence, number: int) -> Batch | None:
    """The pilot's answers of the language model that is meant."""
    if asked.known_by is not KnownBy.MODEL:
        return None
    kind = one_question(asked.kind)
    found = evidence.pilot.model_names(kind)
    where = f"[[signal]] number {number} ({asked.kind} by a language model)"
    if asked.model is not None and asked.model not in found:
        raise InputError(
            f"{where}: model is {asked.model!r}; the pilot's models that gave {kind} answers: "
            f"{', '.join(found) or 'none'}"
        )
    if not found:
        return None
    if kind != "hard":
        raise InputError(
            f"{where}: only hard labels of language models can be planned; found {asked.kind}"
        )
    if asked.model is None and len(found) > 1:
        raise InputError(
            f"{where}: the pilot has answers of {len(found)} models; add model = one of: "
            f"{', '.join(found)}"
        )
    return evidence.pilot.models[asked.model or found[0], kind]


def _truth(evidence: Evidence, crowd: np.ndarray) -> np.ndarray:
    """What is right for each item, (items, classes): gold, else what most people say.

    Their shares would count each one's mistakes against the model. A tie, and an item nobody has
    answered, stay open: the shares, and what the crowd is expected to say.
    """
    stated = evidence.stated
    total = stated.sum(1, keepdims=True)
    shares = np.where(total > 0, stated / np.maximum(total, 1e-12), crowd)
    ordered = np.sort(shares, axis=1)
    clear = (total[:, 0] > 0) & (ordered[:, -1] - ordered[:, -2] > 1e-9)
    truth = np.where(clear[:, None], np.eye(crowd.shape[1])[shares.argmax(1)], shares)
    if evidence.gold is not None:
        known = evidence.gold >= 0
        truth[known] = np.eye(crowd.shape[1])[evidence.gold[known]]
    return truth
