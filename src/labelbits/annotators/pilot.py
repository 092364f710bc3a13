"""What `labelbits pilot` does: read, calibrate, write the canonical table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from labelbits.annotators.calibration import Calibration, calibrate
from labelbits.answers.files.csv_files import read_csv
from labelbits.answers.files.numpy_files import load_npz
from labelbits.answers.files.opening import Rejects, head
from labelbits.answers.formats.detect import reader_for
from labelbits.answers.reading import read_answers
from labelbits.answers.writing import write_answers
from labelbits.errors import InputError
from labelbits.interface import Answers
from labelbits.items.class_order import check_class_order

#: Hard labels from which the order of classes is checked.
LOOKED_AT = 20_000


@dataclass(frozen=True)
class Pilot:
    """A pilot that was read and measured.

    `written` is the canonical table's path, if any; `formats` names what each file was read as.
    """

    answers: Answers
    calibration: Calibration
    files: tuple[str, ...]
    written: str | None = None
    prices: dict[str, float] = field(default_factory=dict)
    formats: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        out = self.calibration.to_dict()
        for name, price in self.prices.items():
            out["signals"][name]["price"] = price
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
    seed: int = 0,
) -> Pilot:
    """Read `files`, calibrate them and write the canonical table to `out`."""
    answers = read_answers(files, file_format, signal=signal, seed=seed)
    truth = None if gold is None else read_gold(gold, answers)
    written = None if out is None else str(write_answers(answers, out))
    calibration = calibrate(answers, truth, dims=dims, seed=seed)
    prices = {}
    if wage is not None:
        if not 0 <= wage < float("inf"):
            raise InputError(f"wage is {wage}; expected an amount per hour of 0 or more")
        for name, found in calibration.signals.items():
            if (price := found.price_of_answer(wage)) is not None:
                prices[name] = price.amount
    return Pilot(
        answers,
        calibration,
        tuple(str(path) for path in files),
        written,
        prices,
        tuple(reader_for(path, file_format)[0].name for path in files),
    )


def read_gold(path: Path, answers: Answers) -> dict[str, str]:
    """True classes of items: CSV with columns item and class, or an array of class numbers.

    The array (`gold`, `true_label` or the only one) has one class number an item row, -1 unknown.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected the true classes of items")
    if head(path, 4).startswith((b"PK", b"\x93NUM")):
        arrays = load_npz(path)
        name = next((n for n in ("gold", "true_label") if n in arrays), None)
        name = name or (next(iter(arrays)) if len(arrays) == 1 else None)
        if name is None or arrays[name].ndim != 1 or arrays[name].dtype.kind not in "iu":
            raise InputError(f"{path}: expected an array gold of whole numbers, one an item")
        numbers = arrays[name].astype(np.int64)
        if numbers.max(initial=-1) >= len(answers.classes):
            raise InputError(
                f"{path}: {name} holds class {numbers.max()}; there are "
                f"{len(answers.classes)} classes"
            )
        rows = [item for item in answers.items if item.isdecimal() and int(item) < len(numbers)]
        known = {item: int(numbers[int(item)]) for item in rows if numbers[int(item)] >= 0}
        _check_order(path, answers, known)
        return _that_match({i: answers.classes[k] for i, k in known.items()}, answers, path)
    rejects = Rejects()
    table = read_csv(path, rejects, [])
    names = {
        "item": ("item", "task", "image_idx"),
        "class": ("class", "label", "true_label", "gold"),
    }
    found = {
        key: next((n for n in some if n in table.columns), None) for key, some in names.items()
    }
    if found["item"] is None or found["class"] is None:
        raise InputError(
            f"{path}: found columns {', '.join(table.columns[:10])}; expected item and class"
        )
    pairs = table.select(found["item"], found["class"]).drop_nulls()
    return _that_match(dict(pairs.iter_rows()), answers, path)


def _that_match(gold: dict[str, str], answers: Answers, path: Path) -> dict[str, str]:
    """The gold, if any of its items was asked about."""
    if gold.keys() & set(answers.items):
        return gold
    raise InputError(
        f"{path}: knows the class of {len(gold):,} items, and none of them is in the answers; "
        f"found {', '.join(list(gold)[:3]) or 'no item'}; expected items of the answers, such as "
        f"{', '.join(answers.items[:3])}"
    )


def _check_order(path: Path, answers: Answers, known: dict[str, int]) -> None:
    """Raise `InputError` where the numbers of gold fit the names of the answers in another order.

    Only hard labels are looked at: other answers come with the order of their classes.
    """
    asked = pl.col("items").list.first()
    hard = answers.table.filter((pl.col("signal") == "hard") & asked.is_in(list(known)))
    said = hard.head(LOOKED_AT).select(asked, "answer").rows()
    place = {name: k for k, name in enumerate(answers.classes)}
    both = np.zeros((len(answers.classes),) * 2)
    for item, answer in said:
        if (name := place.get(json.loads(answer))) is not None:
            both[name, known[item]] += 1
    check_class_order(
        both, answers.classes, str(path), "gold", "give gold as CSV with the columns item and class"
    )
