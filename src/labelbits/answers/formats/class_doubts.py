"""What is said of classes that may be something else: steps, free text, nobody's opinion."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from labelbits.answers.formats import cells, usual
from labelbits.answers.formats.ladders import ladder_of
from labelbits.answers.formats.number_answers import HIGHEST

#: More different answers than this are asked about: a column of free text is no question.
MANY_CLASSES = 100
#: What people say who do not know, without blanks and marks.
UNSURE = frozenset({"dontknow", "idontknow", "donotknow", "dk", "notsure", "unsure", "cannottell",
                    "canttell", "cantsay", "noidea", "skip", "skipped", "noanswer", "abstain",
                    "abstention", "abstained", "undecided",
                    "weissnicht", "weissichnicht", "keineahnung", "nesaispas", "jenesaispas",
                    "nose", "nonso", "weetniet", "naosei"})  # fmt: skip


def say_doubts(
    values: Mapping[str, Any], answers: Mapping[str, str], told: str, rows: int, notes: list[str]
) -> None:
    """Say what classes may be instead: steps, free text, two spellings of one name."""
    names = {name for answer in answers.values() for name in classes_in(answer)}
    alike = cells.same_but_for_case(names)
    if alike:
        shown = "; ".join(" / ".join(group) for group in alike[:3])
        notes.append(f"{told}classes that differ by capitals only are kept apart: {shown}")
    unsure = sorted(name for name in names if usual.plain(name) in UNSURE)
    if unsure:
        shown = cells.shown(map(repr, unsure))
        notes.append(
            f"{told}{shown} {'counts as a class' if len(unsure) == 1 else 'count as classes'}: if "
            "nothing was answered there, --classes with the other names leaves them out"
        )
    whole = sorted(int(name) for name in names if name.lstrip("+").isdecimal() and len(name) < 10)
    if len(whole) == len(names) > 2:
        notes.append(
            f"{told}the whole numbers {whole[0]} to {whole[-1]} are read as {len(whole)} classes "
            "without an order; if they are steps of a scale, give --signal score, or --signal "
            "rating for nearness to an ideal point"
        )
    elif (steps := ladder_of(names)) is not None:
        notes.append(
            f"{told}{cells.shown(map(repr, steps), HIGHEST)} are read as {len(steps)} classes "
            "without an order; if they are steps of a scale, give --signal score, or --signal "
            "rating for nearness to an ideal point"
        )
    elif len(names) > MANY_CLASSES and len(names) > 0.1 * rows:
        notes.append(
            f"{told}{rows:,} answers name {len(names):,} different classes: is this free text? "
            "--columns label=... names the column of the answers"
        )


def classes_in(answer: str) -> set[str]:
    try:
        value = json.loads(answer)
    except ValueError:
        return {answer}
    if isinstance(value, (list, dict)):
        return {str(name) for name in value}
    return {str(value)}
