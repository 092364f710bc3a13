"""jsPsych data, CSV or JSON: one trial a row, times in milliseconds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from labelbits.answers.files.json_files import loads
from labelbits.answers.formats.collecting import Rows
from labelbits.answers.formats.practice import without_practice
from labelbits.answers.formats.reader import (
    Kind,
    Options,
    Probe,
    Reader,
    as_number,
    first_of,
    opened,
    scalar_name,
)
from labelbits.answers.table.columns import Parsed

PEOPLE = (
    "participant_id", "subject_id", "PROLIFIC_PID", "participant", "subject", "worker_id",
    "workerId", "annotator", "run_id",
)  # fmt: skip
ITEMS = ("item", "item_id", "image", "stimulus")


def read(path: Path, kind: Kind, options: Options) -> Parsed:
    """Trials with a response and a stimulus; others (instructions, fixation) are rejected rows.

    A response may be text, a button's number (named by the column `choices` where there is one),
    or JSON with one answer a question.
    """
    table, rejects, notes = opened(path, kind, "trial_type", "response")
    about = [name for name in ITEMS if name in table.columns]
    used = {"response", "rt", *about}
    table = without_practice(path, table, used, rejects, notes)
    rows = Rows()
    person = first_of(table, *PEOPLE)
    if person is None:
        notes.append(f"{path.name}: no column names the annotator; the file counts as one")
    for record in table.iter_rows(named=True):
        row, response = record["row"], record["response"]
        if response is None or response in ("null", '""'):
            rejects.add(row, "trial has no response", record["trial_type"] or "")
            continue
        item = next((n for name in about if (n := _stimulus(record[name]))), None)
        if item is None:
            rejects.add(row, "trial shows no stimulus", record["trial_type"] or "")
            continue
        who = (scalar_name(record[person]) if person else path.stem) or "unknown"
        milliseconds = as_number(record.get("rt"))
        answers = _answers(response, record.get("choices"))
        if not answers:
            rejects.add(row, "response is no class, list or object of answers", response)
            continue
        for question, answer in answers.items():
            if "slider" in (record["trial_type"] or ""):
                rows.said.scale.add(question if len(answers) > 1 else "")
            rows.ask(
                row,
                who,
                item,
                answer,
                question=question if len(answers) > 1 else "",
                seconds=None if milliseconds is None else milliseconds / 1000 / len(answers),
            )
    return Parsed(rows.table(path, options, rejects, notes), rejects, notes=notes)


def _stimulus(value: Any) -> str | None:
    """A stimulus as a name; from HTML the source of the image, or the text without tags."""
    name = scalar_name(value)
    if name is None:
        return None
    if "<" in name[:2000]:
        source = re.search(r"""src\s*=\s*["']([^"']{1,500})["']""", name[:20_000])
        name = source.group(1) if source else re.sub(r"<[^<>]{0,1000}>", " ", name[:20_000])
    return " ".join(name.split())[:500] or None


def _answers(response: str, choices: Any) -> dict[str, Any]:
    """question -> answer; one question is called "" unless the response names it."""
    try:
        value = loads(response) if isinstance(response, str) else response
    except ValueError:
        value = response
    if isinstance(value, dict):
        found = {str(key): _one(content, None) for key, content in value.items()}
        return {key: content for key, content in found.items() if content is not None}
    answer = _one(value, choices)
    return {} if answer is None else {"": answer}


def _one(value: Any, choices: Any) -> Any:
    """A class, or a list of classes; a button's number becomes its label."""
    if isinstance(value, list):
        names = [scalar_name(entry) for entry in value]
        return names if names and None not in names else None
    if isinstance(value, int) and not isinstance(value, bool) and isinstance(choices, str):
        try:
            labels = loads(choices)
        except ValueError:
            labels = None
        if isinstance(labels, list) and 0 <= value < len(labels):
            return scalar_name(labels[value])
    if isinstance(value, bool):
        return "true" if value else "false"
    return scalar_name(value)


def matches(probe: Probe) -> bool:
    """trial_type and trial_index or rt, with a response."""
    return probe.has("trial_type", "response") and (
        "rt" in probe.columns or "trial_index" in probe.columns
    )


READER = Reader(
    "jspsych",
    "jsPsych trials (CSV or JSON)",
    matches,
    read,
    platform="jsPsych",
)
