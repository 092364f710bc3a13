"""What people look at: the terminal's table, the files of a plan, the HTML report."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelbits.atomic import write_together
from labelbits.outputs import check_folder, unwritable

if TYPE_CHECKING:
    from labelbits.planning.result import Plan
    from labelbits.report.run import document as document
    from labelbits.report.terminal import print_plan as print_plan

__all__ = ["check_folder", "document", "load_page", "print_plan", "write_plan"]

#: What shows plans is loaded when it is used: what shows bits needs nothing of it, and it takes
#: 1.7 CPU s to import.
_OF_PLANS = {"document": "labelbits.report.run", "print_plan": "labelbits.report.terminal"}


def __getattr__(name: str) -> Any:
    if name in _OF_PLANS:
        return getattr(importlib.import_module(_OF_PLANS[name]), name)
    raise AttributeError(f"module 'labelbits.report' has no attribute {name!r}")


def load_page() -> None:
    """Import what makes a report, before a long computation: what is missing or broken in this
    installation then costs nobody their work."""
    importlib.import_module("labelbits.report.page")


def write_plan(plan: Plan, folder: Path) -> None:
    """Write plan.json, options.csv and report.html into `folder`; all of them change at once.

    A plan from the user's own items adds items.csv: which have answers, and how ambiguous each is.

    Raises `InputError` when the folder cannot be written.
    """
    from labelbits.report.run import FILES, PLAN, plan_files

    files = plan_files(plan)
    try:
        write_together(folder, files, FILES.__contains__, last=PLAN)
    except OSError as problem:
        raise unwritable(folder, problem) from None
