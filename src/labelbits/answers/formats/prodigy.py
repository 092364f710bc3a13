"""Prodigy's records (db-out, JSON lines): choices, and accept or reject of one label."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labelbits.answers.files.json_files import json_elements
from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats.collecting import Rows
from labelbits.answers.formats.reader import (
    Kind,
    Options,
    Probe,
    Reader,
    scalar_name,
)
from labelbits.answers.table.columns import Parsed
from labelbits.interface import NOBODY

#: What a record may be about, in order of preference; long ones are named by their hash.
ABOUT = ("id", "text", "image", "html", "audio", "video", "url")
LONGEST_NAME = 500
SPANS = ("spans", "relations", "audio_spans")


def read(path: Path, kind: Kind, options: Options) -> Parsed:
    """`accept` names the options ticked; a record with one `label` asks whether it holds.

    Records answered with ignore are rejected rows. Whether one option or several may be ticked,
    all records of a question decide.
    """
    rejects, notes, rows = Rejects(), [], Rows()
    spans = 0
    for number, record in json_elements(path, rejects, notes):
        if not isinstance(record, Mapping) or "answer" not in record:
            rejects.add(number, "no record of Prodigy; expected an answer", record)
            continue
        answer = record["answer"]
        if answer not in ("accept", "reject"):
            rejects.add(number, "record was not answered (ignore)", answer)
            continue
        item, who = _item(record), _who(record)
        if item is None:
            rejects.add(number, "record shows nothing that names it", record)
            continue
        hashes = [record.get(key) for key in ("_task_hash", "_timestamp")]
        key = None if None in hashes else f"prodigy {hashes} {who} {item}"
        if isinstance(record.get("options"), list) or isinstance(record.get("accept"), list):
            ticked = record.get("accept")
            if answer == "reject":
                rejects.add(number, "the whole task was rejected", answer)
                continue
            names = ticked if isinstance(ticked, list) else []
            rows.ask(number, who, item, [str(name) for name in names], id=key)
        elif (label := scalar_name(record.get("label"))) is not None:
            rows.add(
                number, "verify", who, [item], answer == "accept", classes=[label], id=key
            )  # fmt: skip
        elif any(record.get(name) for name in SPANS):
            spans += 1
            rejects.add(number, "spans of a text are no answers of a known kind", "spans")
        else:
            rejects.add(number, "record has neither options nor a label", record)
    if spans:
        notes.append(f"{path.name}: records that mark spans are left out: {spans}")
    return Parsed(rows.table(path, options, rejects, notes), rejects, notes=notes)


def _who(record: Mapping[str, Any]) -> str:
    for key in ("_annotator_id", "_session_id"):
        if name := scalar_name(record.get(key)):
            return name
    return NOBODY


def _item(record: Mapping[str, Any]) -> str | None:
    for key in ABOUT:
        name = scalar_name(record.get(key))
        if name and len(name) <= LONGEST_NAME and not name.startswith("data:"):
            return name
    return scalar_name(record.get("_input_hash"))


def matches(probe: Probe) -> bool:
    """Records with accept, reject or ignore, and Prodigy's own keys."""
    return probe.kind == "json" and any(
        isinstance(value, Mapping)
        and value.get("answer") in ("accept", "reject", "ignore")
        and any(key in value for key in ("_input_hash", "_task_hash", "_view_id", "accept"))
        for value in probe.elements
    )


READER = Reader(
    "prodigy",
    "Prodigy records: accept, answer, _annotator_id",
    matches,
    read,
    platform="Prodigy",
)
