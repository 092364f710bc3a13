"""Columns of several questions to several people: `anger_r1, anger_r2, joy_r1, joy_r2`."""

from __future__ import annotations

from collections.abc import Sequence

from labelbits.answers.formats import usual
from labelbits.answers.formats.column_names import PEOPLE


def grid_of(columns: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Column -> (question, person), where headings are questions beside people, each with each.

    People are numbered or lettered at the one end (`r1`, `rater 2`, `A`), two at least of two
    questions at least; none of anything else.
    """
    for place in (-1, 0):
        parts = {name: _parted(name, place) for name in columns}
        if any(part is None for part in parts.values()):
            continue
        found = {name: part for name, part in parts.items() if part is not None}
        questions = {question for question, _ in found.values()}
        people = {person for _, person in found.values()}
        whole = len(found) == len(questions) * len(people)
        apart = len(set(found.values())) == len(found)
        if whole and apart and min(len(questions), len(people)) > 1:
            return found
    return {}


def _parted(name: str, place: int) -> tuple[str, str] | None:
    """(question, person) of a heading that ends (-1) or begins (0) with who answered."""
    words = usual.words_in(name)
    who, rest = (words[-2:], words[:-2]) if place else (words[:2], words[2:])
    numbered = len(who) == 2 and (who[1].isdecimal() or len(who[1]) == 1)
    return (" ".join(rest), " ".join(who)) if rest and numbered and who[0] in PEOPLE else None
