"""The pilot's answers as a plan needs them: by signal, people and language models apart."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from labelbits.answers.formats.language_models import MODEL
from labelbits.errors import InputError
from labelbits.interface import Answers, Batch
from labelbits.planning.evidence.refusal import FIRST_PILOT, PilotNeededError
from labelbits.planning.spec.planfile import PlanFile
from labelbits.signals.encoding import is_kept


@dataclass(frozen=True)
class Pilot:
    """Answers that exist already.

    `batches` holds people's answers by signal and `models` those of each language model by
    (model, signal); their items are rows of the features, or numbers in order of appearance where
    there are none. `seconds` and `prices` are single answers' times and prices by signal (people)
    or by (model, signal). `answers` is people's part of the table.
    """

    batches: dict[str, Batch] = field(default_factory=dict)
    models: dict[tuple[str, str], Batch] = field(default_factory=dict)
    seconds: dict[str, np.ndarray] = field(default_factory=dict)
    prices: dict[str | tuple[str, str], np.ndarray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    answers: Answers | None = None

    def model_names(self, kind: str) -> list[str]:
        """Language models that answered this kind of question, in order of appearance."""
        return [model for model, signal in self.models if signal == kind]


def read_pilot(plan: PlanFile, names: tuple[str, ...] | None, seed: int) -> Answers | None:
    """The pilot's files as one table; None where the plan names none.

    Raises `InputError` for files that cannot be read and for a pilot without a usable answer.
    """
    if not plan.dataset.pilot:
        return None
    from labelbits.answers import read_answers

    paths = [plan.path(name) for name in plan.dataset.pilot]
    try:
        answers = read_answers(paths, classes=names, seed=seed)
    except InputError as problem:
        if "no answers" not in str(problem):
            raise
        raise PilotNeededError(str(problem).rstrip("."), FIRST_PILOT, head="") from None
    if not len(answers):
        dropped = 0 if answers.rejected is None else len(answers.rejected)
        why = f" ({dropped} rows could not be read)" if dropped else ""
        raise PilotNeededError(f"{paths[0]}: holds no usable answers{why}", FIRST_PILOT, head="")
    asked = answers.table["signal"].unique().to_list()
    if all(is_kept(name) for name in asked):
        held = " and ".join(sorted(asked))
        raise InputError(
            f"{paths[0]}: holds {held} answers alone, which are kept whole and which no plan "
            "weighs yet; labelbits pilot FILE --signal rating --out answers.parquet reads "
            "scores as another kind"
        )
    return answers


def encode_pilot(
    answers: Answers | None, items: int | None, names: tuple[str, ...] | None
) -> Pilot:
    """The pilot as arrays. `items` is the number of rows of the features, whose numbers name the
    items; None numbers the items as they appear. Raises `InputError` for items and classes that
    the plan does not know."""
    if answers is None:
        return Pilot()
    rows = _rows(answers, items)
    known = answers.classes if names is None else _known(answers.classes, names)
    table = answers.table
    kind = pl.col("annotator_kind").eq_missing(MODEL)
    is_model = kind if "annotator_kind" in table.columns else pl.lit(False)
    people = table.filter(~is_model)
    batches: dict[str, Batch] = {}
    models: dict[tuple[str, str], Batch] = {}
    seconds: dict[str, np.ndarray] = {}
    prices: dict[str | tuple[str, str], np.ndarray] = {}
    for signal, batch in _encode(answers, people, known, rows).items():
        batches[signal] = batch
        own = people.filter(pl.col("signal") == signal)
        _keep(seconds, signal, own, "seconds")
        _keep(prices, signal, own, "price")
    for model in table.filter(is_model)["annotator"].unique(maintain_order=True):
        one = table.filter(is_model & (pl.col("annotator") == model))
        for signal, batch in _encode(answers, one, known, rows).items():
            models[model, signal] = batch
            _keep(prices, (model, signal), one.filter(pl.col("signal") == signal), "price")
    rejected = 0 if answers.rejected is None else len(answers.rejected)
    notes = [f"{rejected:,} rows of the pilot could not be read and were left out"] * bool(rejected)
    return Pilot(batches, models, seconds, prices, tuple(notes), replace(answers, table=people))


def _rows(answers: Answers, items: int | None) -> np.ndarray:
    """The number of each item of the table."""
    if items is None:
        return np.arange(len(answers.items))
    for name in answers.items:
        if not (name.isdecimal() and name.isascii()) or int(name) >= items:
            raise InputError(
                f"pilot: item {name!r} is not a row of the features; expected row numbers from "
                f"0 to {items - 1} as item names"
            )
    return np.array([int(name) for name in answers.items], dtype=np.int64)


def _known(found: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    for name in found:
        if name not in names:
            raise InputError(
                f"pilot: class {name!r} is not one of the classes: {', '.join(names[:10])}"
            )
    return names


def _encode(
    answers: Answers, table: pl.DataFrame, names: tuple[str, ...], rows: np.ndarray
) -> dict[str, Batch]:
    from labelbits.signals.encoding import encode

    if not len(table):
        return {}
    chosen = Answers(table, answers.items, names, answers.annotators)
    return {b.signal.name: replace(b, items=rows[b.items]) for b in encode(chosen)}


def _keep(into: dict, key: object, table: pl.DataFrame, column: str) -> None:
    """Collect the numbers of a column where there are any."""
    if column in table.columns:
        values = table[column].drop_nulls().to_numpy()
        if len(values):
            into[key] = values
