"""Numbers as steps of a scale: which steps there are, and which is the first."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from labelbits.answers.formats import cells
from labelbits.answers.formats.ladders import ladder_of
from labelbits.answers.table.columns import SCORE

#: Steps between whole numbers that scales have.
STEPS = (1.0, 0.5, 0.25, 0.1)
#: A scale with more steps is a slider: its numbers are kept as they are.
MOST_STEPS = 101


#: How people write a step: of so many, or with stars.
_OF = re.compile(r"^(\d+(?:[.,]\d+)?)\s*(?:/|out of|von|sur|de|di|van)\s*(\d+)$", re.I)
_STARS = re.compile(r"^(\d+(?:[.,]\d+)?)\s*(?:stars?|sterne?|points?|punkte?|pts?|★)$", re.I)


#: A step that is explained: `1 - not at all`, `5 (very similar)`, `7 = extremely`.
_EXPLAINED = re.compile(r"^([+-]?\d+(?:[.,]\d+)?)\s*(?:[-:=.)\u2013\u2014]\s*|\()(\D.*?)\)?$")


def _explained(words: Collection[str]) -> dict[str, str] | None:
    """The number in each step where the ends of a scale are explained, or each step by words that
    are steps; names of classes with a number before each (`1 - cat`) are none."""
    found: dict[str, str] = {}
    said: dict[str, str] = {}
    for word in words:
        own = word.strip()
        if cells.is_number(own):
            found[word] = own
        elif (match := _EXPLAINED.match(own)) is not None:
            found[word], said[word] = match[1], match[2].strip()
        else:
            return None
    if not said or len({*found.values()}) < len(found):
        return None
    bare = len(found) > len(said)
    return found if bare or ladder_of(set(said.values())) is not None else None


def as_steps(words: Collection[str]) -> dict[str, str] | None:
    """The number in each of `7/10`, `4 out of 5`, `3 stars`, `★★★`; None where a word is no such
    step, or they are of different numbers."""
    found: dict[str, str] = {}
    ends = set()
    for word in words:
        own = word.strip()
        if (match := _OF.match(own)) is not None:
            found[word] = match[1]
            ends.add(int(match[2]))
        elif (match := _STARS.match(own)) is not None:
            found[word] = match[1]
        elif own and set(own) <= {"★", "☆", "⭐"}:
            found[word] = str(sum(one != "☆" for one in own))
        else:
            return _explained(words)
    return found if found and len(ends) <= 1 else None


def steps_of(numbers: np.ndarray) -> tuple[float, float] | None:
    """(first step, width of a step) of a scale; None for numbers between all steps.

    A scale that goes below 0 is taken to go as far above it, so that 0 is its middle; one with a
    0 begins there, and any other at 1.
    """
    for step in STEPS:
        if np.allclose(numbers / step, np.round(numbers / step), atol=1e-6):
            lowest = float(numbers.min())
            below = -float(np.abs(numbers).max())
            first = below if lowest < 0 else 1.0 if lowest >= 1 else 0.0
            return (first, step) if (numbers.max() - first) / step < MOST_STEPS else None
    return None


def counted_from_one(numbers: np.ndarray, scale: tuple[float, float]) -> np.ndarray:
    """The numbers as steps 1, 2, ... of a scale."""
    first, step = scale
    return np.round((numbers - first) / step).astype(np.int64) + 1


def described(numbers: np.ndarray, scale: tuple[float, float] | None) -> str:
    """What is said of a scale: its ends and its number of steps."""
    if scale is None:
        return f"numbers from {numbers.min():g} to {numbers.max():g} without steps (a slider)"
    first, step = scale
    last = max(float(numbers.max()), -first if first < 0 else first)
    return f"a scale from {first:g} to {last:g} in steps of {step:g}"


def scale_of(
    kind: str,
    values: Mapping[str, Any],
    told: str,
    notes: list[str],
    beside: tuple[str, ...],
) -> tuple[dict[str, str], tuple[str, ...], dict[str, str]]:
    """(value -> answer, `beside`, value -> why it is none) of numbers about one item.

    A `score` keeps the number as it stands; a `rating` counts the steps of the scale from 1.
    """
    numbers: dict[str, float] = {}
    lost: dict[str, str] = {}
    bare = {key: str(value[0] if isinstance(value, list) and len(value) == 1 else value)
            for key, value in values.items()}  # fmt: skip
    ladder = ladder_of(set(bare.values()))
    for key, plain in bare.items():
        if ladder is not None:
            numbers[key] = ladder.index(plain) + 1
            continue
        if cells.is_number(plain):
            numbers[key] = float(plain.replace(",", ".", 1))
        else:
            lost[key] = "is no number; expected a step of a scale"
    if not numbers:
        return {}, beside, lost
    if ladder is not None:
        notes.append(f"{told}the words are steps from 1: {', '.join(map(repr, ladder))}")
    array = np.array(list(numbers.values()), dtype=float)
    scale = steps_of(array)
    about = described(array, scale)
    if kind == SCORE:
        notes.append(
            f"{told}the answers are kept as {about} (score), which no plan weighs yet: "
            "plans take few whole steps as classes; --signal rating reads steps as nearness to an "
            "ideal point, --signal hard as classes"
        )
        return {key: f"{number:g}" for key, number in numbers.items()}, beside, lost
    if scale is None:
        reason = f"rating needs steps; found {about}"
        return {}, beside, lost | dict.fromkeys(numbers, reason)
    steps = counted_from_one(array, scale)
    notes.append(f"{told}{about} is counted from 1; ratings of one item are read as nearness to "
                 f"{beside[0]!r}" if beside else f"{told}{about} is counted from 1")  # fmt: skip
    return dict(zip(numbers, map(str, steps), strict=True)), beside, lost
