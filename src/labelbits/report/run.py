"""What a plan's files are, and the run that all of them name."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from labelbits.planning.item_list import FILE
from labelbits.planning.result import Plan

PLAN, OPTIONS, REPORT = "plan.json", "options.csv", "report.html"
#: Every file that a plan can write.
FILES = (PLAN, OPTIONS, FILE, REPORT)


def run_of(plan: Plan) -> str:
    """The name of a run: a hash of what it found, so that equal plans have equal names."""
    return _hash(json.dumps(plan.to_dict(), sort_keys=True))[:12]


def tables(plan: Plan) -> dict[str, str]:
    """The tables beside plan.json, by their names."""
    made = {OPTIONS: plan.csv()}
    if plan.items is not None:
        made[FILE] = plan.items.csv()
    return made


def document(plan: Plan) -> dict[str, Any]:
    """What plan.json holds: the plan, the run's name, the SHA-256 of the tables that belong to it.

    The report carries the run's name. `labelbits export` refuses a table of another run.
    """
    hashes = {name: _hash(text) for name, text in tables(plan).items()}
    return {**plan.to_dict(), "run": run_of(plan), "files": hashes}


def plan_files(plan: Plan) -> dict[str, str]:
    """Every file of a plan: its name and its text."""
    from labelbits.report.page import render  # jinja2 and plotly: only where a page is made

    text = json.dumps(document(plan), indent=2, allow_nan=False) + "\n"
    return {PLAN: text, **tables(plan), REPORT: render(plan)}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
