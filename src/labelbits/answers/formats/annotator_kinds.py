"""Who answered, a person or a language model, where a column of any flat file says it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats import cells, usual
from labelbits.answers.formats.kinds_of_annotators import FAMILIES, SAYS, is_model
from labelbits.answers.formats.language_models import MODEL, PERSON
from labelbits.answers.formats.reader import Kind, columns_in, first_of, load_table
from labelbits.answers.formats.yes_or_no import truth
from labelbits.answers.table.columns import Parsed
from labelbits.answers.table.people import NOT_KNOWN
from labelbits.errors import InputError
from labelbits.interface import NOBODY, Answers

#: The key of `--columns`, and names of the column.
KEY = "annotator_kind"
NAMES = (
    KEY,
    *(
        f"{who}_{what}"
        for what in ("kind", "type")
        for who in ("annotator", "judge", "worker", "rater", "labeler", "labeller", "coder", "user",
                    "evaluator", "grader", "reviewer", "assessor")
    ),
    "is_model", "is_llm", "is_ai", "is_bot", "is_human", "is_person",
)  # fmt: skip
#: Columns that name the language model that answered.
WRITERS = ("model", "model_name", "model_id", "llm", "llm_name", "language_model")
#: Names of models that people bear too.
FIRST_NAMES = frozenset({"claude", "gemma"})
#: How the names of well-known language models begin.
_FAMILIES = re.compile(
    rf"^(openai/|anthropic/|google/|meta-llama/)?({FAMILIES})"
    r"([-_ ./:]?\d|[-_ ./:]|$)|^(y_?)?pred(ict(ed|ions?))?$",
    re.IGNORECASE,
)


def with_kinds(
    path: Path, kind: Kind, parsed: Parsed, columns: tuple[str, ...], told: Mapping[str, str]
) -> Parsed:
    """The same answers with `annotator_kind`, where a column of the file (`columns`) holds it.

    Raises `InputError` where the user names a column that is not there or says something else than
    who answered.
    """
    asked = told.get(KEY)
    header = pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    name = asked or first_of(header, *NAMES)
    own = parsed.table
    if name is None:
        return _by_name_of_model(path, kind, parsed, columns)
    if kind not in ("csv", "parquet", "json"):
        return parsed
    if not isinstance(own, pl.DataFrame) or KEY in own.columns:
        return parsed
    table = load_table(path, kind, Rejects(), [], lambda names: [n for n in names if n == name])
    if name not in table.columns:
        raise InputError(
            f"{path}: --columns {KEY}={name}: there is no column {name!r}; found "
            f"{columns_in(header)}"
        )
    said = cells.names(table[name])
    held = cells.said_in(said)
    asks = usual.plain(name).startswith("is")
    kinds = {one: _yes(one, name) if asks else is_model(one) for one in held}
    others = [one for one, found in kinds.items() if found is None]
    if asked and others:
        raise InputError(
            f"{path}: --columns {KEY}={name}: found {cells.shown(map(repr, others))}; expected "
            f"{PERSON} or {MODEL} in every row, or other words for them ({SAYS})"
        )
    notes = list(parsed.notes)
    if len(others) == len(held):
        notes.append(
            f"{path.name}: column {name!r} says neither {PERSON} nor {MODEL} ("
            f"{cells.shown(others) or 'it is empty'}): all answers count as people's"
        )
        return replace(parsed, notes=notes)
    of_models = said.is_in([one for one, found in kinds.items() if found]).fill_null(False)
    if of_models.any():
        notes.append(
            f"{path.name}: {int(of_models.sum()):,} of {len(said):,} rows are a language model's "
            f"by column {name!r}" + (f"; {cells.shown(others)} count as people" if others else "")
        )
    rows = table.select(
        pl.col("row").cast(own.schema["row"]),
        pl.when(pl.lit(of_models)).then(pl.lit(MODEL)).otherwise(pl.lit(PERSON)).alias(KEY),
    ).unique("row", keep="first")
    joined = own.join(rows, on="row", how="left", maintain_order="left")
    return replace(parsed, table=joined, notes=notes)


def _by_name_of_model(path: Path, kind: Kind, parsed: Parsed, columns: tuple[str, ...]) -> Parsed:
    """The same answers as those of language models, where nobody is named and a column called
    `model` names well-known ones alone."""
    own = parsed.table
    name = usual.found(columns, WRITERS)
    if name is None or kind not in ("csv", "parquet", "json") or not isinstance(own, pl.DataFrame):
        return parsed
    if KEY in own.columns or not len(own):
        return parsed
    table = load_table(path, kind, Rejects(), [], lambda names: [n for n in names if n == name])
    said = cells.names(table[name])
    models = said.drop_nulls().unique().to_list()
    if said.null_count() or len(called_like_models(models)) < len(models):
        return parsed
    if not set(own["annotator"]) <= {NOBODY, *models}:
        return parsed  # a person says it of a model, or beside one
    rows = table.select(pl.col("row").cast(own.schema["row"]), pl.lit(said).alias("\0who"))
    joined = own.join(
        rows.unique("row", keep="first"), on="row", how="left", maintain_order="left"
    ).with_columns(annotator="\0who", annotator_kind=pl.lit(MODEL)).drop("\0who")  # fmt: skip
    # What was said of people does not hold.
    notes = [note for note in parsed.notes if NOT_KNOWN not in note and repr(name) not in note]
    notes.append(
        f"{path.name}: column {name!r} names {cells.shown(sorted(models))}: all {len(own):,} "
        "answers are language models', not people's"
    )
    return replace(parsed, table=joined, notes=notes)


def _yes(said: str, name: str) -> bool | None:
    """Is a model meant by a yes or no in a column such as `is_model` or `is_human`?"""
    found = truth(said)
    if found is None:
        return None
    return found != usual.plain(name).endswith(("human", "person"))


def with_models_by_name(answers: Answers) -> Answers:
    """The same answers, those of annotators who bear a language model's name as a model's, where
    nothing says who answered. What is a person's first name too (Claude, Gemma) is left alone."""
    if KEY in answers.table.columns:
        return answers
    found = [
        name for name in called_like_models(answers.annotators)
        if name.casefold() not in FIRST_NAMES
    ]  # fmt: skip
    if not found:
        return answers
    own = pl.col("annotator").is_in(found)
    table = answers.table.with_columns(
        pl.when(own).then(pl.lit(MODEL)).otherwise(pl.lit(PERSON)).alias(KEY)
    )
    count = int(table[KEY].eq(MODEL).sum())
    note = (
        f"{cells.shown(found)} {'is' if len(found) == 1 else 'are'} named like a language model: "
        f"{count:,} answers are a model's, not a person's (another name, or a column "
        "annotator_kind, says otherwise)"
    )
    return replace(answers, table=table, notes=(*answers.notes, note))


def called_like_models(annotators: Iterable[str]) -> list[str]:
    """Those annotators whose names are those of well-known language models."""
    return [name for name in annotators if _FAMILIES.match(name)]
