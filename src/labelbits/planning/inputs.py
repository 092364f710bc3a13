"""Everything a plan is made from: features, votes, gold and pilot answers, loaded and checked."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from labelbits.errors import InputError
from labelbits.interface import Answers, Batch
from labelbits.planning.planfile import PlanFile

#: Older files of votes and labels use these names for the same array.
GOLD_NAMES = ("gold", "true_label", "labels", "label")


@dataclass(frozen=True)
class Evidence:
    """What is known of the user's items.

    `features` (items, columns) finite floats; `counts` (items, classes) votes, a row of zeros is
    an item without a label; `gold` (items,) class or -1; `batches` the pilot's answers by signal
    name, their items being rows of `features`; `seconds` the times of the pilot's answers by
    signal; `notes` what the report has to say about the data.
    """

    features: np.ndarray
    counts: np.ndarray
    gold: np.ndarray | None
    class_names: tuple[str, ...]
    answers: Answers | None = None
    batches: dict[str, Batch] = field(default_factory=dict)
    seconds: dict[str, np.ndarray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def labelled(self) -> np.ndarray:
        """Rows that have at least one vote."""
        return np.flatnonzero(self.counts.sum(1) > 0)


def load_array(path: Path, names: tuple[str, ...], what: str) -> np.ndarray:
    """The first of the arrays `names` in an npz file; never unpickles anything.

    Raises `InputError` for a missing or broken file and for a missing array.
    """
    try:
        # numpy leaves a broken file open when it is given a path.
        with path.open("rb") as stream:
            file = np.load(stream, allow_pickle=False)
            if isinstance(file, np.ndarray):
                return file
            for name in names:
                if name in file.files:
                    return file[name]
            found = ", ".join(file.files) or "no arrays"
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected an npz file with {what}") from None
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, KeyError, TypeError) as problem:
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise InputError(
            f"{path}: cannot be read ({reason}); expected an npz file with {what}, "
            "written by numpy.savez without pickled objects"
        ) from None
    raise InputError(f"{path}: holds {found}; expected an array named {names[0]!r} ({what})")


def load_evidence(plan: PlanFile, seed: int) -> Evidence:
    """Load and check every file that the plan names.

    Raises `InputError` for files that are missing or broken, arrays of different length, values
    that are not finite, and pilots that are empty or do not fit the features.
    """
    from labelbits.planning.bundled import bundled_evidence, is_bundled

    data = plan.dataset
    assert data.features is not None
    if is_bundled(data.features):
        return bundled_evidence(plan, seed)
    features = _features(plan.path(data.features))
    counts_path = plan.path(data.counts) if data.counts else None
    counts = _counts(counts_path, len(features), data.classes) if counts_path else None
    classes = data.classes or (counts.shape[1] if counts is not None else None)
    names = _class_names(counts_path, classes)
    answers = _pilot(plan, names, seed)
    if classes is None and answers is not None and answers.classes:
        names, classes = answers.classes, len(answers.classes)
    if classes is None:
        raise InputError("[dataset]: the number of classes is unknown; add classes = ...")
    names = names or (answers.classes if answers and len(answers.classes) == classes else None)
    names = names or tuple(str(k) for k in range(classes))
    if counts is None:
        counts = np.zeros((len(features), classes))
    gold = None
    if data.gold:
        gold = _gold(plan.path(data.gold), len(features), classes)
    batches, seconds, notes = _encode(answers, len(features), names)
    for kind in ("hard", "votes"):
        if kind in batches:
            counts = counts + _votes_of(batches[kind], len(features), classes)
    if not counts.any() and not batches:
        raise InputError(
            "[dataset]: there are features but neither counts nor pilot answers; add counts or "
            "pilot, or give items instead of features to plan from a specification"
        )
    return Evidence(features, counts, gold, names, answers, batches, seconds, tuple(notes))


def _features(path: Path) -> np.ndarray:
    features = load_array(path, ("features",), "features, items x columns")
    if features.ndim != 2 or not np.issubdtype(features.dtype, np.number):
        raise InputError(
            f"{path}: features have shape {features.shape} and type {features.dtype}; "
            "expected numbers, items x columns"
        )
    features = features.astype(np.float32)
    bad = np.argwhere(~np.isfinite(features))
    if len(bad):
        row, col = bad[0]
        raise InputError(
            f"{path}: row {row}, column {col} of features is {features[row, col]} "
            f"({len(bad)} such values); expected finite numbers: drop or fill these rows"
        )
    if len(features) < 10:
        raise InputError(f"{path}: features have {len(features)} rows; expected at least 10 items")
    return features


def _counts(path: Path, items: int, classes: int | None) -> np.ndarray:
    counts = load_array(path, ("counts",), "votes, items x classes")
    if counts.ndim != 2 or not np.issubdtype(counts.dtype, np.number):
        raise InputError(
            f"{path}: counts have shape {counts.shape} and type {counts.dtype}; "
            "expected whole numbers, items x classes"
        )
    if len(counts) != items:
        raise InputError(
            f"{path}: counts have {len(counts)} rows and features {items}; expected one row an "
            "item, in the same order (a row of zeros is an item without a label)"
        )
    if classes is not None and counts.shape[1] != classes:
        raise InputError(
            f"{path}: counts have {counts.shape[1]} columns and classes is {classes}; "
            "expected one column a class"
        )
    if counts.shape[1] < 2:
        raise InputError(
            f"{path}: counts have {counts.shape[1]} column; expected 2 classes or more"
        )
    counts = counts.astype(np.float64)
    wrong = np.argwhere(~(np.isfinite(counts) & (counts >= 0) & (counts == np.round(counts))))
    if len(wrong):
        row, col = wrong[0]
        raise InputError(
            f"{path}: row {row}, column {col} of counts is {counts[row, col]}; "
            "expected whole numbers of votes, 0 or more"
        )
    return counts


def _gold(path: Path, items: int, classes: int) -> np.ndarray:
    gold = load_array(path, GOLD_NAMES, "the class of each item, -1 unknown")
    if gold.shape != (items,):
        raise InputError(
            f"{path}: gold has shape {gold.shape} and there are {items} items; "
            "expected one class an item, -1 where unknown"
        )
    if not np.issubdtype(gold.dtype, np.number) or not np.all(gold == np.round(gold)):
        raise InputError(f"{path}: gold has type {gold.dtype}; expected whole numbers")
    wrong = np.flatnonzero((gold < -1) | (gold >= classes))
    if len(wrong):
        raise InputError(
            f"{path}: row {wrong[0]} of gold is {gold[wrong[0]]}; expected a class from 0 to "
            f"{classes - 1}, or -1 where unknown"
        )
    return gold.astype(np.int64)


def _class_names(path: Path | None, classes: int | None) -> tuple[str, ...] | None:
    """Names that the file of votes gives to its columns, if it does."""
    if path is None or classes is None:
        return None
    try:
        names = load_array(path, ("class_names",), "class names")
    except InputError:
        return None
    return tuple(str(name) for name in names) if len(names) == classes else None


def _pilot(plan: PlanFile, names: tuple[str, ...] | None, seed: int) -> Answers | None:
    if not plan.dataset.pilot:
        return None
    from labelbits.answers import read_answers

    paths = [plan.path(name) for name in plan.dataset.pilot]
    answers = read_answers(paths, classes=names, seed=seed)
    if not len(answers):
        raise InputError(f"{paths[0]}: holds no usable answers; expected at least one row")
    return answers


def _encode(
    answers: Answers | None, items: int, names: tuple[str, ...]
) -> tuple[dict[str, Batch], dict[str, np.ndarray], list[str]]:
    """The pilot as arrays whose items are rows of the features."""
    if answers is None:
        return {}, {}, []
    from labelbits.signals.encoding import encode

    unknown = [name for name in answers.items if not name.isdigit() or int(name) >= items]
    if unknown:
        raise InputError(
            f"pilot: item {unknown[0]!r} is not a row of the features; expected row numbers from "
            f"0 to {items - 1} as item names"
        )
    rows = np.array([int(name) for name in answers.items], dtype=np.int64)
    named = Answers(answers.table, answers.items, answers.classes, answers.annotators)
    if answers.classes and set(answers.classes) <= set(names):
        named = Answers(answers.table, answers.items, names, answers.annotators)
    elif answers.classes:
        strange = next(name for name in answers.classes if name not in names)
        raise InputError(
            f"pilot: class {strange!r} is not one of the classes: {', '.join(names[:10])}"
        )
    batches, seconds = {}, {}
    for batch in encode(named):
        name = batch.signal.name
        batches[name] = Batch(
            batch.signal, rows[batch.items], batch.answer, batch.annotator, batch.weight
        )
        if "seconds" in answers.table.columns:
            times = answers.table.filter(answers.table["signal"] == name)["seconds"]
            times = times.drop_nulls().to_numpy()
            if len(times):
                seconds[name] = times
    rejected = 0 if answers.rejected is None else len(answers.rejected)
    notes = [f"{rejected:,} rows of the pilot could not be read and were left out"] * bool(rejected)
    return batches, seconds, notes


def _votes_of(batch: Batch, items: int, classes: int) -> np.ndarray:
    """Hard labels and votes as counts, items x classes."""
    counts = np.zeros((items, classes))
    if batch.signal.name == "hard":
        np.add.at(counts, (batch.items[:, 0], batch.answer[:, 0].astype(int)), 1)
    else:
        np.add.at(counts, batch.items[:, 0], batch.answer)
    return counts
