"""Surveys: tables whose rows are people, each of whom was asked what the headings say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from labelbits.answers.formats import cells, times, usual
from labelbits.answers.formats.class_columns import sides_of
from labelbits.answers.formats.column_names import LABELS, PEOPLE, TITLES, people_columns
from labelbits.answers.formats.reader import Options, first_of
from labelbits.answers.formats.row_names import ROW_NUMBERS
from labelbits.answers.formats.who import PERSONS

#: Names of columns that say who took a survey, the surest first.
WHO = ("prolific_pid", "prolific_id", "participant_id", "participant", "subject_id", "subject",
       "responseid", "response_id", "respondent_id", "respondent", "email_address", "email",
       "e_mail_adresse", "adresse_e_mail", "username", "user", "worker_id", "workerid", "id",
       "name", "rater", "annotator", "teilnehmer", "teilnehmer_id", "proband", "probanden_id",
       "vp", "vp_nr", "versuchsperson", "participante", "encuestado", "repondant", "sujet",
       "partecipante", "deelnemer", "resp_id", "respid", "resp", "pid", "subj", "subj_id",
       "panelist", "consumer", "sys_respnum", "caseid", "your_name", "full_name", "first_name",
       "nickname", "your_email", "participant_name")  # fmt: skip
#: The same with what numbers or codes people.
_NUMBERED = re.compile(
    r"^(participant|respondent|subject|person|teilnehmer|proband|versuchsperson|participante)"
    r"(in)?(number|num|no|nr|code|nummer|key|num[eé]ro)$"
)
#: Those of them that name other things too.
PERHAPS_WHO = frozenset({"id", "name", "subject", "user", "username", "vp", "sujet"})
#: When an answer came in, as the programs of surveys call it.
STAMPS = frozenset({
    "timestamp", "zeitstempel", "horodateur", "marcatemporal", "informazionicronologiche",
    "carimbodedatahora", "tijdstempel", "отметкавремени", "时间戳记", "タイムスタンプ", "startdate",
    "enddate", "recordeddate", "starttime", "endtime", "completiontime", "submittedat",
    "submissiondate", "submitdate", "datesubmitted", "datestamp", "startzeit",
    "fertigstellungszeit",
})  # fmt: skip
#: What the programs write beside the answers.
BESIDE = frozenset({
    "status", "ipaddress", "progress", "finished",
    "responseid", "recipientlastname", "recipientfirstname", "recipientemail",
    "externalreference", "locationlatitude", "locationlongitude", "distributionchannel",
    "userlanguage", "score", "age", "gender", "sex", "country", "consent", "comments", "comment",
    "prolificpid", "studyid", "sessionid", "emailaddress", "name", "education", "nationality",
    "alter", "geschlecht", "kommentar", "kommentare", "lastpage", "startlanguage", "seed",
    "session", "date", "condition", "group", "nativelanguage", "occupation", "email",
})  # fmt: skip
#: The share of rows that a column of people names apart, and of columns that are questions.
APART, ASKED = 0.8, 0.5
#: Rows and columns from which a table is taken for a survey.
LEAST = 2
#: The same where no heading asks: an item and its label beside people who answered once each are
#: two columns, and in a few rows people differ by chance.
PLAINLY = (3, 5)
#: Words before the names of people.
BEFORE_NAMES = [[word] for word in sorted(TITLES | {"reader", "rater", "coder"})]
#: Letters of a heading that is a question, and of the name of a person.
LONG, NAME = 25, 24
#: Columns of as many people as look at one patient.
FEW = 6


@dataclass(frozen=True)
class Survey:
    """`who` says who answered (None: rows alone part people), `stamp` when, `asked` what of."""

    who: str | None
    stamp: str | None
    asked: tuple[str, ...]


def people_column(table: pl.DataFrame, options: Options) -> str | None:
    """Who took the survey: told, by a usual name, or the column of e-mail addresses."""
    told = options.columns.get("annotator")
    if told is not None:
        return told
    known = [name for one in WHO if (name := usual.found(table.columns, (one,)))]
    known += [name for name in table.columns if _NUMBERED.match(usual.plain(name))]
    person = usual.found([n for n in table.columns if n not in known], (*usual.WORKER, *PERSONS))
    known += [] if person is None else [person]
    known += [name for name in table.columns if _are_addresses(table[name])]
    known = [name for name in known if table[name].null_count() < len(table)]
    apart = next((name for name in known if _names_apart(table[name])), None)
    return apart or next(iter(known), None) or sides_of(table, options)[1]


def asked_columns(table: pl.DataFrame, who: str | None, options: Options) -> list[str]:
    """The columns beside that of people and those that the programs of surveys write."""
    time = times.time_column(table)
    beside = {who, time, "row", *ROW_NUMBERS, options.columns.get("seconds")}
    rest = [
        name for name in table.columns
        if name not in beside and usual.plain(name) not in BESIDE | STAMPS
        and not _are_addresses(table[name])
    ]  # fmt: skip
    return [name for name in rest if table[name].null_count() < len(table)]


def survey_in(table: pl.DataFrame) -> Survey | None:
    """The survey that a table is, None where its rows may be anything else.

    A row is a person's where a time stamp or a column of people that names every row apart stands
    beside headings that ask: questions, numbers of questions, one name with numbers.
    """
    if len(table) < LEAST or any(kind.is_nested() for kind in table.dtypes):
        return None
    who = people_column(table, Options())
    stamp = next((name for name in table.columns if usual.plain(name) in STAMPS), None)
    asked = asked_columns(table, who, Options())
    if len(asked) < LEAST or (who is None and stamp is None):
        return None
    item = first_of(table.select(asked), *usual.ITEM)
    if item is not None or len(people_columns(asked)) > 1:
        return None
    apart = who is not None and _names_apart(table[who])
    sure = apart and (usual.plain(str(who)) not in PERHAPS_WHO or _are_addresses(table[str(who)]))
    if not (sure or (stamp is not None and (who is None or apart))):
        return None
    asks = len(questions_in(asked)) >= ASKED * len(asked)
    # A patient is a subject too, whom a few doctors look at.
    patients = usual.plain(str(who)).startswith("subject") and len(asked) <= FEW
    many = len(asked) >= PLAINLY[0] and len(table) >= PLAINLY[1]
    plainly = (
        sure and many and not patients and not people_named(asked) and _repeat(table.select(asked))
    )
    if not asks and not plainly:
        return None
    return Survey(who if apart else None, stamp, tuple(asked))


def questions_in(columns: Sequence[str]) -> list[str]:
    """Headings that ask: `Is it a cat?`, `Q1_2`, `Rate these [Photo 1]`, one of many `Photo 3`."""
    stems: dict[str, int] = {}
    for name in columns:
        if re.search(r"\d+\W*$", name):
            stem = re.sub(r"\d+$", "", usual.plain(name))
            stems[stem] = stems.get(stem, 0) + 1
    found = []
    for name in columns:
        stem = re.sub(r"\d+$", "", usual.plain(name))
        numbered = stems.get(stem, 0) > 2 and len(stem) > 1 and stem not in PEOPLE | LABELS
        asks = "?" in name or bool(re.search(r"\[.+\]\s*$", name))
        coded = re.fullmatch(r"(?i)q(id)?\d+([._ -]\w+)*", name.strip()) is not None
        if asks or coded or numbered or len(name) > LONG or len(name.split()) > 4:
            found.append(name)
    return found


def people_named(columns: Sequence[str]) -> bool:
    """Are the headings called after people?"""
    called = PEOPLE | LABELS
    return any(
        usual.plain(name) in called or usual.words_in(name)[:1] in BEFORE_NAMES for name in columns
    )


def _names_apart(column: pl.Series) -> bool:
    """Does a column name nearly every row apart, by what a person is called?"""
    own = cells.names(column).drop_nulls()
    if len(own) < LEAST or len(own) < APART * len(column):
        return False
    short = float(own.str.len_chars().mean() or 0) <= NAME or _are_addresses(column)  # type: ignore[arg-type]
    return short and own.n_unique() > APART * len(own)


def _are_addresses(column: pl.Series) -> bool:
    """Are the cells e-mail addresses?"""
    if column.dtype != pl.String:
        return False
    own = cells.names(column).drop_nulls()
    return len(own) > 0 and bool(own.str.contains(r"^[^@\s]+@[^@\s]+\.\w+$").all())


def _repeat(table: pl.DataFrame) -> bool:
    """Do the columns hold few values again and again, as answers do?"""
    few = [
        cells.names(table[name]).drop_nulls().n_unique() <= max(2, len(table) / 2)
        for name in table.columns
    ]
    return sum(few) >= ASKED * len(few)
