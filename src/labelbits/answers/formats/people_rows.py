"""Surveys with a row a person and a column an item, as Google Forms and Qualtrics export them.

Never taken by itself: columns of a survey may as well be different questions. The option
`--format people-rows` says that they are items that everybody was asked the same about.
"""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from labelbits.answers.files.csv_files import TWICE
from labelbits.answers.formats import cells, times, usual
from labelbits.answers.formats.class_columns import sides_of
from labelbits.answers.formats.deciding import decide
from labelbits.answers.formats.reader import Kind, Options, Reader, columns_in, first_of, opened
from labelbits.answers.formats.row_names import ROW_NUMBERS
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError

#: Names of columns that say who took a survey, the surest first.
WHO = ("prolific_pid", "prolific_id", "participant_id", "participant", "subject_id", "subject",
       "responseid", "response_id", "respondent_id", "respondent", "email_address", "email",
       "username", "user", "worker_id", "workerid", "id", "name", "rater", "annotator")  # fmt: skip
#: What the programs write beside the answers.
BESIDE = frozenset({
    "timestamp", "startdate", "enddate", "status", "ipaddress", "progress", "finished",
    "recordeddate", "responseid", "recipientlastname", "recipientfirstname", "recipientemail",
    "externalreference", "locationlatitude", "locationlongitude", "distributionchannel",
    "userlanguage", "score", "age", "gender", "sex", "country", "consent", "comments", "comment",
    "prolificpid", "studyid", "sessionid", "emailaddress", "name", "education", "nationality",
})  # fmt: skip


def columns_of_people(table: pl.DataFrame, options: Options) -> tuple[str, list[str]] | None:
    """(the column of people, those of items) of a table with a row a person, or None."""
    who = options.columns.get("annotator") or first_of(table, *WHO) or sides_of(table, options)[1]
    if who is None:
        return None
    time = times.time_column(table)
    beside = {who, time, "row", *ROW_NUMBERS, options.columns.get("seconds")}
    rest = [n for n in table.columns if n not in beside and usual.plain(n) not in BESIDE]
    rest = [n for n in rest if table[n].null_count() < len(table)]
    return (who, rest) if len(rest) > 1 else None


def read(path: Path, kind: Kind, options: Options) -> Parsed:
    """Each column is an item, each row what one person said of all of them."""
    table, rejects, notes = opened(path, kind)
    found = columns_of_people(table, options)
    if found is None:
        raise InputError(
            f"{path}: found columns {columns_in(table)}; expected a column that says who answered "
            "(--columns annotator=COL) and a column an item"
        )
    who, items = found
    names = cells.names(table[who])
    # Qualtrics repeats its header in words and as JSON.
    again = names.str.contains(r"^\{|(?i)^(response|prolific|participant)[ _-]?(id|pid)$")
    for row in table.filter(again.fill_null(False))["row"]:
        rejects.add(row, "the header again")
    table = table.filter(~again.fill_null(False))
    said = pl.concat([
        table.select(
            "row",
            cells.text(who, table).alias("annotator"),
            pl.lit(re.sub(rf" \(\d+{re.escape(TWICE)}$", "", name)).alias("item"),
            cells.text(name, table).alias("value"),
        )
        for name in items
    ])  # fmt: skip
    notes.append(
        f"{path.name}: {len(table):,} rows are people (column {who!r}), {len(items):,} columns are "
        f"items: {cells.shown(map(repr, items))}"
    )
    said = said.filter(pl.col("value").is_not_null())
    return Parsed(decide(path, said, options, rejects, notes), rejects, notes=notes)


READER = Reader(
    "people-rows", "a row a person, a column an item (surveys; only where it is named)",
    lambda probe: False, read,
)  # fmt: skip
