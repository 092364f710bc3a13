"""Who answered: the column of annotators as names, nobody's where it names nobody or a group."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from labelbits.answers.formats import cells, languages, usual
from labelbits.answers.formats.reader import first_of
from labelbits.answers.table.people import said_not_known
from labelbits.interface import NOBODY

#: What stands for a person who has no name, where no other person is named.
NAMELESS = frozenset({"anonymous", "anon", "anonym", "unknown", "none", "nobody", "n.a.", "-", "?"})
#: Names of several people together.
GROUPS = frozenset({
    "crowd", "crowds", "crowdworkers", "workers", "annotators", "raters", "labelers", "labellers",
    "coders", "mturk", "amt", "turk", "turkers", "prolific", "appen", "toloka", "people", "humans",
    "human", "public", "volunteers", "users", "students", "participants", "team", "group", "panel",
    "experts", "doctors", "physicians",
})  # fmt: skip


#: Columns of people by names that other tables give to what is asked: told apart by their cells.
PERSONS = (
    "expert", "expert_id", "expert_name", "subject", "who", "by", "initials", "specialist",
    "student", "student_id", "teacher", "listener", "viewer", "informant", "editor", "curator",
    "examiner", "scored_by", "marked_by", "filled_in_by", "volunteer", "member", "player",
    "respondent_name", "consultant", "surgeon", "trainee", "resident", "lawyer", "native_speaker",
    "juror", "panelist", "taster", "critic", "critic_id", "critic_name",
    "prolific_pid", "prolific_id", "participant_private_id",
    "participant_public_id", "participant_number", "participant_no", "participant_nr",
    "subject_number", "subject_no", "subject_nr", "subj", "subj_id", "respondent_number", "resp_id",
    "respid", "sys_respnum", "mturk_id", "sona_id", "pid", "vp", "vpn", "vp_nr", "vp_code",
    "probanden_id", *languages.PERSONS,
)  # fmt: skip


def who_column(table: pl.DataFrame, label: str | None = None) -> str | None:
    """The column of who answered: by its usual name, or by one of `PERSONS` whose cells are names
    that come again and again and none of the classes in `label`."""
    usually = first_of(table, *usual.WORKER)
    if usually is not None:
        return usually
    name = first_of(table.drop([label] if label in table.columns else []), *PERSONS)
    if name is None or table[name].dtype.is_nested():
        return None
    own = cells.names(table[name]).drop_nulls()
    classes = set() if label is None else set(cells.names(table[label]).drop_nulls())
    again = 2 <= own.n_unique() <= len(own) / 2 and len(own) >= 0.5 * len(table)
    return name if again and not classes & set(own) else None


def without_groups(path: Path, said: pl.DataFrame, notes: list[str]) -> pl.DataFrame:
    """`said` (item, annotator, ...) with `NOBODY` for a name of several people, where an item has
    several of its answers."""
    asked = ["item", "annotator", *(["question"] if "question" in said.columns else [])]
    grouped = said.filter(pl.col("annotator").str.to_lowercase().is_in(list(GROUPS)))
    if not len(grouped):
        return said
    again = grouped.filter(grouped.select(asked).is_duplicated())["annotator"].unique()
    if not len(again):
        return said
    own = pl.col("annotator").is_in(again.implode())
    notes.append(
        f"{path.name}: {' and '.join(map(repr, sorted(again)))} answered some items several times "
        "and names a group: each answer counts as another person's"
    )
    who = pl.when(own).then(pl.lit(NOBODY)).otherwise("annotator")
    return said.with_columns(who.alias("annotator"))


def annotators(path: Path, table: pl.DataFrame, column: str | None, notes: list[str]) -> pl.Expr:
    """The annotator of each row; `NOBODY` without a column, and where no row of it names anybody.

    `notes` say of an empty column that it is taken as none.
    """
    if column is None:
        return pl.lit(NOBODY)
    own = cells.names(table[column])
    said = {"" if cells.is_missing(name) else str(name).casefold() for name in own.unique()}
    if said and said <= NAMELESS | {""} and own.null_count() == table[column].null_count():
        shown = " or ".join(sorted(repr(name) for name in said if name))
        why = f"says {shown} in every row" if shown else "is empty"
        notes.append(said_not_known(path.name, f"column {column!r} {why}, so nobody is named"))
        return pl.lit(NOBODY)
    return pl.lit(own)
