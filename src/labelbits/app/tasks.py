"""Tasks for annotators from the page: what `labelbits export` writes, packed as one file."""

from __future__ import annotations

import io
import json
import re
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

from labelbits.answers.export.export import export_plan
from labelbits.app.state import found_option
from labelbits.planning import Plan
from labelbits.planning.market import Market
from labelbits.report.figures import ADVISED
from labelbits.report.run import PLAN, document, tables


def tasks_of(plan: Plan, family: str = "", answers: float | None = None) -> tuple[bytes, str]:
    """(a ZIP of the projects, its name) of one option; of the recommendation where none is named or
    `ADVISED` is.

    Raises `InputError` as `export_plan` does.
    """
    if family and family != ADVISED:
        _, option = found_option(plan, family, answers)
        bought = [Market.of_plan(plan).purchase_of(option)]
        plan = replace(plan, recommendation={**plan.recommendation, "purchases": bought})
    with tempfile.TemporaryDirectory(prefix="labelbits-tasks-") as made:
        folder = Path(made)
        for name, text in tables(plan).items():
            (folder / name).write_text(text, encoding="utf-8")
        (folder / PLAN).write_text(json.dumps(document(plan)), encoding="utf-8")
        _, notes = export_plan(folder / PLAN, folder / "tasks", seed=plan.extras.get("seed", 0))
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted((folder / "tasks").rglob("*")):
                if file.is_file():
                    archive.write(file, file.relative_to(folder / "tasks"))
            if notes:
                archive.writestr("NOTES.txt", "\n".join(notes) + "\n")
    stem = (
        re.sub(r"[^A-Za-z0-9-]+", "-", "recommended" if family == ADVISED else family).strip("-")
        or "option"
    )
    return packed.getvalue(), f"tasks-{stem[:60]}.zip"
