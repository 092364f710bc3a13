"""What messages of the command line say on the page: options are choices at the file."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from labelbits.answers.formats.named import IN_CELLS

#: A name of a column ends where the sentence goes on.
_ENDS = r"(?=,| (?:reads?|says?|names?|does|is|makes|sets|in|to|and)\b|[;:()]|$)"
_PAIRS = re.compile(rf"--columns ((?:\w+=[^,;:()]*?{_ENDS},?)+)")
_PAIR = re.compile(r"(\w+)=([^,]+)")
_OPTIONS = (
    (r"\s*\(labelbits pilot FILE --format NAME reads it as one; [^)]*\)", ""),
    (r"labelbits pilot FILE ", ""),
    (r"--format ('[^']*'|[\w-]+)", r"the format \1"),
    (r"--signal ('[^']*'|[\w-]+)", r"the kind of question \1"),
    (r" \(--(?:image|text|features) COLUMN\)", ""),
    (r"true classes \(--gold\)", "a file of right classes (gold)"),
    (r"--sheet ('[^']*') reads that one", r"giving \1 as the sheet reads that one"),
    (r"--question reads another", "the field Question reads another"),
    (r"--question '[^']*'|--question NAME", "the choice of a question"),
    (r"--columns\b", "the choice above a column"),
)
#: What stands in an example for any column.
ANY = "COL"
#: What a column of a plain table can be told to be, in the words of the page.
ROLES = {
    "item": "the item",
    "label": "the label",
    "annotator": "who answered",
    "seconds": "seconds it took",
    "milliseconds": "milliseconds it took",
    "gold": "the right class",
    "question": "which question",
    "price": "what was paid for it",
    "left": "one of two items",
    "right": "the other of two items",
    "head": "what the two are compared with",
    "winner": "which of the two was chosen",
    "loser": "which of the two was not",
    "group": "the prompt or group of a comparison",
    "candidates": "all that could be chosen",
    "best": "the best of a set",
    "worst": "the worst of a set",
    "annotator_kind": "person or model",
}


def on_page(text: str, folder: Path) -> str:
    """The message with what the page offers in place of options, and without the page's folder."""
    text = text.replace(f"{folder}/", "")
    text = _PAIRS.sub(_columns, text)
    for said, instead in _OPTIONS:
        text = re.sub(said, instead, text)
    return text


def all_on_page(shown: Any, folder: Path) -> Any:
    """`on_page` for every text of sections: of blocks, lists and texts inside one another."""
    if isinstance(shown, str):
        return on_page(shown, folder)
    if isinstance(shown, (list, tuple)):
        return type(shown)(all_on_page(one, folder) for one in shown)
    if dataclasses.is_dataclass(shown) and not isinstance(shown, type):
        told = {f.name: all_on_page(getattr(shown, f.name), folder) for f in fields(shown)}
        return dataclasses.replace(shown, **told)
    return shown


def _columns(found: re.Match[str]) -> str:
    pairs: Sequence[tuple[str, str]] = _PAIR.findall(found[1])
    if all(name.strip() in (ANY, "...") for _, name in pairs):
        return "the choice above each column"
    if all(key in IN_CELLS for key, _ in pairs):
        told = " and ".join(f"{key} with {name} in every row" for key, name in pairs)
        return f"further columns in the file: {told}"
    named = [f"{ROLES.get(key, key)!r} above the column {name}" for key, name in pairs]
    return f"choosing {' and '.join(named)}"
