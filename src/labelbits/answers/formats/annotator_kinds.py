"""Who answered, a person or a language model, where a column of any flat file says it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats import cells
from labelbits.answers.formats.language_models import MODEL, PERSON
from labelbits.answers.formats.reader import Kind, columns_in, first_of, load_table
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError

#: The key of `--columns`, and names of the column.
KEY = "annotator_kind"
NAMES = (
    KEY,
    *(
        f"{who}_{what}"
        for what in ("kind", "type")
        for who in ("annotator", "judge", "worker", "rater", "labeler", "labeller", "coder", "user")
    ),
    "is_model", "is_llm",
)  # fmt: skip
#: What its cells say, in small letters.
MODELS = frozenset({
    "model", "models", "llm", "lm", "ai", "machine", "language model", "language-model",
    "language_model", "bot", "auto", "automatic",
})  # fmt: skip
PEOPLE = frozenset({
    "person", "people", "human", "humans", "crowd", "crowdworker", "crowd worker", "worker",
    "expert", "annotator", "author", "user", "student", "manual",
})  # fmt: skip
TRUE, FALSE = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no"})
#: How the names of well-known language models begin.
_FAMILIES = re.compile(
    r"^(openai/|anthropic/|google/|meta-llama/)?"
    r"(gpt|chatgpt|claude|gemini|gemma|llama|mistral|mixtral|qwen|deepseek|palm|command-r)"
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
    if name is None or kind not in ("csv", "parquet", "json"):
        return parsed
    if not isinstance(own, pl.DataFrame) or KEY in own.columns:
        return parsed
    table = load_table(path, kind, Rejects(), [], lambda names: [n for n in names if n == name])
    if name not in table.columns:
        raise InputError(
            f"{path}: --columns {KEY}={name}: there is no column {name!r}; found "
            f"{columns_in(header)}"
        )
    said = cells.names(table[name]).str.to_lowercase()
    yes_or_no = name.lower().startswith("is_")
    models, people = (TRUE, FALSE) if yes_or_no else (MODELS, PEOPLE)
    others = sorted(set(said.drop_nulls()) - models - people - cells.MISSING)
    if asked and others:
        raise InputError(
            f"{path}: --columns {KEY}={name}: found {cells.shown(others)}; expected {PERSON} or "
            f"{MODEL} in every row"
        )
    notes = list(parsed.notes)
    if not said.is_in(list(models | people)).any():
        notes.append(
            f"{path.name}: column {name!r} says neither {PERSON} nor {MODEL} ("
            f"{cells.shown(others) or 'it is empty'}): all answers count as people's"
        )
        return replace(parsed, notes=notes)
    is_model = said.is_in(list(models)).fill_null(False)
    if is_model.any():
        notes.append(
            f"{path.name}: {int(is_model.sum()):,} of {len(said):,} rows are a language model's "
            f"by column {name!r}" + (f"; {cells.shown(others)} count as people" if others else "")
        )
    rows = table.select(
        pl.col("row").cast(own.schema["row"]),
        pl.when(pl.lit(is_model)).then(pl.lit(MODEL)).otherwise(pl.lit(PERSON)).alias(KEY),
    ).unique("row", keep="first")
    joined = own.join(rows, on="row", how="left", maintain_order="left")
    return replace(parsed, table=joined, notes=notes)


def called_like_models(annotators: Iterable[str]) -> list[str]:
    """Those annotators whose names are those of well-known language models."""
    return [name for name in annotators if _FAMILIES.match(name)]
