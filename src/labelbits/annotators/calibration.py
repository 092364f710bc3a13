"""`calibrate`: noise, time and reliability of every signal in a pilot, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from labelbits.annotators import agreement as agree
from labelbits.annotators.confusion import Confusion, confuse
from labelbits.annotators.dimensions import dimensions_of
from labelbits.annotators.flagging import AnnotatorRecord, judge
from labelbits.annotators.noise.advice import what_tells_apart, what_tells_noise
from labelbits.annotators.noise.at_random import most_of_preferences
from labelbits.annotators.noise.beside_people import Beside, people_s_positions, random_classes
from labelbits.annotators.noise.class_noise import fit_noise
from labelbits.annotators.noise.positions import noise_by_embedding
from labelbits.annotators.noise.repeated_questions import most_by_questions, noise_by_questions
from labelbits.annotators.noise.result import Noise
from labelbits.annotators.people import people_and_models
from labelbits.annotators.prices import AnswerPrice, Paid, measured_price, paid_for
from labelbits.annotators.reports import reports, states_classes
from labelbits.annotators.times import TimeFit, fit_times
from labelbits.annotators.truth import (
    VOTED,
    gold_numbers,
    majority_of_people,
    reference,
    worth_by_signal,
)
from labelbits.annotators.worth import Worth
from labelbits.answers.formats.language_models import MODEL, PERSON
from labelbits.interface import Answers, Batch
from labelbits.signals import signal_class
from labelbits.signals.encoding import PREFERENCE, encode, is_kept
from labelbits.signals.questions import first_of, first_showings, kept_keys, keys

#: Dimensions of the world in which noise is stated, and those that were given or that comparisons
#: showed, if any.
Dims = tuple[int, int | None]


@dataclass(frozen=True)
class SignalCalibration:
    """What a pilot says about one signal; None where it cannot tell.

    `counts`: answers, annotators, items; `seconds` of one answer; `agreement` between annotators
    and on repeats; `confusion` and its `accuracy`; `noise`: precision and lapse of the channel;
    `flagged`: annotators who look like spammers or bots, with the evidence; `price`: mean paid
    for one answer; `worth`: what soft labels are worth in the hard labels of the same pilot;
    `model`: the language model that gave the answers, None for people; `advice`: where the noise
    is not told, or lapses not from low precision, the pilot that would tell it; `votes`: how many
    votes counts of votes hold.
    `repeats` of the answers are to a question that the same annotator had answered already: times
    and prices are theirs too, and else they tell only how steady their annotators are. `random`
    says, with the evidence, that the answers of a language model cannot be told from random ones,
    else it is empty. `random_at_most` is the largest share of random answers, whoever answered
    (`Noise`): of preferences, of those that are no tie.
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
    paid: Paid | None = None
    worth: tuple[Worth, ...] = ()
    model: str | None = None
    advice: str = ""
    votes: int | None = None
    repeats: int = 0
    random: str = ""
    random_at_most: float | None = None

    @property
    def price(self) -> float | None:
        """Mean paid for one answer."""
        return None if self.paid is None else self.paid.mean

    def price_of_answer(self, wage_per_hour: float | None, fee: float = 0.0) -> AnswerPrice | None:
        """What one answer costs: what was paid, else the mean time at the wage; None where too few
        prices and times tell. A language model is not paid by time."""
        time = self.seconds if self.model is None else None
        return measured_price(self.paid, time, wage_per_hour, fee)

    def plan_entry(self) -> dict[str, Any]:
        """The keys of a plan's [[signal]] that this pilot can fill: price or seconds, and noise.

        What was paid for an answer, else for people the mean seconds, which the plan's wage turns
        into money: what a plan from this pilot uses.
        """
        entry: dict[str, Any] = {"kind": self.signal}
        if self.model is not None:
            entry |= {"annotators": MODEL, "model": self.model}
        priced = self.price_of_answer(3600.0)
        if priced is not None and priced.seconds is not None:
            entry["seconds"] = priced.seconds
        elif priced is not None:
            entry["price"] = priced.amount
        if self.noise is not None:
            entry |= {"lapse": self.noise.lapse.value, "precision": self.noise.precision.value}
        return entry

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        parts = ("seconds", "agreement", "confusion", "noise")
        found = {name: getattr(self, name) for name in parts}
        return {
            "annotator_kind": PERSON if self.model is None else MODEL,
            "answers": self.answers,
            "repeats": self.repeats,
            "votes": self.votes,
            "annotators": self.annotators,
            "items": self.items,
            **{name: None if part is None else part.to_dict() for name, part in found.items()},
            "lapse": None if self.noise is None else self.noise.lapse.to_dict(),
            "precision": None if self.noise is None else self.noise.precision.to_dict(),
            "advice": self.advice,
            "random": self.random,
            "random_at_most": self.random_at_most,
            "flagged": [record.to_dict() for record in self.flagged],
            "price": self.price,
            "plan": self.plan_entry(),
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

    def by_annotators(self) -> dict[str | None, dict[str, SignalCalibration]]:
        """Every kind of annotator that answered: None for people, else the model's name."""
        people = {None: self.signals} if self.signals else {}
        return people | self.models

    def of(self, signal: str, model: str | None = None) -> SignalCalibration | None:
        """What is known of `signal` asked of people, or of one language model.

        None where they never answered it: people's figures are never given for a model. Votes are
        hard labels, so either stands for the other where only one was asked. Its `noise` holds
        precision and lapse with intervals, `seconds` and `price` the rest that a plan needs.
        """
        found = self.by_annotators().get(model, {})
        alike = dict.fromkeys((signal, *(VOTED if signal in VOTED else ())))
        return next((found[name] for name in alike if name in found), None)

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


#: What `calibrate` measures, beside counts and prices.
MEASURES = ("seconds", "agreement", "confusion", "noise", "worth")


def calibrate(
    answers: Answers,
    gold: Mapping[str, str] | Sequence[int] | np.ndarray | None = None,
    *,
    dims: int | None = None,
    longest: float | None = None,
    seed: int = 0,
    only: Sequence[str] = MEASURES,
) -> Calibration:
    """Measure noise, time and reliability of every signal in `answers`.

    `gold` is the true class of items: item name -> class name, or an array over
    `answers.items` of class numbers with -1 unknown; rows of the table marked `gold` add to it.
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
    truth = gold_numbers(answers, gold)
    classes = len(answers.classes)
    people, models = people_and_models(answers)
    told_dims = dims
    if dims is None and "noise" in only:
        chosen = dimensions_of(people, None, classes, seed)
        dims = chosen.value
        told_dims = dims if chosen.rests_on == "answers" else None
    asked = _Asked((dims or 2, told_dims), longest, seed, tuple(only))
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


@dataclass(frozen=True)
class _Asked:
    """What `calibrate` was asked for."""

    dims: Dims
    longest: float | None
    seed: int
    only: tuple[str, ...]


def _positions(people: Answers, models: Mapping[str, Answers], asked: _Asked) -> Beside | None:
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
    answers: Answers, truth: np.ndarray, asked: _Asked, beside: Beside | None = None
) -> dict[str, SignalCalibration]:
    found = {}
    for batch in encode(answers, dims=asked.dims[0]) if len(answers) else ():
        name = batch.signal.name
        rows = answers.table.filter(pl.col("signal") == name)
        found[name] = _calibrate_signal(batch, rows, answers, truth, asked, beside)
    for name in answers.table["signal"].unique(maintain_order=True).to_list():
        if is_kept(name):
            rows = answers.table.filter(pl.col("signal") == name)
            found[name] = calibrate_kept(name, rows, asked.longest, asked.seed)
    return found


def calibrate_kept(
    name: str, rows: pl.DataFrame, longest: float | None, seed: int
) -> SignalCalibration:
    """Times and agreement of answers that no signal models yet (preference, score)."""
    items, answer = rows["items"], rows["answer"]
    question, chosen = kept_keys(name, rows)
    annotator = np.unique(rows["annotator"].to_numpy(), return_inverse=True)[1].reshape(-1)
    first = first_of(question, annotator, rows)
    most = None
    if name == PREFERENCE:
        agreement = agree.agree_on_choice(question, chosen, annotator, first, seed)
        most = most_of_preferences(question[first], chosen[first], annotator[first], seed)
    else:
        values = answer.cast(pl.Float64).to_numpy()
        agreement = agree.agree_on_number(question, values, annotator, first, seed)
    times = None
    if "seconds" in rows.columns:
        times = fit_times(rows["seconds"].fill_null(float("nan")).to_numpy(), annotator, longest)
    return SignalCalibration(
        signal=name,
        answers=len(rows),
        annotators=rows["annotator"].n_unique(),
        items=items.explode().n_unique(),
        seconds=times,
        agreement=agreement,
        confusion=None,
        noise=None,
        paid=paid_for(_numbers(rows, "price")) if "price" in rows.columns else None,
        repeats=len(rows) - int(first.sum()),
        advice=f"{name} answers are kept whole, and no signal models them yet",
        random_at_most=most,
    )


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


def _noise(
    batch: Batch, rows: pl.DataFrame, answers: Answers, truth: np.ndarray, asked: _Asked
) -> Noise | None:
    """Precision and lapse, by what this signal and this pilot can tell."""
    dims, seed = asked.dims, asked.seed
    if batch.signal.uses_classes:
        if batch.signal.arity != 1:
            return None
        known = truth[batch.items[:, 0]]
        return fit_noise(batch, len(answers.classes), dims[0], known, seed)
    found = noise_by_embedding(replace(answers, table=rows), dims[1], seed)
    if found is None:
        return noise_by_questions(batch, rows, dims[0], seed)
    return found.bounded(most_by_questions(batch, rows, seed))


def _calibrate_signal(
    batch: Batch,
    rows: pl.DataFrame,
    answers: Answers,
    truth: np.ndarray,
    asked: _Asked,
    beside: Beside | None,
) -> SignalCalibration:
    kind, only = type(batch.signal), asked.only
    first = first_showings(batch, rows)
    shown = np.flatnonzero(first)
    times = (
        rows["seconds"].fill_null(float("nan")).to_numpy() if "seconds" in rows.columns else None
    )
    agreement, confusion, flagged = None, None, []
    if "agreement" in only or "confusion" in only:
        agreement, confusion, flagged = _reliability(
            batch, rows, answers, truth, first, times, asked.seed
        )
    noise, random = None, ""
    if "noise" in only:
        own = batch.take(shown), rows[shown]
        if beside is not None and not kind.uses_classes:
            noise, random = beside.noise(own[0], answers)
        if noise is None and not random:
            noise = _noise(*own, answers, truth, asked)
    advice, most = "", None
    if noise is not None:
        most = noise.random_at_most
        advice = what_tells_apart(noise)
    elif "noise" in only and not random:
        advice = what_tells_noise(batch, asked.dims[1])
        most = None if kind.uses_classes else most_by_questions(batch.take(shown), rows[shown])
    timed = None
    if "seconds" in only and times is not None:
        timed = fit_times(times, batch.annotator, asked.longest)
    return SignalCalibration(
        signal=kind.name,
        answers=len(batch),
        annotators=len(np.unique(batch.annotator)),
        items=len(np.unique(batch.items)),
        seconds=timed,
        agreement=agreement,
        confusion=confusion,
        noise=noise,
        advice=advice,
        flagged=tuple(record for record in flagged if record.evidence),
        paid=paid_for(_numbers(rows, "price")),
        votes=int(batch.answer.sum()) if kind.name == "votes" else None,
        repeats=len(batch) - len(shown),
        random=random,
        random_at_most=most,
    )


def _numbers(rows: pl.DataFrame, column: str) -> np.ndarray:
    """The numbers of a column, none where there is no such column."""
    return rows[column].drop_nulls().to_numpy() if column in rows.columns else np.zeros(0)


def _reliability(
    batch: Batch,
    rows: pl.DataFrame,
    answers: Answers,
    truth: np.ndarray,
    first: np.ndarray,
    times: np.ndarray | None,
    seed: int,
) -> tuple[agree.Agreement, Confusion | None, list[AnnotatorRecord]]:
    """(agreement between annotators and on repeats, confusion, every annotator's record)."""
    question, answer = keys(batch, rows)
    kind = type(batch.signal)
    if states_classes(kind):
        report, top = reports(rows["answer"], answers.classes, kind)
        if kind.form == "numbers" or kind.name == "votes":
            agreement = agree.agree_on_probabilities(question, report, top, batch.annotator, first)
        else:
            agreement = agree.agree_on_choice(question, answer, batch.annotator, first, seed)
        known, against = reference(batch, first, report, truth)
        if kind.name == "votes":
            # Every vote counts on its own: the row is expanded into its votes.
            row, chosen = np.nonzero(batch.answer)
            weight = batch.answer[row, chosen].astype(float)
            found = confuse(
                chosen, known[row], batch.items[row, 0], answers.classes, against, weight
            )
            return agreement, found, []
        found = confuse(top, known, batch.items[:, 0], answers.classes, against)
        return agreement, found, judge(answers.annotators, batch.annotator, top, known, times)
    if kind.form in ("rating", "number"):
        value = batch.answer[:, 0]
        return agree.agree_on_number(question, value, batch.annotator, first, seed), None, []
    agreement = agree.agree_on_choice(question, answer, batch.annotator, first, seed)
    nothing = np.full(len(batch), -1)
    flagged = judge(answers.annotators, batch.annotator, batch.answer[:, -1], nothing, times)
    return agreement, None, flagged
