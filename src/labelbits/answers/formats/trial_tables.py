"""PsychoPy's and Gorilla's tables of trials that show one thing and ask for a class.

Which columns hold the thing, the answer and its time is told from how these programs call them;
the rows are then read as any table of labels (`crowdkit`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats import best_worst, cells, contrastive, preferences, usual
from labelbits.answers.formats import triplet_choices as triplets
from labelbits.answers.formats.class_columns import head_of
from labelbits.answers.formats.crowdkit import is_plain, read_labels
from labelbits.answers.formats.reader import TOLD, Kind, Options, Probe, Reader, load_table
from labelbits.answers.formats.right_classes import gold_in
from labelbits.answers.table.columns import Parsed

#: Columns that the program writes of the whole session.
_SESSION = frozenset({
    "participant", "session", "date", "expname", "psychopyversion", "framerate", "expstart", "os",
    "gender", "age", "seed",
})  # fmt: skip
#: Columns of an answer: a component's name and what it measured.
_ANSWER = re.compile(r"^(.+)[._](keys|response|clicked_name|rating|text)$")
#: Gorilla's columns of the experimenter's table, and the answer's own.
_SHEET = re.compile(r"^(spreadsheet|metadata): *(?=\S)", re.I)
#: Names of conditions that say what would be right.
_RIGHT = ("corrans", "correctanswer", "correct_answer", "answer", "correct", "corr", "corr_ans",
          "target", "expected")  # fmt: skip
LEAST = 2


def _psychopy(table: pl.DataFrame) -> dict[str, str] | None:
    """PsychoPy: conditions first, then loops and components, then the session."""
    names = [name for name in table.columns if name.strip() and name != "row"]
    loops = [name for name in names if re.search(r"[._]this(N|RepN|TrialN|Index)$", name)]
    made = usual.found(names, ("psychopyVersion", "expName")) or len(loops) > 1
    if not made or usual.found(names, ("participant",)) is None:
        return None
    answers = [name for name in names if _ANSWER.match(name) and _filled(table[name])]
    if not answers:
        return None
    label = max(answers, key=lambda name: _filled(table[name]))
    component = _ANSWER.sub(r"\1", label)
    shown = [
        name for name in names
        if name not in loops and "." not in name and usual.plain(name) not in _SESSION
        and not name.startswith(f"{component}_") and _filled(table[name])
    ]  # fmt: skip
    return _told(table, shown, label, "participant", {
        "seconds": next((one for one in (f"{component}.rt", f"{component}_rt", f"{component}.time")
                         if one in names), "")})  # fmt: skip


def _gorilla(table: pl.DataFrame) -> dict[str, str] | None:
    """Gorilla: the experimenter's columns are called `Spreadsheet: image` and the like."""
    who = usual.found(table.columns, ("Participant Private ID", "Participant Public ID"))
    label = usual.found(table.columns, ("Response",))
    shown = [name for name in table.columns if _SHEET.match(name) and _filled(table[name])]
    if who is None or label is None or not shown:
        return None
    time = usual.found(table.columns, ("Reaction Time", "Response Time"))
    return _told(table, shown, label, who, {"milliseconds": time or ""})


def _told(
    table: pl.DataFrame, shown: Sequence[str], label: str, who: str, times: dict[str, str]
) -> dict[str, str] | None:
    """Which column is what; None where nothing names the things that were shown."""
    bare = {_SHEET.sub("", name): name for name in shown}
    rows = table.filter((cells.names(table[label]) != "").fill_null(False))
    gold = next((bare[one] for one in bare if usual.plain(one) in map(usual.plain, _RIGHT)), None)
    if gold is None or not set(cells.said_in(rows[gold])) <= set(cells.said_in(rows[label])):
        gold = gold_in(rows, [name for name in shown if name != gold], label)[0]
    right = {usual.plain(one) for one in _RIGHT}
    things = [one for one in bare if usual.plain(one) not in right and bare[one] != gold]
    named = usual.found(things, usual.ITEM)
    kinds = {one: len(cells.said_in(rows[bare[one]])) for one in things}
    item = named or max(kinds, key=lambda one: kinds[one], default=None)
    if item is None or kinds[item] < LEAST:
        return None
    found = {"item": bare[item], "annotator": who, "label": label, "gold": gold or "", **times}
    return {key: name for key, name in found.items() if name}


def _filled(column: pl.Series) -> int:
    """How many cells say something."""
    if column.dtype.is_nested():
        return 0
    own = cells.names(column)
    return int((own.is_not_null() & (own != "")).sum())


def _program(table: pl.DataFrame) -> tuple[str, dict[str, str]] | None:
    """The program that wrote a table and which column is what."""
    for name, columns in (("PsychoPy", _psychopy), ("Gorilla", _gorilla)):
        told = columns(table)
        if told is not None:
            return name, told
    return None


def matches(probe: Probe) -> bool:
    """A program's table of trials that show one thing, and that no surer reader takes."""
    if probe.kind not in ("csv", "parquet") or is_plain(probe):
        return False
    head = head_of(probe)
    if head is None or _program(head) is None:
        return False
    others = (triplets.READER, preferences.PAIRS, preferences.BATTLES, best_worst.READER,
              contrastive.READER)  # fmt: skip
    return not any(reader.matches(probe) for reader in others)


def read(path: Path, kind: Kind, options: Options) -> Parsed:
    """The trials as labels; what the user says of columns goes before what was found."""
    found = _program(load_table(path, kind, Rejects(), []))
    if found is None:
        return read_labels(path, kind, options)
    program, told = found
    own = dict(options.columns)
    if {"seconds", "milliseconds"} & own.keys():
        told = {key: name for key, name in told.items() if not key.endswith("seconds")}
    parsed = read_labels(path, kind, replace(options, columns={**told, **own}))
    shown = ", ".join(f"{key} {name!r}" for key, name in told.items() if key not in own)
    return replace(parsed, notes=[
        f"{path.name}: trials of {program}: {shown} (--columns item=COL,label=COL says otherwise)",
        *parsed.notes,
    ])  # fmt: skip


READER = Reader(
    "trials", "trials of PsychoPy or Gorilla that show one thing and ask for its class",
    matches, read, weakness=1, particular=True,
    tells=TOLD | {"item", "label", "gold", "question", "group"},
)  # fmt: skip
