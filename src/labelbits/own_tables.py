"""`labelbits plan DATA`: a plan from people's own tables, with the plan file it stands for."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from labelbits import planning
from labelbits.answers import read_answers
from labelbits.answers.formats.deciding import SeveralQuestionsError
from labelbits.answers.formats.detect import kind_of, reader_for
from labelbits.answers.table.left_out import said_left_out
from labelbits.answers.table.preferences import as_comparisons, counted_items
from labelbits.answers.table.steps import as_classes
from labelbits.assumed import (
    DATA,
    PLAN,
    Asked,
    assumed_folder,
    write_assumed,
    write_comparisons,
)
from labelbits.errors import InputError
from labelbits.first_tables import first_signals, with_usual
from labelbits.interface import Answers
from labelbits.items.answered import BY_SHAPE, may_be_in, one_question, told_format
from labelbits.items.answers_beside import with_answers_beside
from labelbits.items.arrays import load_features
from labelbits.items.gold import Gold, read_gold
from labelbits.items.seen import described_by_guess, guess_in
from labelbits.items.tables import Columns, Items, as_read, read_tables
from labelbits.planning.result import Plan
from labelbits.planning.spec.planfile import OF_COMPARISONS
from labelbits.planning.spec.planreader import read_plan
from labelbits.planning.spec.planwriter import plan_text
from labelbits.report import load_page, write_plan
from labelbits.signals import REGISTRY
from labelbits.signals.encoding import PREFERENCE, rows_by_name_or_number

#: Different labels from which on they may be texts or numbers, and no classes.
MANY = 20
#: Keys of the assumed plan file, as the command line says them.
WORDS = {"[goal] metric": "--metric", "[budget] amount": "--budget", "[[signal]]": "--ask"}


def plan_tables(
    files: Sequence[Path],
    columns: Mapping[str, Any],
    folder: Path,
    *,
    budget: float | None,
    ask: Sequence[str],
    metric: str | None,
    seed: int,
    progress: Callable[[str, float], None],
    embedding: str | None = None,
) -> Plan:
    """Make the plan and write it into `folder`, with plan.toml, the plan file that was assumed, and
    its data in `DATA`.

    `columns` are the fields of `Columns`. Raises `InputError` as plans do, before anything is
    written.
    """
    _are_there(files)
    if budget is None:
        raise InputError(
            "--budget is missing; expected the money that there is for labels, such as --budget 500"
        )
    kinds = [AskedKind.parse(one).table() for one in ask]
    _check_asked(Asked(budget, signals=kinds, metric=metric))
    load_page()
    progress("reading the tables", 0.0)
    asked_of, right = with_gold_file(Columns(**columns))
    notes: list[str] = []
    problems: list[InputError] = []
    asked_of = with_answers_beside(files, asked_of, notes)
    if not (asked_of.text or asked_of.image):
        alone = _alone(files, asked_of, seed, problems)
        if alone is not None:
            if right is not None:
                raise InputError(
                    f"{right.path}: gold is the class of an item, and nothing describes the items "
                    "of these answers; expected --text, --image or --features beside it"
                )
            asked = Asked(budget, signals=kinds, metric=metric)
            return _plan_alone(alone, asked, files, folder, seed, progress)
    arrays = [file for file in files if file.is_file() and kind_of(file) == "numpy"]
    if arrays and len(files) > 1:
        raise InputError(
            f"{arrays[0]}: an array among the tables; expected --features {arrays[0]}, whose rows "
            "are those of the table of items in its order, or an npz with their ids"
        )
    if not (asked_of.text or asked_of.image or asked_of.features):
        asked_of = described_by_guess(files, asked_of, notes)
        if problems and not asked_of.label:
            raise problems[0]  # no answers can be read
    items = read_tables(files, asked_of, seed, embedding=embedding, by_name=True,
                        guessed_ids=True, progress=progress)  # fmt: skip
    _check_classes(items.answers, files[0], asked_of.label)
    if right is not None:
        items = replace(items, gold=gold_of(right, items))
    heard = [*notes, *items.notes]
    notes = [
        "Assumed from " + ", ".join(str(file) for file in files) + " by `labelbits plan`.",
        "Change it and run `labelbits plan` on this file.",
        *heard,
    ]
    asked = with_usual(Asked(budget, signals=kinds, metric=metric), items.answers)
    kind = "image" if asked_of.image and not asked_of.text else "text"
    with assumed_folder(WORDS) as made_in:
        path = write_assumed(
            made_in, asked, features=items.features, answers=items.answers, gold=items.gold,
            ids=items.ids, shown=None if items.shown is None else (kind, items.shown), notes=notes,
        )  # fmt: skip
        made = planning.plan(path, seed=seed, progress=progress)
        read = as_read(heard)
        made = replace(made, title=files[0].stem, warnings=[*made.warnings, read])
        write_plan(made, folder)
        shutil.copytree(made_in, folder, dirs_exist_ok=True)
    return made


def with_gold_file(columns: Columns) -> tuple[Columns, Gold | None]:
    """(`columns` without gold, the classes in the file that they name as gold); None where `gold`
    names a column."""
    if columns.gold is None or not Path(columns.gold).is_file():
        return columns, None
    return replace(columns, gold=None), read_gold(Path(columns.gold))


def gold_of(right: Gold, items: Items) -> list[str | None]:
    """The right class of each item of the tables."""
    classes = items.answers.classes if items.answers is not None else ()
    classes = classes or right.names()
    numbers = right.of(items.ids, classes, "tables")
    return [classes[k] if k >= 0 else None for k in numbers]


@dataclass(frozen=True)
class _Alone:
    """Answers to plan from without a table of items, and the file of features of the items that
    they compare, if there is one; `said` of preferences among them."""

    answers: Answers
    features: Path | None
    said: str = ""


def _alone(
    files: Sequence[Path], columns: Columns, seed: int, problems: list[InputError]
) -> _Alone | None:
    """The answers in the files, if their format is known and nothing else describes their items.

    Comparisons may have one file beside them, or the one that `features` names, that describes the
    items; answers about classes are taken where no column of the files does.
    """
    named = columns.of_answers()
    apart = _features_apart(files, columns)
    if apart is None:
        return None
    answering, features = apart
    try:
        found = read_answers(
            answering, columns.format, question=columns.question, signal=columns.signal,
            columns=named, seed=seed, classes=columns.classes,
        )  # fmt: skip
    except SeveralQuestionsError as several:
        raise one_question(str(answering[0]), several) from None
    except InputError as problem:
        problems.append(problem)
        return None  # the reader of tables says what is missing
    if not len(found):
        return None
    asked = set(found.table["signal"].unique())
    compares = all(one == PREFERENCE or (one in REGISTRY and _compares(one)) for one in asked)
    if compares and features is not None and PREFERENCE in asked:
        raise InputError(
            f"{answering[0]}: preferences are compared with an ideal item, which has no features; "
            f"leave {features} out"
        )
    if not compares and (features is not None or guess_in(files, columns) is not None):
        return None
    found, said = as_comparisons(found)
    found, steps = as_classes(found, str(answering[0]))
    return _Alone(found, features, said or steps)


def _features_apart(
    files: Sequence[Path], columns: Columns
) -> tuple[list[Path], Path | None] | None:
    """(files of answers, the file of features or None); None where neither is plain."""
    if columns.features:
        path = Path(columns.features[0])
        if len(columns.features) > 1 or not path.is_file():
            return None  # columns of a table of items
        return [file for file in files if not (file.is_file() and file.samefile(path))], path
    answering: list[Path] = []
    others: list[Path] = []
    for file in files:
        try:
            known = file.is_dir() or len(files) == 1
            if not known and told_format(columns):
                known = may_be_in(file, columns.format, files)
            elif not known:
                known = reader_for(file)[0].weakness < BY_SHAPE
        except InputError:
            known = False
        (answering if known else others).append(file)
    if not answering or len(others) > 1:
        return None
    return answering, others[0] if others else None


def _compares(name: str) -> bool:
    kind = REGISTRY[name]
    return not kind.labels_items() and not kind.uses_classes


def _plan_alone(
    alone: _Alone, asked: Asked, files: Sequence[Path], folder: Path, seed: int,
    progress: Callable[[str, float], None],
) -> Plan:  # fmt: skip
    """A plan of how well the items are known, with features of them or without."""
    found = alone.answers
    kinds = list(found.table["signal"].unique(maintain_order=True))
    signals = first_signals([{"kind": kind} for kind in kinds], False)
    asked = replace(asked, signals=asked.signals or signals, metric=asked.metric or OF_COMPARISONS)
    given = "Assumed from " + ", ".join(str(file) for file in files) + " by `labelbits plan`."
    held = f"{len(found):,} answers about {counted_items(found)} ({', '.join(kinds)})"
    notes = [
        given,
        f"{held}; nothing describes the items, so quality is how well the distances between them "
        "are known (--text, --image, --features COLUMN describe them)",
    ]
    ids, features = None, None
    if alone.features is not None:
        ids, features = load_features(alone.features)
        _rows_of(found, ids, features, alone.features)
        notes = [given, f"{held}; {alone.features} describes {len(features):,} items by "
                 f"{features.shape[1]:,} numbers each"]  # fmt: skip
    with assumed_folder(WORDS) as made_in:
        if features is not None:
            path = write_assumed(made_in, asked, features=features, answers=found, ids=ids,
                                 notes=notes)  # fmt: skip
        else:
            path = write_comparisons(made_in, asked, found, notes)
        made = planning.plan(path, seed=seed, progress=progress)
        heard = [note for note in found.notes if "which no plan weighs" not in note]
        said = [alone.said] if alone.said and alone.said not in heard else []
        read = as_read([*notes[1:], *said, *heard, *said_left_out(found)])
        made = replace(made, title=files[0].stem, warnings=[*made.warnings, read])
        write_plan(made, folder)
        shutil.copytree(made_in, folder, dirs_exist_ok=True)
    return made


def _check_classes(found: Answers | None, file: Path, label: str | None) -> None:
    """Refuse labels that are no classes: all the same, or nearly as many as there are items."""
    if found is None or not found.classes:
        return
    named = "its labels" if label is None else f"column {label!r}"
    items, classes = len(found.items), len(found.classes)
    if classes == 1:
        raise InputError(
            f"{file}: {named}: every label is {found.classes[0]!r}; expected 2 classes or more. "
            "Label items of the other classes too, or name another column with --label"
        )
    if classes > MANY and classes > items / 2:
        raise InputError(
            f"{file}: {named}: {classes:,} different labels on {items:,} items, such as "
            f"{found.classes[0]!r} and {found.classes[1]!r}; expected a few classes that items "
            "share. Free text and numbers are no classes: name the column of classes with --label"
        )


def _check_asked(asked: Asked) -> None:
    """Refuse money, questions and a metric that no plan takes, before tables are read for long."""
    dataset = {"items": 1000, "classes": 1000, "dims": 1}
    with assumed_folder(WORDS) as made_in:
        path = made_in / PLAN
        path.write_text(plan_text({"dataset": dataset, **asked.tables()}), encoding="utf-8")
        read_plan(path)


def _rows_of(found: Answers, ids: list[str] | None, features: Any, path: Path) -> None:
    """Raise `InputError`, with what to do, for items of the answers that have no row."""
    try:
        rows_by_name_or_number(found.items, len(features), ids)
    except InputError as problem:
        text = str(problem)
        if ids is None:
            text = (
                f"holds {len(features):,} rows without names, and the answers name items such as "
                f"{found.items[0]!r}; expected a table with a column of the same names beside the "
                "numbers, or an npz file with the arrays features and ids"
            )
        raise InputError(f"{path}: {text}") from None


def _are_there(files: Sequence[Path]) -> None:
    for file in files:
        if not file.exists():
            raise InputError(
                f"{file}: no such file; expected a plan file in TOML (labelbits init FILES writes "
                "one), or a table of your items or answers: CSV, JSON, Parquet, xlsx"
            )


@dataclass(frozen=True)
class AskedKind:
    """One option of the command line: KIND[:N][@PRICE]."""

    kind: str
    answers_per_item: int | None = None
    price: float | None = None

    @classmethod
    def parse(cls, text: str) -> AskedKind:
        """Raises `InputError` for what is not KIND[:N][@PRICE]."""
        found = re.fullmatch(r"([a-z-]+)(?::(\d+))?(?:@(\d+(?:\.\d+)?))?", text.strip())
        if not found:
            raise InputError(
                f"--ask {text!r}: expected KIND[:N][@PRICE], such as hard@0.05 or votes:3@0.05 "
                "(a price above 0 for one answer)"
            )
        kind, count, price = found.groups()
        return cls(kind, int(count) if count else None, float(price) if price else None)

    def table(self) -> dict[str, Any]:
        """The same as a [[signal]] of a plan file."""
        given = {"answers_per_item": self.answers_per_item, "price": self.price}
        return {"kind": self.kind} | {k: v for k, v in given.items() if v is not None}


__all__ = ["DATA", "PLAN", "AskedKind", "plan_tables"]
