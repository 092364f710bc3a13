"""`calibrate`: noise, time and reliability of every signal in a pilot, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from labelbits.annotators.calibrated import Calibration, SignalCalibration
from labelbits.annotators.dimensions import dimensions_of
from labelbits.annotators.noise.beside_people import Beside, people_s_positions, random_classes
from labelbits.annotators.one_signal import Asked, calibrate_kept, calibrate_signal
from labelbits.annotators.people import people_and_models
from labelbits.annotators.truth import (
    gold_numbers,
    majority_of_people,
    worth_by_signal,
)
from labelbits.errors import check_at_least
from labelbits.interface import Answers
from labelbits.signals import signal_class
from labelbits.signals.encoding import encode, is_kept

#: What `calibrate` measures, beside counts and prices.
MEASURES = ("seconds", "agreement", "confusion", "noise", "worth")


def calibrate(
    answers: Answers,
    gold: Any = None,
    *,
    dims: int | None = None,
    longest: float | None = None,
    seed: int = 0,
    only: Sequence[str] = MEASURES,
) -> Calibration:
    """Measure noise, time and reliability of every signal in `answers`.

    `gold` is the true class of items: item name -> class name, a file (CSV, JSON, Parquet, npz) or
    a frame with a column for the item and one for its class, or one class for each of
    `answers.items`, by number (-1 unknown) or name; rows of the table marked `gold` add to it.
    `dims` is the dimension of the world in which precision is stated; unless told, what
    `dimensions_of` chooses. `longest` replaces
    the limit above which a time is dropped, in seconds. Equal seeds give equal results. `only`
    names what is measured (`MEASURES`); the rest is None. An annotator's repeated answers to a
    question count for agreement with themselves alone. Language models are measured on their own
    answers, beside gold and what people say. Raises `InputError` for gold that names unknown
    classes.

    Example
    -------
    >>> import labelbits as lb
    >>> import polars as pl
    >>> frame = pl.DataFrame(
    ...     {"item": ["a", "a", "b", "b"], "annotator": ["ann", "bob"] * 2,
    ...      "label": ["x", "x", "x", "y"], "seconds": [2.0, 3.0, 2.0, 5.0]}
    ... )
    >>> measured = lb.calibrate(lb.read_answers(frame), only=("seconds", "agreement"))
    >>> measured.signals["hard"].agreement.between.value
    0.5
    """
    if dims is not None:
        check_at_least("dims", dims, 1)
    truth = gold_numbers(answers, gold)
    classes = len(answers.classes)
    people, models = people_and_models(answers)
    told_dims = dims
    if dims is None and "noise" in only:
        chosen = dimensions_of(people, None, classes, seed)
        dims = chosen.value
        told_dims = dims if chosen.rests_on == "answers" else None
    asked = Asked((dims or 2, told_dims), longest, seed, tuple(only))
    found = _by_signal(people, truth, asked)
    agreed = majority_of_people(people, truth) if models else truth
    known = {"gold": np.any(truth >= 0), "people's majority": np.any(agreed != truth)}
    against = " and ".join(name for name, there in known.items() if there)
    beside = _positions(people, models, asked)
    of_models = {
        model: {
            name: _of_model(one, model, against)
            for name, one in _by_signal(own, agreed, asked, beside).items()
        }
        for model, own in models.items()
    }
    if "worth" in only:
        worth = worth_by_signal(people, seed)
        found = {name: replace(one, worth=worth.get(name, ())) for name, one in found.items()}
    dropped: dict[str, int] = {}
    if answers.rejected is not None and len(answers.rejected):
        reasons = answers.rejected["reason"].value_counts(sort=True)
        dropped = dict(zip(reasons["reason"].to_list(), reasons["count"].to_list(), strict=True))
    return Calibration(found, dropped, answers.notes, of_models)


def _positions(people: Answers, models: Mapping[str, Answers], asked: Asked) -> Beside | None:
    """Where people's answers put the items, if a language model compared any."""
    compared = [
        name
        for own in models.values()
        for name in own.table["signal"].unique().to_list()
        if not is_kept(name) and not signal_class(name).uses_classes
    ]
    if not compared or "noise" not in asked.only:
        return None
    return people_s_positions(people, asked.dims[1], asked.seed)


def _by_signal(
    answers: Answers, truth: np.ndarray, asked: Asked, beside: Beside | None = None
) -> dict[str, SignalCalibration]:
    found = {}
    for batch in encode(answers, dims=asked.dims[0]) if len(answers) else ():
        name = batch.signal.name
        rows = answers.table.filter(pl.col("signal") == name)
        found[name] = calibrate_signal(batch, rows, answers, truth, asked, beside)
    for name in answers.table["signal"].unique(maintain_order=True).to_list():
        if is_kept(name):
            rows = answers.table.filter(pl.col("signal") == name)
            found[name] = calibrate_kept(name, rows, asked.longest, asked.seed)
    return found


def _of_model(found: SignalCalibration, model: str, against: str) -> SignalCalibration:
    """The same under the model's name, with what it was really compared with instead of gold."""
    confusion, noise = found.confusion, found.noise
    random = ""
    if confusion is not None and confusion.against == "gold":
        confusion = replace(confusion, against=against)
        random = random_classes(confusion, against)
    if noise is not None:
        noise = replace(noise, source=noise.source.replace("gold", against))
    # More people tell nothing of a model: that advice is for people alone.
    advice = "" if noise is not None else found.advice
    random = found.random or random
    return replace(
        found, model=model, confusion=confusion, noise=noise, advice=advice, random=random
    )
