"""How many dimensions items differ in where nobody says so: one choice for every command.

People's comparisons decide where there are enough of them, then the features' own variation, then
the classes (K classes lie in K - 1 dimensions, and answers about them show no more); else the
number is assumed.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from labelbits.annotators.noise.positions import ENOUGH
from labelbits.annotators.people import people_and_models
from labelbits.errors import InputError
from labelbits.interface import Answers
from labelbits.recovery import Fitter, SignalEmbedding
from labelbits.recovery.fitted.choice import simplest
from labelbits.recovery.held_out import predict, questions_of, splits
from labelbits.recovery.held_out.folds import take
from labelbits.signals import signal_class
from labelbits.signals.encoding import is_kept, rows_of_items
from labelbits.signals.questions import without_repeats

#: Dimensions where nothing tells them, the most that classes alone stand for, and the most that
#: are taken from features or tried on answers.
UNKNOWN, OF_CLASSES, MOST = 5, 8, 20
#: Answers used at most: they tell the number, and every number tried is a fit.
MOST_ANSWERS = 20_000
#: Up to `MANY` answers each is held out once, in `FOLDS` folds; how many are too few, and different
#: questions; dimensions that are tried; how features are taken meanwhile.
MANY, FOLDS, FEWEST, FEWEST_QUESTIONS = 3_000, 3, 100, 50
TRIED = (1, 2, 3, 4, 6, 8, 10, 12, 15, 18, 20)
FEW_OPTIONS = {"residual_scale": 0.7, "metric_power": 1.0}


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
    ids: Sequence[str] | None = None,
) -> Dimensions:
    """The number of dimensions for everything that is said of these answers and features.

    `classes` is their number, 0 where nothing is about classes. `ids` is the name of each row of
    the features; left out, items are named by row numbers. Equal seeds choose alike.
    """
    found = None if answers is None else _by_comparisons(answers, features, seed, ids)
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


def _by_comparisons(
    answers: Answers, features: np.ndarray | None, seed: int, ids: Sequence[str] | None
) -> Dimensions | None:
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
    few = len(table) < ENOUGH * len(items)
    if few or len(table) <= MANY:
        own = Answers(table, tuple(items), (), people.annotators)
        chosen = _by_folds(own, _rows_of(features, items, ids), seed, few)
        if few or chosen is not None:
            return chosen
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what answers leave open is said where they are fitted
        fitted = SignalEmbedding("auto", max_components=MOST, random_state=seed).fit(
            Answers(table, tuple(items), (), people.annotators)
        )
    dims = fitted.embedding_.shape[1]
    source = f"{len(table):,} comparisons by people: the fewest that predict held-out ones as well"
    return Dimensions(dims, "answers", source, fitted.held_out_bits_)


def _rows_of(
    features: np.ndarray | None, items: Sequence[str], ids: Sequence[str] | None
) -> np.ndarray | None:
    """The features (items, columns) of these items; None where there are none for all of them."""
    if features is None:
        return None
    try:
        return np.asarray(features, np.float32)[rows_of_items(items, len(features), ids)]
    except InputError:
        return None


def _by_folds(
    answers: Answers, features: np.ndarray | None, seed: int, few: bool
) -> Dimensions | None:
    """The same where answers are few: every one of them is held out once, question by question.

    Features, where there are some, are taken at half their word (`FEW_OPTIONS`), for how much they
    say is another choice, made later. None where there are too few questions to hold any out.
    """
    question = questions_of(answers)
    if len(answers) < FEWEST or len(np.unique(question)) < FEWEST_QUESTIONS:
        return None
    bits: dict[int, np.ndarray] = {}
    every = splits(answers, FOLDS, "question", seed)
    options = {} if features is None else FEW_OPTIONS
    for dims in TRIED:
        if dims > len(answers.items) - 1:
            break
        learn, parts = Fitter(dims, features, seed, options), []
        for fit, test in every:
            found = predict(learn(take(answers, fit)), take(answers, test), question[test])
            parts.append(np.where(np.isfinite(found.bits), found.bits, -np.log2(found.outcomes)))
        bits[dims] = np.concatenate(parts)
        best = max(bits, key=lambda d: bits[d].mean())
        if best not in list(bits)[-2:]:
            break
    dims = simplest(bits)
    source = (
        f"{len(answers):,} comparisons by people: the fewest that predict held-out ones as well"
    )
    if few:
        source += f"; they are few for {len(answers.items):,} items, and more may show more"
    told = {tried: float(each.mean()) for tried, each in bits.items()}
    return Dimensions(dims, "answers", source, told)
