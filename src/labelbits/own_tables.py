"""`labelbits plan DATA`: a plan from people's own tables, with the plan file it stands for."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from labelbits import planning
from labelbits.assumed import PLAN, Asked, assumed_folder, write_assumed
from labelbits.errors import InputError
from labelbits.planning.result import Plan
from labelbits.report import write_plan
from labelbits.tables import AskedKind, Columns, read_tables

#: The folder of the data that the assumed plan file names, beside the report.
DATA = "data"
#: Keys of the assumed plan file, as the command line says them.
WORDS = {"[goal] metric": "--metric", "[budget] amount": "--budget", "[[signal]]": "--ask"}


def plan_tables(
    files: Sequence[Path],
    columns: Mapping[str, Any],
    folder: Path,
    *,
    budget: float | None,
    ask: Sequence[str],
    metric: str | None,
    seed: int,
    progress: Callable[[str, float], None],
) -> Plan:
    """Make the plan and write it into `folder`, with `DATA`/plan.toml: the plan file assumed.

    `columns` are the fields of `Columns`. Raises `InputError` as plans do, before anything is
    written.
    """
    if budget is None:
        raise InputError("--budget is missing; expected the money that there is for labels")
    kinds = [AskedKind.parse(one).table() for one in ask]
    progress("reading the tables", 0.0)
    items = read_tables(files, Columns(**columns), seed)
    notes = [
        "Assumed from " + ", ".join(str(file) for file in files) + " by `labelbits plan`.",
        "Change it and run `labelbits plan` on this file.",
        *items.notes,
    ]
    asked = Asked(budget, signals=kinds, metric=metric)
    kept = folder / DATA
    with assumed_folder(WORDS) as made_in:
        path = write_assumed(
            made_in, asked, features=items.features, answers=items.answers, gold=items.gold,
            ids=items.ids, notes=notes,
        )  # fmt: skip
        made = planning.plan(path, seed=seed, progress=progress)
        made = replace(made, title=files[0].stem, warnings=[*made.warnings, *items.notes])
        write_plan(made, folder)
        shutil.copytree(made_in, kept, dirs_exist_ok=True)
    return made


__all__ = ["DATA", "PLAN", "plan_tables"]
