"""What `labelbits pilot` does: read, calibrate, write the canonical table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from labelbits.annotators.beside_models import BesideModel, people_beside_models
from labelbits.annotators.calibrated import Calibration
from labelbits.annotators.calibration import calibrate
from labelbits.annotators.comparing import said_of_comparisons
from labelbits.annotators.gold_given import gold_of
from labelbits.annotators.people import people_and_models
from labelbits.annotators.sides import said_of_sides
from labelbits.answers.formats.detect import reader_for
from labelbits.answers.formats.reader import Options
from labelbits.answers.reading import read_answers
from labelbits.answers.writing import write_answers
from labelbits.errors import InputError, check_at_least
from labelbits.interface import Answers


@dataclass(frozen=True)
class Pilot:
    """A pilot that was read and measured.

    `written` is the canonical table's path, if any; `formats` names what each file was read as;
    `beside_models` compares people with each language model on the same items.
    """

    answers: Answers
    calibration: Calibration
    files: tuple[str, ...]
    written: str | None = None
    prices: dict[str, float] = field(default_factory=dict)
    formats: tuple[str, ...] = ()
    beside_models: tuple[BesideModel, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        out = self.calibration.to_dict()
        for name, price in self.prices.items():
            out["signals"][name]["price"] = price
        out["people_beside_models"] = [one.to_dict() for one in self.beside_models]
        files = {"files": list(self.files), "formats": list(self.formats)}
        return {**files, "out": self.written, **out}


def run_pilot(
    files: Sequence[Path],
    file_format: str = "auto",
    *,
    out: Path | None = None,
    gold: Path | None = None,
    signal: str | None = None,
    dims: int | None = None,
    wage: float | None = None,
    epsilon: float | None = None,
    seed: int = 0,
    columns: Mapping[str, str] | None = None,
    question: str | None = None,
    classes: Sequence[str] | None = None,
    progress: Callable[[str, float], None] = lambda what, share: None,
) -> Pilot:
    """Read `files`, calibrate them and write the canonical table to `out`.

    `epsilon` is how much worse a language model may be than people, in place of what the two prices
    allow (`people_beside_models`). `columns`, `question` and `classes` are those of `read_answers`.
    """
    if wage is not None and not 0 <= wage < float("inf"):
        raise InputError(f"wage is {wage}; expected an amount per hour of 0 or more")
    if dims is not None:
        check_at_least("dims", dims, 1)
    progress("reading the answers", 0.0)
    answers = read_answers(
        files, file_format, signal=signal, seed=seed, columns=columns, question=question,
        classes=classes,
    )  # fmt: skip
    truth = None if gold is None else gold_of(gold, answers)
    progress("measuring noise, time and agreement", 0.1)
    calibration = calibrate(answers, truth, dims=dims, seed=seed)
    notes = (*calibration.notes, *said_of_comparisons(answers), *said_of_sides(answers))
    calibration = replace(calibration, notes=notes)
    prices = {}
    if wage is not None:
        for name, found in calibration.signals.items():
            if (price := found.price_of_answer(wage)) is not None:
                prices[name] = price.amount
    progress("comparing people with models", 0.9)
    beside = people_beside_models(answers, epsilon=epsilon, prices=prices, gold=truth, seed=seed)
    if not beside:
        calibration = replace(calibration, notes=(*calibration.notes, *_not_compared(answers)))
    told = Options(columns=dict(columns or {}))
    # Last, so that nothing is written where something is refused.
    written = None if out is None else str(write_answers(answers, out))
    return Pilot(
        answers,
        calibration,
        tuple(str(path) for path in files),
        written,
        prices,
        tuple(reader_for(path, file_format, told)[0].name for path in files if path.is_file()),
        tuple(beside),
    )


def _not_compared(answers: Answers) -> list[str]:
    """Why people and language models that both answered were not compared."""
    people, models = people_and_models(answers)
    if not models or not len(people):
        return []
    if people.table["annotator"].n_unique() < 2:
        return [
            f"one person alone answered beside {', '.join(models)}: whether a model is as near to "
            "people as they are to each other cannot be told; have a second person answer 100 of "
            "the same questions"
        ]
    asked = "; ".join(
        f"{who} answered {len(own):,} questions ({', '.join(sorted(own.table['signal'].unique()))})"
        f" such as {' / '.join(own.table['items'][0])}"
        for who, own in [("people", people), *models.items()]
    )
    return [
        f"people and models share no two questions of one kind, so they were not compared: {asked}"
    ]
