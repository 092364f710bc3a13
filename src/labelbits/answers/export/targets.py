"""Where tasks and answers can go: one entry a target."""

from __future__ import annotations

import fnmatch
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
    what `labelbits pilot --json` says of them), or both.

    `names` are patterns of the files that it writes for a purchase: a later export removes them.
    """

    name: str
    what: str
    of_plan: Callable[[Project], Files] | None = None
    of_answers: Callable[[Answers, Mapping[str, Any]], Files] | None = None
    names: tuple[str, ...] = ()


TARGETS = {
    one.name: one
    for one in (
        Target(
            "label-studio",
            "tasks and a labeling interface",
            of_plan=label_studio.files,
            names=("config.xml", "tasks.json", "README.md"),
        ),
        Target(
            "argilla",
            "settings and records that Argilla 2 loads",
            of_plan=argilla.files,
            names=(
                ".argilla",
                ".argilla/settings.json",
                ".argilla/dataset.json",
                "records.json",
                "load.py",
                "README.md",
            ),
        ),
        Target(
            "datasets",
            "a folder that Hugging Face datasets loads, with class labels",
            of_plan=hugging_face.of_project,
            of_answers=hugging_face.of_answers,
            names=("dataset_info.json", "state.json", "data-*-of-*.arrow"),
        ),
        Target(
            "croissant",
            "a Croissant 1.1 description of answers and how they were made",
            of_answers=croissant.files,
        ),
    )
}


def is_ours(name: str) -> bool:
    """Did an earlier export of a plan write this file, whatever the target was?"""
    folder, _, inside = name.partition("/")
    if not re.fullmatch(r"\d+-[a-z-]+", folder):
        return False
    return any(
        fnmatch.fnmatchcase(inside, one) for target in TARGETS.values() for one in target.names
    )


def said_of_targets() -> str:
    """Their names: those that take a plan, and those that take answers."""
    plans = ", ".join(one.name for one in TARGETS.values() if one.of_plan)
    answers = ", ".join(one.name for one in TARGETS.values() if one.of_answers)
    return f"{plans}; of answers: {answers}."


def target_of(name: str) -> Target:
    """The target called `name`. Raises `InputError` for another."""
    if name not in TARGETS:
        raise InputError(f"--to is {name!r}; expected one of: {', '.join(TARGETS)}")
    return TARGETS[name]
