"""What a pilot says, of one signal and of all: the results of `calibrate`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from labelbits.annotators import agreement as agree
from labelbits.annotators.confusion import Confusion
from labelbits.annotators.flagging import AnnotatorRecord
from labelbits.annotators.noise.result import Noise
from labelbits.annotators.prices import AnswerPrice, Paid, measured_price
from labelbits.annotators.times import TimeFit
from labelbits.annotators.worth import Worth
from labelbits.answers.formats.language_models import MODEL, PERSON
from labelbits.signals import asking, one_question


@dataclass(frozen=True)
class SignalCalibration:
    """What a pilot says about one signal; None where it cannot tell.

    `counts`: answers, annotators, items; `seconds` of one answer; `agreement` between annotators
    and on repeats; `confusion` and its `accuracy`; `noise`: precision and lapse of the channel;
    `flagged`: annotators who look like spammers or bots, with the evidence; `price`: mean paid
    for one answer; `worth`: what soft labels are worth in the hard labels of the same pilot;
    `model`: the language model that gave the answers, None for people; `advice`: where the noise
    is not told, or lapses not from low precision, the pilot that would tell it; `votes`: how many
    votes counts of votes hold. `annotators` is None where nobody is named.
    `repeats` of the answers are to a question that the same annotator had answered already: times
    and prices are theirs too, and else they tell only how steady their annotators are. `random`
    says, with the evidence, that the answers of a language model cannot be told from random ones,
    else it is empty. `random_at_most` is the largest share of random answers, whoever answered
    (`Noise`): of preferences, of those that are no tie. `comparisons` is the number of pairs that
    orders of several items compare, each order one of the answers; None without orders.
    """

    signal: str
    answers: int
    annotators: int | None
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
    comparisons: int | None = None

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
            "comparisons": self.comparisons,
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
        alike = dict.fromkeys((signal, *asking(one_question(signal))))
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
