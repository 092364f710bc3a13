"""`calibrate`: noise, time and reliability of every signal in a pilot, with intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from labelbits.answers import agreement as agree
from labelbits.answers.annotators import AnnotatorRecord, judge
from labelbits.answers.confusion import Confusion, confuse, majority_of_others
from labelbits.answers.language_models import MODEL
from labelbits.answers.noise import Noise, fit_noise
from labelbits.answers.questions import first_showings, keys
from labelbits.answers.reports import reports, states_classes
from labelbits.answers.times import TimeFit, fit_times
from labelbits.answers.worth import Worth, worth_of_soft
from labelbits.errors import InputError
from labelbits.interface import Answers, Batch
from labelbits.signals import signal_class
from labelbits.signals.encoding import encode

#: Dimensions of the world in which precision is stated, unless told.
DIMS = 8
#: Signals that are hard labels, one or many.
VOTED = ["hard", "votes"]


@dataclass(frozen=True)
class SignalCalibration:
    """What a pilot says about one signal; None where it cannot tell.

    `counts`: answers, annotators, items; `seconds` of one answer; `agreement` between annotators
    and on repeats; `confusion` and its `accuracy`; `noise`: precision and lapse of the channel;
    `flagged`: annotators who look like spammers or bots, with the evidence; `price`: mean paid
    for one answer; `worth`: what soft labels are worth in the hard labels of the same pilot.
    """

    signal: str
    answers: int
    annotators: int
    items: int
    seconds: TimeFit | None
    agreement: agree.Agreement | None
    confusion: Confusion | None
    noise: Noise | None
    flagged: tuple[AnnotatorRecord, ...] = ()
    price: float | None = None
    worth: tuple[Worth, ...] = ()

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
            "flagged": [record.to_dict() for record in self.flagged],
            "price": self.price,
            "worth_in_hard_labels": [worth.to_dict() for worth in self.worth],
        }


@dataclass(frozen=True)
class Calibration:
    """What a pilot says: one `SignalCalibration` a signal, and the rows that were left out.

    `models` holds the same for each language model, measured against gold or people's majority.
    """

    signals: dict[str, SignalCalibration]
    dropped: dict[str, int]
    notes: tuple[str, ...] = field(default=())
    models: dict[str, dict[str, SignalCalibration]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> SignalCalibration:
        return self.signals[name]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON: what `labelbits pilot --json` prints."""
        return {
            "signals": {name: found.to_dict() for name, found in self.signals.items()},
            "models": {
                model: {name: found.to_dict() for name, found in signals.items()}
                for model, signals in self.models.items()
            },
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
    table, models = _split_models(table)
    found = _by_signal(_with(answers, table), truth, dims, longest, seed)
    people = _majority(_with(answers, table), truth)
    of_models = {
        model: _by_signal(_with(answers, own), people, dims, longest, seed)
        for model, own in models.items()
    }
    worth = _worth(_with(answers, table), seed)
    found = {name: replace(one, worth=worth.get(name, ())) for name, one in found.items()}
    dropped: dict[str, int] = {}
    if answers.rejected is not None and len(answers.rejected):
        reasons = answers.rejected["reason"].value_counts(sort=True)
        dropped = dict(zip(reasons["reason"].to_list(), reasons["count"].to_list(), strict=True))
    return Calibration(found, dropped, answers.notes, of_models)


def _with(answers: Answers, table: pl.DataFrame) -> Answers:
    """The same names with other rows."""
    return Answers(table, answers.items, answers.classes, answers.annotators)


def _by_signal(
    answers: Answers, truth: np.ndarray, dims: int, longest: float | None, seed: int
) -> dict[str, SignalCalibration]:
    found = {}
    for batch in encode(answers, dims=dims) if len(answers) else ():
        name = batch.signal.name
        rows = answers.table.filter(pl.col("signal") == name)
        found[name] = _calibrate_signal(batch, rows, answers, truth, dims, longest, seed)
    return found


def _split_models(table: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, pl.DataFrame]]:
    """(people's rows, rows of each language model)."""
    if "annotator_kind" not in table.columns:
        return table, {}
    own = table.filter(pl.col("annotator_kind") == MODEL)
    names = own["annotator"].unique(maintain_order=True).to_list()
    people = table.filter(pl.col("annotator_kind").ne_missing(MODEL))
    return people, {name: own.filter(pl.col("annotator") == name) for name in names}


def _majority(answers: Answers, truth: np.ndarray) -> np.ndarray:
    """The true class of items: gold, else what most people say; -1 for none or a tie."""
    places = {name: i for i, name in enumerate(answers.items)}
    total = np.zeros((len(answers.items), len(answers.classes)))
    for item, report in _stated(answers, ("choices", "numbers")):
        np.add.at(total, [places[name] for name in item], report)
    if not total.size:
        return truth
    ordered = np.sort(total, axis=1)
    clear = np.greater(ordered[:, -1] - (ordered[:, -2] if total.shape[1] > 1 else 0), 1e-9)
    return np.where(truth >= 0, truth, np.where(clear, total.argmax(1), -1))


def _stated(
    answers: Answers, forms: Sequence[str], first_only: bool = False
) -> Iterator[tuple[list[str], np.ndarray]]:
    """(item of each row, class probabilities) for each signal of these forms that states them."""
    for name in answers.table["signal"].unique(maintain_order=True):
        kind = signal_class(name)
        if kind.form not in forms or not states_classes(kind):
            continue
        rows = answers.table.filter(pl.col("signal") == name)
        if first_only and "repeat" in rows.columns:
            rows = rows.filter(~pl.col("repeat").fill_null(False))
        report, _ = reports(rows["answer"], answers.classes, kind)
        good = np.all(np.isfinite(report), axis=1)
        yield rows.filter(good)["items"].list.first().to_list(), report[good]


def _worth(answers: Answers, seed: int) -> dict[str, tuple[Worth, ...]]:
    """Worth of each kind of soft label in the pilot's own hard labels, where it has both."""
    places = {name: i for i, name in enumerate(answers.items)}
    counts = np.zeros((len(answers.items), len(answers.classes)), dtype=np.int64)
    names = answers.table["signal"].unique(maintain_order=True).to_list()
    for batch in encode(_with(answers, answers.table.filter(pl.col("signal").is_in(VOTED)))):
        if batch.signal.name == "votes":
            np.add.at(counts, batch.items[:, 0], batch.answer)
        else:
            np.add.at(counts, (batch.items[:, 0], batch.answer[:, 0]), 1)
    found = {}
    for name in names:
        if signal_class(name).form != "numbers":
            continue
        own = _with(answers, answers.table.filter(pl.col("signal") == name))
        for items, report in _stated(own, ("numbers",), first_only=True):
            item = np.array([places[i] for i in items], dtype=np.int64)
            size = np.bincount(item, minlength=len(counts))
            usable = size[np.logical_and(counts.sum(1) >= 8, size > 0)]
            most = int(np.quantile(usable, 0.1)) if len(usable) > 20 else 0
            sizes = tuple(m for m in (1, 2, 3, 4, 5, 6) if m <= most)
            if sizes:
                found[name] = tuple(worth_of_soft(item, report, counts, sizes, seed=seed))
    return found


def gold_numbers(answers: Answers, gold: Any) -> np.ndarray:
    """The true class number of each of `answers.items`, -1 unknown."""
    truth = np.full(len(answers.items), -1)
    numbers = {name: k for k, name in enumerate(answers.classes)}
    places = {name: i for i, name in enumerate(answers.items)}
    table = answers.table
    if "gold" in table.columns:
        for row in table.filter(pl.col("gold").fill_null(False)).iter_rows(named=True):
            _, stated = reports([row["answer"]], answers.classes, signal_class(row["signal"]))
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


def _calibrate_signal(
    batch: Batch,
    rows: pl.DataFrame,
    answers: Answers,
    truth: np.ndarray,
    dims: int,
    longest: float | None,
    seed: int,
) -> SignalCalibration:
    question, answer = keys(batch, rows)
    first = first_showings(rows, question, batch.annotator)
    times = (
        rows["seconds"].fill_null(float("nan")).to_numpy() if "seconds" in rows.columns else None
    )
    confusion, flagged = None, []
    kind, k = type(batch.signal), len(answers.classes)
    if states_classes(kind):
        report, top = reports(rows["answer"], answers.classes, kind)
        if kind.form == "numbers" or kind.name == "votes":
            agreement = agree.agree_on_probabilities(
                question, report, top, batch.annotator, first, seed
            )
        else:
            agreement = agree.agree_on_choice(question, answer, batch.annotator, first, seed)
        known, against = _reference(batch, first, report, truth)
        if kind.name == "votes":
            # Every vote counts on its own: the row is expanded into its votes.
            row, chosen = np.nonzero(batch.answer)
            weight = batch.answer[row, chosen].astype(float)
            confusion = confuse(
                chosen, known[row], batch.items[row, 0], answers.classes, against, seed, weight
            )
        else:
            confusion = confuse(top, known, batch.items[:, 0], answers.classes, against, seed)
            flagged = judge(answers.annotators, batch.annotator, top, known, times)
    elif kind.form in ("rating", "number"):
        agreement = agree.agree_on_number(
            question, batch.answer[:, 0], batch.annotator, first, seed
        )
    else:
        agreement = agree.agree_on_choice(question, answer, batch.annotator, first, seed)
        nothing = np.full(len(batch), -1)
        flagged = judge(answers.annotators, batch.annotator, batch.answer[:, -1], nothing, times)
    shown = np.flatnonzero(first)
    price = rows["price"].mean() if "price" in rows.columns else None
    return SignalCalibration(
        signal=kind.name,
        answers=len(batch),
        annotators=len(np.unique(batch.annotator)),
        items=len(np.unique(batch.items)),
        seconds=None if times is None else fit_times(times, batch.annotator, longest),
        agreement=agreement,
        confusion=confusion,
        noise=fit_noise(batch.take(shown), k, dims, truth[batch.items[shown, 0]], seed),
        flagged=tuple(record for record in flagged if record.evidence),
        price=float(price) if isinstance(price, (int, float)) else None,
    )


def _reference(
    batch: Batch, first: np.ndarray, report: np.ndarray, truth: np.ndarray
) -> tuple[np.ndarray, str]:
    """(class that each first answer should name, -1 unknown; where that comes from)."""
    item = batch.items[:, 0]
    known = np.where(first, truth[item], -1)
    if np.any(known >= 0):
        return known, "gold"
    if batch.signal.name == "votes":
        return known, "nothing"
    apart = np.where(first, item, -1 - np.arange(len(item)))  # repeats compare with nobody
    return np.where(first, majority_of_others(apart, report), -1), "the others' majority"
