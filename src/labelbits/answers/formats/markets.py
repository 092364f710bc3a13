"""Crowd markets: MTurk's batch results, and Prolific's sessions (times, no answers)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from labelbits.answers.files.json_files import loads
from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats.collecting import Rows
from labelbits.answers.formats.reader import (
    Kind,
    Options,
    Probe,
    Reader,
    as_number,
    columns_in,
    first_of,
    number,
    opened,
    scalar_name,
    told_column,
)
from labelbits.answers.table.columns import Parsed
from labelbits.errors import InputError


def read_mturk(path: Path, kind: Kind, options: Options) -> Parsed:
    """One assignment a row; its time and reward are shared by its answers."""
    table, rejects, notes = opened(path, kind, "HITId", "WorkerId")
    rows = Rows()
    inputs = [name for name in table.columns if re.match(r"Input(\.|\d)", name)]
    outputs = [name for name in table.columns if name.startswith("Answer.")]
    if not outputs and (told := told_column(path, table, options, "label") or _old_answer(table)):
        table = table.rename({told: f"Answer.{told}"})
        outputs = [f"Answer.{told}"]
        notes.append(f"{path.name}: the answer is read from column {told!r}")
    if not outputs:
        raise InputError(
            f"{path}: no column Answer.*; found {columns_in(table)}; expected the results of a "
            "batch: --columns item=HITId,annotator=WorkerId,label=COL says which is the answer"
        )
    if "Reward" in table.columns:
        table = table.with_columns(number("Reward", table))
    seen: dict[str, int] = {}
    for record in table.iter_rows(named=True):
        row = record["row"]
        assignment, worker = record.get("AssignmentId"), record["WorkerId"]
        if record.get("AssignmentStatus") == "Rejected":
            rejects.add(
                row, "assignment was rejected by the requester", "AssignmentStatus Rejected"
            )
            continue
        if assignment and assignment in seen:
            rejects.add(
                row,
                "AssignmentId appears twice; the first is kept",
                f"{assignment}, first in row {seen[assignment]}",
            )
            continue
        if not worker:
            rejects.add(row, "WorkerId is missing")
            continue
        seen[assignment or ""] = row
        answers = _answers(record, outputs)
        if not answers:
            rejects.add(row, "assignment holds no answer")
            continue
        seconds, price = as_number(record.get("WorkTimeInSeconds")), record.get("Reward")
        for name, answer in answers.items():
            item, question = _item(record, name, inputs, len(answers))
            rows.ask(
                row,
                worker,
                item,
                answer,
                question=question,
                id=None if not assignment else f"mturk {assignment} {name}",
                seconds=None if seconds is None else seconds / len(answers),
                price=None if price is None else price / len(answers),
            )
    return Parsed(rows.table(path, options, rejects, notes), rejects, notes=notes)


def _old_answer(table: pl.DataFrame) -> str | None:
    """The answer's column where columns have no point: AnswerLabel beside AnswerID."""
    found = [name for name in table.columns if re.match(r"Answer(?!\.)\w*$", name)]
    named = [name for name in found if not name.lower().endswith("id")]
    return named[0] if len(named) == 1 else found[0] if len(found) == 1 else None


def _answers(record: dict[str, Any], outputs: list[str]) -> dict[str, Any]:
    """question -> class or list of classes, from the three ways in which MTurk writes them."""
    found: dict[str, Any] = {}
    ticks: dict[str, list[str]] = {}
    # Boxes called Answer.cat.on, Answer.dog.on are the classes of one question.
    boxes = [column for column in outputs if re.fullmatch(r"Answer\.[^.]+\.on", column)]
    boxes = boxes if len(boxes) > 1 else []
    if any(record[column] is not None for column in boxes):
        on = [one for one in boxes if (record[one] or "").lower() in ("true", "on")]
        names = [one.removeprefix("Answer.").removesuffix(".on") for one in on]
        found["answer"] = names[0] if len(names) == 1 else names
    for column in outputs:
        if column in boxes:
            continue
        value = record[column]
        if value is None:
            continue
        name = column.removeprefix("Answer.")
        if name == "taskAnswers":
            found.update(_task_answers(value))
        elif value.lower() in ("true", "false", "on") and "." in name:
            question, _, choice = name.rpartition(".")  # a radio button or box for each class
            if value.lower() != "false":
                ticks.setdefault(question, []).append(choice)
        else:
            found[re.sub(r"\.labels?$", "", name)] = value
    for question, names in ticks.items():
        found[question.removesuffix(".on")] = names[0] if len(names) == 1 else names
    return found


def _task_answers(value: str) -> dict[str, Any]:
    """crowd-form's JSON: [{"question": {"label": "cat"}}] or {"question": {"cat": true}}."""
    try:
        parsed = loads(value)
    except ValueError:
        return {}
    found: dict[str, Any] = {}
    for entry in parsed if isinstance(parsed, list) else [parsed]:
        for name, content in entry.items() if isinstance(entry, dict) else ():
            if isinstance(content, dict):
                label = content.get("label", content.get("labels"))
                ticked = [str(key) for key, on in content.items() if on is True]
                content = label if label is not None else ticked
            if isinstance(content, list):
                names = [n for n in map(scalar_name, content) if n is not None]
                content = names[0] if len(names) == 1 else names
            if isinstance(content, list) and content:
                found[str(name)] = content
            elif isinstance(content, (str, int, float)) and scalar_name(content):
                found[str(name)] = scalar_name(content)
    return found


def _item(record: dict[str, Any], question: str, inputs: list[str], count: int) -> tuple[str, str]:
    """(item, question): the input with the question's ending number, or the HIT.

    Questions that only their number tells apart, each about an input of its own, are one.
    """
    if count > 1 and (ending := re.search(r"\d+$", question)):
        own = [name for name in inputs if re.search(rf"(?<!\d){ending.group()}$", name)]
        if len(own) == 1 and record[own[0]]:
            return str(record[own[0]]), question[: ending.start()]
    if len(inputs) == 1 and record[inputs[0]]:
        return str(record[inputs[0]]), question
    return str(record["HITId"] or "unknown"), question


@dataclass(frozen=True)
class Sessions:
    """Prolific's sessions: seconds of each participant, and who did not complete."""

    seconds: dict[str, float]
    refused: dict[str, str]
    rejected: Rejects
    notes: tuple[str, ...] = ()


def read_sessions(path: Path, kind: Kind) -> Sessions:
    """Prolific's export of a study, old or new column names."""
    table, rejects, notes = opened(path, kind)
    who = first_of(table, "Participant id", "participant_id")
    status = first_of(table, "Status", "status")
    time = first_of(table, "Time taken", "time_taken")
    if who is None or time is None:
        raise InputError(
            f"{path}: found columns {', '.join(table.columns[:8])}; expected Prolific's "
            "Participant id and Time taken"
        )
    table = table.with_columns(number(time, table))
    seconds: dict[str, float] = {}
    refused: dict[str, str] = {}
    for record in table.iter_rows(named=True):
        name = scalar_name(record[who])
        state = (record[status] or "").upper().replace("_", "-").replace(" ", "-") if status else ""
        if name is None:
            rejects.add(record["row"], "participant is missing")
            continue
        if state in ("REJECTED", "RETURNED", "TIMED-OUT"):
            refused[name] = state.lower()
        elif record[time] is not None and record[time] > 0:
            seconds[name] = seconds.get(name, 0.0) + record[time]
    return Sessions(seconds, refused, rejects, tuple(notes))


def apply_sessions(
    table: pl.DataFrame, sessions: Sessions
) -> tuple[pl.DataFrame, pl.DataFrame, str]:
    """Give answers without a time their share of the session; drop refused participants.

    Returns the table, the dropped rows, and a note for the user.
    """
    out = table["annotator"].is_in(list(sessions.refused))
    dropped, table = table.filter(out), table.filter(~out)
    trials = dict(table["annotator"].value_counts().iter_rows())
    share = {
        name: whole / trials[name] for name, whole in sessions.seconds.items() if name in trials
    }
    mapped = pl.col("annotator").replace_strict(share, default=None, return_dtype=pl.Float64)
    own = pl.col("seconds") if "seconds" in table.columns else pl.lit(None, pl.Float64)
    table = table.with_columns(seconds=pl.coalesce(own, mapped))
    note = (
        f"Prolific: time of sessions shared over the answers of annotators: {len(share)}; answers "
        f"of returned, timed-out or rejected submissions left out: {len(dropped)}"
    )
    return table, dropped, note


def is_mturk(probe: Probe) -> bool:
    """HITId and WorkerId are columns."""
    return probe.has("HITId", "WorkerId")


def is_prolific(probe: Probe) -> bool:
    """Prolific's columns, new or old."""
    return probe.has("Participant id", "Time taken") or probe.has("participant_id", "time_taken")


def read_prolific(path: Path, kind: Kind, options: Options) -> Parsed:
    """Alone, sessions are no answers."""
    raise InputError(
        f"{path}: Prolific's export holds sessions, no answers; give it together with the file "
        "of answers whose annotators are these participants"
    )


MTURK = Reader(
    "mturk",
    "MTurk batch results (CSV)",
    is_mturk,
    read_mturk,
    platform="Amazon Mechanical Turk",
)
PROLIFIC = Reader(
    "prolific",
    "Prolific sessions: times for another file's answers",
    is_prolific,
    read_prolific,
    platform="Prolific",
    sessions=True,
)
