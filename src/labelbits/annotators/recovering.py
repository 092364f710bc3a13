"""`recover`: positions from a file of answers, under the same noise that `pilot` reports of it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from labelbits.annotators.calibration import calibrate
from labelbits.annotators.comparing import said_of_comparisons
from labelbits.annotators.dimensions import Dimensions, dimensions_of
from labelbits.annotators.people import people_and_models
from labelbits.answers.table.preferences import as_comparisons
from labelbits.errors import InputError
from labelbits.interface import Answers
from labelbits.items.columns import said_of_columns
from labelbits.recovery import SignalEmbedding
from labelbits.signals.encoding import is_kept, rows_by_name_or_number
from labelbits.signals.questions import only_asked, without_repeats


@dataclass(frozen=True)
class Recovered:
    """A fitted embedding, the answers it rests on, what chose its dimensions where asked to, and
    the features (items, columns) in the order of the answers' items, where there are some."""

    embedding: SignalEmbedding
    used: Answers
    chosen: Dimensions | None
    features: np.ndarray | None = None


def usable(answers: Answers) -> tuple[Answers, list[str]]:
    """(answers that tell where items lie, what was left out and why).

    An annotator's repeats are no further answers, and a language model has noise of its own: it
    stands for people only where nobody else answered.
    """
    answers, told = as_comparisons(answers)
    said = [told] if told else []
    people, models = people_and_models(answers)
    own = people
    if models and len(people):
        count = sum(len(one) for one in models.values())
        said.append(
            f"{count:,} answers by {', '.join(models)} were left out: a language model's noise is "
            "its own, not people's"
        )
    elif models:
        name = max(models, key=lambda one: len(models[one]))
        own = models[name]
        if len(models) > 1:
            said.append(f"only the {len(own):,} answers by {name} were used: models differ")
    first = without_repeats(own)
    if len(first) < len(own):
        said.append(
            f"{len(own) - len(first):,} of {len(own):,} answers were left out: the same annotator "
            "had answered the question before"
        )
    return only_asked(first), said


def features_of(
    used: Answers, asked: Answers, features: np.ndarray, ids: Sequence[str] | None
) -> np.ndarray:
    """The row of each item of `used`, which `asked` was made into. Raises `InputError` for items
    without a row."""
    rows_by_name_or_number(asked.items, len(features), ids)
    if not set(used.items) <= set(asked.items):
        raise InputError(
            "the answers are preferences, which compare with an ideal item that has no features; "
            "leave the features out"
        )
    return features[rows_by_name_or_number(used.items, len(features), ids)]


def recover(
    answers: Answers, dims: int | None, seed: int, tell: Callable[[str], None],
    features: tuple[Sequence[str] | None, np.ndarray] | None = None,
) -> Recovered:  # fmt: skip
    """Fit `SignalEmbedding` to the usable answers; `dims` None is chosen as everywhere.

    `features` are the name of each row (None: rows are numbered) and the rows, joined by name.

    One kind of question is fitted with its noise; in a mixture each kind has the noise that
    `calibrate` measures of it, where it can. `tell` is told what a user should know.
    """
    used, said = usable(answers)
    said += said_of_comparisons(used, groups=False)
    for sentence in said:
        tell(sentence)
    known = None if features is None else features_of(used, answers, features[1], features[0])
    for sentence in [] if known is None else said_of_columns(known, constant=False):
        tell(sentence)
    chosen = None
    if dims is None:
        chosen = dimensions_of(used, known, len(used.classes), seed, used.items)
        dims = chosen.value
        tell(f"{dims} dimensions: {chosen.source}")
    precision, lapse = {}, {}
    kinds = [n for n in used.table["signal"].unique().to_list() if not is_kept(n)]
    if len(kinds) > 1:
        found = calibrate(used, dims=dims, seed=seed, only=("noise",))
        for name in kinds:
            noise = found[name].noise
            if noise is not None:
                precision[name], lapse[name] = noise.precision.value, noise.lapse.value
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        embedding = SignalEmbedding(
            dims, precision=precision or None, lapse=lapse or None, random_state=seed, verbose=True
        ).fit(used, features=known, ids=None if known is None else used.items)
    for warning in told:
        tell(str(warning.message))
    return Recovered(embedding, used, chosen, known)
