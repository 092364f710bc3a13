"""Trials that are no answers: practice before the others, and checks of attention among them."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

import polars as pl

from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats import cells, usual
from labelbits.answers.formats.who import who_column
from labelbits.answers.formats.yes_or_no import ticked

#: Words of headings that say what kind of trial a row is; the latter name other things too.
KINDS = frozenset({
    "trial", "trials", "trialtype", "type", "kind", "block", "blocktype", "blockname", "blocks",
    "phase", "part", "testpart", "task", "section", "stage", "procedure", "running", "routine",
    "screen", "display", "sender", "loop", "zone", "name", "bloque", "bloc", "blocco", "fase",
    "tarea", "tache", "partie", "abschnitt", "teil", "aufgabe", "durchgang", "blocktyp", "blok",
    "taak", "trialname", "trialkind", "trialphase", "label", "event", "timeline", "node",
})  # fmt: skip
PERHAPS_KINDS = frozenset({"condition", "session", "group", "status", "run", "bedingung"})
#: Words of cells, and how others begin, that say practice; those that say other things too; checks.
PRACTICE = re.compile(
    r"^(practi[cs]e|prac$|pract$|warmup|familiari[sz]|pilottrial|übung|uebung|probedurchg|"
    r"entra[iî]nement|pr[aá]ctica|entrenamiento|pratica$|oefen|treino|eingewöhn|aufwärm)"
)
PERHAPS = re.compile(
    r"^(training|tutorial|demo|demonstration|examples?|beispiele?|exemples?|ejemplos?|esempi[o]?|"
    r"voorbeeld|exemplo|instructions?)$"
)
CHECK = re.compile(
    r"^(attention|attn|attncheck|attentioncheck|catch|catchtrials?|imc|trap|screener|vigilance|"
    r"aufmerksamkeit\w*|kontrollfrage|atenci[oó]n|attenzione)$"
)
#: Words of a heading that say how a check went, and not which row is one.
RESULTS = frozenset({
    "passed", "pass", "failed", "fail", "score", "correct", "acc", "accuracy", "rt", "time",
    "response", "answer", "count", "n", "result", "rate", "keys", "key", "corr",
})  # fmt: skip
#: Words of cells beside these that say no more, and words of a cell that says what a row is.
BESIDE = frozenset({"trial", "trials", "block", "phase", "round", "session", "list", "run", "loop",
                    "check", "checks", "question", "questions", "item", "items", "test", "control",
                    "part", "set", "image", "task", "up", "durchgang"})  # fmt: skip
LONGEST = 3
#: Headings of plain tables of labels that say what kind of trial a row is: others describe items.
OF_TRIALS = frozenset({"trial", "trials", "trialtype", "block", "blocktype", "blockname", "phase",
                       "testpart", "procedure", "running", "trialkind", "trialphase", "durchgang",
                       "blocktyp", "bloque", "bloc", "fase", "trialname"})  # fmt: skip
#: PsychoPy counts the trials of each loop in columns of their own.
_LOOP = re.compile(r"^(\w+?)[._]this(n|repn|trialn|index)$", re.I)
#: More different words are names of something else; more rows than this share are no practice.
MOST_KINDS, MOST = 40, 0.5


def _says(cell: str, weak: bool, alone: bool = False) -> bool:
    """Does a cell say that a row is practice or a check? `alone`: and nothing else."""
    words = usual.words_in(cell)
    rest = [one for one in words if one not in BESIDE and not one.isdecimal()]
    practice = [bool(PRACTICE.match(one)) for one in rest]
    if any(practice) or ("warm" in words and "up" in words):
        return len(rest) <= LONGEST and (not alone or all(practice) or "warm" in words)
    others = [bool(PERHAPS.match(one) or CHECK.match(one)) for one in rest]
    return not weak and bool(others) and all(others)


def _marked(table: pl.DataFrame, name: str, plain: bool) -> pl.Series | None:
    """Which rows a column marks as practice or a check; None where it tells nothing of it."""
    column = table[name]
    if column.dtype.is_nested():
        return None
    loop = _LOOP.match(name)
    if loop is not None and _says(loop[1], weak=False):
        return column.is_not_null() & (cells.names(column) != "").fill_null(False)
    words = set(usual.words_in(name))
    own = cells.names(column)
    said = [one for one in own.unique() if one is not None]
    if not words & RESULTS and (
        _says(name, weak=True) or any(map(CHECK.match, words)) or "training" in words
    ):
        ticks = {one: ticked(one) for one in said}
        if said and None not in ticks.values():
            return own.is_in([one for one in said if ticks[one]]).fill_null(False)
    named = {re.sub(r"\W", "", one) for one in words}
    kinds = OF_TRIALS if plain else KINDS | PERHAPS_KINDS
    if not named & kinds or len(said) > MOST_KINDS:
        return None
    weak = not named & KINDS
    out = [one for one in said if len(one) <= 60 and _says(one, weak, plain)]
    return own.is_in(out).fill_null(False) if out else None


def without_practice(
    path: Path,
    table: pl.DataFrame,
    used: Collection[str | None],
    rejects: Rejects,
    notes: list[str],
    plain: bool = False,
) -> pl.DataFrame:
    """`table` without rows that a column beside those `used` calls practice, training, an example
    or a check of attention; they are rejected, and told in `notes`.

    They are kept, and told, where they are most of the rows, or where people who have them have no
    others: then the word means something else. `plain`: a table of labels, whose other columns may
    describe its items.
    """
    who = who_column(table)
    for name in table.columns:
        if name in used or name in ("row", who):
            continue
        found = _marked(table, name, plain)
        if found is None or not found.any() or found.all():
            continue
        said = cells.shown(map(repr, cells.names(table.filter(found)[name]).drop_nulls().unique(
            maintain_order=True)), 2)  # fmt: skip
        count = int(found.sum())
        what = f"{count:,} rows whose {name!r} is {said}"
        if count > MOST * len(table) or _are_people(table, found, who):
            notes.append(f"{path.name}: {what} count as answers too, since they are no small part")
            continue
        for row in table.filter(found)["row"]:
            rejects.add(row, f"practice or a check of attention, as {name!r} says", said)
        notes.append(
            f"{path.name}: {what} are practice or checks of attention and are left out (without "
            "the column they count as answers)"
        )
        table = table.filter(~found)
    return table


def _are_people(table: pl.DataFrame, found: pl.Series, who: str | None) -> bool:
    """Have most people who have such rows no others?"""
    if who is None:
        return False
    own = table.select(pl.col(who).alias("who"), found.alias("mark"))
    each = own.group_by("who").agg(pl.col("mark").any().alias("some"), pl.col("mark").all())
    some = each.filter(pl.col("some"))
    return len(each) > 1 and float(some["mark"].mean() or 0) > MOST  # type: ignore[arg-type]
