"""`recover`: positions from a file of answers, under the same noise that `pilot` reports of it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from labelbits.annotators.calibrated import SignalCalibration
from labelbits.annotators.calibration import calibrate
from labelbits.annotators.comparing import said_of_comparisons
from labelbits.annotators.dimensions import Dimensions, dimensions_of
from labelbits.annotators.people import people_and_models
from labelbits.annotators.sides import said_of_sides
from labelbits.answers.formats.language_models import MODEL
from labelbits.answers.table.preferences import as_comparisons
from labelbits.errors import InputError
from labelbits.interface import Answers
from labelbits.items.columns import said_of_columns
from labelbits.recovery import SignalEmbedding
from labelbits.signals import signal_class
from labelbits.signals.encoding import is_kept, rows_by_name_or_number
from labelbits.signals.questions import only_asked, without_repeats

#: A number of the noise: of a mixture one for each kind of answer; None where nothing tells it.
Told = float | None | dict[str, float | None]


@dataclass(frozen=True)
class Recovered:
    """A fitted embedding, the answers it rests on, what chose its dimensions where asked to, and
    the features (items, columns) in the order of the answers' items, where there are some.

    `noise` is what the one calibration says of those whose answers are used, by signal.
    """

    embedding: SignalEmbedding
    used: Answers
    chosen: Dimensions | None
    noise: dict[str, SignalCalibration]
    features: np.ndarray | None = None

    @property
    def precision(self) -> Told:
        """As `pilot` and plans say it (`of_fit`)."""
        told = {name: one.noise and one.noise.precision.value for name, one in self.noise.items()}
        return self._told(told, self.embedding.precision_)

    @property
    def lapse(self) -> Told:
        """As `pilot` and plans say it (`of_fit`)."""
        told = {name: one.noise and one.noise.lapse.value for name, one in self.noise.items()}
        return self._told(told, self.embedding.lapse_)

    def of_fit(self, name: str) -> bool:
        """Is the noise of this signal the fit's own? Where a calibration cannot tell that of
        comparisons, the places that they were fitted with are all there is. The fit's noise of
        answers about classes is no noise of annotators: prototypes and places bend to it."""
        return self.noise[name].noise is None and not signal_class(name).uses_classes

    def _told(self, told: dict[str, float | None], fitted: float | dict[str, float]) -> Told:
        of_fit = fitted if isinstance(fitted, dict) else dict.fromkeys(told, fitted)
        found = {name: of_fit[name] if self.of_fit(name) else value for name, value in told.items()}
        return found if isinstance(fitted, dict) else next(iter(found.values()))


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


def noise_of(answers: Answers, used: Answers, dims: int, seed: int) -> dict[str, SignalCalibration]:
    """What `calibrate` says, by signal, of those whose answers are `used`.

    It reads what `pilot` reads of them in `answers`: rows that state the truth tell noise too.
    """
    _, models = people_and_models(used)
    model = next(iter(models), None)
    table = answers.table
    if "annotator_kind" in table.columns:
        of_model = pl.col("annotator_kind").eq_missing(MODEL)
        own = ~of_model if model is None else of_model & (pl.col("annotator") == model)
        if "gold" in table.columns:
            own |= pl.col("gold").fill_null(False)
        answers = replace(answers, table=table.filter(own))
    found = calibrate(answers, dims=dims, seed=seed, only=("agreement", "noise"))
    signals = found.by_annotators()[model]
    return {name: one for name, one in signals.items() if not is_kept(name)}


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

    One kind of question is fitted with parameters of its own; in a mixture each kind has the noise
    that `calibrate` measures of it, where it can. What is said of the annotators' noise is
    `calibrate`'s either way. `tell` is told what a user should know.
    """
    used, said = usable(answers)
    said += [*said_of_comparisons(used, groups=False), *said_of_sides(answers)]
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
    noise = noise_of(as_comparisons(answers)[0], used, dims, seed)
    measured = {name: one.noise for name, one in noise.items() if one.noise is not None}
    if len(noise) == 1:
        measured = {}
    precision = {name: one.precision.value for name, one in measured.items()}
    lapse = {name: one.lapse.value for name, one in measured.items()}
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        embedding = SignalEmbedding(
            dims, precision=precision or None, lapse=lapse or None, random_state=seed, verbose=True
        ).fit(used, features=known, ids=None if known is None else used.items)
    for warning in told:
        tell(str(warning.message))
    return Recovered(embedding, used, chosen, noise, known)
