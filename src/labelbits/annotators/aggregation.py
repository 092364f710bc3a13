"""Consensus of hard labels: majority, Dawid-Skene, GLAD, MACE."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import polars as pl

from labelbits.annotators import label_models as models
from labelbits.answers.files.json_files import loads
from labelbits.errors import InputError
from labelbits.interface import Answers
from labelbits.signals.questions import without_repeats

Method = Literal["majority", "dawid-skene", "glad", "mace"]


@dataclass(frozen=True)
class Consensus:
    """What the annotators agree on.

    `label` maps item -> class; `probability` (items, K) in the order of `items`; `skill` maps
    annotator -> probability of a right answer (Dawid-Skene: mean of the confusion's diagonal over
    the classes as they occur; GLAD: at average difficulty; MACE: 1 - share of spamming);
    `confusion` maps annotator -> (K, K), row = true class, for Dawid-Skene.
    """

    method: str
    items: tuple[str, ...]
    label: dict[str, str]
    probability: np.ndarray
    skill: dict[str, float]
    confusion: dict[str, np.ndarray]


def aggregate(answers: Answers, method: Method = "dawid-skene", seed: int = 0) -> Consensus:
    """Consensus over the `hard` answers.

    Dawid and Skene (1979); Whitehill et al. (2009, GLAD); Hovy et al. (2013, MACE, from random
    starts drawn with `seed`). Raises `InputError` without hard answers.
    """
    if method not in get_args(Method):
        raise InputError(f"method is {method!r}; expected one of: {', '.join(get_args(Method))}")
    hard = answers.table.filter(pl.col("signal") == "hard")
    hard = without_repeats(replace(answers, table=hard)).table
    if not len(hard):
        raise InputError("there are no hard answers; expected some to find a consensus of")
    labels = models.numbered(
        [str(name) for name in hard["items"].list.first()],
        [str(name) for name in hard["annotator"]],
        [str(loads(text)) for text in hard["answer"]],
        answers.classes,
    )
    if method == "majority":
        found = models.majority(labels)
    elif method == "dawid-skene":
        found = models.dawid_skene(labels)
    elif method == "glad":
        found = models.glad(labels)
    else:
        found = models.mace(labels, seed)
    return _named(method, found, labels, answers.classes)


def _named(
    method: str, found: models.Found, labels: models.Labels, classes: tuple[str, ...]
) -> Consensus:
    """Under their names, with room for the classes that nobody gave."""
    place = [list(classes).index(name) for name in labels.classes]
    probability = np.zeros((len(labels.items), len(classes)))
    probability[:, place] = found.probability
    best = probability.argmax(1).tolist()
    label = {item: classes[k] for item, k in zip(labels.items, best, strict=True)}
    skill, confusion = {}, {}
    if found.skill is not None:
        skill = dict(zip(labels.annotators, found.skill.tolist(), strict=True))
    if found.confusion is not None:
        for name, square in zip(labels.annotators, found.confusion, strict=True):
            confusion[name] = np.zeros((len(classes), len(classes)))
            confusion[name][np.ix_(place, place)] = square
    return Consensus(method, labels.items, label, probability, skill, confusion)
