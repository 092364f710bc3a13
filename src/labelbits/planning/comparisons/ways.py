"""Ways to ask in plans about comparisons: whose answers of what kind, how often each question."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from labelbits.planning.comparisons.doubts import compares
from labelbits.planning.comparisons.held import Held, Source
from labelbits.planning.purchases import TO_A_QUESTION
from labelbits.planning.result import Family
from labelbits.planning.spec.annotator_kinds import KnownBy
from labelbits.signals import one_question

#: Answers to each question that are tried where the plan leaves it open.
REPEATS = (1, 3)


@dataclass(frozen=True)
class Way:
    """One way to ask: its family, the source that it is, answers to each question."""

    family: Family
    source: Source
    each: int


def ways_of(families: list[Family], held: Held) -> tuple[list[Way], list[str]]:
    """The ways to ask that can be planned, and what is said of the others."""
    ways, said = [], []
    there = set(held.sources())
    for family in families:
        source = source_of(family, held)
        if not compares(family.kind) and source not in there:
            said.append(
                f"{family.name} was left out: the pilot holds no such labels, so what they teach "
                "about these comparisons cannot be measured; add some to the pilot"
            )
            continue
        asked = family.asked.answers_per_question if family.asked else None
        single = not compares(family.kind) or bool(source[1]) or source not in there
        for each in (asked,) if asked else (REPEATS[:1] if single else REPEATS):
            one = family
            if each > 1:
                options = {**family.options, "answers_per_question": each}
                one = replace(
                    family, name=f"{family.name}, {each} {TO_A_QUESTION}", options=options
                )
            ways.append(Way(one, source, each))
    return ways, said


def source_of(family: Family, held: Held) -> Source:
    """Whose answers of what kind the family buys."""
    asked, kind = family.asked, family.kind
    if not np.any(held.kind == kind):
        kind = one_question(kind)
    model = asked.model if asked is not None else None
    if model is None and asked is not None and asked.known_by is KnownBy.MODEL:
        found = [m for k, m in held.sources() if k == kind and m]
        model = found[0] if found else asked.annotators
    return kind, model or ""


def told_of_others(ways: list[Way]) -> tuple[list[Way], list[str]]:
    """The ways that say something of items beyond those asked about, where there are no features,
    and what is said of the others."""
    kept = [way for way in ways if compares(way.family.kind)]
    names = ", ".join(way.family.name for way in ways if not compares(way.family.kind))
    if not names:
        return kept, []
    return kept, [
        f"{names} was left out: without features, a space learned from labels says nothing of "
        "items that have none, and shots are about those; add features, or set metric = "
        "'agreement', where labels are tested on comparisons"
    ]


def name_of(source: Source) -> str:
    """The source in words."""
    return f"{source[0]} by {source[1]}" if source[1] else source[0]
