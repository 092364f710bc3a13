"""How many dimensions items differ in where nobody says so: one choice for every command.

People's comparisons decide where there are enough of them, then the features' own variation, then
the classes (K classes lie in K - 1 dimensions, and answers about them show no more); else the
number is assumed.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from labelbits.annotators.noise.positions import ENOUGH
from labelbits.annotators.people import people_and_models
from labelbits.interface import Answers
from labelbits.recovery import SignalEmbedding
from labelbits.signals import signal_class
from labelbits.signals.encoding import is_kept
from labelbits.signals.questions import without_repeats

#: Dimensions where nothing tells them, the most that classes alone stand for, and the most that
#: are taken from features or tried on answers.
UNKNOWN, OF_CLASSES, MOST = 5, 8, 20
#: Answers used at most: they tell the number, and every number tried is a fit.
MOST_ANSWERS = 20_000


@dataclass(frozen=True)
class Dimensions:
    """A number of dimensions and what it rests on: "answers", "features", "classes" or "nothing".

    `source` says it in words; `bits` holds the held-out bits of an answer by number of dimensions,
    where answers chose.
    """

    value: int
    rests_on: str
    source: str
    bits: dict[int, float] = field(default_factory=dict)


def participation_ratio(features: np.ndarray) -> float:
    """(sum of eigenvalues)^2 / sum of squares, of the features' correlations: d for d independent
    columns, 1 for copies of one (Gao et al. 2017, bioRxiv 214262). Constant columns do not count.
    """
    spread = features.std(0)
    x = (features - features.mean(0))[:, spread > 0] / spread[spread > 0]
    # Eigenvalues of the smaller of x'x and xx'.
    gram = x.T @ x if x.shape[1] <= len(x) else x @ x.T
    return float(np.trace(gram) ** 2 / np.sum(gram**2))


def dimensions_of(
    answers: Answers | None,
    features: np.ndarray | None = None,
    classes: int = 0,
    seed: int = 0,
) -> Dimensions:
    """The number of dimensions for everything that is said of these answers and features.

    `classes` is their number, 0 where nothing is about classes. Equal seeds choose alike.
    """
    found = None if answers is None else _by_comparisons(answers, seed)
    if found is not None:
        return found
    if features is not None:
        ratio = participation_ratio(np.asarray(features, dtype=np.float64))
        most = min(MOST, *features.shape)
        source = (
            f"participation ratio of the features ({ratio:.1f}; Gao et al. 2017), which is not "
            "what people may see in the items"
        )
        return Dimensions(int(np.clip(math.ceil(ratio - 0.5), 1, most)), "features", source)
    if classes > 1:
        source = f"{classes} classes lie in {classes - 1} dimensions; {OF_CLASSES} at most are used"
        return Dimensions(min(OF_CLASSES, classes - 1), "classes", source)
    return Dimensions(UNKNOWN, "nothing", "assumed, for nothing tells them")


def _by_comparisons(answers: Answers, seed: int) -> Dimensions | None:
    """The fewest dimensions that predict held-out comparisons of people as well as any do."""
    people, _ = people_and_models(answers)
    asked = [n for n in people.table["signal"].unique().to_list() if not is_kept(n)]
    names = [n for n in asked if not signal_class(n).uses_classes]
    if not names:
        return None
    people = without_repeats(
        replace(people, table=people.table.filter(pl.col("signal").is_in(names)))
    )
    table = people.table
    if len(table) > MOST_ANSWERS:
        table = table.sample(MOST_ANSWERS, seed=seed)
    items = table["items"].explode(empty_as_null=False).unique(maintain_order=True).to_list()
    if len(table) < ENOUGH * len(items):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what answers leave open is said where they are fitted
        fitted = SignalEmbedding("auto", max_components=MOST, random_state=seed).fit(
            Answers(table, tuple(items), (), people.annotators)
        )
    dims = fitted.embedding_.shape[1]
    source = f"{len(table):,} comparisons by people: the fewest that predict held-out ones as well"
    return Dimensions(dims, "answers", source, fitted.held_out_bits_)
