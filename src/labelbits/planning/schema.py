"""The published JSON schema of plan.json (draft 2020-12)."""

from __future__ import annotations

import json
from importlib.resources import files

#: The schema's file, in this package.
SCHEMA = "plan.schema.json"


def plan_schema() -> dict[str, object]:
    """The JSON schema that every plan.json of format `labelbits.interface.PLAN_FORMAT` obeys."""
    text = files("labelbits.planning").joinpath(SCHEMA).read_text(encoding="utf-8")
    return json.loads(text)
