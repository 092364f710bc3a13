"""Language models as annotators: their answers from a file, their price from tokens.

A model answers like a person, through a channel of its own; what differs is the price (per token
or per answer, no wage) and that its mistakes are shared by all its answers to one prompt. No call
over a network is ever made.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from labelbits.answers.formats import times
from labelbits.answers.formats.reader import (
    Kind,
    Options,
    Probe,
    Reader,
    as_json,
    first_of,
    number,
    opened,
    price,
    text,
    told_column,
)
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError

#: What `annotator_kind` says.
PERSON, MODEL = "person", "model"
TASKS = ("task", "item", "item_id")
LABELS = ("label", "answer", "response", "prediction")


@dataclass(frozen=True)
class ModelPrice:
    """What one answer of a model costs, in the plan's currency.

    `per_answer`, plus tokens times the price of a million tokens read and written.
    """

    per_answer: float = 0.0
    per_million_input: float = 0.0
    per_million_output: float = 0.0

    def __post_init__(self) -> None:
        for name in ("per_answer", "per_million_input", "per_million_output"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise InputError(f"{name} is {getattr(self, name)}; expected a price of 0 or more")

    def of(self, input_tokens: float = 0.0, output_tokens: float = 0.0) -> float:
        """Price of one answer with these tokens."""
        tokens = input_tokens * self.per_million_input + output_tokens * self.per_million_output
        return self.per_answer + tokens / 1e6


def read(path: Path, kind: Kind, options: Options) -> Parsed:
    """Columns model, task (or item), label (or answer); tokens, price and seconds if there.

    `input_tokens` and `output_tokens` become a price where `input_price` and `output_price` (of a
    million tokens) are columns too; else give `price_tokens` a `ModelPrice`.
    """
    table, rejects, notes = opened(path, kind)
    item, label = first_of(table, *TASKS), first_of(table, *LABELS)
    if "model" not in table.columns or item is None or label is None:
        raise InputError(
            f"{path}: found columns {', '.join(table.columns[:8])}; expected model, task and label"
        )
    table = table.with_columns(text(name, table) for name in ("model", item, label))
    told = [told_column(path, table, options, key) for key in times.KEYS]
    taken = times.seconds(path, table, notes, *told)
    signal = "signal" if "signal" in table.columns else None
    return Parsed(
        table.select(
            (text(signal, table) if signal else pl.lit(options.signal or "hard")).alias("signal"),
            pl.col("model").alias("annotator"),
            pl.concat_list(item).alias("items"),
            as_json(table[label]).alias("answer"),
            (pl.lit(None, pl.Float64) if taken is None else pl.lit(taken)).alias("seconds"),
            _price(path, table, options).alias("price"),
            pl.lit(MODEL).alias("annotator_kind"),
            "row",
        ),
        rejects,
        notes=notes,
    )


def _price(path: Path, table: pl.DataFrame, options: Options) -> pl.Expr:
    """What an answer cost: a column of it, else its tokens at their prices for a million."""
    paid = price(path, table, options)
    if paid is not None:
        return paid
    read_name = first_of(table, "input_tokens", "prompt_tokens")
    written_name = first_of(table, "output_tokens", "completion_tokens")
    if read_name and written_name and {"input_price", "output_price"} <= set(table.columns):
        tokens_in, tokens_out = number(read_name, table), number(written_name, table)
        prices = number("input_price", table), number("output_price", table)
        return (tokens_in * prices[0] + tokens_out * prices[1]) / 1e6
    return pl.lit(None, pl.Float64)


def matches(probe: Probe) -> bool:
    """A model, a task and a label are columns."""
    return (
        "model" in probe.columns
        and any(name in probe.columns for name in TASKS)
        and any(name in probe.columns for name in LABELS)
    )


READER = Reader(
    "language-model", "answers of language models: model, task, label, tokens", matches, read
)
