"""Where tasks and answers can go: one entry a target."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from labelbits.answers.export import argilla, croissant, hugging_face, label_studio
from labelbits.answers.export.projects import Project
from labelbits.errors import InputError
from labelbits.interface import Answers

#: The files of a target, by their names relative to its folder.
Files = dict[str, str | bytes]


@dataclass(frozen=True)
class Target:
    """One program that takes tasks (`of_plan`: a purchase of a plan), answers (`of_answers`: with
    what `labelbits pilot --json` says of them), or both."""

    name: str
    what: str
    of_plan: Callable[[Project], Files] | None = None
    of_answers: Callable[[Answers, Mapping[str, Any]], Files] | None = None


TARGETS = {
    one.name: one
    for one in (
        Target("label-studio", "tasks and a labeling interface", of_plan=label_studio.files),
        Target("argilla", "settings and records that Argilla 2 loads", of_plan=argilla.files),
        Target(
            "datasets",
            "a folder that Hugging Face datasets loads, with class labels",
            of_plan=hugging_face.of_project,
            of_answers=hugging_face.of_answers,
        ),
        Target(
            "croissant",
            "a Croissant 1.1 description of answers and how they were made",
            of_answers=croissant.files,
        ),
    )
}
#: Names of files that an export of a plan wrote, whatever the target was.
_OURS = re.compile(
    r"\d+-[a-z-]+/(config\.xml|tasks\.json|README\.md|records\.json|load\.py|state\.json"
    r"|dataset_info\.json|data-\d+-of-\d+\.arrow|\.argilla(/(settings|dataset)\.json)?)"
)


def is_ours(name: str) -> bool:
    """Did an earlier export write this file?"""
    return bool(_OURS.fullmatch(name))


def target_of(name: str) -> Target:
    """The target called `name`. Raises `InputError` for another."""
    if name not in TARGETS:
        raise InputError(f"--to is {name!r}; expected one of: {', '.join(TARGETS)}")
    return TARGETS[name]
