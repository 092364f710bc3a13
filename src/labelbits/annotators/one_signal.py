"""One signal of a pilot: its noise, times and reliability, measured."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from labelbits.annotators import agreement as agree
from labelbits.annotators.calibrated import SignalCalibration
from labelbits.annotators.confusion import Confusion, confuse
from labelbits.annotators.flagging import AnnotatorRecord, judge
from labelbits.annotators.noise.advice import what_tells_apart, what_tells_noise
from labelbits.annotators.noise.at_random import most_of_orders, most_of_preferences
from labelbits.annotators.noise.beside_people import Beside
from labelbits.annotators.noise.class_noise import fit_noise
from labelbits.annotators.noise.positions import APART, noise_by_embedding
from labelbits.annotators.noise.repeated_questions import most_by_questions, noise_by_questions
from labelbits.annotators.noise.result import Noise
from labelbits.annotators.prices import paid_for
from labelbits.annotators.reports import named, reports, states_classes
from labelbits.annotators.times import fit_times
from labelbits.annotators.truth import (
    reference,
)
from labelbits.answers.table.people import people_in
from labelbits.answers.table.preferences import things_in
from labelbits.interface import NOBODY, Answers, Batch
from labelbits.signals.encoding import PREFERENCE, SCORE
from labelbits.signals.questions import first_of, first_showings, kept_keys, keys, places

#: Dimensions of the world in which noise is stated, and those that were given or that comparisons
#: showed, if any.
Dims = tuple[int, int | None]


@dataclass(frozen=True)
class Asked:
    """What `calibrate` was asked for."""

    dims: Dims
    longest: float | None
    seed: int
    only: tuple[str, ...]


#: Where the noise of answers is told that are kept whole here.
WHERE_TOLD = {
    PREFERENCE: "preferences are kept whole here; labelbits recover and plan read them as "
    "comparisons with an ideal item and tell it",
    SCORE: "scores are kept whole, and no signal models them yet; --signal rating reads their "
    "steps as nearness to an ideal point",
}


def calibrate_kept(
    name: str, rows: pl.DataFrame, longest: float | None, seed: int
) -> SignalCalibration:
    """Times and agreement of answers that no signal models yet (preference, score)."""
    items, answer = rows["items"], rows["answer"]
    question, chosen = kept_keys(name, rows)
    annotator = np.unique(rows["annotator"].to_numpy(), return_inverse=True)[1].reshape(-1)
    first = first_of(question, annotator, rows)
    order = rows["order"] if "order" in rows.columns else pl.Series([None] * len(rows))
    ordered, most = order.is_not_null().to_numpy(), None
    # One order is one answer: what it took and cost stands once, and so it counts.
    place = pl.Series(np.arange(len(rows))).cast(pl.String)
    number = np.unique(order.cast(pl.String).fill_null("\0" + place), return_inverse=True)[1]
    one = np.zeros(len(rows), dtype=bool)
    one[np.unique(number, return_index=True)[1]] = True
    if name == PREFERENCE:
        agreement = agree.agree_on_choice(question, chosen, annotator, first, seed, places=2)
        if ordered.any():
            nobody = (rows["annotator"] == NOBODY).to_numpy()
            unit = np.where(nobody, number, number.max() + 1 + annotator)
            sure = agree.of_orders(agreement, question, chosen, unit, first, 0.95)
            agreement = agree.of_orders(agreement, question, chosen, unit, first)
            most = most_of_orders(sure.between)
        else:
            most = most_of_preferences(question[first], chosen[first], annotator[first], seed)
    else:
        values = answer.cast(pl.Float64).to_numpy()
        agreement = agree.agree_on_number(question, values, annotator, first, seed)
    times = None
    if "seconds" in rows.columns:
        taken = rows["seconds"].fill_null(float("nan")).to_numpy()
        times = fit_times(taken[one], annotator[one], longest)
    return SignalCalibration(
        signal=name,
        answers=int(one.sum()),
        annotators=people_in(rows),
        items=things_in(items.explode().unique()),
        seconds=times,
        agreement=agreement,
        confusion=None,
        noise=None,
        paid=paid_for(_numbers(rows, "price")) if "price" in rows.columns else None,
        repeats=len(np.unique(number[~first])),
        comparisons=len(rows) if ordered.any() else None,
        advice=WHERE_TOLD[name],
        random_at_most=most,
    )


#: Answers to questions that several people answered from which these tell the noise, where the
#: draws of positions lie apart.
MANY_AGAIN = 100


def _noise(
    batch: Batch, rows: pl.DataFrame, answers: Answers, truth: np.ndarray, asked: Asked
) -> Noise | None:
    """Precision and lapse, by what this signal and this pilot can tell."""
    dims, seed = asked.dims, asked.seed
    if batch.signal.uses_classes:
        if batch.signal.arity != 1:
            return None
        known = truth[batch.items[:, 0]]
        return fit_noise(batch, len(answers.classes), dims[0], known, seed)
    found = noise_by_embedding(replace(answers, table=rows), dims[1], seed)
    if found is None or found.precision.method == APART:
        told = noise_by_questions(batch, rows, dims[0], seed)
        if found is None or (told is not None and told.answers >= MANY_AGAIN):
            return told
    most = most_by_questions(batch, rows, seed)
    # A count of a few pairs that excludes nothing says nothing against what positions tell.
    silent = most is not None and most >= 1 and found.lapse.high < 1 / 2
    return found.bounded(None if silent else most)


def calibrate_signal(
    batch: Batch,
    rows: pl.DataFrame,
    answers: Answers,
    truth: np.ndarray,
    asked: Asked,
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
        annotators=people_in(rows),
        items=things_in(answers.items[k] for k in np.unique(batch.items)),
        seconds=timed,
        agreement=agreement,
        confusion=confusion,
        noise=noise,
        advice=advice,
        flagged=tuple(record for record in flagged if record.evidence),
        paid=paid_for(_numbers(rows, "price")),
        votes=int(batch.answer.sum()) if kind.several_of else None,
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
        if kind.form == "numbers" or kind.several_of:
            agreement = agree.agree_on_probabilities(question, report, top, batch.annotator, first)
        else:
            agreement = agree.agree_on_choice(question, answer, batch.annotator, first, seed)
        known, against = reference(batch, first, report, truth)
        if kind.several_of:
            # Every vote counts on its own: the row is expanded into its votes.
            row, chosen = np.nonzero(batch.answer)
            weight = batch.answer[row, chosen].astype(float)
            found = confuse(
                chosen, known[row], batch.items[row, 0], answers.classes, against, weight
            )
            return agreement, found, []
        row, said, part = named(report, top)
        found = confuse(
            *(said, known[row], batch.items[row, 0], answers.classes, against),
            weight=part, who=batch.annotator[row],
        )  # fmt: skip
        judged = judge(answers.annotators, batch.annotator, top, known, times, answer)
        return agreement, found, judged
    if kind.form in ("rating", "number"):
        value = batch.answer[:, 0]
        return agree.agree_on_number(question, value, batch.annotator, first, seed), None, []
    agreement = agree.agree_on_choice(question, answer, batch.annotator, first, seed, places(batch))
    nothing = np.full(len(batch), -1)
    flagged = judge(answers.annotators, batch.annotator, batch.answer[:, -1], nothing, times)
    return agreement, None, flagged
