"""Write what a plan says to buy, or answers that exist, for other programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from labelbits.answers.export.projects import projects_of
from labelbits.answers.export.targets import TARGETS, is_ours, target_of
from labelbits.answers.export.tasks import tasks_for
from labelbits.answers.files.json_files import loads
from labelbits.answers.files.opening import check_file, head
from labelbits.atomic import write_together
from labelbits.errors import InputError
from labelbits.interface import Answers
from labelbits.outputs import unwritable


def export_plan(
    plan: Path,
    folder: Path,
    *,
    items: Sequence[str] = (),
    classes: Sequence[str] = (),
    seed: int = 0,
    to: str = "label-studio",
) -> tuple[list[Path], list[str]]:
    """Write a folder for each purchase of `plan` (plan.json); returns (folders, notes).

    `items`, `classes` and `seed` are those of `projects_of`; `to` names one of `TARGETS`. Raises
    `InputError` as that does, and for a target that is not about what to buy.
    """
    target = target_of(to)
    if target.of_plan is None:
        fitting = ", ".join(one.name for one in TARGETS.values() if one.of_plan)
        raise InputError(
            f"--to {to} describes answers, and {plan} is a plan; expected files of answers, or "
            f"--to one of: {fitting}"
        )
    projects, notes = projects_of(plan, items=items, classes=classes, seed=seed)
    files = {}
    for project in projects:
        made = target.of_plan(project)
        files |= {f"{project.name}/{name}": content for name, content in made.items()}
    try:
        write_together(folder, files, is_ours)
    except OSError as problem:
        raise unwritable(folder, problem) from None
    return [folder / project.name for project in projects], notes


def is_plan(path: Path) -> bool:
    """Does the file hold a plan, and no answers?"""
    check_file(path, "the plan.json of labelbits plan, or files of answers")
    if not head(path, 4096).lstrip().startswith(b"{"):
        return False
    try:
        found = loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, OSError):
        return False
    return isinstance(found, dict) and "recommendation" in found


def export_answers(answers: Answers, facts: Mapping[str, Any], folder: Path, to: str) -> Path:
    """Write answers for the target `to` into `folder`; `facts` are those of `pilot --json`.

    Raises `InputError` for a target that takes no answers.
    """
    target = target_of(to)
    if target.of_answers is None:
        fitting = ", ".join(one.name for one in TARGETS.values() if one.of_answers)
        raise InputError(f"--to {to} takes a plan.json; answers go --to one of: {fitting}")
    files = target.of_answers(answers, facts)
    try:
        write_together(folder, files)
    except OSError as problem:
        raise unwritable(folder, problem) from None
    return folder


__all__ = ["export_answers", "export_plan", "is_plan", "tasks_for"]
