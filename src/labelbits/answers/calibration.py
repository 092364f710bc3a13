"""`calibrate`: noise, time and reliability of every signal in a pilot, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from labelbits.answers import agreement as agree
from labelbits.answers.confusion import Confusion, confuse, majority_of_others
from labelbits.answers.noise import Noise, fit_noise
from labelbits.answers.questions import first_showings, keys
from labelbits.answers.reports import reports, states_classes
from labelbits.answers.times import TimeFit, fit_times
from labelbits.errors import InputError
from labelbits.interface import Answers, Batch
from labelbits.signals.encoding import encode

#: Dimensions of the world in which precision is stated, unless told.
DIMS = 8


@dataclass(frozen=True)
class SignalCalibration:
    """What a pilot says about one signal; None where it cannot tell.

    `counts`: answers, annotators, items; `seconds` of one answer; `agreement` between annotators
    and on repeats; `confusion` and its `accuracy`; `noise`: precision and lapse of the channel.
    """

    signal: str
    answers: int
    annotators: int
    items: int
    seconds: TimeFit | None
    agreement: agree.Agreement | None
    confusion: Confusion | None
    noise: Noise | None

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        parts = ("seconds", "agreement", "confusion", "noise")
        found = {name: getattr(self, name) for name in parts}
        return {
            "answers": self.answers,
            "annotators": self.annotators,
            "items": self.items,
            **{name: None if part is None else part.to_dict() for name, part in found.items()},
            "lapse": None if self.noise is None else self.noise.lapse.to_dict(),
            "precision": None if self.noise is None else self.noise.precision.to_dict(),
        }


@dataclass(frozen=True)
class Calibration:
    """What a pilot says: one `SignalCalibration` a signal, and the rows that were left out."""

    signals: dict[str, SignalCalibration]
    dropped: dict[str, int]
    notes: tuple[str, ...] = field(default=())

    def __getitem__(self, name: str) -> SignalCalibration:
        return self.signals[name]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON: what `labelbits pilot --json` prints."""
        return {
            "signals": {name: found.to_dict() for name, found in self.signals.items()},
            "dropped": {"rows": sum(self.dropped.values()), "reasons": self.dropped},
            "notes": list(self.notes),
        }


def calibrate(
    answers: Answers,
    gold: Mapping[str, str] | Sequence[int] | np.ndarray | None = None,
    *,
    dims: int | None = None,
    longest: float | None = None,
    seed: int = 0,
) -> Calibration:
    """Measure noise, time and reliability of every signal in `answers`.

    `gold` is the true class of items: item name -> class name, or an array over
    `answers.items` of class numbers with -1 unknown; rows of the table marked `gold` add to it.
    `dims` is the dimension of the world in which precision is stated, at most 8 and classes - 1
    unless told. `longest` replaces the limit above which a time is dropped, in seconds. Equal
    seeds give equal results. Raises `InputError` for gold that names unknown classes.
    """
    truth = gold_numbers(answers, gold)
    classes = len(answers.classes)
    dims = dims or max(1, min(DIMS, classes - 1 if classes else DIMS))
    table = answers.table
    if "gold" in table.columns and table["gold"].any():
        table = table.filter(~pl.col("gold").fill_null(False))
        answers = Answers(
            table,
            answers.items,
            answers.classes,
            answers.annotators,
            answers.rejected,
            answers.notes,
        )
    found: dict[str, SignalCalibration] = {}
    for batch in encode(answers, dims=dims):
        name = batch.signal.name
        rows = table.filter(pl.col("signal") == name)
        found[name] = _calibrate_signal(batch, rows, answers.classes, truth, dims, longest, seed)
    dropped: dict[str, int] = {}
    if answers.rejected is not None and len(answers.rejected):
        reasons = answers.rejected["reason"].value_counts(sort=True)
        dropped = dict(zip(reasons["reason"].to_list(), reasons["count"].to_list(), strict=True))
    return Calibration(found, dropped, answers.notes)


def gold_numbers(answers: Answers, gold: Any) -> np.ndarray:
    """The true class number of each of `answers.items`, -1 unknown."""
    truth = np.full(len(answers.items), -1)
    numbers = {name: k for k, name in enumerate(answers.classes)}
    places = {name: i for i, name in enumerate(answers.items)}
    table = answers.table
    if "gold" in table.columns:
        for row in table.filter(pl.col("gold").fill_null(False)).iter_rows(named=True):
            _, stated = reports([row["answer"]], answers.classes, _class_of(row["signal"]))
            if stated[0] >= 0 and len(row["items"]) == 1:
                truth[places[row["items"][0]]] = stated[0]
    if isinstance(gold, Mapping):
        for item, name in gold.items():
            if str(name) not in numbers:
                known = ", ".join(answers.classes[:10])
                raise InputError(
                    f"gold: unknown class {name!r} of item {item!r}; expected one of: {known}"
                )
            if str(item) in places:
                truth[places[str(item)]] = numbers[str(name)]
    elif gold is not None:
        array = np.asarray(gold)
        if array.shape != truth.shape or array.dtype.kind not in "iu":
            raise InputError(
                f"gold has shape {array.shape} of {array.dtype}; expected {len(truth)} class "
                "numbers, one an item, -1 for unknown"
            )
        if array.max(initial=-1) >= len(numbers) or array.min(initial=0) < -1:
            raise InputError(
                f"gold holds class numbers from {array.min()} to {array.max()}; "
                f"expected -1 to {len(numbers) - 1}"
            )
        truth = np.where(array >= 0, array, truth)
    return truth


def _class_of(name: str) -> Any:
    from labelbits.signals import signal_class

    return signal_class(name)


def _calibrate_signal(
    batch: Batch,
    rows: pl.DataFrame,
    classes: tuple[str, ...],
    truth: np.ndarray,
    dims: int,
    longest: float | None,
    seed: int,
) -> SignalCalibration:
    question, answer = keys(batch, rows)
    first = first_showings(rows, question, batch.annotator)
    seconds = None
    if "seconds" in rows.columns:
        times = rows["seconds"].fill_null(float("nan")).to_numpy()
        seconds = fit_times(times, batch.annotator, longest)
    confusion = noise = None
    kind = type(batch.signal)
    if states_classes(kind):
        report, top = reports(rows["answer"], classes, kind)
        agreement, confusion = _class_agreement(
            batch, question, answer, first, report, top, classes, truth, seed
        )
        noise = fit_noise(
            batch.take(np.flatnonzero(first)),
            len(classes),
            dims,
            truth[batch.items[first, 0]],
            seed,
        )
    elif batch.signal.form in ("rating", "number"):
        agreement = agree.agree_on_number(
            question, batch.answer[:, 0], batch.annotator, first, seed
        )
    else:
        agreement = agree.agree_on_choice(question, answer, batch.annotator, first, seed)
        if batch.signal.uses_classes and batch.signal.arity == 1:
            noise = fit_noise(
                batch.take(np.flatnonzero(first)),
                len(classes),
                dims,
                truth[batch.items[first, 0]],
                seed,
            )
    return SignalCalibration(
        signal=batch.signal.name,
        answers=len(batch),
        annotators=len(np.unique(batch.annotator)),
        items=len(np.unique(batch.items)),
        seconds=seconds,
        agreement=agreement,
        confusion=confusion,
        noise=noise,
    )


def _class_agreement(
    batch: Batch,
    question: np.ndarray,
    answer: np.ndarray,
    first: np.ndarray,
    report: np.ndarray,
    top: np.ndarray,
    classes: tuple[str, ...],
    truth: np.ndarray,
    seed: int,
) -> tuple[agree.Agreement, Confusion | None]:
    """Agreement and confusion of answers that state class probabilities."""
    if batch.signal.form == "numbers" or batch.signal.name == "votes":
        agreement = agree.agree_on_probabilities(
            question, report, top, batch.annotator, first, seed
        )
    else:
        agreement = agree.agree_on_choice(question, answer, batch.annotator, first, seed)
    item = batch.items[:, 0]
    known = np.where(first, truth[item], -1)
    weights = None
    if batch.signal.name == "votes":
        # Every vote counts on its own: the row is expanded into its votes.
        item, top, known, weights = _votes(batch, known)
    against = "gold"
    if not (known >= 0).any():
        against = "the others' majority"
        if weights is not None:
            return agreement, None
        known = np.where(
            first, majority_of_others(np.where(first, item, -1 - np.arange(len(item))), report), -1
        )
    return agreement, confuse(top, known, item, classes, against, seed, weights)


def _votes(
    batch: Batch, known: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(item, class, truth, count) of every class that got a vote in a row."""
    row, chosen = np.nonzero(batch.answer)
    return batch.items[row, 0], chosen, known[row], batch.answer[row, chosen].astype(float)
