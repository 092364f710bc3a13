"""One spelling of each name: those that differ by capitals only are one class."""

from __future__ import annotations

from typing import Any

import polars as pl

from labelbits.answers.formats import cells
from labelbits.answers.formats.reader import Options

#: Letters from which names that differ by capitals only are one: `a` and `A` may be two.
SPELLED = 3


def one_spelling(
    said: pl.DataFrame, values: dict[str, Any], options: Options, told: str, notes: list[str]
) -> dict[str, Any]:
    """The different answers with one spelling of each name, the commonest; `notes` say which."""
    names = {value: key for key, value in values.items() if isinstance(value, str)}
    often = dict(said["value"].value_counts().iter_rows())
    made = dict(values)
    joined = []
    for group in cells.same_but_for_case(set(names) - set(options.classes)):
        if min(map(len, group)) < SPELLED:
            continue
        first = max(sorted(group), key=lambda one: often.get(names[one], 0))
        made |= {names[one]: first for one in group}
        joined.append(" / ".join(sorted(group)))
    if joined:
        notes.append(
            f"{told}names that differ by capitals only are one class: {'; '.join(joined[:3])} "
            "(--classes that name them all keep them apart)"
        )
    return made
