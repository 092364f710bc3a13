"""The pilot's answers as a plan needs them: by signal, people and language models apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from labelbits.annotators import Calibration, calibrate
from labelbits.annotators.people import people_and_models
from labelbits.answers.table.left_out import said_left_out
from labelbits.answers.table.preferences import as_comparisons
from labelbits.answers.table.steps import as_classes
from labelbits.errors import InputError
from labelbits.interface import Answers, Batch
from labelbits.planning.evidence.refusal import FIRST_PILOT, PilotNeededError
from labelbits.planning.spec.planfile import PlanFile
from labelbits.signals.encoding import SCORE, encode, is_kept
from labelbits.signals.questions import without_repeats


@dataclass(frozen=True)
class Pilot:
    """Answers that exist already.

    `batches` holds people's answers by signal, repeats left out, and `models` those of each
    language model by (model, signal); their items are `rows` of the features, or numbers in order
    of appearance where there are none. `answers` is people's part of the table and `everyone` the
    whole of it; `calibration` is what the answers say about time, price and noise, and `truth` the
    class of each item of the table, -1 unknown.
    """

    batches: dict[str, Batch] = field(default_factory=dict)
    models: dict[tuple[str, str], Batch] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    answers: Answers | None = None
    everyone: Answers | None = None
    calibration: Calibration = field(default_factory=lambda: Calibration({}, {}))
    truth: np.ndarray | None = None

    def model_names(self, kind: str) -> list[str]:
        """Language models that answered this kind of question, in order of appearance."""
        return [model for model, signal in self.models if signal == kind]

    def calibrated(self, dims: int, seed: int) -> Pilot:
        """The same with the noise of every signal too, in a world of `dims` dimensions."""
        if self.everyone is None:
            return self
        only = ("seconds", "confusion", "noise")
        found = calibrate(self.everyone, self.truth, dims=dims, seed=seed, only=only)
        return replace(self, calibration=found)


def read_pilot(plan: PlanFile, names: tuple[str, ...] | None, seed: int) -> Answers | None:
    """The pilot's files as one table; None where the plan names none.

    Raises `InputError` for files that cannot be read and for a pilot without a usable answer.
    """
    if not plan.dataset.pilot:
        return None
    from labelbits.answers import read_answers

    paths = [plan.path(name) for name in plan.dataset.pilot]
    try:
        answers = read_answers(
            paths, plan.dataset.format, classes=names, seed=seed,
            question=plan.dataset.question, columns=plan.dataset.columns,
        )  # fmt: skip
    except InputError as problem:
        if "no answers" not in str(problem):
            raise
        raise PilotNeededError(str(problem).rstrip("."), FIRST_PILOT, head="") from None
    if not len(answers):
        dropped = 0 if answers.rejected is None else len(answers.rejected)
        why = f" ({dropped} rows could not be read)" if dropped else ""
        raise PilotNeededError(f"{paths[0]}: holds no usable answers{why}", FIRST_PILOT, head="")
    if not plan.dataset.has_items:  # the ideal item that they compare with has no features
        answers, _ = as_comparisons(answers)
    asked = answers.table["signal"].unique().to_list()
    if not asked:
        why = f"{paths[0]}: every preference is a tie, which tells nothing of what is better"
        raise PilotNeededError(why, FIRST_PILOT, head="")
    if set(asked) == {SCORE}:
        answers, said = as_classes(answers, str(paths[0]))
        return replace(answers, notes=(*answers.notes, said))
    if all(is_kept(name) for name in asked):
        held = " and ".join(sorted(asked))
        raise InputError(
            f"{paths[0]}: holds {held} answers alone, which are kept whole and which no plan of "
            "labels weighs; expected classes: labelbits pilot FILE --signal hard --out "
            "answers.parquet reads whole steps of a scale as classes, --signal rating as nearness "
            "to an ideal item; preferences are planned without features"
        )
    return answers


def encode_pilot(
    answers: Answers | None,
    items: int | None,
    names: tuple[str, ...] | None,
    gold: np.ndarray | None = None,
) -> Pilot:
    """The pilot as arrays. `items` is the number of rows of the features, whose numbers name the
    items; None numbers the items as they appear. `gold` is the class of each row. Raises
    `InputError` for items and classes that the plan does not know."""
    if answers is None:
        return Pilot()
    rows = _rows(answers, items)
    known = answers.classes if names is None else _known(answers.classes, names)
    answers = replace(answers, classes=known)
    truth = np.full(len(rows), -1) if gold is None else gold[rows]
    people, models = people_and_models(answers)
    once = without_repeats(people)
    repeats = len(people) - len(once)
    notes = [f"Of the pilot {one}" for one in said_left_out(answers)]
    notes += [f"Of the pilot {one}" for one in answers.notes if "steps of a scale (ordinal)" in one]
    if repeats:
        notes.append(
            f"{repeats:,} of people's {len(people):,} answers repeat a question that the same "
            "annotator had answered already: they tell how steady people are, and nothing else is "
            "counted on them"
        )
    only: Sequence[str] = ("seconds", "confusion") if models else ("seconds",)
    return Pilot(
        batches=_encode(once, rows),
        models={
            (model, signal): batch
            for model, own in models.items()
            for signal, batch in _encode(own, rows).items()
        },
        notes=tuple(notes),
        answers=once,
        everyone=answers,
        calibration=calibrate(answers, truth, only=only),
        truth=truth,
    )


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


def _encode(answers: Answers, rows: np.ndarray) -> dict[str, Batch]:
    if not len(answers):
        return {}
    return {b.signal.name: replace(b, items=rows[b.items]) for b in encode(answers)}
