"""What people look at: the terminal's table, the files of a plan, the HTML report."""

from __future__ import annotations

import importlib
from pathlib import Path

from labelbits.atomic import write_together
from labelbits.outputs import check_folder, unwritable
from labelbits.planning.result import Plan
from labelbits.report.run import FILES, PLAN, document, plan_files
from labelbits.report.terminal import print_plan

__all__ = ["check_folder", "document", "load_page", "print_plan", "write_plan"]


def load_page() -> None:
    """Import what makes a report, before a long computation: what is missing or broken in this
    installation then costs nobody their work."""
    importlib.import_module("labelbits.report.page")


def write_plan(plan: Plan, folder: Path) -> None:
    """Write plan.json, options.csv and report.html into `folder`; all of them change at once.

    A plan from the user's own items adds items.csv: which have answers, and how ambiguous each is.

    Raises `InputError` when the folder cannot be written.
    """
    files = plan_files(plan)
    try:
        write_together(folder, files, FILES.__contains__, last=PLAN)
    except OSError as problem:
        raise unwritable(folder, problem) from None
