"""Writing a plan file: tables of plain values as TOML that `read_plan` reads back."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from labelbits.errors import InputError
from labelbits.speech import printable

#: Tables inside tables inside a plan file: more is no plan.
DEEPEST = 4


def plan_text(tables: Mapping[str, Any], notes: Sequence[str] = ()) -> str:
    """Tables of plain values (and tables of them, and lists of tables) as TOML.

    `notes` come first as comments; empty tables are left out. Raises `InputError` for a value that
    TOML has no words for.
    """
    said = [line for note in notes for line in str(note).splitlines()]
    lines = [f"# {printable(line)}".rstrip() for line in said]
    plain = {key: value for key, value in tables.items() if not _is_table(value)}
    lines += [f"{_key(key)} = {toml_value(value)}" for key, value in plain.items()]
    for name, value in tables.items():
        if name not in plain:
            lines += _tables(_key(name), value, 1)
    return "\n".join(lines).lstrip("\n") + "\n"


def _is_table(value: Any) -> bool:
    if isinstance(value, Mapping):
        return True
    listed = isinstance(value, (list, tuple)) and len(value) > 0
    return listed and all(isinstance(one, Mapping) for one in value)


def _tables(name: str, value: Any, depth: int) -> list[str]:
    """The lines of a table, or of a list of tables, called `name`."""
    if depth > DEEPEST:
        raise InputError(f"{name}: tables are nested too deeply; expected a plan file")
    several = not isinstance(value, Mapping)
    lines: list[str] = []
    for table in value if several else [value]:
        own = {key: one for key, one in table.items() if not _is_table(one)}
        if own or several:
            lines += ["", f"[[{name}]]" if several else f"[{name}]"]
            lines += [f"{_key(key)} = {toml_value(one)}" for key, one in own.items()]
        for key, one in table.items():
            if key not in own:
                lines += _tables(f"{name}.{_key(key)}", one, depth + 1)
    return lines


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _text(text: str) -> str:
    """A basic string: JSON's escapes are TOML's, but for DEL and half pairs."""
    whole = text.encode("utf-8", "replace").decode()
    return json.dumps(whole, ensure_ascii=False).replace("\x7f", "\\u007F")


def toml_value(value: Any) -> str:
    """Text, a number, true or false, or a list of these, as TOML writes it."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml_value(one) for one in value) + "]"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else str(value)
    if isinstance(value, Mapping) or value is None:
        what = "nothing" if value is None else "a table among values"
        raise InputError(f"found {what}; expected text, a number, true or false, or a list")
    return _text(str(value))
