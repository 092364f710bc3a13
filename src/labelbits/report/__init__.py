"""What people look at: the terminal's table, the files of a plan, the HTML report."""

from __future__ import annotations

import os
from pathlib import Path

from labelbits.atomic import write_whole
from labelbits.errors import InputError
from labelbits.planning.measured.items import FILE
from labelbits.planning.result import Plan
from labelbits.report.terminal import print_plan

__all__ = ["check_folder", "print_plan", "write_plan"]


def check_folder(folder: Path) -> None:
    """Raise `InputError` if `folder` can clearly not be written: better before the work than after.

    Nothing is made.
    """
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        why = "is no folder" if not there.is_dir() else "cannot be written to"
        raise InputError(f"--out {folder}: {there} {why}; give another folder with --out")


def write_plan(plan: Plan, folder: Path) -> None:
    """Write plan.json, options.csv and report.html into `folder`, each whole or not at all.

    A plan from the user's own items adds items.csv: which have answers, and how ambiguous each is.

    Raises `InputError` when the folder cannot be written.
    """
    from labelbits.report.page import render

    page = render(plan)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / "plan.json", plan.json())
        write_whole(folder / "options.csv", plan.csv())
        if plan.items is not None:
            write_whole(folder / FILE, plan.items.csv())
        write_whole(folder / "report.html", page)
    except OSError as problem:
        raise InputError(
            f"{folder}: cannot be written ({problem.strerror}); give another folder with --out"
        ) from None
