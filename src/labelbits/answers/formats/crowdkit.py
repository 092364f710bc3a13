"""Plain tables: one label a row, under usual names of columns or those that the user gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from labelbits.answers.files.parquet import class_names
from labelbits.answers.formats import cells, times
from labelbits.answers.formats.deciding import decide
from labelbits.answers.formats.reader import (
    Kind,
    Options,
    Probe,
    Reader,
    columns_in,
    first_of,
    number,
    opened,
)
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError
from labelbits.interface import NOBODY

#: Names of the three columns of a plain table, crowd-kit's own first.
ITEM = (
    "task", "item", "task_id", "item_id", "example", "image", "example_id", "instance_id",
    "image_id", "doc_id", "document_id", "sample", "sample_id", "question_id", "filename",
    "object", "object_id", "uid", "id", "text", "sentence", "url",
)  # fmt: skip
WORKER = (
    "worker", "annotator", "worker_id", "annotator_id", "rater", "rater_id", "labeler", "labeller",
    "coder", "user", "user_id", "username", "participant", "participant_id", "subject_id", "judge",
)  # fmt: skip
LABEL = ("label", "class", "answer", "annotation", "category", "labels", "response")
#: Columns whose numbers are steps of a scale.
SCALE = ("rating", "score", "stars", "likert", "grade")
#: Columns that part a long table by question.
QUESTION = ("question", "attribute", "aspect", "criterion", "dimension", "question_name")
#: What `--columns` may name in a table of labels.
KEYS = (
    "item", "annotator", "label", "seconds", "milliseconds", "price", "gold", "question", "group",
    "left", "right", "head", "winner", "loser", "annotator_kind",
)  # fmt: skip


def is_plain(probe: Probe) -> bool:
    """Columns for item, annotator and label are there, and none that make it a comparison."""
    table = pl.DataFrame(schema=dict.fromkeys(probe.columns, pl.String))
    # Item and class alone are what gold looks like.
    said = first_of(table, *WORKER) or first_of(table, "label", "answer")
    found = first_of(table, *ITEM), first_of(table, *LABEL, *SCALE)
    if probe.kind == "json" and not all(isinstance(value, dict) for value in probe.elements):
        return False
    compared = probe.has("left") or probe.has("chosen") or probe.has("winner")
    return bool(said and all(found)) and not compared and found[0] != found[1]


def check_keys(columns: Mapping[str, str]) -> None:
    """Raise `InputError` for a key of `--columns` that means nothing."""
    for key in columns:
        if key not in KEYS:
            raise InputError(
                f"--columns names {key!r}; expected one of: {', '.join(KEYS)} (--columns "
                "item=COL,annotator=COL,label=COL)"
            )


def column_of(path: Path, table: pl.DataFrame, names: Sequence[str], key: str) -> str:
    """The column that goes by one of `names`; `InputError` where there is none."""
    found = first_of(table, *names)
    if found is None:
        raise InputError(
            f"{path}: column {names[0]!r} is missing; found {columns_in(table)}; expected one of: "
            f"{', '.join(names[:8])}; --columns {key}=COL says which column it is"
        )
    return found


def told_column(path: Path, table: pl.DataFrame, options: Options, key: str) -> str | None:
    """The column that the user names as `key`, if any; `InputError` where it is not there."""
    name = options.columns.get(key)
    if name is not None and name not in table.columns:
        raise InputError(
            f"{path}: --columns {key}={name}: there is no column {name!r}; found "
            f"{columns_in(table)}"
        )
    return name


def read_labels(path: Path, kind: Kind, options: Options) -> Parsed:
    """One label a row; what kind of question it was, all labels together decide (`deciding`)."""
    check_keys(options.columns)
    table, rejects, notes = opened(path, kind, keep=lambda names: _used(names, options))
    told = {key: told_column(path, table, options, key) for key in KEYS}
    label = told["label"] or column_of(path, table, (*LABEL, *SCALE), "label")
    left = table.drop([name for name in (label, *told.values()) if name in table.columns])
    item = told["item"] or column_of(path, left, ITEM, "item")
    worker = told["annotator"] or first_of(left, *WORKER)
    if worker is None:
        notes.append(f"{path.name}: no column says who answered; each counts as another person's")
    who = pl.lit(NOBODY) if worker is None else cells.text(worker, table)
    question = told["question"] or _question(left.drop(item, strict=False), options)
    named = {
        "item": cells.text(item, table),
        "annotator": who,
        "value": pl.lit(cells.cells(table[label])),
    }
    if question:
        named["question"] = cells.text(question, table)
    if told["group"]:
        named["group"] = cells.text(told["group"], table)
    said = table.select(**named, **optional(path, table, options, notes), row="row")
    known = class_names(path).get(label, ()) if kind == "parquet" else ()
    with_names = Options(
        options.classes or known, options.signal, options.seed, options.columns, options.question
    )
    scale = [""] if label.lower() in SCALE else []
    return Parsed(
        decide(path, said, with_names, rejects, notes, scale),
        rejects,
        known if not options.classes else (),
        notes=notes,
        gold=_gold(table, item, told["gold"]),
    )


def _used(names: list[str], options: Options) -> list[str]:
    """The columns that may be read: all where one is missing, so that a message can name them."""
    table = pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    usual = (ITEM, WORKER, (*LABEL, *SCALE), QUESTION, ("price", "reward"))
    found = {first_of(table, name) for some in usual for name in some}
    found |= set(options.columns.values()) | {n for n in names if times.may_be_time(n)}
    missing = any(first_of(table, *some) is None for some in usual[:3])
    wrong = any(name not in names for name in options.columns.values())
    if wrong or (missing and len(options.columns) < 3):
        return names
    return [name for name in names if name in found]


def _question(table: pl.DataFrame, options: Options) -> str | None:
    """The column that says which of several questions a row answers, if there is one."""
    name = first_of(table, *QUESTION)
    if name is None or options.columns.get("item") == name:
        return None
    return name if 1 < table[name].n_unique() <= 50 else None


def _gold(table: pl.DataFrame, item: str, gold: str | None) -> dict[str, str]:
    """Item -> class from a column of true classes."""
    if gold is None:
        return {}
    pairs = table.select(
        cells.text(item, table).alias("item"), cells.text(gold, table).alias("gold")
    )
    return dict(pairs.drop_nulls().unique("item").iter_rows())


def optional(
    path: Path, table: pl.DataFrame, options: Options, notes: list[str]
) -> dict[str, pl.Expr]:
    """Seconds and price, where a table has columns for them."""
    found: dict[str, pl.Expr] = {}
    told = [told_column(path, table, options, key) for key in ("seconds", "milliseconds")]
    taken = times.seconds(path, table, notes, *told)
    if taken is not None:
        found["seconds"] = pl.lit(taken)
    name = told_column(path, table, options, "price") or first_of(table, "price", "reward")
    if name:
        found["price"] = number(name, table)
    return found


LABELS = Reader(
    "crowd-kit",
    "one label a row: task, worker, label (crowd-kit), or item, annotator, label",
    is_plain,
    read_labels,
    weakness=1,
    by_columns=True,
)
