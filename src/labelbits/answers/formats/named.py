"""What `--columns` may name, whatever the command: columns of answers, and of items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from labelbits.errors import InputError, near_name

#: Columns of a table of answers.
KEYS = (
    "item", "annotator", "label", "seconds", "milliseconds", "price", "gold", "question", "group",
    "left", "right", "head", "winner", "loser", "annotator_kind", "candidates", "best", "worst",
    "left_key", "right_key",
)  # fmt: skip
#: Those whose values may be what stands in cells, and no columns.
IN_CELLS = ("left_key", "right_key")
#: Columns that describe the items, which plans need.
DESCRIBING = ("text", "image")
#: Other words for a key.
ALSO = {"id": "item", "worker": "annotator", "class": "label", "time": "seconds", "cost": "price",
        "anchor": "head", "reference": "head", "choice": "winner"}  # fmt: skip


def check_keys(columns: Iterable[str]) -> None:
    """Raise `InputError` for a key of `--columns` that means nothing."""
    known = (*KEYS, *DESCRIBING)
    for key in columns:
        if key not in known:
            raise InputError(
                f"--columns names {key!r}{near_name(key, known)}; expected one of: "
                f"{', '.join(known)} (--columns item=COL,annotator=COL,label=COL)"
            )


def with_usual_keys(columns: Mapping[str, str]) -> dict[str, str]:
    """`columns` by their keys, other words for one made it. Raises `InputError` as `check_keys`,
    and for a key that is told twice."""
    made: dict[str, str] = {}
    for word, name in columns.items():
        key = ALSO.get(word, word)
        if made.setdefault(key, name) != name:
            raise InputError(
                f"--columns {key} is {made[key]!r} and {name!r}; expected one column of it"
            )
    check_keys(made)
    return made


def of_answers(columns: Mapping[str, str]) -> dict[str, str]:
    """Those that readers of answers know."""
    return {key: name for key, name in columns.items() if key not in DESCRIBING}
