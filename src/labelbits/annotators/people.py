"""Who an answer counts for: people, one language model, or nobody (items of known class)."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from labelbits.answers.formats.language_models import MODEL
from labelbits.interface import Answers


def without_gold(answers: Answers) -> Answers:
    """The answers without the rows that state what is true (column `gold`)."""
    table = answers.table
    if "gold" not in table.columns or not table["gold"].any():
        return answers
    return replace(answers, table=table.filter(~pl.col("gold").fill_null(False)))


def people_and_models(answers: Answers) -> tuple[Answers, dict[str, Answers]]:
    """(people's answers, those of each language model); rows that state gold are nobody's."""
    answers = without_gold(answers)
    table = answers.table
    if "annotator_kind" not in table.columns:
        return answers, {}
    own = table.filter(pl.col("annotator_kind") == MODEL)
    names = own["annotator"].unique(maintain_order=True).to_list()
    people = table.filter(pl.col("annotator_kind").ne_missing(MODEL))
    return (
        replace(answers, table=people),
        {name: replace(answers, table=own.filter(pl.col("annotator") == name)) for name in names},
    )
